/*
 * The readers of the chain of checkpoints and of its saved state. Checksums of the first record and
 * of the state are made right, so that changed payloads reach the decoders.
 */
#include "bytes.h"
#include "chain_state.h"
#include "check.h"
#include "hash.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mend(uint8_t *record, size_t size) {
    if (size < 100) {
        return;
    }
    memcpy(record, "KCHK", 4);
    bytes_put_le32(record + 4, (uint32_t)(size - 84)); /* head 12, signature 64, checksum 8 */
    bytes_put_le32(record + 8, (uint32_t)hash_bytes(record, 8));
    bytes_put_le64(record + size - 8, hash_bytes(record, size - 8));
}

static void mend_state(uint8_t *state, size_t size) {
    if (size >= 16) {
        memcpy(state, "KSTATE01", 8);
        bytes_put_le64(state + size - 8, hash_bytes(state, size - 8));
    }
}

static void see(const struct chain_record *record, void *ctx) {
    CHECK(record->problem != NULL);
    ++*(int *)ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err err = ERR_INIT;
    struct chain chain;
    int seen = 0;
    uint8_t *copy = mem_alloc(size);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    chain_init(&chain);
    (void)(chain_fold(&chain, str_make((const char *)copy, size), CHAIN_SIGNED, see, &seen, &err) ==
           STATUS_OK);
    chain_fini(&chain);
    mend(copy, size);
    chain_init(&chain);
    (void)(chain_fold(&chain, str_make((const char *)copy, size), CHAIN_UNSIGNED, NULL, NULL,
                      &err) == STATUS_OK);
    chain_fini(&chain);
    mend_state(copy, size);
    chain_init(&chain);
    (void)chain_state_decode(&chain, str_make((const char *)copy, size));
    chain_fini(&chain);
    mem_free(copy);
    return 0;
}
