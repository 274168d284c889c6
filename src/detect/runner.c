#include "runner.h"

#include "clock.h"
#include "day_set.h"
#include "feeder.h"
#include "hash.h"
#include "hunt.h"
#include "ioc_known.h"
#include "mem.h"

/* Live: late rows are looked at again this often at most (the days are read from the store). */
static const int64_t rerun_pause_ns = 5 * NS_PER_MINUTE;
/* Raised when an analysis changes what it says about the same events. */
static const uint64_t rules_version = 1;

struct runner {
    struct runner_options options;
    const struct analysis **analyses; /* ends with NULL */
    struct analysis_run *run;
    struct feeder feeder;
    struct runner_counts counts;
    struct day_set changed;
    /* live */
    bool started;
    bool warm; /* the run's state stands at fed_until_ns of open_day */
    int32_t open_day;
    int64_t fed_until_ns;  /* all rows before it were fed */
    int64_t newest_ns;     /* event time */
    uint64_t next_arrival; /* rows below were seen */
    struct slice pending;  /* seen, not fed: newer than the watermark */
    struct day_set late;
    int64_t last_rerun_mono_ns;
};

/* --- set-up --- */

static bool is_asked(const char *only, const char *id) {
    struct str rest = str_from_c(only ? only : "");
    struct str word;
    if (rest.len == 0) {
        return true;
    }
    while (str_split_next(&word, &rest, ',')) {
        if (str_eq_ci(str_trim(word), str_from_c(id))) {
            return true;
        }
    }
    return false;
}

static enum status check_only(const char *only, struct err *err) {
    struct str rest = str_from_c(only ? only : "");
    struct str word;
    while (str_split_next(&word, &rest, ',')) {
        if (!analysis_find(str_trim(word))) {
            return err_set(err, STATUS_BAD_INPUT,
                           "unknown analysis '%.*s'; docs/manual/analyses.md lists them",
                           STR_ARG(str_trim(word)));
        }
    }
    return STATUS_OK;
}

enum status runner_create(struct runner **out, const struct runner_options *options,
                          struct err *err) {
    enum status status = check_only(options->only, err);
    size_t all = 0;
    size_t count = 0;
    if (status != STATUS_OK) {
        return status;
    }
    while (analyses_all[all]) {
        all++;
    }
    struct runner *runner = mem_calloc(1, sizeof *runner);
    runner->options = *options;
    if (runner->options.slice_bytes == 0) {
        runner->options.slice_bytes = FEEDER_LIMIT_BYTES;
    }
    if (runner->options.watermark_ns == 0) {
        runner->options.watermark_ns = 5 * NS_PER_MINUTE;
    }
    runner->analyses = mem_calloc(all + 1, sizeof *runner->analyses);
    for (size_t i = 0; i < all; i++) {
        if (is_asked(options->only, analyses_all[i]->id)) {
            runner->analyses[count++] = analyses_all[i];
        }
    }
    struct run_options run = {options->site, options->iocs, runner->analyses, options->db};
    runner->run = run_create(&run);
    runner->newest_ns = TIME_NONE;
    feeder_init(&runner->feeder, options->store, runner->run, runner->options.slice_bytes);
    slice_init(&runner->pending);
    *out = runner;
    return STATUS_OK;
}

void runner_destroy(struct runner **out) {
    struct runner *runner = *out;
    *out = NULL;
    if (!runner) {
        return;
    }
    run_destroy(&runner->run);
    feeder_fini(&runner->feeder);
    slice_fini(&runner->pending);
    day_set_fini(&runner->changed);
    day_set_fini(&runner->late);
    mem_free(runner->analyses);
    mem_free(runner);
}

const struct runner_counts *runner_get_counts(const struct runner *runner) {
    return &runner->counts;
}

/* Of everything but the events and the indicators that findings depend on. */
static uint64_t settings_hash(const struct runner *runner) {
    uint64_t hash = hash_u64(rules_version);
    hash = hash_u64(hash ^ site_hash(runner->options.site));
    for (size_t i = 0; runner->analyses[i]; i++) {
        hash = hash_u64(hash ^ hash_str(str_from_c(runner->analyses[i]->id)));
    }
    return hash >> 1; /* fits SQLite's integer */
}

static uint64_t inputs_hash(const struct runner *runner) {
    uint64_t hash = settings_hash(runner) ^ ioc_set_hash(runner->options.iocs);
    return hash_u64(hash) >> 1;
}

/* --- reading the store --- */

