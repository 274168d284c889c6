/* Numbers in text. Parsers take the whole text (no blanks, no rest) and check for overflow. */
#ifndef KONSEKI_NUM_H
#define KONSEKI_NUM_H

#include "str.h"

/* Decimal digits only. False: empty, other bytes, or over the range; *out untouched. */
bool num_parse_u64(uint64_t *out, struct str s);
/* As above with an optional leading '-'. */
bool num_parse_i64(int64_t *out, struct str s);
/* 1 to 16 hexadecimal digits, without prefix. */
bool num_parse_hex(uint64_t *out, struct str s);
/* Decimal with optional sign, fraction and exponent ("-1.5e3"); locale-independent. */
bool num_parse_double(double *out, struct str s);
/* "10k" = 10240, "20MiB", "1.5G": bytes; suffixes k/K, M, G, T with optional i and B, powers of
 * 1024. */
bool num_parse_size(uint64_t *out, struct str s);
/* "90d", "10min", "15m", "2h", "30s", "500ms", "1w", "3M" (30 days each), "1y" (365): nanoseconds.
 * A bare number is seconds. */
bool num_parse_duration(int64_t *out_ns, struct str s);
/* Writes decimal digits (and '-') to out, which has room for 20 bytes; returns the length. */
size_t num_format_i64(char *out, int64_t value);
size_t num_format_u64(char *out, uint64_t value);

#endif
