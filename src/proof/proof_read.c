/* Reading a proof: every member is tested; unknown members are for later versions. */
#include "i18n.h"
#include "proof.h"

#include <json-c/json.h>

#include "num.h"

enum { MAX_DEPTH = 8, MAX_LIST = 1 << 20 };

struct reader {
    struct proof *out;
    const char *problem; /* NULL: all well */
};

static bool complain(struct reader *r, const char *what) {
    r->problem = what;
    return false;
}

void proof_fini(struct proof *p) {
    arena_fini(&p->arena);
    memset(p, 0, sizeof *p);
}

/* --- members of an object --- */

static struct json_object *member(struct json_object *object, const char *name,
                                  enum json_type type) {
    struct json_object *value = NULL;
    bool found = json_object_is_type(object, json_type_object) &&
                 json_object_object_get_ex(object, name, &value);
    return found && json_object_is_type(value, type) ? value : NULL;
}

static bool get_text(struct reader *r, struct str *out, struct json_object *object,
                     const char *name) {
    struct json_object *value = member(object, name, json_type_string);
    if (value == NULL) {
        return complain(r, name);
    }
    *out = arena_str(&r->out->arena, str_make(json_object_get_string(value),
                                              (size_t)json_object_get_string_len(value)));
    return true;
}

/* Numbers from their text: json-c bends those that do not fit. */
static bool get_number(struct reader *r, uint64_t *out, struct json_object *object,
                       const char *name) {
    struct json_object *value = member(object, name, json_type_int);
    if (value == NULL ||
        !num_parse_u64(out, str_from_c(json_object_to_json_string_ext(value, 0)))) {
        return complain(r, name);
    }
    return true;
}

static bool get_time(struct reader *r, int64_t *out, struct json_object *object, const char *name) {
    struct json_object *value = member(object, name, json_type_int);
    if (value == NULL ||
        !num_parse_i64(out, str_from_c(json_object_to_json_string_ext(value, 0)))) {
        return complain(r, name);
    }
    return true;
}

/* One way to write each byte: capitals would be another proof with the same meaning. */
static int hex_digit(char c) {
    return c >= 'A' && c <= 'F' ? -1 : ascii_hex_value(c);
}

/* Hexadecimal text, in the arena. */
static bool parse_hex(struct reader *r, struct str *out, struct json_object *value,
                      const char *name) {
    if (value == NULL || !json_object_is_type(value, json_type_string)) {
        return complain(r, name);
    }
    const char *text = json_object_get_string(value);
    size_t len = (size_t)json_object_get_string_len(value);
    char *bytes = arena_alloc(&r->out->arena, len / 2 + 1);
    for (size_t i = 0; i < len / 2; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return complain(r, name);
        }
        bytes[i] = (char)(uint8_t)(high << 4 | low);
    }
    *out = str_make(bytes, len / 2);
    return len % 2 == 0 || complain(r, name);
}

static bool get_hex(struct reader *r, struct str *out, struct json_object *object,
                    const char *name) {
    return parse_hex(r, out, member(object, name, json_type_string), name);
}

static bool get_fixed(struct reader *r, uint8_t *out, size_t len, struct json_object *object,
                      const char *name) {
    struct str bytes;
    if (!get_hex(r, &bytes, object, name) || bytes.len != len) {
        return complain(r, name);
    }
    memcpy(out, bytes.ptr, len);
    return true;
}

static bool get_path(struct reader *r, struct merkle_path *out, struct json_object *object) {
    struct json_object *list = member(object, "path", json_type_array);
    if (list == NULL || json_object_array_length(list) > MERKLE_PATH_MAX) {
        return complain(r, "path");
    }
    out->count = json_object_array_length(list);
    for (size_t i = 0; i < out->count; i++) {
        struct str node;
        if (!parse_hex(r, &node, json_object_array_get_idx(list, i), "path") ||
            node.len != SHA256_BYTES) {
            return complain(r, "path");
        }
        memcpy(out->nodes[i], node.ptr, SHA256_BYTES);
    }
    return true;
}

/* A list of `size`-byte items in the arena; its members in *list. */
static bool get_list(struct reader *r, void **out, size_t *count, size_t size,
                     struct json_object **list, struct json_object *object, const char *name) {
    *list = member(object, name, json_type_array);
    if (*list == NULL || json_object_array_length(*list) > MAX_LIST) {
        return complain(r, name);
    }
    *count = json_object_array_length(*list);
    *out = arena_array(&r->out->arena, *count + 1, size);
    return true;
}

/* --- what a proof is made of --- */

static bool read_inclusions(struct reader *r, struct proof_event *e, struct json_object *object) {
    struct json_object *list;
    void *items;
    if (!get_list(r, &items, &e->inclusion_count, sizeof *e->inclusions, &list, object,
                  "inclusion")) {
        return false;
    }
    e->inclusions = items;
    for (size_t i = 0; i < e->inclusion_count; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        if (!get_number(r, &e->inclusions[i].rows, item, "rows") ||
            !get_path(r, &e->inclusions[i].path, item)) {
            return false;
        }
    }
    return true;
}

