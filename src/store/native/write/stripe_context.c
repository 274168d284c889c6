#include "stripe_context.h"

#include <stdlib.h>

#include "mem.h"
#include "stripe.h"
#include "template_wire.h"

enum {
    MIN_GAIN_BITS = 4096, /* in the block that is looked at */
    MIN_GAIN_PART = 8,    /* of what the column takes without context */
    ADDRESS_LOSS = 4      /* a quarter of the gain may be lost to have an address as context */
};

void context_fini(struct context_set *set) {
    for (size_t i = 0; i < set->count; i++) {
        mem_free(set->columns[i].codes);
        mem_free(set->columns[i].of_row);
    }
    set->count = 0;
}

/* --- where the values are --- */

static size_t find_column(const struct context_set *set, uint32_t number) {
    size_t i = 0;
    while (i < set->count && set->columns[i].number != number) {
        i++;
    }
    return i;
}

/* Values of each column in a row of the shape. */
static void count_uses(uint32_t *uses, const struct context_set *set, struct str shape,
                       const uint32_t *map) {
    struct template_reader r;
    struct template_item item;
    template_reader_begin(&r, shape);
    while (template_reader_next(&item, &r)) {
        if (item.kind == TEMPLATE_ITEM_COLUMN) {
            size_t i = find_column(set, map[item.column]);
            if (i < set->count) {
                uses[i]++;
            }
        }
    }
}

void context_align(struct context_set *set, const struct stripe *s, const uint32_t *map) {
    uint32_t *uses = mem_calloc((s->shape_count + 1) * CONTEXT_COLUMNS, sizeof *uses);
    uint32_t cursors[CONTEXT_COLUMNS] = {0};
    for (size_t i = 0; i < s->shape_count; i++) {
        const struct stripe_shape *shape = &s->shapes[i];
        count_uses(uses + i * CONTEXT_COLUMNS, set,
                   str_make(s->shape_bytes.ptr + shape->offset, shape->len), map);
    }
    set->row_count = s->row_count;
    for (size_t c = 0; c < set->count; c++) {
        set->columns[c].of_row = mem_alloc((s->row_count + 1) * sizeof *set->columns[c].of_row);
    }
    for (size_t row = 0; row <= s->row_count; row++) {
        const uint32_t *of_shape =
            row < s->row_count ? uses + (size_t)s->rows[row].shape * CONTEXT_COLUMNS : NULL;
        for (size_t c = 0; c < set->count; c++) {
            set->columns[c].of_row[row] = cursors[c];
            cursors[c] += of_shape == NULL ? 0 : of_shape[c];
        }
    }
    mem_free(uses);
}

/* Code of the context in a row, or one that stands for none. */
static uint32_t context_code(const struct context_column *k, size_t row) {
    return k->of_row[row] < k->of_row[row + 1] ? k->codes[k->of_row[row]] : k->entries;
}

/* --- choosing --- */

/* log2, good to a tenth; 0 of 0. */
static double log2_of(uint32_t x) {
    if (x == 0) {
        return 0;
    }
    unsigned bits = 31 - (unsigned)__builtin_clz(x);
    return (double)bits + (double)(x - (1U << bits)) / (double)(1U << bits);
}

struct trial {
    double all_bits;  /* of the codes without context */
    double miss_bits; /* of those that are guessed wrong */
    uint32_t count;
    uint32_t misses;
};

/* Rows of a block. */
struct span {
    size_t from;
    size_t to;
};

/* The block with most of the column's values: a column may begin late in the stripe. */
static struct span fullest_block(const struct context_column *x, size_t rows) {
    struct span best = {0, 0};
    uint32_t most = 0;
    for (size_t from = 0; from < rows; from += SEGMENT_BLOCK_ROWS) {
        size_t to = rows - from < SEGMENT_BLOCK_ROWS ? rows : from + SEGMENT_BLOCK_ROWS;
        uint32_t count = x->of_row[to] - x->of_row[from];
        if (count > most) {
            most = count;
            best = (struct span){from, to};
        }
    }
    return best;
}

/* Goes through the rows as a reader would. `weights` are bits by code of x; `last` is scratch. */
static struct trial try_context(const struct context_column *x, const struct context_column *k,
                                struct span rows, const float *weights, uint32_t *last) {
    struct trial t = {.count = 0};
    memset(last, 0xff, ((size_t)k->entries + 1) * sizeof *last);
    for (size_t row = rows.from; row < rows.to; row++) {
        uint32_t context = context_code(k, row);
        for (uint32_t i = x->of_row[row]; i < x->of_row[row + 1]; i++) {
            uint32_t code = x->codes[i];
            t.count++;
            t.all_bits += (double)weights[code];
            if (last[context] != code) {
                t.misses++;
                t.miss_bits += (double)weights[code];
                last[context] = code;
            }
        }
    }
    return t;
}

