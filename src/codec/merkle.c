#include "merkle.h"

static void hash_node(uint8_t out[SHA256_BYTES], const uint8_t left[SHA256_BYTES],
                      const uint8_t right[SHA256_BYTES]) {
    uint8_t input[1 + 2 * SHA256_BYTES];
    input[0] = 1;
    memcpy(input + 1, left, SHA256_BYTES);
    memcpy(input + 1 + SHA256_BYTES, right, SHA256_BYTES);
    sha256_of(out, str_make((const char *)input, sizeof input));
}

void merkle_add(struct merkle *m, const uint8_t leaf[SHA256_BYTES]) {
    uint8_t node[SHA256_BYTES];
    memcpy(node, leaf, sizeof node);
    unsigned level = 0;
    while ((m->size >> level & 1) != 0) { /* a full subtree of this height waits on the left */
        hash_node(node, m->nodes[level], node);
        level++;
    }
    memcpy(m->nodes[level], node, sizeof node);
    m->size++;
}

void merkle_root(const struct merkle *m, uint8_t out[SHA256_BYTES]) {
    bool any = false;
    sha256_of(out, STR_EMPTY);
    for (unsigned level = 0; level < 64; level++) {
        if ((m->size >> level & 1) == 0) {
            continue;
        }
        if (any) {
            hash_node(out, m->nodes[level], out);
        } else {
            memcpy(out, m->nodes[level], SHA256_BYTES);
        }
        any = true;
    }
}
