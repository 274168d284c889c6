/*
 * A column of an event as one cell of text: all its values joined by blanks; times in RFC 3339; a
 * pattern of names as a JSON object. For CSV.
 */
#ifndef KONSEKI_COLUMN_TEXT_H
#define KONSEKI_COLUMN_TEXT_H

#include "event_json.h"

/* Appends the cell; `scratch` is used. */
void column_text_append(struct buf *out, const struct query_column *column,
                        const struct batch *batch, const struct row *row, struct event_json *json,
                        struct buf *scratch);

#endif
