#include "number_words.h"

#include "hash.h"
#include "mem.h"
#include "num.h"
#include "token.h"

enum {
    FIRST_LIMIT = 1 << 16,
    KEY_BYTES = 8,
    MAX_NUMBER_DIGITS = 18 /* any so many digits are below NUMBER_WORD_HASHES */
};

#define LONG_NUMBER UINT64_C(1000000000000000000) /* has more digits than MAX_NUMBER_DIGITS */

bool number_word_counts(struct str word) {
    size_t digits = 0;
    for (size_t i = 0; i < word.len; i++) {
        bool digit = ascii_is_digit(word.ptr[i]);
        if (!digit && word.ptr[i] != 't' && word.ptr[i] != 'z') {
            return false;
        }
        digits += digit;
    }
    return digits >= NUMBER_WORD_DIGITS;
}

uint64_t number_word_key(struct str word) {
    uint64_t number;
    bool plain = word.ptr[0] != '0' && word.len <= MAX_NUMBER_DIGITS;
    return plain && num_parse_u64(&number, word) ? number : hash_str(word) | NUMBER_WORD_HASHES;
}

void number_words_fini(struct number_words *n) {
    mem_free(n->keys);
    buf_fini(&n->folded);
    *n = (struct number_words){.keys = NULL};
}

void number_words_clear(struct number_words *n) {
    n->count = 0;
    n->limit = 0;
}

void number_words_add_key(struct number_words *n, uint64_t key) {
    if (n->count > 0 && n->keys[n->count - 1] == key) {
        return;
    }
    if (n->count >= n->limit) {
        number_words_sort(n);
        n->limit = n->count * 2 > FIRST_LIMIT ? n->count * 2 : FIRST_LIMIT;
    }
    MEM_GROW(n->keys, n->capacity, n->count + 1);
    n->keys[n->count++] = key;
}

void number_words_add(struct number_words *n, struct str word) {
    if (number_word_counts(word)) {
        number_words_add_key(n, number_word_key(word));
    }
}

void number_words_add_number(struct number_words *n, uint64_t number) {
    if (number >= NUMBER_WORD_LEAST && number < LONG_NUMBER) {
        number_words_add_key(n, number);
    } else if (number >= LONG_NUMBER) {
        char digits[20];
        number_words_add(n, str_make(digits, num_format_u64(digits, number)));
    }
}

static bool is_ascii(struct str text) {
    uint8_t any = 0;
    for (size_t i = 0; i < text.len; i++) {
        any |= (uint8_t)text.ptr[i];
    }
    return any < 0x80;
}

void number_words_add_text(struct number_words *n, struct str text) {
    size_t digits = 0; /* in a row or not: most texts have too few */
    bool ascii = is_ascii(text);
    for (size_t i = 0; i < text.len && ascii; i++) {
        digits += ascii_is_digit(text.ptr[i]);
    }
    if (ascii && digits < NUMBER_WORD_DIGITS) {
        return;
    }
    buf_clear(&n->folded);
    fold_text(&n->folded, text);
    struct str rest = buf_str(&n->folded);
    struct str word;
    while (token_next(&word, &rest)) {
        number_words_add(n, word);
    }
}

void number_words_add_all(struct number_words *n, const struct number_words *from) {
    for (size_t i = 0; i < from->count; i++) {
        number_words_add_key(n, from->keys[i]);
    }
}

/* --- sorting --- */

/* One pass of a radix sort, by byte `byte` of the keys; false if they do not differ in it. */
static bool sort_by_byte(uint64_t *out, const uint64_t *keys, size_t count, unsigned byte) {
    size_t starts[257] = {0};
    for (size_t i = 0; i < count; i++) {
        starts[(keys[i] >> (8 * byte) & 0xff) + 1]++;
    }
    for (size_t i = 1; i <= 256; i++) {
        if (starts[i] == count) {
            return false;
        }
        starts[i] += starts[i - 1];
    }
    for (size_t i = 0; i < count; i++) {
        out[starts[keys[i] >> (8 * byte) & 0xff]++] = keys[i];
    }
    return true;
}

void number_words_sort(struct number_words *n) {
    if (n->count < 2) {
        return;
    }
    uint64_t *other = mem_alloc(n->capacity * sizeof *other);
    for (unsigned byte = 0; byte < KEY_BYTES; byte++) {
        if (sort_by_byte(other, n->keys, n->count, byte)) {
            uint64_t *sorted = other;
            other = n->keys;
            n->keys = sorted;
        }
    }
    mem_free(other);
    size_t kept = 1;
    for (size_t i = 1; i < n->count; i++) {
        if (n->keys[i] != n->keys[kept - 1]) {
            n->keys[kept++] = n->keys[i];
        }
    }
    n->count = kept;
}
