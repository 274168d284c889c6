/*
 * Borrowed text: a pointer and a length, passed by value. Never NUL-terminated by contract.
 *
 * Ownership: a struct str owns nothing; it is valid as long as the bytes it points at.
 * Cost: every function is O(length) at most and allocates nothing. Failures: none.
 * "ci" means ASCII case-insensitive; Unicode folding lives in codec/token.h.
 */
#ifndef KONSEKI_STR_H
#define KONSEKI_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_INIT(literal)                                                                          \
    { (literal), sizeof(literal) - 1 }
#define STR_EMPTY ((struct str){"", 0})
/* For printf("%.*s"): STR_ARG(s). */
#define STR_ARG(s) (int)((s).len > 0x7fffffff ? 0x7fffffff : (s).len), (s).ptr

static inline struct str str_make(const char *ptr, size_t len) {
    return (struct str){ptr, len};
}

static inline struct str str_from_c(const char *text) {
    return (struct str){text, strlen(text)};
}

/* Equal bytes? Most texts are short: two words that overlap compare up to 16 bytes without a call.
 */
static inline bool str_same_bytes(const char *a, const char *b, size_t len) {
    if (len > 16) {
        return memcmp(a, b, len) == 0;
    }
    if (len >= 8) {
        uint64_t head[2];
        uint64_t tail[2];
        memcpy(&head[0], a, 8);
        memcpy(&head[1], b, 8);
        memcpy(&tail[0], a + len - 8, 8);
        memcpy(&tail[1], b + len - 8, 8);
        return ((head[0] ^ head[1]) | (tail[0] ^ tail[1])) == 0;
    }
    if (len >= 4) {
        uint32_t head[2];
        uint32_t tail[2];
        memcpy(&head[0], a, 4);
        memcpy(&head[1], b, 4);
        memcpy(&tail[0], a + len - 4, 4);
        memcpy(&tail[1], b + len - 4, 4);
        return ((head[0] ^ head[1]) | (tail[0] ^ tail[1])) == 0;
    }
    return len == 0 || (a[0] == b[0] && a[len / 2] == b[len / 2] && a[len - 1] == b[len - 1]);
}

/* The first byte decides most questions. */
static inline bool str_eq(struct str a, struct str b) {
    return a.len == b.len &&
           (a.len == 0 || (a.ptr[0] == b.ptr[0] && str_same_bytes(a.ptr, b.ptr, a.len)));
}

static inline bool str_starts(struct str s, struct str prefix) {
    return s.len >= prefix.len &&
           (prefix.len == 0 ||
            (s.ptr[0] == prefix.ptr[0] && str_same_bytes(s.ptr, prefix.ptr, prefix.len)));
}

static inline bool str_ends(struct str s, struct str suffix) {
    return s.len >= suffix.len && memcmp(s.ptr + (s.len - suffix.len), suffix.ptr, suffix.len) == 0;
}

/* The bytes from `from` (clamped) to the end. */
static inline struct str str_skip(struct str s, size_t from) {
    if (from > s.len) {
        from = s.len;
    }
    return (struct str){s.ptr + from, s.len - from};
}

/* True if `c` comes first: steps over it. */
static inline bool str_take_char(struct str *s, char c) {
    bool is_next = s->len > 0 && s->ptr[0] == c;
    *s = str_skip(*s, is_next);
    return is_next;
}

/* The first `count` bytes (clamped). */
static inline struct str str_head(struct str s, size_t count) {
    return (struct str){s.ptr, count < s.len ? count : s.len};
}

/* True if `part` lies wholly within the memory of `whole`. */
static inline bool str_within(struct str part, struct str whole) {
    return (uintptr_t)part.ptr >= (uintptr_t)whole.ptr &&
           (uintptr_t)part.ptr + part.len <= (uintptr_t)whole.ptr + whole.len;
}

#define STR_NONE ((size_t)-1)

bool str_eq_ci(struct str a, struct str b);
bool str_starts_ci(struct str s, struct str prefix);
bool str_ends_ci(struct str s, struct str suffix);
/* Memory order, then length: <0, 0, >0. */
int str_compare(struct str a, struct str b);
/* Offset of the first occurrence, or STR_NONE. An empty needle is found at 0. */
size_t str_find(struct str s, struct str needle);
size_t str_find_ci(struct str s, struct str needle);
size_t str_find_char(struct str s, char c);
size_t str_rfind_char(struct str s, char c);
/* Without ASCII white space (space, \t, \r, \n, \v, \f) at both ends. */
struct str str_trim(struct str s);
/* Takes the part before the next `sep` out of *rest; false when nothing is left.
 * "a,,b" gives "a", "", "b"; an empty *rest gives nothing. */
bool str_split_next(struct str *out, struct str *rest, char sep);
/* Takes the next run of non-blank (not space, not tab) bytes out of *rest. */
bool str_word_next(struct str *out, struct str *rest);
/* Is `word` one of `words`, which stand apart by blanks? */
bool str_is_word_of(struct str word, const char *words);
/* Code points of UTF-8 text; bytes that are no UTF-8 count one by one or not at all. */
size_t str_characters(struct str s);
/* Fits the whole text? '*' is any text, '?' one character of UTF-8; ASCII letters compare without
 * case; a backslash is one, as in paths. One star to come back to: O(pattern * text) at worst. */
bool str_fits(struct str text, struct str pattern);

static inline char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static inline bool ascii_is_digit(char c) {
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_alpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool ascii_is_alnum(char c) {
    return ascii_is_digit(c) || ascii_is_alpha(c);
}

static inline bool ascii_is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* 0..15, or -1 for a byte that is no hexadecimal digit. */
static inline int ascii_hex_value(char c) {
    if (ascii_is_digit(c)) {
        return c - '0';
    }
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
