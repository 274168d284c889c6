/*
 * Texts that are numbers in a fixed shape, so that a column of them is a column of integers and
 * the exact text always comes back.
 *
 * A shape is a value's text with every digit shown as '0' ("00:00:00"); the digits, read together,
 * are one decimal number. The empty shape is a plain decimal number without leading zeros. All
 * numbers are 0 .. INT64_MAX.
 *
 * Threads: pure.
 */
#ifndef KONSEKI_NUMBER_TEXT_H
#define KONSEKI_NUMBER_TEXT_H

#include "buf.h"

enum { NUMBER_SHAPE_BYTES = 48 };

struct number_shape {
    uint8_t len; /* 0: plain */
    char text[NUMBER_SHAPE_BYTES];
};

static inline struct str number_shape_str(const struct number_shape *shape) {
    return (struct str){shape->text, shape->len};
}

/* The shape of a text; false if it has none that always fits a number. */
bool number_shape_of(struct number_shape *out, struct str text);
/* The number of a plain decimal text; false if it is none. */
bool number_parse_plain(int64_t *out, struct str text);
/* The number of a text in this shape; false if it has another. */
bool number_parse(int64_t *out, struct str text, struct str shape);
/* Appends the text of a number (any value gives bounded text: the shape, or up to 20 digits). */
void number_print(struct buf *out, int64_t number, struct str shape);

/* True if all words of such texts consist of digits only: no digit has a letter beside it. */
bool number_shape_is_zoned(struct str shape);

#endif
