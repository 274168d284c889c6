#include "export_name.h"

#include "utf8.h"

enum { COMPONENT_MAX_BYTES = 120, COMPONENTS_MAX = 16 };

void export_names_fini(struct export_names *names) {
    intern_fini(&names->files);
    intern_fini(&names->folders);
    buf_fini(&names->scratch);
}

void export_names_reserve(struct export_names *names, struct str name) {
    (void)intern_add_lower(&names->files, name);
}

/* --- one component --- */

/* Names that Windows keeps for devices, with any ending. */
static bool is_device_name(struct str s) {
    static const struct str names[] = {STR_INIT("con"), STR_INIT("prn"), STR_INIT("aux"),
                                       STR_INIT("nul")};
    size_t dot = str_find_char(s, '.');
    struct str stem = str_head(s, dot == STR_NONE ? s.len : dot);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_eq_ci(stem, names[i])) {
            return true;
        }
    }
    return stem.len == 4 && ascii_is_digit(stem.ptr[3]) &&
           (str_starts_ci(stem, STR("com")) || str_starts_ci(stem, STR("lpt")));
}

static bool is_plain(char c) {
    return (unsigned char)c >= ' ' && c != 0x7f && memchr("\\/:*?\"<>|", c, 9) == NULL;
}

/* Appends the component with '_' for what a file name may not hold. */
static void append_component(struct buf *out, struct str s) {
    size_t start = out->len;
    size_t bad;
    if (is_device_name(s)) {
        buf_putc(out, '_');
    }
    while (s.len > 0) {
        size_t length = utf8_length(&bad, s);
        if (out->len - start + (length > 0 ? length : 1) > COMPONENT_MAX_BYTES) {
            break;
        }
        if (length == 0 || (length == 1 && !is_plain(s.ptr[0]))) {
            buf_putc(out, '_');
        } else {
            buf_append(out, s.ptr, length);
        }
        s = str_skip(s, length > 0 ? length : bad);
    }
    /* Windows drops blanks and dots at the end; and so ".." is gone too */
    for (size_t i = out->len; i > start && (out->ptr[i - 1] == '.' || out->ptr[i - 1] == ' ');
         i--) {
        out->ptr[i - 1] = '_';
    }
}

/* Appends a path of clean components; of very deep ones the last. */
static void append_path(struct buf *out, struct str path) {
    struct str rest = path;
    struct str part;
    size_t count = 0;
    while (str_split_next(&part, &rest, '/')) {
        count += part.len > 0 && !str_eq(part, STR("."));
    }
    size_t start = out->len;
    rest = path;
    while (str_split_next(&part, &rest, '/')) {
        if (part.len == 0 || str_eq(part, STR(".")) || count-- > COMPONENTS_MAX) {
            continue;
        }
        if (out->len > start) {
            buf_putc(out, '/');
        }
        if (str_eq(part, STR(".."))) {
            buf_putc(out, '_');
        } else {
            append_component(out, part);
        }
    }
    if (out->len == start) {
        buf_putc(out, '_');
    }
}

/* --- names that are free --- */

/* Is the path no file and no folder yet? */
static bool is_free(const struct export_names *names, struct str path) {
    return intern_find_lower(&names->files, path) == INTERN_NONE &&
           intern_find_lower(&names->folders, path) == INTERN_NONE;
}

static void take(struct export_names *names, struct str path) {
    (void)intern_add_lower(&names->files, path);
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] == '/') {
            (void)intern_add_lower(&names->folders, str_head(path, i));
        }
    }
}

/* Puts "~N" before the ending of the last component. */
static void number_path(struct buf *out, struct str path, unsigned number) {
    size_t slash = str_rfind_char(path, '/');
    size_t start = slash == STR_NONE ? 0 : slash + 1;
    size_t dot = str_rfind_char(str_skip(path, start), '.');
    size_t at = dot == STR_NONE || dot == 0 ? path.len : start + dot;
    buf_add(out, str_head(path, at));
    buf_printf(out, "~%u", number);
    buf_add(out, str_skip(path, at));
}

/* A file stands where a folder is wanted: the folders become part of the name. */
static void flatten(struct buf *path) {
    for (size_t i = 0; i < path->len; i++) {
        if (path->ptr[i] == '/') {
            path->ptr[i] = '_';
        }
    }
}

/* Is a file above it in the way, so that no number would help? */
static bool is_blocked(const struct export_names *names, struct str path) {
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] == '/' &&
            intern_find_lower(&names->files, str_head(path, i)) != INTERN_NONE) {
            return true;
        }
    }
    return false;
}

static void wanted_path(struct buf *out, struct str source, struct str origin) {
    if (origin.len == 0 || str_eq(source, origin)) {
        append_path(out, source);
        return;
    }
    append_component(out, source);
    if (out->len == 0) {
        buf_putc(out, '_');
    }
    buf_putc(out, '/');
    append_path(out, origin);
}

void export_names_make(struct buf *out, struct export_names *names, struct str source,
                       struct str origin) {
    struct buf *path = &names->scratch;
    size_t start = out->len;
    buf_clear(path);
    wanted_path(path, source, origin);
    if (is_blocked(names, buf_str(path))) {
        flatten(path);
    }
    buf_add(out, buf_str(path));
    /* ever larger steps, so that thousands of equal names cost little */
    for (unsigned number = 2; !is_free(names, str_skip(buf_str(out), start));
         number += 1 + number / 16) {
        out->len = start;
        number_path(out, buf_str(path), number);
    }
    take(names, str_skip(buf_str(out), start));
}
