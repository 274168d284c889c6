#include "case_run.h"

#include "bare_event.h"
#include "file_io.h"
#include "file_rows.h"
#include "i18n.h"
#include "input_file.h"
#include "sigma_correlator.h"

enum { COUNTED_MAX = 64 };

struct run {
    const struct sigma_case *test;
    struct case_result *result;
    const struct sigma_rules *rules;
    struct sigma_matcher *matcher;
    struct sigma_correlator *correlator; /* NULL: no correlation */
    struct bare_event event;
    const struct sigma_rule_info *counted[COUNTED_MAX]; /* rules of this event */
    size_t counted_count;
    uint64_t events;
    bool has_time; /* this event: else no correlation sees it */
    size_t bad_lines;
    struct str file;
};

static void fail(struct case_result *result, struct str why) {
    if (result->why.len == 0) {
        buf_add(&result->why, why);
    }
}

/* --- the rule under test --- */

static struct str stem_of(struct str path) {
    size_t dot = str_rfind_char(path, '.');
    return dot == STR_NONE ? path : str_head(path, dot);
}

static bool is_under_test(const struct sigma_case *test, const struct sigma_rule_info *info) {
    if (test->rule.len > 0) {
        return str_eq_ci(info->id, test->rule);
    }
    struct str stem = stem_of(info->path);
    return str_eq(stem, test->rule_stem) ||
           (test->rule_stem_above.len > 0 && str_eq(stem, test->rule_stem_above));
}

/* False, with the reason, if no rule under test can run. */
static bool find_rule(struct case_result *result, struct case_runner *runner,
                      const struct sigma_case *test) {
    bool can_run = false;
    const struct known_rule *refused = NULL;
    for (size_t i = 0; i < runner->known->count; i++) {
        struct known_rule *k = &runner->known->items[i];
        if (is_under_test(test, &k->info)) {
            k->cases++;
            can_run = can_run || k->why.len == 0;
            refused = k->why.len > 0 ? k : refused;
            result->rule = result->rule == NULL ? k : result->rule;
        }
    }
    if (can_run || result->why.len > 0) {
        return can_run;
    }
    if (refused != NULL) {
        buf_printf(&result->why, _("the rule is refused: %.*s"), STR_ARG(refused->why));
    } else {
        struct str wanted = test->rule.len > 0 ? test->rule : test->rule_stem;
        buf_printf(&result->why, _("there is no rule %.*s among those loaded"), STR_ARG(wanted));
    }
    return false;
}

static const struct sigma_rules *rules_for(struct case_result *result, struct case_runner *runner,
                                           const struct sigma_case *test) {
    if (!test->everywhere) {
        return runner->rules;
    }
    if (runner->everywhere == NULL) {
        struct sigma_load_options load = *runner->load;
        struct err err = ERR_INIT;
        load.everywhere = true;
        load.report = NULL;
        if (sigma_rules_load(&runner->everywhere, &load, &err) != STATUS_OK) {
            fail(result, str_from_c(err.message));
        }
    }
    return runner->everywhere;
}

/* --- events --- */

/* A rule that a correlation refers to may be told of twice (as a hit, and to the correlation), or
 * only to the correlation: it counts once. */
static void count_rule(struct run *run, const struct sigma_rule_info *rule) {
    if (!is_under_test(run->test, rule)) {
        return;
    }
    for (size_t i = 0; i < run->counted_count; i++) {
        if (run->counted[i] == rule) {
            return;
        }
    }
    if (run->counted_count < COUNTED_MAX) {
        run->counted[run->counted_count++] = rule;
    }
    run->result->hits++;
}

static void found(const struct sigma_hit *hit, void *ctx) {
    count_rule(ctx, hit->rule);
}

static void fed(const struct sigma_feed *feed, void *ctx) {
    struct run *run = ctx;
    if (run->correlator != NULL && run->has_time) {
        sigma_correlator_take(feed, run->correlator);
    }
    count_rule(run, sigma_rules_info(run->rules, feed->rule));
}

static void correlated(const struct sigma_correlation_hit *hit, void *ctx) {
    struct run *run = ctx;
    run->result->hits += is_under_test(run->test, hit->rule);
}

static void begin_event(struct run *run, const int64_t *time_ns, const struct row *row) {
    struct err err = ERR_INIT;
    const struct sigma_event_place place = {.origin = run->file,
                                            .record = row != NULL ? row->record_id : 0,
                                            .line = row != NULL ? row->line : 0,
                                            .number = run->events++};
    run->counted_count = 0;
    run->has_time = time_ns != NULL;
    if (run->correlator != NULL && run->has_time &&
        sigma_correlator_event(run->correlator, *time_ns, &place, &err) != STATUS_OK) {
        fail(run->result, str_from_c(err.message));
        run->has_time = false;
    }
}

static void begin_run(struct run *run) {
    const struct sigma_correlator_options options = {
        .rules = run->rules, .hit = correlated, .ctx = run};
    run->matcher = sigma_matcher_create(run->rules);
    run->correlator = sigma_correlator_create(&options);
    sigma_matcher_feed(run->matcher, fed, run);
}

