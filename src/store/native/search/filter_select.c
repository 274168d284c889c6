/* Which values of each template a leaf looks at, and which rows have to be put together for it. */
#include "formula_words.h"
#include "num.h"
#include "segment_filter_priv.h"
#include "transform.h"

enum { FEW_LEAVES = 8 /* are looked up one by one */ };

static struct column_match *add_match(const struct segment_filter *f, struct leaf_state *state,
                                      uint32_t column, enum transform transform,
                                      enum field_type type) {
    MEM_GROW(state->matches, state->match_capacity, state->match_count + 1);
    struct column_match *m = &state->matches[state->match_count++];
    *m = (struct column_match){.column = column, .transform = transform, .type = type};
    m->is_dictionary = f->segment->columns[column].type == COLUMN_DICTIONARY;
    return m;
}

static struct column_match *find_match(struct segment_filter *f, struct leaf_state *state,
                                       uint32_t column, enum transform transform,
                                       enum field_type type) {
    for (size_t i = 0; i < state->match_count; i++) {
        struct column_match *m = &state->matches[i];
        if (m->column == column && m->transform == transform && m->type == type) {
            return m;
        }
    }
    struct column_match *m = add_match(f, state, column, transform, type);
    m->selected =
        arena_array(&f->arena, (size_t)f->segment->template_count + 1, sizeof *m->selected);
    return m;
}

/* How many values of `column` stand before piece `piece` (or before value `value` after all
 * pieces) in a row of the template. */