/* Local days of the rows that arrived from `arrival` on and that some analysis reads. */
static enum status find_changed(struct runner *runner, uint64_t arrival, struct err *err) {
    struct store_scan *scan;
    struct store_scan_options options = STORE_SCAN_ALL;
    uint64_t datasets = run_datasets(runner->run);
    bool more = true;
    options.datasets = datasets;
    options.arrival_from = arrival;
    options.ordered = false;
    options.include_derived = true;
    day_set_clear(&runner->changed);
    enum status status = store_scan_open(&scan, runner->options.store, &options, err);
    if (status != STATUS_OK) {
        return status;
    }
    while (status == STATUS_OK && more) {
        status = store_scan_next(scan, &runner->feeder.slice.scratch, &more, err);
        for (size_t i = 0; status == STATUS_OK && i < runner->feeder.slice.scratch.row_count; i++) {
            const struct row *row = &runner->feeder.slice.scratch.rows[i];
            if (datasets >> row->dataset & 1) {
                day_set_add(&runner->changed, site_local_day(runner->options.site, row->time_ns));
            }
        }
    }
    store_scan_close(&scan);
    return status;
}

/* One whole day: rows, findings, forgetting. */
static enum status run_day(struct runner *runner, int32_t day, bool evaluate, struct err *err) {
    const struct site *site = runner->options.site;
    enum status status =
        feeder_feed(&runner->feeder, site_day_start(site, day), site_day_start(site, day + 1), err);
    if (status == STATUS_OK && evaluate) {
        status = run_evaluate(runner->run, day, err);
    }
    run_close(runner->run, day);
    runner->counts.days_run++;
    return status;
}

static int32_t newest_day(const struct runner *runner) {
    struct store_stat stat;
    store_get_stat(runner->options.store, DATASET_COUNT, &stat);
    return stat.newest_ns == TIME_NONE ? INT32_MIN / 2
                                       : site_local_day(runner->options.site, stat.newest_ns);
}

static int32_t oldest_day(const struct runner *runner) {
    struct store_stat stat;
    store_get_stat(runner->options.store, DATASET_COUNT, &stat);
    return stat.oldest_ns == TIME_NONE ? INT32_MAX / 2
                                       : site_local_day(runner->options.site, stat.oldest_ns);
}

/* Runs the days that depend on the changed days first..last. */
static enum status run_cluster(struct runner *runner, int32_t first, int32_t last,
                               struct err *err) {
    int32_t reach = run_max_lookback(runner->run);
    int32_t from = first - reach > oldest_day(runner) ? first - reach : oldest_day(runner);
    int32_t to = last + reach < newest_day(runner) ? last + reach : newest_day(runner);
    enum status status = run_window(runner->run, first, last, err);
    for (int32_t day = from; day <= to && status == STATUS_OK; day++) {
        status = run_day(runner, day, day >= first, err);
        if (runner->options.progress) {
            runner->options.progress((uint64_t)(day - from + 1), (uint64_t)(to - from + 1),
                                     runner->options.progress_ctx);
        }
    }
    return status;
}

/* Days less than the look-back apart are run together. */
static enum status run_changed(struct runner *runner, const struct day_set *days, struct err *err) {
    int32_t reach = run_max_lookback(runner->run);
    size_t from = 0;
    enum status status = STATUS_OK;
    for (size_t i = 1; i <= days->count && status == STATUS_OK; i++) {
        if (i == days->count || days->days[i] - days->days[i - 1] > 2 * reach) {
            status = run_cluster(runner, days->days[from], days->days[i - 1], err);
            from = i;
        }
    }
    return status;
}

/* --- batch --- */

static enum status clear_all(struct runner *runner, struct err *err) {
    enum status status = STATUS_OK;
    for (size_t i = 0; analyses_all[i] && status == STATUS_OK; i++) {
        status = parts_clear(runner->options.db, analyses_all[i], INT32_MIN, INT32_MAX, err);
    }
    return status;
}

/* An analysis of devices whose logs never came: not applicable, or missing if the site has them. */
static enum status cover_absent(struct runner *runner, struct err *err) {
    static const struct {
        const char *family;
        const char *role;
    } roles[] = {
        {"firewall", "firewall"}, {"proxy", "proxy"}, {"mail", "mail relay"}, {"windows", "dc"}};
    enum status status = STATUS_OK;
    for (size_t i = 0; runner->analyses[i] && status == STATUS_OK; i++) {
        const struct analysis *a = runner->analyses[i];
        bool declared = false;
        for (size_t k = 0; k < sizeof roles / sizeof roles[0]; k++) {
            declared = declared || (str_find(str_from_c(a->families),
                                             str_from_c(roles[k].family)) != STR_NONE &&
                                    site_has_role(runner->options.site, str_from_c(roles[k].role)));
        }
        status = parts_cover_absent(runner->options.db, a,
                                    declared ? EVALUABLE_NO : EVALUABLE_NOT_APPLICABLE,
                                    newest_day(runner), err);
    }
    return status;
}

