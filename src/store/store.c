/* Opening, closing, appending; what the store knows without reading segments. */
#include "bytes.h"
#include "chain_state.h"
#include "check.h"
#include "cpu.h"
#include "keys.h"
#include "leaf.h"
#include "mem.h"
#include "store_path.h"
#include "store_priv.h"

/* What an import holds in rows; the worker of a threaded one has scratch memory besides. Together
 * with the rest of the program an import stays below 256 MB. */
enum {
    DEFAULT_MEMORY_BYTES = 128 << 20,
    DEFAULT_THREADED_BYTES = 56 << 20,
    DEFAULT_LIVE_BYTES = 32 << 20
};

/* --- opening --- */

static enum status make_folders(const char *path, struct err *err) {
    static const char *const names[] = {"", "keys", "segments", "wal"};
    struct buf name = BUF_INIT;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names && status == STATUS_OK; i++) {
        status = file_make_dir(i == 0 ? path : store_path(&name, path, "%s", names[i]), err);
    }
    buf_fini(&name);
    return status;
}

/* Writers fold all of the chain themselves. */
static enum status load_chain(struct store *s, struct err *err) {
    enum status status = s->mode == STORE_READ ? chain_load(&s->chain, s->path, err)
                                               : chain_read_on(&s->chain, s->path, NULL, NULL, err);
    s->tree = s->chain.last.tree;
    s->next_log = s->chain.last.log_number > 0 ? s->chain.last.log_number : 1;
    return status;
}

static bool chain_exists(const struct store *s) {
    struct buf name = BUF_INIT;
    bool there = file_exists(store_path(&name, s->path, "chain"));
    buf_fini(&name);
    return there;
}

/* A chain without a whole checkpoint is a store whose making was interrupted. */
static enum status open_chain_file(struct store *s, struct err *err) {
    struct buf name = BUF_INIT;
    enum status status =
        file_open(&s->chain_file, store_path(&name, s->path, "chain"), FILE_APPEND, err);
    buf_fini(&name);
    if (status == STATUS_OK && s->chain.torn_bytes > 0) {
        status = file_truncate(&s->chain_file, s->chain.valid_bytes, err);
    }
    return status;
}

static void count_name(const char *name, void *ctx) {
    (void)name;
    ++*(size_t *)ctx;
}

/* Segments without any checkpoint: the chain was lost, and making a new one would drop them. */
static enum status refuse_lost_chain(const struct store *s, struct err *err) {
    struct buf dir = BUF_INIT;
    size_t count = 0;
    enum status status = file_list(store_path(&dir, s->path, "segments"), count_name, &count, err);
    if (status == STATUS_OK && count > 0) {
        status = err_set(err, STATUS_DAMAGED,
                         "%s holds %zu segments but no checkpoint: the file \"chain\" was lost;"
                         " restore it from a backup",
                         s->path, count);
    }
    buf_fini(&dir);
    return status;
}

static enum status open_writer(struct store *s, bool create, struct err *err) {
    struct buf name = BUF_INIT;
    enum status status = STATUS_OK;
    if (create) {
        status = make_folders(s->path, err);
    }
    if (status == STATUS_OK) {
        status = file_lock(&s->lock_fd, store_path(&name, s->path, "lock"), err);
    }
    bool fresh = status == STATUS_OK && !chain_exists(s);
    if (status == STATUS_OK && !fresh) {
        status = load_chain(s, err);
        fresh = s->chain.last.number == 0;
        archives_load(&s->archives, &s->chain);
    }
    if (status == STATUS_OK && fresh && !create) {
        status = err_set(err, STATUS_NOT_FOUND, "%s is no konseki store", s->path);
    }
    if (status == STATUS_OK && fresh) {
        status = refuse_lost_chain(s, err);
    }
    if (status == STATUS_OK) {
        const struct checkpoint *last = &s->chain.last;
        status = fresh ? keys_create(&s->keys, s->path, err)
                       : keys_open(&s->keys, s->path, last->public_key, last->next_key, err);
    }
    if (status == STATUS_OK) {
        s->sealer = sealer_create(s->path, &s->chain.next_segment, s->threaded);
        status = open_chain_file(s, err);
    }
    if (status == STATUS_OK) {
        s->state_bytes = chain_state_covers(s->path);
        status = store_find_garbage(s, err);
    }
    if (status == STATUS_OK) {
        status = tree_file_open(s, err);
    }
    if (status == STATUS_OK) {
        status = store_replay(s, err);
    }
    if (status == STATUS_OK) {
        status = store_remove_logs(s, err);
    }
    if (status == STATUS_OK && fresh) { /* the first checkpoint names the key */
        status = store_checkpoint(s, err);
    }
    if (status == STATUS_OK && fresh) {
        status = file_sync_dir(s->path, err);
    }
    buf_fini(&name);
    return status;
}

