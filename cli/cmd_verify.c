/* konseki verify: proves the store; exit 0 intact, 1 damaged, 3 intact with an unsealed tail. */
#include <stdio.h>

#include "clock.h"
#include "commands.h"
#include "i18n.h"
#include "mem.h"
#include "options.h"
#include "store.h"

static void print_line(struct str line, void *ctx) {
    (void)ctx;
    printf("%.*s\n", STR_ARG(line));
}

static void print_tail(const struct store_verify_result *r) {
    printf(_("unsealed: %llu events are in the log only, not under a signed checkpoint yet"),
           (unsigned long long)r->unsealed_events);
    if (r->unsealed_oldest_ns != TIME_NONE) {
        int64_t age_ns = clock_wall_ns() - r->unsealed_oldest_ns;
        printf(_(" (the oldest for %lld s)"), (long long)(age_ns / NS_PER_SECOND));
    }
    printf("\n");
}

static int print_result(const struct store_verify_result *r) {
    printf(_("%llu events under %llu signed checkpoints\n"), (unsigned long long)r->sealed_events,
           (unsigned long long)r->checkpoints);
    if (r->unsealed_tail) {
        print_tail(r);
    }
    if (r->damaged) {
        printf("%s\n", _("DAMAGED: keep this store as it is, and compare it with a backup"));
        return EXIT_NEGATIVE;
    }
    if (r->offline_events > 0) {
        printf(_("%llu events lie on media that are offline: not checked\n"),
               (unsigned long long)r->offline_events);
        printf("%s\n", _("intact as far as it is there"));
        return EXIT_UNREADABLE;
    }
    printf("%s\n", r->unsealed_tail ? _("intact, with an unsealed tail") : _("intact"));
    return r->unsealed_tail ? EXIT_UNSEALED : EXIT_DONE;
}

static int run(const struct store_verify_options *options) {
    struct store_verify_result result;
    struct err err = ERR_INIT;
    if (store_verify(options, &result, print_line, NULL, &err) != STATUS_OK) {
        output_error(NULL, &err);
        return err.status == STATUS_BAD_INPUT ? EXIT_USAGE : EXIT_STORE;
    }
    int code = print_result(&result);
    return output_finish(stdout) ? code : EXIT_STORE;
}

int cmd_verify(int argc, char **argv) {
    const char *store = NULL;
    const char *public_key = NULL;
    const char *tsa_ca = NULL;
    bool rebuild = false;
    const char *lang = NULL;
    struct option_list anchors = {NULL, 0};
    struct positionals rest;
    const struct option_spec specs[] = {
        {"store", OPTION_TEXT, &store, NULL},       {"anchor", OPTION_LIST, &anchors, NULL},
        {"pubkey", OPTION_TEXT, &public_key, NULL}, {"tsa-ca", OPTION_TEXT, &tsa_ca, NULL},
        {"rebuild", OPTION_FLAG, &rebuild, NULL},   {"lang", OPTION_LANG, &lang, NULL}};
    int code = EXIT_USAGE;
    if (!options_parse(&rest, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        code = EXIT_USAGE; /* the message is written */
    } else if (store == NULL || rest.count > 0) {
        fprintf(stderr, "%s\n",
                _("konseki: usage: konseki verify --store DIR [--rebuild] [--anchor FILE]... "
                  "[--pubkey FILE]"
                  " [--tsa-ca FILE]"));
    } else {
        struct store_verify_options options = {.path = store,
                                               .anchors = anchors.items,
                                               .anchor_count = anchors.count,
                                               .public_key = public_key,
                                               .tsa_ca = tsa_ca,
                                               .rebuild = rebuild};
        code = run(&options);
    }
    mem_free(anchors.items);
    return code;
}
