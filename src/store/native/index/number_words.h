/*
 * Words of digits of one stripe while it is written, for the index of number_index.h.
 *
 * A word counts if it is zoned (token_is_zoned) and has at least NUMBER_WORD_DIGITS digits: shorter
 * ones stand in nearly every stripe, so that listing them would exclude nothing.
 *
 * Ownership: words are copied. Threads: one a list. Cost: sorting, once for all.
 */
#ifndef KONSEKI_NUMBER_WORDS_H
#define KONSEKI_NUMBER_WORDS_H

#include "buf.h"

enum { NUMBER_WORD_DIGITS = 6, NUMBER_WORD_LEAST = 100000 };

/* Keys from here on are hashes of words that are no plain numbers ("000123"). */
#define NUMBER_WORD_HASHES (UINT64_C(1) << 63)

/* All zero is empty. */
struct number_words {
    uint64_t *keys;
    size_t count;
    size_t capacity;
    size_t limit; /* of `count`: then equal ones are looked for */
    struct buf folded;
};

/* True if the folded word is zoned and counts. */
bool number_word_counts(struct str word);
/* What the index knows a word that counts by: the number that it is, or a hash. */
uint64_t number_word_key(struct str word);

void number_words_fini(struct number_words *n);
/* Forgets the words, keeps memory. */
void number_words_clear(struct number_words *n);
void number_words_add_key(struct number_words *n, uint64_t key);
/* Adds a folded word if it is zoned and counts. */
void number_words_add(struct number_words *n, struct str word);
/* Adds the words that count of a text (UTF-8). */
void number_words_add_text(struct number_words *n, struct str text);
/* Adds a number as its decimal digits are a word. */
void number_words_add_number(struct number_words *n, uint64_t number);
void number_words_add_all(struct number_words *n, const struct number_words *from);
/* Puts the keys in ascending order, each once. */
void number_words_sort(struct number_words *n);

#endif