static double gain_of(const struct trial *t) {
    uint32_t hits = t->count - t->misses;
    double n = log2_of(t->count);
    double flags = t->misses * (n - log2_of(t->misses)) + hits * (n - log2_of(hits));
    double gain = t->all_bits - t->miss_bits - flags;
    return gain > MIN_GAIN_BITS && gain > t->all_bits / MIN_GAIN_PART ? gain : 0;
}

/* Bits of each code by how often it stands in the rows. */
static float *code_weights(const struct context_column *x, struct span rows) {
    uint32_t *uses = mem_calloc((size_t)x->entries + 1, sizeof *uses);
    float *weights = mem_alloc(((size_t)x->entries + 1) * sizeof *weights);
    uint32_t first = x->of_row[rows.from];
    uint32_t count = x->of_row[rows.to] - first;
    for (uint32_t i = 0; i < count; i++) {
        uses[x->codes[first + i]]++;
    }
    for (uint32_t i = 0; i < x->entries; i++) {
        weights[i] = uses[i] == 0 ? 0 : (float)(log2_of(count) - log2_of(uses[i]));
    }
    mem_free(uses);
    return weights;
}

struct pair {
    double gain; /* as bits, less what it costs readers */
    uint32_t column;
    uint32_t context;
};

static int by_gain(const void *a, const void *b) {
    const struct pair *x = a;
    const struct pair *y = b;
    return x->gain > y->gain ? -1 : x->gain < y->gain;
}

/* Contexts that gain something for one column. */
static size_t find_pairs(struct pair *out, const struct context_set *set, size_t x,
                         uint32_t *last) {
    size_t count = 0;
    struct span rows = fullest_block(&set->columns[x], set->row_count);
    float *weights = code_weights(&set->columns[x], rows);
    for (size_t k = 0; k < set->count; k++) {
        if (k != x && set->columns[k].context == CONTEXT_NONE && !set->columns[k].has_context) {
            struct trial t = try_context(&set->columns[x], &set->columns[k], rows, weights, last);
            double gain = gain_of(&t);
            if (set->columns[x].is_address && !set->columns[k].is_address) {
                gain -= gain / ADDRESS_LOSS;
            }
            if (gain > 0) {
                out[count++] = (struct pair){gain, (uint32_t)x, (uint32_t)k};
            }
        }
    }
    mem_free(weights);
    return count;
}

/* The best pairs first; nobody's context has a context. */
static void take_pairs(struct context_set *set, struct pair *pairs, size_t count) {
    qsort(pairs, count, sizeof *pairs, by_gain);
    for (size_t i = 0; i < count; i++) {
        struct context_column *x = &set->columns[pairs[i].column];
        struct context_column *k = &set->columns[pairs[i].context];
        if (x->context == CONTEXT_NONE && !x->is_context && k->context == CONTEXT_NONE) {
            x->context = pairs[i].context;
            k->is_context = true;
        }
    }
}

void context_choose(struct context_set *set) {
    struct pair *pairs = mem_alloc(CONTEXT_COLUMNS * CONTEXT_COLUMNS * sizeof *pairs);
    size_t count = 0;
    uint32_t most = 0;
    for (size_t i = 0; i < set->count; i++) {
        most = set->columns[i].entries > most ? set->columns[i].entries : most;
    }
    uint32_t *last = mem_alloc(((size_t)most + 1) * sizeof *last);
    for (size_t x = 0; x < set->count; x++) {
        if (!set->columns[x].is_fixed && !set->columns[x].is_context) {
            count += find_pairs(pairs + count, set, x, last);
        }
    }
    take_pairs(set, pairs, count);
    mem_free(last);
    mem_free(pairs);
}

/* --- using --- */

size_t context_residuals(int64_t *out, const struct context_set *set, size_t column, size_t from,
                         size_t to) {
    const struct context_column *x = &set->columns[column];
    const struct context_column *k = &set->columns[x->context];
    uint32_t *last = mem_alloc(((size_t)k->entries + 1) * sizeof *last);
    memset(last, 0xff, ((size_t)k->entries + 1) * sizeof *last);
    size_t count = 0;
    for (size_t row = from; row < to; row++) {
        uint32_t context = context_code(k, row);
        for (uint32_t i = x->of_row[row]; i < x->of_row[row + 1]; i++) {
            out[count++] = last[context] == x->codes[i] ? 0 : (int64_t)x->codes[i] + 1;
            last[context] = x->codes[i];
        }
    }
    mem_free(last);
    return count;
}
