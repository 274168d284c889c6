#include "text_told.h"

#include "mem.h"

/* --- values and literals of a span --- */

/* Of the literals at both ends of the span the parts that a match can reach: templates that differ
 * further away are told alike. */
static void cut_ends(struct text_told *t, size_t longest) {
    struct str *before = &t->before;
    struct str *behind = &t->values[t->value_count - 1].behind;
    *before = before->len > longest ? str_skip(*before, before->len - longest) : *before;
    *behind = behind->len > longest ? str_head(*behind, longest) : *behind;
}

/* False: the span has something else than literals and values of dictionaries, or too many. */
static bool read_span(struct text_told *out, const struct text_span *span,
                      struct text_columns *columns) {
    *out = (struct text_told){.before = STR_EMPTY};
    for (uint32_t i = 0; i < span->count; i++) {
        const struct row_text_element *e = span->steps[i].element;
        if (e->kind == ROW_TEXT_LITERAL) { /* literals stand apart: neighbours are one */
            struct str *at =
                out->value_count == 0 ? &out->before : &out->values[out->value_count - 1].behind;
            *at = e->literal;
            continue;
        }
        struct text_column *column = e->kind == ROW_TEXT_VALUE ? &columns->items[e->place] : NULL;
        bool number =
            column != NULL && column->column->type == COLUMN_NUMBER && column->key.step_count == 0;
        if (column == NULL || (!number && column->from_start == NULL) ||
            out->value_count == TEXT_TOLD_VALUES) {
            return false;
        }
        out->values[out->value_count++] = (struct text_told_value){
            .column = column, .is_number = number, .entry_count = column->column->dictionary_count};
    }
    for (uint32_t i = 0; i < out->value_count; i++) {
        if (out->values[i].is_number && out->value_count > 1) {
            return false;
        }
    }
    return out->value_count > 0;
}

static bool are_same(const struct text_told *a, const struct text_told *b) {
    bool same = a->value_count == b->value_count && str_eq(a->before, b->before);
    for (uint32_t i = 0; i < a->value_count && same; i++) {
        same = a->values[i].column == b->values[i].column &&
               str_eq(a->values[i].behind, b->values[i].behind);
    }
    return same;
}

void text_told_ordinals(uint32_t *out, const struct text_plan *plan) {
    const struct text_span *span = &plan->spans[0];
    uint32_t count = 0;
    for (uint32_t i = 0; i < span->count; i++) {
        if (span->steps[i].element->kind == ROW_TEXT_VALUE) {
            out[count++] = span->steps[i].element->ordinal;
        }
    }
}

/* --- what entries lead to --- */

struct classes {
    uint32_t states[TEXT_TOLD_CLASSES];
    uint32_t count;
};

/* The class of a state; the count if there are too many. */
static uint32_t class_of(struct classes *c, uint32_t state) {
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->states[i] == state) {
            return i;
        }
    }
    if (c->count == TEXT_TOLD_CLASSES) {
        return c->count;
    }
    c->states[c->count] = state;
    return c->count++;
}

static struct classes end_classes(void) {
    return (struct classes){.states = {DFA_START, DFA_MATCH, DFA_MAYBE}, .count = 3};
}

/* Entries lead to few states: the literal behind is run once from each. */
struct known_states {
    uint32_t states[TEXT_TOLD_CLASSES];
    uint32_t numbers[TEXT_TOLD_CLASSES]; /* of the classes behind the literal */
    uint32_t count;
};

/* The class behind a state and the literal behind it; TEXT_TOLD_CLASSES: there are too many. */
static uint32_t class_behind(struct known_states *known, struct classes *behind,
                             struct text_walker *w, struct str literal, uint32_t state,
                             bool is_last) {
    for (uint32_t i = 0; i < known->count; i++) {
        if (known->states[i] == state) {
            return known->numbers[i];
        }
    }
    uint32_t to = dfa_run(w->dfa, state, literal);
    uint32_t number = class_of(behind, is_last && !dfa_is_end(to) ? (uint32_t)DFA_START : to);
    if (known->count < TEXT_TOLD_CLASSES) {
        known->states[known->count] = state;
        known->numbers[known->count++] = number;
    }
    return number;
}

/* From one class: false if they lead to too many. */
static bool look_from(struct text_told_value *v, struct classes *behind, struct text_walker *w,
                      uint32_t number, uint32_t state, bool is_last) {
    uint8_t *next = v->next + (size_t)number * v->entry_count;
    struct known_states known = {.count = 0};
    bool good = true;
    for (uint32_t i = 0; i < v->entry_count && good; i++) {
        uint32_t to = dfa_is_end(state) ? state : text_column_entry(v->column, w, i, state);
        uint32_t to_number = class_behind(&known, behind, w, v->behind, to, is_last);
        next[i] = (uint8_t)to_number;
        good = to_number < TEXT_TOLD_CLASSES;
    }
    return good;
}

