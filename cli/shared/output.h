/*
 * Listings on stdout in the three formats of every listing command.
 *
 *   table  for people: columns as wide as a terminal shows them (full-width characters count two),
 *          control characters and bidirectional controls shown as escapes, cut to the terminal
 *   jsonl  for programs: one object a line, built with output_json
 *   csv    RFC 4180, UTF-8; a cell that a spreadsheet would take for a formula gets a leading
 *          apostrophe; controls other than tabs and ends of lines are shown as escapes
 *
 * A closed pipe ends the listing quietly: writers return false from then on.
 */
#ifndef KONSEKI_OUTPUT_H
#define KONSEKI_OUTPUT_H

#include <stdio.h>

#include "buf.h"
#include "cell_text.h"
#include "err.h"
#include "zone.h"

enum output_format { OUTPUT_TABLE, OUTPUT_JSONL, OUTPUT_CSV };

/* --- table and csv: rows of cells --- */

struct output;

/* `headers` are copied. `width` is the terminal's, 0: no cutting. `bom`: csv begins with U+FEFF. */
struct output *output_create(FILE *file, enum output_format format, const struct str *headers,
                             size_t column_count, int width, bool bom);
/* The cells of a table's column are shown in the style that the function names for their text: the
 * numbers of an SGR sequence ("1;31"), or NULL. For terminals only. */
typedef const char *output_style_fn(struct str cell);
void output_set_style(struct output *out, size_t column, output_style_fn *style);
/* No cell of the table is cut, not even those that are wider than any column should be. */
void output_set_whole(struct output *out);
/* One row. False when the reader went away or the disk is full (output_failed tells). */
bool output_row(struct output *out, const struct str *cells);
/* Writes what is held back. False if anything could not be written but by a closed pipe. */
bool output_destroy(struct output **out);
/* Columns of the terminal that stdout is, or 0. */
int output_terminal_width(void);

/* Writes bytes; false at a write error. */
bool output_write(FILE *file, struct str bytes);
/* Flushes stdout: false with a message on stderr if the listing could not be written; a closed pipe
 * is no error. */
bool output_finish(FILE *file);

/* "konseki COMMAND: message" on stderr, without a word for NULL. Names in messages may come out of
 * logs and archives: they are shown as below. */
void output_error(const char *command, const struct err *err);

/* --- text for people and for csv --- */

/* Columns of text on a terminal. */
static inline int output_text_width(struct str text) {
    return cell_text_width(text);
}
/* Appends text with everything that could move the cursor or reorder text made visible: \n, \x1b,
 * \u202e; invalid bytes as \xNN. */
static inline void output_append_visible(struct buf *out, struct str text) {
    cell_text_visible(out, text);
}
/* Appends the time in the zone, with milliseconds and the offset, for tables. */
void output_append_local_time(struct buf *out, int64_t ns, const struct zone *zone);
static inline void output_append_csv(struct buf *out, struct str cell) {
    cell_text_csv(out, cell);
}
/* A column's name: "@timestamp" is our own and stays; others may come out of a record. */
static inline void output_append_csv_name(struct buf *out, struct str name) {
    cell_text_csv_name(out, name);
}

/* --- JSON objects from dotted names --- */

enum output_json_type { JSON_STRING, JSON_NUMBER, JSON_BOOL };

struct output_json_entry {
    struct str name; /* "source.ip" becomes {"source":{"ip": ...}} */
    struct str text;
    enum output_json_type type; /* NUMBER, BOOL: if the text is one, else a string */
    bool is_flat;               /* the name is one key, dots and all */
    bool is_list;               /* an array also with one value */
    int level;                  /* of the writer */
};

/* Appends the object, without a newline. Entries of the same name become an array; keys stand in
 * the order in which they come first. */
void output_json(struct buf *out, struct output_json_entry *entries, size_t count);

/* For many objects with the same names: remembers where the keys stand. The names' bytes must stay
 * where they are as long as the cache lives. */
struct output_json_cache;
struct output_json_cache *output_json_cache_create(void);
void output_json_cache_destroy(struct output_json_cache **cache);
void output_json_cached(struct buf *out, struct output_json_cache *cache,
                        struct output_json_entry *entries, size_t count);

#endif
