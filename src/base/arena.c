#include "arena.h"

#include <stdarg.h>
#include <stdio.h>

#include "check.h"
#include "mem.h"

struct arena_block {
    struct arena_block *next;
    size_t size;
    _Alignas(16) char bytes[];
};

enum { FIRST_BLOCK_BYTES = 1024 - 48, BLOCK_BYTES = 64 * 1024, ARENA_ALIGN = 16 };

static void free_blocks(struct arena_block *block) {
    while (block != NULL) {
        struct arena_block *next = block->next;
        mem_free(block);
        block = next;
    }
}

void arena_fini(struct arena *a) {
    free_blocks(a->first);
    *a = ARENA_INIT;
}

void arena_reset(struct arena *a) {
    if (a->first == NULL) {
        return;
    }
    struct arena_block *last = a->first;
    struct arena_block *others = NULL;
    while (last->next != NULL) {
        struct arena_block *next = last->next;
        last->next = others;
        others = last;
        last = next;
    }
    free_blocks(others);
    a->first = last;
    a->current = last;
    a->used = 0;
}

/* Blocks double up to BLOCK_BYTES: most arenas stay small. */
static void add_block(struct arena *a, size_t size) {
    size_t bytes = a->current == NULL ? FIRST_BLOCK_BYTES : a->current->size * 2;
    bytes = bytes > BLOCK_BYTES ? BLOCK_BYTES : bytes;
    bytes = size > bytes ? size : bytes;
    struct arena_block *block = mem_alloc(sizeof *block + bytes);
    block->next = NULL;
    block->size = bytes;
    if (a->current == NULL) {
        a->first = block;
    } else {
        a->current->next = block;
    }
    a->current = block;
    a->used = 0;
}

/* Not zeroed, at any address. */
static char *take_bytes(struct arena *a, size_t size) {
    if (a->current == NULL || a->current->size - a->used < size) {
        add_block(a, size);
    }
    char *ptr = a->current->bytes + a->used;
    a->used += size;
    return ptr;
}

void *arena_alloc(struct arena *a, size_t size) {
    CHECK(size <= SIZE_MAX - ARENA_ALIGN);
    size_t aligned = (a->used + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    if (a->current != NULL) { /* the end of a block need not be aligned */
        a->used = aligned < a->current->size ? aligned : a->current->size;
    }
    void *ptr = take_bytes(a, size);
    memset(ptr, 0, size);
    return ptr;
}

void *arena_array(struct arena *a, size_t count, size_t size) {
    CHECK(size == 0 || count <= SIZE_MAX / size);
    return arena_alloc(a, count * size);
}

struct str arena_str(struct arena *a, struct str s) {
    CHECK(s.len < SIZE_MAX);
    char *copy = take_bytes(a, s.len + 1);
    if (s.len > 0) {
        memcpy(copy, s.ptr, s.len);
    }
    copy[s.len] = '\0';
    return str_make(copy, s.len);
}

struct str arena_printf(struct arena *a, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(wanted >= 0);
    char *text = arena_alloc(a, (size_t)wanted + 1);
    va_start(args, format);
    (void)vsnprintf(text, (size_t)wanted + 1, format, args);
    va_end(args);
    return str_make(text, (size_t)wanted);
}
