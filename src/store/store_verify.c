/*
 * Proving a store: the chain (order, hashes, signatures), the bytes of every segment, and then the
 * rows themselves: all raw bytes are rebuilt in arrival order, hashed as leaves, and the root of
 * every checkpoint is computed again. Last come what only the outside knows: anchors and the key.
 */
#include "anchor.h"
#include "file_io.h"
#include "i18n.h"
#include "keys.h"
#include "public_key.h"
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
    enum status status = file_map(&map, store_path(&path, v->options->path, "chain"), true, err);
    buf_fini(&path);
    if (status != STATUS_OK) {
        return status;
    }
    struct err fold = ERR_INIT;
    *whole = chain_fold(&v->chain, str_make((const char *)map.bytes, map.size_bytes), CHAIN_SIGNED,
                        take_checkpoint, v, &fold) == STATUS_OK;
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

/* --- files --- */

static void check_segments(struct verify *v) {
    struct buf path = BUF_INIT;
    for (size_t i = 0; i < v->chain.segment_count; i++) {
        const struct segment_info *info = &v->chain.segments[i];
        verify_segment(v, store_path_segment(&path, v->options->path, info->number), info);
    }
    buf_fini(&path);
}

static void note_orphan(const char *name, void *ctx) {
    struct verify *v = ctx;
    struct buf path = BUF_INIT;
    for (size_t i = 0; i < v->chain.segment_count; i++) {
        const char *own = store_path_segment(&path, v->options->path, v->chain.segments[i].number);
        if (strcmp(strrchr(own, '/') + 1, name) == 0) {
            buf_fini(&path);
            return;
        }
    }
    buf_fini(&path);
    verify_note(v,
                "segments/%s belongs to no checkpoint (an import that was interrupted, or that"
                " runs now); it is no part of the store",
                name);
}

static void check_orphans(struct verify *v) {
    struct buf dir = BUF_INIT;
    struct err err = ERR_INIT;
    if (file_list(store_path(&dir, v->options->path, "segments"), note_orphan, v, &err) !=
        STATUS_OK) {
        verify_damage(v, "%s", err.message);
    }
    buf_fini(&dir);
}

/* --- rows --- */

struct row_check {
    struct verify *v;
    struct merkle tree;
    struct chain sources; /* sequence numbers seen */
    size_t next_checkpoint;
};

static void check_roots(struct row_check *r) {
    struct verify *v = r->v;
    for (; r->next_checkpoint < v->checkpoint_count; r->next_checkpoint++) {
        const struct verify_checkpoint *c = &v->checkpoints[r->next_checkpoint];
        if (c->rows != r->tree.size) {
            return;
        }
        uint8_t root[SHA256_BYTES];
        merkle_root(&r->tree, root);
        if (memcmp(root, c->root, SHA256_BYTES) != 0) {
            verify_damage(v,
                          "checkpoint %llu: the rows do not give its root: one of the first %llu"
                          " rows was changed",
                          (unsigned long long)c->number, (unsigned long long)c->rows);
        }
    }
}

static bool check_row(struct row_check *r, const struct batch *b, const struct row *row) {
    struct str name = intern_text(&b->names, row->source);
    uint32_t source = chain_source(&r->sources, name);
    uint64_t expected = chain_next_sequence(&r->sources, source);
    if (row->arrival != r->tree.size) {
        verify_damage(r->v, "rows %llu to %llu are missing", (unsigned long long)r->tree.size,
                      (unsigned long long)row->arrival - 1);
        return false;
    }
    if (row->sequence != expected) {
        verify_damage(r->v, "row %llu: source %.*s goes from number %llu to %llu",
                      (unsigned long long)row->arrival, STR_ARG(name),
                      (unsigned long long)expected - 1, (unsigned long long)row->sequence);
        r->sources.sources.last_sequence[source] = row->sequence;
    }
    uint8_t leaf[SHA256_BYTES];
    store_leaf(leaf, b, row);
    merkle_add(&r->tree, leaf);
    check_roots(r);
    return true;
}

static void scan_rows(struct row_check *r, struct store_scan *scan) {
    struct err err = ERR_INIT;
    struct batch batch;
    batch_init(&batch);
    bool more = true;
    while (more) {
        if (store_scan_next(scan, &batch, &more, &err) != STATUS_OK) {
            verify_damage(r->v, "rows from %llu on cannot be checked: %s",
                          (unsigned long long)r->tree.size, err.message);
            break;
        }
        for (size_t i = 0; i < batch.row_count && more; i++) {
            more = check_row(r, &batch, &batch.rows[i]);
        }
    }
    batch_fini(&batch);
    if (err.status == STATUS_OK && more == false && r->tree.size < r->v->chain.last.tree.size) {
        verify_damage(r->v, "rows from %llu to %llu could not be checked",
                      (unsigned long long)r->tree.size,
                      (unsigned long long)r->v->chain.last.tree.size - 1);
    }
}

