/*
 * JSON objects from dotted names. Where the keys, braces and commas stand depends on the names
 * alone, and most rows of a log have the same names in the same order: so the object is made in two
 * steps, a plan (the fixed text, and where which value goes) and the filling of it. Plans are
 * cached by the names. A plan is made in one pass a level; entries carry the number of theirs.
 */
#include "hash.h"
#include "json_out.h"
#include "mem.h"
#include "num.h"
#include "output.h"

enum { LEVEL_DONE = -1, LEVEL_MAX = 40, PLAN_COUNT = 256 };

/* A value goes to `at` of the fixed text. */
struct slot {
    size_t at;
    size_t entry;
};

/* What of an entry the plan depends on. */
struct plan_key {
    const char *name; /* identity: names live as long as the cache */
    size_t length;
    bool is_flat;
    bool is_list;
};

struct plan {
    struct buf text;
    struct slot *slots;
    size_t slot_count;
    size_t slot_capacity;
    struct plan_key *keys;
    size_t key_count;
};

struct output_json_cache {
    struct plan plans[PLAN_COUNT];
};

/* Is the text a number as JSON writes them (RFC 8259 section 6)? */
static bool is_json_number(struct str s) {
    size_t i = s.len > 0 && s.ptr[0] == '-' ? 1 : 0;
    if (i >= s.len || !ascii_is_digit(s.ptr[i]) ||
        (s.ptr[i] == '0' && i + 1 < s.len && ascii_is_digit(s.ptr[i + 1]))) {
        return false;
    }
    while (i < s.len && ascii_is_digit(s.ptr[i])) {
        i++;
    }
    if (i < s.len && s.ptr[i] == '.') {
        size_t start = ++i;
        while (i < s.len && ascii_is_digit(s.ptr[i])) {
            i++;
        }
        if (i == start) {
            return false;
        }
    }
    if (i < s.len && (s.ptr[i] == 'e' || s.ptr[i] == 'E')) {
        i++;
        i += i < s.len && (s.ptr[i] == '+' || s.ptr[i] == '-');
        size_t start = i;
        while (i < s.len && ascii_is_digit(s.ptr[i])) {
            i++;
        }
        if (i == start) {
            return false;
        }
    }
    return i == s.len;
}

static void append_value(struct buf *out, const struct output_json_entry *e) {
    int64_t integer;
    if (e->type == JSON_NUMBER && is_json_number(e->text)) {
        buf_add(out, e->text);
    } else if (e->type == JSON_NUMBER && num_parse_i64(&integer, e->text)) {
        buf_printf(out, "%lld", (long long)integer); /* "007" */
    } else if (e->type == JSON_BOOL && str_eq_ci(e->text, STR("true"))) {
        buf_add(out, STR("true"));
    } else if (e->type == JSON_BOOL && str_eq_ci(e->text, STR("false"))) {
        buf_add(out, STR("false"));
    } else {
        json_out_string(out, e->text);
    }
}

static void add_slot(struct plan *plan, size_t entry) {
    MEM_GROW(plan->slots, plan->slot_capacity, plan->slot_count + 1);
    plan->slots[plan->slot_count++] = (struct slot){plan->text.len, entry};
}

/* All values of the leaf at `first`; they are done then. */
static void append_leaf(struct plan *plan, struct output_json_entry *entries, size_t count,
                        size_t first, int level) {
    bool is_list = entries[first].is_list;
    for (size_t i = first + 1; i < count && !is_list; i++) {
        is_list = entries[i].level == level && str_eq(entries[i].name, entries[first].name);
    }
    struct str name = entries[first].name;
    if (is_list) {
        buf_putc(&plan->text, '[');
    }
    bool is_first = true;
    for (size_t i = first; i < count; i++) {
        if (entries[i].level != level || !str_eq(entries[i].name, name)) {
            continue;
        }
        if (!is_first) {
            buf_putc(&plan->text, ',');
        }
        is_first = false;
        add_slot(plan, i);
        entries[i].level = LEVEL_DONE;
        if (!is_list) {
            break;
        }
    }
    if (is_list) {
        buf_putc(&plan->text, ']');
    }
}

/* The part of the name from `from` to the next dot; *is_leaf if there is none. */
static struct str next_part(const struct output_json_entry *e, size_t from, bool *is_leaf) {
    struct str rest = str_skip(e->name, from);
    size_t dot = e->is_flat ? STR_NONE : str_find_char(rest, '.');
    *is_leaf = dot == STR_NONE;
    return *is_leaf ? rest : str_head(rest, dot);
}

/* Is there, on this level, a leaf called like the group? Then the group's names stay dotted. */
static bool has_leaf(const struct output_json_entry *entries, size_t count, size_t from,
                     struct str part, struct str prefix) {
    for (size_t i = 0; i < count; i++) {
        bool is_leaf;
        if (entries[i].name.len == from + part.len && str_starts(entries[i].name, prefix) &&
            str_eq(next_part(&entries[i], from, &is_leaf), part) && is_leaf) {
            return true;
        }
    }
    return false;
}

