/*
 * The paths of the leaves of JSON documents ("winlog.event_data.IpAddress") as small numbers. The
 * keys of logs come in the same order document after document: what followed the last key before
 * is looked at first, which saves joining and hashing.
 *
 * Owned by a json_reader; one thread. Paths once numbered stay until fini, at most
 * JSON_PATHS_MAX of them (a hostile file could name millions).
 */
#ifndef KONSEKI_JSON_PATHS_H
#define KONSEKI_JSON_PATHS_H

#include "str.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { JSON_PATH_BYTES = 1024, JSON_PATHS_MAX = 16384, JSON_PATH_ROOT = 0 };

/* No number: the path is not kept. */
#define JSON_PATH_NONE UINT32_MAX

struct json_paths;
struct json_paths *json_paths_create(void);
void json_paths_destroy(struct json_paths **paths);

/* Before the first key of a document. */
void json_paths_begin(struct json_paths *paths);
/* The path of the key that begins at `raw` (behind its quote; `room` bytes may be read) in the
 * object `parent`, if it is one of the last few that came at this place; else JSON_PATH_NONE. */
uint32_t json_paths_expect(struct json_paths *paths, uint32_t parent, const char *raw, size_t room);
/* The path parent.key, numbered when new. `plain`: the key stands in the document as it is. NONE
 * when there are too many. The caller sees to JSON_PATH_BYTES. */
uint32_t json_paths_child(struct json_paths *paths, uint32_t parent, struct str key, bool plain);
/* Valid until destroy; the root's is empty. */
struct str json_paths_text(const struct json_paths *paths, uint32_t path);

#ifdef __cplusplus
}
#endif

#endif
