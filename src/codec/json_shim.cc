#include "json_shim.h"

#include <simdjson.h>

#include <new>

using namespace simdjson;

namespace {

enum { PATH_BYTES = 1024, DEPTH_LIMIT = 64 };

struct walk {
    json_leaf_fn *leaf;
    void *ctx;
    size_t leaves;
    size_t path_len;
    char path[PATH_BYTES];
};

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Appends ".key"; false if the path is full. */
bool push_key(walk &w, std::string_view key) {
    size_t dot = w.path_len > 0 ? 1 : 0;
    if (key.size() + dot > PATH_BYTES - w.path_len) {
        return false;
    }
    if (dot == 1) {
        w.path[w.path_len++] = '.';
    }
    memcpy(w.path + w.path_len, key.data(), key.size());
    w.path_len += key.size();
    return true;
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

error_code walk_value(walk &w, ondemand::value value, int depth);

error_code give_leaf(walk &w, ondemand::value value, json_leaf_kind kind) {
    json_leaf leaf = {{w.path, w.path_len}, {nullptr, 0}, kind, false};
    if (!trim_token(leaf, value.raw_json_token())) {
        return TAPE_ERROR;
    }
    w.leaf(w.ctx, &leaf);
    w.leaves++;
    return SUCCESS;
}

error_code walk_object(walk &w, ondemand::object object, int depth) {
    for (auto field : object) {
        std::string_view key;
        SIMDJSON_TRY(field.unescaped_key().get(key));
        ondemand::value value;
        SIMDJSON_TRY(field.value().get(value));
        size_t before = w.path_len;
        if (push_key(w, key)) {
            SIMDJSON_TRY(walk_value(w, value, depth + 1));
        }
        w.path_len = before;
    }
    return SUCCESS;
}

error_code walk_array(walk &w, ondemand::array array, int depth) {
    for (auto element : array) {
        ondemand::value value;
        SIMDJSON_TRY(element.get(value));
        SIMDJSON_TRY(walk_value(w, value, depth + 1));
    }
    return SUCCESS;
}

error_code walk_value(walk &w, ondemand::value value, int depth) {
    ondemand::json_type type;
    SIMDJSON_TRY(value.type().get(type));
    switch (type) {
    case ondemand::json_type::object: {
        ondemand::object object;
        if (depth > DEPTH_LIMIT) {
            return SUCCESS;
        }
        SIMDJSON_TRY(value.get_object().get(object));
        return walk_object(w, object, depth);
    }
    case ondemand::json_type::array: {
        ondemand::array array;
        if (depth > DEPTH_LIMIT) {
            return SUCCESS;
        }
        SIMDJSON_TRY(value.get_array().get(array));
        return walk_array(w, array, depth);
    }
    case ondemand::json_type::string:
        return give_leaf(w, value, JSON_STRING);
    case ondemand::json_type::number:
        return give_leaf(w, value, JSON_NUMBER);
    case ondemand::json_type::boolean:
        return give_leaf(w, value, JSON_BOOL);
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
    SIMDJSON_TRY(walk_object(w, object, 0));
    const char *behind = nullptr;
    return document.current_location().get(behind) == SUCCESS ? TAPE_ERROR : SUCCESS;
}

} // namespace

struct json_reader {
    ondemand::parser parser;
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
    delete reader;
}

extern "C" enum json_result json_reader_read(struct json_reader *reader, struct str text,
                                             json_leaf_fn *leaf, void *ctx) {
    walk w;
    w.leaf = leaf;
    w.ctx = ctx;
    w.leaves = 0;
    w.path_len = 0;
    error_code error = walk_document(w, reader->parser, text);
    if (error == SUCCESS) {
        return JSON_OK;
    }
    return w.leaves > 0 ? JSON_BROKEN : JSON_NONE;
}
