/* Columns and joints of a segment, for text_list.c. */
#include "mem.h"
#include "text_list_priv.h"

enum { NUMBER_BYTES = 20 /* of a printed number */ };

static bool is_inner(const struct text_list *l, char c) {
    return l->list->is_inner(c);
}

/* --- facts --- */

static bool has_mark(const struct text_list *l, struct str text) {
    for (size_t i = 0; i < l->list->marks.len; i++) {
        if (str_find_char(text, l->list->marks.ptr[i]) != STR_NONE) {
            return true;
        }
    }
    return false;
}

static const struct facts anything = {true, true, true, UINT32_MAX};
static const struct facts a_number = {true, true, false, NUMBER_BYTES};

static struct facts facts_of_text(const struct text_list *l, struct str text) {
    struct facts f = {text.len == 0, text.len == 0, has_mark(l, text), (uint32_t)text.len};
    if (text.len > 0) {
        f.begins = is_inner(l, text.ptr[0]);
        f.ends = l->list->is_open(text.ptr[text.len - 1]);
    }
    return f;
}

static void merge_facts(struct facts *all, const struct facts *one) {
    all->begins = all->begins || one->begins;
    all->ends = all->ends || one->ends;
    all->marked = all->marked || one->marked;
    all->longest = one->longest > all->longest ? one->longest : all->longest;
}

static enum status read_dictionary(struct text_list *l, uint32_t c, struct err *err) {
    struct segment_column *column = &l->segment->columns[c];
    struct column_state *state = &l->columns[c];
    enum status status = segment_dictionary(l->segment, column, err);
    if (status != STATUS_OK) {
        return status;
    }
    state->entries = arena_alloc(&l->arena, (size_t)column->dictionary_count + 1);
    for (uint32_t i = 0; i < column->dictionary_count; i++) {
        struct facts one = facts_of_text(l, column->dictionary[i]);
        merge_facts(&state->facts, &one);
        bool may = one.marked || one.longest >= l->list->unmarked_bytes;
        state->entries[i] = may && text_list_asks(l, column->dictionary[i]);
        state->possible = state->possible || state->entries[i] != 0;
    }
    return STATUS_OK;
}

/* Digits are inner bytes and no marks: of a shape only the bytes between them count. */
static enum status read_column(struct text_list *l, uint32_t c, struct err *err) {
    const struct segment_column *column = &l->segment->columns[c];
    struct column_state *state = &l->columns[c];
    if (column->kind == COLUMN_OF_BINARY) {
        state->facts = anything;
        return STATUS_OK;
    }
    if (column->type == COLUMN_DICTIONARY) {
        return read_dictionary(l, c, err);
    }
    if (column->type == COLUMN_NUMBER) {
        state->facts = column->shape.len == 0 ? a_number : facts_of_text(l, column->shape);
        state->possible = state->facts.marked || state->facts.longest >= l->list->unmarked_bytes;
    } else {
        state->facts = anything;
        state->possible = true;
    }
    return STATUS_OK;
}

struct str text_list_begin(const struct text_list *l, struct str text) {
    size_t len = 0;
    while (len < text.len && is_inner(l, text.ptr[len])) {
        len++;
    }
    return str_head(text, len);
}

struct str text_list_end(const struct text_list *l, struct str text) {
    size_t start = text.len;
    while (start > 0 && is_inner(l, text.ptr[start - 1])) {
        start--;
    }
    start -= start > 0 && l->list->is_open(text.ptr[start - 1]);
    return str_skip(text, start);
}

/* --- joints of a template --- */

/* A piece, or an end of a literal. */
struct item {
    struct facts facts;
    struct str literal;
    uint32_t piece;
    bool is_literal;
    bool is_column; /* or a copy of one: asked alone with the column's values */
    bool is_number; /* prints a number or a time */
};

struct joint_builder {
    struct text_list *list;
    const struct template *template;
    struct template_state *state;
    struct item *items; /* of the group at hand */
    size_t count;
    size_t capacity;
};

static struct facts facts_of_formula(const struct text_list *l, const struct template *t,
                                     const struct formula *f);

