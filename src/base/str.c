#define _GNU_SOURCE /* memmem, memrchr */
#include "str.h"

#include "bytescan.h"

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

/* Needles up to this: eight places a step by their first and last byte. A longer one could cost
 * its length at every place. */
enum { SHORT_NEEDLE_BYTES = 32 };

static size_t find_short(struct str s, struct str needle) {
    const size_t last = needle.len - 1;
    const size_t places = s.len - last;
    const uint64_t first_byte = bytescan_broadcast(needle.ptr[0]);
    const uint64_t last_byte = bytescan_broadcast(needle.ptr[last]);
    size_t i = 0;
    for (; i + 8 <= places; i += 8) {
        uint64_t wrong =
            (bytes_le64(s.ptr + i) ^ first_byte) | (bytes_le64(s.ptr + i + last) ^ last_byte);
        for (uint64_t marks = bytescan_zero_marks(wrong); marks != 0; marks &= marks - 1) {
            size_t at = i + ((size_t)__builtin_ctzll(marks) >> 3);
            if (str_same_bytes(s.ptr + at, needle.ptr, needle.len)) { /* false marks fail here */
                return at;
            }
        }
    }
    while (i < places && !str_same_bytes(s.ptr + i, needle.ptr, needle.len)) {
        i++;
    }
    return i < places ? i : STR_NONE;
}

size_t str_find(struct str s, struct str needle) {
    if (needle.len == 0) {
        return 0;
    }
    if (s.len < needle.len) {
        return STR_NONE;
    }
    if (needle.len <= SHORT_NEEDLE_BYTES) {
        return find_short(s, needle);
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
    enum { NEAR_BYTES = 32 }; /* farther away memchr is faster */
    size_t near = s.len < NEAR_BYTES ? s.len : NEAR_BYTES;
    size_t at = bytescan_two(s.ptr, near, c, c);
    if (at < near || near == s.len) {
        return at < near ? at : STR_NONE;
    }
    const char *hit = memchr(s.ptr + near, c, s.len - near);
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
    size_t end = begin + bytescan_two(rest->ptr + begin, rest->len - begin, ' ', '\t');
    if (end == begin) {
        return false;
    }
    *out = str_make(rest->ptr + begin, end - begin);
    *rest = str_skip(*rest, end);
    return true;
}

bool str_is_word_of(struct str word, const char *words) {
    struct str rest = str_from_c(words);
    struct str one;
    while (str_word_next(&one, &rest)) {
        if (str_eq(one, word)) {
            return true;
        }
    }
    return false;
}

static bool continues_character(char c) {
    return ((unsigned char)c & 0xC0) == 0x80;
}

size_t str_characters(struct str s) {
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++) {
        count += !continues_character(s.ptr[i]);
    }
    return count;
}

bool str_fits(struct str text, struct str pattern) {
    size_t t = 0, p = 0;
    size_t star = STR_NONE, star_text = 0;
    while (t < text.len) {
        char c = p < pattern.len ? pattern.ptr[p] : '\0';
        if (c == '*') {
            star = p++;
            star_text = t;
        } else if (c == '?') {
            p++;
            do {
                t++;
            } while (t < text.len && continues_character(text.ptr[t]));
        } else if (p < pattern.len && ascii_lower(c) == ascii_lower(text.ptr[t])) {
            p++;
            t++;
        } else if (star != STR_NONE) {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*') {
        p++;
    }
    return p == pattern.len;
}
