#include "mime_mailbox.h"

#include "mime_words.h"

/* Finds the last "<...>" outside of quotes: *open_at of '<', *close_at of '>' (or the length of
 * the value if it never closes). */
static bool find_angle(size_t *open_at, size_t *close_at, struct str value) {
    bool found = false;
    bool quoted = false;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == '<' && !quoted) {
            *open_at = i;
            size_t len = str_find_char(str_skip(value, i), '>');
            *close_at = len == STR_NONE ? value.len : i + len;
            found = true;
        }
    }
    return found;
}

static bool has_quote_left_open(struct str value) {
    bool quoted = false;
    for (size_t i = 0; i < value.len; i++) {
        if (quoted && value.ptr[i] == '\\') {
            i++;
        } else if (value.ptr[i] == '"') {
            quoted = !quoted;
        }
    }
    return quoted;
}

/* Quotes around words removed, quoted pairs undone, then the encoded words decoded. */
static enum mime_state decode_phrase(struct buf *out, struct str phrase) {
    struct buf plain = BUF_INIT;
    for (size_t i = 0; i < phrase.len; i++) {
        char c = phrase.ptr[i];
        if (c == '\\' && i + 1 < phrase.len) {
            c = phrase.ptr[++i];
            buf_putc(&plain, c);
        } else if (c != '"') {
            buf_putc(&plain, c);
        }
    }
    enum mime_state state = mime_words_decode(out, buf_str(&plain));
    buf_fini(&plain);
    struct str trimmed = str_trim(buf_str(out)); /* after decoding: a fold is one with its blank */
    if (trimmed.len > 0) {
        memmove(out->ptr, trimmed.ptr, trimmed.len);
    }
    out->len = trimmed.len;
    return state;
}

/* "address (comment)" or "address" alone. */
static enum mime_state parse_bare(struct mime_mailbox *out, struct str value) {
    size_t paren = str_find_char(value, '(');
    struct str address = str_trim(str_head(value, paren == STR_NONE ? value.len : paren));
    if (str_find_char(address, '@') == STR_NONE || str_find_char(address, ' ') != STR_NONE) {
        return decode_phrase(&out->name, value); /* no address: all of it is a name */
    }
    out->address = address;
    if (paren == STR_NONE) {
        return MIME_OK;
    }
    struct str comment = str_skip(value, paren + 1);
    size_t end = str_rfind_char(comment, ')');
    return decode_phrase(&out->name, str_head(comment, end == STR_NONE ? comment.len : end));
}

void mime_mailbox_parse(struct mime_mailbox *out, struct str value, bool cut) {
    size_t open_at = 0;
    size_t close_at = 0;
    buf_clear(&out->name);
    out->address = STR_EMPTY;
    out->state = MIME_OK;
    value = str_trim(value);
    bool has_angle = find_angle(&open_at, &close_at, value);
    if (!has_angle && has_quote_left_open(value)) {
        /* a quote that never closes hides the address: look again without it */
        size_t angle = str_rfind_char(value, '<');
        has_angle = angle != STR_NONE && str_ends(value, STR(">"));
        open_at = has_angle ? angle : 0;
        close_at = value.len - 1;
    }
    if (!has_angle) {
        out->state = parse_bare(out, value);
    } else {
        out->address = str_trim(
            str_make(value.ptr + open_at + 1, close_at > open_at ? close_at - open_at - 1 : 0));
        out->state = decode_phrase(&out->name, str_head(value, open_at));
    }
    bool address_cut = has_angle ? close_at >= value.len : cut;
    if (address_cut) {
        out->state = mime_state_worse(out->state, MIME_TRUNCATED);
        out->address = STR_EMPTY;
    }
}
