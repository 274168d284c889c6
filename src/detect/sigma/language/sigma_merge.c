#include "sigma_merge.h"

#include <string.h>

enum { MAP_LIMIT = 2000, DOCUMENT_LIMIT = 100000 };

struct merge {
    yaml_document_t *document;
    size_t taken; /* entries, in all */
};

static bool is_merge_key(const yaml_node_t *key) {
    return key != NULL && key->type == YAML_SCALAR_NODE &&
           key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && key->data.scalar.length == 2 &&
           memcmp(key->data.scalar.value, "<<", 2) == 0;
}

static bool is_same_key(const yaml_node_t *a, const yaml_node_t *b) {
    return a->type == YAML_SCALAR_NODE && b->type == YAML_SCALAR_NODE &&
           a->data.scalar.length == b->data.scalar.length &&
           memcmp(a->data.scalar.value, b->data.scalar.value, a->data.scalar.length) == 0;
}

static size_t pair_count(const yaml_node_t *map) {
    return (size_t)(map->data.mapping.pairs.top - map->data.mapping.pairs.start);
}

static bool has_key(yaml_document_t *document, const yaml_node_t *map, int key) {
    const yaml_node_t *wanted = yaml_document_get_node(document, key);
    for (size_t i = 0; i < pair_count(map); i++) {
        int have = map->data.mapping.pairs.start[i].key;
        if (is_same_key(yaml_document_get_node(document, have), wanted)) {
            return true;
        }
    }
    return false;
}

/* The entries of `from` that the map with that index has not. */
static bool take_map(struct merge *m, int map, int from) {
    yaml_document_t *document = m->document;
    const yaml_node_t *source = yaml_document_get_node(document, from);
    if (source == NULL || source->type != YAML_MAPPING_NODE || from == map) {
        return false;
    }
    for (size_t i = 0; i < pair_count(source); i++) {
        const yaml_node_t *target = yaml_document_get_node(document, map);
        yaml_node_pair_t pair = source->data.mapping.pairs.start[i];
        if (has_key(document, target, pair.key)) {
            continue;
        }
        if (++m->taken > DOCUMENT_LIMIT || pair_count(target) >= MAP_LIMIT ||
            !yaml_document_append_mapping_pair(document, map, pair.key, pair.value)) {
            return false;
        }
    }
    return true;
}

static bool take(struct merge *m, int map, int value) {
    const yaml_node_t *node = yaml_document_get_node(m->document, value);
    if (node == NULL || node->type != YAML_SEQUENCE_NODE) {
        return take_map(m, map, value);
    }
    size_t count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    for (size_t i = 0; i < count; i++) {
        if (!take_map(m, map, node->data.sequence.items.start[i])) {
            return false;
        }
    }
    return true;
}

/* Takes the pair out of the map, and what it names in. */
static bool resolve(struct merge *m, int map, size_t at) {
    yaml_node_t *node = yaml_document_get_node(m->document, map);
    yaml_node_pair_t *pairs = node->data.mapping.pairs.start;
    int value = pairs[at].value;
    memmove(pairs + at, pairs + at + 1, (pair_count(node) - at - 1) * sizeof *pairs);
    node->data.mapping.pairs.top--;
    return take(m, map, value);
}

/* In the order of the document, so that an anchored map is whole before an alias names it. */
bool sigma_yaml_merge(yaml_document_t *document) {
    struct merge m = {.document = document};
    int count = (int)(document->nodes.top - document->nodes.start);
    for (int map = 1; map <= count; map++) {
        const yaml_node_t *node = yaml_document_get_node(document, map);
        for (size_t i = 0; node->type == YAML_MAPPING_NODE && i < pair_count(node); i++) {
            int key = node->data.mapping.pairs.start[i].key;
            if (!is_merge_key(yaml_document_get_node(document, key))) {
                continue;
            }
            if (!resolve(&m, map, i)) {
                return false;
            }
            break; /* one a map */
        }
    }
    return true;
}
