/*
 * Which events are looked at: by time, host, channel, event id. All that is given must hold; of a
 * list one entry. An event that lacks what is asked for (no channel, no time of its own) is none of
 * those wanted, and none of those excluded.
 *
 * Immutable while it is used; borrows its texts. Threads: any.
 */
#ifndef KONSEKI_EVENT_FILTER_H
#define KONSEKI_EVENT_FILTER_H

#include "batch.h"
#include "err.h"

struct event_words {
    const char *const *items; /* each "a" or "a,b"; case ignored; `*` any text, `?` one byte */
    size_t count;
};

struct event_filter {
    int64_t from_ns; /* INT64_MIN: from the first */
    int64_t to_ns;   /* before this; INT64_MAX: to the last */
    struct event_words hosts;
    struct event_words other_hosts; /* excluded */
    struct event_words channels;
    struct event_words other_channels;
    struct event_words ids; /* numbers and ranges: "4624,4768-4771" */
    struct event_words other_ids;
};

#define EVENT_FILTER_ALL ((struct event_filter){.from_ns = INT64_MIN, .to_ns = INT64_MAX})

/* BAD_INPUT if an event id is no number or range. */
enum status event_filter_check(const struct event_filter *filter, struct err *err) MUST_CHECK;
bool event_filter_admits(const struct event_filter *filter, const struct batch *batch,
                         const struct row *row);
/* Does the text fit one of the words? None given: no. */
bool event_words_fit(const struct event_words *words, struct str text);

#endif
