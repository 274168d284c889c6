/* Which values of each template a leaf looks at, and which rows have to be put together for it. */
#include "formula_words.h"
#include "segment_filter_priv.h"

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

void filter_select_field(struct segment_filter *f, const struct filter_leaf *leaf,
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
        suspect =
            t->pieces[i].column == UINT32_MAX && filter_holds_word(f, leaf, t->pieces[i].literal);
    }
    return suspect;
}

void filter_select_text(struct segment_filter *f, const struct filter_leaf *leaf,
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
void filter_count_uses(struct segment_filter *f, struct column_match *m) {
    const struct segment *s = f->segment;
    m->uses = arena_array(&f->arena, (size_t)s->template_count + 1, sizeof *m->uses);
    for (uint32_t t = 0; t < s->template_count; t++) {
        const struct template *template = &s->templates[t];
        m->uses[t] = uses_before(template, m->column, template->piece_count, template->value_count);
    }
}
