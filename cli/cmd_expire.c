/* konseki expire: removes what is past its retention and under no hold, by a signed act. */
#include <stdio.h>

#include "act.h"
#include "clock.h"
#include "commands.h"
#include "expire.h"
#include "i18n.h"

static const struct str names[] = {STR_INIT("outcome"), STR_INIT("dataset"), STR_INIT("class"),
                                   STR_INIT("days"),    STR_INIT("segment"), STR_INIT("events"),
                                   STR_INIT("bytes"),   STR_INIT("oldest"),  STR_INIT("newest"),
                                   STR_INIT("hold")};
enum { COLUMNS = sizeof names / sizeof *names };

static struct str outcome_name(enum expire_outcome outcome, bool dry_run) {
    switch (outcome) {
    case EXPIRE_HELD:
        return STR("held");
    case EXPIRE_OFFLINE:
        return STR("offline");
    default:
        return dry_run ? STR("due") : STR("expired");
    }
}

struct printing {
    struct listing list;
    bool dry_run;
};

static void print_line(const struct expire_line *line, void *ctx) {
    struct printing *p = ctx;
    struct buf texts[COLUMNS] = {BUF_INIT};
    const struct str cells[COLUMNS] = {
        outcome_name(line->outcome, p->dry_run),
        act_datasets(&texts[1], UINT64_C(1) << line->dataset),
        line->rule->name,
        listing_number(&texts[3], line->rule->total_days),
        listing_number(&texts[4], line->segment),
        listing_number(&texts[5], line->rows),
        listing_number(&texts[6], line->bytes),
        listing_time(&texts[7], line->time_min),
        listing_time(&texts[8], line->time_max),
        line->hold != NULL ? listing_number(&texts[9], line->hold->number) : STR_EMPTY};
    (void)listing_row(&p->list, cells);
    for (size_t i = 0; i < COLUMNS; i++) {
        buf_fini(&texts[i]);
    }
}

static void print_sum(const struct expire_result *r, bool dry_run) {
    if (!r->has_rules) {
        fputs(_("konseki: note: the store has no rules: nothing expires (konseki retention set)\n"),
              stderr);
        return;
    }
    fprintf(stderr,
            dry_run ? _("konseki: %llu segments with %llu events (%llu bytes) would expire; %llu"
                        " are held, %llu lie on media that are offline\n")
                    : _("konseki: %llu segments with %llu events (%llu bytes) expired; %llu are"
                        " held, %llu lie on media that are offline\n"),
            (unsigned long long)r->segments, (unsigned long long)r->rows,
            (unsigned long long)r->bytes, (unsigned long long)r->held,
            (unsigned long long)r->offline);
    if (r->kept_bytes > 0) {
        fprintf(stderr,
                _("konseki: %llu bytes of hashes stay for the proofs of the other events\n"),
                (unsigned long long)r->kept_bytes);
    }
    if (r->on_media > 0) {
        fprintf(stderr,
                _("konseki: warning: %llu of their files lie on media that cannot be written:"
                  " destroy these media\n"),
                (unsigned long long)r->on_media);
    }
}

static int run(const char *path, const char *by, bool dry_run, enum output_format format) {
    struct store *store = NULL;
    struct err err = ERR_INIT;
    struct printing p = {.list = {.format = format,
                                  .names = names,
                                  .count = COLUMNS,
                                  .numbers = 1U << 3 | 1U << 4 | 1U << 5 | 1U << 6 | 1U << 9},
                         .dry_run = dry_run};
    struct expire_options o = {.by = act_who(by),
                               .now_ns = clock_wall_ns(),
                               .dry_run = dry_run,
                               .line = print_line,
                               .ctx = &p};
    struct expire_result r;
    if (!act_open(&store, path, &err)) {
        return act_fail(STATUS_ENVIRONMENT, &err);
    }
    listing_begin(&p.list);
    enum status status = store_expire(store, &o, &r, &err);
    int code = listing_end(&p.list);
    store_close(&store);
    if (status != STATUS_OK) {
        return act_fail(status, &err);
    }
    print_sum(&r, dry_run);
    return code;
}

int cmd_expire(int argc, char **argv) {
    const char *store = NULL;
    const char *by = NULL;
    const char *lang = NULL;
    bool dry_run = false;
    enum output_format format = options_default_format();
    struct positionals words;
    const struct option_spec specs[] = {{"store", OPTION_TEXT, &store, NULL},
                                        {"dry-run", OPTION_FLAG, &dry_run, NULL},
                                        {"by", OPTION_TEXT, &by, NULL},
                                        {"format", OPTION_FORMAT, &format, NULL},
                                        {"lang", OPTION_LANG, &lang, NULL}};
    if (!options_parse(&words, specs, sizeof specs / sizeof *specs, argc, argv)) {
        return EXIT_USAGE;
    }
    if (store == NULL || words.count > 0) {
        fprintf(stderr, "%s\n",
                _("konseki: usage: konseki expire --store DIR [--dry-run] [--by NAME]"
                  " [--format table|jsonl|csv]"));
        return EXIT_USAGE;
    }
    return run(store, by, dry_run, format);
}
