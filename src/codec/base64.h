/*
 * Base64 (RFC 4648 section 4): the standard alphabet with padding. Encoding never fails; decoding
 * takes whole texts only: length a multiple of 4, no blanks, the bits behind the last byte zero, so
 * that each byte string has one form. Cost: O(length).
 */
#ifndef KONSEKI_BASE64_H
#define KONSEKI_BASE64_H

#include "buf.h"

void base64_encode(struct buf *out, struct str bytes);
/* Appends the bytes. False: not base64; `out` is as it was. */
bool base64_decode(struct buf *out, struct str text);
/* What one character of the alphabet stands for, 0..63; -1: it is none. */
int base64_digit(char c);

#endif
