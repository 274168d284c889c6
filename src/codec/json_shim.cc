#include "json_shim.h"

#include <simdjson.h>

#include <new>

#include "json_paths.h"

using namespace simdjson;

namespace {

enum { DEPTH_LIMIT = 64 };

struct walk {
    json_leaf_fn *leaf;
    void *ctx;
    size_t leaves;
    bool tells_null;
    const char *end; /* of the document */
    struct json_paths *paths;
    char text[JSON_PATH_BYTES]; /* of a path without number */
};

/* Where the walk is: the path as a number and as text. */
struct place {
    uint32_t path;
    struct str text;
};

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The path of a key in the object at `above`; false if it is too long. */
bool descend(struct place &out, walk &w, const struct place &above, std::string_view key,
             bool plain) {
    size_t at = above.text.len > 0 ? above.text.len + 1 : 0;
    if (key.size() + (at - above.text.len) > JSON_PATH_BYTES - above.text.len) {
        return false;
    }
    out.path = above.path == JSON_PATH_NONE
                   ? JSON_PATH_NONE
                   : json_paths_child(w.paths, above.path, {key.data(), key.size()}, plain);
    if (out.path != JSON_PATH_NONE) {
        out.text = json_paths_text(w.paths, out.path);
        return true;
    }
    /* All below this one share the buffer and only append. */
    memmove(w.text, above.text.ptr, above.text.len);
    if (at > 0) {
        w.text[at - 1] = '.';
    }
    memcpy(w.text + at, key.data(), key.size());
    out.text = {w.text, at + key.size()};
    return true;
}

/* Length of the key at `raw` if it stands there as it is, without escapes. */
bool is_plain_key(size_t &len, const char *raw, const char *end) {
    const char *quote = static_cast<const char *>(memchr(raw, '"', size_t(end - raw)));
    len = quote == nullptr ? 0 : size_t(quote - raw);
    return quote != nullptr && memchr(raw, '\\', len) == nullptr;
}

/* The place of a field of the object at `above`; *skip for a path that is too long. */
error_code find_place(struct place &out, bool &skip, walk &w, const struct place &above,
                      ondemand::field &field) {
    const char *raw = field.key().raw();
    out.path = json_paths_expect(w.paths, above.path, raw, size_t(w.end - raw));
    if (out.path != JSON_PATH_NONE) {
        out.text = json_paths_text(w.paths, out.path);
        return SUCCESS;
    }
    size_t len = 0;
    if (is_plain_key(len, raw, w.end)) {
        skip = !descend(out, w, above, {raw, len}, true);
        return SUCCESS;
    }
    std::string_view key;
    SIMDJSON_TRY(field.unescaped_key().get(key));
    skip = !descend(out, w, above, key, false);
    return SUCCESS;
}

/* The token reaches to the next structural character: cut what is behind the value. */
bool trim_token(json_leaf &leaf, std::string_view token) {
    while (!token.empty() && is_blank(token.back())) {
        token.remove_suffix(1);
    }
    if (leaf.kind == JSON_STRING) {
        if (token.size() < 2 || token.back() != '"') {
            return false;
        }
        token = token.substr(1, token.size() - 2);
        leaf.escaped = memchr(token.data(), '\\', token.size()) != nullptr;
    }
    leaf.slice = {token.data(), token.size()};
    return !token.empty() || leaf.kind == JSON_STRING;
}

error_code walk_value(walk &w, const struct place &at, ondemand::value &value, int depth);

error_code give_leaf(walk &w, const struct place &at, ondemand::value &value, json_leaf_kind kind) {
    json_leaf leaf = {at.text, at.path, {nullptr, 0}, kind, false};
    if (!trim_token(leaf, value.raw_json_token())) {
        return TAPE_ERROR;
    }
    w.leaf(w.ctx, &leaf);
    w.leaves++;
    return SUCCESS;
}

/* Does not count: a document of nulls alone has no leaves. */
error_code give_null(walk &w, const struct place &at, ondemand::value &value) {
    bool is_null = false;
    SIMDJSON_TRY(value.is_null().get(is_null));
    if (is_null) {
        json_leaf leaf = {at.text, at.path, {nullptr, 0}, JSON_NULL, false};
        w.leaf(w.ctx, &leaf);
    }
    return SUCCESS;
}

error_code walk_object(walk &w, const struct place &at, ondemand::object object, int depth) {
    for (auto item : object) {
        struct place below;
        bool skip = false;
        SIMDJSON_TRY(item.error());
        ondemand::field &field = item.value_unsafe(); /* a copy would wait for its own stores */
        SIMDJSON_TRY(find_place(below, skip, w, at, field));
        if (!skip) {
            SIMDJSON_TRY(walk_value(w, below, field.second, depth + 1));
        }
    }
    return SUCCESS;
}

error_code walk_array(walk &w, const struct place &at, ondemand::array array, int depth) {
    for (auto element : array) {
        SIMDJSON_TRY(element.error());
        SIMDJSON_TRY(walk_value(w, at, element.value_unsafe(), depth + 1));
    }
    return SUCCESS;
}

error_code walk_value(walk &w, const struct place &at, ondemand::value &value, int depth) {
    ondemand::json_type type;
    SIMDJSON_TRY(value.type().get(type));
    switch (type) {
    case ondemand::json_type::object: {
        ondemand::object object;
        if (depth > DEPTH_LIMIT) {
            return SUCCESS;
        }
        SIMDJSON_TRY(value.get_object().get(object));
        return walk_object(w, at, object, depth);
    }
    case ondemand::json_type::array: {
        ondemand::array array;
        if (depth > DEPTH_LIMIT) {
            return SUCCESS;
        }
        SIMDJSON_TRY(value.get_array().get(array));
        return walk_array(w, at, array, depth);
    }
    case ondemand::json_type::string:
        return give_leaf(w, at, value, JSON_STRING);
    case ondemand::json_type::number:
        return give_leaf(w, at, value, JSON_NUMBER);
    case ondemand::json_type::boolean:
        return give_leaf(w, at, value, JSON_BOOL);
    case ondemand::json_type::null:
        return w.tells_null ? give_null(w, at, value) : SUCCESS;
    default:
        return SUCCESS;
    }
}

error_code walk_document(walk &w, ondemand::parser &parser, struct str text) {
    ondemand::document document;
    padded_string_view view(text.ptr, text.len, text.len + JSON_PADDING_BYTES);
    SIMDJSON_TRY(parser.iterate(view).get(document));
    ondemand::object object;
    SIMDJSON_TRY(document.get_object().get(object));
    SIMDJSON_TRY(walk_object(w, {JSON_PATH_ROOT, {"", 0}}, object, 0));
    const char *behind = nullptr;
    return document.current_location().get(behind) == SUCCESS ? TAPE_ERROR : SUCCESS;
}

} // namespace