static struct facts facts_of_piece(const struct text_list *l, const struct template *t,
                                   uint32_t piece) {
    const struct template_piece *p = &t->pieces[piece];
    if (p->column != UINT32_MAX) {
        return l->columns[p->column].facts;
    }
    return p->formula != NULL ? facts_of_formula(l, t, p->formula) : facts_of_text(l, p->literal);
}

/* Of a piece or a value. */
static struct facts facts_of_operand(const struct text_list *l, const struct template *t,
                                     uint32_t operand) {
    if (operand < t->piece_count) {
        return facts_of_piece(l, t, operand);
    }
    const struct template_value *v = &t->values[operand - t->piece_count];
    if (v->formula != NULL) {
        return facts_of_formula(l, t, v->formula);
    }
    if (v->transform == TRANSFORM_NONE) {
        return l->columns[v->first].facts;
    }
    return v->count == 1 ? facts_of_piece(l, t, v->first) : anything;
}

/* The template's formulas are known to end (segment_templates). */
static struct facts facts_of_formula(const struct text_list *l, const struct template *t,
                                     const struct formula *f) {
    struct facts facts = anything;
    switch (f->kind) {
    case FORMULA_SCALE:
    case FORMULA_SUM:
    case FORMULA_DIFFERENCE:
        return a_number;
    case FORMULA_TIME:
    case FORMULA_START:
        facts.marked = has_mark(l, f->pattern);
        facts.longest = NUMBER_BYTES;
        return facts;
    case FORMULA_SAME:
    case FORMULA_LOWER:
    case FORMULA_UPPER:
        return facts_of_operand(l, t, f->operands[0]);
    case FORMULA_BEFORE:
    case FORMULA_AFTER:
        facts = facts_of_operand(l, t, f->operands[0]);
        facts.begins = facts.ends = true; /* cut anywhere */
        return facts;
    default:
        return facts;
    }
}

static bool prints_number(const struct formula *f) {
    return f->kind == FORMULA_SCALE || f->kind == FORMULA_SUM || f->kind == FORMULA_DIFFERENCE ||
           f->kind == FORMULA_TIME || f->kind == FORMULA_START;
}

/* True if the formula is a copy of a value of a column that the row has. */
static bool copies_column(const struct template *t, const struct formula *f) {
    if (f->kind != FORMULA_SAME && f->kind != FORMULA_LOWER && f->kind != FORMULA_UPPER) {
        return false;
    }
    uint32_t piece = f->operands[0];
    if (piece >= t->piece_count) {
        const struct template_value *v = &t->values[piece - t->piece_count];
        if (v->formula != NULL || v->transform == TRANSFORM_NONE || v->count != 1) {
            return v->formula == NULL && v->transform == TRANSFORM_NONE;
        }
        piece = v->first;
    }
    return t->pieces[piece].column != UINT32_MAX;
}

static struct item item_of_formula(const struct text_list *l, const struct template *t,
                                   uint32_t piece) {
    const struct formula *f = t->pieces[piece].formula;
    return (struct item){.facts = facts_of_formula(l, t, f),
                         .piece = piece,
                         .is_column = copies_column(t, f),
                         .is_number = prints_number(f)};
}

/* Could the items hold a text of the list that none of them holds alone? */
static bool may_hold(const struct text_list *l, const struct item *items, size_t count) {
    uint64_t run = 0;
    for (size_t i = 0; i < count; i++) {
        const struct item *item = &items[i];
        bool breaks = item->is_literal;
        for (size_t k = 0; breaks && k < item->literal.len; k++) {
            breaks = ascii_is_alnum(item->literal.ptr[k]);
        }
        breaks = item->is_literal && !breaks; /* a byte that is no letter and no digit */
        run = breaks ? item->facts.longest : run + item->facts.longest;
        if (item->facts.marked || run >= l->list->unmarked_bytes) {
            return true;
        }
    }
    return false;
}

static bool has_key(const struct joint_builder *b, const struct item *items, size_t count) {
    size_t columns = 0;
    for (size_t i = 0; i < count; i++) {
        const struct template_piece *p = &b->template->pieces[items[i].piece];
        if (items[i].is_literal) {
            continue;
        }
        if (p->column == UINT32_MAX || b->list->segment->columns[p->column].type == COLUMN_TEXT) {
            return false;
        }
        columns++;
    }
    return columns <= TEXT_LIST_MAX_KEY;
}

