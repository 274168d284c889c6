#include "scan.h"

#include "event_copies.h"
#include "scan_threads.h"
#include "sigma_profile.h"

struct scan {
    const struct scan_options *options;
    struct scan_counts *counts;
    struct sigma_matcher *matcher;       /* NULL: no rules */
    struct sigma_correlator *correlator; /* NULL: no correlations */
    struct err err;                      /* the correlator's */
    /* of the batch that other threads matched; NULL: this one matches */
    const struct scan_findings *findings;
    size_t next_finding;
    /* of the row being matched */
    const struct batch *batch;
    const struct row *row;
    struct str file;
    struct event_copies *copies; /* NULL: nobody asked */
    enum { NOT_ASKED, FIRST, COPY } seen;
    bool stopped; /* the caller has had enough */
};

/* Asked once an event, and only of events with hits. */
static bool is_copy(struct scan *scan) {
    if (scan->copies != NULL && scan->seen == NOT_ASKED) {
        scan->seen = event_copies_has(scan->copies, scan->batch, scan->row) ? COPY : FIRST;
        scan->counts->copies += scan->seen == COPY ? 1 : 0;
        scan->counts->forgotten = event_copies_forgotten(scan->copies);
    }
    return scan->seen == COPY;
}

/* The site file may give it another level: that is asked after the tuning. */
static bool is_asked_for(const struct sigma_rule_info *rule, const void *ctx) {
    const struct scan_options *options = ctx;
    return (options->tuning != NULL || rule->level >= options->least_level) &&
           (options->wanted == NULL || wanted_rules_admits(options->wanted, rule));
}

static void count_hit(struct scan_counts *counts, const struct sigma_rule_info *rule,
                      bool suppressed) {
    counts->suppressed += suppressed ? 1 : 0;
    counts->hits += suppressed ? 0 : 1;
    counts->hits_by_level[rule->level] += suppressed ? 0 : 1;
}

static void found(const struct sigma_hit *sigma, void *ctx) {
    struct scan *scan = ctx;
    struct sigma_hit tuned = *sigma;
    if (scan->stopped || !is_asked_for(sigma->rule, scan->options)) {
        return; /* it was looked for because a correlation refers to it */
    }
    const struct site_rule *suppressed_by =
        rule_tuning_apply(scan->options->tuning, &tuned, scan->batch, scan->row);
    if (tuned.rule->level < scan->options->least_level || is_copy(scan)) {
        return;
    }
    count_hit(scan->counts, tuned.rule, suppressed_by != NULL);
    if ((suppressed_by != NULL) != scan->options->only_suppressed) {
        return;
    }
    const struct scan_hit hit = {&tuned, scan->batch, scan->row, scan->file, suppressed_by};
    scan->stopped = !scan->options->hit(&hit, scan->options->ctx);
}

/* --- correlations --- */

static void correlated(const struct sigma_correlation_hit *hit, void *ctx) {
    struct scan *scan = ctx;
    struct sigma_hit tuned = {.rule = hit->rule};
    if (scan->stopped || !is_asked_for(hit->rule, scan->options)) {
        return;
    }
    const struct site_rule *suppressed_by = rule_tuning_apply_group(
        scan->options->tuning, &tuned, hit->group_fields, hit->group_values, hit->group_count);
    if (tuned.rule->level < scan->options->least_level) {
        return;
    }
    count_hit(scan->counts, tuned.rule, suppressed_by != NULL);
    if ((suppressed_by != NULL) != scan->options->only_suppressed ||
        scan->options->correlated == NULL) {
        return;
    }
    const struct scan_correlation told = {hit, tuned.rule, suppressed_by};
    scan->stopped = !scan->options->correlated(&told, scan->options->ctx);
}

static void correlator_failed(struct scan *scan) {
    scan->options->failed("", &scan->err, scan->options->ctx);
    scan->counts->files.unreadable++; /* what is told is not whole */
    sigma_matcher_feed(scan->matcher, NULL, NULL);
    sigma_correlator_destroy(&scan->correlator);
}

/* Hits of rules that follow are those of this row. */
static void begin_row(struct scan *scan) {
    const struct row *row = scan->row;
    const struct sigma_event_place place = {
        .origin = scan->file, .record = row->record_id, .line = row->line, .idx = row->idx};
    if (scan->correlator != NULL && (row->flags & ROW_TIME_RECEIVED) != 0) {
        sigma_correlator_timeless_event(scan->correlator); /* it would be of now */
        return;
    }
    if (scan->correlator != NULL &&
        sigma_correlator_event(scan->correlator, row->time_ns, &place, &scan->err) != STATUS_OK) {
        correlator_failed(scan);
    }
}

/* An event that was seen before counts for no window again. */
static void take(const struct sigma_feed *feed, void *ctx) {
    struct scan *scan = ctx;
    if (!is_copy(scan)) {
        sigma_correlator_take(feed, scan->correlator);
    }
}

static void open_correlator(struct scan *scan) {
    const struct sigma_correlator_options options = {
        .rules = scan->options->rules, .hit = correlated, .ctx = scan};
    scan->correlator = sigma_correlator_create(&options);
    if (scan->correlator != NULL) {
        sigma_matcher_feed(scan->matcher, take, scan);
    }
}

static void finish_correlator(struct scan *scan) {
    if (scan->correlator == NULL || scan->stopped) {
        return;
    }
    enum status s = sigma_correlator_finish(scan->correlator, &scan->err);
    scan->counts->correlation = sigma_correlator_counts(scan->correlator);
    if (s != STATUS_OK) {
        correlator_failed(scan);
    }
}

/* --- rows --- */

