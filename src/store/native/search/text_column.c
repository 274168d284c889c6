#include "text_column.h"

#include "mem.h"
#include "number_text.h"

enum { FIRST_BYTES = 8, FEW_ENTRIES = 1 << 14 };

void text_column_fini(struct text_column *c) {
    mem_free(c->states);
    buf_fini(&c->buffers[0]);
    buf_fini(&c->buffers[1]);
    buf_fini(&c->text);
}

static uint32_t run_text(struct text_column *c, struct dfa *dfa, struct str text, uint32_t state) {
    if (c->key.step_count > 0 && !row_text_apply(&text, c->buffers, &c->key)) {
        return DFA_START; /* no row has it: it belongs to templates without the steps */
    }
    return dfa_run(dfa, state, text);
}

/* --- many texts that lie one behind the other --- */

/* Only those can matter that hold the automaton's literal, and those whose last byte leads to a
 * useful position. */
struct walk {
    struct text_column *column;
    struct text_walker *walker;
    struct str rest; /* where the literal is still looked for */
    const char *hit; /* next place of the literal; NULL: none */
    bool has_literal;
};

static void find_hit(struct walk *w, const char *from) {
    w->rest = str_skip(w->rest, (size_t)(from - w->rest.ptr));
    w->hit = substring_find(&w->walker->literal, w->rest);
}

static struct walk walk_begin(struct text_column *c, struct text_walker *walker, struct str all) {
    struct walk w = {.column = c, .walker = walker, .rest = all};
    w.has_literal = walker->has_literal && c->key.step_count == 0;
    if (w.has_literal) {
        find_hit(&w, all.ptr);
    }
    return w;
}

static bool can_matter(struct walk *w, struct str text) {
    if (!w->has_literal) {
        return true;
    }
    while (w->hit != NULL && w->hit < text.ptr) {
        find_hit(w, text.ptr);
    }
    if (w->hit != NULL && w->hit < text.ptr + text.len) {
        return true;
    }
    uint8_t last = text.len == 0 ? 0 : (uint8_t)text.ptr[text.len - 1];
    return text.len > 0 && (w->walker->automaton->takes[last] & w->column->useful) != 0;
}

/* The next text, from the start. */
static uint16_t walk_over(struct walk *w, struct str text) {
    return (uint16_t)(can_matter(w, text) ? run_text(w->column, w->walker->dfa, text, DFA_START)
                                          : DFA_START);
}

/* --- dictionaries --- */

static void walk_part(struct text_column *c, struct text_walker *walker,
                      const struct dictionary_part *part) {
    const struct str *texts = c->column->dictionary + part->first;
    const struct str *last = &texts[part->count - 1];
    struct walk w = walk_begin(
        c, walker, str_make(texts[0].ptr, (size_t)(last->ptr + last->len - texts[0].ptr)));
    for (uint32_t i = 0; i < part->count; i++) {
        uint16_t state = walk_over(&w, texts[i]);
        c->from_start[part->first + i] = state;
        c->read.ends = c->read.ends || dfa_is_end(state);
        c->read.positions |= state == DFA_START ? 0 : dfa_positions(walker->dfa, state);
    }
}

enum status text_column_prepare(struct text_column *c, struct text_walker *w, struct segment *s,
                                struct err *err) {
    if (c->column->type != COLUMN_DICTIONARY || c->from_start != NULL) {
        return STATUS_OK;
    }
    enum status status = segment_dictionary(s, c->column, err);
    if (status != STATUS_OK) {
        return status;
    }
    c->from_start =
        arena_array(&w->arena, (size_t)c->column->dictionary_count + 1, sizeof *c->from_start);
    c->has_start = false;
    for (size_t i = 0; i < s->stripe_count; i++) {
        if (c->column->parts[i].count > 0) {
            walk_part(c, w, &c->column->parts[i]);
        }
    }
    return STATUS_OK;
}

/* --- sets of positions --- */

/* NULL: the column has none, or it does not tell of what steps make of its texts. */
static const struct text_note *note_of(struct text_column *c, struct text_walker *w) {
    const struct column_note *stored = c->column->note;
    if (c->note == NULL && stored != NULL && !c->lacks_note) {
        struct text_note *note = arena_alloc(&w->arena, sizeof *c->note);
        const struct text_note_source from = {w->automaton, stored, c->column->triples, &c->key};
        c->lacks_note = !text_note_make(note, &from, &w->arena);
        c->note = c->lacks_note ? NULL : note;
    }
    return c->note;
}

static struct text_reach guess_over(struct text_column *c, struct text_walker *w, uint64_t from) {
    const struct text_note *note = note_of(c, w);
    return note != NULL ? text_note_over(note, w->automaton, from)
                        : text_reach_over(w->automaton, &c->key, c->column, from);
}

