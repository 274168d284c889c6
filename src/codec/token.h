/*
 * Search tokens. Text is folded (NFKC, case folding: full-width and half-width, upper and lower
 * case become one), then cut into tokens: maximal runs of letters, digits and '_' (the \w of
 * regular expressions). Runs of Han, Hiragana, Katakana and Hangul are not separated by blanks in
 * practice: each such character is a token of its own, so that a phrase of them finds any
 * substring.
 */
#ifndef KONSEKI_TOKEN_H
#define KONSEKI_TOKEN_H

#include "buf.h"

/* Appends the folded form of UTF-8 text (invalid bytes become U+FFFD). ASCII is fast. */
void fold_text(struct buf *out, struct str text);

/* Takes the next token out of *rest (folded text). False at the end. */
bool token_next(struct str *out, struct str *rest);
/* Takes the next maximal run of token characters: like token_next, but Han and kana are not cut. */
bool token_run_next(struct str *out, struct str *rest);
/* True if no token reaches from before `at` over it (at <= folded.len). */
bool token_may_begin(struct str folded, size_t at);

#endif
