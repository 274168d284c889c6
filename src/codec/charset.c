#include "charset.h"

#include <errno.h>
#include <iconv.h>

#include "mem.h"

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

/* Sixteen bytes at once, on every machine that GCC and Clang know. */
typedef unsigned char block __attribute__((vector_size(16)));

struct classes {
    block high;
    block control;
};

static inline void classify_block(struct classes *classes, const char *p) {
    block c;
    memcpy(&c, p, sizeof c);
    classes->high |= c;
    classes->control |= (block)(((c < 0x20) & (c != '\t')) | (c == 0x7F));
}

/* All bits that are set somewhere in the block. */
static unsigned char fold(block b) {
    uint64_t halves[2];
    memcpy(halves, &b, sizeof halves);
    uint64_t word = halves[0] | halves[1];
    word |= word >> 32;
    word |= word >> 16;
    return (unsigned char)(word | word >> 8);
}

unsigned text_classify(struct str s) {
    struct classes classes = {0};
    char padded[sizeof(block)];
    size_t i = 0;
    for (; i + sizeof(block) <= s.len; i += sizeof(block)) {
        classify_block(&classes, s.ptr + i);
    }
    if (i < s.len && s.len >= sizeof(block)) { /* the last block, partly a second time */
        classify_block(&classes, s.ptr + s.len - sizeof(block));
    } else if (i < s.len) {
        memset(padded, ' ', sizeof padded);
        memcpy(padded, s.ptr, s.len);
        classify_block(&classes, padded);
    }
    return ((fold(classes.high) & 0x80) != 0 ? (unsigned)TEXT_HAS_HIGH : 0U) |
           (fold(classes.control) != 0 ? (unsigned)TEXT_HAS_CONTROL : 0U);
}

/* Length of the valid UTF-8 sequence at p (RFC 3629), 0 if there is none. */
static size_t utf8_sequence(const unsigned char *p, size_t left) {
    if (p[0] < 0x80) {
        return 1;
    }
    if (p[0] < 0xC2 || p[0] > 0xF4) {
        return 0;
    }
    size_t len = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (left < len) {
        return 0;
    }
    unsigned char low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char top = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > top) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return len;
}

bool utf8_is_valid(struct str s) {
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t at = 0;
    while (at < s.len) {
        uint64_t word = 0;
        if (s.len - at >= 8) {
            memcpy(&word, p + at, 8);
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                at += 8;
                continue;
            }
        }
        size_t len = utf8_sequence(p + at, s.len - at);
        if (len == 0) {
            return false;
        }
        at += len;
    }
    return true;
}

/* --- detection --- */

struct double_byte_score {
    bool valid;
    size_t pairs;
    size_t kana;      /* hiragana and katakana in double bytes: sure signs */
    size_t half_kana; /* half-width katakana */
};

static bool is_cp932_lead(unsigned char c) {
    return (c >= 0x81 && c <= 0x9F) || (c >= 0xE0 && c <= 0xFC);
}

static struct double_byte_score score_cp932(struct str s) {
    struct double_byte_score score = {.valid = true};
    const unsigned char *p = (const unsigned char *)s.ptr;
    for (size_t i = 0; i < s.len; i++) {
        if (p[i] < 0x80) {
            continue;
        }
        if (p[i] >= 0xA1 && p[i] <= 0xDF) {
            score.half_kana++;
            continue;
        }
        bool pair = is_cp932_lead(p[i]) && i + 1 < s.len && p[i + 1] >= 0x40 && p[i + 1] != 0x7F &&
                    p[i + 1] <= 0xFC;
        if (!pair) {
            score.valid = false;
            return score;
        }
        score.pairs++;
        bool hiragana = p[i] == 0x82 && p[i + 1] >= 0x9F && p[i + 1] <= 0xF1;
        bool katakana = p[i] == 0x83 && p[i + 1] <= 0x96;
        score.kana += hiragana || katakana;
        i++;
    }
    return score;
}

static struct double_byte_score score_euc(struct str s) {
    struct double_byte_score score = {.valid = true};
    const unsigned char *p = (const unsigned char *)s.ptr;
    for (size_t i = 0; i < s.len; i++) {
        if (p[i] < 0x80) {
            continue;
        }
        size_t trail = p[i] == 0x8F ? 2 : 1;
        bool lead = p[i] == 0x8E || p[i] == 0x8F || (p[i] >= 0xA1 && p[i] <= 0xFE);
        score.valid = lead && s.len - i > trail;
        for (size_t k = 1; score.valid && k <= trail; k++) {
            score.valid = p[i + k] >= 0xA1 && p[i + k] <= 0xFE;
        }
        if (!score.valid) {
            return score;
        }
        score.pairs += p[i] != 0x8E;
        score.half_kana += p[i] == 0x8E;
        score.kana += p[i] == 0xA4 || p[i] == 0xA5;
        i += trail;
    }
    return score;
}

/* ESC $ or ESC ( starts a switch of ISO-2022-JP (RFC 1468). */
static bool has_iso_2022_escape(struct str s) {
    return str_find(s, STR("\x1b$B")) != STR_NONE || str_find(s, STR("\x1b$@")) != STR_NONE;
}

