/* Codecs of the store: varints, packed integers, the Merkle tree, signatures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "byte_parts.h"
#include "ed25519.h"
#include "intpack.h"
#include "mem.h"
#include "merkle.h"
#include "sha256_lanes.h"
#include "wire.h"
#include "zstd_frame.h"

static void test_wire(void **state) {
    (void)state;
    static const uint64_t values[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
    static const int64_t numbers[] = {0, -1, 1, INT64_MIN, INT64_MAX};
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        wire_put_u64(&b, values[i]);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        wire_put_i64(&b, numbers[i]);
    }
    wire_put_str(&b, STR("text"));
    struct wire w = wire_make(b.ptr, b.len);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        assert_true(wire_u64(&w) == values[i]);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_true(wire_i64(&w) == numbers[i]);
    }
    assert_true(str_eq(wire_str(&w), STR("text")));
    assert_false(w.failed);
    assert_true(wire_u64(&w) == 0 && w.failed);
    buf_fini(&b);
}

static void test_wire_refuses(void **state) {
    (void)state;
    static const char over[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
    struct wire w = wire_make(over, sizeof over - 1);
    assert_true(wire_u64(&w) == 0 && w.failed);
    w = wire_make("\x80", 1);
    assert_true(wire_u64(&w) == 0 && w.failed);
    w = wire_make("\x05"
                  "abc",
                  4);
    assert_int_equal(wire_str(&w).len, 0);
    assert_true(w.failed);
    w = wire_make("\x05", 1);
    assert_true(wire_count(&w, 4) == 0 && w.failed);
}

static void expect_packed(const int64_t *values, size_t count) {
    struct buf b = BUF_INIT;
    intpack_encode(&b, values, count);
    int64_t *back = mem_calloc(count + 1, sizeof *back);
    struct wire w = wire_make(b.ptr, b.len);
    assert_true(intpack_decode(back, count, &w));
    assert_int_equal(wire_left(&w), 0);
    for (size_t i = 0; i < count; i++) {
        assert_true(back[i] == values[i]);
    }
    if (count > 0) { /* one byte less is refused */
        w = wire_make(b.ptr, b.len - 1);
        assert_false(intpack_decode(back, count, &w));
    }
    mem_free(back);
    buf_fini(&b);
}

static void test_intpack(void **state) {
    (void)state;
    static const int64_t extremes[] = {INT64_MIN, INT64_MAX, 0, -1, INT64_MIN, 1};
    static const int64_t times[] = {1700000000000000000, 1700000001000000000, 1700000060000000000};
    static const int64_t same[] = {-7, -7, -7};
    expect_packed(extremes, 6);
    expect_packed(times, 3);
    expect_packed(same, 3);
    expect_packed(NULL, 0);
    int64_t *many = mem_calloc(10000, sizeof *many);
    uint64_t x = 88172645463325252;
    for (int width = 1; width <= 64; width += 7) {
        for (size_t i = 0; i < 10000; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            many[i] = (int64_t)(x >> (64 - width));
        }
        expect_packed(many, 10000);
    }
    mem_free(many);
}

/* Parts of an array are what unpacking all of it gives, in each form that can tell them. */
static void expect_ranges(const int64_t *values, size_t count) {
    for (int form = INTPACK_CONSTANT; form < INTPACK_FORM_COUNT; form++) {
        struct buf b = BUF_INIT;
        struct intpack_view view;
        int64_t part[64];
        if (!intpack_encode_as(&b, values, count, (enum intpack_form)form)) {
            buf_fini(&b);
            continue;
        }
        struct wire w = wire_make(b.ptr, b.len);
        assert_true(intpack_view(&view, count, &w));
        assert_int_equal(intpack_unpack_range(part, &view, 0, 1), form <= INTPACK_SECOND);
        for (size_t from = 0; from < count && form <= INTPACK_SECOND; from += 37) {
            size_t some = count - from < 64 ? count - from : 64;
            assert_true(intpack_unpack_range(part, &view, from, some));
            assert_memory_equal(part, values + from, some * sizeof *part);
        }
        buf_fini(&b);
    }
}

static void test_intpack_ranges(void **state) {
    (void)state;
    enum { COUNT = 1000 };
    int64_t values[COUNT];
    uint64_t x = 88172645463325252;
    for (int kind = 0; kind < 6; kind++) {
        for (int64_t i = 0; i < COUNT; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            const int64_t kinds[] = {-9,
                                     i + 5,
                                     i * i * 1000,
                                     1700000000000000000 + i / 3 * 1000000000,
                                     (int64_t)(x % 300),
                                     (int64_t)x};
            values[i] = kinds[kind];
        }
        expect_ranges(values, COUNT);
    }
}

