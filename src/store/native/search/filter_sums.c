/* Numbers that formulas print of numbers (scaled, sum, difference): looked for by arithmetic on the
 * operands' columns, so that no row is put together where it cannot be. */
#include "i18n.h"
#include "num.h"
#include "segment_filter_priv.h"

/* --- operands --- */

bool filter_find_operand(struct filter_operand *out, const struct template *t, uint32_t operand) {
    for (int depth = 0; depth <= FORMULA_MAX_OPERANDS; depth++) {
        const struct formula *f = NULL;
        if (operand < t->piece_count) {
            out->column = t->pieces[operand].column;
            out->ordinal = filter_uses_before(t, out->column, operand, 0);
            f = t->pieces[operand].formula;
        } else {
            uint32_t value = operand - t->piece_count;
            const struct template_value *v = &t->values[value];
            if (v->transform == TRANSFORM_SAME && v->count == 1) {
                operand = v->first;
                continue;
            }
            out->column = v->transform == TRANSFORM_NONE ? v->first : UINT32_MAX;
            out->ordinal = filter_uses_before(t, out->column, t->piece_count, value);
            f = v->formula;
        }
        if (f == NULL || f->kind != FORMULA_SAME) {
            return out->column != UINT32_MAX;
        }
        operand = f->operands[0];
    }
    return false;
}

/* Of a scaled text the number before; -1: none. */
static int64_t unscaled(int64_t number, int k) {
    for (; k > 0 && number % 10 == 0 && number != 0; k--) {
        number /= 10;
    }
    for (; k < 0 && number >= 0; k++) {
        number = __builtin_mul_overflow(number, INT64_C(10), &number) ? -1 : number;
    }
    return k > 0 && number != 0 ? -1 : number;
}

static bool is_plain(const struct segment *s, uint32_t column) {
    return s->columns[column].type == COLUMN_NUMBER && s->columns[column].shape.len == 0;
}

static bool add_sum(struct segment_filter *f, struct leaf_state *state, uint32_t t,
                    const struct formula *formula) {
    struct filter_sum sum = {.formula = formula, .template = t};
    for (uint32_t i = 0; i < formula->operand_count; i++) {
        if (!filter_find_operand(&sum.operands[i], &f->segment->templates[t],
                                 formula->operands[i])) {
            return false;
        }
    }
    bool scaled = formula->kind == FORMULA_SCALE;
    sum.is_plain = is_plain(f->segment, sum.operands[0].column) &&
                   (scaled || is_plain(f->segment, sum.operands[1].column));
    sum.unscaled = scaled ? unscaled(state->number, formula->k) : 0;
    MEM_GROW(state->sums, state->sum_capacity, state->sum_count + 1);
    state->sums[state->sum_count++] = sum;
    return true;
}

bool filter_add_sums(struct segment_filter *f, struct leaf_state *state, uint32_t template) {
    const struct template *t = &f->segment->templates[template];
    bool good = true;
    for (uint32_t i = 0; i < t->piece_count && good; i++) {
        const struct formula *formula = t->pieces[i].formula;
        if (formula != NULL && filter_is_sum(formula)) {
            good = add_sum(f, state, template, formula);
        }
    }
    return good;
}

/* --- blocks --- */

/* No text of the block's column is a larger number. */
static uint64_t largest_text(const struct block *b, uint32_t column) {
    const struct segment_column *c = &b->segment->columns[column];
    if (c->type == COLUMN_NUMBER) {
        return b->info->largest[column] < 0 ? 0 : (uint64_t)b->info->largest[column];
    }
    uint64_t most = 0;
    uint64_t digits = c->note == NULL ? UINT64_MAX : column_note_digit_run(c->note);
    for (uint64_t i = 0; i < digits && most < UINT64_MAX; i++) {
        most = most > (UINT64_MAX - 9) / 10 ? UINT64_MAX : most * 10 + 9;
    }
    return most;
}

/* Without reading the columns, of which not all are plain numbers. */
static bool texts_allow(const struct filter_sum *sum, const struct block *b, int64_t number) {
    const uint32_t column = sum->operands[0].column;
    const struct segment_column *c = &b->segment->columns[column];
    uint64_t x = largest_text(b, column);
    if (sum->formula->kind == FORMULA_SCALE) {
        bool point = c->type == COLUMN_NUMBER || c->note == NULL ||
                     column_note_has_byte(c->note, '.'); /* texts are scaled by it, too */
        return point || (sum->unscaled >= 0 && (uint64_t)sum->unscaled <= x);
    }
    uint64_t y = sum->formula->kind == FORMULA_SUM ? largest_text(b, sum->operands[1].column) : 0;
    return x >= (uint64_t)number || y >= (uint64_t)number - x;
}

