/* Rows that a leaf has to see whole, and times that are only printed. */
#include "segment_filter_priv.h"

/* Puts one row together and tests the leaf on it. */
static enum status test_whole_row(bool *out, struct segment_filter *f,
                                  const struct filter_leaf *leaf, struct block *b, uint32_t row,
                                  struct err *err) {
    bool text = leaf->e->op == EXPR_TEXT;
    int64_t flags = 0;
    int64_t charset = 0;
    enum status status = block_number_at(&flags, b, NUMBER_FLAGS, row, err);
    if (status == STATUS_OK) {
        status = block_number_at(&charset, b, NUMBER_CHARSET, row, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    bool made = (flags & (ROW_IN_CONTAINER | ROW_DERIVED)) != 0 ||
                charset == CHARSET_BINARY; /* text of the values */
    uint32_t field = text ? FIELD_NONE : expr_leaf_field(leaf->e);
    bool attribute = field != FIELD_NONE && schema_is_attribute(field);
    struct block_wants wants = {.all_fields = (!text && !attribute) || made,
                                .raw = text || field == FIELD_EVENT_ORIGINAL};
    batch_clear(&f->row);
    status = block_take_row(&f->row, b, row, &wants, err);
    *out = status == STATUS_OK && expr_match_row(leaf->e, &f->row, &f->row.rows[0], f->scratch);
    return status;
}

/* Puts the rows of `maybe` together; those that pass get their bits in `out`. */
static enum status test_rows(struct segment_filter *f, const struct filter_leaf *leaf,
                             struct block *b, const uint64_t *maybe, uint64_t *out,
                             struct err *err) {
    enum status status = STATUS_OK;
    block_rewind(b);
    for (uint32_t word = 0; word < BITMAP_WORDS && status == STATUS_OK; word++) {
        for (uint64_t left = maybe[word]; left != 0 && status == STATUS_OK; left &= left - 1) {
            uint32_t row = word * 64 + (uint32_t)__builtin_ctzll(left);
            bool passes = false;
            status = test_whole_row(&passes, f, leaf, b, row, err);
            out[word] |= passes ? left & -left : 0;
        }
    }
    block_rewind(b);
    return status;
}

/* Rows whose templates, or whose attributes, have to be looked at, but those of `told`. */
static enum status list_whole(uint64_t *maybe, const struct leaf_state *state, struct block *b,
                              const uint64_t *care, const uint64_t *told, struct err *err) {
    bool own = (state->scope.own_stripes >> b->info->stripe & 1) != 0;
    own = own && filter_is_listed(state, b);
    enum filter_whole least = own ? FILTER_WHOLE_UNSHOWN : FILTER_WHOLE;
    enum status status = block_templates(b, err);
    for (uint32_t row = 0; row < b->info->rows && status == STATUS_OK; row++) {
        bool whole = state->attribute || state->whole[b->templates[row]] >= least;
        if (whole && filter_get_bit(care, row) && !filter_get_bit(told, row)) {
            filter_set_bit(maybe, row);
        }
    }
    return status;
}

/* Rows that have to be put together: for TEXT leaves also those that a column spoke for. */
enum status filter_match_rows(struct segment_filter *f, const struct filter_leaf *leaf,
                              const struct leaf_state *state, struct block *b, const uint64_t *care,
                              uint64_t *out, const uint64_t *sure, struct err *err) {
    bool text = leaf->e->op == EXPR_TEXT;
    uint64_t maybe[BITMAP_WORDS] = {0};
    for (size_t i = 0; i < BITMAP_WORDS && text; i++) {
        maybe[i] = out[i] & care[i] & ~sure[i];
    }
    enum status status = STATUS_OK;
    if (state->any_whole || state->attribute) {
        status = list_whole(maybe, state, b, care, text ? sure : out, err);
    }
    if (status != STATUS_OK || filter_is_empty(maybe)) {
        return status;
    }
    for (size_t i = 0; i < BITMAP_WORDS; i++) {
        out[i] &= ~maybe[i];
    }
    return test_rows(f, leaf, b, maybe, out, err);
}

enum status filter_verify_rows(struct segment_filter *f, const struct filter_leaf *leaf,
                               struct block *b, const uint64_t *maybe, uint64_t *out,
                               struct err *err) {
    return filter_is_empty(maybe) ? STATUS_OK : test_rows(f, leaf, b, maybe, out, err);
}

/* Prints the times of a row: does one hold the word? */
static bool time_holds_word(struct segment_filter *f, const struct filter_leaf *leaf,
                            const struct template *t, int64_t time_ns) {
    bool holds = false;
    for (uint32_t i = 0; i < t->piece_count && !holds; i++) {
        const struct formula *formula = t->pieces[i].formula;
        if (formula != NULL && formula->kind == FORMULA_TIME) {
            buf_clear(&f->value);
            time_text_print(&f->value, formula->pattern, formula->zone_seconds, time_ns, NULL);
            holds = filter_holds_word(f, leaf, buf_str(&f->value));
        }
    }
    return holds;
}

/* Which of the leaf's patterns may print the word in this block. */
static uint8_t times_of_block(const struct leaf_state *state, const struct block *b) {
    unsigned times = state->time_count == 0 ? UINT8_MAX : 0;
    for (size_t i = 0; i < state->time_count; i++) {
        const struct filter_time *time = &state->times[i];
        bool may = time->can && time_word_in(&time->word, b->info->time_min, b->info->time_max);
        times |= may ? 1U << i : 0;
    }
    return (uint8_t)(state->time_count == FILTER_TIMES ? UINT8_MAX : times);
}

/* Do these patterns of the row's template print the word? */
static bool row_has_time(struct segment_filter *f, const struct filter_leaf *leaf,
                         const struct leaf_state *state, const struct block *b, uint32_t row,
                         uint8_t times) {
    int64_t time_ns = b->numbers[NUMBER_TIME][row];
    const struct template *t = &f->segment->templates[b->templates[row]];
    bool may = state->time_count == 0 || state->time_count == FILTER_TIMES;
    for (size_t i = 0; i < state->time_count && !may; i++) {
        may = (times >> i & 1) != 0 && time_word_at(&state->times[i].word, time_ns);
    }
    return may && time_holds_word(f, leaf, t, time_ns);
}

enum status filter_match_times(struct segment_filter *f, const struct filter_leaf *leaf,
                               const struct leaf_state *state, struct block *b,
                               const uint64_t *care, uint64_t *out, struct err *err) {
    uint8_t times = times_of_block(state, b);
    if (times == 0) {
        return STATUS_OK;
    }
    enum status status = block_templates(b, err);
    if (status == STATUS_OK) {
        status = block_numbers(b, NUMBER_TIME, err);
    }
    for (uint32_t row = 0; status == STATUS_OK && row < b->info->rows; row++) {
        uint8_t own = state->by_time[b->templates[row]] & times;
        if (own != 0 && filter_get_bit(care, row) && !filter_get_bit(out, row) &&
            row_has_time(f, leaf, state, b, row, own)) {
            filter_set_bit(out, row);
        }
    }
    return status;
}
