#include "sigma_memo.h"

#include "arena.h"
#include "hash.h"
#include "mem.h"

enum { TABLE_SIZE = 1 << 17, VALUE_LIMIT = 2048, BYTE_LIMIT = 24 << 20, RECENT_SIZE = 1024 };

/* Two in a line of the processor's cache. */
struct entry {
    uint64_t hash;
    uint32_t *ids; /* the value's bytes follow them; NULL: free */
    uint32_t text_len;
    uint32_t id_count;
    uint32_t slot;
};

struct sigma_memo {
    struct entry *table;
    uint16_t *tags;       /* by place: a part of the hash, so that misses do not touch the table */
    struct entry *recent; /* by slot and field: copies, small enough for the processor's cache */
    struct arena arena;
    size_t bytes;
    size_t count;
    uint64_t hash; /* of the value looked up last */
    struct sigma_ids work;
    struct sigma_ids view;
};

struct sigma_memo *sigma_memo_create(void) {
    struct sigma_memo *memo = mem_calloc(1, sizeof *memo);
    memo->table = mem_calloc(TABLE_SIZE, sizeof *memo->table);
    memo->tags = mem_calloc(TABLE_SIZE, sizeof *memo->tags);
    memo->recent = mem_calloc(RECENT_SIZE, sizeof *memo->recent);
    return memo;
}

void sigma_memo_destroy(struct sigma_memo **memo) {
    if (*memo != NULL) {
        arena_fini(&(*memo)->arena);
        sigma_ids_fini(&(*memo)->work);
        mem_free((*memo)->table);
        mem_free((*memo)->tags);
        mem_free((*memo)->recent);
        mem_free(*memo);
        *memo = NULL;
    }
}

static bool has_text(const struct entry *e, uint32_t slot, struct str value) {
    return e->ids != NULL && e->slot == slot && e->text_len == value.len &&
           memcmp(e->ids + e->id_count, value.ptr, value.len) == 0;
}

/* Two places a hash: a small set-associative cache needs no chains and no deletion. */
static size_t place(uint64_t hash) {
    return (hash & (TABLE_SIZE / 2 - 1)) * 2;
}

static uint16_t tag_of(uint64_t hash) {
    return (uint16_t)(hash >> 48);
}

static struct entry *recent_place(struct sigma_memo *memo, uint32_t slot, uint32_t field) {
    return &memo->recent[(slot * 31 + field) & (RECENT_SIZE - 1)];
}

static struct sigma_ids *view_of(struct sigma_memo *memo, const struct entry *e) {
    memo->view = (struct sigma_ids){e->ids, e->id_count, 0};
    return &memo->view;
}

struct sigma_ids *sigma_memo_find(struct sigma_memo *memo, uint32_t slot, uint32_t field,
                                  struct str value) {
    if (value.len > VALUE_LIMIT) {
        return NULL;
    }
    struct entry *last = recent_place(memo, slot, field);
    if (has_text(last, slot, value)) {
        return view_of(memo, last);
    }
    memo->hash = hash_str(value) ^ hash_u64(slot + 1);
    for (size_t at = place(memo->hash), way = 0; way < 2; way++) {
        const struct entry *e = &memo->table[at + way];
        if (memo->tags[at + way] == tag_of(memo->hash) && e->hash == memo->hash &&
            has_text(e, slot, value)) {
            *last = *e;
            return view_of(memo, last);
        }
    }
    return NULL;
}

struct sigma_ids *sigma_memo_begin(struct sigma_memo *memo) {
    memo->work.count = 0;
    return &memo->work;
}

void sigma_memo_keep(struct sigma_memo *memo, uint32_t slot, uint32_t field, struct str value) {
    if (value.len > VALUE_LIMIT) {
        return;
    }
    size_t id_bytes = memo->work.count * sizeof *memo->work.ids;
    if (memo->bytes + value.len + id_bytes > BYTE_LIMIT) {
        arena_fini(&memo->arena);
        memo->arena = ARENA_INIT;
        memset(memo->table, 0, TABLE_SIZE * sizeof *memo->table);
        memset(memo->tags, 0, TABLE_SIZE * sizeof *memo->tags);
        memset(memo->recent, 0, RECENT_SIZE * sizeof *memo->recent);
        memo->bytes = 0;
    }
    size_t at = place(memo->hash);
    struct entry *e = &memo->table[at];
    if (e->ids != NULL) { /* the older of the two gives way */
        e[1] = e[0];
        memo->tags[at + 1] = memo->tags[at];
    }
    *e = (struct entry){.hash = memo->hash,
                        .ids = arena_alloc(&memo->arena, id_bytes + value.len + 1),
                        .text_len = (uint32_t)value.len,
                        .id_count = (uint32_t)memo->work.count,
                        .slot = slot};
    memo->tags[at] = tag_of(memo->hash);
    if (id_bytes > 0) {
        memcpy(e->ids, memo->work.ids, id_bytes);
    }
    if (value.len > 0) {
        memcpy(e->ids + e->id_count, value.ptr, value.len);
    }
    memo->bytes += value.len + id_bytes + 48;
    *recent_place(memo, slot, field) = *e;
}
