/*
 * A note of what the texts of a column can hold, so that searches leave most dictionaries packed:
 * which bytes occur in them, which bytes stand beside each other, begin and end texts, and the
 * longest run of digits. Most columns hold one kind of text (addresses, ids in hex, names of
 * hosts), so that nearly all that is looked for is not there. "No" is certain, "yes" is a guess.
 *
 * One note a column and segment, about its dictionary's entries, or about all values of a column of
 * texts; columns of numbers have none (their shapes tell). Notes of single stripes would rule out
 * hardly more where all stripes are alike (network logs), half as much again where they are not
 * (Windows events), and take several times the bytes.
 *
 * Texts beyond ASCII are noted twice, as they stand and as they fold (token.h): so a note says what
 * folded texts can hold without asking what may fold to what, and one damaged byte among a million
 * texts of hex digits makes it no worse. ASCII letters are noted as they stand.
 *
 * Stored form: docs/formats/segment.md, "Notes".
 *
 * Threads: a note that was decoded is immutable; a builder belongs to one. Ownership: a note
 * borrows the bytes that it was decoded from. Cost: building about 1 ns a byte, asking a few ns a
 * byte of what is looked for.
 */
#ifndef KONSEKI_COLUMN_NOTE_H
#define KONSEKI_COLUMN_NOTE_H

#include "str.h"
#include "wire.h"

enum {
    COLUMN_NOTE_EDGE = 256, /* stands before the first byte of a text and behind its last */
    COLUMN_NOTE_SYMBOLS
};

struct column_note {
    uint64_t bytes[4];    /* that occur: bit b % 64 of word b / 64 */
    uint16_t before[4];   /* bytes that occur, of the words before */
    uint32_t side;        /* bytes that occur, and the edge */
    const uint8_t *pairs; /* side x side bits, row by row; NULL: not known */
    uint64_t digit_run;   /* digits (ASCII) of the longest run of them in one text, as it
                             stands or as it folds */
};

/* Can `text` stand within one text of the column? `is_folded`: it is folded (token.h), and looked
 * for in the texts as they fold. */
bool column_note_may_hold(const struct column_note *n, struct str text, bool is_folded);
/* Can one of the bytes stand in a text of the column, and be followed by the other? Either may be
 * COLUMN_NOTE_EDGE; both: a text may be empty. */
bool column_note_has_pair(const struct column_note *n, unsigned first, unsigned second);
enum { COLUMN_NOTE_WORDS = COLUMN_NOTE_SYMBOLS / 64 + 1 };
/* All symbols that can stand behind one: symbol s is bit s % 64 of word s / 64. */
void column_note_behind(uint64_t out[COLUMN_NOTE_WORDS], const struct column_note *n,
                        unsigned symbol);
static inline bool column_note_has_byte(const struct column_note *n, unsigned byte) {
    return (n->bytes[byte / 64] >> (byte % 64) & 1) != 0;
}
static inline uint64_t column_note_digit_run(const struct column_note *n) {
    return n->digit_run;
}

/* Takes a note off the wire. *known: false if the column has none; then *out is not set. */
void column_note_decode(struct column_note *out, bool *known, struct wire *w);

/* A note being made. All zero is empty. */
struct column_note_builder {
    uint64_t pairs[COLUMN_NOTE_SYMBOLS][COLUMN_NOTE_SYMBOLS / 64 + 1]; /* by the first byte */
    uint64_t text_bytes;
    uint64_t digit_run;
    bool is_used; /* texts were added */
};

void column_note_add(struct column_note_builder *b, struct str text);
/* Appends the note; NULL: that nothing is known. */
void column_note_encode(struct buf *out, const struct column_note_builder *b);

#endif
