/*
 * A row while it is cut: pieces (stretches of the raw bytes, in order, without holes) and values.
 * The cutter makes it, relations turn pieces and values into formulas, the shape table numbers it.
 *
 * Ownership: texts are borrowed from the batch; formulas' patterns from the relation table.
 */
#ifndef KONSEKI_CUT_DRAFT_H
#define KONSEKI_CUT_DRAFT_H

#include "batch.h"
#include "formula.h"

enum piece_kind { PIECE_LITERAL, PIECE_COLUMN, PIECE_FORMULA };

/* Where a piece that is no literal ends in another row of the same shape. */
enum piece_end {
    END_ROW,         /* with the raw bytes */
    END_VALUE_START, /* where the slice of value `end_arg` begins */
    END_VALUE_END,   /* ... or ends */
    END_LITERAL,     /* where the literal that follows is found first; no blank before */
    END_TEXT,        /* the same, blanks may stand before */
    END_COPY,        /* as long as the slice of value `end_arg`, whose text it is */
    END_FIELD,       /* at the separator `end_arg` outside of quotes */
    END_PRINTED      /* as long as its formula prints */
};

struct draft_piece {
    uint32_t start; /* in the raw bytes */
    uint32_t end;
    enum piece_kind kind;
    enum piece_end end_rule;
    uint32_t end_arg;
    uint32_t column;  /* COLUMN; FORMULA: the column that it would be in */
    uint32_t formula; /* index in draft.formulas */
    uint64_t mined;   /* not 0: the miner notes its texts under this key */
};

/* How a value is stored, besides enum transform. */
struct draft_value {
    uint32_t field;
    uint8_t how;    /* enum transform, or VALUE_FORMULA */
    uint32_t first; /* slice: pieces */
    uint32_t count;
    uint32_t column;  /* NONE and FORMULA */
    uint32_t formula; /* index in draft.formulas */
    struct str text;  /* NONE and FORMULA: its text; slice: the raw bytes */
};

struct draft {
    const char *raw;
    uint32_t raw_len;
    int64_t time_ns;
    unsigned flags;
    struct draft_piece *pieces;
    size_t piece_count;
    size_t piece_capacity;
    struct draft_value *values;
    size_t value_count;
    size_t value_capacity;
    struct formula *formulas;
    size_t formula_count;
    size_t formula_capacity;
};

static inline struct str cut_draft_piece_text(const struct draft *d, uint32_t piece) {
    const struct draft_piece *p = &d->pieces[piece];
    return str_make(d->raw + p->start, p->end - p->start);
}

/* The text of a formula's operand. */
static inline struct str cut_draft_operand(const struct draft *d, uint32_t operand) {
    return operand < d->piece_count ? cut_draft_piece_text(d, operand)
                                    : d->values[operand - d->piece_count].text;
}

/* Makes the piece or value (numbered as operands are) a formula. */
void cut_draft_set_formula(struct draft *d, uint32_t target, const struct formula *f);
void cut_draft_clear(struct draft *d);
void cut_draft_fini(struct draft *d);

#endif
