/* konseki rules diff: what changed between two collections of rules. */
#include <stdio.h>

#include "commands.h"
#include "i18n.h"
#include "json_out.h"
#include "options.h"
#include "sigma_digest.h"
#include "subcommands.h"

enum change {
    CHANGE_NONE,
    CHANGE_ADDED,
    CHANGE_REMOVED,
    CHANGE_DETECTION,
    CHANGE_METADATA,
    CHANGE_MOVED,
    CHANGE_COUNT
};
enum { COLUMN_COUNT = 5 };

static const char *const change_names[CHANGE_COUNT] = {"same",      "added",    "removed",
                                                       "detection", "metadata", "moved"};

struct diff {
    enum output_format format;
    struct output *table; /* NULL for JSON */
    struct buf keys;      /* those that changed: "level (low -> high), tags" */
    struct buf json_keys;
    struct buf line;
    size_t counts[CHANGE_COUNT];
};

/* --- one pair --- */

static void note_key(struct diff *diff, struct str name, const struct sigma_digest_key *old,
                     const struct sigma_digest_key *new) {
    bool are_short = old != NULL && new != NULL && old->text.len > 0 && new->text.len > 0 &&
                     old->text.len + new->text.len < 60;
    buf_add(&diff->json_keys, diff->json_keys.len > 0 ? STR(",") : STR_EMPTY);
    json_out_string(&diff->json_keys, name);
    buf_add(&diff->keys, diff->keys.len > 0 ? STR(", ") : STR_EMPTY);
    buf_add(&diff->keys, name);
    if (are_short) {
        buf_printf(&diff->keys, " (%.*s -> %.*s)", STR_ARG(old->text), STR_ARG(new->text));
    }
}

