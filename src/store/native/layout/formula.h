/*
 * Formulas: bytes of a row that follow from other bytes of the row, or from its event time, are not
 * stored but printed again (docs/formats/segment.md, "Formulas"). A firewall prints one instant as
 * date, time and nanoseconds since 1970; a session's end says its duration in two units; a Windows
 * message repeats the values of its fields. The writer tests a formula on each row before it uses
 * it, so a formula never changes a byte.
 *
 * An operand is a number: i below the template's number of pieces = the text of piece i, else the
 * text of value (i - pieces). Operands are columns, literals, or formulas that stand earlier in the
 * template (in the order pieces, values); a reader has to refuse others, so printing always ends.
 *
 * Nothing here is trusted: formula_decode tests what it reads, formula_print refuses operands that
 * do not fit and bounds what it prints. Threads: pure but for the caller's cache.
 */
#ifndef KONSEKI_FORMULA_H
#define KONSEKI_FORMULA_H

#include "time_text.h"
#include "wire.h"

/* Stored: never renumber. */
enum formula_kind {
    FORMULA_SAME = 1,  /* the operand's text */
    FORMULA_SCALE = 2, /* decimal digits (a '.' may be among them) times 10^k, without fraction */
    FORMULA_TIME = 3,  /* the row's event time in a pattern and zone */
    FORMULA_START = 4, /* event time - operand x 10^k ns, in a pattern and zone */
    FORMULA_LOWER = 5, /* ASCII letters in lower case */
    FORMULA_UPPER = 6, /* ... in upper case */
    FORMULA_SUM = 7,   /* decimal sum of two operands */
    FORMULA_DIFFERENCE = 8, /* first operand minus second, not below zero */
    FORMULA_BEFORE = 9,     /* the operand up to the first byte k */
    FORMULA_AFTER = 10,     /* the operand behind the first byte k */
    FORMULA_JOIN = 11,      /* the pattern with its zero bytes replaced by the operands in order */
    FORMULA_JSON = 12,      /* the operand without its JSON string escapes */
    FORMULA_XML = 13,       /* the operand without XML references */
    FORMULA_KIND_COUNT
};

enum {
    FORMULA_MAX_OPERANDS = 8,
    FORMULA_MAX_PATTERN = 256,    /* bytes */
    FORMULA_MAX_BYTES = 16 << 20, /* of a printed text */
    FORMULA_MAX_SCALE = 18        /* |k| */
};

struct formula {
    enum formula_kind kind;
    uint32_t operand_count;
    uint32_t operands[FORMULA_MAX_OPERANDS];
    int32_t k;            /* power of ten, or byte */
    int32_t zone_seconds; /* east of UTC */
    struct str pattern;   /* borrowed */
};

/* The stored form: u kind, then what formula_has_* say, in this order: operands (JOIN: their
 * number first), i k, i zone, s pattern. */
void formula_encode(struct buf *out, const struct formula *f);
/* Takes a formula out of *w; its pattern is borrowed from there. False: malformed. */
bool formula_decode(struct formula *out, struct wire *w);

/* What FORMULA_SCALE prints of the operand, as a number. False: it prints nothing. */
bool formula_scaled(uint64_t *out, const struct formula *f, struct str operand);
/* Appends the formula's text. `operands` are the texts of f->operands; `cache` may be NULL (then
 * times are printed slowly) and belongs to this formula alone. False (out unchanged): an operand
 * does not fit. Cost: about 10 ns and the copy. */
bool formula_print(struct buf *out, const struct formula *f, const struct str *operands,
                   int64_t time_ns, struct time_cache *cache);

/* True if words may stand in its text that stand in no column or literal of the row. */
static inline bool formula_makes_words(const struct formula *f) {
    return f->kind != FORMULA_SAME && f->kind != FORMULA_LOWER && f->kind != FORMULA_UPPER;
}

#endif
