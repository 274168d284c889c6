/* Live stores: the log, its replay, and sealing from it. */
#include "mem.h"
#include "store_path.h"
#include "store_priv.h"

/* Sets the sequence numbers and the tree as they were after the batch was appended. */
static enum status take_batch(struct batch *batch, void *ctx, struct err *err) {
    struct store *s = ctx;
    for (size_t i = 0; i < batch->row_count; i++) {
        const struct row *row = &batch->rows[i];
        if (row->arrival < s->tree.size) {
            continue; /* in a segment already: the log outlived its checkpoint */
        }
        if (row->arrival > s->tree.size) {
            return err_set(err, STATUS_DAMAGED,
                           "the log misses rows %llu to %llu; restore it from a backup",
                           (unsigned long long)s->tree.size, (unsigned long long)row->arrival - 1);
        }
        uint32_t source = chain_source(&s->chain, intern_text(&batch->names, row->source));
        s->chain.sources.last_sequence[source] = row->sequence;
        s->chain.sources.changed[source] = true;
        uint8_t leaf[SHA256_BYTES];
        store_leaf(leaf, batch, row);
        tree_file_add(&s->tree_file, &s->tree, leaf);
    }
    if (batch->row_count > 0 && batch->rows[0].arrival >= s->chain.last.tree.size) {
        unsealed_add(&s->unsealed, batch);
    }
    return STATUS_OK;
}

enum status store_replay(struct store *s, struct err *err) {
    uint64_t *numbers = NULL;
    size_t count = 0;
    enum status status = wal_list(&numbers, &count, s->path, s->chain.last.log_number, err);
    struct buf path = BUF_INIT;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        uint64_t torn = 0;
        status = wal_replay(&torn, store_path_log(&path, s->path, numbers[i]), take_batch, s, err);
        s->next_log = numbers[i] + 1;
    }
    buf_fini(&path);
    mem_free(numbers);
    s->committed_end = s->tree.size;
    return status;
}

/* Logs whose rows are all in segments. What cannot be removed now is removed at the next open. */
enum status store_remove_logs(struct store *s, struct err *err) {
    uint64_t *numbers = NULL;
    size_t count = 0;
    enum status status = wal_list(&numbers, &count, s->path, 0, err);
    struct buf path = BUF_INIT;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (numbers[i] < s->chain.last.log_number) {
            status = file_remove(store_path_log(&path, s->path, numbers[i]), err);
        }
    }
    buf_fini(&path);
    mem_free(numbers);
    return status;
}

enum status store_log_append(struct store *s, const struct batch *batch, struct err *err) {
    enum status status = STATUS_OK;
    if (!wal_is_open(&s->wal)) {
        status = wal_create(&s->wal, s->path, s->next_log, err);
        s->next_log += status == STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = wal_append(&s->wal, batch, err);
    }
    return status == STATUS_OK ? STATUS_OK : store_fail(s, status, err);
}

enum status store_log_commit(struct store *s, struct err *err) {
    if (!wal_is_open(&s->wal) || s->committed_end == s->tree.size) {
        return STATUS_OK;
    }
    enum status status = wal_commit(&s->wal, s->tree.size, err);
    if (status != STATUS_OK) {
        return store_fail(s, status, err);
    }
    s->committed_end = s->tree.size;
    return STATUS_OK;
}
