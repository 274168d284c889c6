/* konseki timeline: the ordered story about addresses, users, hosts, mail addresses, domains. */
#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "commands.h"
#include "i18n.h"
#include "json_member.h"
#include "json_out.h"
#include "mem.h"
#include "offline.h"
#include "options.h"
#include "timeline.h"

enum { COLUMN_COUNT = 6 };

struct telling {
    const char *store_path;
    const char *from;
    const char *to;
    const char *tz;
    const char *lang;
    uint64_t limit;
    uint64_t memory_bytes;
    bool bom;
    enum output_format format;
    const struct zone *zone;
    struct output *rows;
    struct buf line;
    struct buf time;
    struct buf marks;
};

static const struct str headers[COLUMN_COUNT] = {STR_INIT("@timestamp"), STR_INIT("source"),
                                                 STR_INIT("dataset"),    STR_INIT("action"),
                                                 STR_INIT("findings"),   STR_INIT("summary")};

static void append_time(struct buf *out, int64_t ns) {
    char text[CIVIL_RFC3339_BYTES];
    buf_append(out, text, civil_format_rfc3339(text, ns));
}

/* --- jsonl --- */

static void append_finding(struct buf *out, const struct timeline_entry *e) {
    buf_add(out, STR(",\"kind\":\"finding\",\"finding\":{\"id\":"));
    json_out_string(out, e->id);
    json_member_text(out, STR("analysis"), e->source);
    json_member_text(out, STR("level"), e->action);
    buf_printf(out, ",\"count\":%" PRIu64 ",\"last\":\"", e->count);
    append_time(out, e->last_ns);
    buf_add(out, STR("\"}"));
    json_member_text(out, STR("message"), e->summary);
}

static void append_event(struct buf *out, const struct timeline_entry *e) {
    buf_add(out, STR(",\"kind\":\"event\",\"event\":{\"id\":"));
    json_out_string(out, e->id);
    json_member_some_text(out, STR("dataset"), e->dataset);
    json_member_some_text(out, STR("action"), e->action);
    buf_add(out, STR("},\"konseki\":{\"source\":"));
    json_out_string(out, e->source);
    if (e->line > 0) {
        buf_printf(out, ",\"line\":%" PRIu64, e->line);
    }
    buf_putc(out, '}');
    if (e->origin.len > 0) {
        buf_add(out, STR(",\"log\":{\"file\":{\"path\":"));
        json_out_string(out, e->origin);
        buf_add(out, STR("}}"));
    }
    json_member_text(out, STR("message"), e->summary);
    if (e->mark_count > 0) {
        buf_add(out, STR(",\"findings\":["));
        for (size_t i = 0; i < e->mark_count; i++) {
            buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
            json_out_string(out, e->marks[i]);
        }
        buf_putc(out, ']');
    }
}

static bool write_json(const struct timeline_entry *e, void *ctx) {
    struct telling *t = ctx;
    buf_clear(&t->line);
    buf_add(&t->line, STR("{\"@timestamp\":\""));
    append_time(&t->line, e->time_ns);
    buf_putc(&t->line, '"');
    if (e->kind == TIMELINE_FINDING) {
        append_finding(&t->line, e);
    } else {
        append_event(&t->line, e);
    }
    buf_add(&t->line, STR("}\n"));
    return output_write(stdout, buf_str(&t->line));
}

/* --- table, csv --- */

static bool write_cells(const struct timeline_entry *e, void *ctx) {
    struct telling *t = ctx;
    buf_clear(&t->time);
    buf_clear(&t->marks);
    if (t->format == OUTPUT_TABLE) {
        output_append_local_time(&t->time, e->time_ns, t->zone);
    } else {
        append_time(&t->time, e->time_ns);
    }
    for (size_t i = 0; i < e->mark_count; i++) {
        buf_add(&t->marks, i > 0 ? STR("; ") : STR_EMPTY);
        buf_add(&t->marks, e->marks[i]);
    }
    bool finding = e->kind == TIMELINE_FINDING;
    struct str cells[COLUMN_COUNT] = {buf_str(&t->time),
                                      e->source,
                                      finding ? STR("** finding **") : e->dataset,
                                      e->action,
                                      finding ? str_head(e->id, 12) : buf_str(&t->marks),
                                      e->summary};
    return output_row(t->rows, cells);
}

