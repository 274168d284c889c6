/*
 * How the heap of the process grows. On many machines touching a new page of memory costs 1 to 4 us
 * (a virtual machine: 4), which for a short search is more than all that it computes; one huge page
 * costs less than a hundred small ones.
 *
 * Only wishes: where the system has no huge pages, or another allocator is linked in, nothing
 * changes.
 */
#ifndef KONSEKI_HEAP_H
#define KONSEKI_HEAP_H

#include <stddef.h>

/* What the heap takes beyond its first 160 KiB is asked to be huge pages (madvise(2),
 * MADV_HUGEPAGE), 6 MiB at most: searches that find nothing to read take less, and no huge page.
 * Threads: before any other is started. */
void heap_prefer_huge_pages(void);
/* The calling thread will soon fill about so many bytes: they come from huge pages if they are two
 * or more. Nothing is held by this. For programs whose heap keeps what was freed (mallopt(3),
 * M_TRIM_THRESHOLD). Threads: any. */
void heap_expect(size_t bytes);

#endif