/* Takes what the chain got since; true if there was something. */
static bool chain_moved(struct chain *c, const char *path) {
    struct err ignored = ERR_INIT;
    uint64_t number = c->last.number;
    return chain_read_on(c, path, NULL, NULL, &ignored) == STATUS_OK && c->last.number != number;
}

static enum status open_reader(struct store *s, struct err *err) {
    if (!chain_exists(s)) {
        return err_set(err, STATUS_NOT_FOUND,
                       "%s is no konseki store (it has no file \"chain\"); make one with konseki"
                       " import --store %s PATH",
                       s->path, s->path);
    }
    /* While the mark is there no file of the chain that we read is removed. Without it (the file
     * system has no locks) we go on: then a merge may take a file away, which is told. */
    struct buf name = BUF_INIT;
    struct err ignored;
    (void)!file_lock_shared(&s->lock_fd, store_path(&name, s->path, "chain"), &ignored);
    buf_fini(&name);
    /* The writer may seal between our reading of the chain and of the logs: then again. */
    enum status status;
    do {
        unsealed_fini(&s->unsealed);
        chain_fini(&s->chain);
        chain_init(&s->chain);
        status = load_chain(s, err);
        if (status == STATUS_OK && s->sealed_only) {
            s->committed_end = s->chain.last.tree.size;
        } else if (status == STATUS_OK) {
            status = store_replay(s, err);
        }
    } while ((status == STATUS_OK || status == STATUS_NOT_FOUND) && !s->sealed_only &&
             chain_moved(&s->chain, s->path));
    archives_load(&s->archives, &s->chain);
    return status;
}

enum status store_open(struct store **out, const struct store_options *options, struct err *err) {
    struct store *s = mem_calloc(1, sizeof *s);
    const char *writer = options->writer_name != NULL ? options->writer_name : "konseki";
    s->path = mem_strdup(options->path, strlen(options->path));
    s->writer_name = mem_strdup(writer, strlen(writer));
    s->mode = options->mode;
    s->sealed_only = options->sealed_only;
    s->threaded = !options->one_thread && cpu_count() > 1;
    s->memory_bytes = s->mode == STORE_LIVE ? DEFAULT_LIVE_BYTES
                      : s->threaded         ? DEFAULT_THREADED_BYTES
                                            : DEFAULT_MEMORY_BYTES;
    if (options->memory_bytes > 0) {
        s->memory_bytes = options->memory_bytes;
    }
    s->reserve_bytes = options->reserve_bytes;
    s->wal = WAL_INIT;
    s->next_log = 1;
    s->lock_fd = -1;
    s->chain_file = FILE_INIT;
    chain_init(&s->chain);
    enum status status =
        s->mode == STORE_READ ? open_reader(s, err) : open_writer(s, options->create, err);
    if (status != STATUS_OK) {
        store_close(&s);
        return status;
    }
    *out = s;
    return STATUS_OK;
}

/* Not while the chain's sequence numbers run ahead of its last checkpoint. */
static void save_state(struct store *s) {
    bool is_sealed = s->tree.size == s->chain.last.tree.size && s->failed.status == STATUS_OK;
    if (s->mode != STORE_READ && s->chain_file.fd >= 0 && is_sealed) {
        chain_save_state(&s->chain, s->path, &s->state_bytes, STATE_AT_CLOSE);
    }
}

void store_close(struct store **store) {
    struct store *s = *store;
    if (s == NULL) {
        return;
    }
    CHECK(s->merges == NULL); /* store_merge_end comes first */
    store_sweep(s);
    save_state(s);
    sealer_destroy(&s->sealer);
    file_close(&s->chain_file);
    wal_close(&s->wal);
    unsealed_fini(&s->unsealed);
    chain_fini(&s->chain);
    mem_free(s->pending);
    mem_free(s->fates);
    mem_free(s->notes);
    mem_free(s->missing);
    arena_fini(&s->note_texts);
    archives_fini(&s->archives);
    mem_free(s->unmergeable);
    mem_free(s->garbage);
    mem_free(s->inputs);
    arena_fini(&s->input_texts);
    keys_close(&s->keys);
    tree_file_fini(&s->tree_file);
    file_unlock(&s->lock_fd);
    mem_free(s->writer_name);
    mem_free(s->path);
    mem_free(s);
    *store = NULL;
}

/* --- appending --- */

static struct leaf leaf_of(const struct batch *b, const struct row *row) {
    return (struct leaf){intern_text(&b->names, row->source), row->sequence, row->receive_ns,
                         batch_raw(b, row)};
}

