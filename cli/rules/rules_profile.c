/* konseki rules profile: what each rule, field and expression costs on given events. */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "commands.h"
#include "file_rows.h"
#include "i18n.h"
#include "json_out.h"
#include "mem.h"
#include "options.h"
#include "rule_options.h"
#include "sigma_profile.h"
#include "subcommands.h"

enum { LIMIT_DEFAULT = 20, CELL_COUNT = 9, NUMBER_BYTES = 32 };

struct cost {
    const char *kind; /* rule, field, regex */
    struct str id;
    struct str name;
    uint64_t evaluated; /* rule: conditions; field: values; regex: tries */
    uint64_t hits;      /* rule, regex */
    uint64_t scanned;   /* field: values not remembered */
    uint64_t bytes;     /* field: of these */
    uint64_t limits;    /* regex */
    uint64_t time_ns;
};

struct profiling {
    struct rule_options rules;
    enum output_format format;
    uint64_t limit; /* of each kind; 0: all */
    struct sigma_matcher *matcher;
    size_t accepted; /* rules */
    size_t refused;
    uint64_t events;
    int64_t time_ns; /* of matching, all in all */
};

/* --- running --- */

static void count_rule(const struct sigma_rule_info *rule, struct str why, void *ctx) {
    struct profiling *p = ctx;
    (void)rule;
    *(why.len > 0 ? &p->refused : &p->accepted) += 1;
}

static void ignore_hit(const struct sigma_hit *hit, void *ctx) {
    (void)hit, (void)ctx; /* counted by the profile */
}

static bool match_batch(const struct batch *batch, struct str file, void *ctx) {
    struct profiling *p = ctx;
    (void)file;
    int64_t from_ns = clock_mono_ns();
    for (size_t i = 0; i < batch->row_count; i++) {
        const struct row *row = &batch->rows[i];
        if (file_rows_is_event(row) && (row->flags & ROW_DAMAGED) == 0) {
            p->events++;
            sigma_match_row(p->matcher, batch, row, ignore_hit, NULL);
        }
    }
    p->time_ns += clock_mono_ns() - from_ns;
    return true;
}

static void unreadable(const char *path, const struct err *err, void *ctx) {
    (void)path, (void)ctx; /* the message names it */
    output_error("rules profile", err);
}

/* --- rows --- */

static int dearest_first(const void *a, const void *b) {
    const struct cost *x = a, *y = b;
    int order = (x->time_ns < y->time_ns) - (x->time_ns > y->time_ns);
    return order != 0 ? order : (x->evaluated < y->evaluated) - (x->evaluated > y->evaluated);
}

static size_t rule_rows(struct cost *rows, const struct sigma_profile *p) {
    for (size_t i = 0; i < p->rule_count; i++) {
        const struct sigma_rule_cost *c = &p->rules[i];
        rows[i] = (struct cost){.kind = "rule",
                                .id = c->rule->id,
                                .name = c->rule->title,
                                .evaluated = c->candidates,
                                .hits = c->hits,
                                .time_ns = c->time_ns};
    }
    return p->rule_count;
}

static size_t field_rows(struct cost *rows, const struct sigma_profile *p) {
    for (size_t i = 0; i < p->slot_count; i++) {
        const struct sigma_slot_cost *c = &p->slots[i];
        rows[i] = (struct cost){.kind = "field",
                                .name = c->name.len > 0 ? c->name : STR("(keywords)"),
                                .evaluated = c->values,
                                .scanned = c->scanned,
                                .bytes = c->bytes,
                                .time_ns = c->time_ns};
    }
    return p->slot_count;
}

static size_t regex_rows(struct cost *rows, const struct sigma_profile *p) {
    for (size_t i = 0; i < p->regex_count; i++) {
        const struct sigma_regex_cost *c = &p->regexes[i];
        rows[i] = (struct cost){.kind = "regex",
                                .id = c->field,
                                .name = c->pattern,
                                .evaluated = c->tries,
                                .hits = c->found,
                                .limits = c->limits,
                                .time_ns = c->time_ns};
    }
    return p->regex_count;
}

/* --- printing --- */

static double share_of(const struct profiling *p, const struct cost *c) {
    return p->time_ns > 0 ? 100.0 * (double)c->time_ns / (double)p->time_ns : 0;
}

static bool print_json(const struct profiling *p, const struct cost *c) {
    struct buf out = BUF_INIT;
    buf_printf(&out, "{\"kind\":\"%s\",\"id\":", c->kind);
    json_out_string(&out, c->id);
    buf_add(&out, STR(",\"name\":"));
    json_out_string(&out, c->name);
    buf_printf(&out,
               ",\"evaluated\":%llu,\"hits\":%llu,\"scanned\":%llu,\"bytes\":%llu,\"limits\":%llu,"
               "\"time_ns\":%llu,\"share_percent\":%.3f}\n",
               (unsigned long long)c->evaluated, (unsigned long long)c->hits,
               (unsigned long long)c->scanned, (unsigned long long)c->bytes,
               (unsigned long long)c->limits, (unsigned long long)c->time_ns, share_of(p, c));
    bool good = output_write(stdout, buf_str(&out));
    buf_fini(&out);
    return good;
}

