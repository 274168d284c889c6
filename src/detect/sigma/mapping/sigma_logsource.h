/*
 * Log sources: which events a rule looks at (sigma_mapping.h). A rule may have several ways to its
 * events, each with its own gate, extra conditions and field names.
 */
#ifndef KONSEKI_SIGMA_LOGSOURCE_H
#define KONSEKI_SIGMA_LOGSOURCE_H

#include "buf.h"
#include "schema.h"
#include "sigma_document.h"
#include "sigma_mapping.h"

enum { SIGMA_WAY_LIMIT = 32 };

struct sigma_way {
    struct sigma_gate gate;
    const struct sigma_way_row *row; /* conditions and field names; NULL: none */
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

/* Fills in at most SIGMA_WAY_LIMIT ways and returns their number (at least 1: a way that no row
 * passes where the source is not known). */
size_t sigma_logsource_ways(struct sigma_way *out, const struct sigma_mapping *mapping,
                            const struct sigma_logsource *source);
/* False if no row that this program reads can be of that source. */
bool sigma_logsource_is_known(const struct sigma_mapping *mapping,
                              const struct sigma_logsource *source);
/* What the mapping says is needed for events of the source; empty if it does not say. */
struct str sigma_logsource_needs(const struct sigma_mapping *mapping,
                                 const struct sigma_logsource *source);
/* True if every part that `outer` gives stands in `inner` too. */
bool sigma_logsource_has(const struct sigma_logsource *outer, const struct sigma_logsource *inner);
/* True if no row passes (bare events may). */
bool sigma_gate_is_closed(const struct sigma_gate *gate);
bool sigma_gate_passes(const struct sigma_gate *gate, const struct sigma_origin *origin);
/* A text that is equal for equal gates. */
void sigma_gate_key(struct buf *out, const struct sigma_gate *gate);

#endif
