#include "group_sets.h"

#include "mem.h"

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, AHEAD = 6, FAR_AHEAD = 12 };

/* A pair on its way out. */
struct pair {
    uint32_t group;
    uint32_t value; /* number of codes, or id */
    uint32_t rows;
};

void group_sets_init(struct group_sets *out, struct group_values *values) {
    *out = (struct group_sets){.values = values};
    for (size_t i = 0; i < values->plan->spec->set_count; i++) {
        out->by_recipe[i] = mem_calloc(values->plan->recipe_count + 1, sizeof *out->by_recipe[i]);
    }
}

void group_sets_fini(struct group_sets *sets) {
    const struct group_plan *plan = sets->values->plan;
    for (size_t i = 0; i < plan->spec->set_count; i++) {
        for (size_t r = 0; r < plan->recipe_count; r++) {
            key_set_fini(&sets->by_recipe[i][r].keys);
            pair_bits_fini(&sets->by_recipe[i][r].bits);
        }
        mem_free(sets->by_recipe[i]);
    }
}

size_t group_sets_bytes(const struct group_sets *sets) {
    const struct group_plan *plan = sets->values->plan;
    size_t bytes = 0;
    for (size_t i = 0; i < plan->spec->set_count; i++) {
        for (size_t r = 0; r < plan->recipe_count; r++) {
            bytes += key_set_bytes(&sets->by_recipe[i][r].keys) +
                     pair_bits_bytes(&sets->by_recipe[i][r].bits);
        }
    }
    return bytes;
}

/* --- rows in --- */

enum status group_sets_values(struct group_set_values *out, struct group_sets *sets,
                              const struct group_class *class, const struct group_chunk *chunk,
                              struct err *err) {
    struct group_values *v = sets->values;
    const struct store_group_spec *spec = v->plan->spec;
    enum status status = STATUS_OK;
    for (size_t s = 0; s < spec->set_count && status == STATUS_OK; s++) {
        uint32_t recipe = class->recipes[spec->key_count + spec->sum_count + s];
        out->values[s] = NULL;
        if (recipe == 0) {
            continue;
        }
        out->recipes[s] = recipe - 1;
        if (group_values_has_codes(v, recipe - 1)) {
            out->values[s] = group_values_codes(v, recipe - 1, chunk);
        } else {
            status = group_values_ids(&out->values[s], v, recipe - 1, chunk, err);
        }
    }
    return status;
}

/* Rows of datasets without a name have no value. */
static void add_known(struct key_set *set, const uint32_t *groups, const uint32_t *ids,
                      uint32_t count, bool counted) {
    uint32_t first = 0;
    for (uint32_t i = 0; i <= count; i++) {
        if (i == count || ids[i] == GROUP_NO_ID) {
            key_set_add(set, groups + first, ids + first, i - first, counted);
            first = i + 1;
        }
    }
}

/* What was bits becomes keys. */
static void turn_to_keys(struct group_set *set) {
    uint64_t at = 0;
    uint32_t group;
    uint32_t number;
    while (pair_bits_next(&at, &group, &number, &set->bits)) {
        key_set_add(&set->keys, &group, &number, 1, false);
    }
    pair_bits_fini(&set->bits);
    set->has_keys = true;
}

/* Numbers below `limit`; 0: not known. */
static void add_pairs(struct group_set *set, const uint32_t *groups, const uint32_t *numbers,
                      uint32_t count, uint32_t group_count, uint32_t limit) {
    bool fits = !set->has_keys && limit > 0 && pair_bits_reserve(&set->bits, group_count, limit);
    if (fits) {
        pair_bits_add(&set->bits, groups, numbers, count);
        return;
    }
    if (!set->has_keys) {
        turn_to_keys(set);
    }
    key_set_add(&set->keys, groups, numbers, count, false);
}

void group_sets_add(struct group_sets *sets, const struct group_set_values *values,
                    const uint32_t *groups, uint32_t count, uint32_t group_count) {
    const struct group_plan *plan = sets->values->plan;
    for (size_t s = 0; s < plan->spec->set_count; s++) {
        if (values->values[s] == NULL) {
            continue;
        }
        uint32_t recipe = values->recipes[s];
        struct group_set *set = &sets->by_recipe[s][recipe];
        bool counted = plan->spec->sets[s].counted;
        if (plan->recipes[recipe].is_dataset) {
            add_known(&set->keys, groups, values->values[s], count, counted);
        } else if (counted) {
            key_set_add(&set->keys, groups, values->values[s], count, true);
        } else {
            add_pairs(set, groups, values->values[s], count, group_count,
                      group_values_code_count(sets->values, recipe));
        }
    }
}

/* --- pairs out --- */

/* By one digit of the values, equal ones as they were. */
static void sort_by_digit(struct pair *to, const struct pair *from, size_t count, unsigned shift) {
    size_t starts[DIGITS] = {0};
    for (size_t i = 0; i < count; i++) {
        starts[from[i].value >> shift & (DIGITS - 1)]++;
    }
    size_t start = 0;
    for (size_t d = 0; d < DIGITS; d++) {
        size_t next = start + starts[d];
        starts[d] = start;
        start = next;
    }
    for (size_t i = 0; i < count; i++) {
        to[starts[from[i].value >> shift & (DIGITS - 1)]++] = from[i];
    }
}

