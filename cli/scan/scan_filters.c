#include "scan_filters.h"

#include "i18n.h"
#include "mem.h"
#include "newest_event.h"
#include "num.h"

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

bool scan_filters_read(struct scan_filters *out, struct scan_filter_options *o,
                       const struct zone *zone) {
    struct err err = ERR_INIT;
    *out = (struct scan_filters){.events = EVENT_FILTER_ALL};
    out->events.hosts = rule_choice_words(&o->hosts);
    out->events.other_hosts = rule_choice_words(&o->other_hosts);
    out->events.channels = rule_choice_words(&o->channels);
    out->events.other_channels = rule_choice_words(&o->other_channels);
    out->events.ids = rule_choice_words(&o->ids);
    out->events.other_ids = rule_choice_words(&o->other_ids);
    out->files.files = rule_choice_words(&o->files);
    out->files.other_files = rule_choice_words(&o->other_files);
    if (!rule_choice_read(&out->rules, &o->choice)) {
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
    struct option_list *lists[] = {&o->hosts, &o->other_hosts, &o->channels, &o->other_channels,
                                   &o->ids,   &o->other_ids,   &o->files,    &o->other_files};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        mem_free(lists[i]->items);
    }
    rule_choice_fini(&o->choice);
    *o = (struct scan_filter_options){.from = NULL};
}
