#include "background_retention.h"

#include "clock.h"
#include "cpu.h"
#include "mem.h"

#define ACTOR "konseki serve"

static bool has_rules(const struct store *store) {
    struct retention *rules = mem_calloc(1, sizeof *rules);
    retention_load(rules, store_get_chain(store));
    bool has = rules->note > 0;
    retention_fini(rules);
    mem_free(rules);
    return has;
}

/* --- in the pool's thread --- */

static enum status prepare(struct background_retention *b) {
    struct store_options reading = {
        .path = b->store_path, .mode = STORE_READ, .sealed_only = true, .one_thread = true};
    enum status status = store_open(&b->view, &reading, &b->err);
    if (status != STATUS_OK) {
        return status;
    }
    if (b->is_archiving) {
        const struct archive_options move = {.folder = b->archive_path,
                                             .label = STR_EMPTY,
                                             .by = STR(ACTOR),
                                             .now_ns = clock_wall_ns(),
                                             .cancel = &b->cancel};
        return archive_prepare(&b->archive, b->view, &move, &b->archived, &b->err);
    }
    const struct expire_options expiry = {
        .by = STR(ACTOR), .now_ns = clock_wall_ns(), .cancel = &b->cancel};
    return expire_prepare(&b->expire, b->view, &expiry, &b->expired, &b->err);
}

static void run(uv_work_t *work) {
    struct background_retention *b = work->data;
    cpu_lower_priority(); /* the pool does nothing else in a server */
    b->status = prepare(b);
}

/* --- in the loop's thread --- */

static void end(uv_work_t *work, int cancelled);

static void start_half(struct background_retention *b) {
    b->err = ERR_INIT;
    b->status = STATUS_CANCELLED;
    b->work.data = b;
    b->is_busy = uv_queue_work(b->loop, &b->work, run, end) == 0;
}

static enum status commit(struct background_retention *b) {
    enum status status = b->status;
    if (status == STATUS_OK && b->expire != NULL) {
        status = expire_commit(&b->expire, b->store, &b->expired, &b->err);
    }
    if (status == STATUS_OK && b->archive != NULL) {
        status = archive_commit(&b->archive, b->store, &b->archived, &b->err);
    }
    return status;
}

static void end(uv_work_t *work, int cancelled) {
    struct background_retention *b = work->data;
    (void)cancelled; /* uv_cancel is not used: a half that never ran counts as cancelled itself */
    enum status status = b->is_stopping ? STATUS_CANCELLED : commit(b);
    expire_discard(&b->expire);
    archive_discard(&b->archive);
    store_close(&b->view);
    b->is_busy = false;
    if (status != STATUS_OK && status != STATUS_CANCELLED) {
        b->failed(b->err.message, b->ctx);
    } else if (!b->is_archiving && !b->is_stopping && b->archive_path[0] != '\0') {
        b->is_archiving = true;
        start_half(b);
    }
    if (!b->is_busy && !b->is_stopping) {
        b->ended(b->ctx);
    }
}

void background_retention_start(struct background_retention *b) {
    if (b->is_busy || b->is_stopping || !has_rules(b->store)) {
        return;
    }
    b->is_archiving = false;
    start_half(b);
}

void background_retention_stop(struct background_retention *b) {
    b->is_stopping = true;
    atomic_store(&b->cancel, true);
}
