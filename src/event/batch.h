/*
 * A batch: the currency of the program. Rows (one an event), their values, and the bytes they
 * point into. Everything is addressed by offsets, so a batch can be written out as it is.
 *
 *   raw    bytes of the records exactly as they came; never changes once a row refers to it
 *   text   UTF-8 that was made: decoded values, constants
 *   rows   one struct row an event, in arrival order
 *   values (field, text) pairs; a row owns values[first_value .. first_value + value_count)
 *   names  interned texts that many rows share: source ids, origins (file paths, peers)
 *
 * A value that lies verbatim in the raw bytes is kept as a slice of them (no copy); a value whose
 * escaped form lies there (JSON, XML, URL escapes) keeps both: its decoded text and the slice with
 * the name of the transform, so that the store keeps one of them. A field may occur several times
 * in a row: it is a list. All values are UTF-8 text; schema_type says how to read them.
 *
 * Ownership: the batch owns all its memory; texts returned are borrowed until the batch changes.
 * Limits: raw and text stay below 2 GiB each. Not thread-safe.
 */
#ifndef KONSEKI_BATCH_H
#define KONSEKI_BATCH_H

#include "buf.h"
#include "civil.h"
#include "intern.h"
#include "schema.h"

enum row_flag {
#define FLAG(id, bit, name, meaning) ROW_##id = 1u << (bit),
#include "flags.def"
    ROW_NO_FLAGS = 0
};

/* How the decoded text follows from the raw slice. Stored: never renumber. */
enum transform {
    TRANSFORM_NONE = 0, /* not from raw: the text is all there is */
    TRANSFORM_SAME = 1, /* text equals the raw slice */
    TRANSFORM_JSON = 2, /* JSON string escapes (RFC 8259 section 7), without the quotes */
    TRANSFORM_XML = 3   /* XML character and predefined entity references */
};

/* Encoding of the raw bytes of a row. Stored: never renumber. */
enum charset {
    CHARSET_UTF8 = 0, /* ASCII too */
    CHARSET_CP932 = 1,
    CHARSET_EUC_JP = 2,
    CHARSET_ISO_2022_JP = 3,
    CHARSET_UTF16LE = 4,
    CHARSET_UTF16BE = 5,
    CHARSET_BINARY = 6 /* no text (EVTX): search text is the values */
};

struct value {
    uint32_t field;
    uint32_t text_off; /* in raw if transform is SAME, else in text */
    uint32_t text_len;
    uint32_t raw_off; /* JSON, XML: the escaped slice in raw */
    uint32_t raw_len;
    uint8_t transform;
    bool exact; /* JSON: decoding the slice gives the text, for sure; else it may */
};

struct row {
    int64_t time_ns;    /* event time as the device says, UTC; never TIME_NONE when finished */
    int64_t receive_ns; /* when it reached us; import: start of the import */
    uint64_t arrival;   /* global arrival number, set by the store, from 0 */
    uint64_t sequence;  /* per source, set by the store, from 1 */
    uint64_t record_id; /* EventRecordID; 0 if none */
    uint32_t source;    /* id in names */
    uint32_t origin;    /* id in names; INTERN_NONE if none */
    uint32_t line;      /* physical line from 1; 0 if none */
    uint32_t idx;       /* 0-based order in an EVTX file */
    uint32_t raw_off;
    uint32_t raw_len; /* with the record's own terminator, if it has one */
    uint32_t first_value;
    uint32_t value_count;
    uint32_t flags;          /* enum row_flag */
    uint32_t container_back; /* IN_CONTAINER: the row that holds the bytes is this many back */
    uint32_t container_off;  /* IN_CONTAINER: place of the record in that row's raw bytes */
    uint32_t container_len;
    uint16_t dataset; /* enum dataset */
    uint8_t charset;  /* enum charset */
};

/* A field that stands in a row's record without a value (null of JSON). It is no value: rules ask
 * for it while the batch is in memory, but it is neither stored nor sent. */
struct null_field {
    uint32_t row; /* index */
    uint32_t field;
};

struct batch {
    struct buf raw;
    struct buf text;
    struct row *rows;
    size_t row_count;
    size_t row_capacity;
    struct value *values;
    size_t value_count;
    size_t value_capacity;
    struct null_field *nulls; /* in the order of rows */
    size_t null_count;
    size_t null_capacity;
    struct intern names;
    const void *constant_key[64]; /* cache of batch_add_constant */
    uint32_t constant_off[64];
};

/* All zero is an empty batch. */
void batch_init(struct batch *b);
void batch_fini(struct batch *b);
void batch_clear(struct batch *b);

/*
 * Begins a new row (the last one is finished by that). Everything but the raw span is zero,
 * time_ns and receive_ns are TIME_NONE, origin is INTERN_NONE. The pointer dies at the next call.
 */
struct row *batch_row_begin(struct batch *b, size_t raw_off, size_t raw_len);
/* The row being built. */
struct row *batch_row(struct batch *b);
/* Takes the values added to the row being built since it had `value_count` of them back. */
void batch_row_rewind(struct batch *b, uint32_t value_count);

/* Adds a value to the row being built. If `s` lies inside that row's raw bytes it becomes a slice,
 * else it is copied. */
void batch_add(struct batch *b, uint32_t field, struct str s);
/* Adds a value whose escaped form is `slice` (inside the row's raw bytes) and whose decoded text
 * is `decoded` (copied). If the slice is elsewhere only the text is kept. */
void batch_add_decoded(struct batch *b, uint32_t field, struct str decoded, struct str slice,
                       enum transform transform);
/* The same for what stands between the quotes of a JSON string. The value is `exact` if all escapes
 * are of RFC 8259: nobody needs to decode the slice to see that. */
void batch_add_json(struct batch *b, uint32_t field, struct str slice);
/* Adds a string literal (its address is the cache key: pass literals only). */
void batch_add_constant(struct batch *b, uint32_t field, const char *literal);
void batch_add_i64(struct batch *b, uint32_t field, int64_t value);

/* Notes that the row being built has the field without a value. */
void batch_add_null(struct batch *b, uint32_t field);
/* The fields without a value of a row of the batch: returns how many begin at *out. */
size_t batch_nulls(const struct null_field **out, const struct batch *b, const struct row *row);

struct str batch_value_text(const struct batch *b, const struct value *v);
/* The escaped or plain slice in raw; len 0 and ptr NULL for TRANSFORM_NONE. */
struct str batch_value_slice(const struct batch *b, const struct value *v);
struct str batch_raw(const struct batch *b, const struct row *row);
/* True if the slices of all values of the row lie in its own raw bytes. */
bool batch_slices_are_own(const struct batch *b, const struct row *row);
/* First value of the field; false if the row has none. Attributes are not found here. */
bool batch_find(struct str *out, const struct batch *b, const struct row *row, uint32_t field);
/* Text of an attribute or the first value; `scratch` is used for attributes that are made.
 * False if absent. */
bool batch_get(struct str *out, const struct batch *b, const struct row *row, uint32_t field,
               struct buf *scratch);

/* Copies one row with its values (and raw bytes if with_raw) to the end of `to`. */
void batch_copy_row(struct batch *to, const struct batch *from, const struct row *row,
                    bool with_raw);

/* Name of one flag bit, for konseki.flags. */
struct str row_flag_name(uint32_t bit);

#endif
