/* JSON objects from dotted names, in one pass a level: the entries of a level carry its number. */
#include "json_out.h"
#include "num.h"
#include "output.h"

enum { LEVEL_DONE = -1, LEVEL_MAX = 40 };

/* Is the text a number as JSON writes them (RFC 8259 section 6)? */
static bool is_json_number(struct str s) {
    size_t i = s.len > 0 && s.ptr[0] == '-' ? 1 : 0;
    if (i >= s.len || !ascii_is_digit(s.ptr[i]) ||
        (s.ptr[i] == '0' && i + 1 < s.len && ascii_is_digit(s.ptr[i + 1]))) {
        return false;
    }
    while (i < s.len && ascii_is_digit(s.ptr[i])) {
        i++;
    }
    if (i < s.len && s.ptr[i] == '.') {
        size_t start = ++i;
        while (i < s.len && ascii_is_digit(s.ptr[i])) {
            i++;
        }
        if (i == start) {
            return false;
        }
    }
    if (i < s.len && (s.ptr[i] == 'e' || s.ptr[i] == 'E')) {
        i++;
        i += i < s.len && (s.ptr[i] == '+' || s.ptr[i] == '-');
        size_t start = i;
        while (i < s.len && ascii_is_digit(s.ptr[i])) {
            i++;
        }
        if (i == start) {
            return false;
        }
    }
    return i == s.len;
}

static void append_value(struct buf *out, const struct json_entry *e) {
    int64_t integer;
    if (e->type == JSON_NUMBER && is_json_number(e->text)) {
        buf_add(out, e->text);
    } else if (e->type == JSON_NUMBER && num_parse_i64(&integer, e->text)) {
        buf_printf(out, "%lld", (long long)integer); /* "007" */
    } else if (e->type == JSON_BOOL && str_eq_ci(e->text, STR("true"))) {
        buf_add(out, STR("true"));
    } else if (e->type == JSON_BOOL && str_eq_ci(e->text, STR("false"))) {
        buf_add(out, STR("false"));
    } else {
        json_out_string(out, e->text);
    }
}

/* All values of the leaf at `first`; they are done then. */
static void append_leaf(struct buf *out, struct json_entry *entries, size_t count, size_t first,
                        int level) {
    bool is_list = entries[first].is_list;
    for (size_t i = first + 1; i < count && !is_list; i++) {
        is_list = entries[i].level == level && str_eq(entries[i].name, entries[first].name);
    }
    struct str name = entries[first].name;
    if (is_list) {
        buf_putc(out, '[');
    }
    bool is_first = true;
    for (size_t i = first; i < count; i++) {
        if (entries[i].level != level || !str_eq(entries[i].name, name)) {
            continue;
        }
        if (!is_first) {
            buf_putc(out, ',');
        }
        is_first = false;
        append_value(out, &entries[i]);
        entries[i].level = LEVEL_DONE;
        if (!is_list) {
            break;
        }
    }
    if (is_list) {
        buf_putc(out, ']');
    }
}

/* The part of the name from `from` to the next dot; *is_leaf if there is none. */
static struct str next_part(const struct json_entry *e, size_t from, bool *is_leaf) {
    struct str rest = str_skip(e->name, from);
    size_t dot = e->is_flat ? STR_NONE : str_find_char(rest, '.');
    *is_leaf = dot == STR_NONE;
    return *is_leaf ? rest : str_head(rest, dot);
}

/* Is there, on this level, a leaf called like the group? Then the group's names stay dotted. */
static bool has_leaf(const struct json_entry *entries, size_t count, size_t from, struct str part,
                     struct str prefix) {
    for (size_t i = 0; i < count; i++) {
        bool is_leaf;
        if (entries[i].name.len == from + part.len && str_starts(entries[i].name, prefix) &&
            str_eq(next_part(&entries[i], from, &is_leaf), part) && is_leaf) {
            return true;
        }
    }
    return false;
}

static void append_level(struct buf *out, struct json_entry *entries, size_t count, size_t from,
                         int level);

static void append_group(struct buf *out, struct json_entry *entries, size_t count, size_t first,
                         size_t from, struct str part, int level) {
    struct str head = str_head(entries[first].name, from + part.len + 1); /* with the dot */
    for (size_t i = first; i < count; i++) {
        if (entries[i].level == level && !entries[i].is_flat && str_starts(entries[i].name, head)) {
            entries[i].level = level + 1;
        }
    }
    append_level(out, entries, count, head.len, level + 1);
}

static void append_level(struct buf *out, struct json_entry *entries, size_t count, size_t from,
                         int level) {
    buf_putc(out, '{');
    bool is_first = true;
    for (size_t i = 0; i < count; i++) {
        if (entries[i].level != level) {
            continue;
        }
        bool is_leaf;
        struct str part = next_part(&entries[i], from, &is_leaf);
        struct str prefix = str_head(entries[i].name, from);
        bool stays_dotted =
            !is_leaf && (level >= LEVEL_MAX || has_leaf(entries, count, from, part, prefix));
        if (!is_first) {
            buf_putc(out, ',');
        }
        is_first = false;
        json_out_string(out, stays_dotted ? str_skip(entries[i].name, from) : part);
        buf_putc(out, ':');
        if (is_leaf || stays_dotted) {
            append_leaf(out, entries, count, i, level);
        } else {
            append_group(out, entries, count, i, from, part, level);
        }
    }
    buf_putc(out, '}');
}

void json_object(struct buf *out, struct json_entry *entries, size_t count) {
    for (size_t i = 0; i < count; i++) {
        entries[i].level = 0;
    }
    append_level(out, entries, count, 0, 0);
}