static enum status finish(struct runner *runner, struct err *err) {
    struct parts_join_result joined;
    enum status status = parts_join(runner->options.db, &joined, runner->options.found,
                                    runner->options.found_ctx, err);
    runner->counts.findings_new += joined.created;
    runner->counts.findings_updated += joined.updated;
    runner->counts.rows_fed = run_rows_fed(runner->run);
    runner->counts.drafts = run_drafts(runner->run);
    return status;
}

static uint64_t arrival_end(const struct runner *runner) {
    struct store_stat stat;
    store_get_stat(runner->options.store, DATASET_COUNT, &stat);
    return stat.arrival_end;
}

static enum status save_progress(struct runner *runner, uint64_t arrival, struct err *err) {
    enum status status = parts_set_meta(runner->options.db, "arrival", arrival, err);
    if (status == STATUS_OK) {
        status = parts_set_meta(runner->options.db, "settings", settings_hash(runner), err);
    }
    return status == STATUS_OK
               ? parts_set_meta(runner->options.db, "inputs", inputs_hash(runner), err)
               : status;
}

/* Runs analyses of whole days for the days that hunt_run named. */
static enum status run_again(struct runner *runner, const struct day_set *days, struct err *err) {
    struct run_options options = {
        .site = runner->options.site, .iocs = runner->options.iocs, .db = runner->options.db};
    struct analysis_run *usual = runner->run;
    const struct analysis **chosen = analyses_choose(runner->analyses, 1U << IOC_USE_DAY);
    options.analyses = chosen;
    runner->run = run_create(&options);
    runner->feeder.run = runner->run;
    enum status status = run_changed(runner, days, err);
    run_destroy(&runner->run);
    runner->run = usual;
    runner->feeder.run = usual;
    runner->counts.hunt.days_again = days->count;
    mem_free(chosen);
    return status;
}

/* Indicators were added since the last run: *done if that is all that changed, and findings are up
 * to date with them. */
static enum status hunt_added(struct runner *runner, bool *done, struct err *err) {
    struct ioc_set *added = ioc_set_create();
    struct day_set again = {NULL, 0, 0};
    struct hunt_options options = {.store = runner->options.store,
                                   .db = runner->options.db,
                                   .site = runner->options.site,
                                   .iocs = runner->options.iocs,
                                   .added = added,
                                   .slice_bytes = runner->options.slice_bytes,
                                   .analyses = runner->analyses};
    enum status status = ioc_known_compare(added, done, options.db, options.iocs, err);
    if (status == STATUS_OK && *done) {
        runner->counts.hunt.added = ioc_set_count(added);
        status = hunt_run(&options, &again, &runner->counts.hunt, err);
    }
    if (status == STATUS_OK && *done) {
        status = run_again(runner, &again, err);
    }
    day_set_fini(&again);
    ioc_set_free(&added);
    return status;
}

/* Something but the events changed: *arrival becomes the number of the first row to look at. */
static enum status take_inputs(struct runner *runner, uint64_t *arrival, struct err *err) {
    uint64_t settings = 0;
    bool done = false;
    enum status status = parts_get_meta(runner->options.db, "settings", &settings, err);
    if (status == STATUS_OK && settings == settings_hash(runner)) {
        status = hunt_added(runner, &done, err);
    }
    if (status == STATUS_OK && !done) {
        *arrival = 0;
        status = clear_all(runner, err);
    }
    return status == STATUS_OK ? ioc_known_save(runner->options.db, runner->options.iocs, err)
                               : status;
}

/* Inside a transaction. */
static enum status catch_up(struct runner *runner, struct err *err) {
    uint64_t done = 0;
    uint64_t inputs = 0;
    uint64_t end = arrival_end(runner);
    enum status status = parts_get_meta(runner->options.db, "arrival", &done, err);
    if (status == STATUS_OK) {
        status = parts_get_meta(runner->options.db, "inputs", &inputs, err);
    }
    if (status == STATUS_OK && inputs != inputs_hash(runner)) {
        status = take_inputs(runner, &done, err);
    }
    if (status == STATUS_OK) {
        status = find_changed(runner, done, err);
    }
    if (status == STATUS_OK) {
        status = run_changed(runner, &runner->changed, err);
    }
    if (status == STATUS_OK) {
        status = cover_absent(runner, err);
    }
    if (status == STATUS_OK) {
        status = finish(runner, err);
    }
    return status == STATUS_OK ? save_progress(runner, end, err) : status;
}

