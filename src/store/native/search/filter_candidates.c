/* Which values of a block's column may pass a leaf, without looking at each of them. */
#define _GNU_SOURCE /* memmem */
#include "segment_filter_priv.h"
#include "token.h"

bool filter_all_digits(struct str word) {
    size_t digits = 0;
    while (digits < word.len && ascii_is_digit(word.ptr[digits])) {
        digits++;
    }
    return digits == word.len;
}

static bool is_ascii(struct str text) {
    uint8_t any = 0;
    for (size_t i = 0; i < text.len; i++) {
        any |= (uint8_t)text.ptr[i];
    }
    return any < 0x80;
}

/* --- texts one behind the other --- */

/* Folding many texts as one is right only if none can combine with the end of the one before. */
static bool begin_apart(const struct filter_run *run) {
    bool apart = true;
    for (uint32_t i = 0; i < run->count && apart; i++) {
        uint32_t at = run->offsets[i];
        apart = at == run->offsets[i + 1] || (uint8_t)run->bytes[at] < 0x80;
    }
    return apart;
}

static struct str whole_run(const struct filter_run *run) {
    uint32_t first = run->offsets[0];
    return str_make(run->bytes + first, run->offsets[run->count] - first);
}

bool filter_run_excludes(struct segment_filter *f, const struct filter_leaf *leaf,
                         const struct filter_run *run) {
    struct str all = whole_run(run);
    if (!leaf->is_raw && is_ascii(all)) { /* digits are what they fold to */
        return filter_all_digits(leaf->word)
                   ? memmem(all.ptr, all.len, leaf->word.ptr, leaf->word.len) == NULL
                   : !filter_holds_word(f, leaf, all);
    }
    return (leaf->is_raw || begin_apart(run)) && !filter_holds_word(f, leaf, all);
}

/* --- candidates --- */

/* The run's bytes as the word is looked for in them, each in its place; NULL: there is no such
 * form. */
static const char *searched_bytes(struct segment_filter *f, const struct filter_leaf *leaf,
                                  const struct filter_run *run) {
    struct str all = whole_run(run);
    if (leaf->is_raw || !is_ascii(all)) {
        return leaf->is_raw && !leaf->ignore_case ? all.ptr : NULL;
    }
    if (filter_all_digits(leaf->word)) {
        return all.ptr;
    }
    buf_clear(&f->run);
    fold_text(&f->run, all); /* ASCII keeps its length */
    return f->run.len == all.len ? f->run.ptr : NULL;
}

void filter_candidates_find(struct filter_candidates *out, struct segment_filter *f,
                            const struct filter_leaf *leaf, const struct column_match *m,
                            const struct block *b) {
    const struct block_column *column = &b->columns[m->column];
    *out = (struct filter_candidates){.match = m, .column = column, .word = leaf->word};
    if (leaf->e->op != EXPR_TEXT || column->offsets == NULL || column->count == 0) {
        return;
    }
    const struct filter_run run = {column->bytes, column->offsets, column->count};
    out->text = searched_bytes(f, leaf, &run);
    out->none = out->text == NULL && filter_run_excludes(f, leaf, &run);
}

/* The value in which byte `at` of all values stands: the last one that begins there or before. */
static uint32_t value_at(const struct block_column *column, size_t at) {
    uint32_t low = 0;
    uint32_t high = column->count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (column->offsets[middle] - column->offsets[0] <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t next_text(const struct filter_candidates *c, uint32_t from) {
    size_t start = c->column->offsets[from] - c->column->offsets[0];
    size_t end = c->column->offsets[c->column->count] - c->column->offsets[0];
    const char *hit = memmem(c->text + start, end - start, c->word.ptr, c->word.len);
    return hit == NULL ? c->column->count : value_at(c->column, (size_t)(hit - c->text));
}

uint32_t filter_candidates_next(const struct filter_candidates *c, uint32_t from) {
    const struct column_match *m = c->match;
    const struct block_column *column = c->column;
    uint32_t i = from;
    if (i >= column->count || c->none) {
        return column->count;
    }
    if (m->is_dictionary) {
        while (i < column->count && m->entries[column->codes[i]] == 0) {
            i++;
        }
    } else if (m->is_number && column->numbers != NULL) {
        while (i < column->count && !filter_is_between(m, column->numbers[i])) {
            i++;
        }
    } else if (c->text != NULL) {
        i = next_text(c, from);
    }
    return i;
}
