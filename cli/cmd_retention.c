/* konseki retention: the rules that say how long rows are kept; show and set them. */
#include <stdio.h>

#include "act.h"
#include "commands.h"
#include "i18n.h"
#include "mem.h"
#include "retention.h"

static const struct str names[] = {STR_INIT("dataset"), STR_INIT("class"), STR_INIT("hot_days"),
                                   STR_INIT("total_days")};
enum { COLUMNS = sizeof names / sizeof *names };

static bool print_row(struct listing *list, struct str dataset, const struct retention_class *c) {
    struct buf hot = BUF_INIT;
    struct buf total = BUF_INIT;
    struct str cells[COLUMNS] = {dataset, c != NULL ? c->name : STR("keep")};
    cells[2] = c != NULL ? listing_number(&hot, c->hot_days) : STR_EMPTY;
    cells[3] = c != NULL ? listing_number(&total, c->total_days) : STR_EMPTY;
    bool good = listing_row(list, cells);
    buf_fini(&hot);
    buf_fini(&total);
    return good;
}

static void print_rules(struct listing *list, struct store *store) {
    struct retention *rules = mem_calloc(1, sizeof *rules);
    bool go_on = true;
    retention_load(rules, store_get_chain(store));
    for (int d = 0; d < DATASET_COUNT && go_on; d++) {
        struct str name = dataset_info((enum dataset)d)->name;
        go_on = print_row(list, name.len > 0 ? name : STR("unknown"),
                          retention_of(rules, (enum dataset)d));
    }
    if (rules->note == 0) {
        fputs(_("konseki: note: the store has no rules: nothing expires\n"), stderr);
    }
    retention_fini(rules);
    mem_free(rules);
}

static int show(const char *path, enum output_format format) {
    struct listing list = {
        .format = format, .names = names, .count = COLUMNS, .numbers = 1U << 2 | 1U << 3};
    return act_list_store(&list, path, print_rules);
}

static enum status change(struct retention *rules, const struct option_list *classes,
                          const struct positionals *words, struct err *err) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < classes->count && status == STATUS_OK; i++) {
        status = retention_set_class(rules, str_from_c(classes->items[i]), err);
    }
    for (int i = 1; i < words->count && status == STATUS_OK; i++) {
        status = retention_set_dataset(rules, str_from_c(words->items[i]), err);
    }
    return status;
}

static int set(const char *path, const struct option_list *classes, const struct positionals *words,
               struct str by) {
    struct store *store = NULL;
    struct err err = ERR_INIT;
    struct buf text = BUF_INIT;
    if (!act_open(&store, path, &err)) {
        return act_fail(STATUS_ENVIRONMENT, &err);
    }
    struct retention *rules = mem_calloc(1, sizeof *rules);
    retention_load(rules, store_get_chain(store));
    enum status status = change(rules, classes, words, &err);
    if (status == STATUS_OK) {
        retention_encode(&text, rules, by);
        status = store_write_note(store, STR("retention"), buf_str(&text), NULL, &err);
    }
    retention_fini(rules);
    mem_free(rules);
    buf_fini(&text);
    store_close(&store);
    return status == STATUS_OK ? EXIT_DONE : act_fail(status, &err);
}

int cmd_retention(int argc, char **argv) {
    const char *store = NULL;
    const char *by = NULL;
    const char *lang = NULL;
    enum output_format format = options_default_format();
    struct option_list classes = {NULL, 0};
    struct positionals words;
    const struct option_spec specs[] = {{"store", OPTION_TEXT, &store, NULL},
                                        {"by", OPTION_TEXT, &by, NULL},
                                        {"class", OPTION_LIST, &classes, NULL},
                                        {"format", OPTION_FORMAT, &format, NULL},
                                        {"lang", OPTION_LANG, &lang, NULL}};
    int code = EXIT_USAGE;
    if (options_parse(&words, specs, sizeof specs / sizeof *specs, argc, argv)) {
        bool shows = words.count == 1 && strcmp(words.items[0], "show") == 0;
        bool sets = words.count > 0 && strcmp(words.items[0], "set") == 0 &&
                    (words.count > 1 || classes.count > 0);
        if (store == NULL || (!shows && !sets)) {
            fprintf(stderr, "%s\n",
                    _("konseki: usage: konseki retention show --store DIR"
                      " [--format table|jsonl|csv] | set --store DIR [--class NAME=HOT/TOTAL]..."
                      " [--by NAME] DATASET=CLASS..."));
        } else {
            code = shows ? show(store, format) : set(store, &classes, &words, act_who(by));
        }
    }
    mem_free(classes.items);
    return code;
}
