/*
 * Proving a store. By default: the chain (order, hashes, signatures, keys) and every stored byte
 * against what it signs. With `rebuild` also the rows themselves (verify_rows.c). Last come what
 * only the outside knows: anchors, the key, time stamps (verify_outside.c).
 */
#include "chain_state.h"
#include "file_io.h"
#include "i18n.h"
#include "mem.h"
#include "store_path.h"
#include "store_priv.h"
#include "verify_priv.h"

static void report_line(struct verify *v, const char *format, va_list args) {
    struct buf line = BUF_INIT;
    buf_vprintf(&line, _(format), args);
    v->report(buf_str(&line), v->ctx);
    buf_fini(&line);
}

void verify_damage(struct verify *v, const char *format, ...) {
    va_list args;
    va_start(args, format);
    report_line(v, format, args);
    va_end(args);
    v->result->damaged = true;
}

void verify_note(struct verify *v, const char *format, ...) {
    va_list args;
    va_start(args, format);
    report_line(v, format, args);
    va_end(args);
}

/* --- the chain --- */

static void take_checkpoint(const struct chain_record *record, void *ctx) {
    struct verify *v = ctx;
    const struct checkpoint *p = record->checkpoint;
    if (record->problem[0] != '\0') {
        verify_damage(v, "checkpoint %llu (byte %llu of the chain): %s",
                      (unsigned long long)p->number, (unsigned long long)record->at,
                      record->problem);
    }
    MEM_GROW(v->checkpoints, v->checkpoint_capacity, v->checkpoint_count + 1);
    struct verify_checkpoint *c = &v->checkpoints[v->checkpoint_count++];
    c->number = p->number;
    c->rows = p->tree.size;
    memcpy(c->key, p->public_key, ED25519_PUBLIC_BYTES);
    memcpy(c->root, p->root, SHA256_BYTES);
    memcpy(c->hash, record->hash, SHA256_BYTES);
}

/* Folds the chain; not OK only if it cannot be read at all. *whole is false if it is damaged so
 * that the rows cannot be scanned. */
static enum status check_chain(struct verify *v, bool *whole, struct err *err) {
    struct buf path = BUF_INIT;
    struct file_map map;
    struct err ignored; /* as readers do: while the mark is there a merge removes no file */
    (void)!file_lock_shared(&v->mark_fd, store_path(&path, v->options->path, "chain"), &ignored);
    enum status status = file_map(&map, store_path(&path, v->options->path, "chain"), true, err);
    buf_fini(&path);
    if (status != STATUS_OK) {
        return status;
    }
    struct err fold = ERR_INIT;
    *whole = chain_fold(&v->chain, str_make((const char *)map.bytes, map.size_bytes), CHAIN_SIGNED,
                        take_checkpoint, v, &fold) == STATUS_OK;
    if (*whole && !chain_state_is_right(v->options->path,
                                        str_make((const char *)map.bytes, map.size_bytes))) {
        verify_damage(v, "the saved state of the chain (chain.state) is not what the chain says:"
                         " searches may have missed events; remove the file");
    }
    file_unmap(&map);
    if (!*whole) {
        verify_damage(v, "%s", fold.message);
    } else if (v->chain.torn_bytes > 0) {
        verify_note(v,
                    "the last %llu bytes of the chain are a write that was interrupted; nothing"
                    " of it was acknowledged",
                    (unsigned long long)v->chain.torn_bytes);
    }
    *whole = *whole && !v->result->damaged;
    v->result->checkpoints = v->checkpoint_count;
    v->result->sealed_events = v->chain.last.tree.size;
    return STATUS_OK;
}

/* --- what is not sealed --- */

static void count_unsealed(struct verify *v, struct store *s) {
    struct store_stat stat;
    store_get_stat(s, DATASET_COUNT, &stat);
    v->result->unsealed_events = stat.arrival_end - stat.sealed_to;
    v->result->unsealed_tail = v->result->unsealed_events > 0;
    for (int d = 0; d < DATASET_COUNT; d++) {
        const struct batch *b = s->unsealed.batches[d];
        for (size_t i = 0; b != NULL && i < b->row_count; i++) {
            int64_t *oldest = &v->result->unsealed_oldest_ns;
            if (*oldest == TIME_NONE || b->rows[i].receive_ns < *oldest) {
                *oldest = b->rows[i].receive_ns;
            }
        }
    }
}

static void check_unsealed(struct verify *v) {
    struct err err = ERR_INIT;
    struct store *s = NULL;
    struct store_options so = {.path = v->options->path, .mode = STORE_READ};
    if (store_open(&s, &so, &err) != STATUS_OK) {
        verify_damage(v, "%s", err.message);
        return;
    }
    count_unsealed(v, s);
    store_close(&s);
}

/* Rows that one act of expiry took out, by its note. */
static void note_expired_by(struct verify *v, uint64_t note) {
    uint64_t rows = 0;
    char time[CIVIL_RFC3339_BYTES];
    size_t len = 0;
    uint64_t checkpoint = 0;
    for (size_t i = 0; i < v->chain.expired_count; i++) {
        const struct chain_expired *e = &v->chain.expired[i];
        if (e->note == note) {
            rows += e->info.rows;
            checkpoint = e->checkpoint;
            len = civil_format_rfc3339(time, e->time_ns);
        }
    }
    struct str why =
        note > 0 && note <= v->chain.note_count ? v->chain.notes[note - 1].text : STR_EMPTY;
    if (rows > 0) {
        verify_note(v, "%llu rows expired by policy at %.*s (signed: checkpoint %llu) %.*s",
                    (unsigned long long)rows, (int)len, time, (unsigned long long)checkpoint,
                    STR_ARG(why));
    }
}

static void note_expired(struct verify *v) {
    for (size_t i = 0; i < v->chain.expired_count; i++) {
        uint64_t note = v->chain.expired[i].note;
        size_t first = 0;
        while (v->chain.expired[first].note != note) {
            first++;
        }
        if (first == i) {
            note_expired_by(v, note);
        }
    }
}

enum status store_verify(const struct store_verify_options *options,
                         struct store_verify_result *result,
                         void (*report)(struct str line, void *ctx), void *ctx, struct err *err) {
    *result = (struct store_verify_result){.unsealed_oldest_ns = TIME_NONE};
    struct verify v = {
        .options = options, .result = result, .report = report, .ctx = ctx, .mark_fd = -1};
    chain_init(&v.chain);
    bool whole = false;
    verify_peek(&v);
    enum status status = check_chain(&v, &whole, err);
    if (status == STATUS_OK) {
        archives_load(&v.archives, &v.chain);
        verify_files(&v);
        note_expired(&v);
        if (whole) {
            check_unsealed(&v);
        }
        if (whole && options->rebuild) {
            verify_rows(&v);
        } else if (!whole) {
            verify_damage(&v, "the rows were not checked, because the chain is damaged");
        }
        status = verify_outside(&v, err);
    }
    file_unlock(&v.mark_fd);
    mem_free(v.checkpoints);
    mem_free(v.copies);
    archives_fini(&v.archives);
    chain_fini(&v.chain);
    return status;
}
