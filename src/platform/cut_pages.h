/*
 * Files that somebody cuts short while they are mapped. Reading a page behind the new end raises
 * SIGBUS (mmap(2)), which would end the process. Guarded, such a page reads as zeros and is
 * counted: the store's checksums see damage there, and who reads an input file asks
 * (input_file_check).
 *
 * Threads: any; a page counts for the thread that read it, so that one who reads another file at
 * the same time is not told of it.
 */
#ifndef KONSEKI_CUT_PAGES_H
#define KONSEKI_CUT_PAGES_H

#include <stdint.h>

/* Before a file is mapped. Takes the place of whoever handled SIGBUS. */
void cut_pages_guard(void);
/* How many pages were gone when this thread read them, since its start. */
uint64_t cut_pages_count(void);

#endif
