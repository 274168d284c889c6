/* konseki rules: a table of subcommands (rules/subcommands.def). */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "i18n.h"
#include "options.h"
#include "subcommands.h"

struct row {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage;
    const char *what;
};

static const struct row rows[] = {
#define SUBCOMMAND(name, function, usage, what) {name, function, usage, what},
#include "subcommands.def"
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

int subcommand_usage(const char *name, bool asked) {
    FILE *out = asked ? stdout : stderr;
    const char *head = _("usage:");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (name == NULL || strcmp(name, rows[i].name) == 0) {
            fprintf(out, "%s konseki rules %s %s\n    %s\n", head, rows[i].name, rows[i].usage,
                    _(rows[i].what));
            head = "      ";
        }
    }
    options_print_manual(out, "rules");
    return asked ? EXIT_DONE : EXIT_USAGE;
}

void subcommand_tell_no_rules(const char *name, size_t refused) {
    if (refused > 0) {
        fprintf(stderr, _("konseki rules %s: %zu rules refused: konseki rules check says why\n"),
                name, refused);
    } else {
        fprintf(stderr, _("konseki rules %s: no rule file (.yml or .yaml) is there\n"), name);
    }
}

int cmd_rules(int argc, char **argv) {
    for (size_t i = 0; i < ROW_COUNT && argc >= 2; i++) {
        if (strcmp(argv[1], rows[i].name) == 0) {
            return rows[i].run(argc - 1, argv + 1);
        }
    }
    return subcommand_usage(NULL, argc >= 2 && strcmp(argv[1], "--help") == 0);
}
