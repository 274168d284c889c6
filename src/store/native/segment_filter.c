#define _GNU_SOURCE /* memmem */
#include "segment_filter.h"

#include "i18n.h"

#include "check.h"
#include "filter_priv.h"
#include "formula_words.h"
#include "mem.h"
#include "num.h"
#include "text_match.h"
#include "token.h"
#include "transform.h"

enum {
    BITMAP_WORDS = SEGMENT_BLOCK_ROWS / 64,
    MAX_ORDINALS = 64 /* uses of one column in a template that are told apart */
};

/*
 * One column as a leaf sees it. For a FIELD leaf the values of the selected uses are tested; for a
 * TEXT leaf all values are looked through for its longest word.
 */
struct column_match {
    uint32_t column;
    enum transform transform;
    enum field_type type;
    uint32_t *uses;     /* by template: values of the column in a row */
    uint64_t *selected; /* by template: which of them (bits) the leaf tests */
    uint8_t *entries;   /* by dictionary entry: 1 = passes; NULL: no dictionary */
    bool is_number;     /* plain numbers: those from low to high pass, and no others */
    int64_t low;
    int64_t high;
    bool possible; /* some value may pass */
};

/* One leaf on this segment. */
struct leaf_state {
    struct column_match *matches;
    size_t match_count;
    size_t match_capacity;
    uint8_t *whole; /* by template: 1 = the row has to be put together and tested */
    bool any_whole;
    uint8_t *by_time; /* TEXT, by template: 1 = a formula may print the word of the event time */
    bool any_by_time;
    bool attribute;          /* tests the row's own properties: every row has to be looked at */
    struct text_match *text; /* TEXT with an automaton: nothing else is used */
};

struct segment_filter {
    const struct filter_plan *plan;
    struct segment *segment;
    struct leaf_state *leaves;
    struct arena arena;
    struct expr_scratch *scratch;
    struct batch row; /* scratch: one row */
    struct buf value; /* scratch: one value */
    struct buf other;
};

/* --- testing single values --- */

/* Does the text hold the leaf's word, or part of a word? */
static bool holds_word(struct segment_filter *f, const struct filter_leaf *leaf, struct str text) {
    struct str word = leaf->word;
    if (leaf->is_raw) {
        return leaf->ignore_case ? str_find_ci(text, word) != STR_NONE
                                 : memmem(text.ptr, text.len, word.ptr, word.len) != NULL;
    }
    buf_clear(&f->other);
    fold_text(&f->other, text);
    return memmem(f->other.ptr, f->other.len, word.ptr, word.len) != NULL;
}

