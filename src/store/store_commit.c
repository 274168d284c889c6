/* From rows in memory to segments and a checkpoint. */
#include <stdlib.h>

#include "chain_state.h"
#include "clock.h"
#include "mem.h"
#include "retention.h"
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

enum status store_drain(struct store *s, struct err *err) {
    enum status status = STATUS_OK;
    for (int d = 0; d < DATASET_COUNT && status == STATUS_OK; d++) {
        const struct batch *batch = s->unsealed.batches[d];
        for (size_t i = 0; batch != NULL && i < batch->row_count && status == STATUS_OK; i++) {
            status = sealer_add(s->sealer, batch, &batch->rows[i], err);
        }
    }
    return status == STATUS_OK ? STATUS_OK : store_fail(s, status, err);
}

static int compare_numbers(const void *a, const void *b) {
    uint64_t x = ((const struct segment_info *)a)->number;
    uint64_t y = ((const struct segment_info *)b)->number;
    return x < y ? -1 : x > y;
}

/* Everything into segment files; they become pending. */
static enum status write_segments(struct store *s, struct err *err) {
    enum status status = store_drain(s, err);
    if (status == STATUS_OK) {
        status = sealer_spill(s->sealer, 0, err);
    }
    if (status == STATUS_OK) {
        status = sealer_wait(s->sealer, err);
    }
    if (status != STATUS_OK) {
        return store_fail(s, status, err);
    }
    size_t count;
    struct segment_info *written = sealer_steal(s->sealer, &count);
    MEM_GROW(s->pending, s->pending_capacity, s->pending_count + count);
    if (count > 0) {
        memcpy(s->pending + s->pending_count, written, count * sizeof *written);
    }
    s->pending_count += count;
    mem_free(written);
    if (s->pending_count > 1) { /* what merges wrote lies among them */
        qsort(s->pending, s->pending_count, sizeof *s->pending, compare_numbers);
    }
    return STATUS_OK;
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

uint64_t store_add_note(struct store *s, struct str kind, struct str text) {
    MEM_GROW(s->notes, s->note_capacity, s->note_count + 1);
    s->notes[s->note_count++] = (struct chain_note){.kind = arena_str(&s->note_texts, kind),
                                                    .text = arena_str(&s->note_texts, text)};
    return s->chain.note_count + s->note_count;
}

void store_add_fate(struct store *s, uint64_t segment, enum segment_fate fate, uint64_t by) {
    MEM_GROW(s->fates, s->fate_capacity, s->fate_count + 1);
    s->fates[s->fate_count++] = (struct chain_fate){segment, fate, by};
}

enum status store_write_note(struct store *s, struct str kind, struct str text, uint64_t *number,
                             struct err *err) {
    uint64_t made = store_add_note(s, kind, text);
    if (number != NULL) {
        *number = made;
    }
    return store_seal(s, err);
}

const struct chain *store_get_chain(const struct store *s) {
    return &s->chain;
}

/* The files of segments that the last checkpoint did away with. */
static void remove_replaced(struct store *s) {
    for (size_t i = 0; i < s->fate_count; i++) {
        if (s->fates[i].fate != SEGMENT_RECALLED) {
            store_add_garbage(s, s->fates[i].number);
        }
    }
    store_sweep(s);
}

static void forget_pending(struct store *s) {
    s->pending_count = 0;
    s->fate_count = 0;
    s->note_count = 0;
    arena_reset(&s->note_texts);
    s->input_count = 0;
    arena_reset(&s->input_texts);
}

enum status store_checkpoint(struct store *s, struct err *err) {
    enum status status = write_segments(s, err);
    if (status != STATUS_OK) {
        return status;
    }
    store_note_restored(s);
    bool nothing =
        s->pending_count == 0 && s->input_count == 0 && s->fate_count == 0 && s->note_count == 0;
    if (nothing && s->chain.last.number > 0) {
        return STATUS_OK;
    }
    struct checkpoint checkpoint = {.time_ns = clock_wall_ns(),
                                    .writer = str_from_c(s->writer_name),
                                    .tree = s->tree,
                                    .log_number = s->next_log};
    struct chain_additions additions = {.segments = s->pending,
                                        .segment_count = s->pending_count,
                                        .fates = s->fates,
                                        .fate_count = s->fate_count,
                                        .notes = s->notes,
                                        .note_count = s->note_count,
                                        .inputs = s->inputs,
                                        .input_count = s->input_count};
    struct buf record = BUF_INIT;
    chain_encode(&record, &checkpoint, &s->chain, &additions, &s->keys);
    status = append_record(s, buf_str(&record), err);
    if (status == STATUS_OK) {
        chain_take(&s->chain, buf_str(&record));
        unsealed_fini(&s->unsealed);
        status = keys_advance(&s->keys, err); /* the secret that signed it dies */
    }
    if (status == STATUS_OK) {
        remove_replaced(s);
        forget_pending(s);
        archives_load(&s->archives, &s->chain);
        chain_save_state(&s->chain, s->path, &s->state_bytes, STATE_AT_CHECKPOINT);
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
