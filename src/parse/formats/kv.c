#include "kv.h"

#include "bytescan.h"
#include "mem.h"

enum { KEYS_MAX = 2048, KEY_LEN_MAX = 64 };

/* Length of a quoted value from behind its opening quote; sets the marks. */
static size_t quoted_size(struct kv *out, struct str s) {
    size_t n = 0;
    for (;;) {
        n += bytescan_two(s.ptr + n, s.len - n, '"', '\\');
        if (n >= s.len || s.ptr[n] == '"') {
            break;
        }
        out->escaped |= n + 1 < s.len;
        n = n + 2 < s.len ? n + 2 : s.len;
    }
    out->unclosed = n >= s.len;
    return n;
}

static bool is_gap(char c, char separator) {
    return c == separator || (separator == ' ' && c == '\t');
}

/* Length up to the next gap. */
static size_t word_size(struct str s, char separator) {
    return bytescan_two(s.ptr, s.len, separator, separator == ' ' ? '\t' : separator);
}

static struct str skip_gaps(struct str s, char separator) {
    size_t at = 0;
    while (at < s.len && is_gap(s.ptr[at], separator)) {
        at++;
    }
    return str_skip(s, at);
}

/* What follows the '='. */
static void take_value(struct kv *out, struct str *rest, char separator) {
    struct str s = *rest;
    if (s.len > 0 && s.ptr[0] == '"') {
        s = str_skip(s, 1);
        size_t len = quoted_size(out, s);
        out->quoted = true;
        out->value = str_head(s, len);
        *rest = str_skip(s, len + 1);
        return;
    }
    size_t len = word_size(s, separator);
    out->value = str_head(s, len);
    *rest = str_skip(s, len);
}

bool kv_next_separated(struct kv *out, struct str *rest, char separator) {
    struct str s = skip_gaps(*rest, separator);
    if (s.len == 0) {
        *rest = s;
        return false;
    }
    size_t n = 0;
    while (n < s.len && !is_gap(s.ptr[n], separator) && s.ptr[n] != '=') {
        n++;
    }
    *out = (struct kv){.key = str_head(s, n), .value = STR_EMPTY};
    out->has_value = n < s.len && s.ptr[n] == '=';
    *rest = str_skip(s, n + (out->has_value ? 1 : 0));
    if (out->has_value) {
        take_value(out, rest, separator);
    }
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
    mem_free(names->followers);
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

/* The id of the key, made when new; INTERN_NONE if it gets none. */
static uint32_t find_key(struct kv_names *names, struct str key) {
    uint32_t id = intern_find(&names->keys, key);
    if (id != INTERN_NONE || names->keys.count >= KEYS_MAX || !is_key(key)) {
        return id;
    }
    struct kv_name name = {.field = make_field(names, key), .role = find_role(names, key)};
    id = intern_add(&names->keys, key);
    MEM_GROW(names->names, names->capacity, (size_t)id + 1);
    MEM_GROW(names->followers, names->follower_capacity, (size_t)id + 2);
    names->names[id] = name;
    names->followers[0] = id == 0 ? 0 : names->followers[0];
    names->followers[id + 1] = 0;
    return id;
}

static struct kv_name name_of(const struct kv_names *names, uint32_t id) {
    static const struct kv_name none = {.field = FIELD_NONE, .role = KV_NO_ROLE};
    return id == INTERN_NONE ? none : names->names[id];
}

struct kv_name kv_names_get(struct kv_names *names, struct str key) {
    return name_of(names, find_key(names, key));
}

void kv_names_begin(struct kv_names *names) {
    names->place = 0;
}

/* True if the key that followed the last one before stands here again. */
static bool take_expected(struct kv_names *names, struct kv *out, struct str *rest,
                          char separator) {
    if (names->keys.count == 0) {
        return false;
    }
    uint32_t id = names->followers[names->place];
    struct str key = intern_text(&names->keys, id);
    struct str s = skip_gaps(*rest, separator);
    if (s.len <= key.len || s.ptr[key.len] != '=' || !str_same_bytes(s.ptr, key.ptr, key.len)) {
        return false;
    }
    *out = (struct kv){.key = str_head(s, key.len), .has_value = true};
    *rest = str_skip(s, key.len + 1);
    take_value(out, rest, separator);
    names->place = id + 1;
    return true;
}

bool kv_names_next(struct kv_names *names, struct kv *out, struct kv_name *name, struct str *rest,
                   char separator) {
    if (take_expected(names, out, rest, separator)) {
        *name = names->names[names->place - 1];
        return true;
    }
    if (!kv_next_separated(out, rest, separator)) {
        return false;
    }
    uint32_t id = out->has_value ? find_key(names, out->key) : INTERN_NONE;
    *name = name_of(names, id);
    if (id != INTERN_NONE) {
        names->followers[names->place] = id;
        names->place = id + 1;
    }
    return true;
}