static bool print_row(struct output *table, const struct profiling *p, const struct cost *c) {
    char numbers[CELL_COUNT][NUMBER_BYTES];
    struct str cells[CELL_COUNT] = {str_from_c(c->kind)};
    const uint64_t counts[] = {c->evaluated, c->hits, c->scanned, c->bytes, c->limits};
    size_t at = 1;
    (void)snprintf(numbers[0], NUMBER_BYTES, "%.1f", (double)c->time_ns / 1e6);
    cells[at++] = str_from_c(numbers[0]);
    (void)snprintf(numbers[1], NUMBER_BYTES, "%.1f", share_of(p, c));
    cells[at++] = str_from_c(numbers[1]);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        (void)snprintf(numbers[2 + i], NUMBER_BYTES, "%llu", (unsigned long long)counts[i]);
        cells[at++] = str_from_c(numbers[2 + i]);
    }
    cells[at] = c->name;
    return output_row(table, cells);
}

typedef size_t rows_fn(struct cost *rows, const struct sigma_profile *p);

static bool print_kind(struct output *table, const struct profiling *p, rows_fn *fill,
                       size_t capacity) {
    struct cost *rows = mem_calloc(capacity + 1, sizeof *rows);
    size_t count = fill(rows, sigma_matcher_profile(p->matcher));
    bool good = true;
    qsort(rows, count, sizeof *rows, dearest_first);
    count = p->limit > 0 && p->limit < count ? (size_t)p->limit : count;
    for (size_t i = 0; i < count && good; i++) {
        if (rows[i].evaluated > 0) {
            good = table != NULL ? print_row(table, p, &rows[i]) : print_json(p, &rows[i]);
        }
    }
    mem_free(rows);
    return good;
}

static bool print_all(const struct profiling *p) {
    static const struct str headers[CELL_COUNT] = {{"kind", 4},      {"time_ms", 7}, {"share", 5},
                                                   {"evaluated", 9}, {"hits", 4},    {"scanned", 7},
                                                   {"bytes", 5},     {"limits", 6},  {"name", 4}};
    const struct sigma_profile *profile = sigma_matcher_profile(p->matcher);
    struct output *table = NULL;
    if (p->format != OUTPUT_JSONL) {
        table = output_create(stdout, p->format, headers, CELL_COUNT, output_terminal_width(),
                              p->format == OUTPUT_CSV);
    }
    bool good = print_kind(table, p, rule_rows, profile->rule_count) &&
                print_kind(table, p, field_rows, profile->slot_count) &&
                print_kind(table, p, regex_rows, profile->regex_count);
    if (table != NULL) {
        good = output_destroy(&table) && good;
    }
    return output_finish(stdout) && good;
}

static void print_summary(const struct profiling *p) {
    const struct sigma_profile *profile = sigma_matcher_profile(p->matcher);
    size_t evaluated = 0;
    for (size_t i = 0; i < profile->rule_count; i++) {
        evaluated += profile->rules[i].candidates > 0;
    }
    fprintf(stderr, _("%llu events, matching took %.3f s; %zu of %zu rules were evaluated\n"),
            (unsigned long long)p->events, (double)p->time_ns / (double)NS_PER_SECOND, evaluated,
            profile->rule_count);
}

/* --- the command --- */

static int run(struct profiling *p, const struct positionals *paths) {
    struct sigma_rules *rules = NULL;
    struct err err = ERR_INIT;
    struct file_rows_counts counts = {0};
    struct buf folder = BUF_INIT;
    struct sigma_load_options load = rule_options_load(&p->rules);
    const struct file_rows_options reading = {.zone = zone_utc(),
                                              .zone_is_guess = true,
                                              .rows = match_batch,
                                              .failed = unreadable,
                                              .ctx = p};
    load.report = count_rule;
    load.ctx = p;
    load.cache_folder = sigma_cache_default_folder(&folder) ? folder.ptr : NULL;
    enum status loaded = sigma_rules_load(&rules, &load, &err);
    buf_fini(&folder);
    if (loaded != STATUS_OK) {
        output_error("rules profile", &err);
        return EXIT_USAGE;
    }
    if (p->refused > 0 || p->accepted == 0) {
        subcommand_tell_no_rules("profile", p->refused);
    }
    if (p->accepted == 0) {
        sigma_rules_free(&rules);
        return EXIT_USAGE;
    }
    p->matcher = sigma_matcher_create(rules);
    (void)sigma_matcher_profile(p->matcher);
    file_rows_read(&reading, (const char *const *)paths->items, (size_t)paths->count, &counts);
    bool printed = print_all(p);
    print_summary(p);
    sigma_matcher_destroy(&p->matcher);
    sigma_rules_free(&rules);
    return !printed ? EXIT_STORE : counts.unreadable > 0 ? EXIT_UNREADABLE : EXIT_DONE;
}

int rules_profile(int argc, char **argv) {
    struct profiling p = {.format = options_default_format(), .limit = LIMIT_DEFAULT};
    bool help = false;
    const struct option_spec specs[] = {RULE_OPTION_ROWS(p.rules),
                                        {"format", OPTION_FORMAT, &p.format, NULL},
                                        {"limit", OPTION_NUMBER, &p.limit, NULL},
                                        {"help", OPTION_FLAG, &help, NULL}};
    struct positionals paths;
    int code = EXIT_USAGE;
    if (options_parse(&paths, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        code = help || paths.count == 0 || p.rules.rules.count == 0
                   ? subcommand_usage("profile", help)
                   : run(&p, &paths);
    }
    rule_options_fini(&p.rules);
    return code;
}
