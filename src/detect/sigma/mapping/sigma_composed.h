/*
 * The text of a composed field, put together out of an event's own (sigma_mapping.h,
 * docs/formats/sigma-mapping.md, "composed"). Threads: pure. Cost: proportional to the text.
 */
#ifndef KONSEKI_SIGMA_COMPOSED_H
#define KONSEKI_SIGMA_COMPOSED_H

#include "buf.h"
#include "sigma_mapping.h"

/* The first value of a part of the field in the event; false: missing or null. */
typedef bool sigma_part_fn(struct str *out, uint32_t part, const void *ctx);

/* The text that can be written for this event, in `out`, whose old text goes; NULL if there is
 * none. `scratch` is overwritten. */
const struct sigma_text *sigma_composed_write(struct buf *out,
                                              const struct sigma_composed *composed,
                                              sigma_part_fn *get, const void *ctx,
                                              struct buf *scratch);
/* The part that the text is about first. */
uint32_t sigma_text_part(const struct sigma_text *text);

#endif
