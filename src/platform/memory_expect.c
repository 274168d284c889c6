#include "memory_expect.h"

#include <stdint.h>
#include <sys/mman.h>

#include "mem.h"

enum { LARGE_PAGE = 2 << 20 };

void memory_expect(size_t bytes) {
    if (bytes < 2 * (size_t)LARGE_PAGE) {
        return;
    }
    char *room = mem_alloc(bytes);
    size_t before = (LARGE_PAGE - (uintptr_t)room % LARGE_PAGE) % LARGE_PAGE;
    size_t whole = (bytes - before) / LARGE_PAGE * LARGE_PAGE;
    (void)madvise(room + before, whole, MADV_HUGEPAGE);
    mem_free(room); /* it is at the end of the heap, and stays there */
}
