#include "background_merge.h"

#include "cpu.h"

static void run(uv_work_t *work) {
    struct background_merge *b = work->data;
    cpu_lower_priority(); /* the pool does nothing else in a server */
    b->status = store_merge_run(b->merge, &b->err);
}

/* In the loop's thread. */
static void end(uv_work_t *work, int cancelled) {
    struct background_merge *b = work->data;
    (void)cancelled; /* uv_cancel is not used: a merge that never ran counts as cancelled itself */
    enum status taken = store_merge_end(b->store, &b->merge, &b->err);
    if (b->status == STATUS_OK && taken == STATUS_OK) {
        b->count++;
        background_merge_start(b);
        if (b->merge == NULL && !b->is_stopping) {
            b->merged(b->ctx);
        }
    } else if (b->status != STATUS_CANCELLED) {
        b->failed(b->err.message, b->ctx);
    }
}

void background_merge_start(struct background_merge *b) {
    if (b->merge != NULL || b->is_stopping) {
        return;
    }
    b->merge = store_merge_begin(b->store, false);
    if (b->merge == NULL) {
        return;
    }
    b->err = ERR_INIT;
    b->status = STATUS_CANCELLED;
    b->work.data = b;
    if (uv_queue_work(b->loop, &b->work, run, end) != 0) {
        (void)!store_merge_end(b->store, &b->merge, NULL); /* nothing was written */
    }
}

void background_merge_stop(struct background_merge *b) {
    b->is_stopping = true;
    if (b->merge != NULL) {
        store_merge_cancel(b->merge);
    }
}
