#include "triple_note.h"

enum {
    TEXT_SHARE = 256,     /* of the texts' bytes is what a note may take at most */
    BITS_A_TRIPLE = 6,    /* more do not pay */
    MOST_SET_PERCENT = 60 /* a note with more bits set tells nothing */
};

/* --- reading --- */

void triple_note_decode(struct triple_note *out, struct wire *w) {
    struct str log = wire_bytes(w, 1);
    unsigned bits = w->failed ? 0 : (uint8_t)log.ptr[0];
    if (bits < TRIPLE_NOTE_LEAST_LOG || bits > TRIPLE_NOTE_MOST_LOG) {
        w->failed = true;
        return;
    }
    struct str bytes = wire_bytes(w, (size_t)1 << (bits - 3));
    if (!w->failed) {
        *out = (struct triple_note){(const uint8_t *)bytes.ptr, bits};
    }
}

/* --- making --- */

static void mark(struct triple_note_builder *b, unsigned first, unsigned second, unsigned third) {
    uint32_t at = triple_note_place(first, second, third);
    b->bits[at / 64] |= UINT64_C(1) << (at % 64);
}

void triple_note_add(struct triple_note_builder *b, struct str text) {
    unsigned first = COLUMN_NOTE_EDGE;
    unsigned second = text.len == 0 ? COLUMN_NOTE_EDGE : (uint8_t)text.ptr[0];
    for (size_t i = 1; i < text.len; i++) {
        unsigned third = (uint8_t)text.ptr[i];
        mark(b, first, second, third);
        first = second;
        second = third;
    }
    mark(b, first, second, COLUMN_NOTE_EDGE);
    b->text_bytes += text.len;
}

/* Bit `at` of the note with fewer bits: one of its 2^shift ones is set. */
static bool is_set(const struct triple_note_builder *b, uint32_t at, unsigned shift) {
    bool set = false;
    for (uint32_t i = at << shift; i < (at + 1) << shift && !set; i++) {
        set = (b->bits[i / 64] >> (i % 64) & 1) != 0;
    }
    return set;
}

static uint32_t count_set(const struct triple_note_builder *b, unsigned log) {
    uint32_t set = 0;
    for (uint32_t at = 0; at < (uint32_t)1 << log; at++) {
        set += is_set(b, at, TRIPLE_NOTE_MOST_LOG - log);
    }
    return set;
}

static unsigned choose_log(const struct triple_note_builder *b) {
    uint64_t triples = count_set(b, TRIPLE_NOTE_MOST_LOG);
    unsigned log = TRIPLE_NOTE_LEAST_LOG;
    while (log < TRIPLE_NOTE_MOST_LOG && UINT64_C(1) << log < triples * BITS_A_TRIPLE &&
           UINT64_C(1) << (log + 1) <= b->text_bytes * 8 / TEXT_SHARE) {
        log++;
    }
    return log;
}

bool triple_note_encode(struct buf *out, const struct triple_note_builder *b) {
    if (b->text_bytes < TRIPLE_NOTE_LEAST_TEXT) {
        return false;
    }
    unsigned log = choose_log(b);
    if ((uint64_t)count_set(b, log) * 100 > (UINT64_C(1) << log) * MOST_SET_PERCENT) {
        return false;
    }
    buf_putc(out, (char)log);
    size_t bytes = (size_t)1 << (log - 3);
    uint8_t *bits = (uint8_t *)buf_reserve(out, bytes);
    memset(bits, 0, bytes);
    for (uint32_t at = 0; at < (uint32_t)1 << log; at++) {
        bool set = is_set(b, at, TRIPLE_NOTE_MOST_LOG - log);
        bits[at / 8] |= (uint8_t)(set ? 1U << (at % 8) : 0);
    }
    out->len += bytes;
    return true;
}
