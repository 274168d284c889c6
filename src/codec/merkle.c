#include "merkle.h"

#include "check.h"
#include "sha256_lanes.h"

void merkle_node(uint8_t out[SHA256_BYTES], const uint8_t left[SHA256_BYTES],
                 const uint8_t right[SHA256_BYTES]) {
    uint8_t input[1 + 2 * SHA256_BYTES];
    input[0] = 1;
    memcpy(input + 1, left, SHA256_BYTES);
    memcpy(input + 1 + SHA256_BYTES, right, SHA256_BYTES);
    sha256_of(out, str_make((const char *)input, sizeof input));
}

/* Puts a complete subtree of 2^level leaves at the right end; `noted` (may be NULL) gets the roots
 * of the subtrees of `note` and twice that many levels that it completes. */
static unsigned add_at(struct merkle *m, const uint8_t root[SHA256_BYTES], unsigned level,
                       unsigned note, uint8_t (*noted)[SHA256_BYTES]) {
    uint8_t node[SHA256_BYTES];
    unsigned found = 0;
    uint64_t leaves = UINT64_C(1) << level;
    memcpy(node, root, sizeof node);
    for (;; level++) {
        if (noted != NULL && (level == note || level == 2 * note)) {
            memcpy(noted[found++], node, sizeof node);
        }
        if ((m->size >> level & 1) == 0) {
            break;
        }
        merkle_node(node, m->nodes[level], node); /* a full subtree waits on the left */
    }
    memcpy(m->nodes[level], node, sizeof node);
    m->size += leaves;
    return found;
}

void merkle_add(struct merkle *m, const uint8_t leaf[SHA256_BYTES]) {
    (void)add_at(m, leaf, 0, 0, NULL);
}

unsigned merkle_add_noting(struct merkle *m, const uint8_t leaf[SHA256_BYTES], unsigned level,
                           uint8_t out[2][SHA256_BYTES]) {
    return add_at(m, leaf, 0, level, out);
}

unsigned merkle_add_subtree_noting(struct merkle *m, const uint8_t root[SHA256_BYTES],
                                   unsigned height, unsigned level, uint8_t out[2][SHA256_BYTES]) {
    CHECK(height <= level && (m->size & ((UINT64_C(1) << height) - 1)) == 0);
    return add_at(m, root, height, level, out);
}

void merkle_add_subtree(struct merkle *m, const uint8_t root[SHA256_BYTES], unsigned level) {
    CHECK(level < 64 && (m->size & ((UINT64_C(1) << level) - 1)) == 0);
    (void)add_at(m, root, level, 0, NULL);
}

void merkle_subtree(uint8_t out[SHA256_BYTES], uint8_t (*leaves)[SHA256_BYTES], unsigned level) {
    static const struct str head = STR_INIT("\x01");
    uint8_t nodes[2][1 << MERKLE_SUBTREE_LEVEL][SHA256_BYTES]; /* of two levels in turn */
    struct sha256_text texts[1 << MERKLE_SUBTREE_LEVEL];
    CHECK(level <= MERKLE_SUBTREE_LEVEL);
    uint8_t(*below)[SHA256_BYTES] = leaves;
    for (unsigned at = level; at > 0; at--) {
        size_t count = (size_t)1 << (at - 1);
        for (size_t i = 0; i < count; i++) {
            struct str both = str_make((const char *)below[2 * i], (size_t)2 * SHA256_BYTES);
            texts[i] = (struct sha256_text){head, both};
        }
        sha256_many(nodes[at % 2], texts, count);
        below = nodes[at % 2];
    }
    memcpy(out, below[0], SHA256_BYTES);
}

void merkle_root(const struct merkle *m, uint8_t out[SHA256_BYTES]) {
    bool any = false;
    sha256_of(out, STR_EMPTY);
    for (unsigned level = 0; level < 64; level++) {
        if ((m->size >> level & 1) == 0) {
            continue;
        }
        if (any) {
            merkle_node(out, m->nodes[level], out);
        } else {
            memcpy(out, m->nodes[level], SHA256_BYTES);
        }
        any = true;
    }
}