static void check_unsealed(struct verify *v, struct store *s) {
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

static void check_rows(struct verify *v) {
    struct err err = ERR_INIT;
    struct store *s = NULL;
    struct store_scan *scan = NULL;
    struct store_options so = {.path = v->options->path, .mode = STORE_READ};
    if (store_open(&s, &so, &err) != STATUS_OK) {
        verify_damage(v, "%s", err.message);
        return;
    }
    struct store_scan_options o = STORE_SCAN_ALL;
    o.want_raw = true;
    o.include_derived = true;
    o.arrival_to = v->chain.last.tree.size;
    struct row_check r = {.v = v};
    chain_init(&r.sources);
    if (store_scan_open(&scan, s, &o, &err) != STATUS_OK) {
        verify_damage(v, "%s", err.message);
    } else {
        check_roots(&r);
        scan_rows(&r, scan);
    }
    check_unsealed(v, s);
    chain_fini(&r.sources);
    store_scan_close(&scan);
    store_close(&s);
}

/* --- what the outside knows --- */

static void check_anchor(struct verify *v, const char *path, const struct anchor *a) {
    if (a->checkpoint > v->chain.last.number) {
        verify_damage(v,
                      "anchor %s names checkpoint %llu, the store ends at %llu: it is an older"
                      " copy, or its end was deleted",
                      path, (unsigned long long)a->checkpoint,
                      (unsigned long long)v->chain.last.number);
        return;
    }
    for (size_t i = 0; i < v->checkpoint_count; i++) {
        const struct verify_checkpoint *c = &v->checkpoints[i];
        if (c->number == a->checkpoint && memcmp(c->hash, a->hash, SHA256_BYTES) == 0 &&
            memcmp(c->root, a->root, SHA256_BYTES) == 0 && c->rows == a->rows) {
            verify_note(v, "anchor %s: checkpoint %llu is as it was", path,
                        (unsigned long long)a->checkpoint);
            return;
        }
    }
    verify_damage(v,
                  "anchor %s: checkpoint %llu is not the one that was anchored: the store was"
                  " rewritten or signed again",
                  path, (unsigned long long)a->checkpoint);
}

static enum status check_anchors(struct verify *v, struct err *err) {
    enum status status = STATUS_OK;
    struct buf line = BUF_INIT;
    for (size_t i = 0; i < v->options->anchor_count && status == STATUS_OK; i++) {
        struct anchor a;
        status = anchor_line_read(&a, &line, v->options->anchors[i], err);
        if (status == STATUS_OK) {
            check_anchor(v, v->options->anchors[i], &a);
        }
    }
    buf_fini(&line);
    return status;
}

static bool signed_with(const struct verify *v, const uint8_t key[ED25519_PUBLIC_BYTES]) {
    for (size_t i = 0; i < v->checkpoint_count; i++) {
        if (memcmp(v->checkpoints[i].key, key, ED25519_PUBLIC_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* The chain's first key against keys/public.key; the pinned key against all of them. */
static enum status check_public(struct verify *v, struct err *err) {
    struct buf path = BUF_INIT;
    uint8_t key[ED25519_PUBLIC_BYTES];
    struct err local = ERR_INIT;
    if (public_key_read(key, store_path(&path, v->options->path, "keys/public.key"), &local) !=
        STATUS_OK) {
        verify_damage(v, "%s", local.message);
    } else if (memcmp(key, v->chain.first_key, sizeof key) != 0) {
        verify_damage(v, "keys/public.key is not the key that signed the first checkpoint");
    }
    buf_fini(&path);
    if (v->options->public_key == NULL) {
        return STATUS_OK;
    }
    enum status status = public_key_read(key, v->options->public_key, err);
    if (status == STATUS_OK && !signed_with(v, key)) {
        verify_damage(v, "no checkpoint is signed with the key in %s: everything was made anew",
                      v->options->public_key);
    }
    return status;
}

static void note_blind_spots(struct verify *v) {
    bool anchored = v->options->anchor_count > 0;
    if (anchored && v->options->public_key != NULL) {
        return;
    }
    if (!anchored) {
        verify_note(v, "without --anchor this cannot be seen: an older copy of the whole store put"
                       " in its place, a deleted end, a history rewritten by who has the key");
    }
    if (!anchored && v->options->public_key == NULL) {
        verify_note(v, "without --pubkey or --anchor this cannot be seen: everything made anew and"
                       " signed with another key");
    }
}

enum status store_verify(const struct store_verify_options *options,
                         struct store_verify_result *result,
                         void (*report)(struct str line, void *ctx), void *ctx, struct err *err) {
    *result = (struct store_verify_result){.unsealed_oldest_ns = TIME_NONE};
    struct verify v = {.options = options, .result = result, .report = report, .ctx = ctx};
    chain_init(&v.chain);
    bool whole = false;
    enum status status = check_chain(&v, &whole, err);
    if (status == STATUS_OK) {
        check_segments(&v);
        check_orphans(&v);
        if (whole) {
            check_rows(&v);
        } else {
            verify_damage(&v, "the rows were not checked, because the chain is damaged");
        }
        status = check_anchors(&v, err);
    }
    if (status == STATUS_OK) {
        status = check_public(&v, err);
    }
    if (status == STATUS_OK) {
        note_blind_spots(&v);
    }
    mem_free(v.checkpoints);
    chain_fini(&v.chain);
    return status;
}
