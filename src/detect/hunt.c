#include "hunt.h"

#include "feeder.h"
#include "identity.h"
#include "ioc_filter.h"
#include "mem.h"

/* Days that no store goes beyond. */
enum { FIRST_DAY = -10000000, LAST_DAY = 10000000 };

/* One group of analyses, and the rows it is fed. */
struct group {
    struct analysis_run *run; /* NULL: none of the kind */
    const struct analysis **analyses;
    const struct expr *filter; /* of rows that may name one of its indicators */
};

struct hunt {
    const struct hunt_options *options;
    struct runner_hunt *counts;
    struct expr_set *set;
    const struct expr *contacts; /* rows that may name an indicator */
    const struct expr *filter;   /* and rows that leases are learned from */
    struct expr_scratch *scratch;
    struct group event;
    struct group day;
    struct analysis_run *reader; /* knows what both read */
    const struct analysis **analyses;
    struct slice slice;
    int32_t open_day;
};

/* --- set-up --- */

static struct analysis_run *make_run(const struct hunt_options *o, const struct ioc_set *iocs,
                                     const struct analysis *const *analyses, enum run_mode mode,
                                     struct day_set *said) {
    struct run_options options = {o->site, iocs, analyses, o->db, mode, said};
    return analyses[0] ? run_create(&options) : NULL;
}

static const struct expr *with_leases(struct expr_set *set, struct expr *contacts) {
    struct expr *leases = NULL;
    struct err ignored = ERR_INIT;
    struct expr_leaf_spec spec = {.field = STR("event.dataset"),
                                  .test = EXPR_EQUALS,
                                  .value = dataset_info(DATASET_ISC_DHCPD)->name};
    if (expr_make_leaf(&leases, set, &spec, &ignored) != STATUS_OK) {
        return contacts; /* only patterns are refused */
    }
    return expr_make_group(set, EXPR_OR, (struct expr *[]){contacts, leases}, 2);
}

static void hunt_init(struct hunt *h, const struct hunt_options *o, struct day_set *again,
                      struct runner_hunt *counts) {
    *h = (struct hunt){.options = o, .counts = counts, .open_day = INT32_MIN};
    unsigned days = ioc_set_count(o->added) > 0 ? 1U << IOC_USE_DAY : 0;
    h->set = expr_set_create();
    struct expr *contacts = ioc_filter_contacts(h->set, o->iocs);
    h->contacts = contacts;
    h->event.filter = contacts;
    h->event.analyses = analyses_choose(o->analyses, 1U << IOC_USE_EVENT);
    h->event.run = make_run(o, o->iocs, h->event.analyses, RUN_CHOSEN, NULL);
    h->day.filter = ioc_filter_contacts(h->set, o->added);
    h->day.analyses = analyses_choose(o->analyses, days);
    h->day.run = make_run(o, o->added, h->day.analyses, RUN_PROBE, again);
    h->filter = with_leases(h->set, contacts);
    h->scratch = expr_scratch_create(h->filter);
    h->analyses = analyses_choose(o->analyses, 1U << IOC_USE_EVENT | days);
    h->reader = make_run(o, o->iocs, h->analyses, RUN_PROBE, NULL);
    slice_init(&h->slice);
}

static void group_fini(struct group *g) {
    run_destroy(&g->run);
    mem_free(g->analyses);
}

static void hunt_fini(struct hunt *h) {
    group_fini(&h->event);
    group_fini(&h->day);
    run_destroy(&h->reader);
    mem_free(h->analyses);
    slice_fini(&h->slice);
    expr_scratch_destroy(&h->scratch);
    expr_set_destroy(&h->set);
}

/* --- feeding --- */

static enum status end_day(struct hunt *h, struct err *err) {
    struct group *groups[] = {&h->event, &h->day};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < 2 && h->open_day != INT32_MIN; i++) {
        if (groups[i]->run != NULL && status == STATUS_OK) {
            status = run_evaluate(groups[i]->run, h->open_day, err);
            run_close(groups[i]->run, h->open_day);
        }
    }
    h->open_day = INT32_MIN;
    return status;
}

static void feed_group(struct hunt *h, struct group *g, const struct row *row) {
    const struct batch *rows = &h->slice.rows;
    bool lease = row->dataset == DATASET_ISC_DHCPD;
    if (g->run != NULL && run_wants(g->run, rows, row) &&
        (lease || expr_match_row(g->filter, rows, row, h->scratch))) {
        run_feed(g->run, rows, row);
    }
}

