/*
 * The only door to the heap. Running out of memory ends the program with a message: sizes that
 * come from input are limited by the caller before they get here.
 */
#ifndef KONSEKI_MEM_H
#define KONSEKI_MEM_H

#include <stddef.h>

/* Never NULL; zero-filled. count * size is checked for overflow. Free with mem_free. */
void *mem_calloc(size_t count, size_t size);
/* Never NULL; contents undefined. */
void *mem_alloc(size_t size);
/* Grows or shrinks; `old` may be NULL. */
void *mem_realloc(void *old, size_t count, size_t size);
/* NULL is fine. */
void mem_free(void *ptr);
/* Gives memory that was freed back to the system: after much was needed for a while. Milliseconds.
 */
void mem_trim(void);
/* A NUL-terminated copy of len bytes. */
char *mem_strdup(const char *ptr, size_t len);

/* Grows the array (*items, *capacity) so that it holds at least `needed` items. Doubles. */
#define MEM_GROW(items, capacity, needed)                                                          \
    do {                                                                                           \
        if ((needed) > (capacity)) {                                                               \
            size_t mem_new_capacity_ = mem_next_capacity((capacity), (needed));                    \
            (items) = mem_realloc((items), mem_new_capacity_, sizeof *(items));                    \
            (capacity) = mem_new_capacity_;                                                        \
        }                                                                                          \
    } while (0)

size_t mem_next_capacity(size_t capacity, size_t needed);

#endif
