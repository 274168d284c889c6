#define _GNU_SOURCE /* memmem */
#include "sigma_text.h"

#include <utf8proc.h>

enum { LITERAL_LIMIT = 64 };

static const char dashes[5][4] = {"-", "/", "\xE2\x80\x93", "\xE2\x80\x94", "\xE2\x80\x95"};

bool sigma_is_ascii(struct str text) {
    unsigned char all = 0;
    for (size_t i = 0; i < text.len; i++) {
        all |= (unsigned char)text.ptr[i];
    }
    return all < 0x80;
}

size_t sigma_code_point_bytes(struct str text, size_t at) {
    if ((unsigned char)text.ptr[at] < 0x80) {
        return 1;
    }
    utf8proc_int32_t code;
    utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)text.ptr + at,
                                            (utf8proc_ssize_t)(text.len - at), &code);
    return len > 0 ? (size_t)len : 1;
}

/* Simple folding through the upper case, so that s, long s and the Greek sigmas become one. The
 * dotted and dotless i of Turkish fold only to themselves (CaseFolding.txt, status T). */
static utf8proc_int32_t fold_code_point(utf8proc_int32_t code) {
    if (code == 0x130 || code == 0x131) {
        return code;
    }
    return utf8proc_tolower(utf8proc_toupper(code));
}

static size_t fold_wide(struct buf *out, struct str text, size_t at) {
    utf8proc_int32_t code;
    utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)text.ptr + at,
                                            (utf8proc_ssize_t)(text.len - at), &code);
    if (len <= 0) {
        buf_putc(out, text.ptr[at]);
        return 1;
    }
    utf8proc_uint8_t bytes[4];
    buf_append(out, bytes, (size_t)utf8proc_encode_char(fold_code_point(code), bytes));
    return (size_t)len;
}

/* Without a branch in the loop: the compiler makes vectors of it. */
static void fold_ascii(struct buf *out, struct str text) {
    char *to = buf_reserve(out, text.len);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        to[i] = (char)(c + ((unsigned char)(c - 'A') < 26 ? 32 : 0));
    }
    out->len += text.len;
}

void sigma_fold(struct buf *out, struct str text) {
    size_t i = 0;
    if (sigma_is_ascii(text)) {
        fold_ascii(out, text);
        return;
    }
    while (i < text.len) {
        size_t from = i;
        char *to = buf_reserve(out, text.len - i);
        while (i < text.len && (unsigned char)text.ptr[i] < 0x80) {
            to[i - from] = ascii_lower(text.ptr[i]);
            i++;
        }
        out->len += i - from;
        if (i < text.len) {
            i += fold_wide(out, text, i);
        }
    }
}

static bool is_special(char c) {
    return c == '*' || c == '?';
}

void sigma_pattern_parse(struct buf *out, struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\\' && i + 1 < text.len &&
            (is_special(text.ptr[i + 1]) || text.ptr[i + 1] == '\\')) {
            buf_putc(out, text.ptr[++i]);
        } else if (is_special(c)) {
            buf_putc(out, (char)(c == '*' ? SIGMA_STAR : SIGMA_ANY));
        } else {
            buf_putc(out, c);
        }
    }
}

bool sigma_pattern_has_wildcard(struct str pattern) {
    return memchr(pattern.ptr, SIGMA_STAR, pattern.len) != NULL ||
           memchr(pattern.ptr, SIGMA_ANY, pattern.len) != NULL;
}

static size_t literal_run(struct str s, size_t at) {
    size_t from = at;
    while (at < s.len && !sigma_is_token(s.ptr[at])) {
        at++;
    }
    return at - from;
}

struct str sigma_pattern_literal(struct str pattern) {
    struct str best = STR_EMPTY;
    for (size_t i = 0; i < pattern.len; i++) {
        size_t run = literal_run(pattern, i);
        if (run > best.len) {
            best = str_make(pattern.ptr + i, run);
        }
        i += run;
    }
    return str_head(best, LITERAL_LIMIT);
}

