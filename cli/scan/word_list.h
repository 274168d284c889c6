/*
 * Lists of words in text files, one a line: what stands before the first comma, blanks around it
 * and what is behind '#' left out. The lists of rule ids that other tools keep (exclude_rules.txt,
 * noisy_rules.txt, level_tuning.txt of Hayabusa) have this form.
 *
 * Ownership: words and the array lie in the caller's arena. Threads: one.
 */
#ifndef KONSEKI_WORD_LIST_H
#define KONSEKI_WORD_LIST_H

#include "arena.h"
#include "err.h"

struct word_list {
    struct arena *arena;
    const char **items;
    size_t count;
    size_t capacity;
};

void word_list_add(struct word_list *list, struct str word);
/* BAD_INPUT: the file names nothing; ENVIRONMENT: it cannot be read. */
enum status word_list_read(struct word_list *list, const char *path, struct err *err) MUST_CHECK;

#endif
