/*
 * konseki anchor: the last checkpoint as one line, to be kept away from the store; time stamps of
 * it by a third party (RFC 3161).
 */
#include <stdio.h>

#include "anchor.h"
#include "commands.h"
#include "file_io.h"
#include "i18n.h"
#include "options.h"
#include "store.h"
#include "timestamp.h"

enum { REPLY_CANDIDATES = 64 };

struct anchoring {
    const char *store;
    const char *out;
    const char *tsa;   /* URL */
    const char *query; /* file to be written */
    const char *reply; /* file to be taken */
    struct buf line;   /* with its newline */
    struct buf token;
};

/* The line without its newline: what is stamped. */
static struct str words(const struct anchoring *a) {
    return str_trim(buf_str(&a->line));
}

static enum status read_reply(struct anchoring *a, struct err *err) {
    struct file_map map;
    enum status status = file_map(&map, a->reply, true, err);
    if (status == STATUS_OK) {
        buf_append(&a->token, map.bytes, map.size_bytes);
        file_unmap(&map);
    }
    return status;
}

/* The reply is for an anchor that was made when the query was. */
static enum status find_stamped(struct anchoring *a, struct err *err) {
    struct stored_anchor *stored = NULL;
    size_t count = 0;
    enum status status = read_reply(a, err);
    if (status == STATUS_OK) {
        status = anchors_load(&stored, &count, REPLY_CANDIDATES, a->store, err);
    }
    bool found = false;
    for (size_t i = 0; status == STATUS_OK && i < count && !found; i++) {
        struct err ignored;
        found = timestamp_fits(buf_str(&a->token), buf_str(&stored[i].line), &ignored) == STATUS_OK;
        if (found) {
            buf_add(&a->line, buf_str(&stored[i].line));
            buf_putc(&a->line, '\n');
        }
    }
    anchors_free(stored, count);
    if (status == STATUS_OK && !found) {
        status = err_set(err, STATUS_BAD_INPUT,
                         "%s is no granted time stamp of an anchor of this store (konseki anchor"
                         " --tsq makes the query)",
                         a->reply);
    }
    return status;
}

static enum status stamp(struct anchoring *a, struct err *err) {
    struct buf query = BUF_INIT;
    enum status status = STATUS_OK;
    if (a->tsa != NULL) {
        status = timestamp_ask(&a->token, a->tsa, words(a), err);
    }
    if (status == STATUS_OK && a->query != NULL) {
        status = timestamp_query(&query, words(a), err);
    }
    if (status == STATUS_OK && a->query != NULL) {
        status = file_write_whole(a->query, FILE_APPEND, buf_str(&query), err);
    }
    buf_fini(&query);
    return status;
}

/* FILE, and FILE.tsr with the time stamp. */
static enum status write_out(const struct anchoring *a, struct err *err) {
    struct buf name = BUF_INIT;
    enum status status = file_write_whole(a->out, FILE_APPEND, buf_str(&a->line), err);
    if (status == STATUS_OK && a->token.len > 0) {
        buf_printf(&name, "%s.tsr", a->out);
        buf_putc(&name, '\0');
        status = file_write_whole(name.ptr, FILE_APPEND, buf_str(&a->token), err);
    }
    buf_fini(&name);
    return status;
}

/* A store on a read-only medium can be anchored too: then no copy is kept in it. */
static enum status keep(const struct anchoring *a, struct err *err) {
    enum status status = store_keep_anchor(a->store, buf_str(&a->line), buf_str(&a->token), err);
    if (status == STATUS_OK || a->token.len > 0) {
        return status;
    }
    fprintf(stderr, _("konseki: no copy of the anchor is kept in the store: %s\n"), err->message);
    return STATUS_OK;
}

static enum status make(struct anchoring *a, struct err *err) {
    enum status status =
        a->reply != NULL ? find_stamped(a, err) : store_make_anchor(&a->line, a->store, err);
    if (status == STATUS_OK) {
        status = stamp(a, err);
    }
    if (status == STATUS_OK) {
        status = keep(a, err);
    }
    return status == STATUS_OK && a->out != NULL ? write_out(a, err) : status;
}

static int run(struct anchoring *a) {
    struct err err = ERR_INIT;
    enum status status = make(a, &err);
    if (status != STATUS_OK) {
        output_error(NULL, &err);
        return status == STATUS_BAD_INPUT ? EXIT_USAGE : EXIT_STORE;
    }
    bool printed =
        a->out != NULL || (output_write(stdout, buf_str(&a->line)) && output_finish(stdout));
    return printed ? EXIT_DONE : EXIT_STORE;
}

int cmd_anchor(int argc, char **argv) {
    struct anchoring a = {.line = BUF_INIT, .token = BUF_INIT};
    const char *lang = NULL;
    struct positionals rest;
    const struct option_spec specs[] = {
        {"store", OPTION_TEXT, &a.store, NULL}, {"out", OPTION_TEXT, &a.out, NULL},
        {"tsa", OPTION_TEXT, &a.tsa, NULL},     {"tsq", OPTION_TEXT, &a.query, NULL},
        {"tsr", OPTION_TEXT, &a.reply, NULL},   {"lang", OPTION_LANG, &lang, NULL}};
    if (!options_parse(&rest, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        return EXIT_USAGE;
    }
    int ways = (a.tsa != NULL) + (a.query != NULL) + (a.reply != NULL);
    if (a.store == NULL || rest.count > 0 || ways > 1) {
        fprintf(
            stderr, "%s\n",
            _("konseki: usage: konseki anchor --store DIR [--out FILE] [--tsa URL | --tsq FILE |"
              " --tsr FILE]"));
        return EXIT_USAGE;
    }
    int code = run(&a);
    buf_fini(&a.line);
    buf_fini(&a.token);
    return code;
}
