/*
 * Walking over the stored form of a template (docs/formats/segment.md, "Templates"), piece by piece
 * and value by value. Used by the writer, which numbers columns and fields anew, and by the reader,
 * which trusts nothing: every number is tested by whoever uses it, lengths here.
 *
 * Threads: pure. Texts are borrowed.
 */
#ifndef KONSEKI_TEMPLATE_WIRE_H
#define KONSEKI_TEMPLATE_WIRE_H

#include "batch.h"
#include "formula.h"
#include "intern.h"

enum template_item_kind {
    TEMPLATE_ITEM_LITERAL,
    TEMPLATE_ITEM_COLUMN,
    TEMPLATE_ITEM_FORMULA,
    TEMPLATE_ITEM_RUN /* a value: pieces first .. first + count, decoded by `transform` */
};

struct template_item {
    enum template_item_kind kind;
    bool is_value;
    uint64_t field; /* of a value */
    struct str literal;
    uint64_t column;
    struct formula formula;
    enum transform transform;
    uint64_t first;
    uint64_t count;
};

struct template_reader {
    struct wire wire; /* failed: malformed */
    uint64_t flags;
    uint64_t values_left;
    bool in_values;
};

void template_reader_begin(struct template_reader *r, struct str bytes);
/* The same on a wire that goes on behind the template; r->wire is the place reached. */
void template_reader_begin_wire(struct template_reader *r, const struct wire *w);
/* False at the end, or if the bytes are malformed. */
bool template_reader_next(struct template_item *out, struct template_reader *r);

/* Appends the template with other numbers: columns by `columns`, fields (numbers of `from`) as
 * numbers of `to`. The bytes come from our own writer: malformed ones are a bug. */
void template_renumber(struct buf *out, struct str bytes, const uint32_t *columns,
                       const struct intern *from, struct intern *to);

/* True if all words that the formula makes consist of digits, or of digits with the T and Z of
 * ISO 8601 (words that the token filter never excludes: token_is_zoned), or are the short names of
 * months and days. */
bool template_formula_is_zoned(const struct formula *f);

#endif
