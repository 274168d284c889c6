/* konseki datasets: the recognised formats as CSV (datasets.csv in the root is this output). */
#include <stdio.h>

#include "commands.h"
#include "i18n.h"
#include "schema.h"

/* RFC 4180: quoted where needed. */
static void put_field(struct str text, char end) {
    bool quoted = str_find_char(text, ',') != STR_NONE || str_find_char(text, '"') != STR_NONE;
    if (quoted) {
        (void)fputc('"', stdout);
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"') {
            (void)fputc('"', stdout);
        }
        (void)fputc(text.ptr[i], stdout);
    }
    if (quoted) {
        (void)fputc('"', stdout);
    }
    (void)fputc(end, stdout);
}

int cmd_datasets(int argc, char **argv) {
    if (argc > 1) {
        fprintf(stderr, _("konseki: datasets takes no arguments; got '%s'\n"), argv[1]);
        return EXIT_USAGE;
    }
    puts("name,family,aliases,what");
    for (int id = DATASET_UNKNOWN + 1; id < DATASET_COUNT; id++) {
        const struct dataset_info *info = dataset_info((enum dataset)id);
        put_field(info->name, ',');
        put_field(info->family, ',');
        put_field(info->aliases, ',');
        put_field(info->what, '\n');
    }
    return EXIT_DONE;
}
