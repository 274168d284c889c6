/*
 * The files of a store against what the chain says: every byte of every segment, the file `tree`,
 * and the logs. Two threads take segments in turn; what they find is told in the segments' order.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "cpu.h"
#include "file_io.h"
#include "i18n.h"
#include "kept.h"
#include "mem.h"
#include "store_path.h"
#include "tree_file.h"
#include "verify_priv.h"
#include "wal.h"

enum { MAX_THREADS = 8 };

/* --- segments --- */

struct segment_job {
    struct buf lines; /* each ends with a newline */
    struct store_verify_result result;
};

struct segment_jobs {
    struct verify *v;
    struct segment_job *jobs; /* one a segment */
    atomic_size_t next;
};

static void keep_line(struct str line, void *ctx) {
    struct segment_job *job = ctx;
    buf_add(&job->lines, line);
    buf_putc(&job->lines, '\n');
}

/* NULL: in an archive that is offline. */
static const char *verify_segment_path(struct buf *out, const struct verify *v,
                                       const struct segment_info *info) {
    const struct archive *a = archives_find(&v->archives, info->place);
    if (info->place == 0) {
        return store_path_segment(out, v->options->path, info->number);
    }
    return a != NULL && a->is_online ? archive_segment_path(out, a->path.ptr, info->number) : NULL;
}

static void *check_some(void *arg) {
    struct segment_jobs *all = arg;
    const struct chain *chain = &all->v->chain;
    struct buf path = BUF_INIT;
    size_t i;
    while ((i = atomic_fetch_add(&all->next, 1)) < chain->segment_count) {
        struct segment_job *job = &all->jobs[i];
        struct verify own = {
            .options = all->v->options, .result = &job->result, .report = keep_line, .ctx = job};
        const struct segment_info *info = &chain->segments[i];
        const char *name = verify_segment_path(&path, all->v, info);
        if (name != NULL) {
            verify_segment(&own, name, info);
        }
    }
    buf_fini(&path);
    return NULL;
}

static void tell(struct verify *v, struct segment_job *job) {
    struct str rest = buf_str(&job->lines);
    while (rest.len > 0) {
        size_t end = str_find_char(rest, '\n');
        v->report(str_head(rest, end), v->ctx);
        rest = str_skip(rest, end + 1);
    }
    v->result->damaged = v->result->damaged || job->result.damaged;
    buf_fini(&job->lines);
}