enum text_charset text_detect(struct str line, enum text_charset hint, bool *certain) {
    unsigned classes = text_classify(line);
    *certain = true;
    if ((classes & TEXT_HAS_CONTROL) != 0 && (classes & TEXT_HAS_HIGH) == 0 &&
        has_iso_2022_escape(line)) {
        return TEXT_ISO_2022_JP;
    }
    if ((classes & TEXT_HAS_HIGH) == 0 || utf8_is_valid(line)) {
        return TEXT_UTF8;
    }
    struct double_byte_score cp932 = score_cp932(line);
    struct double_byte_score euc = score_euc(line);
    if (cp932.valid != euc.valid) {
        return cp932.valid ? TEXT_CP932 : TEXT_EUC_JP;
    }
    *certain = false;
    if (!cp932.valid) {
        return TEXT_UTF8;
    }
    /* Both fit. EUC-JP kana read as CP932 are rows of half-width kana, and the other way round
     * kana pairs of CP932 are no valid EUC-JP: so kana decide, then the hint. */
    if (cp932.kana == 0 && (euc.kana >= 2 || (euc.kana == 1 && hint != TEXT_CP932))) {
        *certain = true;
        return TEXT_EUC_JP;
    }
    if (hint == TEXT_CP932 || hint == TEXT_EUC_JP) {
        return hint;
    }
    return cp932.half_kana > 0 && euc.half_kana == 0 ? TEXT_EUC_JP : TEXT_CP932;
}

/* --- conversion --- */

void text_converter_fini(struct text_converter *converter) {
    for (int i = 0; i < TEXT_CHARSET_COUNT; i++) {
        if (converter->handles[i] != NULL) {
            (void)iconv_close(converter->handles[i]);
        }
    }
    *converter = (struct text_converter){0};
}

static void put_code_point(struct buf *out, uint32_t c) {
    char *p = buf_reserve(out, 4);
    if (c < 0x80) {
        p[0] = (char)c;
        out->len += 1;
    } else if (c < 0x800) {
        p[0] = (char)(0xC0 | c >> 6);
        p[1] = (char)(0x80 | (c & 0x3F));
        out->len += 2;
    } else if (c < 0x10000) {
        p[0] = (char)(0xE0 | c >> 12);
        p[1] = (char)(0x80 | (c >> 6 & 0x3F));
        p[2] = (char)(0x80 | (c & 0x3F));
        out->len += 3;
    } else {
        p[0] = (char)(0xF0 | c >> 18);
        p[1] = (char)(0x80 | (c >> 12 & 0x3F));
        p[2] = (char)(0x80 | (c >> 6 & 0x3F));
        p[3] = (char)(0x80 | (c & 0x3F));
        out->len += 4;
    }
}

static uint32_t utf16_unit(const unsigned char *p, bool big_endian) {
    return big_endian ? (uint32_t)(p[0] << 8 | p[1]) : (uint32_t)(p[1] << 8 | p[0]);
}

static bool utf16_to_utf8(struct buf *out, struct str s, bool big_endian) {
    const unsigned char *p = (const unsigned char *)s.ptr;
    bool clean = s.len % 2 == 0;
    for (size_t i = 0; i + 1 < s.len; i += 2) {
        uint32_t c = utf16_unit(p + i, big_endian);
        bool pair = c >= 0xD800 && c < 0xDC00 && i + 3 < s.len;
        uint32_t low = pair ? utf16_unit(p + i + 2, big_endian) : 0;
        if (low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        } else if (c >= 0xD800 && c < 0xE000) {
            c = 0xFFFD;
            clean = false;
        }
        put_code_point(out, c);
    }
    if (s.len % 2 != 0) {
        put_code_point(out, 0xFFFD);
    }
    return clean;
}

static bool utf8_repair(struct buf *out, struct str s) {
    bool clean = true;
    size_t at = 0;
    while (at < s.len) {
        size_t len = utf8_sequence((const unsigned char *)s.ptr + at, s.len - at);
        if (len == 0) {
            clean = false;
            buf_append(out, replacement, 3);
            at++;
        } else {
            buf_append(out, s.ptr + at, len);
            at += len;
        }
    }
    return clean;
}

static iconv_t open_handle(struct text_converter *converter, enum text_charset charset) {
    static const char *const names[] = {
        [TEXT_CP932] = "CP932", [TEXT_EUC_JP] = "EUC-JP-MS", [TEXT_ISO_2022_JP] = "ISO-2022-JP"};
    if (converter->handles[charset] == NULL && !converter->refused[charset]) {
        iconv_t handle = iconv_open("UTF-8", names[charset]);
        converter->refused[charset] = handle == (iconv_t)-1;
        converter->handles[charset] = converter->refused[charset] ? NULL : handle;
    }
    return converter->handles[charset];
}

static bool iconv_to_utf8(iconv_t handle, struct buf *out, struct str s) {
    bool clean = true;
    char *in = (char *)(uintptr_t)s.ptr; /* iconv does not write through it */
    size_t in_left = s.len;
    (void)iconv(handle, NULL, NULL, NULL, NULL);
    while (in_left > 0) {
        size_t room = in_left * 3 + 16;
        char *to = buf_reserve(out, room);
        size_t out_left = room;
        size_t result = iconv(handle, &in, &in_left, &to, &out_left);
        out->len += room - out_left;
        if (result == (size_t)-1 && errno != E2BIG) { /* EILSEQ, EINVAL (cut at the end) */
            clean = false;
            buf_append(out, replacement, 3);
            in++;
            in_left--;
        }
    }
    return clean;
}

bool text_to_utf8(struct text_converter *converter, struct buf *out, struct str s,
                  enum text_charset charset) {
    switch (charset) {
    case TEXT_UTF16LE:
        return utf16_to_utf8(out, s, false);
    case TEXT_UTF16BE:
        return utf16_to_utf8(out, s, true);
    case TEXT_CP932:
    case TEXT_EUC_JP:
    case TEXT_ISO_2022_JP: {
        iconv_t handle = open_handle(converter, charset);
        return handle == NULL ? utf8_repair(out, s) : iconv_to_utf8(handle, out, s);
    }
    default:
        return utf8_repair(out, s);
    }
}
