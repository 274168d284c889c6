#include "detect_stored.h"

#include "rule_watch.h"

/* Hits are committed after this many events, so that a long run keeps what it found. */
enum { COMMIT_EVENTS = 1000000 };

static enum status watch_rows(struct rule_watch *watch, struct store_scan *scan,
                              struct detect_stored_counts *counts, struct err *err) {
    struct batch batch;
    bool more = true;
    uint64_t uncommitted = 0;
    enum status status = STATUS_OK;
    batch_init(&batch);
    while (status == STATUS_OK && more) {
        status = store_scan_next(scan, &batch, &more, err);
        if (status == STATUS_OK) {
            status = rule_watch_batch(watch, &batch, err);
        }
        counts->events += batch.row_count;
        uncommitted += batch.row_count;
        if (status == STATUS_OK && !more) {
            status = rule_watch_finish(watch, err);
        }
        if (status == STATUS_OK && (uncommitted >= COMMIT_EVENTS || !more)) {
            status = rule_watch_commit(watch, err);
            uncommitted = 0;
        }
    }
    batch_fini(&batch);
    return status;
}

static enum status run_rules(struct surroundings *around, int64_t from_ns, int64_t to_ns,
                             struct detect_stored_counts *counts, struct err *err) {
    struct store_scan_options options = STORE_SCAN_ALL;
    options.from_ns = from_ns;
    options.to_ns = to_ns;
    options.all_fields = true;
    options.want_raw = true; /* keywords look at the text of unknown lines */
    struct store_scan *scan = NULL;
    enum status status = store_scan_open(&scan, around->store, &options, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct rule_watch *watch = rule_watch_create(&(struct rule_watch_options){
        .rules = around->rules, .site = around->site, .db = around->db});
    status = watch_rows(watch, scan, counts, err);
    counts->rule_hits = rule_watch_hits(watch);
    counts->correlation = rule_watch_correlation(watch);
    counts->rule_hits_suppressed = rule_watch_suppressed(watch);
    rule_watch_destroy(&watch);
    store_scan_close(&scan);
    return status;
}

enum status detect_run_analyses(struct surroundings *surroundings, struct runner_counts *counts,
                                struct err *err) {
    struct runner *runner = NULL;
    struct runner_options options = {.store = surroundings->store,
                                     .db = surroundings->db,
                                     .site = surroundings->site,
                                     .iocs = surroundings->iocs};
    enum status status = runner_create(&runner, &options, err);
    if (status == STATUS_OK) {
        status = runner_catch_up(runner, err);
    }
    if (status == STATUS_OK) {
        *counts = *runner_get_counts(runner);
    }
    runner_destroy(&runner);
    return status;
}

enum status detect_stored(struct surroundings *surroundings, int64_t from_ns, int64_t to_ns,
                          struct detect_stored_counts *counts, struct err *err) {
    *counts = (struct detect_stored_counts){0};
    enum status status = STATUS_OK;
    if (surroundings->rules != NULL) {
        status = run_rules(surroundings, from_ns, to_ns, counts, err);
    }
    return status == STATUS_OK ? detect_run_analyses(surroundings, &counts->analyses, err) : status;
}
