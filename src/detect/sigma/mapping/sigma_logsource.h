/*
 * Log sources: which events a rule looks at (tables/sigma_logsources.def). A rule may have several
 * ways to its events, each with its own gate, an extra condition and its own field names.
 */
#ifndef KONSEKI_SIGMA_LOGSOURCE_H
#define KONSEKI_SIGMA_LOGSOURCE_H

#include "buf.h"
#include "schema.h"
#include "sigma_document.h"

enum sigma_gate_kind {
    SIGMA_GATE_ANY,     /* every event */
    SIGMA_GATE_WINDOWS, /* Windows events by channel, id, provider */
    SIGMA_GATE_DATASETS /* events of the named formats */
};

enum { SIGMA_CHANNEL_LIMIT = 8, SIGMA_WAY_LIMIT = 8 };

struct sigma_gate {
    enum sigma_gate_kind kind;
    const char *channels[SIGMA_CHANNEL_LIMIT]; /* any of them; none: every channel */
    size_t channel_count;
    const char *ids;      /* separated by blanks; "": every id */
    const char *provider; /* "": every provider */
    const char *datasets; /* names or families, "?" for unknown lines; "" for none */
};

struct sigma_way {
    struct sigma_gate gate;
    const char *condition; /* "Field=value value" or "" */
    const char *renames;   /* "Rule=Native ..." */
};

/* What is known of an event's origin. */
struct sigma_origin {
    enum dataset dataset;
    bool is_windows;
    bool is_untold; /* a bare object that does not say where it is from */
    struct str channel;
    struct str event_id;
    struct str provider;
};

/* Fills in at most SIGMA_WAY_LIMIT ways and returns their number (at least 1). */
size_t sigma_logsource_ways(struct sigma_way *out, const struct sigma_logsource *source);
/* False if nothing this program reads can be of that source. */
bool sigma_logsource_is_known(const struct sigma_logsource *source);
/* True if every part that `outer` gives stands in `inner` too. */
bool sigma_logsource_has(const struct sigma_logsource *outer, const struct sigma_logsource *inner);
bool sigma_gate_passes(const struct sigma_gate *gate, const struct sigma_origin *origin);
/* A text that is equal for equal gates. */
void sigma_gate_key(struct buf *out, const struct sigma_gate *gate);
bool sigma_is_word_of(struct str word, const char *words);

#endif
