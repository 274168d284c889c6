/*
 * One record of text -> one row: encoding, blank lines, envelope, the right parser, time, flags.
 * Used for the lines of files (input.c) and for records from the network (stream.c).
 *
 * A line reader belongs to one input (a file, or one sender): it remembers what the last records
 * were to ask that parser first, keeps the parsers' states and the year.
 */
#ifndef KONSEKI_LINE_READER_H
#define KONSEKI_LINE_READER_H

#include "charset.h"
#include "parse_time.h"
#include "registry.h"

struct line_reader {
    struct parse_settings settings;
    struct str host;     /* for records that name none; borrowed */
    enum dataset wanted; /* DATASET_UNKNOWN: any */
    bool is_document;    /* records may hold line ends: JSON documents, tables */
    bool is_table;       /* all records are rows of one (formats/csv_table.h); no syslog headers */
    size_t last_parser;  /* PARSER_COUNT: none yet */
    enum dataset last_dataset;
    enum text_charset charset_hint;
    struct year_memory years;
    struct text_converter converter;
    struct buf utf8; /* the record's text if it is not UTF-8 */
    void *states[PARSER_COUNT];
};

void line_reader_init(struct line_reader *reader, const struct parse_settings *settings,
                      struct str host, enum dataset wanted);
void line_reader_fini(struct line_reader *reader);

/* `charset`: UTF-16 of the whole input, or UTF8 to detect it. `text` is the record without byte
 * order mark and terminator and lies in the raw bytes of the row being built, whose receive_ns is
 * set. Fills dataset, charset, time, flags and values. */
void line_reader_read(struct line_reader *reader, struct batch *batch, struct str text,
                      enum text_charset charset);
/* The same for a further part of a line over the record limit: it is kept, not parsed. */
void line_reader_skip_part(struct line_reader *reader, struct batch *batch, struct str text,
                           enum text_charset charset);

#endif
