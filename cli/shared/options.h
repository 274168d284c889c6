/*
 * Command-line options of the commands: one table a command, long options ("--limit 5" or
 * "--limit=5"), the rest is positional; "--" ends the options. Errors go to stderr with what is
 * allowed.
 */
#ifndef KONSEKI_OPTIONS_H
#define KONSEKI_OPTIONS_H

#include "output.h"
#include "zone.h"

enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_TEXT,   /* const char * */
    OPTION_STR,    /* struct str */
    OPTION_NUMBER, /* uint64_t, decimal */
    OPTION_SIZE,   /* uint64_t, bytes: "512MB" */
    OPTION_FORMAT, /* enum output_format: table, jsonl, csv */
    OPTION_LINES,  /* enum output_format: table, jsonl */
    OPTION_LANG,   /* const char *: ja or en; the language is switched at once */
    OPTION_LIST    /* struct option_list: may be given several times */
};

/* Values of a repeated option, in order; release `items` with mem_free. */
struct option_list {
    const char **items;
    size_t count;
};

struct option_spec {
    const char *name; /* without the dashes */
    enum option_kind kind;
    void *value;
    bool *is_set; /* may be NULL */
};

/* Positional arguments; the array is the caller's argv, reused. */
struct positionals {
    char **items;
    int count;
};

/* False: a message was written; the exit code is EXIT_USAGE. */
bool options_parse(struct positionals *out, const struct option_spec *specs, size_t count, int argc,
                   char **argv);

/* Says that the option (named without the dashes) cannot have the value, and what is expected.
 * Returns false. */
bool options_complain(const char *option, const char *value, const char *expected);

/* The last line of a command's help: "The manual: docs/manual/PAGE.md". */
void options_print_manual(FILE *out, const char *page);

/* jsonl when stdout is no terminal, table on one. */
enum output_format options_default_format(void);
/* Are messages in Japanese? (--lang, else the locale) */
bool options_is_japanese(void);
/* The zone of --tz; when `name` is NULL the site's, as the store remembers it, else UTC.
 * `store_path` may be NULL. False with a message. */
bool options_zone(const struct zone **out, const char *name, const char *store_path);
/* A bound of time (--from, --to): RFC 3339 or relative ("now-2h", "2026-11-21"); the start of what
 * the text names. False with a message. */
bool options_time(int64_t *out_ns, const char *option, const char *text, const struct zone *zone);

#endif
