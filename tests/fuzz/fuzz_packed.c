/*
 * Packed inputs: any bytes as a packed file. All members are read within small bounds; what comes
 * is never more than the bounds allow, and a member that failed does not stop the others from
 * ending.
 */
#include "check.h"
#include "packed.h"

enum { MOST_BYTES = 1 << 20, PIECE_BYTES = 1000, STEPS_MAX = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t read_member(struct packed *packed) {
    uint8_t piece[PIECE_BYTES];
    uint64_t total = 0;
    for (;;) {
        struct err err = ERR_INIT;
        size_t got = sizeof piece;
        enum status status = packed_read(packed, piece, &got, &err);
        CHECK(got <= sizeof piece);
        CHECK(status == STATUS_OK || err.message[0] != '\0');
        total += got;
        if (status != STATUS_OK || got == 0) {
            return total;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct input_file file = {.bytes = data, .size_bytes = size, .fd = -1};
    const struct packed_limits limits = {.most_bytes = MOST_BYTES};
    struct packed *packed = NULL;
    struct packed_member member;
    struct err err = ERR_INIT;
    uint64_t spent = 0;
    uint64_t total = 0;
    (void)packed_is(data, size);
    if (packed_open(&packed, &file, &limits, &spent, &err) != STATUS_OK) {
        CHECK(err.message[0] != '\0');
        return 0;
    }
    for (int i = 0; i < STEPS_MAX && packed_next(packed, &member, &err) == PACKED_MEMBER; i++) {
        CHECK(member.name.ptr != NULL);
        total += read_member(packed);
    }
    CHECK(total == spent && spent <= MOST_BYTES + PIECE_BYTES);
    packed_close(&packed);
    return 0;
}
