/*
 * Interning: text -> small dense id (0, 1, 2 ...) and back. Texts are copied; pointers returned
 * by intern_text stay valid until intern_fini. Not thread-safe.
 */
#ifndef KONSEKI_INTERN_H
#define KONSEKI_INTERN_H

#include "arena.h"

#define INTERN_NONE UINT32_MAX

struct intern {
    struct arena arena;
    struct str *texts; /* by id */
    uint64_t *hashes;  /* by id */
    size_t capacity;
    uint32_t count;
    uint64_t *slots; /* high half of the hash, id + 1; 0 = free */
    uint32_t slot_count;
};

#define INTERN_INIT ((struct intern){ARENA_INIT, NULL, NULL, 0, 0, NULL, 0})

void intern_fini(struct intern *t);
/* Forgets everything, keeps some memory. */
void intern_clear(struct intern *t);
uint32_t intern_add(struct intern *t, struct str text);
/* For many texts: make room, hash all, then fetch the place of one while an earlier one is added
 * (`hash` is hash_str of the text). */
void intern_reserve(struct intern *t, uint32_t more);
uint32_t intern_add_hashed(struct intern *t, struct str text, uint64_t hash);
static inline void intern_prefetch(const struct intern *t, uint64_t hash) {
    if (t->slot_count > 0) {
        __builtin_prefetch(&t->slots[(uint32_t)hash & (t->slot_count - 1)]);
    }
}
/* The text that probably has this hash, whose place is fetched; INTERN_NONE: ask intern_find. */
static inline uint32_t intern_guess(const struct intern *t, uint64_t hash) {
    uint64_t slot = t->slot_count > 0 ? t->slots[(uint32_t)hash & (t->slot_count - 1)] : 0;
    if ((uint32_t)slot == 0 || (slot ^ hash) >> 32 != 0) {
        return INTERN_NONE;
    }
    __builtin_prefetch(&t->texts[(uint32_t)slot - 1]);
    return (uint32_t)slot - 1;
}
/* INTERN_NONE when it is not there. */
uint32_t intern_find(const struct intern *t, struct str text);
/* The same for the text with its ASCII letters in lower case. */
uint32_t intern_add_lower(struct intern *t, struct str text);
uint32_t intern_find_lower(const struct intern *t, struct str text);

static inline struct str intern_text(const struct intern *t, uint32_t id) {
    return t->texts[id];
}

#endif
