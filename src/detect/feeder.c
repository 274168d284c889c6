#include "feeder.h"

static const int64_t shortest_slice_ns = NS_PER_MINUTE;

void feeder_init(struct feeder *feeder, struct store *store, struct analysis_run *run,
                 size_t limit_bytes) {
    *feeder = (struct feeder){
        .store = store, .run = run, .step_ns = NS_PER_DAY, .limit_bytes = limit_bytes};
    slice_init(&feeder->slice);
}

void feeder_fini(struct feeder *feeder) {
    slice_fini(&feeder->slice);
}

enum status feeder_feed(struct feeder *f, int64_t from_ns, int64_t to_ns, struct err *err) {
    while (from_ns < to_ns) {
        int64_t step = f->step_ns < to_ns - from_ns ? f->step_ns : to_ns - from_ns;
        struct slice_range range = {from_ns, from_ns + step, f->filter,
                                    step <= shortest_slice_ns ? SIZE_MAX : f->limit_bytes};
        bool too_big;
        enum status status = slice_read(&f->slice, f->store, f->run, &range, &too_big, err);
        if (status != STATUS_OK) {
            return status;
        }
        if (too_big) {
            f->step_ns = step / 2 > shortest_slice_ns ? step / 2 : shortest_slice_ns;
            continue;
        }
        for (size_t i = 0; i < f->slice.rows.row_count; i++) {
            run_feed(f->run, &f->slice.rows, &f->slice.rows.rows[f->slice.order[i]]);
        }
        from_ns += step;
        if (slice_size_bytes(&f->slice) < f->limit_bytes / 4 && f->step_ns < NS_PER_DAY) {
            f->step_ns *= 2;
        }
    }
    return STATUS_OK;
}
