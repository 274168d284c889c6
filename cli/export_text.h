/*
 * Events as lines of an exported text file (docs/formats/export.md): JSON lines that can be
 * imported again, JSON lines for other programs, CSV. A row makes one line, or none, or two (an
 * EVTX record whose chunk did not come before). Threads: one.
 */
#ifndef KONSEKI_EXPORT_TEXT_H
#define KONSEKI_EXPORT_TEXT_H

#include "export_parts.h"
#include "query.h"

enum export_text_format { EXPORT_JSONL, EXPORT_PLAIN_JSONL, EXPORT_CSV };

struct export_text_options {
    enum export_text_format format;
    bool bom;
    const struct query_output *output;
    struct store *store;
    const char *store_path;
    const char *query; /* as given; NULL: everything */
    int64_t from_ns;
    int64_t to_ns;
    const struct zone *zone; /* whose days split the file */
};

struct export_text;

struct export_text *export_text_create(const struct export_text_options *options);
void export_text_destroy(struct export_text **text);
/* Head and tail for export_parts; `ctx` is the struct export_text. */
export_dress_fn export_text_head;
export_dress_fn export_text_tail;
enum status export_text_add(struct export_text *text, struct export_parts *parts,
                            const struct batch *batch, const struct row *row,
                            struct err *err) MUST_CHECK;

#endif
