#include "sigma_names.h"

#include "check.h"
#include "hash.h"
#include "mem.h"

enum { FIRST_TABLE = 64 };

void sigma_names_init(struct sigma_names *names) {
    memset(names, 0, sizeof *names);
    sigma_pool_init(&names->pool, sizeof(struct sigma_name));
}

static struct sigma_name *name_at(const struct sigma_names *names, uint32_t name) {
    return sigma_pool_at(&names->pool, name);
}

void sigma_names_fini(struct sigma_names *names) {
    for (size_t i = 0; i < names->table_size; i++) {
        if (names->table[i] != 0) {
            mem_free(name_at(names, names->table[i])->text);
        }
    }
    mem_free(names->table);
    sigma_pool_fini(&names->pool);
    memset(names, 0, sizeof *names);
}

/* --- the table --- */

static size_t home_of(const struct sigma_names *names, uint32_t name) {
    return name_at(names, name)->hash & (names->table_size - 1);
}

static size_t free_place(const uint32_t *table, size_t size, uint64_t hash) {
    size_t at = hash & (size - 1);
    while (table[at] != 0) {
        at = (at + 1) & (size - 1);
    }
    return at;
}

static void grow(struct sigma_names *names) {
    size_t size = names->table_size == 0 ? FIRST_TABLE : names->table_size * 2;
    uint32_t *table = mem_calloc(size, sizeof *table);
    for (size_t i = 0; i < names->table_size; i++) {
        if (names->table[i] != 0) {
            table[free_place(table, size, name_at(names, names->table[i])->hash)] = names->table[i];
        }
    }
    names->bytes += (size - names->table_size) * sizeof *table;
    mem_free(names->table);
    names->table = table;
    names->table_size = size;
}

/* The text's place, or the free one where it would go. */
static size_t place_of(const struct sigma_names *names, uint64_t hash, struct str text) {
    size_t at = hash & (names->table_size - 1);
    while (names->table[at] != 0) {
        const struct sigma_name *n = name_at(names, names->table[at]);
        if (n->hash == hash && str_eq(str_make(n->text, n->len), text)) {
            break;
        }
        at = (at + 1) & (names->table_size - 1);
    }
    return at;
}

/* Closes the gap: names behind it that would not be found any more move up. */
static void remove_at(struct sigma_names *names, size_t gap) {
    size_t mask = names->table_size - 1;
    for (size_t i = (gap + 1) & mask; names->table[i] != 0; i = (i + 1) & mask) {
        if (((i - home_of(names, names->table[i])) & mask) >= ((i - gap) & mask)) {
            names->table[gap] = names->table[i];
            gap = i;
        }
    }
    names->table[gap] = 0;
}

/* --- references --- */

uint32_t sigma_names_take(struct sigma_names *names, struct str text) {
    uint64_t hash = hash_str(text);
    if (names->count * 4 >= names->table_size * 3) {
        grow(names);
    }
    size_t at = place_of(names, hash, text);
    if (names->table[at] == 0) {
        uint32_t fresh = sigma_pool_take(&names->pool);
        struct sigma_name *n = name_at(names, fresh);
        n->hash = hash;
        n->len = (uint32_t)text.len;
        n->text = mem_alloc(text.len + 1);
        memcpy(n->text, text.ptr != NULL ? text.ptr : "", text.len);
        names->table[at] = fresh;
        names->count++;
        names->bytes += sizeof *n + text.len + 1;
    }
    name_at(names, names->table[at])->references++;
    return names->table[at];
}

void sigma_names_hold(struct sigma_names *names, uint32_t name) {
    if (name != 0) {
        name_at(names, name)->references++;
    }
}

void sigma_names_drop(struct sigma_names *names, uint32_t name) {
    if (name == 0) {
        return;
    }
    struct sigma_name *n = name_at(names, name);
    CHECK(n->references > 0);
    if (--n->references > 0) {
        return;
    }
    remove_at(names, place_of(names, n->hash, str_make(n->text, n->len)));
    names->count--;
    names->bytes -= sizeof *n + n->len + 1;
    mem_free(n->text);
    sigma_pool_give(&names->pool, name);
}

struct str sigma_names_text(const struct sigma_names *names, uint32_t name) {
    if (name == 0) {
        return STR_EMPTY;
    }
    const struct sigma_name *n = name_at(names, name);
    return str_make(n->text, n->len);
}

/* --- several texts as one --- */

void sigma_texts_add(struct buf *out, struct str text) {
    uint32_t len = (uint32_t)text.len;
    buf_append(out, &len, sizeof len);
    buf_add(out, text);
}

struct str sigma_texts_next(struct str *encoded) {
    uint32_t len;
    CHECK(encoded->len >= sizeof len);
    memcpy(&len, encoded->ptr, sizeof len);
    struct str rest = str_skip(*encoded, sizeof len);
    CHECK(rest.len >= len);
    *encoded = str_skip(rest, len);
    return str_head(rest, len);
}

/* --- recent values --- */

static struct sigma_recent_value *recent_place(const struct sigma_recent *recent, uint64_t hash) {
    return &recent->places[hash & (SIGMA_RECENT_PLACES - 1)];
}

void sigma_recent_fini(struct sigma_recent *recent, struct sigma_names *names) {
    for (size_t i = 0; i < SIGMA_RECENT_PLACES && recent->places != NULL; i++) {
        sigma_names_drop(names, recent->places[i].name);
    }
    mem_free(recent->places);
    recent->places = NULL;
}

bool sigma_recent_has(const struct sigma_recent *recent, uint64_t hash) {
    return sigma_recent_name(recent, hash) != 0;
}

void sigma_recent_put(struct sigma_recent *recent, struct sigma_names *names, uint64_t hash,
                      struct str text) {
    if (recent->places == NULL) {
        recent->places = mem_calloc(SIGMA_RECENT_PLACES, sizeof *recent->places);
    }
    struct sigma_recent_value *place = recent_place(recent, hash);
    uint32_t gone = place->name;
    *place = (struct sigma_recent_value){hash, sigma_names_take(names, text)};
    sigma_names_drop(names, gone);
}

uint32_t sigma_recent_name(const struct sigma_recent *recent, uint64_t hash) {
    if (recent->places == NULL) {
        return 0;
    }
    const struct sigma_recent_value *place = recent_place(recent, hash);
    return place->hash == hash ? place->name : 0;
}
