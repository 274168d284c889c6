#include "anchor_line.h"

#include "civil.h"
#include "file_io.h"
#include "num.h"

enum { CHECK_DIGITS = 8 };

#define ANCHOR_START "konseki-anchor 2 "

static void put_hex(struct buf *out, const char *name, const uint8_t hash[SHA256_BYTES]) {
    char hex[SHA256_HEX_BYTES];
    sha256_hex(hex, hash);
    buf_printf(out, " %s=%.*s", name, SHA256_HEX_BYTES, hex);
}

static void check_digits(char out[SHA256_HEX_BYTES], struct str line) {
    uint8_t hash[SHA256_BYTES];
    sha256_of(hash, line);
    sha256_hex(out, hash);
}

void anchor_line_format(struct buf *out, const struct checkpoint *c,
                        const uint8_t hash[SHA256_BYTES]) {
    char time[CIVIL_RFC3339_BYTES];
    char check[SHA256_HEX_BYTES];
    size_t start = out->len;
    size_t len = civil_format_rfc3339(time, c->time_ns);
    buf_printf(out, ANCHOR_START "checkpoint=%llu rows=%llu", (unsigned long long)c->number,
               (unsigned long long)c->tree.size);
    put_hex(out, "root", c->root);
    put_hex(out, "hash", hash);
    put_hex(out, "key", c->public_key);
    buf_printf(out, " time=%.*s", (int)len, time);
    check_digits(check, str_make(out->ptr + start, out->len - start));
    buf_printf(out, " check=%.*s\n", CHECK_DIGITS, check);
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void anchor_line_words(struct buf *out, struct str text) {
    bool between = false;
    buf_clear(out);
    for (size_t i = 0; i < text.len; i++) {
        if (is_blank(text.ptr[i])) {
            between = out->len > 0;
            continue;
        }
        if (between) {
            buf_putc(out, ' ');
        }
        between = false;
        buf_putc(out, text.ptr[i]);
    }
}

enum { SEEN_CHECKPOINT = 1, SEEN_ROWS = 2, SEEN_ROOT = 4, SEEN_HASH = 8, SEEN_KEY = 16, SEEN = 31 };

/* One "name=value"; unknown names are for later versions. Sets a bit of *seen. */
static bool parse_word(struct anchor *out, struct str word, unsigned *seen) {
    size_t at = str_find_char(word, '=');
    if (at == STR_NONE) {
        return false;
    }
    struct str name = str_head(word, at);
    struct str value = str_skip(word, at + 1);
    if (str_eq(name, STR("checkpoint"))) {
        *seen |= SEEN_CHECKPOINT;
        return num_parse_u64(&out->checkpoint, value);
    }
    if (str_eq(name, STR("rows"))) {
        *seen |= SEEN_ROWS;
        return num_parse_u64(&out->rows, value);
    }
    if (str_eq(name, STR("root"))) {
        *seen |= SEEN_ROOT;
        return sha256_from_hex(out->root, value);
    }
    if (str_eq(name, STR("hash"))) {
        *seen |= SEEN_HASH;
        return sha256_from_hex(out->hash, value);
    }
    if (str_eq(name, STR("key"))) {
        *seen |= SEEN_KEY;
        return sha256_from_hex(out->key, value);
    }
    if (str_eq(name, STR("time"))) {
        out->time = value;
    }
    return true;
}

/* Splits " check=XXXXXXXX" off the words. */
static bool is_typed_right(struct str *words) {
    static const char mark[] = " check=";
    char check[SHA256_HEX_BYTES];
    size_t tail = sizeof mark - 1 + CHECK_DIGITS;
    if (words->len <= tail) {
        return false;
    }
    struct str line = str_head(*words, words->len - tail);
    struct str end = str_skip(*words, line.len);
    check_digits(check, line);
    *words = line;
    return str_starts(end, STR(mark)) &&
           str_eq(str_skip(end, sizeof mark - 1), str_make(check, CHECK_DIGITS));
}

enum anchor_problem anchor_line_parse(struct anchor *out, struct str text) {
    struct str words = str_trim(text);
    unsigned seen = 0;
    *out = (struct anchor){.time = STR_EMPTY};
    if (!str_starts(words, STR(ANCHOR_START))) {
        return ANCHOR_NO_LINE;
    }
    if (!is_typed_right(&words)) {
        return ANCHOR_MISTYPED;
    }
    struct str rest = str_skip(words, sizeof ANCHOR_START - 1);
    struct str word;
    bool good = true;
    while (good && str_word_next(&word, &rest)) {
        good = parse_word(out, word, &seen);
    }
    return good && seen == SEEN ? ANCHOR_GOOD : ANCHOR_NO_LINE;
}

enum status anchor_line_read(struct anchor *out, struct buf *text, const char *path,
                             struct err *err) {
    struct file_map map;
    enum status status = file_map(&map, path, true, err);
    if (status != STATUS_OK) {
        return status;
    }
    anchor_line_words(text, str_make((const char *)map.bytes, map.size_bytes));
    file_unmap(&map);
    switch (anchor_line_parse(out, buf_str(text))) {
    case ANCHOR_GOOD:
        return STATUS_OK;
    case ANCHOR_MISTYPED:
        return err_set(err, STATUS_BAD_INPUT,
                       "%s: the anchor was mistyped or cut: its last word \"check=...\" does not"
                       " fit the words before",
                       path);
    default:
        return err_set(err, STATUS_BAD_INPUT,
                       "%s is no anchor: expected one line \"konseki-anchor 2 checkpoint=...\" as"
                       " konseki anchor writes it",
                       path);
    }
}