/* False: there are too many states. */
static bool look_at_entries(struct text_told *t, struct text_walker *w) {
    struct classes before = {.states = {dfa_run(w->dfa, DFA_START, t->before)}, .count = 1};
    bool good = true;
    for (uint32_t i = 0; i < t->value_count && good && !t->values[i].is_number; i++) {
        struct text_told_value *v = &t->values[i];
        struct classes behind = end_classes();
        good = (uint64_t)before.count * v->entry_count <= TEXT_TOLD_ENTRIES;
        if (good) {
            v->next = arena_alloc(&w->arena, (size_t)before.count * v->entry_count + 1);
        }
        for (uint32_t k = 0; k < before.count && good; k++) {
            good = look_from(v, &behind, w, k, before.states[k], i + 1 == t->value_count);
        }
        before = behind;
    }
    return good;
}

/* What all rows can lead to, whatever their values are. */
static void sum_up(struct text_told *t) {
    bool reached[TEXT_TOLD_CLASSES] = {true};
    for (uint32_t i = 0; i < t->value_count; i++) {
        const struct text_told_value *v = &t->values[i];
        bool behind[TEXT_TOLD_CLASSES] = {false};
        for (uint32_t from = 0; from < TEXT_TOLD_CLASSES; from++) {
            for (uint32_t k = 0; k < v->entry_count && reached[from]; k++) {
                behind[v->next[(size_t)from * v->entry_count + k]] = true;
            }
        }
        memcpy(reached, behind, sizeof reached);
    }
    t->none = !reached[TEXT_TOLD_MATCH] && !reached[TEXT_TOLD_MAYBE];
    t->all = !reached[TEXT_TOLD_NONE] && !reached[TEXT_TOLD_MAYBE];
}

struct text_told *text_told_find(struct text_told **known, const struct text_plan *plan,
                                 struct text_columns *columns, struct text_walker *w) {
    struct text_told wanted;
    if (plan->span_count != 1 || !read_span(&wanted, &plan->spans[0], columns)) {
        return NULL;
    }
    cut_ends(&wanted, w->automaton->longest);
    for (struct text_told *t = *known; t != NULL; t = t->next) {
        if (are_same(t, &wanted)) {
            return t->is_told ? t : NULL;
        }
    }
    struct text_told *t = arena_alloc(&w->arena, sizeof *t);
    *t = wanted;
    t->next = *known;
    *known = t;
    t->is_told = look_at_entries(t, w);
    if (t->is_told && !t->values[0].is_number) {
        sum_up(t);
    }
    return t->is_told ? t : NULL;
}

/* --- blocks --- */

/* True if all values of the block lead from the class to the same one, which *class becomes. */
static bool is_one_class(uint32_t *class, const struct text_told_value *v) {
    const struct text_column *c = v->column;
    const uint8_t *next = v->next + (size_t) * class * v->entry_count;
    uint8_t first = c->value_count > 0 ? next[c->codes[0]] : TEXT_TOLD_NONE;
    uint8_t others = 0;
    for (uint32_t i = 0; i < c->value_count; i++) {
        others |= next[c->codes[i]] ^ first;
    }
    *class = first;
    return others == 0;
}

/* What each number of the block leads to. */
static enum status begin_numbers(struct text_told *t, struct text_walker *w, struct block *b,
                                 uint64_t number, struct err *err) {
    struct text_told_value *v = &t->values[0];
    uint32_t from = dfa_run(w->dfa, DFA_START, t->before);
    uint32_t only;
    if (text_column_is_one(&only, v->column, w, b->info, from) &&
        !dfa_is_end(dfa_run(w->dfa, only, v->behind))) {
        t->excludes = true;
        return STATUS_OK;
    }
    enum status status = text_column_begin(v->column, w, b, number, err);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t count = v->column->value_count;
    MEM_GROW(t->states, t->state_capacity, (size_t)count + 1);
    MEM_GROW(v->next, t->next_capacity, (size_t)count + 1);
    text_column_run_all(t->states, v->column, w, b, from);
    uint32_t last = DFA_START;
    uint32_t behind = dfa_run(w->dfa, last, v->behind);
    t->excludes = true;
    for (uint32_t i = 0; i < count; i++) {
        behind = t->states[i] == last ? behind : dfa_run(w->dfa, t->states[i], v->behind);
        last = t->states[i];
        v->next[i] = (uint8_t)(dfa_is_end(behind) ? behind : DFA_START);
        t->excludes = t->excludes && v->next[i] == TEXT_TOLD_NONE;
    }
    return STATUS_OK;
}

static enum status begin_entries(struct text_told *t, struct text_walker *w, struct block *b,
                                 uint64_t number, struct err *err) {
    enum status status = STATUS_OK;
    uint32_t class = 0;
    bool one = true;
    for (uint32_t i = 0; i < t->value_count && status == STATUS_OK; i++) {
        status = text_column_begin(t->values[i].column, w, b, number, err);
        one = one && status == STATUS_OK && is_one_class(&class, &t->values[i]);
    }
    t->excludes = status == STATUS_OK && one && class == TEXT_TOLD_NONE;
    return status;
}

enum status text_told_begin(struct text_told *t, struct text_walker *w, struct block *b,
                            uint64_t number, struct err *err) {
    if (t->block_number == number) {
        return STATUS_OK;
    }
    t->block_number = number;
    return t->values[0].is_number ? begin_numbers(t, w, b, number, err)
                                  : begin_entries(t, w, b, number, err);
}

void text_told_fini(struct text_told *t) {
    mem_free(t->states);
    if (t->values[0].is_number) {
        mem_free(t->values[0].next);
    }
}
