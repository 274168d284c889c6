#include "merkle_proof.h"

#include "check.h"

/* --- making --- */

/* The largest power of two below `count` (count > 1), as its logarithm. */
static unsigned split_level(uint64_t count) {
    return 63 - (unsigned)__builtin_clzll(count - 1);
}

struct maker {
    struct merkle_path *out;
    merkle_subtree_fn *subtree;
    void *ctx;
    struct err *err;
};

/* MTH(D[begin : begin + count]), begin a multiple of the power of two that holds count. */
static enum status range_root(uint8_t out[SHA256_BYTES], const struct maker *m, uint64_t begin,
                              uint64_t count) {
    struct merkle tree = {.size = 0};
    for (unsigned level = 64; level-- > 0;) { /* complete subtrees from the left: large to small */
        if ((count >> level & 1) == 0) {
            continue;
        }
        uint8_t node[SHA256_BYTES];
        enum status status = m->subtree(node, level, (begin + tree.size) >> level, m->ctx, m->err);
        if (status != STATUS_OK) {
            return status;
        }
        merkle_add_subtree(&tree, node, level);
    }
    merkle_root(&tree, out);
    return STATUS_OK;
}

static enum status add_range(const struct maker *m, uint64_t begin, uint64_t count) {
    CHECK(m->out->count < MERKLE_PATH_MAX);
    return range_root(m->out->nodes[m->out->count++], m, begin, count);
}

/* The recursions of the RFC go from the root down and list hashes from the leaf up. */
static void turn_round(struct merkle_path *p) {
    for (size_t i = 0; i < p->count / 2; i++) {
        uint8_t node[SHA256_BYTES];
        memcpy(node, p->nodes[i], sizeof node);
        memcpy(p->nodes[i], p->nodes[p->count - 1 - i], sizeof node);
        memcpy(p->nodes[p->count - 1 - i], node, sizeof node);
    }
}

enum status merkle_prove_inclusion(struct merkle_path *out, uint64_t index, uint64_t size,
                                   merkle_subtree_fn *subtree, void *ctx, struct err *err) {
    CHECK(index < size);
    const struct maker m = {out, subtree, ctx, err};
    out->count = 0;
    uint64_t begin = 0;
    enum status status = STATUS_OK;
    for (uint64_t count = size; count > 1 && status == STATUS_OK;) {
        uint64_t left = UINT64_C(1) << split_level(count);
        if (index - begin < left) {
            status = add_range(&m, begin + left, count - left);
            count = left;
        } else {
            status = add_range(&m, begin, left);
            begin += left;
            count -= left;
        }
    }
    turn_round(out);
    return status;
}

enum status merkle_prove_consistency(struct merkle_path *out, uint64_t old_size, uint64_t new_size,
                                     merkle_subtree_fn *subtree, void *ctx, struct err *err) {
    CHECK(old_size > 0 && old_size <= new_size);
    const struct maker m = {out, subtree, ctx, err};
    out->count = 0;
    uint64_t begin = 0;
    uint64_t count = new_size;
    enum status status = STATUS_OK;
    while (old_size - begin != count && status == STATUS_OK) {
        uint64_t left = UINT64_C(1) << split_level(count);
        if (old_size - begin <= left) {
            status = add_range(&m, begin + left, count - left);
            count = left;
        } else {
            status = add_range(&m, begin, left);
            begin += left;
            count -= left;
        }
    }
    if (begin > 0 && status == STATUS_OK) { /* else the checker knows the old root itself */
        status = add_range(&m, begin, count);
    }
    turn_round(out);
    return status;
}

/* --- checking --- */

bool merkle_inclusion_holds(const struct merkle_path *path, const uint8_t leaf[SHA256_BYTES],
                            uint64_t index, uint64_t size, const uint8_t root[SHA256_BYTES]) {
    if (index >= size) {
        return false;
    }
    uint64_t fn = index;
    uint64_t sn = size - 1;
    uint8_t r[SHA256_BYTES];
    memcpy(r, leaf, sizeof r);
    for (size_t i = 0; i < path->count; i++) {
        if (sn == 0) {
            return false;
        }
        if ((fn & 1) != 0 || fn == sn) {
            merkle_node(r, path->nodes[i], r);
            while (fn != 0 && (fn & 1) == 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            merkle_node(r, r, path->nodes[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && memcmp(r, root, SHA256_BYTES) == 0;
}

/* Both roots computed along one path; `first` is the node that both trees share. */
static bool walk_both(const struct merkle_path *path, size_t next, const uint8_t *first,
                      uint64_t fn, uint64_t sn, const uint8_t *old_root, const uint8_t *new_root) {
    uint8_t fr[SHA256_BYTES];
    uint8_t sr[SHA256_BYTES];
    memcpy(fr, first, sizeof fr);
    memcpy(sr, first, sizeof sr);
    for (; next < path->count; next++) {
        const uint8_t *c = path->nodes[next];
        if (sn == 0) {
            return false;
        }
        if ((fn & 1) != 0 || fn == sn) {
            merkle_node(fr, c, fr);
            merkle_node(sr, c, sr);
            while (fn != 0 && (fn & 1) == 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            merkle_node(sr, sr, c);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && memcmp(fr, old_root, SHA256_BYTES) == 0 &&
           memcmp(sr, new_root, SHA256_BYTES) == 0;
}

bool merkle_consistency_holds(const struct merkle_path *path, uint64_t old_size,
                              const uint8_t old_root[SHA256_BYTES], uint64_t new_size,
                              const uint8_t new_root[SHA256_BYTES]) {
    if (old_size == 0 || old_size > new_size) {
        return false;
    }
    if (old_size == new_size) {
        return path->count == 0 && memcmp(old_root, new_root, SHA256_BYTES) == 0;
    }
    bool power_of_two = (old_size & (old_size - 1)) == 0; /* then the old root is left out */
    if (!power_of_two && path->count == 0) {
        return false;
    }
    uint64_t fn = old_size - 1;
    uint64_t sn = new_size - 1;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    return power_of_two ? walk_both(path, 0, old_root, fn, sn, old_root, new_root)
                        : walk_both(path, 1, path->nodes[0], fn, sn, old_root, new_root);
}
