#include "json_paths.h"

#include "bytescan.h"
#include "intern.h"
#include "mem.h"

/* What came behind a path: the key of `path` in the object `parent`. */
struct follower {
    uint32_t parent;
    uint32_t path;
};

struct json_paths {
    struct intern texts;        /* full paths; id 0 is the root's empty one */
    struct follower *followers; /* by place: 0 at the beginning, then the last key's path + 1 */
    size_t follower_capacity;
    uint32_t place;
};

static void grow_followers(struct json_paths *paths) {
    size_t old = paths->follower_capacity;
    MEM_GROW(paths->followers, paths->follower_capacity, (size_t)paths->texts.count + 1);
    for (size_t i = old; i < paths->follower_capacity; i++) {
        paths->followers[i] = (struct follower){JSON_PATH_NONE, JSON_PATH_NONE};
    }
}

struct json_paths *json_paths_create(void) {
    struct json_paths *paths = mem_calloc(1, sizeof *paths);
    (void)intern_add(&paths->texts, STR_EMPTY);
    grow_followers(paths);
    return paths;
}

void json_paths_destroy(struct json_paths **paths) {
    if (*paths != NULL) {
        intern_fini(&(*paths)->texts);
        mem_free((*paths)->followers);
        mem_free(*paths);
        *paths = NULL;
    }
}

void json_paths_begin(struct json_paths *paths) {
    paths->place = 0;
}

/* Where the last key of a path begins. */
static size_t key_offset(struct str parent) {
    return parent.len > 0 ? parent.len + 1 : 0;
}

uint32_t json_paths_expect(struct json_paths *paths, uint32_t parent, const char *raw,
                           size_t room) {
    const struct follower *expected = &paths->followers[paths->place];
    if (expected->path == JSON_PATH_NONE || expected->parent != parent) {
        return JSON_PATH_NONE;
    }
    struct str path = intern_text(&paths->texts, expected->path);
    struct str key = str_skip(path, key_offset(intern_text(&paths->texts, parent)));
    if (room <= key.len || raw[key.len] != '"' || !str_same_bytes(raw, key.ptr, key.len)) {
        return JSON_PATH_NONE;
    }
    paths->place = expected->path + 1;
    return expected->path;
}

/* parent.key as text, in `out`. */
static struct str join(char *out, struct str parent, struct str key) {
    size_t at = key_offset(parent);
    memcpy(out, parent.ptr, parent.len);
    if (at > 0) {
        out[parent.len] = '.';
    }
    memcpy(out + at, key.ptr, key.len);
    return str_make(out, at + key.len);
}

uint32_t json_paths_child(struct json_paths *paths, uint32_t parent, struct str key, bool plain) {
    char text[JSON_PATH_BYTES];
    struct str above = intern_text(&paths->texts, parent);
    if (key_offset(above) + key.len > sizeof text) {
        return JSON_PATH_NONE;
    }
    struct str path = join(text, above, key);
    uint32_t id = intern_find(&paths->texts, path);
    if (id == INTERN_NONE && paths->texts.count >= JSON_PATHS_MAX) {
        return JSON_PATH_NONE;
    }
    if (id == INTERN_NONE) {
        id = intern_add(&paths->texts, path);
        grow_followers(paths);
    }
    if (plain) {
        paths->followers[paths->place] = (struct follower){parent, id};
    }
    paths->place = id + 1;
    return id;
}

struct str json_paths_text(const struct json_paths *paths, uint32_t path) {
    return intern_text(&paths->texts, path);
}
