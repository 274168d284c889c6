#include "intern.h"

#include "check.h"
#include "hash.h"
#include "mem.h"

enum { FIRST_SLOTS = 64, MOST_SLOTS = 1 << 30 };

void intern_fini(struct intern *t) {
    arena_fini(&t->arena);
    mem_free(t->texts);
    mem_free(t->hashes);
    mem_free(t->slots);
    *t = INTERN_INIT;
}

void intern_clear(struct intern *t) {
    arena_reset(&t->arena);
    t->count = 0;
    if (t->slots != NULL) {
        memset(t->slots, 0, t->slot_count * sizeof *t->slots);
    }
}

static uint64_t make_slot(uint64_t hash, uint32_t id) {
    return (hash & ~(uint64_t)UINT32_MAX) | (id + 1);
}

static uint32_t slot_id(uint64_t slot) {
    return (uint32_t)slot - 1;
}

/* The slot that holds `text`, or the free slot where it would go. slot_count is a power of 2. */
static uint32_t find_slot(const struct intern *t, struct str text, uint64_t hash) {
    uint32_t mask = t->slot_count - 1;
    uint32_t at = (uint32_t)hash & mask;
    for (; t->slots[at] != 0; at = (at + 1) & mask) {
        uint64_t slot = t->slots[at];
        if ((slot ^ hash) >> 32 == 0 && str_eq(t->texts[slot_id(slot)], text)) {
            return at;
        }
    }
    return at;
}

static void grow_slots(struct intern *t, uint32_t wanted) {
    CHECK(wanted > t->slot_count);
    mem_free(t->slots);
    t->slots = mem_calloc(wanted, sizeof *t->slots);
    t->slot_count = wanted;
    for (uint32_t id = 0; id < t->count; id++) {
        uint32_t at = (uint32_t)t->hashes[id] & (wanted - 1);
        while (t->slots[at] != 0) {
            at = (at + 1) & (wanted - 1);
        }
        t->slots[at] = make_slot(t->hashes[id], id);
    }
}

static void grow_items(struct intern *t) {
    if (t->count < t->capacity) {
        return;
    }
    size_t wanted = mem_next_capacity(t->capacity, (size_t)t->count + 1);
    t->texts = mem_realloc(t->texts, wanted, sizeof *t->texts);
    t->hashes = mem_realloc(t->hashes, wanted, sizeof *t->hashes);
    t->capacity = wanted;
}

void intern_reserve(struct intern *t, uint32_t more) {
    uint32_t wanted = t->slot_count == 0 ? FIRST_SLOTS : t->slot_count;
    while (wanted < MOST_SLOTS && (uint64_t)t->count + more > wanted / 2) {
        wanted *= 2;
    }
    if (wanted > t->slot_count) {
        grow_slots(t, wanted);
    }
}

uint32_t intern_add(struct intern *t, struct str text) {
    return intern_add_hashed(t, text, hash_str(text));
}

uint32_t intern_add_hashed(struct intern *t, struct str text, uint64_t hash) {
    if (t->slot_count == 0 || t->count >= t->slot_count / 2) {
        grow_slots(t, t->slot_count == 0 ? FIRST_SLOTS : t->slot_count * 2);
    }
    uint32_t at = find_slot(t, text, hash);
    if (t->slots[at] != 0) {
        return slot_id(t->slots[at]);
    }
    grow_items(t);
    uint32_t id = t->count++;
    t->texts[id] = arena_str(&t->arena, text);
    t->hashes[id] = hash;
    t->slots[at] = make_slot(hash, id);
    return id;
}

uint32_t intern_find(const struct intern *t, struct str text) {
    if (t->slot_count == 0) {
        return INTERN_NONE;
    }
    uint32_t at = find_slot(t, text, hash_str(text));
    return t->slots[at] == 0 ? INTERN_NONE : slot_id(t->slots[at]);
}

/* A text in lower case for the time of one call. */
struct lowered {
    char few[256];
    char *many; /* what is longer */
    struct str text;
};

static void lower_begin(struct lowered *l, struct str text) {
    l->many = text.len > sizeof l->few ? mem_alloc(text.len) : NULL;
    char *to = l->many != NULL ? l->many : l->few;
    for (size_t i = 0; i < text.len; i++) {
        to[i] = ascii_lower(text.ptr[i]);
    }
    l->text = str_make(to, text.len);
}

uint32_t intern_add_lower(struct intern *t, struct str text) {
    struct lowered l;
    lower_begin(&l, text);
    uint32_t id = intern_add(t, l.text);
    mem_free(l.many);
    return id;
}

uint32_t intern_find_lower(const struct intern *t, struct str text) {
    if (t->count == 0) {
        return INTERN_NONE;
    }
    struct lowered l;
    lower_begin(&l, text);
    uint32_t id = intern_find(t, l.text);
    mem_free(l.many);
    return id;
}
