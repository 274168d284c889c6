#include "text_match_priv.h"

#include "mem.h"

/* --- making --- */

/* Templates of which one value tells, and all values say the same. */
static void ask_told(struct text_match *m, struct text_plan *plan) {
    if (plan->kind != TEXT_PLAN_SPANS) {
        return;
    }
    plan->told = text_told_find(&m->told, plan, &m->columns, &m->walker);
    if (plan->told != NULL && (plan->told->none || plan->told->all)) {
        plan->kind = plan->told->none ? TEXT_PLAN_NONE : TEXT_PLAN_ALL;
    }
}

/* Marks the columns in whose values a match can begin. */
static void find_first(struct text_match *m) {
    for (uint32_t t = 0; t < m->segment->template_count; t++) {
        const struct text_plan *plan = &m->plans[t];
        for (uint32_t i = 0; plan->kind == TEXT_PLAN_SPANS && i < plan->span_count; i++) {
            for (uint32_t k = 0; k < plan->spans[i].count; k++) {
                const struct text_step *step = &plan->spans[i].steps[k];
                if (step->element->kind == ROW_TEXT_VALUE && step->start == k) {
                    m->columns.items[step->element->place].is_first = true;
                }
            }
        }
    }
}

/* Reads the dictionaries that spans read, or only those in which a match can begin. */
static enum status prepare(struct text_match *m, bool is_first, struct err *err) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < m->columns.count && status == STATUS_OK; i++) {
        struct text_column *c = &m->columns.items[i];
        if (c->is_read && (!is_first || c->is_first)) {
            status = text_column_prepare(c, &m->walker, m->segment, err);
        }
    }
    return status;
}

static void narrow(struct text_match *m, struct text_planner *p) {
    for (size_t i = 0; i < m->columns.count; i++) {
        m->columns.items[i].is_read = false;
    }
    for (uint32_t t = 0; t < m->segment->template_count; t++) {
        if (m->plans[t].kind == TEXT_PLAN_SPANS) {
            text_plan_narrow(p, &m->plans[t]);
        }
    }
}

/* Reads the dictionaries that can hold a whole match, if a match is a plain text: of others more is
 * ruled out by the templates. */
static enum status prepare_whole(struct text_match *m, struct text_planner *p, struct err *err) {
    enum status status = STATUS_OK;
    if (m->walker.automaton->longest != m->walker.automaton->literal.len) {
        return STATUS_OK;
    }
    for (uint32_t i = 0; i < m->segment->column_count && status == STATUS_OK; i++) {
        const struct segment_column *column = &m->segment->columns[i];
        if (column->type != COLUMN_DICTIONARY || column->note == NULL) {
            continue;
        }
        struct text_column *c = text_planner_column(p, i);
        struct text_reach reach = text_column_over(c, &m->walker, 0);
        if (reach.ends) {
            c->useful = reach.positions;
            status = text_column_prepare(c, &m->walker, m->segment, err);
        }
    }
    return status;
}

/* Plans the templates that are not left apart (or only those), first by the dictionaries that can
 * hold a match, and by what is known of others without reading values; then by the dictionaries
 * that this left: first by those in which a match can begin, for often none does, and the others
 * need not be read. */
static enum status make_plans(struct text_match *m, bool is_apart, struct err *err) {
    struct text_planner p = {.segment = m->segment, .walker = &m->walker, .columns = &m->columns};
    p.ordinals = mem_calloc(m->segment->column_count + 1, sizeof *p.ordinals);
    enum status status = is_apart ? STATUS_OK : prepare_whole(m, &p, err);
    for (uint32_t t = 0; t < m->segment->template_count && status == STATUS_OK; t++) {
        if (text_is_apart(m, &m->segment->templates[t]) == is_apart) {
            text_plan_make(&p, &m->plans[t], &m->segment->templates[t]);
        }
    }
    find_first(m);
    status = status == STATUS_OK ? prepare(m, true, err) : status;
    if (status == STATUS_OK) {
        narrow(m, &p);
        status = prepare(m, false, err);
    }
    if (status == STATUS_OK) {
        narrow(m, &p);
    }
    for (uint32_t t = 0; t < m->segment->template_count && status == STATUS_OK; t++) {
        ask_told(m, &m->plans[t]);
    }
    text_planner_fini(&p);
    return status;
}

static void note_reads(uint8_t *is_read, const struct text_plan *plan) {
    for (uint32_t i = 0; plan->kind == TEXT_PLAN_SPANS && i < plan->span_count; i++) {
        for (uint32_t k = 0; k < plan->spans[i].count; k++) {
            const struct row_text_element *e = plan->spans[i].steps[k].element;
            if (e->kind == ROW_TEXT_VALUE) {
                is_read[e->column] = 1;
            }
        }
    }
}

