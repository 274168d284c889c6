#include "keys.h"

#include "buf.h"
#include "file_io.h"
#include "sha256.h"
#include "store_path.h"

#define PUBLIC_PREFIX "konseki-ed25519 "

static enum status write_file(const char *path, enum file_mode mode, struct str bytes,
                              struct err *err) {
    struct file f = FILE_INIT;
    enum status status = file_open(&f, path, mode, err);
    if (status == STATUS_OK) {
        status = file_append(&f, bytes.ptr, bytes.len, err);
    }
    if (status == STATUS_OK) {
        status = file_sync(&f, err);
    }
    file_close(&f);
    return status;
}

/* Writes the file under a temporary name first: a crash leaves no half key behind. */
static enum status place_file(const char *dir, const char *name, enum file_mode mode,
                              struct str bytes, struct err *err) {
    struct buf path = BUF_INIT;
    struct buf fresh = BUF_INIT;
    const char *to = store_path(&path, dir, "%s", name);
    const char *from = store_path(&fresh, dir, "%s.new", name);
    enum status status = file_remove(from, err);
    if (status == STATUS_OK) {
        status = write_file(from, mode, bytes, err);
    }
    if (status == STATUS_OK) {
        status = file_rename(from, to, err);
    }
    buf_fini(&path);
    buf_fini(&fresh);
    return status;
}

static enum status write_keys(const char *dir, const uint8_t seed[ED25519_SEED_BYTES],
                              const struct ed25519_key *key, struct err *err) {
    char line[sizeof PUBLIC_PREFIX + SHA256_HEX_BYTES];
    memcpy(line, PUBLIC_PREFIX, sizeof PUBLIC_PREFIX - 1);
    sha256_hex(line + sizeof PUBLIC_PREFIX - 1, key->public_key);
    line[sizeof line - 1] = '\n';
    enum status status =
        place_file(dir, "public.key", FILE_CREATE_NEW, str_make(line, sizeof line), err);
    if (status == STATUS_OK) {
        status = place_file(dir, "signing.seed", FILE_SECRET,
                            str_make((const char *)seed, ED25519_SEED_BYTES), err);
    }
    return status == STATUS_OK ? file_sync_dir(dir, err) : status;
}

enum status keys_create(struct ed25519_key *out, const char *path, struct err *err) {
    uint8_t seed[ED25519_SEED_BYTES];
    ed25519_random_seed(seed);
    ed25519_from_seed(out, seed);
    struct buf dir = BUF_INIT;
    enum status status = write_keys(store_path(&dir, path, "keys"), seed, out, err);
    ed25519_wipe(seed, sizeof seed);
    buf_fini(&dir);
    return status;
}

enum status keys_load(struct ed25519_key *out, const char *path, struct err *err) {
    struct buf name = BUF_INIT;
    struct file_map map;
    enum status status = file_map(&map, store_path(&name, path, "keys/signing.seed"), true, err);
    if (status == STATUS_OK) {
        if (map.size_bytes == ED25519_SEED_BYTES) {
            ed25519_from_seed(out, map.bytes);
        } else {
            status = err_set(err, STATUS_DAMAGED, "%s has %zu bytes instead of %d; restore it",
                             name.ptr, map.size_bytes, ED25519_SEED_BYTES);
        }
        file_unmap(&map);
    }
    buf_fini(&name);
    return status;
}

static bool parse_public(uint8_t out[ED25519_PUBLIC_BYTES], struct str text) {
    text = str_trim(text);
    if (!str_starts(text, STR(PUBLIC_PREFIX))) {
        return false;
    }
    text = str_skip(text, sizeof PUBLIC_PREFIX - 1);
    for (size_t i = 0; i < ED25519_PUBLIC_BYTES && text.len == SHA256_HEX_BYTES; i++) {
        int high = ascii_hex_value(text.ptr[2 * i]);
        int low = ascii_hex_value(text.ptr[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    char again[SHA256_HEX_BYTES]; /* exactly what keys_create writes */
    sha256_hex(again, out);
    return str_eq(text, str_make(again, sizeof again));
}

enum status keys_read_public(uint8_t out[ED25519_PUBLIC_BYTES], const char *path, struct err *err) {
    struct file_map map;
    enum status status = file_map(&map, path, true, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (!parse_public(out, str_make((const char *)map.bytes, map.size_bytes))) {
        status = err_set(err, STATUS_BAD_INPUT,
                         "%s is no public key: expected one line \"%s<64 hex digits>\" as in"
                         " STORE/keys/public.key",
                         path, PUBLIC_PREFIX);
    }
    file_unmap(&map);
    return status;
}
