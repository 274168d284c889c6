/* konseki hold: legal holds, which keep rows from expiring. */
#include <stdio.h>

#include "act.h"
#include "clock.h"
#include "commands.h"
#include "hold.h"
#include "i18n.h"
#include "note_text.h"
#include "num.h"
#include "retention.h"

struct holding {
    const char *store;
    const char *case_name;
    const char *reason;
    const char *by;
    const char *datasets;
    const char *sources;
    const char *from;
    const char *to;
    const char *until;
    const char *lang;
    enum output_format format;
};

static int usage(void) {
    fprintf(
        stderr, "%s\n",
        _("konseki: usage: konseki hold add --store DIR --case NAME --reason TEXT [--by NAME]"
          " [--datasets A,B] [--sources X,Y] [--from T] [--to T] [--until T] | list --store DIR"
          " [--format table|jsonl|csv] | release --store DIR --reason TEXT [--by NAME] NUMBER"));
    return EXIT_USAGE;
}

static struct str text_of(const char *text) {
    return text != NULL ? str_from_c(text) : STR_EMPTY;
}

/* --- list --- */

static const struct str names[] = {
    STR_INIT("hold"),    STR_INIT("case"), STR_INIT("by"), STR_INIT("reason"), STR_INIT("datasets"),
    STR_INIT("sources"), STR_INIT("from"), STR_INIT("to"), STR_INIT("until"),  STR_INIT("made")};
enum { COLUMNS = sizeof names / sizeof *names };

static bool print_hold(struct listing *list, const struct hold *h) {
    struct buf texts[COLUMNS] = {BUF_INIT};
    const struct str cells[COLUMNS] = {listing_number(&texts[0], h->number),
                                       h->case_name,
                                       h->by,
                                       h->reason,
                                       act_datasets(&texts[4], h->datasets),
                                       h->sources,
                                       listing_time(&texts[6], h->from_ns),
                                       listing_time(&texts[7], h->to_ns),
                                       listing_time(&texts[8], h->until_ns),
                                       listing_time(&texts[9], h->made_ns)};
    bool good = listing_row(list, cells);
    for (size_t i = 0; i < COLUMNS; i++) {
        buf_fini(&texts[i]);
    }
    return good;
}

static void print_holds(struct listing *list, struct store *store) {
    struct holds holds;
    bool go_on = true;
    holds_load(&holds, store_get_chain(store));
    for (size_t i = 0; i < holds.count && go_on; i++) {
        go_on = print_hold(list, &holds.items[i]);
    }
    holds_fini(&holds);
}

static int list_holds(const struct holding *a) {
    struct listing list = {.format = a->format, .names = names, .count = COLUMNS, .numbers = 1};
    return act_list_store(&list, a->store, print_holds);
}

/* --- acts --- */

static int write_note(const struct holding *a, struct str kind, const struct buf *text) {
    struct store *store = NULL;
    struct err err = ERR_INIT;
    uint64_t number = 0;
    if (!act_open(&store, a->store, &err)) {
        return act_fail(STATUS_ENVIRONMENT, &err);
    }
    enum status status = store_write_note(store, kind, buf_str(text), &number, &err);
    store_close(&store);
    if (status != STATUS_OK) {
        return act_fail(status, &err);
    }
    if (str_eq(kind, STR("hold"))) {
        printf(_("hold %llu\n"), (unsigned long long)number);
    }
    return output_finish(stdout) ? EXIT_DONE : EXIT_STORE;
}

static int add(const struct holding *a) {
    struct hold_request q = {.case_name = text_of(a->case_name),
                             .by = act_who(a->by),
                             .reason = text_of(a->reason),
                             .datasets = text_of(a->datasets),
                             .sources = text_of(a->sources),
                             .from_ns = TIME_NONE,
                             .to_ns = TIME_NONE,
                             .until_ns = TIME_NONE};
    const struct zone *zone;
    struct err err = ERR_INIT;
    struct buf text = BUF_INIT;
    if (!options_zone(&zone, NULL, a->store) ||
        (a->from != NULL && !options_time(&q.from_ns, "from", a->from, zone)) ||
        (a->to != NULL && !options_time(&q.to_ns, "to", a->to, zone)) ||
        (a->until != NULL && !options_time(&q.until_ns, "until", a->until, zone))) {
        return EXIT_USAGE;
    }
    if (q.until_ns != TIME_NONE && q.until_ns <= clock_wall_ns()) {
        fprintf(stderr, "%s\n", _("konseki: --until lies in the past: such a hold keeps nothing"));
        return EXIT_USAGE;
    }
    enum status status = hold_encode(&text, &q, &err);
    int code = status == STATUS_OK ? write_note(a, STR("hold"), &text) : act_fail(status, &err);
    buf_fini(&text);
    return code;
}

static bool is_held(const struct holding *a, uint64_t number) {
    struct store *store = NULL;
    struct err err = ERR_INIT;
    struct store_options options = {.path = a->store, .mode = STORE_READ};
    struct holds holds;
    bool found = false;
    if (store_open(&store, &options, &err) != STATUS_OK) {
        output_error(NULL, &err);
        return false;
    }
    holds_load(&holds, store_get_chain(store));
    for (size_t i = 0; i < holds.count; i++) {
        found = found || holds.items[i].number == number;
    }
    if (!found) {
        fprintf(stderr, _("konseki: there is no hold %llu\n"), (unsigned long long)number);
    }
    holds_fini(&holds);
    store_close(&store);
    return found;
}

static int release(const struct holding *a, const char *number_text) {
    uint64_t number;
    struct buf text = BUF_INIT;
    if (a->reason == NULL || !num_parse_u64(&number, str_from_c(number_text))) {
        return usage();
    }
    if (!is_held(a, number)) {
        return EXIT_STORE;
    }
    note_put(&text, STR("by"), act_who(a->by));
    note_put_u64(&text, STR("hold"), number);
    note_put(&text, STR("reason"), text_of(a->reason));
    note_end(&text);
    int code = write_note(a, STR("release"), &text);
    buf_fini(&text);
    return code;
}

int cmd_hold(int argc, char **argv) {
    struct holding a = {.format = options_default_format()};
    struct positionals words;
    const struct option_spec specs[] = {
        {"store", OPTION_TEXT, &a.store, NULL},       {"case", OPTION_TEXT, &a.case_name, NULL},
        {"reason", OPTION_TEXT, &a.reason, NULL},     {"by", OPTION_TEXT, &a.by, NULL},
        {"datasets", OPTION_TEXT, &a.datasets, NULL}, {"sources", OPTION_TEXT, &a.sources, NULL},
        {"from", OPTION_TEXT, &a.from, NULL},         {"to", OPTION_TEXT, &a.to, NULL},
        {"until", OPTION_TEXT, &a.until, NULL},       {"format", OPTION_FORMAT, &a.format, NULL},
        {"lang", OPTION_LANG, &a.lang, NULL}};
    if (!options_parse(&words, specs, sizeof specs / sizeof *specs, argc, argv)) {
        return EXIT_USAGE;
    }
    const char *verb = words.count > 0 ? words.items[0] : "";
    if (a.store == NULL) {
        return usage();
    }
    if (words.count == 1 && strcmp(verb, "add") == 0) {
        return add(&a);
    }
    if (words.count == 1 && strcmp(verb, "list") == 0) {
        return list_holds(&a);
    }
    return words.count == 2 && strcmp(verb, "release") == 0 ? release(&a, words.items[1]) : usage();
}
