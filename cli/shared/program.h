/*
 * What the two programs share: language, help, and the choice of the command.
 *
 * konseki itself (front.c) holds only what searches and proofs need, because a program that is
 * linked to all libraries takes 11 ms to start; every other command is run by konseki-main
 * (main.c), which lies beside it and knows them all.
 */
#ifndef KONSEKI_PROGRAM_H
#define KONSEKI_PROGRAM_H

#include "str.h"

/* Batches and columns of some megabytes come and go: keeps their memory instead of giving it back
 * to the kernel and faulting it in again. A closed pipe is seen as a write error. */
void program_prepare(void);

/* Takes `--lang X` out of the arguments, wherever it stands; NULL when there is none. */
const char *program_take_lang(int *argc, char **argv);
/* Messages in `lang`, NULL: in the language of the locale. False with a message if there is no such
 * language. */
bool program_start_language(const char *lang);

#endif