static void check_segments(struct verify *v) {
    size_t count = v->chain.segment_count;
    struct segment_jobs all = {.v = v, .jobs = mem_calloc(count + 1, sizeof *all.jobs)};
    pthread_t threads[MAX_THREADS];
    unsigned started = 0;
    unsigned wanted = cpu_count() < MAX_THREADS ? cpu_count() : MAX_THREADS;
    while (started + 1 < wanted && started + 1 < count &&
           pthread_create(&threads[started], NULL, check_some, &all) == 0) {
        started++;
    }
    (void)check_some(&all);
    for (unsigned i = 0; i < started; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < count; i++) {
        tell(v, &all.jobs[i]);
    }
    mem_free(all.jobs);
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

/* --- the tree file --- */

/* Complete groups of the signed tree: their roots must give its complete subtrees. */
static bool tree_fits(const struct merkle *tree, const uint8_t *nodes) {
    struct merkle made = {.size = 0};
    uint64_t groups = tree->size >> TREE_LEVEL;
    for (uint64_t g = 0; g < groups; g++) {
        uint8_t block[2][SHA256_BYTES];
        merkle_add_subtree(&made, nodes + tree_file_group_at(g) * SHA256_BYTES, TREE_LEVEL);
        if ((g + 1) % TREE_BLOCK_GROUPS != 0) {
            continue;
        }
        /* the block's node is where a subtree of its level just came to be */
        struct merkle last = {.size = 0};
        uint64_t first = g + 1 - TREE_BLOCK_GROUPS;
        for (uint64_t i = first; i <= g; i++) {
            merkle_add(&last, nodes + tree_file_group_at(i) * SHA256_BYTES);
        }
        merkle_root(&last, block[0]);
        const uint8_t *kept = nodes + tree_file_block_at(g / TREE_BLOCK_GROUPS) * SHA256_BYTES;
        if (memcmp(block[0], kept, SHA256_BYTES) != 0) {
            return false;
        }
    }
    for (unsigned level = TREE_LEVEL; level < 64; level++) {
        if ((tree->size >> level & 1) != 0 &&
            memcmp(made.nodes[level], tree->nodes[level], SHA256_BYTES) != 0) {
            return false;
        }
    }
    return true;
}

static void check_tree(struct verify *v) {
    struct buf path = BUF_INIT;
    struct file_map map = {NULL, 0, false};
    struct err err = ERR_INIT;
    const struct merkle *tree = &v->chain.last.tree;
    uint64_t wanted = tree_file_nodes(tree->size) * SHA256_BYTES;
    enum status status = file_map(&map, store_path(&path, v->options->path, "tree"), false, &err);
    buf_fini(&path);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        verify_damage(v, "%s", err.message);
        return;
    }
    if (map.size_bytes < wanted) {
        verify_damage(v,
                      "tree has %zu bytes instead of %llu: it was cut or deleted; the next writer"
                      " makes it anew from the rows",
                      map.size_bytes, (unsigned long long)wanted);
    } else if (!tree_fits(tree, map.bytes)) {
        verify_damage(v, "tree was changed: its nodes do not give the signed root; delete it, and"
                         " the next writer makes it anew from the rows");
    }
    file_unmap(&map);
}

/* --- logs --- */

static enum status pass_batch(struct batch *batch, void *ctx, struct err *err) {
    (void)batch;
    (void)ctx;
    (void)err;
    return STATUS_OK;
}

/* What stands behind the last whole group is a write that was cut short, or changed bytes: nothing
 * signed tells them apart. */
static void check_logs(struct verify *v) {
    uint64_t *numbers = NULL;
    size_t count = 0;
    struct err err = ERR_INIT;
    struct buf path = BUF_INIT;
    if (wal_list(&numbers, &count, v->options->path, v->chain.last.log_number, &err) != STATUS_OK) {
        verify_damage(v, "%s", err.message);
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t torn = 0;
        const char *name = store_path_log(&path, v->options->path, numbers[i]);
        if (wal_replay(&torn, name, pass_batch, NULL, &err) != STATUS_OK) {
            verify_damage(v, "%s", err.message);
        } else if (torn > 0) {
            verify_note(v,
                        "%s: its last %llu bytes are no whole group: a write that was interrupted"
                        " (nothing of it was acknowledged), or bytes that were changed; they are"
                        " not sealed, so nothing signed tells which",
                        name, (unsigned long long)torn);
        }
    }
    mem_free(numbers);
    buf_fini(&path);
}

/* --- what expired --- */

static void check_kept(struct verify *v) {
    struct kept kept;
    struct err err = ERR_INIT;
    uint64_t expired = 0;
    for (size_t i = 0; i < v->chain.expired_count; i++) {
        expired += v->chain.expired[i].info.rows;
    }
    if (kept_open(&kept, v->options->path, &v->chain, true, &err) != STATUS_OK) {
        verify_damage(v, "%s", err.message);
    } else if (kept.count > 0 && kept_rows(&kept) != expired) {
        verify_damage(v, "the kept hashes cover %llu rows, but %llu expired",
                      (unsigned long long)kept_rows(&kept), (unsigned long long)expired);
    }
    kept_close(&kept);
}

void verify_files(struct verify *v) {
    check_segments(v);
    verify_archives(v);
    check_kept(v);
    verify_expiry(v);
    check_orphans(v);
    check_tree(v);
    check_logs(v);
}
