/* konseki findings: what was detected, with reasons; one finding's whole story with its id. */
#include <stdio.h>

#include "analysis.h"
#include "commands.h"
#include "correlation_story.h"
#include "findings_db.h"
#include "i18n.h"
#include "json_tree.h"
#include "options.h"

enum { COLUMN_COUNT = 6 };

struct listing {
    const char *store_path;
    const char *analysis;
    const char *level;
    const char *tz;
    const char *lang;
    bool suppressed;
    bool coverage;
    bool bom;
    enum output_format format;
    const struct zone *zone;
    struct output *rows;
    struct buf time;
    struct buf entities;
    uint64_t shown;
    uint64_t gaps; /* analysis and source that could not be evaluated, or not fully */
};

static const struct str headers[COLUMN_COUNT] = {STR_INIT("level"),    STR_INIT("first"),
                                                 STR_INIT("analysis"), STR_INIT("entities"),
                                                 STR_INIT("reason"),   STR_INIT("id")};

/* --- reading the objects --- */

/* A {"en","ja"} object in the language of the listing. */
static const char *spoken(const struct json_tree *text) {
    const char *chosen = json_tree_text(text, options_is_japanese() ? "ja" : "en");
    return chosen[0] != '\0' ? chosen : json_tree_text(text, "en");
}

static void append_time(struct buf *out, const char *text, const struct listing *l) {
    int64_t ns;
    bool has_zone;
    if (!civil_parse_rfc3339(&ns, &has_zone, str_from_c(text))) {
        buf_add(out, str_from_c(text));
    } else if (l->format == OUTPUT_CSV) {
        char utc[CIVIL_RFC3339_BYTES];
        buf_append(out, utc, civil_format_rfc3339(utc, ns));
    } else {
        output_append_local_time(out, ns, l->zone);
    }
}

static void append_entity(const char *name, const struct json_tree *values, void *ctx) {
    struct buf *out = ctx;
    size_t count = json_tree_count(values);
    buf_printf(out, "%s%s=", out->len > 0 ? " " : "", name);
    for (size_t i = 0; i < count; i++) {
        if (i == 3 && count > 4) {
            buf_printf(out, ",+%zu", count - i);
            return;
        }
        buf_printf(out, "%s%s", i > 0 ? "," : "", json_tree_value(json_tree_item(values, i)));
    }
}

/* "client=10.1.2.3 user=a,b" */
static void append_entities(struct buf *out, const struct json_tree *object) {
    json_tree_members(json_tree_child(object, "entities"), append_entity, out);
}

/* --- the list --- */

static bool list_finding(struct listing *l, const struct json_tree *object) {
    append_time(&l->time, json_tree_text(object, "first"), l);
    append_entities(&l->entities, object);
    struct str cells[COLUMN_COUNT] = {str_from_c(json_tree_text(object, "level")),
                                      buf_str(&l->time),
                                      str_from_c(json_tree_text(object, "analysis")),
                                      buf_str(&l->entities),
                                      str_from_c(spoken(json_tree_child(object, "reason"))),
                                      str_from_c(json_tree_text(object, "id"))};
    return output_row(l->rows, cells);
}

