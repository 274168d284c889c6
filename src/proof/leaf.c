#include "leaf.h"

#include "bytes.h"

void leaf_hash(uint8_t out[SHA256_BYTES], const struct leaf *leaf) {
    struct sha256 h;
    uint8_t head[5] = {0};
    uint8_t numbers[16];
    bytes_put_le32(head + 1, (uint32_t)leaf->source.len);
    bytes_put_le64(numbers, leaf->sequence);
    bytes_put_le64(numbers + 8, (uint64_t)leaf->receive_ns);
    sha256_init(&h);
    sha256_add(&h, head, sizeof head);
    sha256_add(&h, leaf->source.ptr, leaf->source.len);
    sha256_add(&h, numbers, sizeof numbers);
    sha256_add(&h, leaf->raw.ptr, leaf->raw.len);
    sha256_finish(&h, out);
}
