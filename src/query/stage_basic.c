/* The stages that keep little: where, fields, head, tail, dedup. */
#include "intern.h"
#include "mem.h"
#include "stage.h"

/* --- where --- */

static void *where_create(struct stage *stage) {
    return expr_scratch_create(stage->spec->filter);
}

static void where_destroy(void *state) {
    struct expr_scratch *scratch = state;
    expr_scratch_destroy(&scratch);
}

static enum status where_push(struct stage *stage, const struct batch *batch, const struct row *row,
                              struct err *err) {
    return expr_match_row(stage->spec->filter, batch, row, stage->state)
               ? stage_emit(stage, batch, row, err)
               : STATUS_OK;
}

const struct stage_impl stage_where = {where_create, where_destroy, where_push, NULL};

/* --- fields: the choice of columns is the output's; rows pass --- */

static enum status fields_push(struct stage *stage, const struct batch *batch,
                               const struct row *row, struct err *err) {
    return stage_emit(stage, batch, row, err);
}

const struct stage_impl stage_fields = {NULL, NULL, fields_push, NULL};

/* --- head --- */

static void *head_create(struct stage *stage) {
    uint64_t *left = mem_alloc(sizeof *left);
    *left = stage->spec->count;
    return left;
}

static enum status head_push(struct stage *stage, const struct batch *batch, const struct row *row,
                             struct err *err) {
    uint64_t *left = stage->state;
    if (*left == 0) {
        return STATUS_CANCELLED;
    }
    enum status status = stage_emit(stage, batch, row, err);
    --*left;
    return status == STATUS_OK && *left == 0 ? STATUS_CANCELLED : status;
}

const struct stage_impl stage_head = {head_create, mem_free, head_push, NULL};

/* --- tail: the last rows; what fell out is dropped when it has grown to as much --- */

enum { TAIL_SLACK_ROWS = 1024 };

static void *kept_create(struct stage *stage) {
    (void)stage;
    return mem_calloc(1, sizeof(struct kept_rows));
}

static void kept_destroy(void *state) {
    struct kept_rows *kept = state;
    batch_fini(&kept->batch);
    mem_free(kept);
}

static size_t tail_start(const struct stage *stage, const struct kept_rows *kept) {
    uint64_t rows = kept->batch.row_count;
    return rows > stage->spec->count ? (size_t)(rows - stage->spec->count) : 0;
}

static enum status tail_push(struct stage *stage, const struct batch *batch, const struct row *row,
                             struct err *err) {
    struct kept_rows *kept = stage->state;
    kept_add(kept, batch, row, stage->run->want_raw);
    if (kept->batch.row_count > 2 * stage->spec->count + TAIL_SLACK_ROWS) {
        struct kept_rows last = {0};
        for (size_t i = tail_start(stage, kept); i < kept->batch.row_count; i++) {
            kept_add(&last, &kept->batch, &kept->batch.rows[i], stage->run->want_raw);
        }
        batch_fini(&kept->batch);
        *kept = last;
    }
    return stage_check_memory(stage, kept_bytes(kept), err);
}

static enum status tail_finish(struct stage *stage, struct err *err) {
    struct kept_rows *kept = stage->state;
    enum status status = STATUS_OK;
    for (size_t i = tail_start(stage, kept); i < kept->batch.row_count && status == STATUS_OK;
         i++) {
        status = stage_emit(stage, &kept->batch, &kept->batch.rows[i], err);
    }
    return status;
}

const struct stage_impl stage_tail = {kept_create, kept_destroy, tail_push, tail_finish};

/* --- dedup: the first `count` rows of each combination of values --- */

struct dedup {
    struct intern keys;
    uint64_t *seen; /* by key */
    size_t seen_capacity;
    struct buf key;
    struct buf scratch;
};

static void *dedup_create(struct stage *stage) {
    (void)stage;
    return mem_calloc(1, sizeof(struct dedup));
}

static void dedup_destroy(void *state) {
    struct dedup *d = state;
    intern_fini(&d->keys);
    mem_free(d->seen);
    buf_fini(&d->key);
    buf_fini(&d->scratch);
    mem_free(d);
}

static enum status dedup_push(struct stage *stage, const struct batch *batch, const struct row *row,
                              struct err *err) {
    struct dedup *d = stage->state;
    buf_clear(&d->key);
    for (size_t i = 0; i < stage->spec->column_count; i++) {
        struct str text = STR_EMPTY;
        bool found = query_column_get(&text, &stage->spec->columns[i], batch, row, &d->scratch);
        buf_printf(&d->key, "%d%zu:", found, text.len);
        buf_add(&d->key, text);
    }
    uint32_t count = d->keys.count;
    uint32_t id = intern_add(&d->keys, buf_str(&d->key));
    MEM_GROW(d->seen, d->seen_capacity, (size_t)id + 1);
    d->seen[id] = id == count ? 1 : d->seen[id] + 1;
    if (d->seen[id] > stage->spec->count) {
        return STATUS_OK;
    }
    enum status status = stage_check_memory(stage, (uint64_t)d->keys.count * 128, err);
    return status == STATUS_OK ? stage_emit(stage, batch, row, err) : status;
}

const struct stage_impl stage_dedup = {dedup_create, dedup_destroy, dedup_push, NULL};
