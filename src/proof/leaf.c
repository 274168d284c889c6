#include "leaf.h"

#include "buf.h"
#include "bytes.h"
#include "check.h"
#include "sha256_lanes.h"

enum { LENGTH_BYTES = 5, NUMBER_BYTES = 16 };

/* What stands before the source and behind it. */
static void make_head(uint8_t head[LENGTH_BYTES], uint8_t numbers[NUMBER_BYTES],
                      const struct leaf *leaf) {
    head[0] = 0;
    bytes_put_le32(head + 1, (uint32_t)leaf->source.len);
    bytes_put_le64(numbers, leaf->sequence);
    bytes_put_le64(numbers + 8, (uint64_t)leaf->receive_ns);
}

void leaf_hash(uint8_t out[SHA256_BYTES], const struct leaf *leaf) {
    struct sha256 h;
    uint8_t head[LENGTH_BYTES];
    uint8_t numbers[NUMBER_BYTES];
    make_head(head, numbers, leaf);
    sha256_init(&h);
    sha256_add(&h, head, sizeof head);
    sha256_add(&h, leaf->source.ptr, leaf->source.len);
    sha256_add(&h, numbers, sizeof numbers);
    sha256_add(&h, leaf->raw.ptr, leaf->raw.len);
    sha256_finish(&h, out);
}

void leaf_hash_many(uint8_t (*out)[SHA256_BYTES], const struct leaf *leaves, size_t count) {
    struct sha256_text texts[LEAF_GROUP];
    struct buf heads = BUF_INIT;
    size_t room = 0;
    CHECK(count <= LEAF_GROUP);
    for (size_t i = 0; i < count; i++) {
        room += LENGTH_BYTES + leaves[i].source.len + NUMBER_BYTES;
    }
    (void)buf_reserve(&heads, room); /* so that it does not move */
    for (size_t i = 0; i < count; i++) {
        uint8_t head[LENGTH_BYTES];
        uint8_t numbers[NUMBER_BYTES];
        size_t start = heads.len;
        make_head(head, numbers, &leaves[i]);
        buf_append(&heads, head, sizeof head);
        buf_add(&heads, leaves[i].source);
        buf_append(&heads, numbers, sizeof numbers);
        texts[i] =
            (struct sha256_text){str_make(heads.ptr + start, heads.len - start), leaves[i].raw};
    }
    sha256_many(out, texts, count);
    buf_fini(&heads);
}
