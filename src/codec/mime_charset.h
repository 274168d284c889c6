/*
 * Text in a charset that a mail names ("ISO-2022-JP", "shift_jis", "GB2312" ...) to UTF-8.
 *
 * Mailers label loosely, so a label means the superset that they really send: Shift_JIS is CP932,
 * GB2312 is GB 18030, ISO-8859-1 is windows-1252, KS C 5601 is CP949. ISO-2022-JP is decoded here
 * and not by iconv, because the C library's decoder refuses half-width kana, NEC row 13 and
 * JIS X 0213, all of which occur in real file names; escapes of RFC 1468, RFC 2237 and
 * ISO-2022-JP-2004 are understood, in any mixture.
 *
 * Threads: conversion handles are kept per thread. Cost: O(bytes).
 */
#ifndef KONSEKI_MIME_CHARSET_H
#define KONSEKI_MIME_CHARSET_H

#include "buf.h"

/* Ordered: the larger is the worse. */
enum mime_state {
    MIME_OK,
    MIME_TRUNCATED,  /* the text was cut; what was there is decoded */
    MIME_UNDECODABLE /* unknown charset or invalid bytes: U+FFFD stands for what is lost */
};

/* Name for email.attachments.state: ok, truncated, undecodable. */
const char *mime_state_name(enum mime_state state);

static inline enum mime_state mime_state_worse(enum mime_state a, enum mime_state b) {
    return a > b ? a : b;
}

/* Appends `bytes` as UTF-8. A character cut at the end is left out and gives MIME_TRUNCATED. An
 * empty label means UTF-8, else (if the bytes are no UTF-8) CP932. */
enum mime_state mime_charset_decode(struct buf *out, struct str label, struct str bytes);

#endif
