/*
 * Encodings of values: UTF-16, base64 (RFC 4648 section 4) and its three shifted forms. Tokens
 * of patterns (sigma_text.h) are no text.
 */
#ifndef KONSEKI_SIGMA_ENCODE_H
#define KONSEKI_SIGMA_ENCODE_H

#include "buf.h"

/* Replaces the UTF-8 text by its UTF-16 bytes, tokens stay; false if it is no UTF-8. */
bool sigma_encode_utf16(struct buf *text, bool big_endian);
void sigma_encode_base64(struct buf *out, struct str bytes);
/* The part of the base64 text that does not depend on what stands before and behind when `shift`
 * (0..2) bytes precede the value in its group of three. */
void sigma_encode_base64_offset(struct buf *out, struct str bytes, size_t shift);

#endif
