/*
 * konseki: the program that people call. It searches and proves itself and leaves every other
 * command to konseki-main in its own folder (program.h says why). Linked to the few libraries that
 * these need, and to those statically: looking up shared libraries takes longer than a search.
 */
#define _GNU_SOURCE /* readlink */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"
#include "commands.h"
#include "heap.h"
#include "i18n.h"
#include "program.h"

enum { PATH_LIMIT_BYTES = 4096 };

struct front_command {
    const char *name;
    int (*run)(int argc, char **argv);
};

/* Those whose answer takes less time than the start of konseki-main. */
static const struct front_command own_commands[] = {{"search", cmd_search}, {"prove", cmd_prove}};

/* Where the command stands. */
static int command_place(int argc, char **argv) {
    return argc > 2 && strcmp(argv[1], "--lang") == 0 ? 3 : 1;
}

/* NULL: it is konseki-main's. So is help, with the table of commands. */
static const struct front_command *find_own(int argc, char **argv) {
    int at = command_place(argc, argv);
    for (int i = at; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return NULL;
        }
    }
    for (size_t i = 0; i < sizeof own_commands / sizeof own_commands[0]; i++) {
        if (at < argc && strcmp(argv[at], own_commands[i].name) == 0) {
            return &own_commands[i];
        }
    }
    return NULL;
}

/* An import fills some 100 MB as fast as it can: page faults are 7 % of its time, 2 % with huge
 * pages, which the heap of glibc asks for if told so before the program starts. What the user has
 * set stays. */
static void prepare_memory(int argc, char **argv) {
    int at = command_place(argc, argv);
    if (at < argc && strcmp(argv[at], "import") == 0) {
        (void)setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 0);
    }
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
    const struct front_command *own = find_own(argc, argv);
    if (own == NULL) {
        prepare_memory(argc, argv);
        return run_main(argv);
    }
    program_prepare();
    heap_prefer_huge_pages();
    const char *lang = program_take_lang(&argc, argv);
    return program_start_language(lang) ? own->run(argc - 1, argv + 1) : EXIT_USAGE;
}
