/*
 * Does a JSON string, as it stands between its quotes, say this text? The same answer as decoding
 * it (transform_decode) and comparing, but nothing is written: both are walked through side by
 * side, eight bytes a step. Cutting asks it for every escaped value of a row.
 *
 * Failures: none. A malformed escape matches nothing. Threads: any.
 */
#ifndef KONSEKI_ESCAPE_MATCH_H
#define KONSEKI_ESCAPE_MATCH_H

#include "buf.h"

/* `scratch` is overwritten where there are escapes by number (\u). */
bool escape_match_json(struct str slice, struct str text, struct buf *scratch);

#endif
