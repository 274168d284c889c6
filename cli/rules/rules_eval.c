/*
 * konseki rules eval: the rules of one file (or folder) on bare events, for trying rules and for
 * conformance tests. One line {"match":true|false} an event: true if any rule matches.
 */
#include <stdio.h>

#include "bare_event.h"
#include "commands.h"
#include "i18n.h"
#include "input_file.h"
#include "json_out.h"
#include "mem.h"
#include "rule_options.h"
#include "sigma_correlator.h"
#include "subcommands.h"

/* What is said of one event. */
struct verdict {
    struct buf ids; /* of the rules that match the event, as JSON texts with commas */
    bool is_bad;
};

/* With correlations the verdicts are printed when all events are read. */
struct eval {
    struct sigma_matcher *matcher;
    struct sigma_correlator *correlator; /* NULL: no correlation */
    struct bare_event event;
    struct verdict *verdicts;
    size_t count;
    size_t capacity;
    bool print_ids;
    size_t bad_lines;
    size_t timeless; /* events without a time: no correlation sees them */
    struct err err;
    enum status status;
};

static void add_id(struct verdict *v, struct str id) {
    buf_add(&v->ids, v->ids.len > 0 ? STR(",") : STR_EMPTY);
    json_out_string(&v->ids, id);
}

static void found(const struct sigma_hit *hit, void *ctx) {
    struct eval *eval = ctx;
    add_id(&eval->verdicts[eval->count - 1], hit->rule->id);
}

static void correlated(const struct sigma_rule_info *rule, uint64_t number, void *ctx) {
    struct eval *eval = ctx;
    add_id(&eval->verdicts[number], rule->id);
}

static void print_verdict(const struct eval *eval, struct verdict *v) {
    if (v->is_bad) {
        puts("{\"match\":false,\"error\":\"not a JSON object\"}");
        return;
    }
    printf("{\"match\":%s", v->ids.len > 0 ? "true" : "false");
    if (eval->print_ids) {
        printf(",\"rules\":[%.*s]", STR_ARG(buf_str(&v->ids)));
    }
    puts("}");
    buf_fini(&v->ids);
}

/* The rule hits of this event are the correlator's from now on, if the event has a time. */
static void begin_correlation(struct eval *eval) {
    int64_t time_ns;
    struct sigma_event_place place = {.origin = STR_EMPTY, .number = eval->count - 1};
    if (eval->correlator == NULL || eval->status != STATUS_OK) {
        return;
    }
    if (!sigma_event_time(&time_ns, eval->event.values, eval->event.count)) {
        eval->timeless++;
        sigma_matcher_feed(eval->matcher, NULL, NULL);
        return;
    }
    eval->status = sigma_correlator_event(eval->correlator, time_ns, &place, &eval->err);
    sigma_matcher_feed(eval->matcher, sigma_correlator_take, eval->correlator);
}

static void eval_object(json_object *object, void *ctx) {
    struct eval *eval = ctx;
    MEM_GROW(eval->verdicts, eval->capacity, eval->count + 1);
    eval->verdicts[eval->count++] = (struct verdict){.is_bad = object == NULL};
    if (object == NULL) {
        eval->bad_lines++;
    } else {
        bare_event_read(&eval->event, object);
        begin_correlation(eval);
        sigma_match_event(eval->matcher, eval->event.values, eval->event.count, found, eval);
    }
    if (eval->correlator == NULL) {
        print_verdict(eval, &eval->verdicts[--eval->count]);
    }
}

static int finish(struct eval *eval) {
    if (eval->correlator != NULL && eval->status == STATUS_OK) {
        eval->status = sigma_correlator_finish(eval->correlator, &eval->err);
    }
    for (size_t i = 0; i < eval->count; i++) {
        print_verdict(eval, &eval->verdicts[i]);
    }
    if (eval->timeless > 0) {
        fprintf(stderr,
                _("konseki rules eval: %zu events have no time: no correlation sees them\n"),
                eval->timeless);
    }
    if (eval->status != STATUS_OK) {
        output_error("rules eval", &eval->err);
        return EXIT_STORE;
    }
    return eval->bad_lines > 0 ? EXIT_UNREADABLE : EXIT_DONE;
}

/* --- files --- */

struct refusals {
    size_t count;
};

static void report(const struct sigma_rule_info *rule, struct str why, void *ctx) {
    struct refusals *refusals = ctx;
    if (why.len > 0) {
        refusals->count++;
        struct buf line = BUF_INIT;
        output_append_visible(&line, rule->path);
        buf_add(&line, STR(": "));
        output_append_visible(&line, why);
        fprintf(stderr, "konseki rules eval: %.*s\n", STR_ARG(buf_str(&line)));
        buf_fini(&line);
    }
}

static enum status load(struct sigma_rules **rules, const struct rule_options *from,
                        const char *path, bool everywhere, struct refusals *refusals,
                        struct err *err) {
    struct sigma_load_options options = rule_options_load(from);
    options.paths = &path;
    options.path_count = 1;
    options.everywhere = everywhere;
    options.report = report;
    options.ctx = refusals;
    return sigma_rules_load(rules, &options, err);
}

static int eval_file(const struct sigma_rules *rules, const char *path, bool print_ids) {
    struct input_file file;
    struct err err = ERR_INIT;
    if (input_file_open(&file, path, &err) != STATUS_OK) {
        fprintf(stderr, "konseki rules eval: %s: %s\n", path, err.message);
        return EXIT_UNREADABLE;
    }
    struct eval eval = {.matcher = sigma_matcher_create(rules), .print_ids = print_ids};
    const struct sigma_correlator_options options = {
        .rules = rules, .matched = correlated, .ctx = &eval};
    eval.correlator = sigma_correlator_create(&options);
    bare_event_each(str_make((const char *)file.bytes, file.size_bytes), eval_object, &eval);
    int code = finish(&eval);
    sigma_matcher_destroy(&eval.matcher);
    sigma_correlator_destroy(&eval.correlator);
    mem_free(eval.verdicts);
    bare_event_fini(&eval.event);
    input_file_close(&file);
    return code;
}

static int eval_paths(const struct rule_options *from, const struct positionals *paths,
                      bool everywhere, bool print_ids) {
    struct sigma_rules *rules = NULL;
    struct refusals refusals = {0};
    struct err err = ERR_INIT;
    if (load(&rules, from, paths->items[0], everywhere, &refusals, &err) != STATUS_OK) {
        output_error("rules eval", &err);
        return EXIT_USAGE;
    }
    int code = EXIT_USAGE;
    if (refusals.count == 0 && sigma_rules_count(rules) == 0) {
        fprintf(stderr, "konseki rules eval: %s: no rule in it\n", paths->items[0]);
    } else if (refusals.count == 0) {
        code = eval_file(rules, paths->items[1], print_ids);
    }
    sigma_rules_free(&rules);
    return code;
}

int rules_eval(int argc, char **argv) {
    bool everywhere = false;
    bool print_ids = false;
    bool help = false;
    struct rule_options from = {0};
    const struct option_spec specs[] = {RULE_OPTION_PLACEHOLDERS(from),
                                        {"ignore-logsource", OPTION_FLAG, &everywhere, NULL},
                                        {"ids", OPTION_FLAG, &print_ids, NULL},
                                        {"help", OPTION_FLAG, &help, NULL}};
    struct positionals paths;
    if (!options_parse(&paths, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        return EXIT_USAGE;
    }
    if (help || paths.count != 2) {
        return subcommand_usage("eval", help);
    }
    int code = eval_paths(&from, &paths, everywhere, print_ids);
    rule_options_fini(&from);
    return code;
}