struct json_reader {
    ondemand::parser parser;
    struct json_paths *paths = json_paths_create();
    bool tells_null = false;
};

static_assert(JSON_PADDING_BYTES >= SIMDJSON_PADDING, "padding of simdjson");

extern "C" struct json_reader *json_reader_create(void) {
    struct json_reader *reader = new (std::nothrow) json_reader;
    if (reader == nullptr) {
        abort();
    }
    return reader;
}

extern "C" void json_reader_destroy(struct json_reader *reader) {
    if (reader != nullptr) {
        json_paths_destroy(&reader->paths);
    }
    delete reader;
}

extern "C" void json_reader_tell_null(struct json_reader *reader) {
    reader->tells_null = true;
}

extern "C" enum json_result json_reader_read(struct json_reader *reader, struct str text,
                                             json_leaf_fn *leaf, void *ctx) {
    walk w;
    w.leaf = leaf;
    w.ctx = ctx;
    w.leaves = 0;
    w.tells_null = reader->tells_null;
    w.end = text.ptr + text.len;
    w.paths = reader->paths;
    json_paths_begin(w.paths);
    error_code error = walk_document(w, reader->parser, text);
    if (error == SUCCESS) {
        return JSON_OK;
    }
    return w.leaves > 0 ? JSON_BROKEN : JSON_NONE;
}
