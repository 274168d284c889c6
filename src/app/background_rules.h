/*
 * New rules while the server runs: on demand (SIGHUP), or when the files of the rule folders have
 * changed and then stayed the same for one round, so that half an update is not taken. The set is
 * read and compiled in a thread of libuv's pool; the loop's thread then swaps it in between
 * batches.
 *
 * Failures: a set that cannot be read, or has no rule at all, is not taken: the old one goes on,
 * and the server is told.
 */
#ifndef KONSEKI_BACKGROUND_RULES_H
#define KONSEKI_BACKGROUND_RULES_H

#include <uv.h>

#include "surroundings.h"

struct background_rules {
    uv_loop_t *loop;
    const struct surroundings_options *options;
    /* The new set, owned by the callee, after the warnings about its rules. */
    void (*loaded)(struct sigma_rules *rules, size_t refused, void *ctx);
    void (*told)(const char *text, void *ctx);
    void *ctx;

    uv_work_t work;
    bool is_busy;
    bool is_wanted; /* load whether or not anything changed */
    bool is_stopping;
    uint64_t loaded_mark;  /* of the files when they were loaded last */
    uint64_t settled_mark; /* of the files at the last look */
    /* of the work under way */
    uint64_t mark;
    struct sigma_rules *fresh;
    size_t refused;
    struct buf warnings; /* lines */
    enum status status;
    struct err err;
};

/* Notes the files as they are now: call when the first set was just loaded. */
void background_rules_init(struct background_rules *b);
/* Looks whether files changed; `now`: loads in any case. Does nothing without rules. */
void background_rules_look(struct background_rules *b, bool now);
/* Nothing more is started; the loop must run until what runs has ended. */
void background_rules_stop(struct background_rules *b);

#endif
