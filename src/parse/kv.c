#include "kv.h"

#include "mem.h"

enum { KEYS_MAX = 2048, KEY_LEN_MAX = 64 };

/* Length of a quoted value from behind its opening quote; sets the marks. */
static size_t quoted_size(struct kv *out, struct str s) {
    size_t n = 0;
    while (n < s.len && s.ptr[n] != '"') {
        if (s.ptr[n] == '\\' && n + 1 < s.len) {
            out->escaped = true;
            n++;
        }
        n++;
    }
    out->unclosed = n >= s.len;
    return n < s.len ? n : s.len;
}

static bool is_gap(char c, char separator) {
    return c == separator || (separator == ' ' && c == '\t');
}

/* Length up to the next gap, or to `stop` before it. */
static size_t word_size(struct str s, char separator, char stop) {
    size_t n = 0;
    while (n < s.len && !is_gap(s.ptr[n], separator) && s.ptr[n] != stop) {
        n++;
    }
    return n;
}

bool kv_next_separated(struct kv *out, struct str *rest, char separator) {
    struct str s = *rest;
    size_t at = 0;
    while (at < s.len && is_gap(s.ptr[at], separator)) {
        at++;
    }
    s = str_skip(s, at);
    if (s.len == 0) {
        *rest = s;
        return false;
    }
    size_t n = word_size(s, separator, '=');
    *out = (struct kv){.key = str_head(s, n), .value = STR_EMPTY};
    out->has_value = n < s.len && s.ptr[n] == '=';
    s = str_skip(s, n + (out->has_value ? 1 : 0));
    if (out->has_value && s.len > 0 && s.ptr[0] == '"') {
        s = str_skip(s, 1);
        size_t len = quoted_size(out, s);
        out->quoted = true;
        out->value = str_head(s, len);
        *rest = str_skip(s, len + 1);
        return true;
    }
    size_t len = out->has_value ? word_size(s, separator, '\0') : 0;
    out->value = str_head(s, len);
    *rest = str_skip(s, len);
    return true;
}

bool kv_next(struct kv *out, struct str *rest) {
    return kv_next_separated(out, rest, ' ');
}

void kv_names_init(struct kv_names *names, struct str prefix, const struct kv_role *roles,
                   size_t role_count) {
    *names = (struct kv_names){.prefix = prefix, .roles = roles, .role_count = role_count};
}

void kv_names_fini(struct kv_names *names) {
    intern_fini(&names->keys);
    mem_free(names->names);
    *names = (struct kv_names){0};
}

static bool is_key(struct str key) {
    bool ok = key.len > 0 && key.len <= KEY_LEN_MAX && ascii_is_alpha(key.ptr[0]);
    for (size_t i = 0; ok && i < key.len; i++) {
        char c = key.ptr[i];
        ok = ascii_is_alnum(c) || c == '_' || c == '-' || c == '.';
    }
    return ok;
}

static uint8_t find_role(const struct kv_names *names, struct str key) {
    for (size_t i = 0; i < names->role_count; i++) {
        if (str_eq(names->roles[i].key, key)) {
            return names->roles[i].role;
        }
    }
    return KV_NO_ROLE;
}

static uint32_t make_field(const struct kv_names *names, struct str key) {
    char text[KEY_LEN_MAX + 32];
    size_t len = names->prefix.len;
    if (len + 1 + key.len > sizeof text) {
        return FIELD_NONE;
    }
    memcpy(text, names->prefix.ptr, len);
    text[len++] = '.';
    memcpy(text + len, key.ptr, key.len);
    return schema_field(str_make(text, len + key.len));
}

struct kv_name kv_names_get(struct kv_names *names, struct str key) {
    uint32_t id = intern_find(&names->keys, key);
    if (id != INTERN_NONE) {
        return names->names[id];
    }
    struct kv_name name = {.field = FIELD_NONE, .role = KV_NO_ROLE};
    if (names->keys.count >= KEYS_MAX || !is_key(key)) {
        return name;
    }
    name.field = make_field(names, key);
    name.role = find_role(names, key);
    id = intern_add(&names->keys, key);
    MEM_GROW(names->names, names->capacity, (size_t)id + 1);
    names->names[id] = name;
    return name;
}