static size_t match_dash(struct str rest) {
    if (rest.len == 0 || (rest.ptr[0] != '-' && rest.ptr[0] != '/' && rest.ptr[0] != '\xE2')) {
        return 0;
    }
    for (size_t i = 0; i < sizeof dashes / sizeof dashes[0]; i++) {
        struct str dash = str_from_c(dashes[i]);
        if (str_starts(rest, dash)) {
            return dash.len;
        }
    }
    return 0;
}

/* Bytes of the text at `at` that the pattern's element takes; 0 when it does not fit. */
static size_t match_element(unsigned char element, struct str text, size_t at) {
    if (element == SIGMA_ANY) {
        return sigma_code_point_bytes(text, at);
    }
    if (element == SIGMA_DASH) {
        return match_dash(str_skip(text, at));
    }
    return element == (unsigned char)text.ptr[at] ? 1 : 0;
}

/* The next place at or after `at` where the literal that follows the star can begin; STR_NONE if
 * there is none. */
static size_t next_start(struct str pattern, size_t p, struct str text, size_t at) {
    size_t run = literal_run(pattern, p);
    if (run == 0) {
        return at < text.len ? at : STR_NONE;
    }
    if (at >= text.len) {
        return STR_NONE;
    }
    const char *hit = memmem(text.ptr + at, text.len - at, pattern.ptr + p, run);
    return hit == NULL ? STR_NONE : (size_t)(hit - text.ptr);
}

static bool only_stars(struct str pattern, size_t p) {
    while (p < pattern.len && (unsigned char)pattern.ptr[p] == SIGMA_STAR) {
        p++;
    }
    return p == pattern.len;
}

/* What stands behind the pattern's last token must end the text: most texts are told apart here. */
static bool fits_end(struct str pattern, struct str text) {
    size_t p = pattern.len, t = text.len;
    while (p > 0 && !sigma_is_token(pattern.ptr[p - 1])) {
        if (t == 0 || pattern.ptr[--p] != text.ptr[--t]) {
            return false;
        }
    }
    return true;
}

/* Greedy with one point to come back to: the last star. What lies before it needs no second try,
 * because the shortest match of the earlier parts leaves the most text to the later ones. */
bool sigma_pattern_match(struct str pattern, struct str text) {
    if (!fits_end(pattern, text)) {
        return false;
    }
    size_t p = 0, t = 0;
    size_t star = STR_NONE, star_text = 0;
    while (t < text.len) {
        if (p < pattern.len && (unsigned char)pattern.ptr[p] == SIGMA_STAR) {
            if (only_stars(pattern, p)) {
                return true;
            }
            star = ++p;
            star_text = next_start(pattern, p, text, t);
        } else {
            size_t step =
                p < pattern.len ? match_element((unsigned char)pattern.ptr[p], text, t) : 0;
            if (step > 0) {
                p++;
                t += step;
                continue;
            }
            if (star == STR_NONE) {
                return false;
            }
            star_text = next_start(pattern, star, text,
                                   star_text + sigma_code_point_bytes(text, star_text));
            p = star;
        }
        if (star_text == STR_NONE) {
            return false;
        }
        t = star_text;
    }
    return only_stars(pattern, p);
}

/* --- windash --- */

static bool is_word_code_point(utf8proc_int32_t code) {
    if (code < 0x80) {
        return ascii_is_alnum((char)code) || code == '_';
    }
    utf8proc_category_t category = utf8proc_category(code);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

static bool is_word_at(struct str text, size_t at) {
    if (at >= text.len || sigma_is_token(text.ptr[at])) {
        return false;
    }
    utf8proc_int32_t code;
    utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)text.ptr + at,
                                            (utf8proc_ssize_t)(text.len - at), &code);
    return len > 0 && is_word_code_point(code);
}

void sigma_pattern_windash(struct buf *pattern) {
    struct buf out = BUF_INIT;
    struct str text = buf_str(pattern);
    bool after_word = false;
    for (size_t i = 0; i < text.len;) {
        size_t dash = match_dash(str_skip(text, i));
        if (dash > 0 && !after_word && is_word_at(text, i + dash)) {
            buf_putc(&out, (char)SIGMA_DASH);
            i += dash;
            continue;
        }
        size_t len = sigma_code_point_bytes(text, i);
        after_word = is_word_at(text, i);
        buf_append(&out, text.ptr + i, len);
        i += len;
    }
    buf_fini(pattern);
    *pattern = out;
}
