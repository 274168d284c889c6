#include "sigma_keywords.h"

#include <stdlib.h>

#include "mem.h"

struct narrowed {
    struct sigma_slot slot;
    bool is_built;
    bool is_usable;
};

struct sigma_keywords {
    const struct sigma_rules *rules;
    size_t whole_count;  /* tests of the whole slot */
    struct intern texts; /* ids of a set's tests, in order */
    struct narrowed sets[SIGMA_KEYWORDS_LIMIT];
};

struct sigma_keywords *sigma_keywords_create(const struct sigma_rules *rules) {
    struct sigma_keywords *few = mem_calloc(1, sizeof *few);
    few->rules = rules;
    for (size_t i = 0; i < rules->test_count; i++) {
        few->whole_count += rules->tests[i].slot == SIGMA_KEYWORD_SLOT;
    }
    return few;
}

void sigma_keywords_destroy(struct sigma_keywords **few) {
    struct sigma_keywords *n = *few;
    if (n != NULL) {
        for (size_t i = 0; i < n->texts.count; i++) {
            sigma_slot_narrow_fini(&n->sets[i].slot);
        }
        intern_fini(&n->texts);
        mem_free(n);
        *few = NULL;
    }
}

static int compare_ids(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void sort_unique(struct sigma_ids *list) {
    if (list->count > 0) {
        qsort(list->ids, list->count, sizeof *list->ids, compare_ids);
    }
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (i == 0 || list->ids[i] != list->ids[i - 1]) {
            list->ids[kept++] = list->ids[i];
        }
    }
    list->count = kept;
}

uint32_t sigma_keywords_number(struct sigma_keywords *few, struct sigma_ids *tests) {
    sort_unique(tests);
    if (tests->count == 0 || tests->count * 2 > few->whole_count) {
        return SIGMA_KEYWORDS_ALL;
    }
    struct str key = str_make((const char *)tests->ids, tests->count * sizeof *tests->ids);
    uint32_t number = intern_find(&few->texts, key);
    if (number != INTERN_NONE) {
        return number;
    }
    return few->texts.count < SIGMA_KEYWORDS_LIMIT ? intern_add(&few->texts, key)
                                                   : SIGMA_KEYWORDS_ALL;
}

static void build(const struct sigma_keywords *few, struct narrowed *set, struct str ids,
                  struct sigma_scanner *scanner) {
    const struct sigma_rules *rules = few->rules;
    bool *is_wanted = mem_calloc(rules->test_count, sizeof *is_wanted);
    for (size_t i = 0; i + sizeof(uint32_t) <= ids.len; i += sizeof(uint32_t)) {
        uint32_t id;
        memcpy(&id, ids.ptr + i, sizeof id);
        is_wanted[id] = true;
    }
    set->is_built = true;
    set->is_usable = sigma_slot_narrow(&set->slot, &rules->slots[SIGMA_KEYWORD_SLOT], is_wanted) &&
                     sigma_scanner_admit(scanner, &set->slot);
    mem_free(is_wanted);
}

const struct sigma_slot *sigma_keywords_slot(struct sigma_keywords *few, uint32_t number,
                                             struct sigma_scanner *scanner) {
    struct narrowed *set = &few->sets[number];
    if (!set->is_built) {
        build(few, set, intern_text(&few->texts, number), scanner);
    }
    return set->is_usable ? &set->slot : NULL;
}
