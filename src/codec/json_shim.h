/*
 * One JSON document -> its leaves in document order, through simdjson's on-demand parser (the only
 * C++ of the program: json_shim.cc). Nothing is copied: a leaf is a slice of the document.
 *
 * Arrays repeat the path of their array, once an element. Empty objects and arrays give no
 * leaf, null only where it is asked for. Objects nested deeper than 64 give no leaves.
 */
#ifndef KONSEKI_JSON_SHIM_H
#define KONSEKI_JSON_SHIM_H

#include "str.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes behind the document that must be readable (contents do not matter). */
enum { JSON_PADDING_BYTES = 64 };

enum json_leaf_kind { JSON_STRING, JSON_NUMBER, JSON_BOOL, JSON_NULL };

struct json_leaf {
    struct str path;  /* keys joined by '.'; at most 1,024 bytes; valid during the call */
    uint32_t path_id; /* the same for the same path as long as the reader lives; UINT32_MAX: none */
    struct str slice; /* the token; of a string what stands between the quotes, as written */
    enum json_leaf_kind kind;
    bool escaped; /* a string with a backslash in it */
};

typedef void json_leaf_fn(void *ctx, const struct json_leaf *leaf);

enum json_result {
    JSON_OK,
    JSON_NONE,  /* not an object, or broken before its first leaf */
    JSON_BROKEN /* leaves were given, then the document is malformed, cut, or followed by more */
};

struct json_reader;
struct json_reader *json_reader_create(void);
void json_reader_destroy(struct json_reader *reader);
/* From now on null is a leaf too. */
void json_reader_tell_null(struct json_reader *reader);
/* `text`: one object, UTF-8. */
enum json_result json_reader_read(struct json_reader *reader, struct str text, json_leaf_fn *leaf,
                                  void *ctx);

#ifdef __cplusplus
}
#endif

#endif
