/*
 * Windows event log files (.evtx): file bytes -> rows. docs/formats/evtx.md describes the format
 * and where it was learnt.
 *
 * Rows. The first row of a chunk carries as raw bytes [the file header, if first] + the chunk
 * + what follows up to the next chunk with records (at most about 1 MiB, beyond that ROW_META rows
 * of their own). Its other rows have no raw bytes: ROW_IN_CONTAINER with container_back/off/len
 * naming the record's place in the first row's raw bytes (the first row has container_off/len too,
 * with container_back 0). So the raw bytes of all rows in order are the file, also when it is
 * damaged or is no event log at all. Bytes without any record are ROW_META rows.
 *
 * row->idx counts records from 0; record_id is System/EventRecordID (damaged record: the header's
 * number); time_ns is System/TimeCreated (else the header's). A record that cannot be read whole is
 * ROW_DAMAGED with what was readable and error.message naming the offset in the file. A chunk that
 * fails its checksum is read all the same and noted in error.message of its first row.
 *
 * Ownership: the reader borrows the bytes until close. Limits: fragments nested 16 deep, output
 * of one record at most 4 MiB. Never fails on content. One thread a reader.
 */
#ifndef KONSEKI_EVTX_H
#define KONSEKI_EVTX_H

#include "windows_reader.h"

struct evtx_reader;

struct evtx_options {
    bool recover_slack; /* also records beyond the chunk's free-space offset: ROW_RECOVERED */
};

/* By content: a file header, or (header damaged) a chunk at one of the first chunk positions. */
bool evtx_is_file(const uint8_t *bytes, size_t size_bytes);
/* True if a chunk's signature stands anywhere in the bytes (a disk image, a memory dump). Cost: one
 * pass. The reader finds all of them; bytes between them are ROW_META rows. */
bool evtx_has_chunk(const uint8_t *bytes, size_t size_bytes);
struct evtx_reader *evtx_reader_open(const uint8_t *bytes, size_t size_bytes,
                                     const struct evtx_options *options);
/* Appends rows to the batch (which the caller has cleared). False when nothing is left. */
bool evtx_reader_next(struct evtx_reader *reader, struct batch *batch,
                      const struct windows_reader_stamp *stamp);
void evtx_reader_close(struct evtx_reader **reader);

struct evtx_counts {
    uint64_t records;    /* rows that are records */
    uint64_t damaged;    /* of these */
    uint64_t recovered;  /* of these */
    uint64_t bad_slack;  /* recovered ones that are damaged: what is overwritten is so by nature */
    uint64_t chunks;     /* with a chunk's magic */
    uint64_t bad_chunks; /* header or records fail their checksum, or header unusable */
    uint64_t header_chunks; /* that the file header counts */
    bool has_header;        /* a file header, whole */
    bool bad_header;        /* which fails its checksum */
    bool is_dirty; /* and says that the file was not closed: checksums may be out of date */
};
struct evtx_counts evtx_reader_counts(const struct evtx_reader *reader);

/*
 * Appends the record as XML (one <Event> element, UTF-8, no line end). `container` is the raw bytes
 * of the row that holds the record's chunk, record_off the record's place in it (container_off).
 * False if nothing of it can be read; then nothing is appended. A damaged record gives what is
 * readable, well-formed. Slower than reading: compiles the templates each call.
 */
bool evtx_render_xml(struct buf *out, struct str container, size_t record_off);

#endif
