#include "column_note.h"

#include "bytes.h"
#include "token.h"

enum {
    FORM_NONE,  /* nothing is known */
    FORM_BYTES, /* which bytes occur */
    FORM_PAIRS, /* ... and which of them stand beside each other */
    FORM_COUNT,
    GROUP_BYTES = 32,     /* the set of bytes is stored in groups, those without bytes left out */
    PAIRS_SHARE = 32,     /* of the texts' bytes is what pairs may take at most */
    PAIRS_FREE_BYTES = 32 /* but this is always granted */
};

/* --- asking --- */

/* The place of a byte that occurs among those; the edge is 0. */
static uint32_t rank_of(const struct column_note *n, unsigned symbol) {
    if (symbol == COLUMN_NOTE_EDGE) {
        return 0;
    }
    uint64_t below = n->bytes[symbol / 64] & ((UINT64_C(1) << (symbol % 64)) - 1);
    return 1U + n->before[symbol / 64] + (uint32_t)__builtin_popcountll(below);
}

bool column_note_has_pair(const struct column_note *n, unsigned first, unsigned second) {
    bool first_is = first == COLUMN_NOTE_EDGE || column_note_has_byte(n, first);
    bool second_is = second == COLUMN_NOTE_EDGE || column_note_has_byte(n, second);
    if (!first_is || !second_is || n->pairs == NULL) {
        return first_is && second_is;
    }
    uint32_t at = rank_of(n, first) * n->side + rank_of(n, second);
    return (n->pairs[at / 8] >> (at % 8) & 1) != 0;
}

void column_note_behind(uint64_t out[COLUMN_NOTE_WORDS], const struct column_note *n,
                        unsigned symbol) {
    bool known = symbol == COLUMN_NOTE_EDGE || column_note_has_byte(n, symbol);
    uint32_t at = known ? rank_of(n, symbol) * n->side : 0;
    memset(out, 0, COLUMN_NOTE_WORDS * sizeof *out);
    if (!known || n->pairs == NULL) {
        memcpy(out, n->bytes, known ? sizeof n->bytes : 0);
        out[COLUMN_NOTE_EDGE / 64] = known;
        return;
    }
    out[COLUMN_NOTE_EDGE / 64] = n->pairs[at / 8] >> (at % 8) & 1;
    at++;
    for (unsigned i = 0; i < 4; i++) {
        for (uint64_t left = n->bytes[i]; left != 0; left &= left - 1, at++) {
            out[i] |= (n->pairs[at / 8] >> (at % 8) & 1) != 0 ? left & -left : 0;
        }
    }
}

/* The letter in the other case; other bytes as they are. */
static uint8_t other_case(uint8_t byte) {
    bool letter = ascii_is_alpha((char)byte);
    return letter ? byte ^ 0x20 : byte;
}

static bool has_folded_pair(const struct column_note *n, uint8_t first, uint8_t second) {
    uint8_t first_other = other_case(first);
    uint8_t second_other = other_case(second);
    return column_note_has_pair(n, first, second) || column_note_has_pair(n, first_other, second) ||
           column_note_has_pair(n, first, second_other) ||
           column_note_has_pair(n, first_other, second_other);
}

bool column_note_may_hold(const struct column_note *n, struct str text, bool is_folded) {
    if (text.len == 1) {
        uint8_t byte = (uint8_t)text.ptr[0];
        return column_note_has_byte(n, byte) ||
               (is_folded && column_note_has_byte(n, other_case(byte)));
    }
    bool may = true;
    for (size_t i = 1; i < text.len && may; i++) {
        uint8_t first = (uint8_t)text.ptr[i - 1];
        uint8_t second = (uint8_t)text.ptr[i];
        may =
            is_folded ? has_folded_pair(n, first, second) : column_note_has_pair(n, first, second);
    }
    return may;
}

/* --- reading --- */

static uint32_t matrix_bytes(uint32_t side) {
    return (side * side + 7) / 8;
}

static void take_bytes(struct column_note *out, struct wire *w) {
    struct str mask = wire_bytes(w, 1);
    unsigned groups = w->failed ? 0 : (uint8_t)mask.ptr[0];
    memset(out->bytes, 0, sizeof out->bytes);
    for (unsigned g = 0; g < 256 / GROUP_BYTES; g++) {
        struct str word = wire_bytes(w, (groups >> g & 1) != 0 ? 4 : 0);
        out->bytes[g / 2] |= word.len == 4 ? (uint64_t)bytes_le32(word.ptr) << (g % 2 * 32) : 0;
    }
}

static void count_bytes(struct column_note *out) {
    uint32_t count = 0;
    for (unsigned i = 0; i < 4; i++) {
        out->before[i] = (uint16_t)count;
        count += (uint32_t)__builtin_popcountll(out->bytes[i]);
    }
    out->side = count + 1;
}

