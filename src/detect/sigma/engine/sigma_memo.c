#include "sigma_memo.h"

#include "arena.h"
#include "hash.h"
#include "mem.h"

enum { TABLE_SIZE = 1 << 17, VALUE_LIMIT = 2048, BYTE_LIMIT = 24 << 20, RECENT_SIZE = 1024 };

struct entry {
    uint64_t hash;
    const char *text; /* value bytes; NULL: free */
    uint32_t *ids;
    uint32_t text_len;
    uint32_t id_count;
    uint32_t slot;
};

struct sigma_memo {
    struct entry *table;
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
    memo->recent = mem_calloc(RECENT_SIZE, sizeof *memo->recent);
    return memo;
}

void sigma_memo_destroy(struct sigma_memo **memo) {
    if (*memo != NULL) {
        arena_fini(&(*memo)->arena);
        sigma_ids_fini(&(*memo)->work);
        mem_free((*memo)->table);
        mem_free((*memo)->recent);
        mem_free(*memo);
        *memo = NULL;
    }
}

static bool is_same(const struct entry *e, uint64_t hash, uint32_t slot, struct str value) {
    return e->hash == hash && e->slot == slot && e->text_len == value.len &&
           memcmp(e->text, value.ptr, value.len) == 0;
}

/* Two places a hash: a small set-associative cache needs no chains and no deletion. */
static struct entry *place(struct sigma_memo *memo, uint64_t hash, size_t way) {
    return &memo->table[(hash & (TABLE_SIZE / 2 - 1)) * 2 + way];
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
    if (last->text != NULL && last->slot == slot && last->text_len == value.len &&
        memcmp(last->text, value.ptr, value.len) == 0) {
        return view_of(memo, last);
    }
    memo->hash = hash_str(value) ^ hash_u64(slot + 1);
    for (size_t way = 0; way < 2; way++) {
        struct entry *e = place(memo, memo->hash, way);
        if (e->text != NULL && is_same(e, memo->hash, slot, value)) {
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
        memset(memo->recent, 0, RECENT_SIZE * sizeof *memo->recent);
        memo->bytes = 0;
    }
    struct entry *e = place(memo, memo->hash, 0);
    if (e->text != NULL) { /* the older of the two gives way */
        *place(memo, memo->hash, 1) = *e;
    }
    e->hash = memo->hash;
    e->slot = slot;
    e->text = arena_str(&memo->arena, value).ptr;
    e->text_len = (uint32_t)value.len;
    e->id_count = (uint32_t)memo->work.count;
    e->ids = arena_alloc(&memo->arena, id_bytes + 1);
    if (id_bytes > 0) {
        memcpy(e->ids, memo->work.ids, id_bytes);
    }
    memo->bytes += value.len + id_bytes + 48;
    *recent_place(memo, slot, field) = *e;
}
