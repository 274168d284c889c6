/* konseki: chooses the command. Language: --lang before the command, else the locale. */
#include <locale.h>
#include <malloc.h>
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

/* gettext looks a catalogue up only under a real locale; a machine may have none but C.UTF-8, so
 * the language of LC_ALL, LC_MESSAGES or LANG is handed over by LANGUAGE. */
static void start_language(const char *lang) {
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; lang == NULL && i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        lang = value != NULL && value[0] != '\0' ? value : NULL;
    }
    bool japanese = lang != NULL && str_starts_ci(str_from_c(lang), STR("ja"));
    (void)setenv("LANGUAGE", japanese ? "ja" : "en", 1);
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)setlocale(LC_MESSAGES, "C.UTF-8");
    (void)bindtextdomain("konseki", KONSEKI_LOCALE_DIR);
    (void)bind_textdomain_codeset("konseki", "UTF-8");
    (void)textdomain("konseki");
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

/* Takes `--lang X` out of the arguments, wherever it stands; NULL when there is none. */
static const char *take_lang(int *argc, char **argv) {
    for (int i = 1; i + 1 < *argc; i++) {
        if (strcmp(argv[i], "--lang") == 0) {
            const char *lang = argv[i + 1];
            memmove(argv + i, argv + i + 2, (size_t)(*argc - i - 1) * sizeof *argv);
            *argc -= 2;
            return lang;
        }
    }
    return NULL;
}

/* Batches and columns of some megabytes come and go all the time: keep their memory instead of
 * giving it back to the kernel and faulting it in again. */
static void keep_memory(void) {
    (void)mallopt(M_MMAP_THRESHOLD, 128 * 1024 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 256 * 1024 * 1024);
}

int main(int argc, char **argv) {
    keep_memory();
    (void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is seen as a write error */
    const char *lang = take_lang(&argc, argv);
    start_language(lang);
    if (lang != NULL && strcmp(lang, "ja") != 0 && strcmp(lang, "en") != 0) {
        fprintf(stderr, _("konseki: --%s: \"%s\": expected %s\n"), "lang", lang, "ja | en");
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
