#include "program.h"

#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "i18n.h"
#include "locale_dir.h"

void program_prepare(void) {
    (void)mallopt(M_MMAP_THRESHOLD, 128 * 1024 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 256 * 1024 * 1024);
    (void)signal(SIGPIPE, SIG_IGN);
}

const char *program_take_lang(int *argc, char **argv) {
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

/* gettext looks a catalogue up only under a real locale; a machine may have none but C.UTF-8, so
 * the language of LC_ALL, LC_MESSAGES or LANG is handed over by LANGUAGE. */
static void choose_language(const char *lang) {
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; lang == NULL && i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        lang = value != NULL && value[0] != '\0' ? value : NULL;
    }
    bool japanese = lang != NULL && str_starts_ci(str_from_c(lang), STR("ja"));
    (void)setenv("LANGUAGE", japanese ? "ja" : "en", 1);
    if (!japanese) {
        return; /* the messages stand in the program: no locale has to be loaded for them */
    }
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)setlocale(LC_MESSAGES, "C.UTF-8");
    (void)bindtextdomain("konseki", KONSEKI_LOCALE_DIR);
    (void)bind_textdomain_codeset("konseki", "UTF-8");
    (void)textdomain("konseki");
}

bool program_start_language(const char *lang) {
    bool known = lang == NULL || strcmp(lang, "ja") == 0 || strcmp(lang, "en") == 0;
    choose_language(known ? lang : NULL);
    if (!known) {
        fprintf(stderr, _("konseki: --%s: \"%s\": expected %s\n"), "lang", lang, "ja | en");
    }
    return known;
}
