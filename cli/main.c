/* konseki-main: all commands. People call konseki (front.c), which hands over to this program. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "i18n.h"
#include "program.h"

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage;
    const char *page; /* of the manual */
    const char *what;
};

static const struct command commands[] = {
#define COMMAND(name, function, usage, page, what) {name, function, usage, page, what},
#include "commands.def"
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out) {
    fprintf(out, "%s\n\n", _("konseki keeps logs as evidence, searches them and finds attacks."));
    fprintf(out, "%s\n", _("usage: konseki [--lang ja|en] COMMAND [OPTIONS] ..."));
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  %s %s\n      %s\n", commands[i].name, commands[i].usage,
                _(commands[i].what));
    }
    fprintf(out, "%s\n", _("`konseki COMMAND --help` tells more; the manual is in docs/manual."));
}

/* `konseki COMMAND --help`, for commands that have no longer text of their own. */
static bool print_command_help(const struct command *command, int argc, char **argv) {
    if (command->page[0] == '\0' || argc < 3 || strcmp(argv[2], "--help") != 0) {
        return false;
    }
    printf(_("usage: konseki %s %s\n%s\nThe manual: docs/manual/%s.md\n"), command->name,
           command->usage, _(command->what), command->page);
    return true;
}

static const struct command *find_command(const char *name) {
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    program_prepare();
    if (!program_start_language(program_take_lang(&argc, argv))) {
        return EXIT_USAGE;
    }
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        puts("konseki " KONSEKI_VERSION);
        return EXIT_DONE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    const struct command *command = find_command(name);
    if (command == NULL) {
        fprintf(stderr, _("konseki: no command '%s'; `konseki help` lists them\n"), name);
        return EXIT_USAGE;
    }
    return print_command_help(command, argc, argv) ? EXIT_DONE : command->run(argc - 1, argv + 1);
}