/* By the smallest and largest numbers of the columns in the block. */
static bool zones_allow(const struct filter_sum *sum, const struct block *b, int64_t number) {
    uint32_t x = sum->operands[0].column;
    uint32_t y = sum->formula->operand_count > 1 ? sum->operands[1].column : x;
    const int64_t *low = b->info->smallest;
    const int64_t *high = b->info->largest;
    if (b->info->column_counts[x] == 0 || b->info->column_counts[y] == 0) {
        return false;
    }
    if (!sum->is_plain) {
        return texts_allow(sum, b, number);
    }
    if (sum->formula->kind == FORMULA_SCALE) {
        return sum->unscaled >= low[x] && sum->unscaled <= high[x];
    }
    bool plus = sum->formula->kind == FORMULA_SUM;
    __int128 least = plus ? (__int128)low[x] + low[y] : (__int128)low[x] - high[y];
    __int128 most = plus ? (__int128)high[x] + high[y] : (__int128)high[x] - low[y];
    return number >= least && number <= most;
}

/* A column that sums of the block read. */
static enum status load_operand(struct leaf_state *state, struct block *b, uint32_t column,
                                struct err *err) {
    enum status status = block_column(b, column, err);
    struct column_match *m = NULL;
    for (size_t i = 0; i < state->operand_count && m == NULL; i++) {
        m = state->operands[i].column == column ? &state->operands[i] : NULL;
    }
    if (m == NULL) {
        MEM_GROW(state->operands, state->operand_capacity, state->operand_count + 1);
        m = &state->operands[state->operand_count++];
        *m = (struct column_match){.column = column};
    }
    return status;
}

/* Which entries of a dictionary the formula scales to the leaf's number: of the first sum that
 * asks, for all that are alike. NULL: none does, or it is no dictionary. */
static enum status scale_entries(struct segment_filter *f, struct leaf_state *state,
                                 struct filter_sum *sum, struct err *err) {
    struct segment_column *column = &f->segment->columns[sum->operands[0].column];
    for (struct filter_sum *other = state->sums; other < sum; other++) {
        if (other->has_entries && other->formula->k == sum->formula->k &&
            other->operands[0].column == sum->operands[0].column) {
            sum->entries = other->entries;
            sum->has_entries = true;
            return STATUS_OK;
        }
    }
    enum status status = segment_dictionary(f->segment, column, err);
    uint8_t *entries = arena_alloc(&f->arena, (size_t)column->dictionary_count + 1);
    for (uint32_t i = 0; i < column->dictionary_count && status == STATUS_OK; i++) {
        uint64_t number;
        if (formula_scaled(&number, sum->formula, column->dictionary[i]) &&
            number == (uint64_t)state->number) {
            entries[i] = 1;
            sum->entries = entries;
        }
    }
    sum->has_entries = true;
    return status;
}

static bool scales_entries(const struct segment_filter *f, const struct filter_sum *sum) {
    return sum->formula->kind == FORMULA_SCALE &&
           f->segment->columns[sum->operands[0].column].type == COLUMN_DICTIONARY;
}

/* Marks the sums that rows of the block can have, and loads what they read. */
static enum status choose_sums(bool *any, struct segment_filter *f, struct leaf_state *state,
                               struct block *b, struct err *err) {
    enum status status = segment_notes(f->segment, err);
    *any = false;
    for (size_t i = 0; i < state->sum_count && status == STATUS_OK; i++) {
        struct filter_sum *sum = &state->sums[i];
        sum->is_live =
            f->seen[sum->template] == f->used_block && zones_allow(sum, b, state->number);
        if (sum->is_live && scales_entries(f, sum)) {
            status = sum->has_entries ? STATUS_OK : scale_entries(f, state, sum, err);
            sum->is_live = sum->entries != NULL;
        }
        for (uint32_t k = 0; k < sum->formula->operand_count && sum->is_live; k++) {
            status =
                status == STATUS_OK ? load_operand(state, b, sum->operands[k].column, err) : status;
        }
        *any = *any || sum->is_live;
    }
    return status;
}

static uint32_t index_of(const struct leaf_state *state, const struct filter_operand *o) {
    for (size_t i = 0; i < state->operand_count; i++) {
        if (state->operands[i].column == o->column) {
            return state->operands[i].cursor + o->ordinal;
        }
    }
    return UINT32_MAX;
}

/* SCALE: is the operand's text scaled to the leaf's number? */
static bool prints_number(struct segment_filter *f, const struct leaf_state *state,
                          const struct filter_sum *sum, const struct block *b) {
    const struct filter_operand *o = &sum->operands[0];
    uint64_t number;
    buf_clear(&f->value);
    return block_value(&f->value, b, o->column, index_of(state, o)) &&
           formula_scaled(&number, sum->formula, buf_str(&f->value)) &&
           number == (uint64_t)state->number;
}