static enum status feed_rows(struct hunt *h, struct err *err) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < h->slice.rows.row_count && status == STATUS_OK; i++) {
        const struct row *row = &h->slice.rows.rows[h->slice.order[i]];
        int32_t day = site_local_day(h->options->site, row->time_ns);
        if (day != h->open_day) {
            status = end_day(h, err);
            h->open_day = day;
        }
        feed_group(h, &h->event, row);
        feed_group(h, &h->day, row);
        h->counts->rows += row->dataset != DATASET_ISC_DHCPD;
    }
    return status;
}

static enum status read_span(struct hunt *h, int64_t from_ns, int64_t to_ns, size_t limit_bytes,
                             bool *too_big, struct err *err) {
    struct slice_range range = {from_ns, to_ns, h->filter, limit_bytes};
    enum status status = slice_read(&h->slice, h->options->store, h->reader, &range, too_big, err);
    h->counts->segments = h->slice.stats.segments_total;
    h->counts->segments_pruned = h->slice.stats.segments_pruned;
    return status;
}

/* A span that ends no day but its own last one. */
static enum status feed_span(struct hunt *h, int64_t from_ns, int64_t to_ns, struct err *err) {
    bool too_big;
    bool shortest = to_ns - from_ns <= NS_PER_MINUTE;
    enum status status =
        read_span(h, from_ns, to_ns, shortest ? SIZE_MAX : h->options->slice_bytes, &too_big, err);
    if (status != STATUS_OK || !too_big) {
        return status == STATUS_OK ? feed_rows(h, err) : status;
    }
    int64_t middle_ns = from_ns + (to_ns - from_ns) / 2;
    status = feed_span(h, from_ns, middle_ns, err);
    return status == STATUS_OK ? feed_span(h, middle_ns, to_ns, err) : status;
}

/* --- more rows than fit at once --- */

/* The days of rows that may name an indicator, and those before whose leases may still hold. */
static enum status find_days(struct hunt *h, struct day_set *days, struct err *err) {
    struct store_scan *scan;
    struct store_scan_options options = STORE_SCAN_ALL;
    bool more = true;
    options.filter = h->contacts;
    options.datasets = run_datasets(h->reader);
    options.ordered = false;
    options.include_derived = true;
    enum status status = store_scan_open(&scan, h->options->store, &options, err);
    if (status != STATUS_OK) {
        return status;
    }
    while (status == STATUS_OK && more) {
        status = store_scan_next(scan, &h->slice.scratch, &more, err);
        for (size_t i = 0; status == STATUS_OK && i < h->slice.scratch.row_count; i++) {
            const struct row *row = &h->slice.scratch.rows[i];
            int32_t day = site_local_day(h->options->site, row->time_ns);
            for (int32_t before = IDENTITY_LEASE_DAYS; before >= 0; before--) {
                day_set_add(days, day - before);
            }
        }
    }
    store_scan_close(&scan);
    return status;
}

static enum status feed_days(struct hunt *h, struct err *err) {
    struct day_set days = {NULL, 0, 0};
    enum status status = find_days(h, &days, err);
    for (size_t i = 0; i < days.count && status == STATUS_OK; i++) {
        status = feed_span(h, site_day_start(h->options->site, days.days[i]),
                           site_day_start(h->options->site, days.days[i] + 1), err);
    }
    day_set_fini(&days);
    return status;
}

static enum status feed_all(struct hunt *h, struct err *err) {
    bool too_big;
    enum status status = read_span(h, INT64_MIN, INT64_MAX, h->options->slice_bytes, &too_big, err);
    if (status == STATUS_OK) {
        status = too_big ? feed_days(h, err) : feed_rows(h, err);
    }
    return status == STATUS_OK ? end_day(h, err) : status;
}

enum status hunt_run(const struct hunt_options *options, struct day_set *again,
                     struct runner_hunt *counts, struct err *err) {
    struct hunt h;
    enum status status = STATUS_OK;
    hunt_init(&h, options, again, counts);
    struct analysis_run *runs[] = {h.event.run, h.day.run};
    for (size_t i = 0; i < 2 && status == STATUS_OK; i++) {
        status = runs[i] ? run_window(runs[i], FIRST_DAY, LAST_DAY, err) : STATUS_OK;
    }
    if (status == STATUS_OK && h.reader != NULL) {
        status = feed_all(&h, err);
    }
    hunt_fini(&h);
    return status;
}
