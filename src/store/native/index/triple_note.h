/*
 * Which three symbols (bytes, and the edges of texts) stand one behind the other in the entries of
 * a large dictionary: a bit each, by a hash. Where column_note.h says of a long text only that all
 * its pairs occur somewhere, this mostly tells that it does not. "No" is certain, "yes" is a guess.
 *
 * Only dictionaries that take long to unpack have such a note, and only in merged segments: it
 * takes a share of their texts. Stored form: docs/formats/segment.md, "Triples".
 *
 * Threads: immutable once taken; a builder belongs to one. Ownership: a note borrows the bytes that
 * it was taken from. Cost: building 2 ns a byte, asking some ns.
 */
#ifndef KONSEKI_TRIPLE_NOTE_H
#define KONSEKI_TRIPLE_NOTE_H

#include "column_note.h"

enum {
    TRIPLE_NOTE_LEAST_LOG = 10, /* bits of a note: 2 to the power of 10 to 20 */
    TRIPLE_NOTE_MOST_LOG = 20,
    TRIPLE_NOTE_LEAST_TEXT = 128 << 10 /* bytes of texts: fewer are unpacked soon */
};

struct triple_note {
    const uint8_t *bits; /* NULL: nothing is known */
    unsigned log;        /* there are 2 to the power of this */
};

/* The place of a triple among 2 to the power of TRIPLE_NOTE_MOST_LOG; notes of fewer bits keep the
 * high ones of the number. */
static inline uint32_t triple_note_place(unsigned first, unsigned second, unsigned third) {
    uint64_t key = (uint64_t)first << 18 | second << 9 | third;
    return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - TRIPLE_NOTE_MOST_LOG));
}

/* Can they stand one behind the other? `first` and `third` may be COLUMN_NOTE_EDGE. Some bits must
 * be known. */
static inline bool triple_note_has(const struct triple_note *n, unsigned first, unsigned second,
                                   unsigned third) {
    uint32_t at = triple_note_place(first, second, third) >> (TRIPLE_NOTE_MOST_LOG - n->log);
    return (n->bits[at / 8] >> (at % 8) & 1) != 0;
}

/* Takes a note off the wire; w->failed if it is malformed. */
void triple_note_decode(struct triple_note *out, struct wire *w);

/* A note being made. All zero is empty. */
struct triple_note_builder {
    uint64_t bits[(1 << TRIPLE_NOTE_MOST_LOG) / 64];
    uint64_t text_bytes;
};

void triple_note_add(struct triple_note_builder *b, struct str text);
/* Appends the note; false (nothing is appended): it would take too much, or tell nothing. */
bool triple_note_encode(struct buf *out, const struct triple_note_builder *b);

#endif