/* Are all texts of the shape the digits of their numbers? */
static bool is_all_digits(struct str shape) {
    size_t digits = 0;
    while (digits < shape.len && shape.ptr[digits] == '0') {
        digits++;
    }
    return digits == shape.len;
}

/* The operand's text as a number. False: it is none. */
static bool operand_number(uint64_t *out, const struct leaf_state *state,
                           const struct filter_operand *o, const struct block *b) {
    const struct block_column *c = &b->columns[o->column];
    const struct segment_column *sc = &b->segment->columns[o->column];
    uint32_t i = index_of(state, o);
    if (i >= c->count) {
        return false;
    }
    if (sc->type == COLUMN_NUMBER) {
        *out = (uint64_t)c->numbers[i];
        return c->numbers[i] >= 0 && is_all_digits(sc->shape);
    }
    return num_parse_u64(
        out, sc->type == COLUMN_DICTIONARY
                 ? sc->dictionary[c->codes[i]]
                 : str_make(c->bytes + c->offsets[i], c->offsets[i + 1] - c->offsets[i]));
}

/* SUM and DIFFERENCE of texts, as formula_print has them. */
static bool adds_up(const struct leaf_state *state, const struct filter_sum *sum,
                    const struct block *b) {
    bool plus = sum->formula->kind == FORMULA_SUM;
    uint64_t number = (uint64_t)state->number;
    uint64_t x;
    uint64_t y;
    if (!operand_number(&x, state, &sum->operands[0], b) || (plus ? x > number : x < number)) {
        return false;
    }
    return operand_number(&y, state, &sum->operands[1], b) && y == (plus ? number - x : x - number);
}

/* Does the row's formula print the leaf's number? */
static bool sum_is_word(struct segment_filter *f, const struct leaf_state *state,
                        const struct filter_sum *sum, const struct block *b) {
    const struct block_column *x = &b->columns[sum->operands[0].column];
    uint32_t i = index_of(state, &sum->operands[0]);
    if (sum->entries != NULL) {
        return i < x->count && sum->entries[x->codes[i]] != 0;
    }
    if (!sum->is_plain) {
        return sum->formula->kind == FORMULA_SCALE ? prints_number(f, state, sum, b)
                                                   : adds_up(state, sum, b);
    }
    if (i >= x->count || sum->formula->kind == FORMULA_SCALE) {
        return i < x->count && x->numbers[i] == sum->unscaled;
    }
    const struct block_column *y = &b->columns[sum->operands[1].column];
    uint32_t k = index_of(state, &sum->operands[1]);
    if (k >= y->count) {
        return false;
    }
    __int128 second = sum->formula->kind == FORMULA_SUM ? y->numbers[k] : -(__int128)y->numbers[k];
    return x->numbers[i] + second == state->number;
}

/* Numbers of the first sum of each template; sum_count: none. */
static uint32_t *index_sums(struct segment_filter *f, const struct leaf_state *state) {
    uint32_t *first = mem_alloc(((size_t)f->segment->template_count + 1) * sizeof *first);
    for (uint32_t t = 0; t < f->segment->template_count; t++) {
        first[t] = (uint32_t)state->sum_count;
    }
    for (size_t i = state->sum_count; i > 0; i--) {
        first[state->sums[i - 1].template] = (uint32_t)i - 1;
    }
    return first;
}

enum status filter_match_sums(struct segment_filter *f, struct leaf_state *state, struct block *b,
                              const uint64_t *care, uint64_t *out, struct err *err) {
    bool any = false;
    enum status status = choose_sums(&any, f, state, b, err);
    if (status != STATUS_OK || !any) {
        return status;
    }
    status = block_templates(b, err);
    uint32_t *first = index_sums(f, state);
    for (size_t i = 0; i < state->operand_count; i++) {
        filter_count_uses(f, &state->operands[i]);
        state->operands[i].cursor = 0;
    }
    for (uint32_t row = 0; row < b->info->rows && status == STATUS_OK; row++) {
        uint32_t t = b->templates[row];
        bool wanted = filter_get_bit(care, row) && !filter_get_bit(out, row);
        for (size_t i = first[t]; wanted && i < state->sum_count && state->sums[i].template == t;
             i++) {
            if (state->sums[i].is_live && sum_is_word(f, state, &state->sums[i], b)) {
                filter_set_bit(out, row);
            }
        }
        for (size_t i = 0; i < state->operand_count; i++) {
            state->operands[i].cursor += state->operands[i].uses[t];
        }
    }
    mem_free(first);
    return status;
}
