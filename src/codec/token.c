#include "token.h"

#include <utf8proc.h>

/*
 * Folding is toNFKC_Casefold of the Unicode Standard (section 3.13, R5), done run by run: runs of
 * ASCII by a loop that the compiler vectorises, runs of unified Han and kana by copying (they fold
 * to themselves), the rest through utf8proc in bounded runs. A run ends only where no character
 * can combine with the one before, so the result does not depend on the cuts. Bounded, because
 * canonical ordering is quadratic in the length of a run of combining marks.
 */

enum {
    RUN_SOFT_LIMIT = 64,  /* code points; from here the run ends at the next safe place */
    RUN_HARD_LIMIT = 256, /* ... and here at any place */
    DECOMPOSED_MAX = 18,  /* code points of the longest compatibility mapping (U+FDFA) */
    UTF8_MAX = 4,
    REPLACEMENT = 0xfffd
};

#define NFKC_CASEFOLD                                                                              \
    (UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)

static size_t ascii_run(struct str s) {
    size_t i = 0;
    while (i + 8 <= s.len) {
        uint64_t word;
        memcpy(&word, s.ptr + i, sizeof word);
        if ((word & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
        i += 8;
    }
    while (i < s.len && (unsigned char)s.ptr[i] < 0x80) {
        i++;
    }
    return i;
}

static void fold_ascii(struct buf *out, struct str s) {
    unsigned char *to = (unsigned char *)buf_reserve(out, s.len);
    const unsigned char *from = (const unsigned char *)s.ptr;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = from[i];
        unsigned char upper = (unsigned char)(c - 'A') < 26;
        to[i] = (unsigned char)(c | (unsigned char)(upper << 5));
    }
    out->len += s.len;
}

/* The code point at the start of s (not empty) and its length; an invalid byte is U+FFFD. */
static int32_t code_point(size_t *length, struct str s) {
    utf8proc_int32_t c;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr,
                                          (utf8proc_ssize_t)(s.len < 4 ? s.len : 4), &c);
    if (n <= 0) {
        *length = 1;
        return REPLACEMENT;
    }
    *length = (size_t)n;
    return c;
}

/* Letters that fold to themselves and begin no mapping: unified Han, kana, the long mark. */
static bool folds_to_itself(int32_t c) {
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3041 && c <= 0x3096) ||
           (c >= 0x30a1 && c <= 0x30fa) || c == 0x30fc || c == 0x3001 || c == 0x3002;
}

/* May c stand at the start of a run? Not if it can combine with the character before it. */
static bool begins_run(int32_t c) {
    if (c < 0x80 || folds_to_itself(c)) {
        return true;
    }
    if (c == 0xff9e || c == 0xff9f || (c >= 0x1160 && c <= 0x11ff)) {
        return false; /* half-width voice marks; Hangul vowels and finals */
    }
    utf8proc_category_t category = utf8proc_category(c);
    return category != UTF8PROC_CATEGORY_MN && category != UTF8PROC_CATEGORY_MC &&
           category != UTF8PROC_CATEGORY_ME && category != UTF8PROC_CATEGORY_CF &&
           utf8proc_get_property(c)->combining_class == 0;
}

/* Length of the leading characters that fold to themselves; the last one before something that
 * could combine with it is left out. */
static size_t plain_run(struct str s) {
    size_t at = 0;
    size_t previous = 0;
    while (at < s.len) {
        size_t length;
        int32_t c = code_point(&length, str_skip(s, at));
        if (!folds_to_itself(c)) {
            return begins_run(c) ? at : previous;
        }
        previous = at;
        at += length;
    }
    return at;
}

/* Cleans one run of s (not empty) into `clean`; returns how much of s it takes. A run that starts
 * with ASCII holds that one character and what combines with it. */
static size_t take_run(struct buf *clean, struct str s) {
    size_t at = 0;
    for (int count = 0; at < s.len && count < RUN_HARD_LIMIT; count++) {
        size_t length;
        int32_t c = code_point(&length, str_skip(s, at));
        bool may_end = c < 0x80 || folds_to_itself(c) || count >= RUN_SOFT_LIMIT;
        if (count > 0 && may_end && begins_run(c)) {
            break;
        }
        char encoded[UTF8_MAX];
        buf_append(clean, encoded, (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)encoded));
        at += length;
    }
    return at;
}

/* Folds the run at the start of s through utf8proc; returns how much of s it took. */
static size_t fold_run(struct buf *out, struct str s) {
    size_t start = out->len; /* the clean text waits at the end of `out` */
    size_t taken = take_run(out, s);
    utf8proc_int32_t points[RUN_HARD_LIMIT * DECOMPOSED_MAX + 1];
    utf8proc_ssize_t count = utf8proc_decompose(
        (const utf8proc_uint8_t *)out->ptr + start, (utf8proc_ssize_t)(out->len - start), points,
        RUN_HARD_LIMIT * DECOMPOSED_MAX, (utf8proc_option_t)NFKC_CASEFOLD);
    if (count < 0 || count > RUN_HARD_LIMIT * DECOMPOSED_MAX) {
        return taken; /* cannot be: the run is valid UTF-8 and bounded; keep it as it is */
    }
    utf8proc_ssize_t bytes = utf8proc_reencode(points, count, (utf8proc_option_t)NFKC_CASEFOLD);
    out->len = start;
    if (bytes > 0) {
        buf_append(out, points, (size_t)bytes);
    }
    return taken;
}