uint32_t filter_uses_before(const struct template *t, uint32_t column, uint32_t piece,
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

/* True if the value is literals in every row; its text is in f->value then. */
static bool is_constant(struct segment_filter *f, const struct template *t,
                        const struct template_value *value) {
    bool constant = value->transform != TRANSFORM_NONE;
    buf_clear(&f->value);
    for (uint32_t i = 0; i < value->count && constant; i++) {
        const struct template_piece *p = &t->pieces[value->first + i];
        constant = p->column == UINT32_MAX && p->formula == NULL;
        buf_add(&f->value, p->literal);
    }
    return constant;
}

/* A value that all rows of the template have: they pass, or are none of the leaf's business. */
static void select_constant(struct segment_filter *f, const struct filter_leaf *leaf,
                            struct leaf_state *state, uint32_t template,
                            const struct template_value *value) {
    struct str text = buf_str(&f->value);
    buf_clear(&f->other);
    if (value->transform > TRANSFORM_SAME) {
        bool decodes = transform_decode(&f->other, text, value->transform);
        text = buf_str(&f->other);
        if (!decodes) { /* damaged: putting the row together will say so */
            state->whole[template] = FILTER_WHOLE;
            state->any_whole = true;
            return;
        }
    }
    if (expr_leaf_match_value(leaf->e, text, schema_type(value->field), f->scratch)) {
        state->all[template] = 1;
        state->any_all = true;
    }
}

/* Notes that the leaf tests value `v` of the template. */
static void select_value(struct segment_filter *f, const struct filter_leaf *leaf,
                         struct leaf_state *state, uint32_t template, uint32_t v) {
    const struct template *t = &f->segment->templates[template];
    const struct template_value *value = &t->values[v];
    bool extra = value->transform == TRANSFORM_NONE;
    if (is_constant(f, t, value)) {
        select_constant(f, leaf, state, template, value);
        return;
    }
    struct filter_operand o;
    bool single = extra || value->count == 1;
    if (!single || !filter_find_operand(&o, t, extra ? t->piece_count + v : value->first) ||
        o.ordinal >= MAX_ORDINALS) {
        state->whole[template] = FILTER_WHOLE;
        state->any_whole = true;
        return;
    }
    enum transform transform = extra ? TRANSFORM_SAME : value->transform;
    struct column_match *m = find_match(f, state, o.column, transform, schema_type(value->field));
    m->selected[template] |= UINT64_C(1) << o.ordinal;
}

bool filter_selects_attribute(const struct filter_leaf *leaf) {
    const struct expr *e = leaf->e;
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

/* Which fields a leaf tests; names that are no id are compared once a field. */
struct field_choice {
    const struct expr *leaf;
    uint32_t only;  /* the one id; FIELD_NONE: by name */
    uint8_t *known; /* by field: 0 not asked yet, 1 no, 2 yes */
    size_t known_count;
};

static bool is_chosen(struct field_choice *c, uint32_t field) {
    if (c->known == NULL || field >= c->known_count) {
        return field == c->only;
    }
    if (c->known[field] == 0) {
        c->known[field] = expr_leaf_selects(c->leaf, field, schema_name(field)) ? 2 : 1;
    }
    return c->known[field] == 2;
}

bool filter_selects_fields(const struct segment *s, const struct filter_leaf *leaf) {
    uint32_t only = expr_leaf_field(leaf->e);
    bool any = false;
    for (size_t i = 0; i < s->field_count && !any; i++) {
        any = only != FIELD_NONE
                  ? s->fields[i] == only
                  : expr_leaf_selects(leaf->e, s->fields[i], schema_name(s->fields[i]));
    }
    return any;
}

/* --- fields by id, in filters of many leaves --- */

static void fill_places(struct value_places *places, const struct segment *s) {
    uint32_t *next = mem_calloc((size_t)places->field_count + 1, sizeof *next);
    memcpy(next, places->first, places->field_count * sizeof *next);
    for (uint32_t t = 0; t < s->template_count; t++) {
        for (uint32_t v = 0; v < s->templates[t].value_count; v++) {
            places->items[next[s->templates[t].values[v].field]++] = (struct value_place){t, v};
        }
    }
    mem_free(next);
}

/* Once a segment: else each leaf would walk through all values of all templates. */
static void find_places(struct segment_filter *f) {
    struct value_places *places = &f->places;
    const struct segment *s = f->segment;
    places->field_count = schema_count();
    places->first = arena_array(&f->arena, (size_t)places->field_count + 1, sizeof *places->first);
    for (uint32_t t = 0; t < s->template_count; t++) {
        for (uint32_t v = 0; v < s->templates[t].value_count; v++) {
            places->first[s->templates[t].values[v].field + 1]++;
        }
    }
    for (uint32_t i = 0; i < places->field_count; i++) {
        places->first[i + 1] += places->first[i];
    }
    places->items = arena_array(&f->arena, (size_t)places->first[places->field_count] + 1,
                                sizeof *places->items);
    fill_places(places, s);
}

static void select_places(struct segment_filter *f, const struct filter_leaf *leaf,
                          struct leaf_state *state, uint32_t field) {
    if (f->places.first == NULL) {
        find_places(f);
    }
    uint32_t end = field < f->places.field_count ? f->places.first[field + 1] : 0;
    for (uint32_t i = end > 0 ? f->places.first[field] : 0; i < end; i++) {
        select_value(f, leaf, state, f->places.items[i].template, f->places.items[i].value);
    }
}

static void select_chosen(struct segment_filter *f, const struct filter_leaf *leaf,
                          struct leaf_state *state) {
    const struct segment *s = f->segment;
    struct field_choice choice = {.leaf = leaf->e, .only = expr_leaf_field(leaf->e)};
    if (choice.only == FIELD_NONE) {
        choice.known_count = schema_count();
        choice.known = mem_calloc(choice.known_count + 1, 1);
    }
    for (uint32_t t = 0; t < s->template_count; t++) {
        for (uint32_t v = 0; v < s->templates[t].value_count; v++) {
            if (is_chosen(&choice, s->templates[t].values[v].field)) {
                select_value(f, leaf, state, t, v);
            }
        }
    }
    mem_free(choice.known);
}

void filter_select_field(struct segment_filter *f, const struct filter_leaf *leaf,
                         struct leaf_state *state) {
    uint32_t only = expr_leaf_field(leaf->e);
    if (only != FIELD_NONE && f->plan->leaf_count > FEW_LEAVES) {
        select_places(f, leaf, state, only);
    } else {
        select_chosen(f, leaf, state);
    }
}

/* What the formulas of the template can print of the leaf's word; *sums: and whether numbers of
 * pieces may print it, if it is a number. Values are part of the search
 * text only where there are no pieces; and where a formula of a piece has them as operands. */
static enum formula_words template_words(bool *sums, const struct template *t,
                                         const struct filter_leaf *leaf, bool is_number) {
    enum formula_words words = FORMULA_PRINTS_NOT;
    bool values = t->piece_count == 0;
    for (uint32_t i = 0; i < t->piece_count; i++) {
        const struct formula *f = t->pieces[i].formula;
        if (f != NULL) {
            enum formula_words own = formula_words(f, leaf->word, leaf->is_part);
            if (is_number && own != FORMULA_PRINTS_NOT && filter_is_sum(f)) {
                *sums = true;
            } else {
                words = own > words ? own : words;
            }
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

static bool is_ascii(struct str text) {
    uint8_t any = 0;
    for (size_t i = 0; i < text.len; i++) {
        any |= (uint8_t)text.ptr[i];
    }
    return any < 0x80;
}

/* Digits are what they fold to, and ASCII does not get longer: most literals are told quickly. */
static bool literal_holds_word(struct segment_filter *f, const struct filter_leaf *leaf,
                               struct str literal) {
    if (is_ascii(literal)) {
        bool digit = leaf->word.len > 0 && ascii_is_digit(leaf->word.ptr[0]);
        if (literal.len < leaf->word.len ||
            (digit && str_find_char(literal, leaf->word.ptr[0]) == STR_NONE)) {
            return false;
        }
    }
    return filter_holds_word(f, leaf, literal);
}

/* True if the template's own text can hold the word. */
static bool template_is_suspect(struct segment_filter *f, const struct template *t,
                                const struct filter_leaf *leaf) {
    bool suspect =
        leaf->word.len == 0 || (leaf->is_raw && !leaf->ignore_case && template_changes_case(t));
    for (uint32_t i = 0; i < t->piece_count && !suspect; i++) {
        struct str literal = t->pieces[i].literal;
        suspect = literal.len > 0 && literal_holds_word(f, leaf, literal);
    }
    return suspect;
}

/* The number of the formula's pattern among those met before; FILTER_TIMES if there are too many.
 */
static size_t find_time(struct leaf_state *state, const struct formula *f, struct str word) {
    for (size_t i = 0; i < state->time_count; i++) {
        const struct formula *known = state->times[i].formula;
        if (known->zone_seconds == f->zone_seconds && str_eq(known->pattern, f->pattern)) {
            return i;
        }
    }
    if (state->time_count < FILTER_TIMES) {
        struct filter_time *time = &state->times[state->time_count++];
        time->formula = f;
        time->can = time_word_make(&time->word, f->pattern, f->zone_seconds, word);
        return state->time_count - 1;
    }
    return FILTER_TIMES;
}

/* Which patterns of the template may print the zoned word. */
static uint8_t select_times(struct leaf_state *state, const struct template *t, struct str word) {
    unsigned times = 0;
    for (uint32_t i = 0; i < t->piece_count; i++) {
        const struct formula *f = t->pieces[i].formula;
        if (f != NULL && f->kind == FORMULA_TIME) {
            size_t time = find_time(state, f, word);
            times |= time == FILTER_TIMES ? UINT8_MAX : state->times[time].can ? 1U << time : 0;
        }
    }
    return (uint8_t)times;
}

/* True if one literal of the template holds all that is looked for, and no word reaches out of it.
 */
static bool literal_tells(struct segment_filter *f, const struct template *t,
                          const struct filter_leaf *leaf) {
    bool tells = false;
    bool hides = (t->flags & (TEMPLATE_CROSSING | TEMPLATE_OTHER_TEXT)) != 0;
    for (uint32_t i = 0; i < t->piece_count && !hides && !leaf->is_part && !tells; i++) {
        struct str literal = t->pieces[i].literal;
        tells = literal.len > 0 && literal_holds_word(f, leaf, literal) &&
                expr_leaf_match_value(leaf->e, literal, FIELD_TYPE_KEYWORD, f->scratch);
    }
    return tells;
}

/* Sets what the formulas of template `t` can print of the leaf's word. */
static void select_printed(struct segment_filter *f, const struct filter_leaf *leaf,
                           struct leaf_state *state, uint32_t t) {
    const struct template *template = &f->segment->templates[t];
    bool sums = false;
    enum formula_words words = template_words(&sums, template, leaf, state->is_number);
    if (literal_tells(f, template, leaf)) {
        state->all[t] = 1;
        state->any_all = true;
        return;
    }
    bool whole = words == FORMULA_PRINTS_MAYBE || template_is_suspect(f, template, leaf) ||
                 (sums && !filter_add_sums(f, state, t));
    bool unshown = (template->flags & (TEMPLATE_CROSSING | TEMPLATE_OTHER_TEXT)) != 0;
    state->whole[t] = whole ? FILTER_WHOLE : unshown ? FILTER_WHOLE_UNSHOWN : FILTER_WHOLE_NOT;
    state->any_whole = state->any_whole || state->whole[t] != 0;
    if (words == FORMULA_PRINTS_BY_TIME) {
        bool zoned = !leaf->is_part && token_is_zoned(leaf->word);
        state->by_time[t] = zoned ? select_times(state, template, leaf->word) : UINT8_MAX;
    }
    state->any_by_time = state->any_by_time || state->by_time[t] != 0;
}

void filter_select_text(struct segment_filter *f, const struct filter_leaf *leaf,
                        struct leaf_state *state) {
    const struct segment *s = f->segment;
    bool canonical = leaf->word.len == 1 || (leaf->word.len > 0 && leaf->word.ptr[0] != '0');
    state->is_number = !leaf->is_part && canonical && num_parse_i64(&state->number, leaf->word) &&
                       state->number >= 0;
    state->known = arena_alloc(&f->arena, (size_t)s->template_count + 1);
    for (uint32_t c = 0; c < s->column_count && leaf->word.len > 0; c++) {
        if (s->columns[c].kind != COLUMN_OF_BINARY) {
            add_match(f, state, c, TRANSFORM_SAME, FIELD_TYPE_KEYWORD);
        }
    }
}

enum status filter_select_block(struct segment_filter *f, const struct filter_leaf *leaf,
                                struct leaf_state *state, struct block *b, struct err *err) {
    enum status status = filter_use_block(f, b, err);
    for (uint32_t i = 0; i < f->used_count && status == STATUS_OK; i++) {
        uint32_t t = f->used[i];
        if (state->known[t] == 0) {
            select_printed(f, leaf, state, t);
            state->known[t] = 1;
        }
    }
    return status;
}

enum status filter_select_all(bool *holds, struct segment_filter *f, const struct filter_leaf *leaf,
                              struct leaf_state *state, struct err *err) {
    const struct segment *s = f->segment;
    enum status status = STATUS_OK;
    *holds = false;
    for (uint32_t t = 0; t < s->template_count && status == STATUS_OK && !*holds; t++) {
        const struct template *ignored;
        if (state->known[t] == 0) {
            status = segment_template(&ignored, f->segment, t, err);
        }
        if (status == STATUS_OK && state->known[t] == 0) {
            select_printed(f, leaf, state, t);
            state->known[t] = 1;
        }
        *holds = state->all[t] != 0 || state->by_time[t] != 0 || state->whole[t] == FILTER_WHOLE;
    }
    *holds = *holds || state->sum_count > 0;
    return status;
}

/* --- templates of a block --- */

enum status filter_use_block(struct segment_filter *f, struct block *b, struct err *err) {
    struct segment *s = f->segment;
    enum status status = block_templates(b, err);
    if (status != STATUS_OK || f->used_block == b->index + 1) {
        return status;
    }
    if (f->used == NULL) {
        f->used = arena_array(&f->arena, (size_t)s->template_count + 1, sizeof *f->used);
        f->seen = arena_array(&f->arena, (size_t)s->template_count + 1, sizeof *f->seen);
    }
    f->used_block = b->index + 1;
    f->used_count = 0;
    for (uint32_t row = 0; row < b->info->rows && status == STATUS_OK; row++) {
        uint32_t number = b->templates[row];
        const struct template *ignored;
        if (f->seen[number] == f->used_block) {
            continue;
        }
        status = segment_template(&ignored, s, number, err);
        if (status == STATUS_OK) {
            f->seen[number] = f->used_block;
            f->used[f->used_count++] = number;
        }
    }
    f->used_block = status == STATUS_OK ? f->used_block : 0;
    return status;
}

void filter_count_uses(struct segment_filter *f, struct column_match *m) {
    const struct segment *s = f->segment;
    size_t bytes = ((size_t)s->template_count + 1) * sizeof *m->uses;
    if (m->uses == NULL) {
        m->uses = arena_alloc(&f->arena, bytes);
        memset(m->uses, 0xff, bytes);
    }
    for (uint32_t i = 0; i < f->used_count; i++) {
        uint32_t t = f->used[i];
        const struct template *template = &s->templates[t];
        if (m->uses[t] == UINT32_MAX) {
            m->uses[t] = filter_uses_before(template, m->column, template->piece_count,
                                            template->value_count);
        }
    }
}
