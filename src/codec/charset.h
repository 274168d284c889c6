/*
 * Encodings of log text: which one a line is in, and the way to UTF-8. UTF-16 and UTF-8 are done
 * here, the Japanese encodings by the C library's iconv (CP932 with NEC and IBM extensions,
 * EUC-JP, ISO-2022-JP).
 *
 * Detection is by line with a hint from the lines before: short Japanese lines are often valid in
 * CP932 and EUC-JP alike.
 */
#ifndef KONSEKI_CHARSET_H
#define KONSEKI_CHARSET_H

#include "buf.h"

/* Encodings of text; the same numbers as enum charset of the event batch, which stores them. */
enum text_charset {
    TEXT_UTF8 = 0,
    TEXT_CP932 = 1,
    TEXT_EUC_JP = 2,
    TEXT_ISO_2022_JP = 3,
    TEXT_UTF16LE = 4,
    TEXT_UTF16BE = 5,
    TEXT_CHARSET_COUNT
};

/* What bytes a text has. */
enum {
    TEXT_HAS_HIGH = 1,   /* bytes from 0x80 */
    TEXT_HAS_CONTROL = 2 /* below 0x20 but TAB, or 0x7F */
};
unsigned text_classify(struct str s);

bool utf8_is_valid(struct str s);

/* The encoding of a line (never UTF-16). *certain is false when nothing fits, or when the hint
 * alone decided. TEXT_UTF8 if nothing fits. */
enum text_charset text_detect(struct str line, enum text_charset hint, bool *certain);

/* Holds iconv's state; not thread-safe. All zero is ready. */
struct text_converter {
    void *handles[TEXT_CHARSET_COUNT]; /* iconv_t, opened when needed */
    bool refused[TEXT_CHARSET_COUNT];
};
void text_converter_fini(struct text_converter *converter);

/* Appends `s` as UTF-8. Bytes that are invalid become U+FFFD; then the result is false. */
bool text_to_utf8(struct text_converter *converter, struct buf *out, struct str s,
                  enum text_charset charset);

#endif
