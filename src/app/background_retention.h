/*
 * Keeping the rules of retention while the server runs: what is past its class and under no hold
 * expires, then what is no longer at hand goes to the archive. By hand: konseki expire, archive.
 *
 * A round works in a thread of libuv's pool with low priority, on a reader of its own: looking into
 * segments, hashing, copying, reading back. The loop's thread only commits what was prepared, in
 * the time of a seal, so receiving goes on. No merge may be started while a round is under way, and
 * no round while there is a merge: both would have the same segments in their hands.
 *
 * Failures: the store stays as it was, the server is told, and the next round tries again.
 */
#ifndef KONSEKI_BACKGROUND_RETENTION_H
#define KONSEKI_BACKGROUND_RETENTION_H

#include <uv.h>

#include "archive.h"
#include "expire.h"

struct background_retention {
    uv_loop_t *loop;
    struct store *store;
    const char *store_path;
    const char *archive_path; /* "": nothing is archived */
    /* The round is over. */
    void (*ended)(void *ctx);
    void (*failed)(const char *text, void *ctx);
    void *ctx;

    uv_work_t work;
    bool is_busy;
    bool is_archiving; /* the second half of the round */
    bool is_stopping;
    atomic_bool cancel;
    struct store *view;
    struct expire_act *expire;
    struct expire_result expired;
    struct archive_act *archive;
    struct archive_result archived;
    enum status status; /* of the thread's half */
    struct err err;
};

/* Starts a round, unless one is under way or the store has no rules. */
void background_retention_start(struct background_retention *b);
/* Nothing more is started, and what runs ends soon; the loop must run until it has. */
void background_retention_stop(struct background_retention *b);

#endif