/* "file:line", or who sent it. */
static void append_place(struct buf *out, const struct json_tree *event) {
    const char *file = json_tree_text(event, "file");
    const char *names[] = {"line", "record_id", "idx"};
    buf_printf(out, "%s%s", out->len > 0 ? " " : "",
               file[0] != '\0' ? file : json_tree_text(event, "peer"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (json_tree_child(event, names[i]) != NULL) {
            buf_printf(out, ":%s", json_tree_text(event, names[i]));
            return;
        }
    }
}

static void append_group(const char *name, const struct json_tree *value, void *ctx) {
    struct buf *out = ctx;
    buf_printf(out, "%s%s=%s", out->len > 0 ? " " : "", name, json_tree_value(value));
}

/* What its events have in common, where the first is, how many there are. */
static bool list_correlation(struct listing *l, const struct json_tree *object,
                             const struct json_tree *correlation) {
    const struct json_tree *rule = json_tree_child(object, "rule");
    const struct json_tree *events = json_tree_child(object, "events");
    struct buf title = BUF_INIT;
    append_time(&l->time, json_tree_text(object, "@timestamp"), l);
    json_tree_members(json_tree_child(correlation, "group"), append_group, &l->entities);
    append_place(&l->entities, json_tree_item(events, 0));
    buf_printf(&title, "%s (%s, %s)", json_tree_text(rule, "title"),
               json_tree_text(correlation, "type"), json_tree_text(correlation, "count"));
    struct str cells[COLUMN_COUNT] = {str_from_c(json_tree_text(rule, "level")),
                                      buf_str(&l->time),
                                      STR("sigma"),
                                      buf_str(&l->entities),
                                      buf_str(&title),
                                      str_from_c(json_tree_text(object, "id"))};
    bool go_on = output_row(l->rows, cells);
    buf_fini(&title);
    return go_on;
}

static bool list_rule(struct listing *l, const struct json_tree *object) {
    const struct json_tree *rule = json_tree_child(object, "rule");
    const struct json_tree *correlation = json_tree_child(object, "correlation");
    if (correlation != NULL) {
        return list_correlation(l, object, correlation);
    }
    append_time(&l->time, json_tree_text(object, "@timestamp"), l);
    append_place(&l->entities, json_tree_child(object, "event"));
    struct str cells[COLUMN_COUNT] = {str_from_c(json_tree_text(rule, "level")),
                                      buf_str(&l->time),
                                      STR("sigma"),
                                      buf_str(&l->entities),
                                      str_from_c(json_tree_text(rule, "title")),
                                      str_from_c(json_tree_text(rule, "id"))};
    return output_row(l->rows, cells);
}

static bool list_object(struct str kind, struct str json, void *ctx) {
    struct listing *l = ctx;
    if (l->format == OUTPUT_JSONL) {
        l->shown++;
        return output_write(stdout, json) && output_write(stdout, STR("\n"));
    }
    if (str_eq(kind, STR("coverage"))) {
        l->gaps++;
        return true;
    }
    struct json_tree *object = json_tree_parse(json);
    buf_clear(&l->time);
    buf_clear(&l->entities);
    bool go_on = true;
    if (object) {
        l->shown++;
        go_on = str_eq(kind, STR("rule")) ? list_rule(l, object) : list_finding(l, object);
    }
    json_tree_free(object);
    return go_on;
}

/* --- one finding --- */

/* A text that may hold anything, made harmless for a terminal. */
static void print_visible(const char *text) {
    struct buf visible = BUF_INIT;
    output_append_visible(&visible, str_from_c(text));
    (void)fwrite(visible.ptr, 1, visible.len, stdout);
    buf_fini(&visible);
}

static void print_list(const struct json_tree *object, const char *name, const char *title) {
    const struct json_tree *list = json_tree_child(object, name);
    size_t count = json_tree_count(list);
    if (count == 0) {
        return;
    }
    printf("\n%s\n", title);
    for (size_t i = 0; i < count; i++) {
        fputs("  - ", stdout);
        print_visible(spoken(json_tree_item(list, i)));
        putchar('\n');
    }
}

static void print_event(struct listing *l, const struct json_tree *event) {
    const char *file = json_tree_text(event, "file");
    buf_clear(&l->time);
    append_time(&l->time, json_tree_text(event, "@timestamp"), l);
    printf("  %.*s  ", STR_ARG(buf_str(&l->time)));
    print_visible(file[0] != '\0' ? file : json_tree_text(event, "peer"));
    printf(":%s  ", json_tree_text(event, json_tree_child(event, "line")        ? "line"
                                          : json_tree_child(event, "record_id") ? "record_id"
                                                                                : "seq"));
    print_visible(json_tree_text(event, "id"));
    putchar('\n');
}

static void print_events(struct listing *l, const struct json_tree *object) {
    const struct json_tree *events = json_tree_child(object, "events");
    size_t count = json_tree_count(events);
    printf(_("\nEvidence: %s event(s), %zu shown\n"), json_tree_text(object, "count"), count);
    for (size_t i = 0; i < count; i++) {
        print_event(l, json_tree_item(events, i));
    }
}

static void print_story(struct listing *l, const struct json_tree *object) {
    printf("%s  %s  %s  ", json_tree_text(object, "level"), json_tree_text(object, "analysis"),
           json_tree_text(object, "id"));
    print_visible(spoken(json_tree_child(object, "name")));
    printf("  (ATT&CK %s)\n", json_tree_text(object, "attack"));
    buf_clear(&l->entities);
    append_entities(&l->entities, object);
    buf_putc(&l->entities, '\0');
    print_visible(l->entities.ptr);
    fputs("\n\n", stdout);
    print_visible(spoken(json_tree_child(object, "reason")));
    putchar('\n');
    if (json_tree_child(object, "suppressed_by")) {
        printf("%s", _("\nExplained by "));
        print_visible(json_tree_text(object, "suppressed_by"));
        putchar('\n');
    }
    print_list(object, "do_not", _("Do NOT"));
    print_list(object, "next", _("Next steps"));
    print_list(object, "missing", _("Not available to this judgement"));
    print_events(l, object);
}

static bool tell_object(struct str kind, struct str json, void *ctx) {
    struct listing *l = ctx;
    if (l->format != OUTPUT_TABLE || str_eq(kind, STR("coverage"))) {
        return list_object(kind, json, ctx);
    }
    struct json_tree *object = json_tree_parse(json);
    bool is_rule = str_eq(kind, STR("rule"));
    if (object) {
        fputs(l->shown > 0 ? "\n" : "", stdout);
        l->shown++;
        if (is_rule) {
            correlation_story_print(object, l->zone);
        } else {
            print_story(l, object);
        }
    }
    json_tree_free(object);
    return true;
}

/* --- the command --- */

static int usage(const char *problem) {
    fprintf(stderr, "konseki: %s\n", problem);
    fputs(_("usage: konseki findings --store DIR [--format table|jsonl|csv] [--analysis ID] "
            "[--level L] [--suppressed] [--coverage] [--tz ZONE] [--lang ja|en] [ID]\n"
            "  levels: informational (info), low, medium, high, critical; --level shows this and "
            "higher\n"),
          stderr);
    return EXIT_USAGE;
}

static bool parse_options(struct listing *l, struct positionals *words, int argc, char **argv) {
    const struct option_spec specs[] = {
        {"store", OPTION_TEXT, &l->store_path, NULL},
        {"format", OPTION_FORMAT, &l->format, NULL},
        {"analysis", OPTION_TEXT, &l->analysis, NULL},
        {"level", OPTION_TEXT, &l->level, NULL},
        {"suppressed", OPTION_FLAG, &l->suppressed, NULL},
        {"coverage", OPTION_FLAG, &l->coverage, NULL},
        {"bom", OPTION_FLAG, &l->bom, NULL},
        {"tz", OPTION_TEXT, &l->tz, NULL},
        {"lang", OPTION_LANG, &l->lang, NULL},
    };
    l->format = options_default_format();
    return options_parse(words, specs, sizeof specs / sizeof *specs, argc, argv);
}

static void print_totals(const struct listing *l, struct findings_db *db) {
    struct findings_totals totals;
    struct err err = ERR_INIT;
    if (findings_db_totals(db, &totals, &err) != STATUS_OK) {
        return;
    }
    fprintf(stderr,
            _("konseki: %llu shown; %llu explained (--suppressed); %llu pairs of analysis and "
              "source could not, or not fully, be evaluated (--coverage --format jsonl)\n"),
            (unsigned long long)l->shown, (unsigned long long)totals.suppressed,
            (unsigned long long)l->gaps);
}

static int show(struct listing *l, const struct findings_query *query) {
    struct findings_db *db;
    struct err err = ERR_INIT;
    enum status status = findings_db_open(&db, l->store_path, false, &err);
    if (status != STATUS_OK) {
        output_error(NULL, &err);
        return EXIT_STORE;
    }
    bool one = query->id.len > 0;
    if (l->format == OUTPUT_CSV || (l->format == OUTPUT_TABLE && !one)) {
        l->rows = output_create(stdout, l->format, headers, COLUMN_COUNT, output_terminal_width(),
                                l->bom);
    }
    status = findings_db_visit(db, query, one ? tell_object : list_object, l, &err);
    bool written = l->rows ? output_destroy(&l->rows) : output_finish(stdout);
    if (status == STATUS_OK && l->format == OUTPUT_TABLE && !one) {
        print_totals(l, db);
    }
    findings_db_close(&db);
    if (status != STATUS_OK) {
        output_error(NULL, &err);
        return EXIT_STORE;
    }
    if (one && l->shown == 0) {
        fprintf(stderr, _("konseki: no finding has the id '%.*s'; konseki findings lists them\n"),
                STR_ARG(query->id));
        return EXIT_NEGATIVE;
    }
    return written ? EXIT_DONE : EXIT_STORE;
}

/* An analysis that is none would list nothing, which reads like "no attack". */
static bool is_analysis(const char *id) {
    if (analysis_find(str_from_c(id)) != NULL) {
        return true;
    }
    struct buf ids = BUF_INIT;
    for (size_t i = 0; analyses_all[i] != NULL; i++) {
        buf_printf(&ids, "%s%s", i > 0 ? " | " : "", analyses_all[i]->id);
    }
    buf_putc(&ids, '\0');
    fprintf(stderr, _("konseki: --%s: \"%s\": expected %s\n"), "analysis", id, ids.ptr);
    buf_fini(&ids);
    return false;
}

int cmd_findings(int argc, char **argv) {
    struct listing l = {.format = OUTPUT_TABLE};
    struct positionals words;
    if (!parse_options(&l, &words, argc, argv) || !options_zone(&l.zone, l.tz, l.store_path)) {
        return EXIT_USAGE;
    }
    if (l.store_path == NULL || words.count > 1) {
        return usage(_("findings needs --store DIR, and at most one finding's id"));
    }
    struct findings_query query = {
        .id = str_from_c(words.count == 1 ? words.items[0] : ""),
        .analysis = str_from_c(l.analysis ? l.analysis : ""),
        .level = LEVEL_INFORMATIONAL,
        .suppressed = l.suppressed,
        .coverage = l.coverage ? COVERAGE_ALL : COVERAGE_GAPS,
    };
    if (l.analysis && !is_analysis(l.analysis)) {
        return EXIT_USAGE;
    }
    if (l.level && !finding_level_parse(&query.level, str_from_c(l.level))) {
        return usage(_("--level is not one of the levels"));
    }
    int code = show(&l, &query);
    buf_fini(&l.time);
    buf_fini(&l.entities);
    return code;
}
