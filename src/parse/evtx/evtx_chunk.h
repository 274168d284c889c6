/*
 * The records of one 64 KiB chunk, in order, whatever state the chunk is in.
 *
 * A record is 0x00002a2a, u32 size, u64 number, FILETIME, BinXML, u32 size again. The chunk's
 * header says where free space begins; records beyond it are leftovers, unless they go on with the
 * next number (a file that was not closed: its header is older than its records).
 * After a broken record the walk goes on at the next record signature.
 */
#ifndef KONSEKI_EVTX_CHUNK_H
#define KONSEKI_EVTX_CHUNK_H

#include "str.h"

enum {
    EVTX_CHUNK_BYTES = 65536,
    EVTX_CHUNK_HEADER_BYTES = 512,
    EVTX_RECORD_HEADER_BYTES = 24,
    EVTX_RECORD_MIN_BYTES = 28
};

struct evtx_record {
    size_t off; /* in the chunk */
    size_t len; /* of a broken record: up to where the walk goes on */
    size_t body_end;
    uint64_t number;
    uint64_t filetime;
    const char *fault; /* of the record's frame; NULL: none */
    bool recovered;    /* beyond the free-space offset */
};

struct evtx_chunk {
    const uint8_t *bytes;
    size_t size;     /* 65,536, less at the end of a cut file */
    size_t free_off; /* end of the records by the header (clamped) */
    size_t at;       /* the walk */
    uint64_t last_number;
    bool has_free_off; /* the header has a possible one */
    bool any;          /* a record was given out */
    bool recover_slack;
    bool in_slack;
};

bool evtx_chunk_has_magic(const uint8_t *bytes, size_t size);
void evtx_chunk_begin(struct evtx_chunk *chunk, const uint8_t *bytes, size_t size,
                      bool recover_slack);
bool evtx_chunk_next(struct evtx_record *out, struct evtx_chunk *chunk);
/* Header and records pass their checksums. */
bool evtx_chunk_is_intact(const struct evtx_chunk *chunk);

#endif
