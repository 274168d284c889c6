#include "case_run.h"

#include "bare_event.h"
#include "file_io.h"
#include "i18n.h"
#include "input_file.h"
#include "scan.h"

struct run {
    const struct sigma_case *test;
    struct case_result *result;
    struct sigma_matcher *matcher;
    struct bare_event event;
    size_t bad_lines;
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

static void count_hit(const struct sigma_hit *hit, void *ctx) {
    struct run *run = ctx;
    run->result->hits += is_under_test(run->test, hit->rule);
}

static void match_object(json_object *object, void *ctx) {
    struct run *run = ctx;
    if (object == NULL) {
        run->bad_lines++;
        return;
    }
    bare_event_read(&run->event, object);
    sigma_match_event(run->matcher, run->event.values, run->event.count, count_hit, run);
}

static void match_text(struct case_result *result, const struct sigma_rules *rules,
                       const struct sigma_case *test, struct str text) {
    struct run run = {.test = test, .result = result, .matcher = sigma_matcher_create(rules)};
    bare_event_each(text, match_object, &run);
    if (run.bad_lines > 0) {
        buf_printf(&result->why, _("%zu lines are no JSON objects"), run.bad_lines);
    }
    sigma_matcher_destroy(&run.matcher);
    bare_event_fini(&run.event);
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

static bool count_scan_hit(const struct scan_hit *hit, void *ctx) {
    count_hit(hit->sigma, ctx);
    return true;
}

static void scan_failed(const char *path, const struct err *err, void *ctx) {
    struct run *run = ctx;
    (void)path; /* the message names it */
    fail(run->result, str_from_c(err->message));
}

static void match_rows(struct case_result *result, const struct sigma_rules *rules,
                       const struct sigma_case *test, const char *path) {
    struct run run = {.test = test, .result = result};
    struct scan_counts counts;
    const struct scan_options options = {.rules = rules,
                                         .least_level = SIGMA_INFORMATIONAL,
                                         .zone = zone_utc(),
                                         .hit = count_scan_hit,
                                         .failed = scan_failed,
                                         .ctx = &run};
    scan_paths(&options, &path, 1, &counts);
    if (counts.events == 0) {
        fail(result, str_from_c(_("the file holds no event")));
    }
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
