#define _GNU_SOURCE /* memmem, memrchr */
#include "str.h"

bool str_eq_ci(struct str a, struct str b) {
    return a.len == b.len && str_starts_ci(a, b);
}

bool str_starts_ci(struct str s, struct str prefix) {
    if (s.len < prefix.len) {
        return false;
    }
    for (size_t i = 0; i < prefix.len; i++) {
        if (ascii_lower(s.ptr[i]) != ascii_lower(prefix.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool str_ends_ci(struct str s, struct str suffix) {
    return s.len >= suffix.len && str_starts_ci(str_skip(s, s.len - suffix.len), suffix);
}

int str_compare(struct str a, struct str b) {
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;
    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

size_t str_find(struct str s, struct str needle) {
    if (needle.len == 0) {
        return 0;
    }
    if (s.len < needle.len) {
        return STR_NONE;
    }
    const char *hit = memmem(s.ptr, s.len, needle.ptr, needle.len);
    return hit == NULL ? STR_NONE : (size_t)(hit - s.ptr);
}

size_t str_find_ci(struct str s, struct str needle) {
    for (size_t i = 0; i + needle.len <= s.len; i++) {
        if (str_starts_ci(str_skip(s, i), needle)) {
            return i;
        }
    }
    return STR_NONE;
}

size_t str_find_char(struct str s, char c) {
    const char *hit = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;
    return hit == NULL ? STR_NONE : (size_t)(hit - s.ptr);
}

size_t str_rfind_char(struct str s, char c) {
    const char *hit = s.len > 0 ? memrchr(s.ptr, c, s.len) : NULL;
    return hit == NULL ? STR_NONE : (size_t)(hit - s.ptr);
}

struct str str_trim(struct str s) {
    while (s.len > 0 && ascii_is_space(s.ptr[0])) {
        s = str_skip(s, 1);
    }
    while (s.len > 0 && ascii_is_space(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

bool str_split_next(struct str *out, struct str *rest, char sep) {
    if (rest->len == 0) {
        return false;
    }
    size_t at = str_find_char(*rest, sep);
    if (at == STR_NONE) {
        *out = *rest;
        *rest = str_skip(*rest, rest->len);
        return true;
    }
    *out = str_head(*rest, at);
    *rest = str_skip(*rest, at + 1);
    return true;
}

bool str_word_next(struct str *out, struct str *rest) {
    size_t begin = 0;
    while (begin < rest->len && (rest->ptr[begin] == ' ' || rest->ptr[begin] == '\t')) {
        begin++;
    }
    size_t end = begin;
    while (end < rest->len && rest->ptr[end] != ' ' && rest->ptr[end] != '\t') {
        end++;
    }
    if (end == begin) {
        return false;
    }
    *out = str_make(rest->ptr + begin, end - begin);
    *rest = str_skip(*rest, end);
    return true;
}
