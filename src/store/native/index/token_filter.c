#include "token_filter.h"

#include "bytes.h"
#include "hash.h"
#include "layout.h"
#include "mem.h"
#include "token.h"

enum {
    BITS_A_TOKEN = 11,
    LEAST_BITS_A_TOKEN = 9, /* 1.3 % of the words that are not there are taken for possible */
    PROBE_BITS = 10,        /* of the hash, a probe */
    PROBES_A_HASH = 6,      /* then it is mixed again */
    CHECKSUM_BYTES = 4,
    LINE_BITS = (FILTER_LINE_BYTES - CHECKSUM_BYTES) * 8
};

void token_set_fini(struct token_set *t) {
    mem_free(t->slots);
    mem_free(t->fresh);
    mem_free(t->texts);
    buf_fini(&t->folded);
    memset(t, 0, sizeof *t);
}

void token_set_clear(struct token_set *t) {
    if (t->slots != NULL) {
        memset(t->slots, 0, t->slot_count * sizeof *t->slots);
    }
    if (t->texts != NULL) {
        memset(t->texts, 0, TOKEN_TEXT_CACHE * sizeof *t->texts);
    }
    t->numbers = NULL;
    t->count = 0;
    t->fresh_count = 0;
}

uint64_t token_hash(struct str token) {
    uint64_t hash = hash_str(token);
    return hash == 0 ? 1 : hash;
}

bool token_is_zoned(struct str token) {
    bool digit = false;
    for (size_t i = 0; i < token.len; i++) {
        char c = token.ptr[i];
        digit = digit || ascii_is_digit(c);
        if (!ascii_is_digit(c) && c != 't' && c != 'z') {
            return false;
        }
    }
    return digit;
}

/* True if the hash was not there. */
static bool insert(uint64_t *slots, size_t slot_count, uint64_t hash) {
    size_t at = (size_t)hash & (slot_count - 1);
    while (slots[at] != 0) {
        if (slots[at] == hash) {
            return false;
        }
        at = (at + 1) & (slot_count - 1);
    }
    slots[at] = hash;
    return true;
}

static void grow(struct token_set *t) {
    size_t wanted = t->slot_count == 0 ? 1024 : t->slot_count * 2;
    uint64_t *slots = mem_calloc(wanted, sizeof *slots);
    for (size_t i = 0; i < t->slot_count; i++) {
        if (t->slots[i] != 0) {
            (void)insert(slots, wanted, t->slots[i]);
        }
    }
    mem_free(t->slots);
    t->slots = slots;
    t->slot_count = wanted;
}

static void add_hash(struct token_set *t, uint64_t hash) {
    if (t->count * 2 >= t->slot_count) {
        grow(t);
    }
    if (insert(t->slots, t->slot_count, hash)) {
        t->count++;
        MEM_GROW(t->fresh, t->fresh_capacity, t->fresh_count + 1);
        t->fresh[t->fresh_count++] = hash;
    }
}

void token_set_add(struct token_set *t, struct str text) {
    buf_clear(&t->folded);
    fold_text(&t->folded, text);
    struct str rest = buf_str(&t->folded);
    struct str token;
    while (token_next(&token, &rest)) {
        if (!token_is_zoned(token)) {
            add_hash(t, token_hash(token));
        } else if (t->numbers != NULL) {
            number_words_add(t->numbers, token);
        }
    }
}

void token_set_add_once(struct token_set *t, struct str text) {
    uint64_t hash = token_hash(text);
    if (t->texts == NULL) {
        t->texts = mem_calloc(TOKEN_TEXT_CACHE, sizeof *t->texts);
    }
    uint64_t *place = &t->texts[hash % TOKEN_TEXT_CACHE];
    if (*place != hash) {
        *place = hash;
        token_set_add(t, text);
    }
}

void token_set_numbers(struct token_set *t, struct number_words *numbers) {
    if (t->numbers != numbers && t->texts != NULL) { /* what was added lately is not there yet */
        memset(t->texts, 0, TOKEN_TEXT_CACHE * sizeof *t->texts);
    }
    t->numbers = numbers;
}

