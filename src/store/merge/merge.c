/* Reading the inputs, writing the outputs, comparing them: one merge, in any thread. */
#include "merge.h"

#include "file_io.h"
#include "i18n.h"
#include "mem.h"
#include "merge_digest.h"
#include "merge_read.h"
#include "segment_builder.h"
#include "segment_file.h"
#include "store_path.h"

struct store_merge *merge_create(const char *dir, size_t input_count, uint64_t id) {
    struct store_merge *m = mem_calloc(1, sizeof *m);
    m->dir = mem_strdup(dir, strlen(dir));
    m->inputs = mem_calloc(input_count, sizeof *m->inputs);
    m->input_count = input_count;
    m->id = id;
    m->status = STATUS_CANCELLED;
    return m;
}

const char *merge_output_path(struct buf *out, const struct store_merge *m, size_t i) {
    return store_path(out, m->dir, "segments/merge-%llu-%zu.tmp", (unsigned long long)m->id, i);
}

void merge_discard(struct store_merge *m) {
    struct buf path = BUF_INIT;
    for (size_t i = 0; i < m->output_count; i++) {
        struct err ignored; /* the next opening for writing removes it */
        (void)!file_remove(merge_output_path(&path, m, i), &ignored);
    }
    buf_fini(&path);
    m->output_count = 0;
}

void merge_destroy(struct store_merge **m) {
    mem_free((*m)->inputs);
    mem_free((*m)->outputs);
    mem_free((*m)->dir);
    mem_free(*m);
    *m = NULL;
}

void store_merge_cancel(struct store_merge *merge) {
    atomic_store(&merge->is_cancelled, true);
}

struct run {
    struct store_merge *m;
    struct segment_builder *builder; /* NULL when reading back */
    struct merge_digest digest;
};

static enum status write_output(struct run *r, struct err *err) {
    struct store_merge *m = r->m;
    struct segment_info info = {0};
    struct buf bytes = BUF_INIT;
    struct buf path = BUF_INIT;
    segment_builder_finish(&bytes, &info, r->builder);
    enum status status =
        segment_file_write(merge_output_path(&path, m, m->output_count), buf_str(&bytes), err);
    buf_fini(&path);
    buf_fini(&bytes);
    if (status == STATUS_OK) {
        MEM_GROW(m->outputs, m->output_capacity, m->output_count + 1);
        m->outputs[m->output_count++] = info;
    }
    return status;
}

static enum status take_rows(const struct batch *batch, void *ctx, struct err *err) {
    struct run *r = ctx;
    enum status status = STATUS_OK;
    if (atomic_load_explicit(&r->m->is_cancelled, memory_order_relaxed)) {
        return err_set(err, STATUS_CANCELLED, "the merge was stopped");
    }
    for (size_t i = 0; i < batch->row_count && status == STATUS_OK; i++) {
        merge_digest_add(&r->digest, batch, &batch->rows[i]);
        if (r->builder != NULL) {
            segment_builder_add(r->builder, batch, &batch->rows[i]);
            status = segment_builder_is_full(r->builder) ? write_output(r, err) : STATUS_OK;
        }
    }
    return status;
}

static enum status read_inputs(struct run *r, uint8_t digest[SHA256_BYTES], struct err *err) {
    const struct store_merge *m = r->m;
    struct buf path = BUF_INIT;
    enum status status = STATUS_OK;
    merge_digest_init(&r->digest);
    for (size_t i = 0; i < m->input_count && status == STATUS_OK; i++) {
        const char *name = store_path_segment(&path, m->dir, m->inputs[i].number);
        status = merge_read(name, &m->inputs[i], take_rows, r, err);
    }
    merge_digest_finish(&r->digest, digest);
    buf_fini(&path);
    /* an input that is gone was in the chain when the merge began */
    return status == STATUS_NOT_FOUND ? STATUS_DAMAGED : status;
}

static enum status write_all(struct store_merge *m, uint8_t digest[SHA256_BYTES], struct err *err) {
    struct run r = {.m = m, .builder = segment_builder_create(m->inputs[0].dataset, EFFORT_DEEP)};
    enum status status = read_inputs(&r, digest, err);
    if (status == STATUS_OK && segment_builder_rows(r.builder) > 0) {
        status = write_output(&r, err);
    }
    segment_builder_destroy(&r.builder);
    return status;
}

static enum status read_back(struct store_merge *m, const uint8_t expected[SHA256_BYTES],
                             struct err *err) {
    struct run r = {.m = m};
    struct buf path = BUF_INIT;
    uint8_t digest[SHA256_BYTES];
    enum status status = STATUS_OK;
    merge_digest_init(&r.digest);
    for (size_t i = 0; i < m->output_count && status == STATUS_OK; i++) {
        status = merge_read(merge_output_path(&path, m, i), &m->outputs[i], take_rows, &r, err);
    }
    merge_digest_finish(&r.digest, digest);
    buf_fini(&path);
    if (status == STATUS_OK && memcmp(digest, expected, SHA256_BYTES) != 0) {
        status = err_set(err, STATUS_DAMAGED,
                         "merging segments %llu to %llu gave other rows than were read: nothing"
                         " was replaced; please report this",
                         (unsigned long long)m->inputs[0].number,
                         (unsigned long long)m->inputs[m->input_count - 1].number);
    }
    return status;
}

enum status store_merge_run(struct store_merge *m, struct err *err) {
    uint8_t digest[SHA256_BYTES];
    m->status = write_all(m, digest, err);
    if (m->status == STATUS_OK) {
        m->status = read_back(m, digest, err);
    }
    if (m->status != STATUS_OK) {
        merge_discard(m);
    }
    return m->status;
}
