/*
 * One row as `konseki dump` writes it. Rows of Windows events have their native names; rows of
 * other formats their fields. Appends one line with its line end.
 *
 * A writer belongs to one thread; it keeps scratch memory between rows. Cost: O(values).
 */
#ifndef KONSEKI_DUMP_ROW_H
#define KONSEKI_DUMP_ROW_H

#include "batch.h"

enum dump_format {
    DUMP_NESTED, /* {"file","idx","record_id","offset","Event":{"System":...}} */
    DUMP_FLAT,   /* {"file","idx","event":{flat native names}} */
    DUMP_XML     /* <Event>...</Event> */
};

struct dump_place {
    struct str file;
    uint32_t idx;         /* records of this file before this one */
    uint64_t file_offset; /* of the record; EVTX */
};

struct dump_writer;

struct dump_writer *dump_writer_create(enum dump_format format);
void dump_writer_destroy(struct dump_writer **writer);
void dump_writer_row(struct dump_writer *writer, struct buf *out, const struct batch *batch,
                     const struct row *row, const struct dump_place *place);

#endif
