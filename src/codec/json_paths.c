#include "json_paths.h"

#include "bytescan.h"
#include "intern.h"
#include "mem.h"

/* Events of different kinds lie between one another: so many orders of keys are remembered. */
enum { WAYS = 4 };

/* What came behind a path: the key of `path` in the object `parent`. */
struct follower {
    uint32_t parent;
    uint32_t path;
};

struct json_paths {
    struct intern texts; /* full paths; id 0 is the root's empty one */
    /* By place: 0 at the beginning, then the last key's path + 1. Free ones are the last. */
    struct followers {
        struct follower ways[WAYS];
    } * followers;
    size_t follower_capacity;
    uint32_t place;
};

static void grow_followers(struct json_paths *paths) {
    size_t old = paths->follower_capacity;
    MEM_GROW(paths->followers, paths->follower_capacity, (size_t)paths->texts.count + 1);
    for (size_t i = old; i < paths->follower_capacity; i++) {
        for (size_t way = 0; way < WAYS; way++) {
            paths->followers[i].ways[way] = (struct follower){JSON_PATH_NONE, JSON_PATH_NONE};
        }
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

static bool is_key(const struct json_paths *paths, const struct follower *expected, const char *raw,
                   size_t room) {
    struct str path = intern_text(&paths->texts, expected->path);
    struct str key = str_skip(path, key_offset(intern_text(&paths->texts, expected->parent)));
    return room > key.len && raw[key.len] == '"' && str_same_bytes(raw, key.ptr, key.len);
}

uint32_t json_paths_expect(struct json_paths *paths, uint32_t parent, const char *raw,
                           size_t room) {
    struct follower *ways = paths->followers[paths->place].ways;
    for (size_t i = 0; i < WAYS && ways[i].path != JSON_PATH_NONE; i++) {
        if (ways[i].parent != parent || !is_key(paths, &ways[i], raw, room)) {
            continue;
        }
        struct follower found = ways[i];
        if (i > 0) { /* what comes often comes to the front */
            ways[i] = ways[i - 1];
            ways[i - 1] = found;
        }
        paths->place = found.path + 1;
        return found.path;
    }
    return JSON_PATH_NONE;
}

/* In a free place, or instead of what came least. */
static void remember(struct follower *ways, struct follower follower) {
    size_t i = 0;
    while (i + 1 < WAYS && ways[i].path != JSON_PATH_NONE) {
        i++;
    }
    ways[i] = follower;
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
        remember(paths->followers[paths->place].ways, (struct follower){parent, id});
    }
    paths->place = id + 1;
    return id;
}

struct str json_paths_text(const struct json_paths *paths, uint32_t path) {
    return intern_text(&paths->texts, path);
}
