/*
 * Which build of the program runs: the identification that the linker wrote into the executable
 * (note NT_GNU_BUILD_ID, ELF), which differs for every change of the code.
 */
#ifndef KONSEKI_BUILD_ID_H
#define KONSEKI_BUILD_ID_H

#include "str.h"

/* Borrowed for the life of the process; empty if the linker wrote none. */
struct str build_id(void);

#endif