/* Both lists of keys are sorted: walked side by side. */
static enum change compare_keys(struct diff *diff, const struct sigma_digest *old,
                                const struct sigma_digest *new) {
    enum change change = CHANGE_NONE;
    size_t i = 0, j = 0;
    while (i < old->key_count || j < new->key_count) {
        const struct sigma_digest_key *a = i < old->key_count ? &old->keys[i] : NULL;
        const struct sigma_digest_key *b = j < new->key_count ? &new->keys[j] : NULL;
        int order = a == NULL ? 1 : b == NULL ? -1 : str_compare(a->name, b->name);
        const struct sigma_digest_key *here = order <= 0 ? a : b;
        i += order <= 0;
        j += order >= 0;
        if (order == 0 && a->hash == b->hash) {
            continue;
        }
        note_key(diff, here->name, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
        if (here->is_meaning) {
            change = CHANGE_DETECTION;
        } else if (change == CHANGE_NONE) {
            change = CHANGE_METADATA;
        }
    }
    return change;
}

/* --- output --- */

static bool print(struct diff *diff, enum change change, const struct sigma_digest *rule,
                  const struct sigma_digest *old) {
    diff->counts[change]++;
    if (change == CHANGE_NONE) {
        return true;
    }
    if (diff->table != NULL) {
        const struct str cells[COLUMN_COUNT] = {str_from_c(change_names[change]), rule->title,
                                                buf_str(&diff->keys), rule->id, rule->path};
        return output_row(diff->table, cells);
    }
    struct buf *line = &diff->line;
    buf_clear(line);
    buf_printf(line, "{\"change\":\"%s\",\"id\":", change_names[change]);
    json_out_string(line, rule->id);
    buf_add(line, STR(",\"title\":"));
    json_out_string(line, rule->title);
    buf_printf(line, ",\"keys\":[%.*s],\"path\":", STR_ARG(buf_str(&diff->json_keys)));
    json_out_string(line, rule->path);
    if (old != NULL && !str_eq(old->place, rule->place)) {
        buf_add(line, STR(",\"was\":"));
        json_out_string(line, old->path);
    }
    buf_add(line, STR("}\n"));
    return output_write(stdout, buf_str(line));
}

static bool print_pair(struct diff *diff, const struct sigma_digest *old,
                       const struct sigma_digest *new) {
    enum change change = compare_keys(diff, old, new);
    if (change == CHANGE_NONE && !str_eq(old->place, new->place)) {
        change = CHANGE_MOVED;
        buf_printf(&diff->keys, "%.*s -> %.*s", STR_ARG(old->place), STR_ARG(new->place));
    }
    return print(diff, change, new, old);
}

/* Both sets are sorted by id. */
static bool compare_sets(struct diff *diff, const struct sigma_digests *old,
                         const struct sigma_digests *new) {
    size_t i = 0, j = 0;
    bool go_on = true;
    while (go_on && (i < old->count || j < new->count)) {
        int order = i == old->count   ? 1
                    : j == new->count ? -1
                                      : str_compare(old->items[i].id, new->items[j].id);
        buf_clear(&diff->keys);
        buf_clear(&diff->json_keys);
        if (order == 0) {
            go_on = print_pair(diff, &old->items[i++], &new->items[j++]);
        } else if (order < 0) {
            go_on = print(diff, CHANGE_REMOVED, &old->items[i++], NULL);
        } else {
            go_on = print(diff, CHANGE_ADDED, &new->items[j++], NULL);
        }
    }
    return go_on;
}

/* They count as removed or added: say so. */
static void tell_failures(const struct sigma_digests *set) {
    for (size_t i = 0; i < set->failure_count; i++) {
        struct buf path = BUF_INIT;
        output_append_visible(&path, set->failures[i].path);
        fprintf(stderr, "konseki rules diff: %.*s: %.*s\n", STR_ARG(buf_str(&path)),
                STR_ARG(set->failures[i].why));
        buf_fini(&path);
    }
}

static int compare(enum output_format format, const struct sigma_digests *old,
                   const struct sigma_digests *new) {
    static const struct str headers[COLUMN_COUNT] = {
        STR_INIT("change"), STR_INIT("title"), STR_INIT("keys"), STR_INIT("id"), STR_INIT("path")};
    struct diff diff = {.format = format};
    if (format != OUTPUT_JSONL) {
        diff.table = output_create(stdout, format, headers, COLUMN_COUNT, output_terminal_width(),
                                   format == OUTPUT_CSV);
    }
    (void)compare_sets(&diff, old, new);
    bool is_written = diff.table == NULL || output_destroy(&diff.table);
    is_written = output_finish(stdout) && is_written;
    size_t unreadable = old->failure_count + new->failure_count;
    tell_failures(old);
    tell_failures(new);
    fprintf(stderr,
            _("%zu added, %zu removed, %zu with another detection, %zu with other descriptions, "
              "%zu moved, %zu the same; %zu files unreadable\n"),
            diff.counts[CHANGE_ADDED], diff.counts[CHANGE_REMOVED], diff.counts[CHANGE_DETECTION],
            diff.counts[CHANGE_METADATA], diff.counts[CHANGE_MOVED], diff.counts[CHANGE_NONE],
            unreadable);
    buf_fini(&diff.keys);
    buf_fini(&diff.json_keys);
    buf_fini(&diff.line);
    return !is_written ? EXIT_STORE : unreadable > 0 ? EXIT_UNREADABLE : EXIT_DONE;
}

int rules_diff(int argc, char **argv) {
    enum output_format format = options_default_format();
    bool help = false;
    const struct option_spec specs[] = {{"format", OPTION_FORMAT, &format, NULL},
                                        {"help", OPTION_FLAG, &help, NULL}};
    struct positionals paths;
    if (!options_parse(&paths, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        return EXIT_USAGE;
    }
    if (help || paths.count != 2) {
        return subcommand_usage("diff", help);
    }
    struct sigma_digests old = {0};
    struct sigma_digests new = {0};
    struct err err = ERR_INIT;
    int code = EXIT_UNREADABLE;
    if (sigma_digests_load(&old, paths.items[0], &err) != STATUS_OK ||
        sigma_digests_load(&new, paths.items[1], &err) != STATUS_OK) {
        output_error("rules diff", &err);
    } else {
        code = compare(format, &old, &new);
    }
    sigma_digests_fini(&old);
    sigma_digests_fini(&new);
    return code;
}
