#include "mime_words.h"

#include "base64.h"
struct word {
    struct str charset; /* without the language */
    struct str payload;
    char encoding;      /* 'b' or 'q' */
    bool open;          /* the text ended within the word */
    size_t total_bytes; /* of the word in the text */
};

/* Bytes of adjacent words of one charset, collected because mailers split characters. */
struct pending {
    struct buf bytes;
    struct str charset;
    bool open;
};

/* Base64 as it stands in words: foreign bytes are skipped, padding may be missing. */
static void decode_b(struct buf *out, struct str text) {
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_digit(text.ptr[i]);
        if (value < 0) {
            continue;
        }
        bits = bits << 6 | (uint32_t)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            buf_putc(out, (char)(bits >> count & 0xFF));
        }
    }
}

static void decode_q(struct buf *out, struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '=' && i + 2 < text.len) {
            int high = ascii_hex_value(text.ptr[i + 1]);
            int low = ascii_hex_value(text.ptr[i + 2]);
            if (high >= 0 && low >= 0) {
                buf_putc(out, (char)(high * 16 + low));
                i += 2;
                continue;
            }
        }
        if (c == '=' && i + 2 >= text.len) {
            return; /* an escape that was cut */
        }
        buf_putc(out, c == '_' ? ' ' : c);
    }
}

/* Reads "=?charset?e?payload?=" at the start of s. False if there is none. */
static bool read_word(struct word *out, struct str s) {
    if (!str_starts(s, STR("=?"))) {
        return false;
    }
    struct str rest = str_skip(s, 2);
    size_t mark = str_find_char(rest, '?');
    struct str charset = str_head(rest, mark == STR_NONE ? rest.len : mark);
    for (size_t i = 0; i < charset.len; i++) {
        char c = charset.ptr[i];
        if (c <= ' ' || c >= 0x7F || c == '=' || c == '"' || c == '<' || c == '(' || c == ';') {
            return false;
        }
    }
    size_t star = str_find_char(charset, '*');
    *out = (struct word){.charset = str_head(charset, star == STR_NONE ? charset.len : star),
                         .payload = STR_EMPTY,
                         .encoding = 'b',
                         .open = true,
                         .total_bytes = s.len};
    if (mark == STR_NONE || rest.len <= mark + 2) {
        return true; /* cut within the head of the word */
    }
    out->encoding = ascii_lower(rest.ptr[mark + 1]);
    if (rest.ptr[mark + 2] != '?' || (out->encoding != 'b' && out->encoding != 'q')) {
        return false;
    }
    struct str body = str_skip(rest, mark + 3);
    size_t end = str_find(body, STR("?="));
    out->open = end == STR_NONE;
    out->payload = str_head(body, out->open ? body.len : end);
    out->total_bytes = out->open ? s.len : (size_t)(body.ptr - s.ptr) + end + 2;
    return true;
}

static enum mime_state flush(struct buf *out, struct pending *pending) {
    if (pending->bytes.len == 0 && !pending->open) {
        return MIME_OK;
    }
    enum mime_state state = mime_charset_decode(out, pending->charset, buf_str(&pending->bytes));
    buf_clear(&pending->bytes);
    if (state == MIME_OK && pending->open) {
        state = MIME_TRUNCATED;
    }
    pending->open = false;
    return state;
}

/* Length of the white space and folds at the start of s if an encoded word follows, else 0. */
static size_t gap_before_word(struct str s) {
    size_t len = 0;
    while (len < s.len && (s.ptr[len] == ' ' || s.ptr[len] == '\t' || s.ptr[len] == '?')) {
        len++;
    }
    struct word word;
    return len > 0 && read_word(&word, str_skip(s, len)) ? len : 0;
}

static enum mime_state add_word(struct buf *out, struct pending *pending, const struct word *word) {
    enum mime_state state = MIME_OK;
    bool stateful = str_starts_ci(word->charset, STR("iso-2022"));
    if (pending->bytes.len > 0 && (stateful || !str_eq_ci(pending->charset, word->charset))) {
        state = flush(out, pending);
    }
    pending->charset = word->charset;
    pending->open = word->open;
    if (word->encoding == 'b') {
        /* each word is padded by itself, so it starts on a byte */
        decode_b(&pending->bytes, word->payload);
    } else {
        decode_q(&pending->bytes, word->payload);
    }
    return state;
}

/* A fold as Postfix prints it: '?' for the line feed, then a blank, or '?' for a tab. */
static bool is_fold(struct str s, size_t at) {
    return s.ptr[at] == '?' && at + 1 < s.len && (s.ptr[at + 1] == ' ' || s.ptr[at + 1] == '\t');
}

enum mime_state mime_words_decode(struct buf *out, struct str text) {
    enum mime_state state = MIME_OK;
    struct pending pending = {BUF_INIT, STR_EMPTY, false};
    struct word word;
    size_t at = 0;
    while (at < text.len) {
        struct str rest = str_skip(text, at);
        if (rest.ptr[0] == '=' && read_word(&word, rest)) {
            state = mime_state_worse(state, add_word(out, &pending, &word));
            at += word.total_bytes;
            at += gap_before_word(str_skip(text, at));
            continue;
        }
        state = mime_state_worse(state, flush(out, &pending));
        if (!is_fold(text, at)) {
            buf_putc(out, text.ptr[at]);
        }
        at++;
    }
    state = mime_state_worse(state, flush(out, &pending));
    buf_fini(&pending.bytes);
    return state;
}