static void expect_root(uint64_t leaves, const char *expected) {
    /* the test leaves of the certificate-transparency project */
    static const struct str data[] = {
        STR_INIT(""),
        STR_INIT("\x00"),
        STR_INIT("\x10"),
        STR_INIT("\x20\x21"),
        STR_INIT("\x30\x31"),
        STR_INIT("\x40\x41\x42\x43"),
        STR_INIT("\x50\x51\x52\x53\x54\x55\x56\x57"),
        STR_INIT("\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f")};
    struct merkle m;
    memset(&m, 0, sizeof m);
    for (uint64_t i = 0; i < leaves; i++) {
        struct sha256 h;
        uint8_t leaf[SHA256_BYTES];
        sha256_init(&h);
        sha256_add(&h, "", 1);
        sha256_add(&h, data[i].ptr, data[i].len);
        sha256_finish(&h, leaf);
        merkle_add(&m, leaf);
    }
    uint8_t root[SHA256_BYTES];
    char hex[SHA256_HEX_BYTES];
    merkle_root(&m, root);
    sha256_hex(hex, root);
    assert_memory_equal(hex, expected, sizeof hex);
}

static void test_merkle(void **state) {
    (void)state;
    expect_root(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_root(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    expect_root(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    expect_root(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
    expect_root(7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c");
    expect_root(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

static void test_ed25519(void **state) {
    (void)state;
    /* RFC 8032 section 7.1, test 1 */
    static const uint8_t seed[ED25519_SEED_BYTES] = {
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
        0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
        0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
    struct ed25519_key key;
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    char hex[SHA256_HEX_BYTES];
    ed25519_from_seed(&key, seed);
    sha256_hex(hex, key.public_key);
    assert_memory_equal(hex, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                        sizeof hex);
    ed25519_sign(signature, STR_EMPTY, &key);
    sha256_hex(hex, signature);
    assert_memory_equal(hex, "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155",
                        sizeof hex);
    assert_true(ed25519_is_valid(signature, STR_EMPTY, key.public_key));
    assert_false(ed25519_is_valid(signature, STR("x"), key.public_key));
    signature[5] ^= 1;
    assert_false(ed25519_is_valid(signature, STR_EMPTY, key.public_key));
}

static void test_zstd_frame(void **state) {
    (void)state;
    struct zstd_frame *z = zstd_frame_create();
    struct buf b = BUF_INIT;
    char plain[1000];
    char back[1000];
    memset(plain, 'a', sizeof plain);
    zstd_frame_pack(z, &b, str_make(plain, sizeof plain), 3);
    assert_true(b.len < 100);
    assert_true(zstd_frame_unpack(z, back, sizeof back, buf_str(&b)));
    assert_memory_equal(plain, back, sizeof back);
    assert_false(zstd_frame_unpack(z, back, sizeof back - 1, buf_str(&b)));
    buf_clear(&b);
    zstd_frame_pack(z, &b, STR("xy"), 3); /* does not shrink: stored as it is */
    assert_int_equal(b.len, 2);
    assert_true(zstd_frame_unpack(z, back, 2, buf_str(&b)));
    buf_fini(&b);
    zstd_frame_destroy(&z);
}

/* Random bytes that the reader has already cost nothing; another base gives other bytes or none. */
static void test_zstd_beside(void **state) {
    (void)state;
    char plain[4096];
    char base[sizeof plain]; /* zstd wants them apart */
    char back[sizeof plain];
    uint64_t x = 77;
    for (size_t i = 0; i < sizeof plain; i++) {
        x = x * 6364136223846793005U + 1442695040888963407U;
        plain[i] = (char)(x >> 56);
    }
    memcpy(base, plain, sizeof plain);
    struct str all = str_make(base, sizeof base);
    struct zstd_frame *z = zstd_frame_create();
    struct buf b = BUF_INIT;
    zstd_frame_pack_beside(z, &b, str_make(plain + 1000, sizeof plain - 1000), 17, all);
    assert_true(b.len < 40);
    assert_true(zstd_frame_unpack_beside(z, back, sizeof plain - 1000, buf_str(&b), all));
    assert_memory_equal(back, plain + 1000, sizeof plain - 1000);
    assert_false(zstd_frame_unpack(z, back, sizeof plain - 1000, buf_str(&b)));
    bool good = zstd_frame_unpack_beside(z, back, sizeof plain - 1000, buf_str(&b),
                                         str_make(base, sizeof base - 1));
    assert_false(good && memcmp(back, plain + 1000, sizeof plain - 1000) == 0);
    buf_clear(&b);
    zstd_frame_pack(z, &b, all, 3); /* the base was for one call */
    assert_int_equal(b.len, sizeof plain);
    buf_fini(&b);
    zstd_frame_destroy(&z);
}

/* Bytes of which each is one of `kinds`, from `first` on. */
static void add_kinds(struct buf *out, size_t count, uint64_t kinds, uint64_t first) {
    uint64_t x = 99 + kinds;
    for (size_t i = 0; i < count; i++) {
        x = x * 6364136223846793005U + 1442695040888963407U;
        buf_putc(out, (char)(first + (x >> 33) % kinds));
    }
}

/* Planes of different natures get tables of their own: near what their entropy says. */
static void test_parts(void **state) {
    (void)state;
    struct buf plain = BUF_INIT;
    add_kinds(&plain, 8192, 120, 0);
    add_kinds(&plain, 8192, 4, 130);
    assert_int_equal(byte_part(buf_str(&plain)), 8192);
    assert_int_equal(byte_part(str_skip(buf_str(&plain), 8192)), 8192);
    assert_int_equal(byte_part(str_make(plain.ptr, 8000)), 8000);
    assert_int_equal(byte_part(str_make(plain.ptr, 7)), 7);
    assert_int_equal(byte_part(STR_EMPTY), 0);
    struct zstd_frame *z = zstd_frame_create();
    struct buf whole = BUF_INIT;
    struct buf parts = BUF_INIT;
    zstd_frame_pack(z, &whole, buf_str(&plain), 1);
    zstd_frame_pack_parts(z, &parts, buf_str(&plain), 1);
    assert_true(parts.len < 9900); /* the entropy is 9,120 */
    assert_true(parts.len + 500 < whole.len);
    char *back = mem_alloc(plain.len);
    assert_true(zstd_frame_unpack(z, back, plain.len, buf_str(&parts)));
    assert_memory_equal(back, plain.ptr, plain.len);
    for (size_t len = 0; len < 3000; len += 331) { /* also what does not shrink */
        buf_clear(&parts);
        zstd_frame_pack_parts(z, &parts, str_make(plain.ptr, len), 3);
        assert_true(zstd_frame_unpack(z, back, len, buf_str(&parts)));
        assert_memory_equal(back, plain.ptr, len);
    }
    mem_free(back);
    buf_fini(&plain);
    buf_fini(&whole);
    buf_fini(&parts);
    zstd_frame_destroy(&z);
}

/* The next number below `limit` (a linear congruential generator). */
static size_t next_below(uint64_t *state, size_t limit) {
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (size_t)(*state >> 33) % limit;
}

/* Texts of all lengths around the edges of blocks, two at a time: the hashes of one at a time. */
static void test_many_hashes(void **state) {
    enum { TEXTS = 1000, LONGEST = 20000 };
    (void)state;
    static char bytes[LONGEST + TEXTS];
    static struct sha256_text texts[TEXTS];
    static uint8_t many[TEXTS][SHA256_BYTES];
    uint64_t r = 77;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)next_below(&r, 256);
    }
    for (size_t i = 0; i < TEXTS; i++) {
        size_t len = i < 300 ? i : next_below(&r, i % 97 == 0 ? LONGEST : 900);
        texts[i].head = str_make(bytes + 7, next_below(&r, 80));
        texts[i].body = i % 50 == 0 ? STR_EMPTY : str_make(bytes + i, len);
    }
    for (size_t count = 0; count <= TEXTS; count = count * 3 + 1) {
        memset(many, 0, sizeof many);
        sha256_many(many, texts, count);
        for (size_t i = 0; i < count; i++) {
            struct sha256 h;
            uint8_t one[SHA256_BYTES];
            sha256_init(&h);
            sha256_add(&h, texts[i].head.ptr, texts[i].head.len);
            sha256_add(&h, texts[i].body.ptr, texts[i].body.len);
            sha256_finish(&h, one);
            assert_memory_equal(many[i], one, sizeof one);
        }
    }
}

/* A tree grown by subtrees has the roots of one grown leaf by leaf. */
static void test_merkle_subtree(void **state) {
    enum { LEAVES = 1 << MERKLE_SUBTREE_LEVEL };
    (void)state;
    uint8_t leaves[LEAVES][SHA256_BYTES];
    for (size_t i = 0; i < LEAVES; i++) {
        memset(leaves[i], (int)i, SHA256_BYTES);
    }
    for (unsigned level = 0; level <= MERKLE_SUBTREE_LEVEL; level++) {
        struct merkle tree = {0};
        uint8_t expected[SHA256_BYTES];
        uint8_t root[SHA256_BYTES];
        for (size_t i = 0; i < (size_t)1 << level; i++) {
            merkle_add(&tree, leaves[i]);
        }
        merkle_root(&tree, expected);
        merkle_subtree(root, leaves, level);
        assert_memory_equal(root, expected, sizeof root);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_hashes), cmocka_unit_test(test_merkle_subtree),
        cmocka_unit_test(test_wire),        cmocka_unit_test(test_wire_refuses),
        cmocka_unit_test(test_intpack),     cmocka_unit_test(test_intpack_ranges),
        cmocka_unit_test(test_merkle),      cmocka_unit_test(test_ed25519),
        cmocka_unit_test(test_zstd_frame),  cmocka_unit_test(test_zstd_beside),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
