#include "mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(size_t size) {
    fprintf(stderr,
            "konseki: out of memory (%zu bytes wanted); give the machine more memory or "
            "lower memory.limit\n",
            size);
    abort();
}

static size_t checked_product(size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size) {
        out_of_memory(SIZE_MAX);
    }
    return count * size;
}

void *mem_calloc(size_t count, size_t size) {
    size_t total = checked_product(count, size);
    void *ptr = calloc(total > 0 ? total : 1, 1);
    if (ptr == NULL) {
        out_of_memory(total);
    }
    return ptr;
}

void *mem_alloc(size_t size) {
    void *ptr = malloc(size > 0 ? size : 1);
    if (ptr == NULL) {
        out_of_memory(size);
    }
    return ptr;
}

void *mem_realloc(void *old, size_t count, size_t size) {
    size_t total = checked_product(count, size);
    void *ptr = realloc(old, total > 0 ? total : 1);
    if (ptr == NULL) {
        out_of_memory(total);
    }
    return ptr;
}

void mem_free(void *ptr) {
    free(ptr);
}

void mem_trim(void) {
    (void)malloc_trim(0);
}

char *mem_strdup(const char *ptr, size_t len) {
    char *copy = mem_alloc(len + 1);
    if (len > 0) {
        memcpy(copy, ptr, len);
    }
    copy[len] = '\0';
    return copy;
}

size_t mem_next_capacity(size_t capacity, size_t needed) {
    size_t next = capacity < 16 ? 16 : capacity;
    while (next < needed) {
        next = next > SIZE_MAX / 2 ? needed : next * 2;
    }
    return next;
}
