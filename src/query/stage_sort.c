/*
 * sort: keeps all rows and their keys, sorts at the end. When the stages behind want at most K
 * rows, only the best are kept: at 2K + slack rows the list is sorted and cut to K.
 * Equal rows stay in the order they came in.
 */
#include <stdlib.h>

#include "mem.h"
#include "stage.h"

enum { SORT_SLACK_ROWS = 4096 };

struct sort_item {
    size_t row;    /* in the batch */
    uint64_t came; /* order of arrival, the last key */
    const struct order_key *keys;
    const struct stage_spec *spec;
};

struct sort {
    struct kept_rows kept;
    uint64_t *came; /* by row */
    size_t came_capacity;
    uint64_t next;
    struct buf scratch;
};

static void *sort_create(struct stage *stage) {
    (void)stage;
    return mem_calloc(1, sizeof(struct sort));
}

static void sort_destroy(void *state) {
    struct sort *s = state;
    batch_fini(&s->kept.batch);
    mem_free(s->came);
    buf_fini(&s->scratch);
    mem_free(s);
}

static int compare_items(const void *left, const void *right) {
    const struct sort_item *a = left;
    const struct sort_item *b = right;
    for (size_t i = 0; i < a->spec->key_count; i++) {
        const struct order_key *x = &a->keys[i];
        const struct order_key *y = &b->keys[i];
        int order = order_compare(x, y);
        if (order != 0) {
            bool last = x->rank >= RANK_STRAY || y->rank >= RANK_STRAY;
            return a->spec->keys[i].descending && !last ? -order : order;
        }
    }
    return a->came < b->came ? -1 : 1;
}

static void read_key(struct order_key *out, const struct query_column *column,
                     const struct batch *batch, const struct row *row, struct arena *arena,
                     struct buf *scratch) {
    struct str text;
    if (!query_column_get(&text, column, batch, row, scratch)) {
        *out = (struct order_key){.rank = RANK_MISSING};
        return;
    }
    bool made = str_within(text, buf_str(scratch)); /* an attribute: its text dies */
    order_key_init(out, made ? arena_str(arena, text) : text, column->type);
}

/* The rows in order; the caller frees the items, the keys live in the arena. */
static struct sort_item *sorted_items(struct stage *stage, struct arena *arena) {
    struct sort *s = stage->state;
    const struct stage_spec *spec = stage->spec;
    size_t count = s->kept.batch.row_count;
    struct sort_item *items = mem_calloc(count + 1, sizeof *items);
    struct order_key *keys = arena_array(arena, count * spec->key_count + 1, sizeof *keys);
    for (size_t i = 0; i < count; i++) {
        struct order_key *row_keys = keys + i * spec->key_count;
        for (size_t k = 0; k < spec->key_count; k++) {
            read_key(&row_keys[k], &spec->keys[k].column, &s->kept.batch, &s->kept.batch.rows[i],
                     arena, &s->scratch);
        }
        items[i] = (struct sort_item){i, s->came[i], row_keys, spec};
    }
    qsort(items, count, sizeof *items, compare_items);
    return items;
}

static void keep_best(struct stage *stage, uint64_t wanted) {
    struct sort *s = stage->state;
    struct arena arena = ARENA_INIT;
    struct sort_item *items = sorted_items(stage, &arena);
    struct kept_rows best = {0};
    uint64_t *came = mem_calloc(wanted, sizeof *came);
    for (size_t i = 0; i < wanted; i++) {
        kept_add(&best, &s->kept.batch, &s->kept.batch.rows[items[i].row], stage->run->want_raw);
        came[i] = items[i].came;
    }
    batch_fini(&s->kept.batch);
    s->kept = best;
    memcpy(s->came, came, (size_t)wanted * sizeof *came);
    mem_free(came);
    mem_free(items);
    arena_fini(&arena);
}

static enum status sort_push(struct stage *stage, const struct batch *batch, const struct row *row,
                             struct err *err) {
    struct sort *s = stage->state;
    uint64_t wanted = stage_rows_wanted(stage);
    kept_add(&s->kept, batch, row, stage->run->want_raw);
    size_t count = s->kept.batch.row_count;
    MEM_GROW(s->came, s->came_capacity, count);
    s->came[count - 1] = s->next++;
    if (wanted > 0 && count >= 2 * wanted + SORT_SLACK_ROWS) {
        keep_best(stage, wanted);
    }
    uint64_t keys = (uint64_t)count * stage->spec->key_count * sizeof(struct order_key);
    return stage_check_memory(stage, kept_bytes(&s->kept) + keys, err);
}

static enum status sort_finish(struct stage *stage, struct err *err) {
    struct sort *s = stage->state;
    struct arena arena = ARENA_INIT;
    struct sort_item *items = sorted_items(stage, &arena);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < s->kept.batch.row_count && status == STATUS_OK; i++) {
        status = stage_emit(stage, &s->kept.batch, &s->kept.batch.rows[items[i].row], err);
    }
    mem_free(items);
    arena_fini(&arena);
    return status;
}

const struct stage_impl stage_sort = {sort_create, sort_destroy, sort_push, sort_finish};
