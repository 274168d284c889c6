/* Values of columns: each distinct one is tested once, then codes and numbers are looked at. */
#define _GNU_SOURCE /* memmem */
#include "num.h"
#include "segment_filter_priv.h"
#include "token.h"
#include "transform.h"

/* --- single values --- */

/* Does the text hold the leaf's word, or part of a word? */
bool filter_holds_word(struct segment_filter *f, const struct filter_leaf *leaf, struct str text) {
    struct str word = leaf->word;
    if (leaf->is_raw) {
        return leaf->ignore_case ? str_find_ci(text, word) != STR_NONE
                                 : memmem(text.ptr, text.len, word.ptr, word.len) != NULL;
    }
    buf_clear(&f->other);
    fold_text(&f->other, text);
    return memmem(f->other.ptr, f->other.len, word.ptr, word.len) != NULL;
}

/* As filter_holds_word, but a word must be one of the text's own: in templates whose pieces end
 * words (others are put together) those are the row's. */
static bool holds_token(struct segment_filter *f, const struct filter_leaf *leaf, struct str text) {
    struct str word = leaf->word;
    bool holds = filter_holds_word(f, leaf, text);
    if (!holds || leaf->is_part || leaf->is_raw) {
        return holds;
    }
    struct str folded = buf_str(&f->other); /* of filter_holds_word */
    const char *end = folded.ptr + folded.len;
    const char *at = folded.ptr;
    while ((at = memmem(at, (size_t)(end - at), word.ptr, word.len)) != NULL) {
        size_t off = (size_t)(at - folded.ptr);
        if (token_may_begin(folded, off) && token_may_begin(folded, off + word.len)) {
            return true;
        }
        at++;
    }
    return false;
}

static bool test_text(struct segment_filter *f, const struct filter_leaf *leaf,
                      const struct column_match *m, struct str text) {
    if (leaf->e->op == EXPR_TEXT) {
        return holds_token(f, leaf, text);
    }
    if (m->transform > TRANSFORM_SAME) {
        buf_clear(&f->other);
        if (!transform_decode(&f->other, text, m->transform)) {
            return false;
        }
        text = buf_str(&f->other);
    }
    return expr_leaf_match_value(leaf->e, text, m->type, f->scratch);
}

/* Tests the entries that are new in one stripe and available. */
static void test_part(struct segment_filter *f, const struct filter_leaf *leaf,
                      struct column_match *m, const struct dictionary_part *part) {
    const struct segment_column *column = &f->segment->columns[m->column];
    for (uint32_t i = 0; i < part->count; i++) {
        if (!test_text(f, leaf, m, column->dictionary[part->first + i])) {
            continue;
        }
        if (m->entries == NULL) {
            m->entries = arena_alloc(&f->arena, (size_t)column->dictionary_count + 1);
        }
        m->entries[part->first + i] = 1;
        m->possible = true;
    }
}

/* The entries that are new in the stripe; mostly all of them are excluded at once. */
static enum status look_at_part(struct segment_filter *f, const struct filter_leaf *leaf,
                                struct column_match *m, size_t stripe, struct err *err) {
    struct segment_column *column = &f->segment->columns[m->column];
    const struct dictionary_part *part = &column->parts[stripe];
    enum status status = segment_dictionary_bytes(f->segment, column, stripe, err);
    if (status != STATUS_OK) {
        return status;
    }
    const struct filter_run run = {part->bytes.ptr == NULL ? "" : part->bytes.ptr, part->offsets,
                                   part->count};
    if (leaf->e->op == EXPR_TEXT && filter_run_excludes(f, leaf, &run)) {
        return STATUS_OK;
    }
    status = segment_dictionary_part(f->segment, column, stripe, err);
    if (status == STATUS_OK) {
        test_part(f, leaf, m, part);
    }
    return status;
}

/* Only entries of stripes where the index says that the word may be new. */
static enum status test_dictionary(struct segment_filter *f, const struct filter_leaf *leaf,
                                   const struct leaf_scope *scope, struct column_match *m,
                                   uint32_t stripe, struct err *err) {
    struct segment_column *column = &f->segment->columns[m->column];
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < f->segment->stripe_count && i <= stripe && status == STATUS_OK; i++) {
        uint32_t bit = UINT32_C(1) << i;
        if ((scope->new_stripes & ~m->tested & bit) == 0 || column->parts[i].count == 0) {
            continue;
        }
        status = look_at_part(f, leaf, m, i, err);
        m->tested |= status == STATUS_OK ? bit : 0;
    }
    return status;
}

