#include "token_filter.h"

#include "bytes.h"
#include "hash.h"
#include "layout.h"
#include "mem.h"
#include "token.h"

enum {
    BITS_A_TOKEN = 9,
    PROBES = 6,
    LINE_BITS = FILTER_LINE_BYTES * 8,
    PAGE_LINE_BYTES = FILTER_PAGE_LINES * FILTER_LINE_BYTES,
    CHECKSUM_BYTES = 8
};

void token_set_fini(struct token_set *t) {
    mem_free(t->slots);
    buf_fini(&t->folded);
    memset(t, 0, sizeof *t);
}

uint64_t token_hash(struct str token) {
    uint64_t hash = hash_str(token);
    return hash == 0 ? 1 : hash;
}

static void insert(uint64_t *slots, size_t slot_count, uint64_t hash, size_t *count) {
    size_t at = (size_t)hash & (slot_count - 1);
    while (slots[at] != 0) {
        if (slots[at] == hash) {
            return;
        }
        at = (at + 1) & (slot_count - 1);
    }
    slots[at] = hash;
    ++*count;
}

static void grow(struct token_set *t) {
    size_t wanted = t->slot_count == 0 ? 1024 : t->slot_count * 2;
    uint64_t *slots = mem_calloc(wanted, sizeof *slots);
    size_t count = 0;
    for (size_t i = 0; i < t->slot_count; i++) {
        if (t->slots[i] != 0) {
            insert(slots, wanted, t->slots[i], &count);
        }
    }
    mem_free(t->slots);
    t->slots = slots;
    t->slot_count = wanted;
}

void token_set_add(struct token_set *t, struct str text) {
    buf_clear(&t->folded);
    fold_text(&t->folded, text);
    struct str rest = buf_str(&t->folded);
    struct str token;
    while (token_next(&token, &rest)) {
        if (t->count * 2 >= t->slot_count) {
            grow(t);
        }
        insert(t->slots, t->slot_count, token_hash(token), &t->count);
    }
}

/* --- the filter --- */

uint64_t token_filter_bytes(uint64_t lines) {
    uint64_t full = lines / FILTER_PAGE_LINES;
    uint64_t rest = lines % FILTER_PAGE_LINES;
    return full * FILTER_PAGE_BYTES + (rest > 0 ? rest * FILTER_LINE_BYTES + CHECKSUM_BYTES : 0);
}

static uint64_t line_of(uint64_t hash, uint64_t lines) {
    return (uint64_t)((unsigned __int128)hash * lines >> 64);
}

static uint64_t line_offset(uint64_t line) {
    return line / FILTER_PAGE_LINES * FILTER_PAGE_BYTES +
           line % FILTER_PAGE_LINES * FILTER_LINE_BYTES;
}

/* Bytes of lines in the page that starts at line `first`. */
static size_t page_line_bytes(uint64_t first, uint64_t lines) {
    uint64_t left = lines - first;
    return (size_t)(left < FILTER_PAGE_LINES ? left : FILTER_PAGE_LINES) * FILTER_LINE_BYTES;
}

uint64_t token_filter_encode(struct buf *out, const struct token_set *t) {
    uint64_t lines = (t->count * BITS_A_TOKEN + LINE_BITS - 1) / LINE_BITS;
    size_t bytes = (size_t)token_filter_bytes(lines);
    uint8_t *filter = (uint8_t *)buf_reserve(out, bytes + 1);
    memset(filter, 0, bytes);
    for (size_t i = 0; i < t->slot_count; i++) {
        uint64_t hash = t->slots[i];
        if (hash != 0) {
            uint8_t *line = filter + line_offset(line_of(hash, lines));
            uint64_t bits = hash_u64(hash);
            for (int probe = 0; probe < PROBES; probe++, bits >>= 9) {
                line[(bits & (LINE_BITS - 1)) / 8] |= (uint8_t)(1u << (bits & 7));
            }
        }
    }
    for (uint64_t first = 0; first < lines; first += FILTER_PAGE_LINES) {
        uint8_t *page = filter + line_offset(first);
        size_t len = page_line_bytes(first, lines);
        bytes_put_le64(page + len, hash_bytes(page, len));
    }
    out->len += bytes;
    return lines;
}

enum token_answer token_filter_has(const uint8_t *bytes, uint64_t lines, uint64_t hash) {
    if (lines == 0) {
        return TOKEN_ABSENT;
    }
    uint64_t line_number = line_of(hash, lines);
    uint64_t first = line_number - line_number % FILTER_PAGE_LINES;
    const uint8_t *page = bytes + line_offset(first);
    size_t len = page_line_bytes(first, lines);
    if (bytes_le64(page + len) != hash_bytes(page, len)) {
        return TOKEN_DAMAGED;
    }
    const uint8_t *line = bytes + line_offset(line_number);
    uint64_t bits = hash_u64(hash);
    for (int probe = 0; probe < PROBES; probe++, bits >>= 9) {
        if ((line[(bits & (LINE_BITS - 1)) / 8] >> (bits & 7) & 1) == 0) {
            return TOKEN_ABSENT;
        }
    }
    return TOKEN_MAYBE;
}
