/* From rows in memory to segments and a checkpoint. */
#include "clock.h"
#include "mem.h"
#include "segment_builder.h"
#include "store_path.h"
#include "store_priv.h"

enum status store_fail(struct store *s, enum status status, struct err *err) {
    struct err local = ERR_INIT;
    if (err == NULL) {
        err = &local;
        (void)err_set(err, status, "a write to the store failed");
    }
    s->failed = *err;
    s->failed.status = status;
    return status;
}

enum status store_check(const struct store *s, struct err *err) {
    if (s->failed.status != STATUS_OK) {
        return err_set(err, s->failed.status,
                       "the store stopped writing after an error (%.600s); open it again",
                       s->failed.message);
    }
    return STATUS_OK;
}

static enum status write_segment_file(struct store *s, const struct buf *bytes, uint64_t number,
                                      struct err *err) {
    struct buf path = BUF_INIT;
    struct file f = FILE_INIT;
    const char *name = store_path_segment(&path, s->path, number);
    enum status status = file_open(&f, name, FILE_CREATE_NEW, err);
    if (status == STATUS_OK) {
        status = file_append(&f, bytes->ptr, bytes->len, err);
    }
    if (status == STATUS_OK) {
        status = file_sync(&f, err);
    }
    bool made = f.fd >= 0;
    file_close(&f);
    struct err ignored; /* gives the space back; if it fails, the next open does it */
    if (status != STATUS_OK && made && file_remove(name, &ignored) != STATUS_OK) {
        status = STATUS_ENVIRONMENT;
    }
    buf_fini(&path);
    return status;
}

static enum status seal_dataset(struct store *s, enum dataset dataset, struct err *err) {
    struct buf bytes = BUF_INIT;
    const struct batch *batch = s->unsealed.batches[dataset];
    enum status status = STATUS_OK;
    for (size_t first = 0; first < batch->row_count && status == STATUS_OK;) {
        struct segment_info info;
        first += segment_write(&bytes, &info, batch, first);
        info.number = s->chain.next_segment++;
        status = write_segment_file(s, &bytes, info.number, err);
        if (status == STATUS_OK) {
            MEM_GROW(s->pending, s->pending_capacity, s->pending_count + 1);
            s->pending[s->pending_count++] = info;
        }
    }
    buf_fini(&bytes);
    if (status == STATUS_OK) {
        unsealed_drop(&s->unsealed, dataset);
    }
    return status;
}

enum status store_spill(struct store *s, size_t limit, struct err *err) {
    enum status status = STATUS_OK;
    while (status == STATUS_OK && s->unsealed.bytes > limit) {
        status = seal_dataset(s, unsealed_biggest(&s->unsealed), err);
    }
    return status == STATUS_OK ? STATUS_OK : store_fail(s, status, err);
}

static enum status append_record(struct store *s, struct str record, struct err *err) {
    struct buf dir = BUF_INIT;
    enum status status = STATUS_OK;
    if (s->pending_count > 0) { /* the new segments' names must be durable first */
        status = file_sync_dir(store_path(&dir, s->path, "segments"), err);
    }
    if (status == STATUS_OK) {
        status = tree_file_write(s, err);
    }
    if (status == STATUS_OK) {
        status = file_append(&s->chain_file, record.ptr, record.len, err);
    }
    if (status == STATUS_OK) {
        status = file_sync(&s->chain_file, err);
    }
    buf_fini(&dir);
    return status;
}

static void forget_pending(struct store *s) {
    s->pending_count = 0;
    s->input_count = 0;
    arena_reset(&s->input_texts);
}

enum status store_checkpoint(struct store *s, struct err *err) {
    enum status status = store_spill(s, 0, err);
    if (status != STATUS_OK) {
        return status;
    }
    bool nothing = s->pending_count == 0 && s->input_count == 0;
    if (nothing && s->chain.last.number > 0) {
        return STATUS_OK;
    }
    struct checkpoint checkpoint = {.time_ns = clock_wall_ns(),
                                    .writer = str_from_c(s->writer_name),
                                    .tree = s->tree,
                                    .log_number = s->next_log};
    struct chain_additions additions = {s->pending, s->pending_count, s->inputs, s->input_count};
    struct buf record = BUF_INIT;
    chain_encode(&record, &checkpoint, &s->chain, &additions, &s->keys);
    status = append_record(s, buf_str(&record), err);
    if (status == STATUS_OK) {
        chain_take(&s->chain, buf_str(&record));
        status = keys_advance(&s->keys, err); /* the secret that signed it dies */
    }
    if (status == STATUS_OK) {
        forget_pending(s);
    }
    buf_fini(&record);
    return status == STATUS_OK ? STATUS_OK : store_fail(s, status, err);
}

/* After a checkpoint the logs hold nothing that the segments do not. */
static enum status drop_logs(struct store *s, struct err *err) {
    s->committed_end = s->tree.size;
    wal_close(&s->wal);
    enum status status = store_remove_logs(s, err);
    return status == STATUS_OK ? STATUS_OK : store_fail(s, status, err);
}

enum status store_seal(struct store *s, struct err *err) {
    enum status status = store_check(s, err);
    if (status == STATUS_OK && s->mode == STORE_LIVE) {
        status = store_log_commit(s, err);
    }
    if (status == STATUS_OK) {
        status = store_checkpoint(s, err);
    }
    return status == STATUS_OK ? drop_logs(s, err) : status;
}

enum status store_commit(struct store *s, struct err *err) {
    enum status status = store_check(s, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (s->mode != STORE_LIVE || s->input_count > 0 || s->unsealed.bytes > s->memory_bytes) {
        return store_seal(s, err);
    }
    return store_log_commit(s, err);
}
