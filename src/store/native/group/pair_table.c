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

/* Makes room for firsts up to `first` and seconds up to `second`, or turns to a hashed table. */
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

/* Makes cells for all pairs, if there may be cells. */
static void make_cells(struct pair_table *t, const struct pair_rows *pairs) {
    uint32_t first = pairs->first_limit > 0 ? pairs->first_limit - 1 : 0;
    uint32_t second = pairs->second_limit > 0 ? pairs->second_limit - 1 : 0;
    if (!t->is_hashed && (first >= t->rows || second >> t->shift != 0)) {
        grow(t, first, second);
    }
}

static uint32_t ids_in_cells(uint32_t *ids, uint32_t *new_rows, struct pair_table *t,
                             const struct pair_rows *pairs) {
    const uint32_t *firsts = pairs->firsts; /* locals: `ids` could be part of *t for the compiler */
    const uint32_t *seconds = pairs->seconds;
    uint32_t *cells = t->cells;
    unsigned shift = t->shift;
    uint32_t known = t->count;
    uint32_t found = 0;
    for (uint32_t i = 0, count = pairs->count; i < count; i++) {
        uint32_t *cell = &cells[((size_t)firsts[i] << shift) + seconds[i]];
        if (*cell == 0) {
            *cell = ++known;
            new_rows[found++] = i;
        }
        ids[i] = *cell - 1;
    }
    t->count = known;
    return found;
}

static uint32_t count_in_cells(uint64_t *rows, uint32_t *new_rows, struct pair_table *t,
                               const struct pair_rows *pairs) {
    const uint32_t *firsts = pairs->firsts;
    const uint32_t *seconds = pairs->seconds;
    uint32_t *cells = t->cells;
    unsigned shift = t->shift;
    uint32_t known = t->count;
    uint32_t found = 0;
    for (uint32_t i = 0, count = pairs->count; i < count; i++) {
        uint32_t *cell = &cells[((size_t)firsts[i] << shift) + seconds[i]];
        uint32_t id_plus_1 = *cell;
        if (id_plus_1 == 0) {
            *cell = id_plus_1 = ++known;
            new_rows[found++] = i;
        }
        rows[id_plus_1 - 1]++;
    }
    t->count = known;
    return found;
}

static uint32_t id_in_table(uint32_t *new_rows, uint32_t *found, struct pair_table *t,
                            const struct pair_rows *pairs, uint32_t i) {
    uint64_t key = (uint64_t)pairs->firsts[i] << 32 | pairs->seconds[i];
    uint32_t id = id_table_add(&t->table, key)->id_plus_1 - 1;
    if (t->table.count > t->count) {
        t->count = t->table.count;
        new_rows[(*found)++] = i;
    }
    return id;
}

uint32_t pair_table_ids(uint32_t *ids, uint32_t *new_rows, struct pair_table *t,
                        const struct pair_rows *pairs) {
    uint32_t found = 0;
    make_cells(t, pairs);
    if (!t->is_hashed) {
        return ids_in_cells(ids, new_rows, t, pairs);
    }
    for (uint32_t i = 0; i < pairs->count; i++) {
        ids[i] = id_in_table(new_rows, &found, t, pairs, i);
    }
    return found;
}

uint32_t pair_table_count(uint64_t *rows, uint32_t *new_rows, struct pair_table *t,
                          const struct pair_rows *pairs) {
    uint32_t found = 0;
    make_cells(t, pairs);
    if (!t->is_hashed) {
        return count_in_cells(rows, new_rows, t, pairs);
    }
    for (uint32_t i = 0; i < pairs->count; i++) {
        rows[id_in_table(new_rows, &found, t, pairs, i)]++;
    }
    return found;
}
