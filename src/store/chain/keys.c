#include "keys.h"

#include "buf.h"
#include "bytes.h"
#include "file_io.h"
#include "hash.h"
#include "mem.h"
#include "public_key.h"
#include "store_path.h"

/* --- the file of secrets: two slots, far enough apart that no torn write hits both --- */

enum { SLOT_BYTES = 4096, SLOT_MAGIC_BYTES = 8, SLOT_USED_BYTES = 48 };

#define SLOT_MAGIC "KSEED002"

/* "KSEED002", 32 secret bytes, checksum of these 40. */
static void encode_slot(uint8_t out[SLOT_USED_BYTES], const uint8_t seed[ED25519_SEED_BYTES]) {
    memcpy(out, SLOT_MAGIC, SLOT_MAGIC_BYTES);
    memcpy(out + SLOT_MAGIC_BYTES, seed, ED25519_SEED_BYTES);
    bytes_put_le64(out + 40, hash_bytes(out, 40));
}

/* The copy of the file goes without leaving secrets in memory. */
static void forget_file(struct file_map *map) {
    union {
        const uint8_t *in;
        void *out;
    } bytes = {map->bytes};
    if (map->size_bytes > 0) {
        ed25519_wipe(bytes.out, map->size_bytes);
    }
    file_unmap(map);
}

static bool decode_slot(struct ed25519_key *out, const struct file_map *map, unsigned slot) {
    size_t at = (size_t)slot * SLOT_BYTES;
    if (map->size_bytes < at + SLOT_USED_BYTES) {
        return false;
    }
    const uint8_t *bytes = map->bytes + at;
    if (memcmp(bytes, SLOT_MAGIC, SLOT_MAGIC_BYTES) != 0 ||
        bytes_le64(bytes + 40) != hash_bytes(bytes, 40)) {
        return false;
    }
    ed25519_from_seed(out, bytes + SLOT_MAGIC_BYTES);
    return true;
}

/* Fills `slot` of the file with a fresh secret, which it gives out. */
static enum status renew_slot(struct ed25519_key *out, const char *path, unsigned slot,
                              struct err *err) {
    uint8_t seed[ED25519_SEED_BYTES];
    uint8_t bytes[SLOT_USED_BYTES];
    ed25519_random_seed(seed);
    ed25519_from_seed(out, seed);
    encode_slot(bytes, seed);
    struct file f = FILE_INIT;
    enum status status = file_open(&f, path, FILE_APPEND, err);
    if (status == STATUS_OK) {
        f.size_bytes = (uint64_t)slot * SLOT_BYTES; /* where to write: over the old secret */
        status = file_append(&f, bytes, sizeof bytes, err);
    }
    if (status == STATUS_OK) {
        status = file_sync(&f, err);
    }
    file_close(&f);
    ed25519_wipe(seed, sizeof seed);
    ed25519_wipe(bytes, sizeof bytes);
    return status;
}

static void make_keys(struct signing_keys *out, char file[2 * SLOT_BYTES]) {
    uint8_t seed[ED25519_SEED_BYTES];
    struct ed25519_key *const keys[] = {&out->now, &out->next};
    memset(file, 0, 2 * SLOT_BYTES);
    for (unsigned slot = 0; slot < 2; slot++) {
        ed25519_random_seed(seed);
        ed25519_from_seed(keys[slot], seed);
        encode_slot((uint8_t *)file + (size_t)slot * SLOT_BYTES, seed);
    }
    ed25519_wipe(seed, sizeof seed);
}

static enum status place_public(const char *store_dir, const struct ed25519_key *key,
                                struct err *err) {
    struct buf line = BUF_INIT;
    struct buf path = BUF_INIT;
    public_key_format(&line, key->public_key);
    enum status status = file_replace(store_path(&path, store_dir, "keys/public.key"),
                                      FILE_CREATE_NEW, buf_str(&line), err);
    buf_fini(&line);
    buf_fini(&path);
    return status;
}

