/*
 * JSON text out (RFC 8259 section 7): strings of any bytes become valid JSON. Quotes, backslashes
 * and control characters are escaped (short forms where JSON has them, else \u00XX), so are the
 * line separators and the characters that hide or reorder text (\u202e); each maximal run of bytes
 * that is no UTF-8 becomes U+FFFD (Unicode 15, 3.9, "substitution of maximal subparts"). Cost:
 * O(length), no allocation but the buffer's growth. Never fails.
 */
#ifndef KONSEKI_JSON_OUT_H
#define KONSEKI_JSON_OUT_H

#include "buf.h"

/* Appends the escaped text without quotes. */
void json_out_escaped(struct buf *out, struct str text);
/* Appends "text" with quotes. */
void json_out_string(struct buf *out, struct str text);

#endif
