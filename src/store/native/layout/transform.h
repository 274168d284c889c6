/* Decoding the escaped slices that values are stored as (enum transform, batch.h). */
#ifndef KONSEKI_TRANSFORM_H
#define KONSEKI_TRANSFORM_H

#include "batch.h"

/* Appends the decoded text of `slice`; false (out unchanged) if it is not well-formed. */
bool transform_decode(struct buf *out, struct str slice, enum transform transform);

#endif
