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

enum { ARENA_BLOCK_BYTES = 64 * 1024, ARENA_ALIGN = 16 };

void arena_fini(struct arena *a) {
    struct arena_block *block = a->first;
    while (block != NULL) {
        struct arena_block *next = block->next;
        mem_free(block);
        block = next;
    }
    *a = ARENA_INIT;
}

void arena_reset(struct arena *a) {
    if (a->first == NULL) {
        return;
    }
    struct arena keep = {a->first->next, NULL, 0};
    arena_fini(&keep);
    a->first->next = NULL;
    a->current = a->first;
    a->used = 0;
}

static void arena_add_block(struct arena *a, size_t size) {
    size_t bytes = size > ARENA_BLOCK_BYTES ? size : ARENA_BLOCK_BYTES;
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

void *arena_alloc(struct arena *a, size_t size) {
    CHECK(size <= SIZE_MAX - ARENA_ALIGN);
    size_t rounded = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    if (a->current == NULL || a->current->size - a->used < rounded) {
        arena_add_block(a, rounded);
    }
    void *ptr = a->current->bytes + a->used;
    a->used += rounded;
    memset(ptr, 0, rounded);
    return ptr;
}

void *arena_array(struct arena *a, size_t count, size_t size) {
    CHECK(size == 0 || count <= SIZE_MAX / size);
    return arena_alloc(a, count * size);
}

struct str arena_str(struct arena *a, struct str s) {
    char *copy = arena_alloc(a, s.len + 1);
    if (s.len > 0) {
        memcpy(copy, s.ptr, s.len);
    }
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