static struct text_reach read_over(struct text_column *c, const struct text_walker *w,
                                   uint64_t from) {
    struct text_reach reach = c->read;
    for (uint32_t i = 0; i < c->column->dictionary_count; i++) {
        struct str text = c->column->dictionary[i];
        if (row_text_apply(&text, c->buffers, &c->key)) { /* else no row has it */
            reach.positions |= text_reach_on(&reach.ends, w->automaton, text, from);
        }
    }
    return reach;
}

struct text_reach text_column_over_any(struct text_column *c, struct text_walker *w,
                                       uint64_t from) {
    if (from == 0) {
        c->start = c->from_start != NULL ? c->read : guess_over(c, w, 0);
        c->has_start = true;
        return c->start;
    }
    for (uint32_t i = 0; i < c->set_count; i++) {
        if (c->sets[i].from == from) {
            return c->sets[i].reach;
        }
    }
    struct text_reach guess = guess_over(c, w, from);
    if (c->from_start == NULL || c->set_count == TEXT_COLUMN_SETS) {
        return guess;
    }
    bool is_start = (guess.positions & ~c->read.positions) == 0 && (c->read.ends || !guess.ends);
    struct text_reach reach = is_start ? c->read : read_over(c, w, from);
    if (c->sets == NULL) {
        c->sets = arena_array(&w->arena, TEXT_COLUMN_SETS, sizeof *c->sets);
    }
    c->sets[c->set_count++] = (struct text_column_set){from, reach};
    return reach;
}

uint64_t text_column_back(struct text_column *c, struct text_walker *w, uint64_t useful) {
    const struct text_note *note = note_of(c, w);
    return note != NULL ? text_note_back(note, w->automaton, useful)
                        : text_reach_back(w->automaton, &c->key, c->column, useful);
}

static struct text_number *number_from(struct text_column *c, struct text_walker *w,
                                       uint32_t state) {
    if (c->number == NULL || c->number->from != state) {
        c->number = text_number_find(&w->numbers, &w->arena, c->column->shape, state);
    }
    return c->number;
}

/* --- blocks --- */

void text_column_look(struct text_column *c) {
    if (c->looked_at == c->block_number || c->codes == NULL) {
        return;
    }
    uint32_t any = 0;
    bool ends = false;
    for (uint32_t i = 0; i < c->value_count; i++) {
        uint32_t state = c->from_start[c->codes[i]];
        any |= state;
        ends |= dfa_is_end(state);
    }
    c->looked_at = c->block_number;
    c->excludes = !ends;
    c->is_quiet = any == DFA_START;
}

/* Walks over all texts of the block. */
static void look_at_texts(struct text_column *c, struct text_walker *walker,
                          const struct block_column *values) {
    const uint32_t *offsets = values->offsets;
    struct str all = str_make(values->bytes + offsets[0], offsets[values->count] - offsets[0]);
    struct walk w = walk_begin(c, walker, all);
    c->excludes = true;
    c->is_quiet = true;
    MEM_GROW(c->states, c->state_capacity, (size_t)values->count + 1);
    if (w.has_literal && w.hit == NULL && c->useful == 0) {
        memset(c->states, 0, values->count * sizeof *c->states);
        return;
    }
    for (uint32_t i = 0; i < values->count; i++) {
        c->states[i] =
            walk_over(&w, str_make(values->bytes + offsets[i], offsets[i + 1] - offsets[i]));
        c->excludes = c->excludes && !dfa_is_end(c->states[i]);
        c->is_quiet = c->is_quiet && c->states[i] == DFA_START;
    }
}

bool text_column_is_one(uint32_t *out, struct text_column *c, struct text_walker *w,
                        const struct segment_block *info, uint32_t state) {
    if (c->column->type == COLUMN_DICTIONARY && c->column->dictionary_count == 1 &&
        c->from_start != NULL) {
        *out = run_text(c, w->dfa, c->column->dictionary[0], state);
        return true;
    }
    if (c->column->type != COLUMN_NUMBER || c->key.step_count > 0) {
        return false;
    }
    struct text_number *n = number_from(c, w, state);
    return n != NULL && text_number_is_one(out, n, w->dfa, &w->arena, info->smallest[c->key.column],
                                           info->largest[c->key.column]);
}

enum status text_column_begin(struct text_column *c, struct text_walker *w, struct block *b,
                              uint64_t number, struct err *err) {
    if (c->block_number == number) {
        return STATUS_OK;
    }
    enum status status = block_column(b, c->key.column, err);
    if (status != STATUS_OK) {
        return status;
    }
    const struct block_column *values = &b->columns[c->key.column];
    c->block_number = number;
    c->codes = values->codes;
    c->value_count = values->count;
    c->excludes = values->count == 0;
    c->is_quiet = c->excludes;
    if (values->offsets != NULL) {
        look_at_texts(c, w, values);
    }
    return STATUS_OK;
}

/* --- values --- */

