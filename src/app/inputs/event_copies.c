#include "event_copies.h"

#include "hash.h"
#include "mem.h"

enum { FIRST_SLOTS = 1 << 12, NS_PER_MS = 1000000 };

struct event_copies {
    uint64_t *slots; /* hashes; 0: free. A power of two, at most half full */
    size_t slot_count;
    size_t count;
    uint64_t forgotten;
};

struct event_copies *event_copies_create(void) {
    struct event_copies *copies = mem_calloc(1, sizeof *copies);
    copies->slot_count = FIRST_SLOTS;
    copies->slots = mem_calloc(copies->slot_count, sizeof *copies->slots);
    return copies;
}

void event_copies_destroy(struct event_copies **copies) {
    if (*copies != NULL) {
        mem_free((*copies)->slots);
        mem_free(*copies);
        *copies = NULL;
    }
}

uint64_t event_copies_forgotten(const struct event_copies *copies) {
    return copies->forgotten;
}

/* Where the key is, or the free slot where it would be. */
static size_t find_slot(const struct event_copies *copies, uint64_t key) {
    size_t mask = copies->slot_count - 1;
    size_t at = (size_t)key & mask;
    while (copies->slots[at] != 0 && copies->slots[at] != key) {
        at = (at + 1) & mask;
    }
    return at;
}

static void grow(struct event_copies *copies) {
    uint64_t *old = copies->slots;
    size_t old_count = copies->slot_count;
    copies->slot_count *= 2;
    copies->slots = mem_calloc(copies->slot_count, sizeof *copies->slots);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i] != 0) {
            copies->slots[find_slot(copies, old[i])] = old[i];
        }
    }
    mem_free(old);
}

/* 0: the event cannot be known again. Times are compared in milliseconds: exports cut them. */
static uint64_t key_of(const struct batch *batch, const struct row *row) {
    struct str channel;
    struct str computer = STR_EMPTY;
    if (row->record_id == 0 || !batch_find(&channel, batch, row, FIELD_WINLOG_CHANNEL)) {
        return 0;
    }
    (void)batch_find(&computer, batch, row, FIELD_WINLOG_COMPUTER);
    uint64_t key = hash_str(channel);
    key = hash_u64(key ^ hash_str(computer)) + row->record_id;
    key = hash_u64(key) ^ (uint64_t)(row->time_ns / NS_PER_MS);
    key = hash_u64(key);
    return key != 0 ? key : 1;
}

bool event_copies_has(struct event_copies *copies, const struct batch *batch,
                      const struct row *row) {
    uint64_t key = key_of(batch, row);
    if (key == 0) {
        return false;
    }
    size_t at = find_slot(copies, key);
    if (copies->slots[at] == key) {
        return true;
    }
    if (copies->count >= EVENT_COPIES_MAX) {
        copies->forgotten++;
        return false;
    }
    copies->slots[at] = key;
    copies->count++;
    if (copies->count * 2 > copies->slot_count) {
        grow(copies);
    }
    return false;
}
