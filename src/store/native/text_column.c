#define _GNU_SOURCE /* memmem */
#include "text_column.h"

#include "number_text.h"

void text_column_fini(struct text_column *c) {
    buf_fini(&c->buffers[0]);
    buf_fini(&c->buffers[1]);
    buf_fini(&c->text);
}

static uint32_t run_text(struct text_column *c, struct dfa *dfa, struct str text, uint32_t state) {
    if (c->key.step_count > 0 && !row_text_apply(&text, c->buffers, &c->key)) {
        return DFA_MAYBE; /* putting the row together will say what is wrong */
    }
    return dfa_run(dfa, state, text);
}

/* --- dictionaries --- */

/* Which entries of one part can matter: those that hold the automaton's literal, and those whose
 * last byte leads to a useful position. */
struct part_walk {
    struct text_column *column;
    const struct automaton *automaton;
    struct dfa *dfa;
    const struct str *texts;
    uint32_t count;
    const char *hit; /* next place of the literal; NULL: none */
    bool has_literal;
};

static void find_hit(struct part_walk *w, const char *from) {
    const struct str *last = &w->texts[w->count - 1];
    struct str literal = w->automaton->literal;
    w->hit = memmem(from, (size_t)(last->ptr + last->len - from), literal.ptr, literal.len);
}

static bool can_matter(struct part_walk *w, struct str text) {
    if (!w->has_literal) {
        return true;
    }
    while (w->hit != NULL && w->hit < text.ptr) {
        find_hit(w, text.ptr);
    }
    if (w->hit != NULL && w->hit < text.ptr + text.len) {
        return true;
    }
    return text.len > 0 &&
           (w->automaton->takes[(uint8_t)text.ptr[text.len - 1]] & w->column->useful) != 0;
}

static void walk_part(struct part_walk *w, uint16_t *states) {
    struct text_column *c = w->column;
    if (w->has_literal) {
        find_hit(w, w->texts[0].ptr);
    }
    for (uint32_t i = 0; i < w->count; i++) {
        uint32_t state = DFA_START;
        if (can_matter(w, w->texts[i])) {
            state = run_text(c, w->dfa, w->texts[i], DFA_START);
        }
        states[i] = (uint16_t)state;
        c->ends = c->ends || dfa_is_end(state);
        c->positions |= dfa_positions(w->dfa, state);
    }
}

enum status text_column_prepare(struct text_column *c, struct segment *s, const struct automaton *a,
                                struct dfa *dfa, struct arena *arena, struct err *err) {
    if (c->column->type != COLUMN_DICTIONARY) {
        return STATUS_OK;
    }
    enum status status = segment_dictionary(s, c->column, err);
    if (status != STATUS_OK) {
        return status;
    }
    size_t count = c->column->dictionary_count;
    c->from_start = arena_array(arena, count + 1, sizeof *c->from_start);
    for (size_t i = 0; i < s->stripe_count; i++) {
        const struct dictionary_part *part = &c->column->parts[i];
        struct part_walk w = {.column = c,
                              .automaton = a,
                              .dfa = dfa,
                              .texts = c->column->dictionary + part->first,
                              .count = part->count};
        w.has_literal = a->literal.len > 1 && !a->ignores_case && c->key.step_count == 0;
        if (part->count > 0) {
            walk_part(&w, c->from_start + part->first);
        }
    }
    return STATUS_OK;
}

/* --- values --- */

static struct text_column_memo *find_memo(struct text_column *c, struct arena *arena,
                                          uint32_t state) {
    for (uint32_t i = 0; i < c->memo_count; i++) {
        if (c->memos[i].state == state) {
            return &c->memos[i];
        }
    }
    if (c->memo_count == TEXT_COLUMN_MEMOS) {
        return NULL;
    }
    struct text_column_memo *memo = &c->memos[c->memo_count++];
    size_t count = c->column->dictionary_count;
    memo->state = state;
    memo->behind = arena_array(arena, count + 1, sizeof *memo->behind);
    memset(memo->behind, 0xff, count * sizeof *memo->behind);
    return memo;
}

static uint32_t run_entry(struct text_column *c, struct dfa *dfa, struct arena *arena,
                          uint32_t code, uint32_t state) {
    if (state == DFA_START) {
        return c->from_start[code];
    }
    struct text_column_memo *memo = find_memo(c, arena, state);
    if (memo != NULL && memo->behind[code] != UINT16_MAX) {
        return memo->behind[code];
    }
    uint32_t behind = run_text(c, dfa, c->column->dictionary[code], state);
    if (memo != NULL) {
        memo->behind[code] = (uint16_t)behind;
    }
    return behind;
}

uint32_t text_column_run(struct text_column *c, struct dfa *dfa, struct arena *arena,
                         const struct block *b, uint32_t index, uint32_t state) {
    const struct block_column *values = &b->columns[c->key.column];
    if (index >= values->count) {
        return DFA_MAYBE; /* damaged: putting the row together will say so */
    }
    if (values->codes != NULL) {
        return run_entry(c, dfa, arena, values->codes[index], state);
    }
    if (values->numbers != NULL) {
        buf_clear(&c->text);
        number_print(&c->text, values->numbers[index], c->column->shape);
        return run_text(c, dfa, buf_str(&c->text), state);
    }
    uint32_t at = values->offsets[index];
    return run_text(c, dfa, str_make(values->bytes + at, values->offsets[index + 1] - at), state);
}

bool text_column_excludes(const struct text_column *c, const struct automaton *a,
                          const struct block *b) {
    const struct block_column *values = &b->columns[c->key.column];
    if (values->codes != NULL) {
        bool ends = false;
        for (uint32_t i = 0; i < values->count && !ends; i++) {
            ends = dfa_is_end(c->from_start[values->codes[i]]);
        }
        return !ends;
    }
    if (values->offsets == NULL || values->count == 0 || a->literal.len < 2 || a->ignores_case ||
        c->key.step_count > 0) {
        return values->count == 0;
    }
    const char *bytes = values->bytes + values->offsets[0];
    size_t len = values->offsets[values->count] - values->offsets[0];
    return memmem(bytes, len, a->literal.ptr, a->literal.len) == NULL;
}
