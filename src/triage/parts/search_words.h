/*
 * The words of a search: each a text (base/substring) or an expression (PCRE2 with the limits of
 * src/expr). An event is found when the first words are all in it, or any of the others.
 *
 * Threads: one. Ownership: owns copies of the words.
 */
#ifndef KONSEKI_SEARCH_WORDS_H
#define KONSEKI_SEARCH_WORDS_H

#include "triage.h"

enum { SEARCH_WORDS = 64 };

struct search_words;

/* BAD_INPUT: an expression that cannot be read, too many words, an empty one. */
enum status search_words_create(struct search_words **out, const struct triage_options *options,
                                struct err *err) MUST_CHECK;
void search_words_destroy(struct search_words **words);
/* The words that are in the text, bit by word; only those of `wanted` are looked for. */
uint64_t search_words_in(struct search_words *words, struct str text, uint64_t wanted);
uint64_t search_words_all(const struct search_words *words);
/* Is an event found that has these words? */
bool search_words_found(const struct search_words *words, uint64_t present);

#endif
