/* Merkle proofs: the published vectors of RFC 6962 logs, and every proof of all small trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "merkle_proof.h"

enum { TREE_MAX = 70 };

static void from_hex(uint8_t out[SHA256_BYTES], const char *hex) {
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        out[i] = (uint8_t)(ascii_hex_value(hex[2 * i]) << 4 | ascii_hex_value(hex[2 * i + 1]));
    }
}

static const struct str vector_leaves[8] = {
    STR_INIT(""),
    STR_INIT("\0"),
    STR_INIT("\x10"),
    STR_INIT("\x20\x21"),
    STR_INIT("\x30\x31"),
    STR_INIT("\x40\x41\x42\x43"),
    STR_INIT("\x50\x51\x52\x53\x54\x55\x56\x57"),
    STR_INIT("\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f")};

static const char *const vector_roots[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

struct vector {
    uint64_t first; /* leaf index, or the smaller size */
    uint64_t size;
    const char *path[4];
};

static const struct vector inclusions[] = {
    {0, 1, {NULL}},
    {1, 2, {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"}},
    {0,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {5,
     8,
     {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {2, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
    {1,
     5,
     {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}}};

static const struct vector consistencies[] = {
    {1, 1, {NULL}},
    {1,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {2,
     8,
     {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {6,
     8,
     {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {2,
     5,
     {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}}};

/* A tree with all its leaves at hand. */
struct leaves {
    uint8_t hashes[TREE_MAX][SHA256_BYTES];
};

static enum status subtree(uint8_t out[SHA256_BYTES], unsigned level, uint64_t index, void *ctx,
                           struct err *err) {
    const struct leaves *l = ctx;
    struct merkle tree = {.size = 0};
    (void)err;
    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        assert_true(i < TREE_MAX);
        merkle_add(&tree, l->hashes[i]);
    }
    merkle_root(&tree, out);
    return STATUS_OK;
}

static void leaf_of(uint8_t out[SHA256_BYTES], struct str data) {
    struct sha256 h;
    sha256_init(&h);
    sha256_add(&h, "", 1);
    sha256_add(&h, data.ptr, data.len);
    sha256_finish(&h, out);
}

static void root_of(uint8_t out[SHA256_BYTES], const struct leaves *l, uint64_t size) {
    struct merkle tree = {.size = 0};
    for (uint64_t i = 0; i < size; i++) {
        merkle_add(&tree, l->hashes[i]);
    }
    merkle_root(&tree, out);
}

static void vector_tree(struct leaves *l) {
    for (size_t i = 0; i < 8; i++) {
        leaf_of(l->hashes[i], vector_leaves[i]);
    }
}

static void expect_path(const struct merkle_path *got, const char *const want[4]) {
    size_t count = 0;
    for (; count < 4 && want[count] != NULL; count++) {
        uint8_t node[SHA256_BYTES];
        from_hex(node, want[count]);
        assert_true(count < got->count);
        assert_memory_equal(got->nodes[count], node, SHA256_BYTES);
    }
    assert_int_equal(got->count, count);
}

static void test_roots(void **state) {
    (void)state;
    struct leaves l;
    uint8_t want[SHA256_BYTES];
    uint8_t got[SHA256_BYTES];
    vector_tree(&l);
    for (size_t size = 0; size <= 8; size++) {
        from_hex(want, vector_roots[size]);
        root_of(got, &l, size);
        assert_memory_equal(got, want, SHA256_BYTES);
    }
}

static void test_inclusion_vectors(void **state) {
    (void)state;
    struct leaves l;
    struct merkle_path path;
    uint8_t root[SHA256_BYTES];
    vector_tree(&l);
    for (size_t i = 0; i < sizeof inclusions / sizeof *inclusions; i++) {
        const struct vector *v = &inclusions[i];
        assert_int_equal(merkle_prove_inclusion(&path, v->first, v->size, subtree, &l, NULL), 0);
        expect_path(&path, v->path);
        from_hex(root, vector_roots[v->size]);
        assert_true(merkle_inclusion_holds(&path, l.hashes[v->first], v->first, v->size, root));
    }
}

static void test_consistency_vectors(void **state) {
    (void)state;
    struct leaves l;
    struct merkle_path path;
    uint8_t old_root[SHA256_BYTES];
    uint8_t new_root[SHA256_BYTES];
    vector_tree(&l);
    for (size_t i = 0; i < sizeof consistencies / sizeof *consistencies; i++) {
        const struct vector *v = &consistencies[i];
        assert_int_equal(merkle_prove_consistency(&path, v->first, v->size, subtree, &l, NULL), 0);
        expect_path(&path, v->path);
        from_hex(old_root, vector_roots[v->first]);
        from_hex(new_root, vector_roots[v->size]);
        assert_true(merkle_consistency_holds(&path, v->first, old_root, v->size, new_root));
    }
}

static void number_tree(struct leaves *l) {
    for (size_t i = 0; i < TREE_MAX; i++) {
        leaf_of(l->hashes[i], str_make((const char *)&i, sizeof i));
    }
}

/* What any change of a proof must do. */
static void expect_inclusion_breaks(struct merkle_path *p, const struct leaves *l, uint64_t index,
                                    uint64_t size, uint8_t root[SHA256_BYTES]) {
    const uint8_t *leaf = l->hashes[index];
    for (size_t i = 0; i < p->count; i++) {
        p->nodes[i][i % SHA256_BYTES] ^= 1;
        assert_false(merkle_inclusion_holds(p, leaf, index, size, root));
        p->nodes[i][i % SHA256_BYTES] ^= 1;
    }
    assert_false(merkle_inclusion_holds(p, l->hashes[(index + 1) % TREE_MAX], index, size, root));
    if (size > 1) {
        assert_false(merkle_inclusion_holds(p, leaf, (index + 1) % size, size, root));
        p->count--;
        assert_false(merkle_inclusion_holds(p, leaf, index, size, root));
        p->count += 2; /* the last node again */
        memcpy(p->nodes[p->count - 1], root, SHA256_BYTES);
        assert_false(merkle_inclusion_holds(p, leaf, index, size, root));
        p->count--;
    }
    root[3] ^= 4;
    assert_false(merkle_inclusion_holds(p, leaf, index, size, root));
    root[3] ^= 4;
}

static void test_every_inclusion(void **state) {
    (void)state;
    static struct leaves l;
    number_tree(&l);
    for (uint64_t size = 1; size <= TREE_MAX; size++) {
        uint8_t root[SHA256_BYTES];
        root_of(root, &l, size);
        for (uint64_t index = 0; index < size; index++) {
            struct merkle_path p;
            assert_int_equal(merkle_prove_inclusion(&p, index, size, subtree, &l, NULL), 0);
            assert_true(merkle_inclusion_holds(&p, l.hashes[index], index, size, root));
            expect_inclusion_breaks(&p, &l, index, size, root);
        }
    }
}

static void test_every_consistency(void **state) {
    (void)state;
    static struct leaves l;
    number_tree(&l);
    for (uint64_t size = 1; size <= TREE_MAX; size++) {
        uint8_t root[SHA256_BYTES];
        root_of(root, &l, size);
        for (uint64_t old = 1; old <= size; old++) {
            uint8_t old_root[SHA256_BYTES];
            struct merkle_path p;
            root_of(old_root, &l, old);
            assert_int_equal(merkle_prove_consistency(&p, old, size, subtree, &l, NULL), 0);
            assert_true(merkle_consistency_holds(&p, old, old_root, size, root));
            for (size_t i = 0; i < p.count; i++) {
                p.nodes[i][i] ^= 8;
                assert_false(merkle_consistency_holds(&p, old, old_root, size, root));
                p.nodes[i][i] ^= 8;
            }
            old_root[0] ^= 1;
            assert_false(merkle_consistency_holds(&p, old, old_root, size, root));
        }
    }
}

static void test_subtrees_make_the_same_tree(void **state) {
    (void)state;
    static struct leaves l;
    struct merkle whole = {.size = 0};
    struct merkle parts = {.size = 0};
    number_tree(&l);
    for (uint64_t i = 0; i < 64; i++) {
        uint8_t nodes[2][SHA256_BYTES];
        unsigned count = merkle_add_noting(&whole, l.hashes[i], 3, nodes);
        assert_int_equal(count, (i % 8 == 7) + (i == 63));
        for (unsigned k = 0; k < count; k++) {
            uint8_t want[SHA256_BYTES];
            assert_int_equal(subtree(want, 3 + 3 * k, i >> (3 + 3 * k), &l, NULL), STATUS_OK);
            assert_memory_equal(nodes[k], want, SHA256_BYTES);
        }
        if (count > 0) {
            merkle_add_subtree(&parts, nodes[0], 3);
            assert_int_equal(parts.size, whole.size);
        }
    }
    uint8_t a[SHA256_BYTES];
    uint8_t b[SHA256_BYTES];
    merkle_root(&whole, a);
    merkle_root(&parts, b);
    assert_memory_equal(a, b, SHA256_BYTES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_inclusion_vectors),
        cmocka_unit_test(test_consistency_vectors),
        cmocka_unit_test(test_every_inclusion),
        cmocka_unit_test(test_every_consistency),
        cmocka_unit_test(test_subtrees_make_the_same_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
