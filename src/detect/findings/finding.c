#include "finding.h"

#include "mem.h"

static const struct str level_names[] = {STR_INIT("informational"), STR_INIT("low"),
                                         STR_INIT("medium"), STR_INIT("high"),
                                         STR_INIT("critical")};
static const struct str entity_names[ENTITY_KEY_COUNT] = {
    STR_INIT("client"),    STR_INIT("host"),   STR_INIT("user"),    STR_INIT("destination"),
    STR_INIT("port"),      STR_INIT("file"),   STR_INIT("task"),    STR_INIT("sender"),
    STR_INIT("recipient"), STR_INIT("domain"), STR_INIT("address"), STR_INIT("device")};
static const struct str evaluable_names[] = {STR_INIT("full"), STR_INIT("degraded"), STR_INIT("no"),
                                             STR_INIT("not_applicable")};

void evidence_list_add(struct evidence_list *list, const struct evidence *event) {
    uint64_t slot = list->count < EVIDENCE_HEAD
                        ? list->count
                        : EVIDENCE_HEAD + (list->count - EVIDENCE_HEAD) % EVIDENCE_TAIL;
    if (slot >= list->capacity) {
        size_t capacity = list->capacity;
        MEM_GROW(list->items, capacity, (size_t)slot + 1);
        list->capacity = (uint32_t)capacity;
    }
    list->items[slot] = *event;
    list->count++;
}

void evidence_list_fini(struct evidence_list *list) {
    mem_free(list->items);
    *list = (struct evidence_list){NULL, 0, 0};
}

size_t evidence_list_shown(const struct evidence_list *list) {
    return list->count < EVIDENCE_HEAD + EVIDENCE_TAIL ? (size_t)list->count
                                                       : EVIDENCE_HEAD + EVIDENCE_TAIL;
}

const struct evidence *evidence_list_get(const struct evidence_list *list, size_t i) {
    if (i < EVIDENCE_HEAD) {
        return &list->items[i];
    }
    uint64_t in_tail = list->count - EVIDENCE_HEAD;
    uint64_t start = in_tail > EVIDENCE_TAIL ? in_tail % EVIDENCE_TAIL : 0;
    return &list->items[EVIDENCE_HEAD + (start + i - EVIDENCE_HEAD) % EVIDENCE_TAIL];
}

struct str finding_level_name(enum finding_level level) {
    return level_names[level];
}

bool finding_level_parse(enum finding_level *out, struct str text) {
    if (str_eq_ci(text, STR("info"))) {
        *out = LEVEL_INFORMATIONAL;
        return true;
    }
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (str_eq_ci(text, level_names[i])) {
            *out = (enum finding_level)i;
            return true;
        }
    }
    return false;
}

struct str entity_key_name(enum entity_key key) {
    return entity_names[key];
}

enum entity_key entity_key_find(struct str name) {
    for (size_t i = 0; i < ENTITY_KEY_COUNT; i++) {
        if (str_eq(name, entity_names[i])) {
            return (enum entity_key)i;
        }
    }
    return ENTITY_KEY_COUNT;
}

struct str evaluable_name(enum evaluable state) {
    return evaluable_names[state];
}
