/*
 * An anchor's line, as it is and with the check word that its words need (so that changed words
 * reach the rest). What is good stays good when it is broken into lines, and not when one of its
 * characters is another.
 */
#include "anchor_line.h"
#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHECK_DIGITS = 8 };

static void check_good(const struct anchor *a, struct str line) {
    struct buf broken = BUF_INIT;
    struct buf words = BUF_INIT;
    struct anchor again;
    for (size_t i = 0; i < line.len; i++) {
        char c = line.ptr[i];
        buf_putc(&broken, c == ' ' ? '\n' : c);
    }
    anchor_line_words(&words, buf_str(&broken));
    CHECK(anchor_line_parse(&again, buf_str(&words)) == ANCHOR_GOOD);
    CHECK(again.checkpoint == a->checkpoint && again.rows == a->rows &&
          memcmp(again.root, a->root, SHA256_BYTES) == 0 &&
          memcmp(again.key, a->key, ED25519_PUBLIC_BYTES) == 0 && str_eq(again.time, a->time));
    words.ptr[words.len / 2] = (char)(words.ptr[words.len / 2] ^ 1);
    CHECK(anchor_line_parse(&again, buf_str(&words)) != ANCHOR_GOOD);
    buf_fini(&broken);
    buf_fini(&words);
}

static void look(struct str line) {
    struct anchor a;
    if (anchor_line_parse(&a, line) == ANCHOR_GOOD) {
        check_good(&a, line);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf words = BUF_INIT;
    uint8_t hash[SHA256_BYTES];
    char hex[SHA256_HEX_BYTES];
    anchor_line_words(&words, str_make((const char *)data, size));
    look(buf_str(&words));
    sha256_of(hash, buf_str(&words));
    sha256_hex(hex, hash);
    buf_add(&words, STR(" check="));
    buf_append(&words, hex, CHECK_DIGITS);
    look(buf_str(&words));
    buf_fini(&words);
    return 0;
}
