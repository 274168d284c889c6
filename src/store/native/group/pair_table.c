#include "pair_table.h"

#include "mem.h"

enum { FIRST_ROWS = 64, FIRST_SHIFT = 2, MAX_CELLS = 1 << 20 };

void pair_table_fini(struct pair_table *t) {
    mem_free(t->cells);
    id_table_fini(&t->table);
    *t = (struct pair_table){.count = 0};
}

size_t pair_table_bytes(const struct pair_table *t) {
    return ((size_t)t->rows << t->shift) * sizeof *t->cells + id_table_bytes(&t->table);
}

static void turn_to_hashed(struct pair_table *t) {
    for (uint32_t row = 0; row < t->rows; row++) {
        for (uint32_t k = 0; k < 1u << t->shift; k++) {
            uint32_t id_plus_1 = t->cells[((size_t)row << t->shift) + k];
            if (id_plus_1 != 0) {
                id_table_add(&t->table, (uint64_t)row << 32 | k)->id_plus_1 = id_plus_1;
            }
        }
    }
    mem_free(t->cells);
    t->cells = NULL;
    t->rows = 0;
    t->is_hashed = true;
}

/* Makes room for firsts up to `first` and seconds up to `second`. */
static void grow(struct pair_table *t, uint32_t first, uint32_t second) {
    uint64_t rows = t->rows == 0 ? FIRST_ROWS : t->rows;
    unsigned shift = t->shift == 0 ? FIRST_SHIFT : t->shift;
    while (rows <= first) {
        rows *= 2;
    }
    while ((uint64_t)second >> shift != 0) {
        shift++;
    }
    if (shift > 20 || rows << shift > MAX_CELLS) {
        turn_to_hashed(t);
        return;
    }
    if (shift == t->shift) { /* the same width: nothing has to be moved */
        t->cells = mem_realloc(t->cells, (size_t)rows << shift, sizeof *t->cells);
        memset(t->cells + ((size_t)t->rows << shift), 0,
               (size_t)(rows - t->rows) * (sizeof *t->cells << shift));
        t->rows = (uint32_t)rows;
        return;
    }
    uint32_t *cells = mem_calloc((size_t)rows << shift, sizeof *cells);
    for (uint32_t row = 0; row < t->rows; row++) {
        memcpy(cells + ((size_t)row << shift), t->cells + ((size_t)row << t->shift),
               sizeof *cells << t->shift);
    }
    mem_free(t->cells);
    t->cells = cells;
    t->rows = (uint32_t)rows;
    t->shift = shift;
}

/* Do all pairs have a cell? */
static bool have_cells(const struct pair_table *t, const uint32_t *firsts, const uint32_t *seconds,
                       uint32_t count) {
    uint32_t any_first = 0;
    uint32_t any_second = 0;
    for (uint32_t i = 0; i < count; i++) {
        any_first |= firsts[i];
        any_second |= seconds[i];
    }
    return any_first < t->rows && any_second >> t->shift == 0; /* rows: a power of two */
}

/* Makes cells for all pairs, or turns to a hashed table. */
static void make_cells(struct pair_table *t, const uint32_t *firsts, const uint32_t *seconds,
                       uint32_t count) {
    uint32_t first = 0;
    uint32_t second = 0;
    for (uint32_t i = 0; i < count; i++) {
        first = firsts[i] > first ? firsts[i] : first;
        second = seconds[i] > second ? seconds[i] : second;
    }
    grow(t, first, second);
}

/* Returns the place of the first new pair; count: none is. */
static uint32_t ids_in_cells(uint32_t *ids, struct pair_table *t, const uint32_t *firsts,
                             const uint32_t *seconds, uint32_t count) {
    uint32_t *cells = t->cells; /* locals: `ids` could be part of *t for all the compiler knows */
    unsigned shift = t->shift;
    uint32_t known = t->count;
    uint32_t first_new = count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t *cell = &cells[((size_t)firsts[i] << shift) + seconds[i]];
        if (*cell == 0) {
            *cell = ++known;
            first_new = first_new < i ? first_new : i;
        }
        ids[i] = *cell - 1;
    }
    t->count = known;
    return first_new;
}

static uint32_t ids_in_table(uint32_t *ids, struct pair_table *t, const uint32_t *firsts,
                             const uint32_t *seconds, uint32_t count) {
    uint32_t first_new = count;
    for (uint32_t i = 0; i < count; i++) {
        ids[i] = id_table_add(&t->table, (uint64_t)firsts[i] << 32 | seconds[i])->id_plus_1 - 1;
        if (t->table.count > t->count && first_new == count) {
            first_new = i;
        }
    }
    t->count = t->table.count;
    return first_new;
}

uint32_t pair_table_ids(uint32_t *ids, struct pair_table *t, const uint32_t *firsts,
                        const uint32_t *seconds, uint32_t count) {
    if (!t->is_hashed && !have_cells(t, firsts, seconds, count)) {
        make_cells(t, firsts, seconds, count);
    }
    return t->is_hashed ? ids_in_table(ids, t, firsts, seconds, count)
                        : ids_in_cells(ids, t, firsts, seconds, count);
}