static struct text_column_memo *find_memo(struct text_column *c, struct arena *arena,
                                          uint32_t state) {
    for (uint32_t i = 0; i < c->memo_count; i++) {
        if (c->memos[i].state == state) {
            c->last_memo = i;
            return &c->memos[i];
        }
    }
    if (c->memo_count == TEXT_COLUMN_MEMOS) {
        return NULL;
    }
    if (c->memos == NULL) {
        c->memos = arena_array(arena, TEXT_COLUMN_MEMOS, sizeof *c->memos);
    }
    c->last_memo = c->memo_count;
    struct text_column_memo *memo = &c->memos[c->memo_count++];
    size_t count = c->column->dictionary_count;
    memo->state = state;
    memo->behind = arena_array(arena, count + 1, sizeof *memo->behind);
    memset(memo->behind, 0xff, count * sizeof *memo->behind);
    return memo;
}

/* Of most texts a few bytes tell that nothing comes of the state before: then they lead where they
 * lead from the start. */
static uint32_t run_from(struct text_column *c, struct text_walker *w, uint32_t code,
                         uint32_t state) {
    struct str text = c->column->dictionary[code];
    if (c->key.step_count == 0 && !dfa_is_end(state)) {
        bool ends = false;
        uint64_t positions = dfa_positions(w->dfa, state);
        positions = text_reach_on(&ends, w->automaton, str_head(text, FIRST_BYTES), positions);
        if (positions == 0 && !ends) {
            return c->from_start[code];
        }
    }
    return run_text(c, w->dfa, text, state);
}

uint32_t text_column_entry(struct text_column *c, struct text_walker *w, uint32_t code,
                           uint32_t state) {
    if (state == DFA_START) {
        return c->from_start[code];
    }
    struct text_column_memo *memo = find_memo(c, &w->arena, state);
    if (memo != NULL && memo->behind[code] != UINT16_MAX) {
        return memo->behind[code];
    }
    uint32_t behind = run_from(c, w, code, state);
    if (memo != NULL) {
        memo->behind[code] = (uint16_t)behind;
    }
    return behind;
}

static bool entries_are_same(struct text_column *c, struct text_walker *w, uint32_t state) {
    uint32_t count = c->column->dictionary_count;
    bool same = count > 0 && count <= FEW_ENTRIES;
    for (uint32_t i = 1; i < count && same; i++) {
        same = text_column_entry(c, w, i, state) == text_column_entry(c, w, 0, state);
    }
    return same;
}

bool text_column_is_same(uint32_t *out, struct text_column *c, struct text_walker *w,
                         uint32_t state) {
    if (c->column->type == COLUMN_NUMBER && c->key.step_count == 0) {
        struct text_number *n = number_from(c, w, state);
        return n != NULL && text_number_is_same(out, n, w->dfa);
    }
    struct text_column_memo *memo = NULL;
    if (state != DFA_START && c->from_start != NULL) {
        memo = find_memo(c, &w->arena, state);
    }
    if (memo == NULL) {
        return false;
    }
    if (!memo->is_asked) {
        memo->is_asked = true;
        memo->is_same = entries_are_same(c, w, state);
    }
    *out = memo->is_same ? text_column_entry(c, w, 0, state) : DFA_START;
    return memo->is_same;
}

static uint32_t run_number(struct text_column *c, struct text_walker *w, int64_t number,
                           uint32_t state) {
    if (c->key.step_count > 0) {
        buf_clear(&c->text);
        number_print(&c->text, number, c->column->shape);
        return run_text(c, w->dfa, buf_str(&c->text), state);
    }
    struct text_number *n = number_from(c, w, state);
    return n != NULL ? text_number_run(n, w->dfa, &w->arena, number)
                     : text_number_print_run(w->dfa, c->column->shape, state, number);
}

void text_column_run_all(uint16_t *out, struct text_column *c, struct text_walker *w,
                         const struct block *b, uint32_t state) {
    const int64_t *numbers = b->columns[c->key.column].numbers;
    struct text_number *n = number_from(c, w, state);
    if (n != NULL) {
        text_number_run_all(out, n, w->dfa, &w->arena, numbers, c->value_count,
                            b->info->smallest[c->key.column], b->info->largest[c->key.column]);
        return;
    }
    for (uint32_t i = 0; i < c->value_count; i++) {
        out[i] = (uint16_t)text_number_print_run(w->dfa, c->column->shape, state, numbers[i]);
    }
}

uint32_t text_column_run_on(struct text_column *c, struct text_walker *w, const struct block *b,
                            uint32_t index, uint32_t state) {
    const struct block_column *values = &b->columns[c->key.column];
    if (index >= values->count) {
        return DFA_MAYBE; /* damaged: putting the row together will say so */
    }
    if (values->codes != NULL) {
        return text_column_entry(c, w, values->codes[index], state);
    }
    if (values->numbers != NULL) {
        return run_number(c, w, values->numbers[index], state);
    }
    if (state == DFA_START) {
        return c->states[index];
    }
    uint32_t at = values->offsets[index];
    struct str text = str_make(values->bytes + at, values->offsets[index + 1] - at);
    return run_text(c, w->dfa, text, state);
}
