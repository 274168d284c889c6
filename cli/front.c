/*
 * konseki: the program that people call. It searches itself and leaves every other command to
 * konseki-main in its own folder (program.h says why). Linked to the few libraries a search needs,
 * and to those statically: looking up shared libraries takes longer than a search.
 */
#define _GNU_SOURCE /* readlink */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "buf.h"
#include "commands.h"
#include "i18n.h"
#include "program.h"

enum { PATH_LIMIT_BYTES = 4096 };

/* Help is konseki-main's, with the table of commands. */
static bool is_search(int argc, char **argv) {
    int at = argc > 2 && strcmp(argv[1], "--lang") == 0 ? 3 : 1;
    bool wants_help = false;
    for (int i = at; i < argc; i++) {
        wants_help = wants_help || strcmp(argv[i], "--help") == 0;
    }
    return at < argc && strcmp(argv[at], "search") == 0 && !wants_help;
}

/* Does not return if konseki-main can be run. */
static int run_main(char **argv) {
    char self[PATH_LIMIT_BYTES];
    struct buf path = BUF_INIT;
    ssize_t length = readlink("/proc/self/exe", self, sizeof self);
    struct str own = str_make(self, length > 0 ? (size_t)length : 0);
    size_t slash = str_rfind_char(own, '/');
    buf_add(&path, str_head(own, slash == STR_NONE ? 0 : slash + 1));
    buf_add(&path, STR("konseki-main"));
    buf_putc(&path, '\0');
    (void)execv(path.ptr, argv);
    (void)program_start_language(NULL);
    fprintf(stderr, _("konseki: %s cannot be run (error %d); it belongs beside konseki\n"),
            path.ptr, errno);
    buf_fini(&path);
    return EXIT_STORE;
}

int main(int argc, char **argv) {
    if (!is_search(argc, argv)) {
        return run_main(argv);
    }
    program_prepare();
    const char *lang = program_take_lang(&argc, argv);
    return program_start_language(lang) ? cmd_search(argc - 1, argv + 1) : EXIT_USAGE;
}
