/*
 * Live (runner.h): the run's state stays in memory and advances behind the watermark; days of rows
 * that came late are run again from the store, then the state is built anew.
 */
#include "clock.h"
#include "runner_priv.h"

/* Live: late rows are looked at again this often at most (the days are read from the store). */
static const int64_t rerun_pause_ns = 5 * NS_PER_MINUTE;

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
    int32_t today = runner_newest_day(runner) < latest ? runner_newest_day(runner) : latest;
    int32_t oldest = runner_oldest_day(runner);
    if (today < INT32_MIN / 4) {
        return STATUS_OK; /* an empty store: the first rows begin the first day */
    }
    enum status status = run_window(runner->run, today, today, err);
    for (int32_t day = today - reach > oldest ? today - reach : oldest;
         day < today && status == STATUS_OK; day++) {
        status = runner_run_day(runner, day, false, err);
    }
    runner->open_day = today;
    runner->fed_until_ns = site_day_start(site, today);
    runner->next_arrival = runner_arrival_end(runner);
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
    uint64_t end = runner_arrival_end(runner);
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
    enum status status = runner_run_changed(runner, &runner->late, err);
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
        status = runner_join(runner, err);
    }
    if (status == STATUS_OK && runner->pending.rows.row_count == 0 && runner->late.count == 0) {
        status = runner_save_progress(runner, runner->next_arrival, err);
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
    enum status status = runner_do_catch_up(runner, err);
    if (status == STATUS_OK) {
        runner->next_arrival = runner_arrival_end(runner);
        status = warm_up(runner, err);
    }
    return status;
}

enum status runner_tick(struct runner *runner, bool final, struct err *err) {
    if (!runner->started) {
        enum status status = runner_transact(runner, begin_live, err);
        if (status != STATUS_OK) {
            return status;
        }
        runner->started = true;
    }
    bool idle = runner_arrival_end(runner) == runner->next_arrival &&
                runner->pending.rows.row_count == 0 && runner->late.count == 0;
    if (idle) {
        return STATUS_OK;
    }
    return runner_transact(runner, final ? tick_final : tick_usual, err);
}
