#include "cut_draft.h"

#include "layout.h"
#include "mem.h"

/* The value whose slice is just this piece; UINT32_MAX if none. */
static uint32_t value_of_piece(const struct draft *d, uint32_t piece) {
    for (uint32_t i = 0; i < d->value_count; i++) {
        const struct draft_value *v = &d->values[i];
        bool slice = v->how != TRANSFORM_NONE && v->how != VALUE_FORMULA;
        if (slice && v->first == piece && v->count == 1) {
            return i;
        }
    }
    return UINT32_MAX;
}

/* Where a piece that became a formula ends in other rows. */
static void set_end_rule(const struct draft *d, struct draft_piece *p, const struct formula *f) {
    uint32_t value = UINT32_MAX;
    if (f->kind == FORMULA_TIME) {
        p->end_rule = END_PRINTED;
    } else if (f->kind == FORMULA_SAME && f->operands[0] < d->piece_count) {
        value = value_of_piece(d, f->operands[0]);
    }
    if (value != UINT32_MAX) {
        p->end_rule = END_COPY;
        p->end_arg = value;
    }
}

void cut_draft_set_formula(struct draft *d, uint32_t target, const struct formula *f) {
    MEM_GROW(d->formulas, d->formula_capacity, d->formula_count + 1);
    d->formulas[d->formula_count] = *f;
    uint32_t number = (uint32_t)d->formula_count++;
    if (target < d->piece_count) {
        d->pieces[target].kind = PIECE_FORMULA;
        d->pieces[target].formula = number;
        set_end_rule(d, &d->pieces[target], f);
        if (formula_makes_words(f)) {
            d->flags |= TEMPLATE_PRINTED;
        }
    } else {
        d->values[target - d->piece_count].how = VALUE_FORMULA;
        d->values[target - d->piece_count].formula = number;
    }
}

void cut_draft_clear(struct draft *d) {
    d->piece_count = 0;
    d->value_count = 0;
    d->formula_count = 0;
    d->flags = 0;
}

void cut_draft_fini(struct draft *d) {
    mem_free(d->pieces);
    mem_free(d->values);
    mem_free(d->formulas);
    *d = (struct draft){.pieces = NULL};
}