static bool fits_shape(struct str run, struct str word) {
    for (size_t i = 0; i < word.len; i++) {
        bool fits = run.ptr[i] == '0' ? ascii_is_digit(word.ptr[i]) : run.ptr[i] == word.ptr[i];
        if (!fits) {
            return false;
        }
    }
    return true;
}

/* Can the word be one of the words of a value of this shape, or the part of a word stand in one?
 * (Words that stand in two pieces are looked for in whole rows.) */
static bool shape_can_hold(struct segment_filter *f, struct str shape,
                           const struct filter_leaf *leaf) {
    struct str word = leaf->word;
    buf_clear(&f->other);
    if (leaf->is_raw) {
        buf_add(&f->other, shape);
    } else {
        fold_text(&f->other, shape);
    }
    struct str rest = buf_str(&f->other);
    struct str run;
    while (token_run_next(&run, &rest)) {
        bool can = !leaf->is_part && run.len == word.len && fits_shape(run, word);
        for (size_t at = 0; leaf->is_part && !can && at + word.len <= run.len; at++) {
            can = leaf->ignore_case || fits_shape(str_skip(run, at), word);
        }
        if (can) {
            return true;
        }
    }
    return false;
}

/* A plain number is one word. */
static void prepare_plain_number(const struct filter_leaf *leaf, struct column_match *m) {
    int64_t number;
    if (leaf->is_part) {
        m->possible = filter_all_digits(leaf->word);
        return;
    }
    bool canonical = leaf->word.ptr[0] != '0' || leaf->word.len == 1;
    m->is_number = canonical && num_parse_i64(&number, leaf->word) && number >= 0;
    m->low = m->high = m->is_number ? number : 0;
    m->possible = m->is_number;
}

/* Numbers and a TEXT leaf's word; numbers and a leaf that is a range of integers. */
static void prepare_number(struct segment_filter *f, const struct filter_leaf *leaf,
                           struct column_match *m, struct str shape) {
    m->possible = true;
    if (leaf->e->op != EXPR_TEXT) {
        bool is_plain = shape.len == 0 && m->transform <= TRANSFORM_SAME;
        bool is_listed = is_plain && expr_leaf_listed_integers(leaf->e, m->type, &m->low, &m->high);
        m->listed = is_listed ? leaf->e : NULL;
        m->is_number =
            is_listed || (is_plain && expr_leaf_integers(leaf->e, m->type, &m->low, &m->high));
    } else if (shape.len > 0) {
        m->possible = shape_can_hold(f, shape, leaf);
    } else {
        prepare_plain_number(leaf, m);
    }
}

/* By what is noted of the column's texts. */
static bool note_excludes(const struct column_note *n, const struct filter_leaf *leaf) {
    bool is_folded = !leaf->is_raw || leaf->ignore_case;
    return (filter_all_digits(leaf->word) && column_note_digit_run(n) < leaf->word.len) ||
           !column_note_may_hold(n, leaf->word, is_folded);
}

/* Can values of the column hold the word of a TEXT leaf? */
static enum status ask_note(struct segment_filter *f, const struct filter_leaf *leaf,
                            struct column_match *m, struct err *err) {
    enum status status = segment_notes(f->segment, err);
    const struct column_note *note = f->segment->columns[m->column].note;
    m->is_excluded = status == STATUS_OK && note != NULL && note_excludes(note, leaf);
    return status;
}

enum status filter_prepare_match(struct segment_filter *f, const struct filter_leaf *leaf,
                                 const struct leaf_scope *scope, struct column_match *m,
                                 uint32_t stripe, struct err *err) {
    struct segment_column *column = &f->segment->columns[m->column];
    enum status status = STATUS_OK;
    bool is_first = !m->is_prepared;
    m->is_prepared = true;
    if (is_first && column->type == COLUMN_NUMBER) {
        prepare_number(f, leaf, m, column->shape);
    } else if (is_first && leaf->e->op == EXPR_TEXT) {
        status = ask_note(f, leaf, m, err);
    }
    if (status == STATUS_OK && m->is_dictionary && !m->is_excluded) {
        status = test_dictionary(f, leaf, scope, m, stripe, err);
    }
    m->possible = m->possible || (column->type == COLUMN_TEXT && !m->is_excluded);
    return status;
}

/* --- columns of a block --- */

static bool test_value(struct segment_filter *f, const struct filter_leaf *leaf,
                       const struct column_match *m, const struct block *b, uint32_t index) {
    const struct block_column *column = &b->columns[m->column];
    if (m->is_dictionary) {
        return index < column->count && m->entries[column->codes[index]] != 0;
    }
    if (m->is_number) {
        return index < column->count && filter_is_between(m, column->numbers[index]);
    }
    buf_clear(&f->value);
    return block_value(&f->value, b, m->column, index) && test_text(f, leaf, m, buf_str(&f->value));
}

