#include "anchor.h"

#include "file_io.h"
#include "num.h"
#include "store_priv.h"

static void put_hex(struct buf *out, const char *name, const uint8_t hash[SHA256_BYTES]) {
    char hex[SHA256_HEX_BYTES];
    sha256_hex(hex, hash);
    buf_printf(out, " %s=%.*s", name, SHA256_HEX_BYTES, hex);
}

/* Appends the line for the last checkpoint of the chain. */
static void anchor_format(struct buf *out, const struct chain *c) {
    char time[CIVIL_RFC3339_BYTES];
    size_t len = civil_format_rfc3339(time, c->last.time_ns);
    buf_printf(out, "konseki-anchor 1 checkpoint=%llu rows=%llu",
               (unsigned long long)c->last.number, (unsigned long long)c->last.tree.size);
    put_hex(out, "root", c->last.root);
    put_hex(out, "hash", c->last_hash);
    put_hex(out, "key", c->last.public_key);
    buf_printf(out, " time=%.*s\n", (int)len, time);
}

static bool parse_hash(uint8_t out[SHA256_BYTES], struct str hex) {
    for (size_t i = 0; i < SHA256_BYTES && hex.len == SHA256_HEX_BYTES; i++) {
        int high = ascii_hex_value(hex.ptr[2 * i]);
        int low = ascii_hex_value(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return hex.len == SHA256_HEX_BYTES;
}

/* One "name=value"; unknown names are for later versions. Sets a bit of *seen. */
static bool parse_word(struct anchor *out, struct str word, unsigned *seen) {
    size_t at = str_find_char(word, '=');
    if (at == STR_NONE) {
        return false;
    }
    struct str name = str_head(word, at);
    struct str value = str_skip(word, at + 1);
    if (str_eq(name, STR("checkpoint"))) {
        *seen |= 1;
        return num_parse_u64(&out->checkpoint, value);
    }
    if (str_eq(name, STR("rows"))) {
        *seen |= 2;
        return num_parse_u64(&out->rows, value);
    }
    if (str_eq(name, STR("root"))) {
        *seen |= 4;
        return parse_hash(out->root, value);
    }
    if (str_eq(name, STR("hash"))) {
        *seen |= 8;
        return parse_hash(out->hash, value);
    }
    if (str_eq(name, STR("key"))) {
        *seen |= 16;
        return parse_hash(out->key, value);
    }
    return true;
}

static bool parse_anchor(struct anchor *out, struct str text) {
    struct str rest = str_trim(text);
    struct str word;
    unsigned seen = 0;
    bool good = str_word_next(&word, &rest) && str_eq(word, STR("konseki-anchor")) &&
                str_word_next(&word, &rest) && str_eq(word, STR("1"));
    while (good && str_word_next(&word, &rest)) {
        good = parse_word(out, word, &seen);
    }
    return good && seen == 31;
}

enum status anchor_read(struct anchor *out, const char *path, struct err *err) {
    struct file_map map;
    enum status status = file_map(&map, path, true, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (!parse_anchor(out, str_make((const char *)map.bytes, map.size_bytes))) {
        status = err_set(err, STATUS_BAD_INPUT,
                         "%s is no anchor: expected one line \"konseki-anchor 1 checkpoint=...\" as"
                         " konseki anchor writes it",
                         path);
    }
    file_unmap(&map);
    return status;
}

enum status store_make_anchor(struct buf *out, const char *path, struct err *err) {
    struct store *s = NULL;
    struct store_options options = {.path = path, .mode = STORE_READ};
    enum status status = store_open(&s, &options, err);
    if (status == STATUS_OK) {
        anchor_format(out, &s->chain);
        store_close(&s);
    }
    return status;
}
