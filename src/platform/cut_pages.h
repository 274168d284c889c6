/*
 * Files that somebody cuts short while they are mapped. Reading a page behind the new end raises
 * SIGBUS (mmap(2)), which would end the process. Guarded, such a page reads as zeros and is
 * counted: the store's checksums see damage there, and who reads an input file asks
 * (input_file_check).
 *
 * Threads: any.
 */
#ifndef KONSEKI_CUT_PAGES_H
#define KONSEKI_CUT_PAGES_H

#include <stdint.h>

/* Before a file is mapped. Takes the place of whoever handled SIGBUS. */
void cut_pages_guard(void);
/* How many pages were gone when they were read, since the start of the process. */
uint64_t cut_pages_count(void);

#endif