/* By value; `spare` is as long as `pairs`. The sorted pairs are in either. */
static struct pair *sort_pairs(struct pair *pairs, struct pair *spare, size_t count) {
    uint32_t any = 0;
    for (size_t i = 0; i < count; i++) {
        any |= pairs[i].value;
    }
    for (unsigned shift = 0; shift < 32 && any >> shift != 0; shift += DIGIT_BITS) {
        sort_by_digit(spare, pairs, count, shift);
        struct pair *sorted = spare;
        spare = pairs;
        pairs = sorted;
    }
    return pairs;
}

static void take_pairs(struct pair *out, const struct group_set *set) {
    const struct key_set *keys = &set->keys;
    for (size_t i = 0; i < keys->slot_count; i++) {
        if (keys->slots[i] != 0) {
            uint64_t key = keys->slots[i] - 1;
            uint32_t rows = keys->times != NULL ? keys->times[i] : 0;
            *out++ = (struct pair){(uint32_t)(key >> 32), (uint32_t)key, rows};
        }
    }
    uint64_t at = 0;
    uint32_t group;
    uint32_t number;
    while (pair_bits_next(&at, &group, &number, &set->bits)) {
        *out++ = (struct pair){group, number, 0};
    }
}

static size_t pair_count(const struct group_set *set) {
    return set->keys.count + set->bits.count;
}

/* Numbers of codes, sorted, become ids. */
static enum status give_ids(struct pair *pairs, size_t count, struct group_values *v,
                            uint32_t recipe, struct err *err) {
    enum status status = STATUS_OK;
    const struct group_recipe *r = &v->plan->recipes[recipe];
    uint32_t id = 0;
    uint32_t number = 0;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (i + FAR_AHEAD < count) {
            group_text_prefetch(v->plan, r, pairs[i + FAR_AHEAD].value, false);
            group_text_prefetch(v->plan, r, pairs[i + AHEAD].value, true);
        }
        if (i == 0 || pairs[i].value != number) {
            number = pairs[i].value;
            status = group_values_add_code(&id, v, recipe, number, err);
        }
        pairs[i].value = id;
    }
    return status;
}

/* Room that group_sets_release gives back. */
struct lists {
    uint32_t *groups;
    uint32_t *values;
    uint32_t *rows; /* NULL: not asked */
};

static void put_pairs(struct lists *lists, size_t at, const struct pair *pairs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        lists->groups[at + i] = pairs[i].group;
        lists->values[at + i] = pairs[i].value;
        if (lists->rows != NULL) {
            lists->rows[at + i] = pairs[i].rows;
        }
    }
}

static enum status list_recipe(struct lists *lists, size_t at, struct group_sets *sets,
                               const struct group_set *set, size_t count, uint32_t recipe,
                               struct err *err) {
    struct pair *room = mem_alloc((2 * count + 1) * sizeof *room);
    struct pair *pairs = room;
    enum status status = STATUS_OK;
    take_pairs(pairs, set);
    if (set->keys.count > 0 && group_values_has_codes(sets->values, recipe)) {
        pairs = sort_pairs(room, room + count, count);
    }
    if (group_values_has_codes(sets->values, recipe)) {
        status = give_ids(pairs, count, sets->values, recipe, err);
    }
    put_pairs(lists, at, pairs, count);
    mem_free(room);
    return status;
}

enum status group_sets_list(struct store_group_set *out, struct group_sets *sets, size_t which,
                            struct err *err) {
    const struct group_plan *plan = sets->values->plan;
    const struct group_set *by_recipe = sets->by_recipe[which];
    size_t count = 0;
    for (size_t r = 0; r < plan->recipe_count; r++) {
        count += pair_count(&by_recipe[r]);
    }
    bool counted = plan->spec->sets[which].counted;
    struct lists lists = {.groups = mem_alloc((count + 1) * sizeof *lists.groups),
                          .values = mem_alloc((count + 1) * sizeof *lists.values),
                          .rows = counted ? mem_alloc((count + 1) * sizeof *lists.rows) : NULL};
    enum status status = STATUS_OK;
    size_t at = 0;
    for (uint32_t r = 0; r < plan->recipe_count && status == STATUS_OK; r++) {
        size_t pairs = pair_count(&by_recipe[r]);
        if (pairs > 0) {
            status = list_recipe(&lists, at, sets, &by_recipe[r], pairs, r, err);
            at += pairs;
        }
    }
    const struct group_slot *slot =
        &sets->values->slots[plan->spec->key_count + plan->spec->sum_count + which];
    *out = (struct store_group_set){.count = count,
                                    .groups = lists.groups,
                                    .values = lists.values,
                                    .rows = lists.rows,
                                    .texts = {slot->texts, slot->count}};
    return status;
}

void group_sets_release(struct store_group_set *list) {
    mem_free((void *)(uintptr_t)list->groups);
    mem_free((void *)(uintptr_t)list->values);
    mem_free((void *)(uintptr_t)list->rows);
    *list = (struct store_group_set){.count = 0};
}