static void end_run(struct run *run) {
    struct err err = ERR_INIT;
    if (run->correlator != NULL && run->result->why.len == 0 &&
        sigma_correlator_finish(run->correlator, &err) != STATUS_OK) {
        fail(run->result, str_from_c(err.message));
    }
    if (run->bad_lines > 0) {
        buf_printf(&run->result->why, _("%zu lines are no JSON objects"), run->bad_lines);
    } else if (run->events == 0) {
        fail(run->result, str_from_c(_("the file holds no event")));
    }
    sigma_matcher_destroy(&run->matcher);
    sigma_correlator_destroy(&run->correlator);
    bare_event_fini(&run->event);
}

static void match_object(json_object *object, void *ctx) {
    struct run *run = ctx;
    int64_t time_ns;
    if (object == NULL) {
        run->bad_lines++;
        return;
    }
    bare_event_read(&run->event, object);
    bool has_time = sigma_event_time(&time_ns, run->event.values, run->event.count);
    begin_event(run, has_time ? &time_ns : NULL, NULL);
    sigma_match_event(run->matcher, run->event.values, run->event.count, found, run);
}

static void match_text(struct case_result *result, const struct sigma_rules *rules,
                       const struct sigma_case *test, struct str text) {
    struct run run = {.test = test, .result = result, .rules = rules, .file = STR_EMPTY};
    begin_run(&run);
    bare_event_each(text, match_object, &run);
    end_run(&run);
}

/* --- files --- */

/* The file as written, seen from the folder of the case, from one above it ..., or its last name
 * beside the case. False if there is none. */
static bool find_file(struct buf *path, const struct sigma_case *test) {
    struct str folder = test->path;
    if (test->file.ptr[0] == '/') {
        buf_printf(path, "%.*s%c", STR_ARG(test->file), '\0');
        return file_exists(path->ptr);
    }
    for (;;) {
        size_t slash = str_rfind_char(folder, '/');
        folder = slash == STR_NONE ? STR_EMPTY : str_head(folder, slash);
        buf_clear(path);
        buf_printf(path, "%.*s%s%.*s%c", STR_ARG(folder), slash == STR_NONE ? "" : "/",
                   STR_ARG(test->file), '\0');
        if (file_exists(path->ptr)) {
            return true;
        }
        if (slash == STR_NONE) {
            break;
        }
    }
    struct str beside = str_head(test->path, str_rfind_char(test->path, '/') + 1);
    struct str name = str_skip(test->file, str_rfind_char(test->file, '/') + 1);
    buf_clear(path);
    buf_printf(path, "%.*s%.*s%c", STR_ARG(beside), STR_ARG(name), '\0');
    return file_exists(path->ptr);
}

static bool match_batch(const struct batch *batch, struct str file, void *ctx) {
    struct run *run = ctx;
    run->file = file;
    for (size_t i = 0; i < batch->row_count; i++) {
        const struct row *row = &batch->rows[i];
        if (file_rows_is_event(row) && (row->flags & ROW_DAMAGED) == 0) {
            begin_event(run, &row->time_ns, row);
            sigma_match_row(run->matcher, batch, row, found, run);
        }
    }
    return true;
}

static void reading_failed(const char *path, const struct err *err, void *ctx) {
    struct run *run = ctx;
    (void)path; /* the message names it */
    fail(run->result, str_from_c(err->message));
}

static void match_rows(struct case_result *result, const struct sigma_rules *rules,
                       const struct sigma_case *test, const char *path) {
    struct run run = {.test = test, .result = result, .rules = rules, .file = STR_EMPTY};
    struct file_rows_counts counts;
    const struct file_rows_options options = {
        .zone = zone_utc(), .rows = match_batch, .failed = reading_failed, .ctx = &run};
    begin_run(&run);
    file_rows_read(&options, &path, 1, &counts);
    end_run(&run);
}

static void match_file(struct case_result *result, const struct sigma_rules *rules,
                       const struct sigma_case *test) {
    struct buf path = BUF_INIT;
    struct input_file file;
    struct err err = ERR_INIT;
    if (!find_file(&path, test)) {
        buf_printf(&result->why, _("there is no file %.*s"), STR_ARG(test->file));
    } else if (!test->is_bare_file) {
        match_rows(result, rules, test, path.ptr);
    } else if (input_file_open(&file, path.ptr, &err) != STATUS_OK) {
        fail(result, str_from_c(err.message));
    } else {
        match_text(result, rules, test, str_make((const char *)file.bytes, file.size_bytes));
        input_file_close(&file);
    }
    buf_fini(&path);
}

void case_run(struct case_result *out, struct case_runner *runner, const struct sigma_case *c) {
    out->hits = 0;
    out->rule = NULL;
    buf_clear(&out->why);
    buf_add(&out->why, c->fault);
    if (find_rule(out, runner, c)) {
        const struct sigma_rules *rules = rules_for(out, runner, c);
        if (rules != NULL && out->why.len == 0 && c->events.len > 0) {
            match_text(out, rules, c, c->events);
        } else if (rules != NULL && out->why.len == 0) {
            match_file(out, rules, c);
        }
    }
    out->has_passed = out->why.len == 0 && out->hits >= c->least && out->hits <= c->most;
}

void case_runner_fini(struct case_runner *runner) {
    sigma_rules_free(&runner->everywhere);
}
