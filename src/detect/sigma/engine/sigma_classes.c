#include "sigma_classes.h"

#include "mem.h"

/* False: there is not so much left. */
static bool take_bytes(struct sigma_classes *classes, size_t bytes) {
    size_t left = atomic_load(classes->budget);
    do {
        if (left < bytes) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(classes->budget, &left, left - bytes));
    classes->bytes += bytes;
    return true;
}

void sigma_classes_init(struct sigma_classes *out, atomic_size_t *budget) {
    *out = (struct sigma_classes){.budget = budget};
}

void sigma_classes_fini(struct sigma_classes *classes) {
    for (size_t i = 0; i < classes->columns.count; i++) {
        mem_free(classes->by_code[i]);
    }
    atomic_fetch_add(classes->budget, classes->bytes);
    intern_fini(&classes->columns);
    intern_fini(&classes->sets);
    arena_fini(&classes->arena);
    mem_free(classes->by_code);
    mem_free(classes->tests);
    *classes = (struct sigma_classes){.budget = classes->budget};
}

uint32_t *sigma_classes_column(struct sigma_classes *classes,
                               const struct sigma_class_column *column, uint32_t codes) {
    struct str key = str_make((const char *)column, sizeof *column);
    uint32_t id = intern_find(&classes->columns, key);
    if (id != INTERN_NONE) {
        return classes->by_code[id];
    }
    if (!take_bytes(classes, codes * sizeof **classes->by_code)) {
        return NULL;
    }
    id = intern_add(&classes->columns, key);
    MEM_GROW(classes->by_code, classes->column_capacity, (size_t)id + 1);
    classes->by_code[id] = mem_calloc(codes, sizeof **classes->by_code);
    return classes->by_code[id];
}

uint32_t sigma_classes_add(struct sigma_classes *classes, const struct sigma_ids *tests) {
    size_t bytes = tests->count * sizeof *tests->ids;
    uint32_t known = classes->sets.count;
    uint32_t set = intern_add(&classes->sets, str_make((const char *)tests->ids, bytes));
    if (set == known) {
        MEM_GROW(classes->tests, classes->set_capacity, (size_t)set + 1);
        uint32_t *ids = arena_array(&classes->arena, tests->count + 1, sizeof *ids);
        for (size_t i = 0; i < tests->count; i++) {
            ids[i] = tests->ids[i];
        }
        classes->tests[set] = (struct sigma_ids){ids, tests->count, 0};
    }
    return set + 1;
}

const struct sigma_ids *sigma_classes_tests(const struct sigma_classes *classes, uint32_t class) {
    return &classes->tests[class - 1];
}
