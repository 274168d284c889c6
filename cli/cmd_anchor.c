/* konseki anchor: the last checkpoint as one line, to be kept away from the store. */
#include <stdio.h>

#include "commands.h"
#include "file_io.h"
#include "i18n.h"
#include "options.h"
#include "store.h"

static enum status write_anchor(const char *path, struct str line, struct err *err) {
    struct file f = FILE_INIT;
    enum status status = file_open(&f, path, FILE_APPEND, err);
    if (status == STATUS_OK) {
        status = file_truncate(&f, 0, err);
    }
    if (status == STATUS_OK) {
        status = file_append(&f, line.ptr, line.len, err);
    }
    if (status == STATUS_OK) {
        status = file_sync(&f, err);
    }
    file_close(&f);
    return status;
}

static int run(const char *store, const char *out) {
    struct buf line = BUF_INIT;
    struct err err = ERR_INIT;
    enum status status = store_make_anchor(&line, store, &err);
    if (status == STATUS_OK && out != NULL) {
        status = write_anchor(out, buf_str(&line), &err);
    }
    int code = EXIT_DONE;
    if (status != STATUS_OK) {
        fprintf(stderr, "konseki: %s\n", err.message);
        code = EXIT_STORE;
    } else if (out == NULL && !(output_write(stdout, buf_str(&line)) && output_finish(stdout))) {
        code = EXIT_STORE;
    }
    buf_fini(&line);
    return code;
}

int cmd_anchor(int argc, char **argv) {
    const char *store = NULL;
    const char *out = NULL;
    const char *lang = NULL;
    struct positionals rest;
    const struct option_spec specs[] = {{"store", OPTION_TEXT, &store, NULL},
                                        {"out", OPTION_TEXT, &out, NULL},
                                        {"lang", OPTION_LANG, &lang, NULL}};
    if (!options_parse(&rest, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        return EXIT_USAGE;
    }
    if (store == NULL || rest.count > 0) {
        fprintf(stderr, "%s\n", _("konseki: usage: konseki anchor --store DIR [--out FILE]"));
        return EXIT_USAGE;
    }
    return run(store, out);
}