static void count_event(struct scan_counts *counts, const struct row *row) {
    counts->events++;
    counts->by_dataset[row->dataset]++;
    if ((row->flags & ROW_TIME_RECEIVED) != 0) {
        return; /* no time of its own */
    }
    counts->first_ns = row->time_ns < counts->first_ns || counts->first_ns == TIME_NONE
                           ? row->time_ns
                           : counts->first_ns;
    counts->last_ns = row->time_ns > counts->last_ns ? row->time_ns : counts->last_ns;
}

static void match(struct scan *scan, const struct batch *batch, const struct row *row) {
    if (scan->findings == NULL) {
        sigma_match_row(scan->matcher, batch, row, found, scan);
    } else {
        scan_findings_tell(scan->findings, &scan->next_finding, (size_t)(row - batch->rows), found,
                           scan->correlator != NULL ? take : NULL, scan);
    }
}

static void scan_event(struct scan *scan, const struct batch *batch, const struct row *row) {
    const struct event_filter *events = scan->options->events;
    if (events != NULL && !event_filter_admits(events, batch, row)) {
        scan->counts->filtered++;
        return;
    }
    uint64_t hits = scan->counts->hits;
    count_event(scan->counts, row);
    scan->seen = NOT_ASKED;
    if ((row->flags & ROW_DAMAGED) != 0) {
        scan->counts->damaged++;
    } else if (scan->matcher != NULL) {
        begin_row(scan);
        match(scan, batch, row);
    }
    scan->counts->events_with_hits += scan->counts->hits > hits ? 1 : 0;
}

static bool scan_batch(const struct batch *batch, struct str file, void *ctx) {
    struct scan *scan = ctx;
    scan->batch = batch;
    scan->file = file;
    if (scan->options->seen != NULL) {
        scan->options->seen(batch, file, scan->options->ctx);
    }
    for (size_t i = 0; i < batch->row_count && !scan->stopped; i++) {
        scan->row = &batch->rows[i];
        if (file_rows_is_event(scan->row)) {
            scan_event(scan, batch, scan->row);
        }
    }
    return !scan->stopped;
}

static bool tell_batch(const struct batch *batch, const struct scan_findings *findings,
                       struct str file, void *ctx) {
    struct scan *scan = ctx;
    scan->findings = findings;
    scan->next_finding = 0;
    return scan_batch(batch, file, ctx);
}

static void failed(const char *path, const struct err *err, void *ctx) {
    const struct scan *scan = ctx;
    scan->options->failed(path, err, scan->options->ctx);
}

static void health(const char *path, const struct parse_input_health *found, void *ctx) {
    const struct scan *scan = ctx;
    scan->options->health(path, found, scan->options->ctx);
}

static void progress(const struct file_rows_progress *how_far, void *ctx) {
    const struct scan *scan = ctx;
    scan->options->progress(scan->counts, how_far, scan->options->ctx);
}

/* --- the whole --- */

/* False: no threads could be had. */
static bool read_with_threads(struct scan *scan, const struct file_rows_options *reading,
                              const char *const *paths, size_t path_count) {
    struct sigma_matcher *matchers[SCAN_THREADS_MAX];
    unsigned asked = scan->options->threads;
    const struct scan_threads_options options = {
        .reading = reading,
        .rows = tell_batch,
        .matchers = matchers,
        .events = scan->options->events,
        .feeds = scan->correlator != NULL,
        .count = asked < SCAN_THREADS_MAX ? asked : SCAN_THREADS_MAX};
    for (unsigned i = 0; i < options.count; i++) {
        matchers[i] = sigma_matcher_create(scan->options->rules);
    }
    bool done = scan_threads_read(&options, paths, path_count, &scan->counts->files);
    for (unsigned i = 0; i < options.count; i++) {
        sigma_matcher_add_limits(scan->matcher, matchers[i]);
        sigma_matcher_destroy(&matchers[i]);
    }
    scan->findings = NULL;
    return done;
}

static void read_paths(struct scan *scan, const char *const *paths, size_t path_count) {
    const struct scan_options *options = scan->options;
    const struct file_rows_options reading = {.zone = options->zone,
                                              .zone_is_guess = options->zone_is_guess,
                                              .recover_slack = options->recover_slack,
                                              .carve = options->carve,
                                              .packed = options->packed,
                                              .only = options->files,
                                              .interrupt = options->interrupt,
                                              .progress =
                                                  options->progress != NULL ? progress : NULL,
                                              .rows = scan_batch,
                                              .failed = failed,
                                              .health = options->health != NULL ? health : NULL,
                                              .ctx = scan};
    bool alone = options->threads <= 1 || scan->matcher == NULL;
    if (alone || !read_with_threads(scan, &reading, paths, path_count)) {
        file_rows_read(&reading, paths, path_count, &scan->counts->files);
    }
}

void scan_paths(const struct scan_options *options, const char *const *paths, size_t path_count,
                struct scan_counts *counts) {
    struct scan scan = {.options = options, .counts = counts};
    *counts = (struct scan_counts){.first_ns = TIME_NONE, .last_ns = TIME_NONE};
    if (options->rules != NULL) {
        scan.matcher = sigma_matcher_create(options->rules);
        sigma_matcher_select(scan.matcher, is_asked_for, options);
        open_correlator(&scan);
    }
    if (options->no_copies) {
        scan.copies = event_copies_create();
    }
    read_paths(&scan, paths, path_count);
    finish_correlator(&scan);
    event_copies_destroy(&scan.copies);
    if (scan.matcher != NULL) {
        counts->limits = sigma_matcher_limit_hits(&counts->limited, scan.matcher);
    }
    sigma_matcher_destroy(&scan.matcher);
    sigma_correlator_destroy(&scan.correlator);
}
