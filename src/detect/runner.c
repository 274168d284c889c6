#include "runner_priv.h"

#include "day_set.h"
#include "hash.h"
#include "hunt.h"
#include "ioc_known.h"
#include "mem.h"

/* Raised when an analysis changes what it says about the same events. */
static const uint64_t rules_version = 1;

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
enum status runner_run_day(struct runner *runner, int32_t day, bool evaluate, struct err *err) {
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

int32_t runner_newest_day(const struct runner *runner) {
    struct store_stat stat;
    store_get_stat(runner->options.store, DATASET_COUNT, &stat);
    return stat.newest_ns == TIME_NONE ? INT32_MIN / 2
                                       : site_local_day(runner->options.site, stat.newest_ns);
}

int32_t runner_oldest_day(const struct runner *runner) {
    struct store_stat stat;
    store_get_stat(runner->options.store, DATASET_COUNT, &stat);
    return stat.oldest_ns == TIME_NONE ? INT32_MAX / 2
                                       : site_local_day(runner->options.site, stat.oldest_ns);
}

/* Runs the days that depend on the changed days first..last. */
static enum status run_cluster(struct runner *runner, int32_t first, int32_t last,
                               struct err *err) {
    int32_t reach = run_max_lookback(runner->run);
    int32_t from =
        first - reach > runner_oldest_day(runner) ? first - reach : runner_oldest_day(runner);
    int32_t to =
        last + reach < runner_newest_day(runner) ? last + reach : runner_newest_day(runner);
    enum status status = run_window(runner->run, first, last, err);
    for (int32_t day = from; day <= to && status == STATUS_OK; day++) {
        status = runner_run_day(runner, day, day >= first, err);
        if (runner->options.progress) {
            runner->options.progress((uint64_t)(day - from + 1), (uint64_t)(to - from + 1),
                                     runner->options.progress_ctx);
        }
    }
    return status;
}

/* Days less than the look-back apart are run together. */
enum status runner_run_changed(struct runner *runner, const struct day_set *days, struct err *err) {
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
                                    runner_newest_day(runner), err);
    }
    return status;
}

enum status runner_join(struct runner *runner, struct err *err) {
    struct parts_join_result joined;
    enum status status = parts_join(runner->options.db, &joined, runner->options.found,
                                    runner->options.found_ctx, err);
    runner->counts.findings_new += joined.created;
    runner->counts.findings_updated += joined.updated;
    runner->counts.rows_fed = run_rows_fed(runner->run);
    runner->counts.drafts = run_drafts(runner->run);
    return status;
}

uint64_t runner_arrival_end(const struct runner *runner) {
    struct store_stat stat;
    store_get_stat(runner->options.store, DATASET_COUNT, &stat);
    return stat.arrival_end;
}

enum status runner_save_progress(struct runner *runner, uint64_t arrival, struct err *err) {
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
    enum status status = runner_run_changed(runner, days, err);
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
enum status runner_do_catch_up(struct runner *runner, struct err *err) {
    uint64_t done = 0;
    uint64_t inputs = 0;
    uint64_t end = runner_arrival_end(runner);
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
        status = runner_run_changed(runner, &runner->changed, err);
    }
    if (status == STATUS_OK) {
        status = cover_absent(runner, err);
    }
    if (status == STATUS_OK) {
        status = runner_join(runner, err);
    }
    return status == STATUS_OK ? runner_save_progress(runner, end, err) : status;
}

/* `work` in one transaction. */
enum status runner_transact(struct runner *runner,
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
    return runner_transact(runner, runner_do_catch_up, err);
}
