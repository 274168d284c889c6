/* konseki: chooses the command. Language: --lang before the command, else the locale. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "i18n.h"
#include "str.h"

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage;
    const char *what;
};

static const struct command commands[] = {
#define COMMAND(name, function, usage, what) {name, function, usage, what},
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

/* Catalogues lie beside the program while it is in its build folder, else where they were
 * installed. */
static void start_language(const char *lang) {
    if (lang != NULL) {
        (void)setenv("LANGUAGE", lang, 1);
    }
    (void)setlocale(LC_CTYPE, "");
    if (setlocale(LC_MESSAGES, "") == NULL || lang != NULL) {
        (void)setlocale(LC_MESSAGES, "C.UTF-8");
    }
    (void)bindtextdomain("konseki", KONSEKI_LOCALE_DIR);
    (void)bind_textdomain_codeset("konseki", "UTF-8");
    (void)textdomain("konseki");
}

static const struct command *find_command(const char *name) {
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

/* The value of a leading --lang, taken out of the arguments; NULL when there is none. */
static const char *take_lang(int *argc, char ***argv) {
    if (*argc >= 3 && strcmp((*argv)[1], "--lang") == 0) {
        const char *lang = (*argv)[2];
        *argc -= 2;
        *argv += 2;
        return lang;
    }
    return NULL;
}

int main(int argc, char **argv) {
    (void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is seen as a write error */
    start_language(take_lang(&argc, &argv));
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
    return command->run(argc - 1, argv + 1);
}