static void find_read(struct text_match *m) {
    m->is_read = mem_calloc(m->segment->column_count + 1, 1);
    for (uint32_t t = 0; t < m->segment->template_count; t++) {
        note_reads(m->is_read, &m->plans[t]);
    }
    for (size_t c = 0; c < m->segment->column_count; c++) {
        m->read_count += m->is_read[c];
    }
}

/* Templates that rows can match with. */
static void list_possible(struct text_match *m) {
    m->possible =
        arena_array(&m->walker.arena, (size_t)m->segment->template_count + 1, sizeof *m->possible);
    m->possible_count = 0;
    for (uint32_t t = 0; t < m->segment->template_count; t++) {
        if (m->plans[t].kind != TEXT_PLAN_NONE) {
            m->possible[m->possible_count++] = t;
        }
    }
}

/* Before planning: all rows of templates that are left apart may match. */
static void init_plans(struct text_match *m, bool is_apart) {
    const struct segment *s = m->segment;
    for (uint32_t t = 0; t < s->template_count; t++) {
        bool apart = text_is_apart(m, &s->templates[t]);
        bool sorted = apart && (s->templates[t].flags & TEMPLATE_ORDERED) != 0;
        m->has_apart = m->has_apart || apart;
        m->has_sorted = m->has_sorted || sorted;
        m->plans[t] =
            (struct text_plan){.kind = is_apart ? TEXT_PLAN_NONE : TEXT_PLAN_WHOLE, .verify = true};
    }
}

static enum status create(struct text_match **out, const struct automaton *automaton, bool splits,
                          bool is_apart, struct segment *s, struct err *err) {
    struct text_match *m = mem_calloc(1, sizeof *m);
    m->segment = s;
    m->splits = splits;
    m->walker = (struct text_walker){.automaton = automaton, .dfa = dfa_create(automaton)};
    m->walker.has_literal = automaton->literal.len > 1;
    if (m->walker.has_literal) {
        m->walker.literal = substring_make(automaton->literal, automaton->ignores_case);
    }
    m->plans = mem_calloc((size_t)s->template_count + 1, sizeof *m->plans);
    m->met = mem_calloc((size_t)s->template_count + 1, sizeof *m->met);
    m->met_of = mem_calloc((size_t)s->template_count + 1, sizeof *m->met_of);
    m->kinds = mem_alloc((size_t)s->template_count + 1);
    memset(m->kinds, TEXT_IS_UNMET, s->template_count);
    m->cursors = mem_calloc(s->column_count + 1, sizeof *m->cursors);
    m->columns.first = mem_calloc(s->column_count + 1, sizeof *m->columns.first);
    init_plans(m, is_apart);
    enum status status = make_plans(m, is_apart, err);
    if (status != STATUS_OK) {
        text_match_destroy(&m);
        return status;
    }
    find_read(m);
    list_possible(m);
    *out = m;
    return STATUS_OK;
}

static bool is_separator(char c) {
    return c == ',' || c == '{' || c == '}';
}

static bool takes_separators(const struct automaton *a) {
    return (a->takes[','] | a->takes['{'] | a->takes['}']) != 0;
}

/* The longest part that sorting members does not tear apart. */
static struct str longest_part(struct str text) {
    struct str longest = STR_EMPTY;
    for (size_t first = 0; first < text.len;) {
        size_t end = first;
        while (end < text.len && !is_separator(text.ptr[end])) {
            end++;
        }
        struct str part = str_make(text.ptr + first, end - first);
        longest = part.len > longest.len ? part : longest;
        first = end + 1;
    }
    return longest;
}

/* Sorted objects of which `apart` knows that no row can match. (Of rows in other encodings only the
 * row tells whether their bytes can be believed.) */
static void drop_apart(struct text_match *m) {
    for (uint32_t t = 0; t < m->segment->template_count; t++) {
        const struct template *template = &m->segment->templates[t];
        if (text_is_apart(m, template) && (template->flags & TEMPLATE_ENCODED) == 0 &&
            m->apart->plans[t].kind == TEXT_PLAN_NONE) {
            m->plans[t].kind = TEXT_PLAN_NONE;
        }
    }
    list_possible(m);
}

static enum status create_apart(struct text_match *m, struct err *err) {
    const struct automaton *a = m->walker.automaton;
    struct str literal = m->has_sorted ? longest_part(a->literal) : a->literal;
    if (!m->has_apart || literal.len == 0) {
        return STATUS_OK;
    }
    automaton_of_literal(&m->literal, &m->walker.arena, literal, a->ignores_case);
    enum status status = create(&m->apart, &m->literal, m->splits, true, m->segment, err);
    if (status == STATUS_OK) {
        drop_apart(m);
    }
    return status;
}

