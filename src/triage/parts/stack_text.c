#include "stack_text.h"

#include <libpsl.h>

#include "ip.h"
#include "sha256.h"
#include "xml_text.h"

enum { DOMAIN_MAX_BYTES = 253, TASK_ACTIONS = 8, HEX_RUN = 8, DECIMAL_RUN = 2, GUID_BYTES = 36 };

static const struct str way_words[STACK_WAY_COUNT] = {
    [STACK_PLAIN] = STR_INIT(""),      [STACK_LOWER] = STR_INIT("lower"),
    [STACK_SHAPE] = STR_INIT("shape"), [STACK_ADDRESS] = STR_INIT("address"),
    [STACK_SCOPE] = STR_INIT("scope"), [STACK_DOMAIN] = STR_INIT("domain"),
    [STACK_HASH] = STR_INIT("hash"),   [STACK_HEAD] = STR_INIT("head"),
    [STACK_TASK] = STR_INIT("task")};

enum stack_way stack_way_take(struct str *name) {
    size_t at = str_find_char(*name, ':');
    for (int way = STACK_LOWER; at != STR_NONE && way < STACK_WAY_COUNT; way++) {
        if (str_eq(way_words[way], str_head(*name, at))) {
            *name = str_skip(*name, at + 1);
            return (enum stack_way)way;
        }
    }
    return STACK_PLAIN;
}

static void add_lower(struct buf *out, struct str value) {
    for (size_t i = 0; i < value.len; i++) {
        buf_putc(out, ascii_lower(value.ptr[i]));
    }
}

/* --- command lines --- */

/* "365abb72-7c01-5cc4-0000-00102b3e0c00" at the front? */
static bool is_guid(struct str text) {
    if (text.len < GUID_BYTES) {
        return false;
    }
    for (size_t i = 0; i < GUID_BYTES; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text.ptr[i] != '-' : ascii_hex_value(text.ptr[i]) < 0) {
            return false;
        }
    }
    return true;
}

/* One run of letters and digits. */
static void add_run(struct buf *out, struct str run) {
    size_t hex = 0;
    size_t decimal = 0;
    for (size_t i = 0; i < run.len; i++) {
        hex += ascii_hex_value(run.ptr[i]) >= 0;
        decimal += ascii_is_digit(run.ptr[i]);
    }
    bool is_hex = hex == run.len && decimal > 0 && run.len >= HEX_RUN;
    if (decimal == run.len && run.len >= DECIMAL_RUN) {
        buf_add(out, STR("{n}"));
    } else if (is_hex) {
        buf_add(out, STR("{hex}"));
    } else {
        add_lower(out, run);
    }
}

static void add_shape(struct buf *out, struct str value) {
    while (value.len > 0) {
        size_t run = 0;
        while (run < value.len && ascii_is_alnum(value.ptr[run])) {
            run++;
        }
        if (run == 8 && is_guid(value)) {
            buf_add(out, STR("{guid}"));
            run = GUID_BYTES;
        } else if (run > 0) {
            add_run(out, str_head(value, run));
        } else {
            buf_putc(out, value.ptr[0]);
            run = 1;
        }
        value = str_skip(value, run);
    }
}

/* --- addresses, domains --- */

static void add_address(struct buf *out, struct str value) {
    struct ip ip;
    if (ip_parse(&ip, value)) {
        char *to = buf_reserve(out, IP_TEXT_BYTES);
        out->len += ip_format(to, &ip);
    } else {
        buf_add(out, value);
    }
}

static void add_scope(struct buf *out, struct str value) {
    struct ip ip;
    if (!ip_parse(&ip, value)) {
        return;
    }
    if (ip_is_multicast_or_broadcast(&ip)) {
        buf_add(out, STR("multicast"));
    } else {
        buf_add(out, ip_is_private(&ip) ? STR("private") : STR("public"));
    }
}

static void add_domain(struct buf *out, struct str value) {
    char text[DOMAIN_MAX_BYTES + 1];
    struct ip ip;
    value = str_ends(value, STR(".")) ? str_head(value, value.len - 1) : value;
    if (value.len == 0 || value.len > DOMAIN_MAX_BYTES || memchr(value.ptr, 0, value.len) != NULL ||
        ip_parse(&ip, value)) {
        add_lower(out, value);
        return;
    }
    for (size_t i = 0; i < value.len; i++) {
        text[i] = ascii_lower(value.ptr[i]);
    }
    text[value.len] = '\0';
    const char *part = psl_registrable_domain(psl_builtin(), text);
    buf_add(out, str_from_c(part != NULL ? part : text));
}

/* --- scripts --- */

static void add_script(struct buf *out, struct str value) {
    bool was_space = false;
    value = str_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        bool is_space = ascii_is_space(value.ptr[i]);
        if (!is_space) {
            buf_putc(out, ascii_lower(value.ptr[i]));
        } else if (!was_space) {
            buf_putc(out, ' ');
        }
        was_space = is_space;
    }
}

static void add_hash(struct buf *out, struct str value) {
    uint8_t hash[SHA256_BYTES];
    size_t from = out->len;
    add_script(out, value);
    sha256_of(hash, str_make(out->ptr + from, out->len - from));
    out->len = from;
    sha256_hex(buf_reserve(out, SHA256_HEX_BYTES), hash);
    out->len += SHA256_HEX_BYTES;
}

static void add_head(struct buf *out, struct str value) {
    size_t from = out->len;
    add_script(out, value);
    if (out->len - from > STACK_HEAD_BYTES) {
        out->len = from + STACK_HEAD_BYTES;
        while (out->len > from && ((unsigned char)out->ptr[out->len] & 0xc0) == 0x80) {
            out->len--; /* not inside a character */
        }
    }
}

/* --- tasks --- */

/* The text of the next <name>...</name>; steps *rest behind it. */
static bool next_element(struct str *text, struct str *rest, struct str open, struct str close) {
    size_t from = str_find(*rest, open);
    if (from == STR_NONE) {
        return false;
    }
    struct str after = str_skip(*rest, from + open.len);
    size_t len = str_find(after, close);
    if (len == STR_NONE) {
        return false;
    }
    *text = str_trim(str_head(after, len));
    *rest = str_skip(after, len + close.len);
    return true;
}

static void add_task(struct buf *out, struct str value) {
    struct str action;
    struct str part;
    for (int i = 0; i < TASK_ACTIONS; i++) {
        struct str rest = value;
        if (!next_element(&action, &rest, STR("<Exec>"), STR("</Exec>"))) {
            break;
        }
        value = rest;
        buf_add(out, i > 0 ? STR("; ") : STR_EMPTY);
        rest = action;
        if (next_element(&part, &rest, STR("<Command>"), STR("</Command>"))) {
            (void)xml_text_decode(out, part); /* what is no reference stays */
        }
        rest = action;
        if (next_element(&part, &rest, STR("<Arguments>"), STR("</Arguments>"))) {
            buf_putc(out, ' ');
            (void)xml_text_decode(out, part);
        }
    }
}

void stack_text_add(struct buf *out, struct str value, enum stack_way way) {
    static void (*const ways[STACK_WAY_COUNT])(struct buf *, struct str) = {
        [STACK_PLAIN] = buf_add,       [STACK_LOWER] = add_lower, [STACK_SHAPE] = add_shape,
        [STACK_ADDRESS] = add_address, [STACK_SCOPE] = add_scope, [STACK_DOMAIN] = add_domain,
        [STACK_HASH] = add_hash,       [STACK_HEAD] = add_head,   [STACK_TASK] = add_task};
    if (value.len > 0) {
        ways[way](out, value);
    }
}