/* `work` in one transaction. */
static enum status transact(struct runner *runner,
                            enum status (*work)(struct runner *runner, struct err *err),
                            struct err *err) {
    enum status status = findings_db_begin(runner->options.db, err);
    if (status != STATUS_OK) {
        return status;
    }
    status = work(runner, err);
    if (status == STATUS_OK) {
        return findings_db_commit(runner->options.db, err);
    }
    findings_db_rollback(runner->options.db);
    return status;
}

enum status runner_catch_up(struct runner *runner, struct err *err) {
    runner->warm = false;
    return transact(runner, catch_up, err);
}

/* --- live --- */

/* A clock far ahead must not make everybody else late: never later than the receive time. */
static void note_newest(struct runner *runner, const struct row *row) {
    int64_t t = row->time_ns < row->receive_ns ? row->time_ns : row->receive_ns;
    runner->newest_ns = t > runner->newest_ns ? t : runner->newest_ns;
}

/* Brings the run's state to the newest day's beginning, findings of before stay as they are. */
static enum status warm_up(struct runner *runner, struct err *err) {
    const struct site *site = runner->options.site;
    int32_t reach = run_max_lookback(runner->run);
    /* An event from a clock in the far future must not make all others late. */
    int32_t latest = site_local_day(site, clock_wall_ns());
    int32_t today = newest_day(runner) < latest ? newest_day(runner) : latest;
    int32_t oldest = oldest_day(runner);
    if (today < INT32_MIN / 4) {
        return STATUS_OK; /* an empty store: the first rows begin the first day */
    }
    enum status status = run_window(runner->run, today, today, err);
    for (int32_t day = today - reach > oldest ? today - reach : oldest;
         day < today && status == STATUS_OK; day++) {
        status = run_day(runner, day, false, err);
    }
    runner->open_day = today;
    runner->fed_until_ns = site_day_start(site, today);
    runner->next_arrival = arrival_end(runner);
    batch_clear(&runner->pending.rows);
    bool too_big;
    if (status == STATUS_OK) {
        struct slice_range range = {runner->fed_until_ns, INT64_MAX, NULL, SIZE_MAX};
        status =
            slice_read(&runner->pending, runner->options.store, runner->run, &range, &too_big, err);
    }
    for (size_t i = 0; i < runner->pending.rows.row_count; i++) {
        note_newest(runner, &runner->pending.rows.rows[i]);
    }
    runner->warm = status == STATUS_OK;
    return status;
}

/* Takes in what arrived since the last call. */
static enum status take_new(struct runner *runner, struct err *err) {
    struct store_scan *scan;
    struct store_scan_options options = STORE_SCAN_ALL;
    struct batch *scratch = &runner->pending.scratch;
    uint64_t end = arrival_end(runner);
    bool more = true;
    if (end == runner->next_arrival) {
        return STATUS_OK;
    }
    options.arrival_from = runner->next_arrival;
    options.arrival_to = end;
    options.ordered = false;
    options.include_derived = true;
    options.datasets = run_datasets(runner->run);
    options.fields = run_fields(runner->run, &options.field_count);
    enum status status = store_scan_open(&scan, runner->options.store, &options, err);
    if (status != STATUS_OK) {
        return status;
    }
    while (status == STATUS_OK && more) {
        status = store_scan_next(scan, scratch, &more, err);
        for (size_t i = 0; status == STATUS_OK && more && i < scratch->row_count; i++) {
            const struct row *row = &scratch->rows[i];
            if (!run_wants(runner->run, scratch, row)) {
                continue;
            }
            if (runner->warm && row->time_ns < runner->fed_until_ns) {
                runner->counts.late_rows++;
                day_set_add(&runner->late, site_local_day(runner->options.site, row->time_ns));
                continue;
            }
            note_newest(runner, row);
            batch_copy_row(&runner->pending.rows, scratch, row, false);
        }
    }
    store_scan_close(&scan);
    runner->next_arrival = status == STATUS_OK ? end : runner->next_arrival;
    return status;
}

