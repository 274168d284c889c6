/*
 * How the heap of the process grows. On many machines touching a new page of memory costs 1 to 4 us
 * (a virtual machine: 4), which for a short search is more than all that it computes; one huge page
 * costs less than a hundred small ones.
 *
 * Only a wish: where the system has no huge pages, or another allocator is linked in, nothing
 * changes. Threads: before any other is started.
 */
#ifndef KONSEKI_HEAP_H
#define KONSEKI_HEAP_H

/* What the heap takes beyond its first 160 KiB is asked to be huge pages (madvise(2),
 * MADV_HUGEPAGE), 6 MiB at most: searches that find nothing to read take less, and no huge page. */
void heap_prefer_huge_pages(void);

#endif