void column_note_decode(struct column_note *out, bool *known, struct wire *w) {
    uint64_t form = wire_count(w, FORM_COUNT - 1);
    *known = form != FORM_NONE && !w->failed;
    if (!*known) {
        return;
    }
    out->digit_run = wire_u64(w);
    out->pairs = NULL;
    take_bytes(out, w);
    count_bytes(out);
    if (form == FORM_PAIRS) {
        out->pairs = (const uint8_t *)wire_bytes(w, matrix_bytes(out->side)).ptr;
    }
    *known = !w->failed;
}

/* --- making --- */

static void mark(struct column_note_builder *b, unsigned first, unsigned second) {
    b->pairs[first][second / 64] |= UINT64_C(1) << (second % 64);
}

static bool is_marked(const struct column_note_builder *b, unsigned first, unsigned second) {
    return (b->pairs[first][second / 64] >> (second % 64) & 1) != 0;
}

static void add_form(struct column_note_builder *b, struct str text) {
    unsigned before = COLUMN_NOTE_EDGE;
    uint64_t run = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned byte = (uint8_t)text.ptr[i];
        mark(b, before, byte);
        before = byte;
        run = ascii_is_digit(text.ptr[i]) ? run + 1 : 0;
        b->digit_run = run > b->digit_run ? run : b->digit_run;
    }
    mark(b, before, COLUMN_NOTE_EDGE);
}

static bool is_ascii(struct str text) {
    uint8_t any = 0;
    for (size_t i = 0; i < text.len; i++) {
        any |= (uint8_t)text.ptr[i];
    }
    return any < 0x80;
}

void column_note_add(struct column_note_builder *b, struct str text) {
    add_form(b, text);
    if (!is_ascii(text)) {
        struct buf folded = BUF_INIT;
        fold_text(&folded, text);
        add_form(b, buf_str(&folded));
        buf_fini(&folded);
    }
    b->text_bytes += text.len;
    b->is_used = true;
}

/* Those that occur are those that something stands before. Returns how many, with the edge. */
static uint32_t list_symbols(uint16_t symbols[COLUMN_NOTE_SYMBOLS], uint64_t bytes[4],
                             const struct column_note_builder *b) {
    uint64_t any[COLUMN_NOTE_SYMBOLS / 64 + 1] = {0};
    for (unsigned first = 0; first < COLUMN_NOTE_SYMBOLS; first++) {
        for (unsigned i = 0; i < 4; i++) {
            any[i] |= b->pairs[first][i];
        }
    }
    memcpy(bytes, any, 4 * sizeof *bytes);
    uint32_t count = 0;
    symbols[count++] = COLUMN_NOTE_EDGE;
    for (unsigned byte = 0; byte < 256; byte++) {
        if ((any[byte / 64] >> (byte % 64) & 1) != 0) {
            symbols[count++] = (uint16_t)byte;
        }
    }
    return count;
}

static void put_bytes(struct buf *out, const uint64_t bytes[4]) {
    unsigned groups = 0;
    for (unsigned g = 0; g < 256 / GROUP_BYTES; g++) {
        groups |= (uint32_t)(bytes[g / 2] >> (g % 2 * 32)) != 0 ? 1U << g : 0;
    }
    buf_putc(out, (char)groups);
    for (unsigned g = 0; g < 256 / GROUP_BYTES; g++) {
        if ((groups >> g & 1) != 0) {
            wire_put_fixed32(out, (uint32_t)(bytes[g / 2] >> (g % 2 * 32)));
        }
    }
}

static void put_pairs(struct buf *out, const struct column_note_builder *b, const uint16_t *symbols,
                      uint32_t side) {
    uint8_t *bits = (uint8_t *)buf_reserve(out, matrix_bytes(side));
    memset(bits, 0, matrix_bytes(side));
    for (uint32_t at = 0; at < side * side; at++) {
        bool has = is_marked(b, symbols[at / side], symbols[at % side]);
        bits[at / 8] |= (uint8_t)(has ? 1U << (at % 8) : 0);
    }
    out->len += matrix_bytes(side);
}

void column_note_encode(struct buf *out, const struct column_note_builder *b) {
    if (b == NULL || !b->is_used) {
        wire_put_u64(out, FORM_NONE);
        return;
    }
    uint16_t symbols[COLUMN_NOTE_SYMBOLS];
    uint64_t bytes[4];
    uint32_t side = list_symbols(symbols, bytes, b);
    bool pairs = matrix_bytes(side) <= PAIRS_FREE_BYTES + b->text_bytes / PAIRS_SHARE;
    wire_put_u64(out, pairs ? FORM_PAIRS : FORM_BYTES);
    wire_put_u64(out, b->digit_run);
    put_bytes(out, bytes);
    if (pairs) {
        put_pairs(out, b, symbols, side);
    }
}