void store_leaf(uint8_t out[SHA256_BYTES], const struct batch *b, const struct row *row) {
    const struct leaf leaf = leaf_of(b, row);
    leaf_hash(out, &leaf);
}

/* The leaves of rows that are numbered; not more than LEAF_GROUP. */
static void add_leaves(struct store *s, const struct batch *b, size_t first, size_t count) {
    struct leaf leaves[LEAF_GROUP];
    uint8_t hashes[LEAF_GROUP][SHA256_BYTES];
    for (size_t i = 0; i < count; i++) {
        leaves[i] = leaf_of(b, &b->rows[first + i]);
    }
    leaf_hash_many(hashes, leaves, count);
    tree_file_add_many(&s->tree_file, &s->tree, hashes, count);
}

/* Arrival and sequence numbers. */
static void number_rows(struct store *s, struct batch *batch) {
    uint32_t *sources = mem_alloc(((size_t)batch->names.count + 1) * sizeof *sources);
    memset(sources, 0xff, ((size_t)batch->names.count + 1) * sizeof *sources);
    for (size_t i = 0; i < batch->row_count; i++) {
        struct row *row = &batch->rows[i];
        CHECK(row->source < batch->names.count);
        uint32_t *source = &sources[row->source];
        if (*source == INTERN_NONE) {
            *source = chain_source(&s->chain, intern_text(&batch->names, row->source));
        }
        row->arrival = s->tree.size + i;
        row->sequence = chain_next_sequence(&s->chain, *source);
    }
    mem_free(sources);
}

/* The tree grows by the batch; in groups that begin where those of the tree do. */
static void grow_tree(struct store *s, const struct batch *batch) {
    size_t first = 0;
    while (first < batch->row_count) {
        size_t count = LEAF_GROUP - (size_t)(s->tree.size % LEAF_GROUP);
        count = count < batch->row_count - first ? count : batch->row_count - first;
        add_leaves(s, batch, first, count);
        first += count;
    }
}

/* BULK: rows go straight to where their segment is made. Rows that a killed server left in its log
 * came before them. */
static enum status seal_rows(struct store *s, const struct batch *batch, struct err *err) {
    enum status status = store_drain(s, err);
    unsealed_fini(&s->unsealed);
    for (size_t i = 0; i < batch->row_count && status == STATUS_OK; i++) {
        status = sealer_add(s->sealer, batch, &batch->rows[i], err);
    }
    if (status == STATUS_OK) {
        status = sealer_spill(s->sealer, s->memory_bytes, err);
    }
    return status == STATUS_OK ? STATUS_OK : store_fail(s, status, err);
}

/* Better no row than half of one: what is refused here was not numbered, and is not acknowledged.
 */
static enum status check_reserve(const struct store *s, struct err *err) {
    uint64_t free_bytes = 0;
    if (s->reserve_bytes == 0) {
        return STATUS_OK;
    }
    enum status status = file_free_bytes(&free_bytes, s->path, err);
    if (status == STATUS_OK && free_bytes < s->reserve_bytes) {
        status =
            err_set(err, STATUS_ENVIRONMENT,
                    "the disk of %s has %llu bytes free, less than the reserve of %llu"
                    " (disk.reserve): nothing more is accepted; free space, archive or expire",
                    s->path, (unsigned long long)free_bytes, (unsigned long long)s->reserve_bytes);
    }
    return status;
}

enum status store_append(struct store *s, struct batch *batch, struct err *err) {
    enum status status = store_check(s, err);
    CHECK(s->mode != STORE_READ);
    if (status != STATUS_OK || batch->row_count == 0) {
        return status;
    }
    status = check_reserve(s, err);
    if (status != STATUS_OK) {
        return status;
    }
    number_rows(s, batch);
    grow_tree(s, batch);
    if (s->mode == STORE_BULK) {
        return seal_rows(s, batch, err);
    }
    unsealed_add(&s->unsealed, batch);
    return store_log_append(s, batch, err);
}

enum status store_note_input(struct store *s, const struct store_input *input, struct err *err) {
    enum status status = store_check(s, err);
    if (status != STATUS_OK) {
        return status;
    }
    MEM_GROW(s->inputs, s->input_capacity, s->input_count + 1);
    s->inputs[s->input_count] = *input;
    s->inputs[s->input_count++].path = arena_str(&s->input_texts, input->path);
    return STATUS_OK;
}

bool store_find_input(const struct store *s, const uint8_t sha256[32], struct store_input *out) {
    for (size_t i = 0; i < s->chain.input_count; i++) {
        if (memcmp(s->chain.inputs[i].sha256, sha256, SHA256_BYTES) == 0) {
            *out = s->chain.inputs[i];
            return true;
        }
    }
    return false;
}
