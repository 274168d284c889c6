#include "scan_filters.h"

#include "i18n.h"
#include "mem.h"
#include "newest_event.h"
#include "num.h"
#include "rule_options.h"
#include "word_list.h"

static struct event_words words_of(const struct option_list *list) {
    return (struct event_words){list->items, list->count};
}

static bool read_times(struct scan_filters *out, const struct scan_filter_options *o,
                       const struct zone *zone) {
    if ((o->from != NULL && !options_time(&out->events.from_ns, "from", o->from, zone)) ||
        (o->to != NULL && !options_time(&out->events.to_ns, "to", o->to, zone))) {
        return false;
    }
    if (o->last == NULL) {
        return true;
    }
    if (o->from != NULL || !num_parse_duration(&out->last_ns, str_from_c(o->last)) ||
        out->last_ns <= 0) {
        fprintf(stderr,
                _("konseki scan: --last %s: expected a duration like 7d or 12h, without --from\n"),
                o->last);
        return false;
    }
    return true;
}

static bool read_levels(unsigned *out, const struct option_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        struct str rest = str_from_c(list->items[i]);
        struct str word;
        enum sigma_level level;
        while (str_split_next(&word, &rest, ',')) {
            if (!sigma_level_parse(&level, str_trim(word))) {
                return rule_options_no_level("exact-level", list->items[i]);
            }
            *out |= 1U << level;
        }
    }
    return true;
}

/* The words of the option and those of the files: one a line, up to a comma, behind '#' is comment
 * (as in the lists that come with other tools). */
static bool add_lists(struct event_words *words, struct arena *arena,
                      const struct option_list *lists) {
    struct word_list list = {.arena = arena};
    struct err err = ERR_INIT;
    bool is_read = true;
    if (lists->count == 0) {
        return true;
    }
    for (size_t i = 0; i < words->count; i++) {
        word_list_add(&list, str_from_c(words->items[i]));
    }
    for (size_t i = 0; i < lists->count && is_read; i++) {
        is_read = word_list_read(&list, lists->items[i], &err) == STATUS_OK;
    }
    *words = (struct event_words){list.items, list.count};
    if (!is_read) {
        fprintf(stderr, "konseki scan: %s\n", err.message);
    }
    return is_read;
}

bool scan_filters_read(struct scan_filters *out, struct scan_filter_options *o,
                       const struct zone *zone) {
    struct err err = ERR_INIT;
    *out = (struct scan_filters){.events = EVENT_FILTER_ALL};
    out->events.hosts = words_of(&o->hosts);
    out->events.other_hosts = words_of(&o->other_hosts);
    out->events.channels = words_of(&o->channels);
    out->events.other_channels = words_of(&o->other_channels);
    out->events.ids = words_of(&o->ids);
    out->events.other_ids = words_of(&o->other_ids);
    out->rules.rules = words_of(&o->rules);
    out->rules.other_rules = words_of(&o->other_rules);
    out->rules.statuses = words_of(&o->statuses);
    out->rules.other_statuses = words_of(&o->other_statuses);
    out->rules.tags = words_of(&o->tags);
    out->rules.other_tags = words_of(&o->other_tags);
    out->rules.categories = words_of(&o->categories);
    out->rules.products = words_of(&o->products);
    out->rules.services = words_of(&o->services);
    out->rules.other_categories = words_of(&o->other_categories);
    out->rules.other_products = words_of(&o->other_products);
    out->rules.other_services = words_of(&o->other_services);
    out->files.files = words_of(&o->files);
    out->files.other_files = words_of(&o->other_files);
    if (!add_lists(&out->rules.rules, &o->words, &o->rule_lists) ||
        !add_lists(&out->rules.other_rules, &o->words, &o->other_rule_lists) ||
        !read_levels(&out->rules.levels, &o->levels)) {
        return false;
    }
    if (event_filter_check(&out->events, &err) != STATUS_OK) {
        output_error("scan", &err);
        return false;
    }
    return read_times(out, o, zone);
}

void scan_filters_find_last(struct scan_filters *filters, const struct scan_options *scan,
                            const char *const *paths, size_t path_count) {
    if (filters->last_ns == 0) {
        return;
    }
    const struct file_rows_options reading = {.zone = scan->zone,
                                              .zone_is_guess = scan->zone_is_guess,
                                              .recover_slack = scan->recover_slack,
                                              .packed = scan->packed,
                                              .only = &filters->files,
                                              .interrupt = scan->interrupt};
    int64_t newest = newest_event_ns(&reading, paths, path_count);
    if (newest == TIME_NONE || newest < INT64_MIN + filters->last_ns) {
        return;
    }
    struct buf text = BUF_INIT;
    filters->events.from_ns = newest - filters->last_ns;
    output_append_local_time(&text, filters->events.from_ns, scan->zone);
    fprintf(stderr, _("konseki scan: events from %.*s on\n"), STR_ARG(buf_str(&text)));
    buf_fini(&text);
}

void scan_filter_options_fini(struct scan_filter_options *o) {
    struct option_list *lists[] = {&o->hosts,
                                   &o->other_hosts,
                                   &o->channels,
                                   &o->other_channels,
                                   &o->ids,
                                   &o->other_ids,
                                   &o->rules,
                                   &o->other_rules,
                                   &o->statuses,
                                   &o->other_statuses,
                                   &o->tags,
                                   &o->other_tags,
                                   &o->categories,
                                   &o->products,
                                   &o->services,
                                   &o->other_categories,
                                   &o->other_products,
                                   &o->other_services,
                                   &o->levels,
                                   &o->files,
                                   &o->other_files,
                                   &o->rule_lists,
                                   &o->other_rule_lists};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        mem_free(lists[i]->items);
    }
    arena_fini(&o->words);
    *o = (struct scan_filter_options){.from = NULL};
}
