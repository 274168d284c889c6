#include "sha256_lanes.h"

#include "sha256_pair.h"

enum {
    LANES = 2,
    LANE_BLOCKS = 256, /* a longer text is hashed by itself */
    TAIL_BYTES = 9     /* 0x80 and the length in bits, at least */
};

/* A text on its way. */
struct lane {
    uint8_t (*out)[SHA256_BYTES];
    uint32_t state[SHA256_WORDS];
    const uint8_t *at; /* in bytes */
    size_t blocks;     /* left; 0: the lane is free */
    uint8_t bytes[LANE_BLOCKS * SHA256_BLOCK_BYTES];
};

static bool fits(const struct sha256_text *t) {
    enum { MOST = LANE_BLOCKS * SHA256_BLOCK_BYTES - TAIL_BYTES };
    return t->head.len <= MOST && t->body.len <= MOST - t->head.len;
}

/* Most significant byte first. */
static void put_number(uint8_t *to, uint64_t number, size_t bytes) {
    for (size_t i = bytes; i > 0; i--) {
        to[i - 1] = (uint8_t)number;
        number >>= 8;
    }
}

static void put(uint8_t *to, struct str s) {
    if (s.len > 0) {
        memcpy(to, s.ptr, s.len);
    }
}

/* Puts a text into a lane, padded (FIPS 180-4, 5.1.1). */
static void begin(struct lane *lane, const struct sha256_text *t, uint8_t (*out)[SHA256_BYTES]) {
    size_t len = t->head.len + t->body.len;
    lane->out = out;
    lane->at = lane->bytes;
    lane->blocks = (len + TAIL_BYTES + SHA256_BLOCK_BYTES - 1) / SHA256_BLOCK_BYTES;
    sha256_pair_init(lane->state);
    put(lane->bytes, t->head);
    put(lane->bytes + t->head.len, t->body);
    uint8_t *end = lane->bytes + lane->blocks * SHA256_BLOCK_BYTES;
    memset(lane->bytes + len, 0, (size_t)(end - lane->bytes) - len);
    lane->bytes[len] = 0x80;
    put_number(end - 8, (uint64_t)len * 8, 8);
}

static void finish(struct lane *lane) {
    for (size_t i = 0; i < SHA256_WORDS; i++) {
        put_number(*lane->out + 4 * i, lane->state[i], 4);
    }
}

/* Goes on with both lanes until one of them has finished; a free one does what the other does. */
static void run(struct lane *a, struct lane *b) {
    size_t blocks = a->blocks == 0   ? b->blocks
                    : b->blocks == 0 ? a->blocks
                                     : (a->blocks < b->blocks ? a->blocks : b->blocks);
    const uint8_t *at_a = a->blocks == 0 ? b->at : a->at;
    const uint8_t *at_b = b->blocks == 0 ? a->at : b->at;
    sha256_pair_blocks(a->state, at_a, b->state, at_b, blocks);
    struct lane *lanes[LANES] = {a, b};
    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = lanes[i];
        if (lane->blocks > 0) {
            lane->at += blocks * SHA256_BLOCK_BYTES;
            lane->blocks -= blocks;
            if (lane->blocks == 0) {
                finish(lane);
            }
        }
    }
}

static void hash_alone(uint8_t out[SHA256_BYTES], const struct sha256_text *t) {
    struct sha256 h;
    sha256_init(&h);
    sha256_add(&h, t->head.ptr, t->head.len);
    sha256_add(&h, t->body.ptr, t->body.len);
    sha256_finish(&h, out);
}

void sha256_many(uint8_t (*out)[SHA256_BYTES], const struct sha256_text *texts, size_t count) {
    struct lane lanes[LANES];
    bool paired = sha256_pair_works();
    lanes[0].blocks = 0;
    lanes[1].blocks = 0;
    for (size_t i = 0; i < count; i++) {
        if (!paired || !fits(&texts[i])) {
            hash_alone(out[i], &texts[i]);
            continue;
        }
        if (lanes[0].blocks > 0 && lanes[1].blocks > 0) {
            run(&lanes[0], &lanes[1]);
        }
        begin(lanes[0].blocks == 0 ? &lanes[0] : &lanes[1], &texts[i], &out[i]);
    }
    while (lanes[0].blocks > 0 || lanes[1].blocks > 0) {
        run(&lanes[0], &lanes[1]);
    }
}