void token_set_add_all(struct token_set *t, const struct token_set *from) {
    for (size_t i = 0; i < from->slot_count; i++) {
        if (from->slots[i] != 0) {
            add_hash(t, from->slots[i]);
        }
    }
}

void token_set_take_fresh(struct token_set *t, struct token_set *from) {
    for (size_t i = 0; i < from->fresh_count; i++) {
        add_hash(t, from->fresh[i]);
    }
    from->fresh_count = 0;
}

/* --- the filter --- */

uint64_t token_filter_bytes(uint64_t lines) {
    return lines * FILTER_LINE_BYTES;
}

static uint64_t line_of(uint64_t hash, uint64_t lines) {
    return (uint64_t)((unsigned __int128)hash * lines >> 64);
}

/* Which bit a hash sets at probe 0, 1 ...; `bits` is kept between the calls. */
static unsigned next_bit(uint64_t *bits, uint64_t hash, unsigned probe) {
    *bits = probe % PROBES_A_HASH == 0 ? hash_u64(hash + probe) : *bits >> PROBE_BITS;
    return ((unsigned)*bits & ((1u << PROBE_BITS) - 1)) * (unsigned)LINE_BITS >> PROBE_BITS;
}

static uint32_t line_checksum(const uint8_t *line) {
    return (uint32_t)hash_bytes(line, FILTER_LINE_BYTES - CHECKSUM_BYTES);
}

uint32_t token_filter_encode(struct buf *out, const uint64_t *hashes, size_t count,
                             unsigned bits_a_hash, unsigned probes) {
    uint64_t lines = (count * bits_a_hash + LINE_BITS - 1) / LINE_BITS;
    size_t bytes = (size_t)token_filter_bytes(lines);
    uint8_t *filter = (uint8_t *)buf_reserve(out, bytes + 1);
    memset(filter, 0, bytes);
    for (size_t i = 0; i < count; i++) {
        uint8_t *line = filter + line_of(hashes[i], lines) * FILTER_LINE_BYTES;
        uint64_t bits = 0;
        for (unsigned probe = 0; probe < probes; probe++) {
            unsigned bit = next_bit(&bits, hashes[i], probe);
            line[bit / 8] |= (uint8_t)(1u << (bit % 8));
        }
    }
    for (uint64_t i = 0; i < lines; i++) {
        uint8_t *line = filter + i * FILTER_LINE_BYTES;
        bytes_put_le32(line + FILTER_LINE_BYTES - CHECKSUM_BYTES, line_checksum(line));
    }
    out->len += bytes;
    return (uint32_t)lines;
}

uint32_t token_set_encode_fresh(struct buf *out, struct token_set *t, uint64_t bytes) {
    uint64_t bits = t->fresh_count == 0 ? BITS_A_TOKEN : bytes * 8 / t->fresh_count;
    bits = bits > BITS_A_TOKEN         ? BITS_A_TOKEN
           : bits < LEAST_BITS_A_TOKEN ? LEAST_BITS_A_TOKEN
                                       : bits;
    uint32_t lines =
        token_filter_encode(out, t->fresh, t->fresh_count, (unsigned)bits, TOKEN_PROBES);
    t->fresh_count = 0;
    return lines;
}

uint64_t token_filter_line(uint64_t lines, uint64_t hash) {
    return line_of(hash, lines) * FILTER_LINE_BYTES;
}

bool token_line_is_whole(const uint8_t *line) {
    return bytes_le32(line + FILTER_LINE_BYTES - CHECKSUM_BYTES) == line_checksum(line);
}

bool token_line_may_have(const uint8_t *line, uint64_t hash, unsigned probes) {
    uint64_t bits = 0;
    for (unsigned probe = 0; probe < probes; probe++) {
        unsigned bit = next_bit(&bits, hash, probe);
        if ((line[bit / 8] >> (bit % 8) & 1) == 0) {
            return false;
        }
    }
    return true;
}

enum token_answer token_line_has(const uint8_t *line, uint64_t hash, unsigned probes) {
    if (!token_line_is_whole(line)) {
        return TOKEN_DAMAGED;
    }
    return token_line_may_have(line, hash, probes) ? TOKEN_MAYBE : TOKEN_ABSENT;
}
