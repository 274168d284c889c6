/*
 * The options of scan that say which events and which rules' hits are wanted: from the command line
 * to the filters of the library.
 */
#ifndef KONSEKI_SCAN_FILTERS_H
#define KONSEKI_SCAN_FILTERS_H

#include "options.h"
#include "rule_choice.h"
#include "scan.h"

struct scan_filter_options {
    const char *from;
    const char *to;
    const char *last; /* a duration back from the newest event */
    struct option_list hosts;
    struct option_list other_hosts;
    struct option_list channels;
    struct option_list other_channels;
    struct option_list ids;
    struct option_list other_ids;
    struct option_list files;
    struct option_list other_files;
    struct rule_choice choice;
};

struct scan_filters {
    struct event_filter events;
    struct wanted_rules rules;
    struct file_filter files;
    int64_t last_ns; /* 0: not asked */
};

/* Borrows the options' texts. False with a message. */
bool scan_filters_read(struct scan_filters *out, struct scan_filter_options *options,
                       const struct zone *zone);
/* --last: reads the files for the newest event; says the bound on stderr. */
void scan_filters_find_last(struct scan_filters *filters, const struct scan_options *scan,
                            const char *const *paths, size_t path_count);
void scan_filter_options_fini(struct scan_filter_options *options);

#endif