static bool combines_next(struct str s, size_t at) {
    if (at >= s.len) {
        return false;
    }
    size_t length;
    return !begins_run(code_point(&length, str_skip(s, at)));
}

void fold_text(struct buf *out, struct str text) {
    size_t at = 0;
    while (at < text.len) {
        struct str rest = str_skip(text, at);
        size_t run = ascii_run(rest);
        if (run > 0 && combines_next(rest, run)) {
            run--; /* the last one goes with the mark behind it */
        }
        fold_ascii(out, str_head(rest, run));
        at += run;
        rest = str_skip(text, at);
        run = plain_run(rest);
        buf_append(out, rest.ptr, run);
        at += run;
        rest = str_skip(text, at);
        if (rest.len > 0 && (run == 0 || (unsigned char)rest.ptr[0] >= 0x80)) {
            at += fold_run(out, rest);
        }
    }
}

/* --- tokens --- */

enum token_class { TOKEN_NONE, TOKEN_WORD, TOKEN_SINGLE };

/* One character a token: Han, Hiragana, Katakana, Hangul (scripts written without blanks). */
static bool is_single(int32_t c) {
    static const int32_t ranges[][2] = {
        {0x1100, 0x11ff},   {0x3005, 0x3007},   {0x3021, 0x3029}, {0x3031, 0x3035},
        {0x303b, 0x303c},   {0x3041, 0x3096},   {0x309d, 0x309f}, {0x30a1, 0x30fa},
        {0x30fc, 0x30ff},   {0x3131, 0x318e},   {0x31f0, 0x31ff}, {0x3400, 0x4dbf},
        {0x4e00, 0x9fff},   {0xa960, 0xa97c},   {0xac00, 0xd7fb}, {0xf900, 0xfaff},
        {0x1aff0, 0x1b16f}, {0x20000, 0x3fffd},
    };
    if (c < ranges[0][0]) {
        return false;
    }
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (c >= ranges[i][0] && c <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

static enum token_class classify(int32_t c) {
    if (is_single(c)) {
        return TOKEN_SINGLE;
    }
    utf8proc_category_t category = utf8proc_category(c);
    bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
    bool mark = category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
    bool number = category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
    return letter || mark || number ? TOKEN_WORD : TOKEN_NONE;
}

static bool is_ascii_word(unsigned char c) {
    static const bool word[128] = {
        ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1,
        ['8'] = 1, ['9'] = 1, ['_'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1,
        ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1,
        ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1,
        ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1, ['A'] = 1, ['B'] = 1, ['C'] = 1,
        ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1,
        ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1,
        ['T'] = 1, ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1,
    };
    return c < 128 && word[c];
}

/* Class of the character at `at` and its length. */
static enum token_class class_at(size_t *length, struct str s, size_t at) {
    unsigned char c = (unsigned char)s.ptr[at];
    if (c < 0x80) {
        *length = 1;
        return is_ascii_word(c) ? TOKEN_WORD : TOKEN_NONE;
    }
    return classify(code_point(length, str_skip(s, at)));
}

bool token_next(struct str *out, struct str *rest) {
    struct str s = *rest;
    size_t start = 0;
    size_t length = 0;
    enum token_class first = TOKEN_NONE;
    while (start < s.len && (first = class_at(&length, s, start)) == TOKEN_NONE) {
        start += length;
    }
    if (start >= s.len) {
        *rest = str_skip(s, s.len);
        return false;
    }
    size_t end = start + length;
    while (first == TOKEN_WORD && end < s.len && class_at(&length, s, end) == TOKEN_WORD) {
        end += length;
    }
    *out = str_make(s.ptr + start, end - start);
    *rest = str_skip(s, end);
    return true;
}

bool token_run_next(struct str *out, struct str *rest) {
    struct str s = *rest;
    struct str token;
    if (!token_next(&token, &s)) {
        *rest = s;
        return false;
    }
    size_t length = 0;
    size_t end = 0;
    while (end < s.len && class_at(&length, s, end) != TOKEN_NONE) {
        end += length;
    }
    *out = str_make(token.ptr, token.len + end);
    *rest = str_skip(s, end);
    return true;
}

bool token_may_begin(struct str folded, size_t at) {
    size_t length;
    if (at == 0 || at >= folded.len || class_at(&length, folded, at) != TOKEN_WORD) {
        return true;
    }
    size_t before = at - 1;
    while (before > 0 && at - before < UTF8_MAX &&
           ((unsigned char)folded.ptr[before] & 0xc0) == 0x80) {
        before--;
    }
    return class_at(&length, folded, before) != TOKEN_WORD;
}