/* By the smallest and largest number of the block, without reading it. */
static bool zone_excludes(const struct segment_filter *f, const struct column_match *m,
                          const struct block *b) {
    return m->is_number && f->segment->columns[m->column].type == COLUMN_NUMBER &&
           (m->high < b->info->smallest[m->column] || m->low > b->info->largest[m->column]);
}

/* True if the value, which passes, tells that the row of a TEXT leaf does: it is a piece of the
 * search text, words end where it ends, and it holds all that is looked for. */
static bool is_sure(struct segment_filter *f, const struct filter_leaf *leaf,
                    const struct column_match *m, const struct block *b, uint32_t template,
                    uint32_t ordinal, uint32_t index) {
    const struct template *t = &f->segment->templates[template];
    if (leaf->is_part || (t->flags & (TEMPLATE_CROSSING | TEMPLATE_OTHER_TEXT)) != 0 ||
        ordinal >= filter_uses_before(t, m->column, t->piece_count, 0)) {
        return false;
    }
    buf_clear(&f->value);
    return block_value(&f->value, b, m->column, index) &&
           expr_leaf_match_value(leaf->e, buf_str(&f->value), FIELD_TYPE_KEYWORD, f->scratch);
}

/* Tests the values of one row, of which the first is number `base`. */
static void match_row(struct segment_filter *f, const struct filter_leaf *leaf,
                      const struct column_match *m, const struct block *b, uint32_t row,
                      uint32_t base, uint64_t *out, uint64_t *sure) {
    uint32_t template = b->templates[row];
    uint64_t chosen = m->selected == NULL ? UINT64_MAX : m->selected[template];
    for (uint32_t k = 0; k < m->uses[template]; k++) {
        bool tested = k < MAX_ORDINALS ? (chosen >> k & 1) != 0 : chosen == UINT64_MAX;
        if (!tested || !test_value(f, leaf, m, b, base + k)) {
            continue;
        }
        filter_set_bit(out, row);
        if (leaf->e->op != EXPR_TEXT) {
            return;
        }
        if (is_sure(f, leaf, m, b, template, k, base + k)) {
            filter_set_bit(sure, row);
            return;
        }
    }
}

/* Loads the column if a value of it may pass; *first: the first one that may. */
static enum status load_candidates(struct filter_candidates *out, uint32_t *first,
                                   struct segment_filter *f, uint32_t number,
                                   struct column_match *m, struct block *b, struct err *err) {
    const struct filter_leaf *leaf = &f->plan->leaves[number];
    const struct leaf_scope *scope = &f->leaves[number].scope;
    bool own = (scope->own_stripes >> b->info->stripe & 1) != 0;
    bool text = f->segment->columns[m->column].type == COLUMN_TEXT;
    *first = b->info->column_counts[m->column];
    if (*first == 0 || (text && !own)) {
        return STATUS_OK;
    }
    enum status status = filter_prepare_match(f, leaf, scope, m, b->info->stripe, err);
    if (status != STATUS_OK || !m->possible || zone_excludes(f, m, b)) {
        return status;
    }
    status = block_column_codes(b, m->column, err);
    if (status == STATUS_OK) {
        filter_candidates_find(out, f, leaf, m, b);
        *first = filter_candidates_next(out, 0);
    }
    return status;
}

enum status filter_match_column(struct segment_filter *f, uint32_t number, struct column_match *m,
                                struct block *b, const uint64_t *care, uint64_t *out,
                                uint64_t *sure, struct err *err) {
    const struct filter_leaf *leaf = &f->plan->leaves[number];
    struct filter_candidates candidates;
    uint32_t next;
    enum status status = load_candidates(&candidates, &next, f, number, m, b, err);
    uint32_t count = b->info->column_counts[m->column];
    if (status != STATUS_OK || next >= count) {
        return status;
    }
    status = filter_use_block(f, b, err); /* each row has a template now */
    if (status == STATUS_OK) {
        filter_count_uses(f, m);
    }
    uint32_t base = 0;
    for (uint32_t row = 0; row < b->info->rows && next < count && status == STATUS_OK; row++) {
        uint32_t uses = m->uses[b->templates[row]];
        bool listed = filter_get_bit(leaf->e->op == EXPR_TEXT ? sure : out, row);
        bool has_next = next - base < uses; /* next >= base */
        if (has_next && filter_get_bit(care, row) && !listed) {
            match_row(f, leaf, m, b, row, base, out, sure);
        }
        base += uses;
        next = has_next ? filter_candidates_next(&candidates, base) : next;
    }
    return status;
}