enum status text_match_create(struct text_match **out, const struct automaton *automaton,
                              struct segment *s, struct err *err) {
    struct text_match *m = NULL;
    enum status status = segment_templates(s, err);
    if (status == STATUS_OK) {
        status = segment_notes(s, err);
    }
    if (status == STATUS_OK) {
        status = segment_triples(s, err);
    }
    if (status == STATUS_OK) {
        status = create(&m, automaton, takes_separators(automaton), false, s, err);
    }
    if (status == STATUS_OK) {
        status = create_apart(m, err);
    }
    if (status != STATUS_OK) {
        text_match_destroy(&m);
        return status;
    }
    *out = m;
    return STATUS_OK;
}

void text_match_destroy(struct text_match **match) {
    struct text_match *m = *match;
    if (m == NULL) {
        return;
    }
    for (struct text_told *t = m->told; t != NULL; t = t->next) {
        text_told_fini(t);
    }
    for (size_t i = 0; i < m->columns.count; i++) {
        text_column_fini(&m->columns.items[i]);
    }
    mem_free(m->columns.items);
    mem_free(m->columns.first);
    mem_free(m->times);
    mem_free(m->plans);
    for (size_t c = 0; m->cursors != NULL && c < m->segment->column_count; c++) {
        mem_free(m->cursors[c].uses);
        mem_free(m->cursors[c].firsts);
    }
    mem_free(m->met);
    mem_free(m->met_of);
    mem_free(m->kinds);
    mem_free(m->is_read);
    mem_free(m->cursors);
    text_match_destroy(&m->apart);
    dfa_destroy(&m->walker.dfa);
    buf_fini(&m->text);
    arena_fini(&m->walker.arena);
    mem_free(m);
    *match = NULL;
}

bool text_match_is_possible(const struct text_match *match) {
    return match->possible_count > 0;
}

/* --- blocks --- */

/* True if runs of ASCII in the row's search text are the same bytes in the row, so that they can be
 * looked for there. */
static enum status keeps_ascii(bool *keeps, struct block *b, uint32_t row, struct err *err) {
    int64_t charset = 0;
    int64_t flags = 0;
    enum status status = block_number_at(&charset, b, NUMBER_CHARSET, row, err);
    if (status == STATUS_OK) {
        status = block_number_at(&flags, b, NUMBER_FLAGS, row, err);
    }
    *keeps = (charset == CHARSET_CP932 || charset == CHARSET_EUC_JP) &&
             (flags & (ROW_IN_CONTAINER | ROW_DERIVED)) == 0;
    return status;
}

/* A row that `apart` does not speak for: can it match still? */
static enum status can_match(bool *can, struct text_match *m, struct block *b, uint32_t row,
                             struct err *err) {
    const struct template *t = &m->segment->templates[b->templates[row]];
    *can = false;
    if ((t->flags & TEMPLATE_ENCODED) == 0) {
        return STATUS_OK;
    }
    bool keeps = false;
    enum status status = keeps_ascii(&keeps, b, row, err);
    *can = !keeps;
    return status;
}

/* Of the rows that are left apart: those whose pieces cannot hold what each match holds are no
 * longer maybe. */
static enum status rule_out_apart(struct text_match *m, struct block *b, uint64_t *maybe,
                                  struct err *err) {
    uint64_t apart[SEGMENT_BLOCK_ROWS / 64] = {0};
    uint64_t holds[SEGMENT_BLOCK_ROWS / 64] = {0};
    uint64_t any = 0;
    for (uint32_t i = 0; i < SEGMENT_BLOCK_ROWS / 64; i++) {
        for (uint64_t left = maybe[i]; left != 0; left &= left - 1) {
            uint32_t row = i * 64 + (uint32_t)__builtin_ctzll(left);
            const struct template *t = &m->segment->templates[b->templates[row]];
            apart[i] |= text_is_apart(m, t) ? left & -left : 0;
        }
        any |= apart[i];
    }
    enum status status = STATUS_OK;
    if (any != 0) {
        status = text_block_match(m->apart, b, apart, holds, holds, err);
    }
    for (uint32_t i = 0; i < SEGMENT_BLOCK_ROWS / 64; i++) {
        for (uint64_t left = apart[i] & ~holds[i]; left != 0 && status == STATUS_OK;
             left &= left - 1) {
            bool can = true;
            status = can_match(&can, m, b, i * 64 + (uint32_t)__builtin_ctzll(left), err);
            maybe[i] &= can ? UINT64_MAX : ~(left & -left);
        }
    }
    return status;
}

enum status text_match_block(struct text_match *m, struct block *b, const uint64_t *care,
                             uint64_t *hits, uint64_t *maybe, struct err *err) {
    enum status status = text_block_match(m, b, care, hits, maybe, err);
    return status == STATUS_OK && m->apart != NULL ? rule_out_apart(m, b, maybe, err) : status;
}
