/*
 * Merging while the server runs: one merge at a time in a thread of libuv's pool, with low
 * priority. Everything that touches the store happens in the loop's thread; a merge itself touches
 * only files (store.h, "merging").
 *
 * Failures: a merge that fails leaves the store as it was; the server is told and goes on.
 */
#ifndef KONSEKI_BACKGROUND_MERGE_H
#define KONSEKI_BACKGROUND_MERGE_H

#include <uv.h>

#include "store.h"

struct background_merge {
    uv_loop_t *loop;
    struct store *store;
    /* Merges were taken in and wait for the next seal: seal now. */
    void (*merged)(void *ctx);
    void (*failed)(const char *text, void *ctx);
    void *ctx;

    uv_work_t work;
    struct store_merge *merge; /* NULL: idle */
    enum status status;        /* of the run */
    struct err err;
    bool is_stopping;
    uint64_t count; /* merges taken in */
};

/* Starts a merge if one is worth it and none runs. Call after seals. */
void background_merge_start(struct background_merge *b);
/* Nothing more is started, and what runs ends soon; the loop must run until it has. */
void background_merge_stop(struct background_merge *b);

#endif