static bool test_text(struct segment_filter *f, const struct filter_leaf *leaf,
                      const struct column_match *m, struct str text) {
    if (leaf->e->op == EXPR_TEXT) {
        return holds_word(f, leaf, text);
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

/* Folding many texts as one is right only if none can combine with the end of the one before. */
static bool begins_apart(const char *text, size_t len) {
    return len == 0 || (uint8_t)text[0] < 0x80;
}

/* True if none of the texts, which lie one behind the other, holds the word. */
static bool run_excludes(struct segment_filter *f, const struct filter_leaf *leaf,
                         const struct str *texts, uint32_t count) {
    for (uint32_t i = 0; i < count && !leaf->is_raw; i++) {
        if (!begins_apart(texts[i].ptr, texts[i].len)) {
            return false;
        }
    }
    const char *end = count == 0 ? NULL : texts[count - 1].ptr + texts[count - 1].len;
    return count == 0 || !holds_word(f, leaf, str_make(texts[0].ptr, (size_t)(end - texts[0].ptr)));
}

/* Tests the entries that are new in one stripe. */
static void test_part(struct segment_filter *f, const struct filter_leaf *leaf,
                      struct column_match *m, const struct dictionary_part *part) {
    const struct str *texts = f->segment->columns[m->column].dictionary + part->first;
    if (leaf->e->op == EXPR_TEXT && run_excludes(f, leaf, texts, part->count)) {
        return;
    }
    for (uint32_t i = 0; i < part->count; i++) {
        uint8_t *entry = &m->entries[part->first + i];
        *entry = test_text(f, leaf, m, texts[i]);
        m->possible = m->possible || *entry != 0;
    }
}

static void test_dictionary(struct segment_filter *f, const struct filter_leaf *leaf,
                            struct column_match *m) {
    const struct segment_column *column = &f->segment->columns[m->column];
    m->entries = arena_alloc(&f->arena, (size_t)column->dictionary_count + 1);
    for (size_t i = 0; i < f->segment->stripe_count; i++) {
        test_part(f, leaf, m, &column->parts[i]);
    }
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

static bool all_digits(struct str word) {
    size_t digits = 0;
    while (digits < word.len && ascii_is_digit(word.ptr[digits])) {
        digits++;
    }
    return digits == word.len;
}

/* A plain number is one word. */
static void prepare_plain_number(const struct filter_leaf *leaf, struct column_match *m) {
    int64_t number;
    if (leaf->is_part) {
        m->possible = all_digits(leaf->word);
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
        m->is_number = shape.len == 0 && m->transform <= TRANSFORM_SAME &&
                       expr_leaf_integers(leaf->e, m->type, &m->low, &m->high);
    } else if (shape.len > 0) {
        m->possible = shape_can_hold(f, shape, leaf);
    } else {
        prepare_plain_number(leaf, m);
    }
}

static enum status prepare_match(struct segment_filter *f, const struct filter_leaf *leaf,
                                 struct column_match *m, struct err *err) {
    struct segment_column *column = &f->segment->columns[m->column];
    if (column->type == COLUMN_DICTIONARY) {
        enum status status = segment_dictionary(f->segment, column, err);
        if (status == STATUS_OK) {
            test_dictionary(f, leaf, m);
        }
        return status;
    }
    if (column->type == COLUMN_NUMBER) {
        prepare_number(f, leaf, m, column->shape);
    } else {
        m->possible = true;
    }
    return STATUS_OK;
}

/* --- what a leaf looks at in this segment --- */

static struct column_match *find_match(struct segment_filter *f, struct leaf_state *state,
                                       uint32_t column, enum transform transform,
                                       enum field_type type) {
    for (size_t i = 0; i < state->match_count; i++) {
        struct column_match *m = &state->matches[i];
        if (m->column == column && m->transform == transform && m->type == type) {
            return m;
        }
    }
    size_t templates = f->segment->template_count;
    MEM_GROW(state->matches, state->match_capacity, state->match_count + 1);
    struct column_match *m = &state->matches[state->match_count++];
    *m = (struct column_match){.column = column, .transform = transform, .type = type};
    m->selected = arena_array(&f->arena, templates + 1, sizeof *m->selected);
    return m;
}

/* How many values of `column` stand before piece `piece` (or before value `value` after all
 * pieces) in a row of the template. */
static uint32_t uses_before(const struct template *t, uint32_t column, uint32_t piece,
                            uint32_t value) {
    uint32_t uses = 0;
    for (uint32_t i = 0; i < piece; i++) {
        uses += t->pieces[i].column == column;
    }
    for (uint32_t i = 0; i < value; i++) {
        uses += t->values[i].transform == TRANSFORM_NONE && t->values[i].first == column;
    }
    return uses;
}

/* Notes that the leaf tests value `v` of the template. */
static void select_value(struct segment_filter *f, struct leaf_state *state, uint32_t template,
                         uint32_t v) {
    const struct template *t = &f->segment->templates[template];
    const struct template_value *value = &t->values[v];
    bool extra = value->transform == TRANSFORM_NONE;
    uint32_t column = UINT32_MAX;
    uint32_t ordinal = 0;
    if (extra) {
        column = value->first;
        ordinal = uses_before(t, column, t->piece_count, v);
    } else if (value->count == 1) {
        column = t->pieces[value->first].column;
        ordinal = uses_before(t, column, value->first, 0);
    }
    if (column == UINT32_MAX || ordinal >= MAX_ORDINALS) {
        state->whole[template] = 1;
        state->any_whole = true;
        return;
    }
    enum transform transform = extra ? TRANSFORM_SAME : value->transform;
    struct column_match *m = find_match(f, state, column, transform, schema_type(value->field));
    m->selected[template] |= UINT64_C(1) << ordinal;
}

static bool selects_attribute(const struct expr *e) {
    uint32_t field = expr_leaf_field(e);
    if (field != FIELD_NONE) {
        return schema_is_attribute(field);
    }
    for (field = 0; schema_is_attribute(field); field++) {
        if (expr_leaf_selects(e, field, schema_name(field))) {
            return true;
        }
    }
    return false;
}

static void plan_field(struct segment_filter *f, const struct filter_leaf *leaf,
                       struct leaf_state *state) {
    const struct segment *s = f->segment;
    uint32_t only = expr_leaf_field(leaf->e);
    uint8_t *known = NULL; /* by field: 1 no, 2 yes */
    size_t known_count = schema_count();
    if (only == FIELD_NONE) {
        known = mem_calloc(known_count + 1, 1);
    }
    state->attribute = selects_attribute(leaf->e);
    for (uint32_t t = 0; t < s->template_count; t++) {
        for (uint32_t v = 0; v < s->templates[t].value_count; v++) {
            uint32_t field = s->templates[t].values[v].field;
            bool hit = field == only;
            if (known != NULL && field < known_count) {
                if (known[field] == 0) {
                    known[field] = expr_leaf_selects(leaf->e, field, schema_name(field)) ? 2 : 1;
                }
                hit = known[field] == 2;
            }
            if (hit) {
                select_value(f, state, t, v);
            }
        }
    }
    mem_free(known);
}

/* What the formulas of the template can print of the leaf's word. Values are part of the search
 * text only where there are no pieces; and where a formula of a piece has them as operands. */
static enum formula_words template_words(const struct template *t, const struct filter_leaf *leaf) {
    enum formula_words words = FORMULA_PRINTS_NOT;
    bool values = t->piece_count == 0;
    for (uint32_t i = 0; i < t->piece_count; i++) {
        const struct formula *f = t->pieces[i].formula;
        if (f != NULL) {
            enum formula_words own = formula_words(f, leaf->word, leaf->is_part);
            words = own > words ? own : words;
            for (uint32_t k = 0; k < f->operand_count; k++) {
                values = values || f->operands[k] >= t->piece_count;
            }
        }
    }
    for (uint32_t i = 0; i < t->value_count && values; i++) {
        const struct formula *f = t->values[i].formula;
        if (f != NULL && formula_words(f, leaf->word, leaf->is_part) != FORMULA_PRINTS_NOT) {
            return FORMULA_PRINTS_MAYBE;
        }
    }
    return words;
}

static bool formula_changes_case(const struct formula *f) {
    return f != NULL && (f->kind == FORMULA_LOWER || f->kind == FORMULA_UPPER);
}

static bool template_changes_case(const struct template *t) {
    bool changes = false;
    for (uint32_t i = 0; i < t->piece_count; i++) {
        changes = changes || formula_changes_case(t->pieces[i].formula);
    }
    for (uint32_t i = 0; i < t->value_count; i++) {
        changes = changes || formula_changes_case(t->values[i].formula);
    }
    return changes;
}

/* True if the template's own text can hold the word, or its pieces do not show all words. */
static bool template_is_suspect(struct segment_filter *f, const struct template *t,
                                const struct filter_leaf *leaf) {
    bool suspect = (t->flags & (TEMPLATE_CROSSING | TEMPLATE_ENCODED)) != 0 ||
                   leaf->word.len == 0 ||
                   (leaf->is_raw && !leaf->ignore_case && template_changes_case(t));
    for (uint32_t i = 0; i < t->piece_count && !suspect; i++) {
        suspect = t->pieces[i].column == UINT32_MAX && holds_word(f, leaf, t->pieces[i].literal);
    }
    return suspect;
}

static void plan_text(struct segment_filter *f, const struct filter_leaf *leaf,
                      struct leaf_state *state) {
    const struct segment *s = f->segment;
    for (uint32_t t = 0; t < s->template_count; t++) {
        enum formula_words words = template_words(&s->templates[t], leaf);
        state->whole[t] =
            words == FORMULA_PRINTS_MAYBE || template_is_suspect(f, &s->templates[t], leaf);
        state->any_whole = state->any_whole || state->whole[t] != 0;
        state->by_time[t] = words == FORMULA_PRINTS_BY_TIME;
        state->any_by_time = state->any_by_time || state->by_time[t] != 0;
    }
    for (uint32_t c = 0; c < s->column_count && leaf->word.len > 0; c++) {
        if (s->columns[c].kind != COLUMN_OF_BINARY) {
            struct column_match *m = find_match(f, state, c, TRANSFORM_SAME, FIELD_TYPE_KEYWORD);
            memset(m->selected, 0xff, s->template_count * sizeof *m->selected);
        }
    }
}

/* Values a row of each template takes from the column. */
static void count_uses(struct segment_filter *f, struct column_match *m) {
    const struct segment *s = f->segment;
    m->uses = arena_array(&f->arena, (size_t)s->template_count + 1, sizeof *m->uses);
    for (uint32_t t = 0; t < s->template_count; t++) {
        const struct template *template = &s->templates[t];
        m->uses[t] = uses_before(template, m->column, template->piece_count, template->value_count);
    }
}

static enum status plan_leaf(struct segment_filter *f, const struct filter_leaf *leaf,
                             struct leaf_state *state, struct err *err) {
    const struct automaton *automaton =
        leaf->e->op == EXPR_TEXT ? expr_leaf_automaton(leaf->e) : NULL;
    if (automaton != NULL) {
        return text_match_create(&state->text, automaton, f->segment, err);
    }
    state->whole = arena_alloc(&f->arena, (size_t)f->segment->template_count + 1);
    state->by_time = arena_alloc(&f->arena, (size_t)f->segment->template_count + 1);
    if (leaf->e->op == EXPR_TEXT) {
        plan_text(f, leaf, state);
    } else {
        plan_field(f, leaf, state);
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; i < state->match_count && status == STATUS_OK; i++) {
        status = prepare_match(f, leaf, &state->matches[i], err);
        if (status == STATUS_OK && state->matches[i].possible) {
            count_uses(f, &state->matches[i]);
        }
    }
    return status;
}

enum status segment_filter_create(struct segment_filter **out, const struct filter_plan *plan,
                                  struct segment *segment, struct err *err) {
    struct segment_filter *f = mem_calloc(1, sizeof *f);
    f->plan = plan;
    f->segment = segment;
    f->scratch = expr_scratch_create(plan->expr);
    f->leaves = mem_calloc(plan->leaf_count + 1, sizeof *f->leaves);
    enum status status = segment_templates(segment, err);
    for (size_t i = 0; i < plan->leaf_count && status == STATUS_OK; i++) {
        status = plan_leaf(f, &plan->leaves[i], &f->leaves[i], err);
    }
    if (status != STATUS_OK) {
        segment_filter_destroy(&f);
        return status;
    }
    *out = f;
    return STATUS_OK;
}

void segment_filter_destroy(struct segment_filter **filter) {
    struct segment_filter *f = *filter;
    if (f == NULL) {
        return;
    }
    for (size_t i = 0; i < f->plan->leaf_count; i++) {
        mem_free(f->leaves[i].matches);
        text_match_destroy(&f->leaves[i].text);
    }
    mem_free(f->leaves);
    expr_scratch_destroy(&f->scratch);
    batch_fini(&f->row);
    buf_fini(&f->value);
    buf_fini(&f->other);
    arena_fini(&f->arena);
    mem_free(f);
    *filter = NULL;
}

static bool leaf_may_match(const struct leaf_state *state) {
    if (state->text != NULL) {
        return text_match_is_possible(state->text);
    }
    bool possible = state->any_whole || state->any_by_time || state->attribute;
    for (size_t i = 0; i < state->match_count && !possible; i++) {
        possible = state->matches[i].possible;
    }
    return possible;
}

static bool node_may_match(const struct segment_filter *f, const struct filter_node *node) {
    if (node->op == EXPR_FIELD || node->op == EXPR_TEXT) {
        return leaf_may_match(&f->leaves[node->leaf]);
    }
    if (node->op != EXPR_AND && node->op != EXPR_OR) {
        return true;
    }
    for (size_t i = 0; i < node->child_count; i++) {
        if (node_may_match(f, node->children[i]) == (node->op == EXPR_OR)) {
            return node->op == EXPR_OR;
        }
    }
    return node->op == EXPR_AND;
}

bool segment_filter_may_match(const struct segment_filter *f) {
    return node_may_match(f, f->plan->root);
}

/* --- blocks --- */

static bool get_bit(const uint64_t *bits, uint32_t i) {
    return (bits[i / 64] >> (i % 64) & 1) != 0;
}

static void set_bit(uint64_t *bits, uint32_t i) {
    bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static bool is_empty(const uint64_t *bits) {
    uint64_t any = 0;
    for (size_t i = 0; i < BITMAP_WORDS; i++) {
        any |= bits[i];
    }
    return any == 0;
}

static bool is_between(const struct column_match *m, int64_t number) {
    return number >= m->low && number <= m->high;
}

static bool test_value(struct segment_filter *f, const struct filter_leaf *leaf,
                       const struct column_match *m, const struct block *b, uint32_t index) {
    const struct block_column *column = &b->columns[m->column];
    if (m->entries != NULL) {
        return index < column->count && m->entries[column->codes[index]] != 0;
    }
    if (m->is_number) {
        return index < column->count && is_between(m, column->numbers[index]);
    }
    buf_clear(&f->value);
    return block_value(&f->value, b, m->column, index) && test_text(f, leaf, m, buf_str(&f->value));
}

/* True if no value of the column in this block can pass: one look over codes, numbers or bytes. */
static bool block_excludes(struct segment_filter *f, const struct filter_leaf *leaf,
                           const struct column_match *m, const struct block *b) {
    const struct block_column *column = &b->columns[m->column];
    uint32_t i = 0;
    if (m->entries != NULL) {
        while (i < column->count && m->entries[column->codes[i]] == 0) {
            i++;
        }
        return i == column->count;
    }
    if (m->is_number) {
        while (i < column->count && !is_between(m, column->numbers[i])) {
            i++;
        }
        return i == column->count;
    }
    if (leaf->e->op != EXPR_TEXT || column->offsets == NULL || column->count == 0) {
        return false;
    }
    for (; i < column->count && !leaf->is_raw; i++) {
        uint32_t at = column->offsets[i];
        if (!begins_apart(column->bytes + at, column->offsets[i + 1] - at)) {
            return false;
        }
    }
    struct str all = str_make(column->bytes + column->offsets[0],
                              column->offsets[column->count] - column->offsets[0]);
    return !holds_word(f, leaf, all);
}

/* By the smallest and largest number of the block, without reading it. */
static bool zone_excludes(const struct segment_filter *f, const struct column_match *m,
                          const struct block *b) {
    return m->is_number && f->segment->columns[m->column].type == COLUMN_NUMBER &&
           (m->high < b->info->smallest[m->column] || m->low > b->info->largest[m->column]);
}

static enum status match_column(struct segment_filter *f, const struct filter_leaf *leaf,
                                const struct column_match *m, struct block *b, const uint64_t *care,
                                uint64_t *out, struct err *err) {
    if (!m->possible || b->info->column_counts[m->column] == 0 || zone_excludes(f, m, b)) {
        return STATUS_OK;
    }
    enum status status = block_column(b, m->column, err);
    if (status != STATUS_OK || block_excludes(f, leaf, m, b)) {
        return status;
    }
    uint32_t base = 0;
    for (uint32_t row = 0; row < b->info->rows; row++) {
        uint64_t template = (uint64_t)b->numbers[NUMBER_TEMPLATE][row];
        if (template >= f->segment->template_count) {
            return segment_damaged(f->segment, err, _("a row has no template"));
        }
        uint32_t uses = m->uses[template];
        if (uses > 0 && m->selected[template] != 0 && get_bit(care, row) && !get_bit(out, row)) {
            for (uint32_t k = 0; k < uses; k++) {
                uint64_t chosen = m->selected[template];
                bool tested = k < MAX_ORDINALS ? (chosen >> k & 1) != 0 : chosen == UINT64_MAX;
                if (tested && test_value(f, leaf, m, b, base + k)) {
                    set_bit(out, row);
                    break;
                }
            }
        }
        base += uses;
    }
    return STATUS_OK;
}

/* Puts one row together and tests the leaf on it. */
static enum status test_whole_row(bool *out, struct segment_filter *f,
                                  const struct filter_leaf *leaf, struct block *b, uint32_t row,
                                  struct err *err) {
    bool text = leaf->e->op == EXPR_TEXT;
    int64_t flags = b->numbers[NUMBER_FLAGS][row];
    bool made = (flags & (ROW_IN_CONTAINER | ROW_DERIVED)) != 0 ||
                b->numbers[NUMBER_CHARSET][row] == CHARSET_BINARY; /* text of the values */
    uint32_t field = text ? FIELD_NONE : expr_leaf_field(leaf->e);
    bool attribute = field != FIELD_NONE && schema_is_attribute(field);
    struct block_wants wants = {.all_fields = (!text && !attribute) || made,
                                .raw = text || field == FIELD_EVENT_ORIGINAL};
    batch_clear(&f->row);
    enum status status = block_take_row(&f->row, b, row, &wants, err);
    *out = status == STATUS_OK && expr_match_row(leaf->e, &f->row, &f->row.rows[0], f->scratch);
    return status;
}

/* Rows that have to be put together: for TEXT leaves also those that a column spoke for. */
static enum status match_whole_rows(struct segment_filter *f, const struct filter_leaf *leaf,
                                    const struct leaf_state *state, struct block *b,
                                    const uint64_t *care, uint64_t *out, struct err *err) {
    enum status status = block_numbers(b, NUMBER_FLAGS, err);
    if (status == STATUS_OK) {
        status = block_numbers(b, NUMBER_CHARSET, err);
    }
    bool text = leaf->e->op == EXPR_TEXT;
    block_rewind(b);
    for (uint32_t row = 0; row < b->info->rows && status == STATUS_OK; row++) {
        uint64_t template = (uint64_t)b->numbers[NUMBER_TEMPLATE][row];
        bool listed = get_bit(out, row);
        bool whole = template <f->segment->template_count && state->whole[template] != 0;
        bool test =
            get_bit(care, row) && (text ? listed || whole : !listed && (whole || state->attribute));
        if (!test) {
            continue;
        }
        bool passes = false;
        status = test_whole_row(&passes, f, leaf, b, row, err);
        out[row / 64] &= ~(UINT64_C(1) << (row % 64));
        if (passes) {
            set_bit(out, row);
        }
    }
    block_rewind(b);
    return status;
}

/* Puts the rows of `maybe` together; those that pass get their bits in `out`. */
static enum status verify_rows(struct segment_filter *f, const struct filter_leaf *leaf,
                               struct block *b, const uint64_t *maybe, uint64_t *out,
                               struct err *err) {
    if (is_empty(maybe)) {
        return STATUS_OK;
    }
    enum status status = block_numbers(b, NUMBER_FLAGS, err);
    if (status == STATUS_OK) {
        status = block_numbers(b, NUMBER_CHARSET, err);
    }
    block_rewind(b);
    for (uint32_t row = 0; row < b->info->rows && status == STATUS_OK; row++) {
        bool passes = false;
        if (get_bit(maybe, row)) {
            status = test_whole_row(&passes, f, leaf, b, row, err);
        }
        if (passes) {
            set_bit(out, row);
        }
    }
    block_rewind(b);
    return status;
}

static enum status match_automaton(struct segment_filter *f, const struct filter_leaf *leaf,
                                   struct text_match *text, struct block *b, const uint64_t *care,
                                   uint64_t *out, struct err *err) {
    uint64_t maybe[BITMAP_WORDS] = {0};
    enum status status = text_match_block(text, b, care, out, maybe, err);
    return status == STATUS_OK ? verify_rows(f, leaf, b, maybe, out, err) : status;
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
            holds = holds_word(f, leaf, buf_str(&f->value));
        }
    }
    return holds;
}

static enum status match_times(struct segment_filter *f, const struct filter_leaf *leaf,
                               const struct leaf_state *state, struct block *b,
                               const uint64_t *care, uint64_t *out, struct err *err) {
    enum status status = block_numbers(b, NUMBER_TIME, err);
    for (uint32_t row = 0; status == STATUS_OK && row < b->info->rows; row++) {
        uint64_t template = (uint64_t)b->numbers[NUMBER_TEMPLATE][row];
        if (template <f->segment->template_count && state->by_time[template] != 0 &&
                      get_bit(care, row) && !get_bit(out, row) &&
                      time_holds_word(f, leaf, &f->segment->templates[template],
                                      b->numbers[NUMBER_TIME][row])) {
            set_bit(out, row);
        }
    }
    return status;
}

/* event.dataset: what a row's dataset number tells. */
static enum status match_dataset(struct segment_filter *f, const struct filter_leaf *leaf,
                                 struct block *b, const uint64_t *care, uint64_t *out,
                                 struct err *err) {
    uint8_t passes[DATASET_COUNT] = {0};
    const struct segment *s = f->segment;
    size_t passing = 0;
    for (size_t i = 0; i < s->dataset_count && i < DATASET_COUNT; i++) {
        passes[i] = s->datasets[i] != DATASET_UNKNOWN &&
                    expr_leaf_match_value(leaf->e, dataset_info(s->datasets[i])->name,
                                          FIELD_TYPE_KEYWORD, f->scratch);
        passing += passes[i];
    }
    if (passing == 0 || passing == s->dataset_count) { /* most segments are of one dataset */
        memcpy(out, care, passing == 0 ? 0 : BITMAP_WORDS * sizeof *out);
        return STATUS_OK;
    }
    enum status status = block_numbers(b, NUMBER_DATASET, err);
    for (uint32_t row = 0; status == STATUS_OK && row < b->info->rows; row++) {
        uint64_t dataset = (uint64_t)b->numbers[NUMBER_DATASET][row];
        if (get_bit(care, row) && dataset < DATASET_COUNT && passes[dataset] != 0) {
            set_bit(out, row);
        }
    }
    return status;
}

static enum status match_leaf(struct segment_filter *f, uint32_t number, struct block *b,
                              const uint64_t *care, uint64_t *out, struct err *err) {
    const struct filter_leaf *leaf = &f->plan->leaves[number];
    const struct leaf_state *state = &f->leaves[number];
    memset(out, 0, BITMAP_WORDS * sizeof *out);
    if (leaf->e->op == EXPR_FIELD && expr_leaf_field(leaf->e) == FIELD_EVENT_DATASET) {
        return match_dataset(f, leaf, b, care, out, err);
    }
    if (state->text != NULL) {
        return match_automaton(f, leaf, state->text, b, care, out, err);
    }
    enum status status = block_numbers(b, NUMBER_TEMPLATE, err);
    for (size_t i = 0; i < state->match_count && status == STATUS_OK; i++) {
        status = match_column(f, leaf, &state->matches[i], b, care, out, err);
    }
    if (status == STATUS_OK && state->any_by_time) {
        status = match_times(f, leaf, state, b, care, out, err);
    }
    bool rest = state->any_whole || state->attribute || leaf->e->op == EXPR_TEXT;
    if (status == STATUS_OK && rest) {
        status = match_whole_rows(f, leaf, state, b, care, out, err);
    }
    return status;
}

static enum status match_node(struct segment_filter *f, const struct filter_node *node,
                              struct block *b, const uint64_t *care, uint64_t *out,
                              struct err *err);

/* AND narrows what is cared for; OR takes away what is decided. */
static enum status match_children(struct segment_filter *f, const struct filter_node *node,
                                  struct block *b, const uint64_t *care, uint64_t *out,
                                  struct err *err) {
    bool all = node->op == EXPR_AND;
    uint64_t left[BITMAP_WORDS];
    uint64_t hits[BITMAP_WORDS];
    memcpy(left, care, sizeof left);
    memset(out, 0, BITMAP_WORDS * sizeof *out);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < node->child_count && status == STATUS_OK && !is_empty(left); i++) {
        status = match_node(f, node->children[i], b, left, hits, err);
        for (size_t k = 0; k < BITMAP_WORDS; k++) {
            left[k] = all ? hits[k] : left[k] & ~hits[k];
            out[k] |= hits[k];
        }
    }
    if (all) {
        memcpy(out, left, sizeof left);
    }
    return status;
}

static enum status match_node(struct segment_filter *f, const struct filter_node *node,
                              struct block *b, const uint64_t *care, uint64_t *out,
                              struct err *err) {
    enum status status = STATUS_OK;
    uint64_t hits[BITMAP_WORDS];
    switch (node->op) {
    case EXPR_ALL:
        memcpy(out, care, BITMAP_WORDS * sizeof *out);
        return STATUS_OK;
    case EXPR_AND:
    case EXPR_OR:
        return match_children(f, node, b, care, out, err);
    case EXPR_NOT:
        status = match_node(f, node->children[0], b, care, hits, err);
        for (size_t k = 0; k < BITMAP_WORDS; k++) {
            out[k] = care[k] & ~hits[k];
        }
        return status;
    default:
        return match_leaf(f, node->leaf, b, care, out, err);
    }
}

enum status segment_filter_block(struct segment_filter *f, struct block *b, uint64_t *rows,
                                 struct err *err) {
    uint64_t out[BITMAP_WORDS];
    enum status status = match_node(f, f->plan->root, b, rows, out, err);
    memcpy(rows, out, sizeof out);
    return status;
}
