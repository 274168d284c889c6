/*
 * Files of segments that are no part of the store any more.
 *
 * One that was never committed (its number is above all that the chain knows, or it is what a merge
 * was writing) can go at once. One that was merged, archived or expired may still be wanted by a
 * reader that read the chain before. Readers hold a shared lock on the file "chain" as long as they
 * are open, so whoever gets the exclusive one after the checkpoint knows that nobody needs the old
 * files: a later reader reads the later chain. Getting it never waits, and readers never wait for
 * more than the removals.
 */
#include <stdlib.h>

#include "kept.h"
#include "mem.h"
#include "store_path.h"
#include "store_priv.h"

struct listing {
    struct store *store;
    uint64_t *live; /* numbers of the segments in DIR/segments, ascending */
    size_t live_count;
    enum status status;
    struct err *err;
};

static int compare_numbers(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The number of "0000000042.seg"; false for any other name. */
static bool parse_name(uint64_t *out, const char *name) {
    uint64_t number = 0;
    size_t digits = 0;
    while (name[digits] >= '0' && name[digits] <= '9' && digits < 19) {
        number = number * 10 + (uint64_t)(name[digits++] - '0');
    }
    *out = number;
    return digits >= 10 && strcmp(name + digits, ".seg") == 0;
}

static void look_at(const char *name, void *ctx) {
    struct listing *l = ctx;
    struct store *s = l->store;
    uint64_t number;
    bool is_segment = parse_name(&number, name);
    if (is_segment &&
        bsearch(&number, l->live, l->live_count, sizeof number, compare_numbers) != NULL) {
        return;
    }
    if (is_segment && number < s->chain.next_segment) {
        store_add_garbage(s, number);
    } else if (l->status == STATUS_OK) {
        struct buf path = BUF_INIT;
        l->status = file_remove(store_path(&path, s->path, "segments/%s", name), l->err);
        buf_fini(&path);
    }
}

enum status store_find_garbage(struct store *s, struct err *err) {
    struct listing l = {.store = s, .err = err};
    l.live = mem_alloc((s->chain.segment_count + 1) * sizeof *l.live);
    for (size_t i = 0; i < s->chain.segment_count; i++) {
        if (s->chain.segments[i].place == 0) {
            l.live[l.live_count++] = s->chain.segments[i].number;
        }
    }
    qsort(l.live, l.live_count, sizeof *l.live, compare_numbers);
    struct buf dir = BUF_INIT;
    enum status status = file_list(store_path(&dir, s->path, "segments"), look_at, &l, err);
    buf_fini(&dir);
    mem_free(l.live);
    store_sweep(s);
    return status == STATUS_OK ? l.status : status;
}

void store_add_garbage(struct store *s, uint64_t number) {
    MEM_GROW(s->garbage, s->garbage_capacity, s->garbage_count + 1);
    s->garbage[s->garbage_count++] = number;
}

void store_keep_file(struct store *s, uint64_t number) {
    size_t kept = 0;
    for (size_t i = 0; i < s->garbage_count; i++) {
        if (s->garbage[i] != number) {
            s->garbage[kept++] = s->garbage[i];
        }
    }
    s->garbage_count = kept;
}

struct stale {
    const struct store *store;
    struct buf current; /* "expired/..." */
};

static void remove_stale(const char *name, void *ctx) {
    struct stale *stale = ctx;
    struct str current = buf_str(&stale->current);
    struct err ignored;
    if (!str_ends(current, str_from_c(name)) || current.len != strlen(name) + strlen("expired/")) {
        struct buf path = BUF_INIT;
        (void)!file_remove(store_path(&path, stale->store->path, "expired/%s", name), &ignored);
        buf_fini(&path);
    }
}

/* Hashes of expired rows: all files but the one in force. */
static void sweep_hashes(const struct store *s) {
    struct stale stale = {s, BUF_INIT};
    struct buf dir = BUF_INIT;
    struct err ignored;
    (void)kept_file_name(&stale.current, &s->chain);
    if (file_exists(store_path(&dir, s->path, "expired"))) {
        (void)!file_list(dir.ptr, remove_stale, &stale, &ignored);
    }
    buf_fini(&dir);
    buf_fini(&stale.current);
}

void store_sweep(struct store *s) {
    struct buf path = BUF_INIT;
    struct err ignored; /* what stays is tried again by the next sweep or opening */
    int lock = -1;
    if (s->garbage_count > 0 &&
        file_lock(&lock, store_path(&path, s->path, "chain"), &ignored) == STATUS_OK) {
        for (size_t i = 0; i < s->garbage_count; i++) {
            (void)!file_remove(store_path_segment(&path, s->path, s->garbage[i]), &ignored);
        }
        s->garbage_count = 0;
        sweep_hashes(s);
        file_unlock(&lock);
    }
    buf_fini(&path);
}
