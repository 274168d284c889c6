#include "cut_draft.h"

#include "layout.h"
#include "mem.h"

void cut_draft_set_formula(struct draft *d, uint32_t target, const struct formula *f) {
    MEM_GROW(d->formulas, d->formula_capacity, d->formula_count + 1);
    d->formulas[d->formula_count] = *f;
    uint32_t number = (uint32_t)d->formula_count++;
    if (target < d->piece_count) {
        d->pieces[target].kind = PIECE_FORMULA;
        d->pieces[target].formula = number;
        if (f->kind == FORMULA_TIME) {
            d->pieces[target].end_rule = END_PRINTED;
        }
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
