/*
 * Bare events: JSON objects with native field names, as `rules eval` and `rules test` take them,
 * bare or in the wrapper of `dump --flat` ({"file","idx","event":{...}}). Nested objects are
 * reached with dots; a list is several values of one name. Events in the shape of Windows' XML have
 * their native names too (bare_windows.h).
 */
#ifndef KONSEKI_BARE_EVENT_H
#define KONSEKI_BARE_EVENT_H

#include <json-c/json.h>

#include "arena.h"
#include "sigma.h"

/* The values of one event; they point into the JSON object and the arena. All zero is empty. */
struct bare_event {
    struct arena arena; /* made names */
    struct sigma_event_value *values;
    size_t count;
    size_t capacity;
};

/* Replaces the values by those of the object, which must live as long as they are used. */
void bare_event_read(struct bare_event *event, json_object *object);
/* One more value, or those of a list or of an object under its name. The name is borrowed. */
void bare_event_add(struct bare_event *event, struct str name, json_object *value);
void bare_event_fini(struct bare_event *event);

/* Called for each event of the text; `object` is NULL for a line or item that is no JSON object. */
typedef void bare_event_fn(json_object *object, void *ctx);
/* One object a line, or one JSON array of objects; a byte order mark and blank lines are skipped.
 */
void bare_event_each(struct str text, bare_event_fn *fn, void *ctx);

#endif
