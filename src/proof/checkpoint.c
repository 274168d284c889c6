#include "checkpoint.h"

#include "wire.h"

enum { CHECKPOINT_VERSION = 2 };

#define SIGN_PREFIX "konseki checkpoint 2\n"

void checkpoint_encode(struct buf *out, const struct checkpoint *c) {
    wire_put_u64(out, CHECKPOINT_VERSION);
    wire_put_u64(out, c->number);
    buf_append(out, c->previous, SHA256_BYTES);
    wire_put_i64(out, c->time_ns);
    wire_put_str(out, c->writer);
    buf_append(out, c->public_key, ED25519_PUBLIC_BYTES);
    buf_append(out, c->next_key, ED25519_PUBLIC_BYTES);
    wire_put_u64(out, c->tree.size);
    buf_append(out, c->root, SHA256_BYTES);
    wire_put_u64(out, c->log_number);
    buf_append(out, c->body, SHA256_BYTES);
}

static void take_bytes(struct wire *w, uint8_t *out, size_t len) {
    struct str s = wire_bytes(w, len);
    if (s.len == len) {
        memcpy(out, s.ptr, len);
    }
}

bool checkpoint_decode(struct checkpoint *out, struct str head) {
    struct wire w = wire_make(head.ptr, head.len);
    memset(out, 0, sizeof *out);
    bool known = wire_u64(&w) == CHECKPOINT_VERSION;
    out->number = wire_u64(&w);
    take_bytes(&w, out->previous, SHA256_BYTES);
    out->time_ns = wire_i64(&w);
    out->writer = wire_str(&w);
    take_bytes(&w, out->public_key, ED25519_PUBLIC_BYTES);
    take_bytes(&w, out->next_key, ED25519_PUBLIC_BYTES);
    out->tree.size = wire_u64(&w);
    take_bytes(&w, out->root, SHA256_BYTES);
    out->log_number = wire_u64(&w);
    take_bytes(&w, out->body, SHA256_BYTES);
    return known && !w.failed && wire_left(&w) == 0;
}

void checkpoint_hash(uint8_t out[SHA256_BYTES], struct str head) {
    sha256_of(out, head);
}

struct signed_message {
    char bytes[sizeof SIGN_PREFIX - 1 + SHA256_BYTES];
};

static struct signed_message make_message(const uint8_t hash[SHA256_BYTES]) {
    struct signed_message m;
    memcpy(m.bytes, SIGN_PREFIX, sizeof SIGN_PREFIX - 1);
    memcpy(m.bytes + sizeof SIGN_PREFIX - 1, hash, SHA256_BYTES);
    return m;
}

void checkpoint_sign(uint8_t out[ED25519_SIGNATURE_BYTES], const uint8_t hash[SHA256_BYTES],
                     const struct ed25519_key *key) {
    struct signed_message m = make_message(hash);
    ed25519_sign(out, str_make(m.bytes, sizeof m.bytes), key);
}

bool checkpoint_is_signed(const uint8_t signature[ED25519_SIGNATURE_BYTES],
                          const uint8_t hash[SHA256_BYTES],
                          const uint8_t public_key[ED25519_PUBLIC_BYTES]) {
    struct signed_message m = make_message(hash);
    return ed25519_is_valid(signature, str_make(m.bytes, sizeof m.bytes), public_key);
}
