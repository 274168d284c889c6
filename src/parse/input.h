/*
 * One input (a file's bytes, or a listener's stream of records) becoming batches: framing,
 * encoding, envelope, format detection by content, body parser, times. The only way from bytes to
 * events.
 *
 * Framing by content: EVTX; XML of <Event> elements; JSON documents (json_framer.h); tables with a
 * header (formats/csv_table.h); else lines ending in LF (also in UTF-16LE/BE). A record keeps its
 * own terminator (CR LF too) in its raw bytes, so the raw bytes of all rows in order are the input,
 * byte for byte. Records over the limit become parts flagged `continued`.
 *
 * Every byte becomes a row: blank lines ROW_BLANK, unknown lines ROW_UNPARSED, lines with control
 * bytes ROW_DAMAGED. Nothing is dropped.
 */
#ifndef KONSEKI_INPUT_H
#define KONSEKI_INPUT_H

#include "parser.h"

struct parse_input;

struct parse_input_options {
    struct str source;    /* source id of all rows; for listeners the default */
    struct str origin;    /* file as given + path below it, or peer; kept in the rows */
    struct str host;      /* host of a file without a host column; empty: none */
    enum dataset dataset; /* DATASET_UNKNOWN: detect; else the user's choice (--source) */
    struct parse_settings settings;
    int64_t receive_ns;
    size_t record_limit_bytes; /* 0: 1 MiB */
    bool recover_slack;        /* EVTX: also records found in slack space */
    bool carve;                /* chunks of EVTX also in what is no event log (disk images) */
    bool more_follows;         /* the bytes are the first window of an input (parse_input_window) */
};

struct parse_input_counts {
    uint64_t events;   /* all rows but derived */
    uint64_t unparsed; /* ROW_UNPARSED */
    uint64_t blank;
    uint64_t meta;
    uint64_t damaged;
    uint64_t continued;
    uint64_t by_dataset[DATASET_COUNT];
};

/* `bytes` must stay valid until close. Never fails on content. */
struct parse_input *parse_input_open(const uint8_t *bytes, size_t size_bytes,
                                     const struct parse_input_options *options);
/* Windows: an input that is unpacked on the way need not lie in memory as a whole, if it is text.
 * True if these first bytes (64 KiB or all) belong to a form that must. */
bool parse_input_needs_whole(const uint8_t *bytes, size_t size_bytes,
                             const struct parse_input_options *options);
/* Bytes at the end of the window that are in no row yet, when parse_input_next said false: less
 * than the record limit. */
size_t parse_input_left(const struct parse_input *input);
/* The next window: what was left of the last one, then what follows. It must be longer than twice
 * the record limit unless nothing follows. */
void parse_input_window(struct parse_input *input, const uint8_t *bytes, size_t size_bytes,
                        bool more_follows);
/* Appends rows to the (cleared) batch: up to about 16,384 rows or 1 MiB of raw bytes. False when
 * nothing is left (and nothing was added), of the window if more follows. */
bool parse_input_next(struct parse_input *input, struct batch *batch);
const struct parse_input_counts *parse_input_get_counts(const struct parse_input *input);
/* What an event log file says of itself, when all of it was read. */
struct parse_input_health {
    bool is_event_log;
    bool has_header;
    bool bad_header; /* fails its checksum */
    bool is_dirty;   /* was not closed: its checksums may be out of date */
    uint64_t records;
    uint64_t damaged;   /* but for recovered ones, which may be overwritten in part */
    uint64_t recovered; /* from slack */
    uint64_t chunks;
    uint64_t bad_chunks;    /* fail their checksum */
    uint64_t header_chunks; /* that the file header counts; more than there are: it was cut short */
};
struct parse_input_health parse_input_get_health(const struct parse_input *input);
/* The format of most rows. */
enum dataset parse_input_kind(const struct parse_input *input);
void parse_input_close(struct parse_input **input);

/* A stream of single records from the network: no detection by sample, each record by itself;
 * remembers per source what it saw last to try that first. */
struct parse_stream;
struct parse_stream *parse_stream_create(const struct parse_settings *settings);
void parse_stream_destroy(struct parse_stream **stream);
/* One record as it came (its framing bytes included if the transport's are part of the raw, e.g.
 * the LF of a TCP line). */
void parse_stream_record(struct parse_stream *stream, struct batch *batch, struct str record,
                         struct str source, struct str peer, int64_t receive_ns);

#endif
