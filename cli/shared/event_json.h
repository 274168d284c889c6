/*
 * Events as JSON objects (docs/formats/jsonl.md): the row's attributes, then its values, ECS names
 * nested.
 */
#ifndef KONSEKI_EVENT_JSON_H
#define KONSEKI_EVENT_JSON_H

#include "output.h"
#include "query.h"

struct event_json; /* memory that is used again from row to row */

struct event_json *event_json_create(void);
void event_json_destroy(struct event_json **writer);

/* Appends the whole event; event.original (the search text) only if asked for. */
void event_json_append(struct buf *out, struct event_json *writer, const struct batch *batch,
                       const struct row *row, bool with_original);
/* Appends the columns only. */
void event_json_append_columns(struct buf *out, struct event_json *writer,
                               const struct query_output *output, const struct batch *batch,
                               const struct row *row);

#endif
