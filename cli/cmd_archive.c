/* konseki archive: segments on another disk or medium; where they are, and getting them back. */
#include <stdio.h>

#include "act.h"
#include "archive.h"
#include "clock.h"
#include "commands.h"
#include "i18n.h"

struct archiving {
    const char *store;
    const char *to;
    const char *label;
    const char *by;
    const char *lang;
    uint64_t days;
    bool has_days;
    bool dry_run;
    enum output_format format;
};

static int usage(void) {
    fprintf(stderr, "%s\n",
            _("konseki: usage: konseki archive --store DIR --to PATH [--label TEXT]"
              " [--older-than DAYS] [--dry-run] [--by NAME] | list --store DIR [--format"
              " table|jsonl|csv] | attach --store DIR PATH | recall --store DIR ID_OR_LABEL"));
    return EXIT_USAGE;
}

/* --- list --- */

static const struct str names[] = {STR_INIT("id"),      STR_INIT("label"),    STR_INIT("state"),
                                   STR_INIT("path"),    STR_INIT("segments"), STR_INIT("events"),
                                   STR_INIT("bytes"),   STR_INIT("oldest"),   STR_INIT("newest"),
                                   STR_INIT("datasets")};
enum { COLUMNS = sizeof names / sizeof *names };

static bool print_archive(struct listing *list, const struct archive *a) {
    struct buf texts[COLUMNS] = {BUF_INIT};
    buf_printf(&texts[0], "%016llx", (unsigned long long)a->id);
    const struct str cells[COLUMNS] = {buf_str(&texts[0]),
                                       a->label,
                                       a->is_online ? STR("online") : STR("offline"),
                                       a->path,
                                       listing_number(&texts[4], a->segments),
                                       listing_number(&texts[5], a->rows),
                                       listing_number(&texts[6], a->bytes),
                                       listing_time(&texts[7], a->time_min),
                                       listing_time(&texts[8], a->time_max),
                                       act_datasets(&texts[9], a->datasets)};
    bool good = listing_row(list, cells);
    for (size_t i = 0; i < COLUMNS; i++) {
        buf_fini(&texts[i]);
    }
    return good;
}

static void print_archives(struct listing *list, struct store *store) {
    const struct archives *all = store_get_archives(store);
    bool go_on = true;
    for (size_t i = 0; i < all->count && go_on; i++) {
        go_on = print_archive(list, &all->items[i]);
    }
}

static int list_archives(const struct archiving *a) {
    struct listing list = {.format = a->format,
                           .names = names,
                           .count = COLUMNS,
                           .numbers = 1U << 4 | 1U << 5 | 1U << 6};
    return act_list_store(&list, a->store, print_archives);
}

/* --- acts --- */

static enum status move_out(const struct archiving *a, struct store *store, struct err *err) {
    struct archive_options o = {.folder = a->to,
                                .label = str_from_c(a->label != NULL ? a->label : ""),
                                .by = act_who(a->by),
                                .now_ns = clock_wall_ns(),
                                .has_days = a->has_days,
                                .days = (uint32_t)a->days,
                                .dry_run = a->dry_run};
    struct archive_result r;
    enum status status = store_archive(store, &o, &r, err);
    if (status == STATUS_OK) {
        printf(a->dry_run ? _("%llu segments, %llu events, %llu bytes would move to %s\n")
                          : _("%llu segments, %llu events, %llu bytes moved to %s\n"),
               (unsigned long long)r.segments, (unsigned long long)r.rows,
               (unsigned long long)r.bytes, a->to);
        if (r.without_class > 0) {
            printf(_("%llu segments stay: their datasets have no class\n"),
                   (unsigned long long)r.without_class);
        }
    }
    return status;
}

static enum status bring_back(struct store *store, const char *name, struct err *err) {
    struct archive_result r;
    enum status status = store_recall(store, str_from_c(name), &r, err);
    if (status == STATUS_OK) {
        printf(_("%llu segments, %llu events, %llu bytes are in the store again\n"),
               (unsigned long long)r.segments, (unsigned long long)r.rows,
               (unsigned long long)r.bytes);
    }
    return status;
}

static enum status attach(const struct archiving *a, struct store *store, const char *path,
                          struct err *err) {
    uint64_t id = 0;
    enum status status = store_attach(store, path, act_who(a->by), &id, err);
    if (status == STATUS_OK) {
        printf(_("archive %016llx is online at %s\n"), (unsigned long long)id, path);
    }
    return status;
}

static int act(const struct archiving *a, const struct positionals *words) {
    struct store *store = NULL;
    struct err err = ERR_INIT;
    if (!act_open(&store, a->store, &err)) {
        return act_fail(STATUS_ENVIRONMENT, &err);
    }
    enum status status;
    if (words->count == 0) {
        status = move_out(a, store, &err);
    } else if (strcmp(words->items[0], "attach") == 0) {
        status = attach(a, store, words->items[1], &err);
    } else {
        status = bring_back(store, words->items[1], &err);
    }
    store_close(&store);
    if (status != STATUS_OK) {
        return act_fail(status, &err);
    }
    return output_finish(stdout) ? EXIT_DONE : EXIT_STORE;
}

int cmd_archive(int argc, char **argv) {
    struct archiving a = {.format = options_default_format()};
    struct positionals words;
    const struct option_spec specs[] = {{"store", OPTION_TEXT, &a.store, NULL},
                                        {"to", OPTION_TEXT, &a.to, NULL},
                                        {"label", OPTION_TEXT, &a.label, NULL},
                                        {"older-than", OPTION_NUMBER, &a.days, &a.has_days},
                                        {"dry-run", OPTION_FLAG, &a.dry_run, NULL},
                                        {"by", OPTION_TEXT, &a.by, NULL},
                                        {"format", OPTION_FORMAT, &a.format, NULL},
                                        {"lang", OPTION_LANG, &a.lang, NULL}};
    if (!options_parse(&words, specs, sizeof specs / sizeof *specs, argc, argv)) {
        return EXIT_USAGE;
    }
    const char *verb = words.count > 0 ? words.items[0] : "";
    bool lists = words.count == 1 && strcmp(verb, "list") == 0;
    bool moves = words.count == 0 && a.to != NULL;
    bool acts = words.count == 2 && (strcmp(verb, "attach") == 0 || strcmp(verb, "recall") == 0);
    if (a.store == NULL || (!lists && !moves && !acts)) {
        return usage();
    }
    if (a.has_days && a.days > RETENTION_MAX_DAYS) {
        fprintf(stderr, _("konseki: --older-than is %llu; allowed is 0 to %d days\n"),
                (unsigned long long)a.days, RETENTION_MAX_DAYS);
        return EXIT_USAGE;
    }
    return lists ? list_archives(&a) : act(&a, &words);
}