static bool read_place(struct reader *r, struct proof_event *e, struct json_object *object) {
    struct json_object *within = member(object, "within", json_type_object);
    e->in_container = within != NULL;
    return within == NULL || (get_number(r, &e->offset, within, "offset") &&
                              get_number(r, &e->length, within, "length"));
}

static bool read_event(struct reader *r, struct proof_event *e, struct json_object *object) {
    return get_text(r, &e->id, object, "event") && get_text(r, &e->source_text, object, "source") &&
           get_hex(r, &e->source, object, "source_bytes") &&
           get_number(r, &e->sequence, object, "sequence") &&
           get_time(r, &e->receive_ns, object, "receive_time_ns") &&
           get_number(r, &e->raw_bytes, object, "raw_bytes") && read_place(r, e, object) &&
           get_number(r, &e->index, object, "index") &&
           get_fixed(r, e->leaf, SHA256_BYTES, object, "leaf") && read_inclusions(r, e, object);
}

static bool read_events(struct reader *r, struct json_object *root) {
    struct json_object *list;
    void *items;
    struct proof *p = r->out;
    if (!get_list(r, &items, &p->event_count, sizeof *p->events, &list, root, "events")) {
        return false;
    }
    p->events = items;
    for (size_t i = 0; i < p->event_count; i++) {
        if (!read_event(r, &p->events[i], json_object_array_get_idx(list, i))) {
            return false;
        }
    }
    return true;
}

static bool read_checkpoints(struct reader *r, struct json_object *root) {
    struct json_object *list;
    void *items;
    struct proof *p = r->out;
    if (!get_list(r, &items, &p->checkpoint_count, sizeof *p->checkpoints, &list, root,
                  "checkpoints")) {
        return false;
    }
    p->checkpoints = items;
    for (size_t i = 0; i < p->checkpoint_count; i++) {
        struct proof_checkpoint *c = &p->checkpoints[i];
        struct json_object *item = json_object_array_get_idx(list, i);
        if (!get_hex(r, &c->head, item, "head") ||
            !get_fixed(r, c->signature, sizeof c->signature, item, "signature")) {
            return false;
        }
    }
    return true;
}

static bool read_anchors(struct reader *r, struct json_object *root) {
    struct json_object *list;
    void *items;
    struct proof *p = r->out;
    if (!get_list(r, &items, &p->anchor_count, sizeof *p->anchors, &list, root, "anchors")) {
        return false;
    }
    p->anchors = items;
    for (size_t i = 0; i < p->anchor_count; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        if (!get_text(r, &p->anchors[i].line, item, "line") ||
            !get_hex(r, &p->anchors[i].token, item, "timestamp")) {
            return false;
        }
    }
    return true;
}

static bool read_consistency(struct reader *r, struct proof_consistency *c,
                             struct json_object *item) {
    return get_number(r, &c->old_rows, item, "old_rows") &&
           get_fixed(r, c->old_root, SHA256_BYTES, item, "old_root") &&
           get_number(r, &c->new_rows, item, "new_rows") &&
           get_fixed(r, c->new_root, SHA256_BYTES, item, "new_root") && get_path(r, &c->path, item);
}

static bool read_consistencies(struct reader *r, struct json_object *root) {
    struct json_object *list;
    void *items;
    struct proof *p = r->out;
    if (!get_list(r, &items, &p->consistency_count, sizeof *p->consistencies, &list, root,
                  "consistency")) {
        return false;
    }
    p->consistencies = items;
    for (size_t i = 0; i < p->consistency_count; i++) {
        if (!read_consistency(r, &p->consistencies[i], json_object_array_get_idx(list, i))) {
            return false;
        }
    }
    return true;
}

static bool read_root(struct reader *r, struct json_object *root) {
    uint64_t version = 0;
    if (!get_number(r, &version, root, "konseki_proof") || version != 1) {
        return complain(r, "konseki_proof");
    }
    return read_events(r, root) && read_checkpoints(r, root) && read_anchors(r, root) &&
           read_consistencies(r, root);
}

enum status proof_read(struct proof *out, struct str json, const char *name, struct err *err) {
    memset(out, 0, sizeof *out);
    struct json_tokener *tokener = json_tokener_new_ex(MAX_DEPTH);
    struct json_object *root = NULL;
    if (tokener != NULL && json.len < INT32_MAX) {
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 |
                                            JSON_TOKENER_ALLOW_TRAILING_CHARS);
        root = json_tokener_parse_ex(tokener, json.ptr, (int)json.len);
    }
    if (root != NULL && str_trim(str_skip(json, json_tokener_get_parse_end(tokener))).len > 0) {
        json_object_put(root); /* something stands behind the document */
        root = NULL;
    }
    json_tokener_free(tokener);
    if (root == NULL) {
        return err_set(err, STATUS_BAD_INPUT, "%s is no JSON document", name);
    }
    struct reader r = {out, NULL};
    bool good = read_root(&r, root);
    json_object_put(root);
    return good ? STATUS_OK
                : err_set(err, STATUS_BAD_INPUT,
                          "%s is no proof as konseki prove writes it: \"%s\" is missing or wrong",
                          name, r.problem);
}