static void append_level(struct plan *plan, struct output_json_entry *entries, size_t count,
                         size_t from, int level);

static void append_group(struct plan *plan, struct output_json_entry *entries, size_t count,
                         size_t first, size_t from, struct str part, int level) {
    struct str head = str_head(entries[first].name, from + part.len + 1); /* with the dot */
    for (size_t i = first; i < count; i++) {
        if (entries[i].level == level && !entries[i].is_flat && str_starts(entries[i].name, head)) {
            entries[i].level = level + 1;
        }
    }
    append_level(plan, entries, count, head.len, level + 1);
}

static void append_level(struct plan *plan, struct output_json_entry *entries, size_t count,
                         size_t from, int level) {
    buf_putc(&plan->text, '{');
    bool is_first = true;
    for (size_t i = 0; i < count; i++) {
        if (entries[i].level != level) {
            continue;
        }
        bool is_leaf;
        struct str part = next_part(&entries[i], from, &is_leaf);
        struct str prefix = str_head(entries[i].name, from);
        bool stays_dotted =
            !is_leaf && (level >= LEVEL_MAX || has_leaf(entries, count, from, part, prefix));
        if (!is_first) {
            buf_putc(&plan->text, ',');
        }
        is_first = false;
        json_out_string(&plan->text, stays_dotted ? str_skip(entries[i].name, from) : part);
        buf_putc(&plan->text, ':');
        if (is_leaf || stays_dotted) {
            append_leaf(plan, entries, count, i, level);
        } else {
            append_group(plan, entries, count, i, from, part, level);
        }
    }
    buf_putc(&plan->text, '}');
}

/* --- plans --- */

static void plan_fini(struct plan *plan) {
    buf_fini(&plan->text);
    mem_free(plan->slots);
    mem_free(plan->keys);
}

static void plan_make(struct plan *plan, struct output_json_entry *entries, size_t count) {
    plan->slot_count = 0;
    buf_clear(&plan->text);
    for (size_t i = 0; i < count; i++) {
        entries[i].level = 0;
    }
    append_level(plan, entries, count, 0, 0);
}

static void plan_fill(struct buf *out, const struct plan *plan,
                      const struct output_json_entry *entries) {
    size_t at = 0;
    for (size_t i = 0; i < plan->slot_count; i++) {
        const struct slot *slot = &plan->slots[i];
        buf_append(out, plan->text.ptr + at, slot->at - at);
        append_value(out, &entries[slot->entry]);
        at = slot->at;
    }
    buf_append(out, plan->text.ptr + at, plan->text.len - at);
}

void output_json(struct buf *out, struct output_json_entry *entries, size_t count) {
    struct plan plan = {0};
    plan_make(&plan, entries, count);
    plan_fill(out, &plan, entries);
    plan_fini(&plan);
}

/* --- the cache --- */

struct output_json_cache *output_json_cache_create(void) {
    return mem_calloc(1, sizeof(struct output_json_cache));
}

void output_json_cache_destroy(struct output_json_cache **cache) {
    if (*cache == NULL) {
        return;
    }
    for (size_t i = 0; i < PLAN_COUNT; i++) {
        plan_fini(&(*cache)->plans[i]);
    }
    mem_free(*cache);
    *cache = NULL;
}

static uint64_t key_hash(const struct output_json_entry *entries, size_t count) {
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++) {
        hash = hash_u64(hash ^ (uintptr_t)entries[i].name.ptr) + entries[i].is_list;
    }
    return hash;
}

static bool plan_fits(const struct plan *plan, const struct output_json_entry *entries,
                      size_t count) {
    if (plan->keys == NULL || plan->key_count != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct plan_key *key = &plan->keys[i];
        if (key->name != entries[i].name.ptr || key->length != entries[i].name.len ||
            key->is_flat != entries[i].is_flat || key->is_list != entries[i].is_list) {
            return false;
        }
    }
    return true;
}

static void set_keys(struct plan *plan, const struct output_json_entry *entries, size_t count) {
    plan->keys = mem_realloc(plan->keys, count + 1, sizeof *plan->keys);
    plan->key_count = count;
    for (size_t i = 0; i < count; i++) {
        plan->keys[i] = (struct plan_key){entries[i].name.ptr, entries[i].name.len,
                                          entries[i].is_flat, entries[i].is_list};
    }
}

void output_json_cached(struct buf *out, struct output_json_cache *cache,
                        struct output_json_entry *entries, size_t count) {
    struct plan *plan = &cache->plans[key_hash(entries, count) % PLAN_COUNT];
    if (!plan_fits(plan, entries, count)) {
        plan_make(plan, entries, count);
        set_keys(plan, entries, count);
    }
    plan_fill(out, plan, entries);
}
