#include "public_key.h"

#include "anchor_line.h"
#include "file_io.h"

#define PUBLIC_PREFIX "konseki-ed25519 "

void public_key_format(struct buf *out, const uint8_t key[ED25519_PUBLIC_BYTES]) {
    char hex[SHA256_HEX_BYTES];
    sha256_hex(hex, key);
    buf_printf(out, PUBLIC_PREFIX "%.*s\n", SHA256_HEX_BYTES, hex);
}

static bool parse(uint8_t out[ED25519_PUBLIC_BYTES], struct str text) {
    text = str_trim(text);
    if (!str_starts(text, STR(PUBLIC_PREFIX)) ||
        !sha256_from_hex(out, str_skip(text, sizeof PUBLIC_PREFIX - 1))) {
        return false;
    }
    struct buf again = BUF_INIT; /* exactly what public_key_format writes */
    public_key_format(&again, out);
    bool same = str_eq(text, str_trim(buf_str(&again)));
    buf_fini(&again);
    return same;
}

enum status public_key_read(uint8_t out[ED25519_PUBLIC_BYTES], const char *path, struct err *err) {
    struct file_map map;
    enum status status = file_map(&map, path, true, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (!parse(out, str_make((const char *)map.bytes, map.size_bytes))) {
        status = err_set(err, STATUS_BAD_INPUT,
                         "%s is no public key: expected one line \"%s<64 hex digits>\" as in"
                         " STORE/keys/public.key",
                         path, PUBLIC_PREFIX);
    }
    file_unmap(&map);
    return status;
}