/* Items that no byte separates. */
static void add_joint(struct joint_builder *b, const struct item *items, size_t count) {
    struct text_list *l = b->list;
    size_t first = items[0].is_literal ? 1 : 0;
    size_t last = items[count - 1].is_literal ? count - 1 : count; /* behind the last one */
    if (first >= last) {
        return; /* literals are asked with the template */
    }
    bool alone = count == 1 && (items[0].is_column || items[0].is_number);
    if (alone || !may_hold(l, items, count)) {
        return;
    }
    MEM_GROW(l->joints, l->joint_capacity, l->joint_count + 1);
    l->joints[l->joint_count++] = (struct joint){.first = items[first].piece,
                                                 .last = items[last - 1].piece,
                                                 .has_head = first > 0,
                                                 .has_tail = last < count,
                                                 .has_key = has_key(b, items, count)};
    b->state->joint_count++;
}

static void end_group(struct joint_builder *b) {
    size_t start = 0;
    for (size_t i = 1; i <= b->count; i++) {
        if (i == b->count || !b->items[i - 1].facts.ends || !b->items[i].facts.begins) {
            add_joint(b, b->items + start, i - start);
            start = i;
        }
    }
    b->count = 0;
}

static void add_item(struct joint_builder *b, const struct item *item) {
    MEM_GROW(b->items, b->capacity, b->count + 1);
    b->items[b->count++] = *item;
}

static void add_literal(struct joint_builder *b, uint32_t piece) {
    const struct text_list *l = b->list;
    struct str text = b->template->pieces[piece].literal;
    struct item item = {.piece = piece, .is_literal = true, .literal = text_list_begin(l, text)};
    item.facts = facts_of_text(l, item.literal);
    if (item.literal.len > 0) {
        add_item(b, &item);
    }
    if (item.literal.len == text.len) {
        return;
    }
    end_group(b);
    item.literal = text_list_end(l, text);
    item.facts = facts_of_text(l, item.literal);
    if (item.literal.len > 0) {
        add_item(b, &item);
    }
}

/* True if the text of rows without raw bytes, which is that of their values, is not all columns. */
static bool has_made_values(const struct template *t) {
    bool made = false;
    for (uint32_t i = 0; i < t->value_count; i++) {
        const struct formula *f = t->values[i].formula;
        made = made || (f != NULL && f->kind >= FORMULA_BEFORE);
    }
    return made && t->piece_count == 0;
}

static void plan_template(struct joint_builder *b) {
    struct text_list *l = b->list;
    const struct template *t = b->template;
    b->state->first_joint = (uint32_t)l->joint_count;
    b->state->whole = (t->flags & TEMPLATE_OTHER_TEXT) != 0 || has_made_values(t);
    for (uint32_t i = t->order_count; i < t->piece_count; i++) { /* members keep their text */
        const struct template_piece *p = &t->pieces[i];
        if (p->column != UINT32_MAX) {
            struct item item = {
                .facts = l->columns[p->column].facts, .piece = i, .is_column = true};
            add_item(b, &item);
        } else if (p->formula != NULL) {
            struct item item = item_of_formula(l, t, i);
            add_item(b, &item);
        } else {
            b->state->whole = b->state->whole || text_list_asks(l, p->literal);
            add_literal(b, i);
        }
    }
    end_group(b);
    l->any_whole = l->any_whole || b->state->whole;
}

enum status text_list_plan(struct text_list *l, struct err *err) {
    const struct segment *s = l->segment;
    struct joint_builder b = {.list = l};
    enum status status = segment_templates(l->segment, err);
    l->columns = arena_array(&l->arena, s->column_count + 1, sizeof *l->columns);
    l->templates = arena_array(&l->arena, (size_t)s->template_count + 1, sizeof *l->templates);
    for (uint32_t c = 0; c < s->column_count && status == STATUS_OK; c++) {
        status = l->list->is_inner == NULL ? STATUS_OK : read_column(l, c, err);
    }
    for (uint32_t t = 0; t < s->template_count && status == STATUS_OK; t++) {
        b.template = &s->templates[t];
        b.state = &l->templates[t];
        if (l->list->is_inner == NULL) {
            b.state->whole = l->any_whole = true;
        } else {
            plan_template(&b);
        }
    }
    mem_free(b.items);
    return status;
}
