/*
 * Memory that will be asked for soon, in large pages: who fills tens of megabytes for a moment
 * spends a fifth of the time on getting small ones one by one.
 */
#ifndef KONSEKI_MEMORY_EXPECT_H
#define KONSEKI_MEMORY_EXPECT_H

#include <stddef.h>

/* The calling thread will allocate about so many bytes: the next ones that it gets come from large
 * pages where the system has them (madvise(2), MADV_HUGEPAGE). Nothing is held by this, and nothing
 * fails: it is a hint, and none if they are less than two such pages. For programs whose heap keeps
 * what was freed (mallopt(3), M_TRIM_THRESHOLD). */
void memory_expect(size_t bytes);

#endif
