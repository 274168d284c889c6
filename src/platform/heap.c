#define _DEFAULT_SOURCE /* sbrk, madvise */
#include "heap.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"

#define HUGE_PAGE_BYTES ((uintptr_t)2 << 20)
#define HUGE_BYTES      ((uintptr_t)6 << 20)
#define WANTED_BYTES    ((uintptr_t)8 << 20)
#define FIRST_BYTES     ((uintptr_t)160 << 10) /* more than the heap has left before main() */
#define HEAD_BYTES      ((uintptr_t)64)        /* what the allocator writes around it */

#ifdef MADV_HUGEPAGE
/* Makes the allocator go on so far before `start` that it has touched nothing behind it: a huge
 * page comes only where no small one is. False: it went elsewhere. */
static bool lead_to(uintptr_t start) {
    (void)mallopt(M_TOP_PAD, (int)WANTED_BYTES);
    void *first = malloc(FIRST_BYTES); /* style: heap: where the allocator goes on is asked */
    uintptr_t before = start - (uintptr_t)first;
    free(first); /* style: heap: as above */
    return before <= FIRST_BYTES + HEAD_BYTES && (uintptr_t)sbrk(0) - start >= HUGE_BYTES;
}

void heap_prefer_huge_pages(void) {
    uintptr_t end = (uintptr_t)sbrk(0);
    uintptr_t least = end + FIRST_BYTES + HEAD_BYTES;
    uintptr_t start = (least + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    char *moved = sbrk((intptr_t)(start - least));
    if ((uintptr_t)moved == end && lead_to(start)) {
        (void)madvise(moved + (start - end), HUGE_BYTES, MADV_HUGEPAGE);
    }
}

void heap_expect(size_t bytes) {
    if (bytes < 2 * HUGE_PAGE_BYTES) {
        return;
    }
    char *room = mem_alloc(bytes);
    size_t before = (HUGE_PAGE_BYTES - (uintptr_t)room % HUGE_PAGE_BYTES) % HUGE_PAGE_BYTES;
    size_t whole = (bytes - before) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    (void)madvise(room + before, whole, MADV_HUGEPAGE);
    mem_free(room); /* it is at the end of the heap, and stays there */
}
#else
void heap_prefer_huge_pages(void) {
}

void heap_expect(size_t bytes) {
    (void)bytes;
}
#endif