static void set_path(struct signing_keys *k, const char *store_path_text) {
    struct buf path = BUF_INIT;
    const char *name = store_path(&path, store_path_text, "keys/signing.seed");
    k->path = mem_strdup(name, strlen(name));
    buf_fini(&path);
}

enum status keys_create(struct signing_keys *out, const char *path, struct err *err) {
    char file[2 * SLOT_BYTES];
    struct buf dir = BUF_INIT;
    *out = SIGNING_KEYS_INIT;
    make_keys(out, file);
    set_path(out, path);
    enum status status = place_public(path, &out->now, err);
    if (status == STATUS_OK) {
        status = file_replace(out->path, FILE_SECRET, str_make(file, sizeof file), err);
    }
    if (status == STATUS_OK) {
        status = file_sync_dir(store_path(&dir, path, "keys"), err);
    }
    ed25519_wipe(file, sizeof file);
    buf_fini(&dir);
    return status;
}

static bool is_key(const struct ed25519_key *key, const uint8_t public_key[ED25519_PUBLIC_BYTES]) {
    return memcmp(key->public_key, public_key, ED25519_PUBLIC_BYTES) == 0;
}

/* Chooses `now` among the slots; *renew: the other one holds no future secret. */
static bool choose_keys(struct signing_keys *k, bool *renew, const struct file_map *map,
                        const uint8_t *signer, const uint8_t *named) {
    for (unsigned slot = 0; slot < 2; slot++) {
        if (decode_slot(&k->now, map, slot) && is_key(&k->now, named)) {
            k->slot = slot;
            *renew = !decode_slot(&k->next, map, 1 - slot) || is_key(&k->next, signer) ||
                     is_key(&k->next, named);
            return true;
        }
    }
    return false;
}

enum status keys_open(struct signing_keys *out, const char *path,
                      const uint8_t signer[ED25519_PUBLIC_BYTES],
                      const uint8_t named[ED25519_PUBLIC_BYTES], struct err *err) {
    *out = SIGNING_KEYS_INIT;
    set_path(out, path);
    struct file_map map;
    enum status status = file_map(&map, out->path, true, err);
    if (status == STATUS_NOT_FOUND) {
        return err_set(err, status,
                       "%s is missing: without the signing key nothing can be added (what is there"
                       " stays readable and provable); start a new store",
                       out->path);
    }
    if (status != STATUS_OK) {
        return status;
    }
    bool renew = false;
    if (!choose_keys(out, &renew, &map, signer, named)) {
        status = err_set(err, STATUS_DAMAGED,
                         "%s does not hold the key that the last checkpoint names: the end of the"
                         " chain was deleted, or one of them is an older copy; restore the whole"
                         " store from one backup",
                         out->path);
    }
    forget_file(&map);
    return status == STATUS_OK && renew ? renew_slot(&out->next, out->path, 1 - out->slot, err)
                                        : status;
}

enum status keys_advance(struct signing_keys *k, struct err *err) {
    k->now = k->next;
    k->slot = 1 - k->slot;
    return renew_slot(&k->next, k->path, 1 - k->slot, err);
}

void keys_close(struct signing_keys *k) {
    mem_free(k->path);
    ed25519_wipe(k, sizeof *k);
    k->path = NULL;
}

enum status keys_peek(uint8_t out[2][ED25519_PUBLIC_BYTES], size_t *count, const char *path,
                      struct err *err) {
    struct buf name = BUF_INIT;
    struct file_map map;
    struct ed25519_key key;
    *count = 0;
    enum status status = file_map(&map, store_path(&name, path, "keys/signing.seed"), true, err);
    for (unsigned slot = 0; slot < 2 && status == STATUS_OK; slot++) {
        if (decode_slot(&key, &map, slot)) {
            memcpy(out[(*count)++], key.public_key, ED25519_PUBLIC_BYTES);
        }
    }
    if (status == STATUS_OK) {
        forget_file(&map);
    }
    ed25519_wipe(&key, sizeof key);
    buf_fini(&name);
    return status;
}