/* --- the command --- */

static int usage(const char *problem) {
    fprintf(stderr, "konseki: %s\n", problem);
    fputs(_("usage: konseki timeline --store DIR [--from T] [--to T] [--limit N] "
            "[--format table|jsonl|csv] [--tz ZONE] [--lang ja|en] ENTITY...\n"
            "  an entity is an address, a network, a user, a host, a mail address or a domain\n"),
          stderr);
    return EXIT_USAGE;
}

static bool parse_options(struct telling *t, struct positionals *words, int argc, char **argv) {
    const struct option_spec specs[] = {
        {"store", OPTION_TEXT, &t->store_path, NULL},
        {"from", OPTION_TEXT, &t->from, NULL},
        {"to", OPTION_TEXT, &t->to, NULL},
        {"limit", OPTION_NUMBER, &t->limit, NULL},
        {"format", OPTION_FORMAT, &t->format, NULL},
        {"memory", OPTION_SIZE, &t->memory_bytes, NULL},
        {"bom", OPTION_FLAG, &t->bom, NULL},
        {"tz", OPTION_TEXT, &t->tz, NULL},
        {"lang", OPTION_LANG, &t->lang, NULL},
    };
    t->format = options_default_format();
    return options_parse(words, specs, sizeof specs / sizeof *specs, argc, argv);
}

static int report(struct telling *t, enum status status, const struct timeline_stats *stats,
                  const struct err *err) {
    bool written = t->rows != NULL ? output_destroy(&t->rows) : output_finish(stdout);
    if (status != STATUS_OK) {
        output_error(NULL, err);
        return status == STATUS_BAD_INPUT ? EXIT_USAGE : EXIT_STORE;
    }
    if (stats->limited) {
        fprintf(stderr, _("konseki: note: there is more; --limit 0 shows all\n"));
    }
    return written ? EXIT_DONE : EXIT_STORE;
}

static int tell(struct telling *t, struct timeline_options *options) {
    struct err err = ERR_INIT;
    struct timeline_stats stats = {0};
    struct store_options store = {.path = t->store_path, .mode = STORE_READ};
    enum status status = store_open(&options->store, &store, &err);
    if (status != STATUS_OK) {
        return report(t, STATUS_ENVIRONMENT, &stats, &err);
    }
    status = findings_db_open(&options->findings, t->store_path, false, &err);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        if (t->format != OUTPUT_JSONL) {
            t->rows = output_create(stdout, t->format, headers, COLUMN_COUNT,
                                    output_terminal_width(), t->bom);
        }
        status = timeline_run(options, &stats, t->format == OUTPUT_JSONL ? write_json : write_cells,
                              t, &err);
    }
    int code = report(t, status, &stats, &err);
    if (offline_tell(options->store, t->format) && code == EXIT_DONE) {
        code = EXIT_UNREADABLE;
    }
    findings_db_close(&options->findings);
    store_close(&options->store);
    return code;
}

int cmd_timeline(int argc, char **argv) {
    struct telling t = {.limit = 0};
    struct positionals words;
    struct query_settings settings = {.now_ns = clock_wall_ns()};
    struct timeline_options options = {
        .settings = &settings, .from_ns = INT64_MIN, .to_ns = INT64_MAX};
    if (!parse_options(&t, &words, argc, argv) || !options_zone(&t.zone, t.tz, t.store_path) ||
        (t.from != NULL && !options_time(&options.from_ns, "from", t.from, t.zone)) ||
        (t.to != NULL && !options_time(&options.to_ns, "to", t.to, t.zone))) {
        return EXIT_USAGE;
    }
    if (t.store_path == NULL || words.count == 0) {
        return usage(_("timeline needs --store DIR and who or what it is about"));
    }
    struct str *entities = mem_calloc((size_t)words.count, sizeof *entities);
    for (int i = 0; i < words.count; i++) {
        entities[i] = str_from_c(words.items[i]);
    }
    settings.zone = t.zone;
    options.entities = entities;
    options.entity_count = (size_t)words.count;
    options.limit = t.limit;
    options.memory_bytes = t.memory_bytes;
    options.japanese = options_is_japanese();
    int code = tell(&t, &options);
    mem_free(entities);
    buf_fini(&t.line);
    buf_fini(&t.time);
    buf_fini(&t.marks);
    return code;
}
