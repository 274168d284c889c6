/*
 * What the headers of an EVTX file say of its contents, seen in the raw bytes of its rows
 * (parse/evtx): whether it was closed, which record numbers its chunks hold. Layout:
 * docs/formats/evtx.md. All lengths are checked; other files have no headers.
 */
#ifndef KONSEKI_EVTX_SHAPE_H
#define KONSEKI_EVTX_SHAPE_H

#include "triage.h"

/* All zero is a new file. */
struct evtx_shape {
    bool has_header;
    bool is_dirty;         /* was not closed: the header's numbers are old */
    uint64_t next_number;  /* of the record that would come next */
    uint64_t first_number; /* of the chunks' records; 0: no chunk */
    uint64_t last_number;
    uint64_t chunks;
};

/* Called with each row of the file, in order. */
void evtx_shape_see(struct evtx_shape *shape, const struct triage_event *row);
/* Records that the header knows and the chunks do not have; 0 if the header is no witness. */
uint64_t evtx_shape_cut_off(const struct evtx_shape *shape);

#endif