/* Ends days until `day` is the open one. */
static enum status move_to_day(struct runner *runner, int32_t day, struct err *err) {
    enum status status = STATUS_OK;
    if (!runner->warm) {
        status = run_window(runner->run, day, day, err);
        runner->open_day = day;
        runner->fed_until_ns = site_day_start(runner->options.site, day);
        runner->warm = status == STATUS_OK;
    }
    if (day > runner->open_day && status == STATUS_OK) {
        status = run_evaluate(runner->run, runner->open_day, err);
        run_close(runner->run, runner->open_day);
        run_extend(runner->run, day);
        runner->open_day = day;
    }
    return status;
}

/* Feeds what is older than the watermark; what is newer stays pending. */
static enum status feed_pending(struct runner *runner, int64_t until_ns, bool *fed,
                                struct err *err) {
    struct slice *pending = &runner->pending;
    struct batch rest;
    enum status status = STATUS_OK;
    batch_init(&rest);
    slice_sort(pending);
    for (size_t i = 0; i < pending->rows.row_count && status == STATUS_OK; i++) {
        const struct row *row = &pending->rows.rows[pending->order[i]];
        if (row->time_ns >= until_ns) {
            batch_copy_row(&rest, &pending->rows, row, false);
            continue;
        }
        status = move_to_day(runner, site_local_day(runner->options.site, row->time_ns), err);
        if (status == STATUS_OK) {
            run_feed(runner->run, &pending->rows, row);
            *fed = true;
        }
    }
    if (*fed && until_ns > runner->fed_until_ns) {
        runner->fed_until_ns = until_ns;
    }
    batch_fini(&pending->rows);
    pending->rows = rest;
    return status;
}

/* Runs the days of late rows again from the store, then begins anew. */
static enum status rerun_late(struct runner *runner, struct err *err) {
    runner->counts.days_rerun += runner->late.count;
    enum status status = run_changed(runner, &runner->late, err);
    day_set_clear(&runner->late);
    runner->last_rerun_mono_ns = clock_mono_ns();
    runner->warm = false;
    return status == STATUS_OK ? warm_up(runner, err) : status;
}

struct tick {
    bool final;
    bool fed;
};

static enum status advance(struct runner *runner, struct tick *tick, struct err *err) {
    enum status status = take_new(runner, err);
    bool rerun = runner->late.count > 0 &&
                 (tick->final || clock_mono_ns() - runner->last_rerun_mono_ns > rerun_pause_ns);
    if (status == STATUS_OK && rerun) {
        status = rerun_late(runner, err);
        tick->fed = true;
    }
    int64_t until = tick->final ? INT64_MAX
                    : runner->newest_ns == TIME_NONE
                        ? INT64_MIN
                        : runner->newest_ns - runner->options.watermark_ns;
    if (status == STATUS_OK && runner->pending.rows.row_count > 0) {
        status = feed_pending(runner, until, &tick->fed, err);
    }
    if (status == STATUS_OK && tick->fed && runner->warm) {
        status = run_evaluate(runner->run, runner->open_day, err);
    }
    return status;
}

static enum status tick_work(struct runner *runner, bool final, struct err *err) {
    struct tick tick = {final, false};
    enum status status = advance(runner, &tick, err);
    if (status == STATUS_OK && tick.fed) {
        status = finish(runner, err);
    }
    if (status == STATUS_OK && runner->pending.rows.row_count == 0 && runner->late.count == 0) {
        status = save_progress(runner, runner->next_arrival, err);
    }
    return status;
}

static enum status tick_final(struct runner *runner, struct err *err) {
    return tick_work(runner, true, err);
}

static enum status tick_usual(struct runner *runner, struct err *err) {
    return tick_work(runner, false, err);
}

/* The first tick: findings up to now, then the state for what comes. */
static enum status begin_live(struct runner *runner, struct err *err) {
    enum status status = catch_up(runner, err);
    if (status == STATUS_OK) {
        runner->next_arrival = arrival_end(runner);
        status = warm_up(runner, err);
    }
    return status;
}

enum status runner_tick(struct runner *runner, bool final, struct err *err) {
    if (!runner->started) {
        enum status status = transact(runner, begin_live, err);
        if (status != STATUS_OK) {
            return status;
        }
        runner->started = true;
    }
    bool idle = arrival_end(runner) == runner->next_arrival &&
                runner->pending.rows.row_count == 0 && runner->late.count == 0;
    if (idle) {
        return STATUS_OK;
    }
    return transact(runner, final ? tick_final : tick_usual, err);
}
