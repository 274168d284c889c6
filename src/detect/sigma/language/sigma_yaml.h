/*
 * YAML documents as trees, for rule files (libyaml, YAML 1.1 syntax with the scalar types of the
 * YAML 1.2 core schema; "yes/no/on/off" are marked as both text and truth).
 *
 * A document is checked when it is loaded: depth, number of nodes after alias expansion, keys that
 * occur twice, keys that are no scalars. So walkers of the tree need no limits of their own.
 * Ownership: nodes belong to the document; texts are borrowed until sigma_yaml_close.
 */
#ifndef KONSEKI_SIGMA_YAML_H
#define KONSEKI_SIGMA_YAML_H

#include <yaml.h>

#include "err.h"

struct sigma_placeholders;

struct sigma_yaml {
    yaml_parser_t parser;
    yaml_document_t document;
    bool has_document;
    /* For sigma_collection_next: */
    yaml_document_t global;   /* what goes into all documents */
    yaml_document_t previous; /* the document before this one, merged */
    bool has_global;
    bool has_previous;
    bool is_collection; /* `action` stood in a document */
    size_t copied;      /* nodes, by merging */
    /* What `expand` puts in: set after sigma_yaml_open, borrowed; NULL: no placeholder has values.
     */
    const struct sigma_placeholders *placeholders;
    bool takes_any_placeholder; /* lint: one without values is no reason to refuse */
};

typedef yaml_node_t sigma_yaml_node; /* libyaml's own type, read only */

enum sigma_scalar_type {
    SIGMA_SCALAR_TEXT,
    SIGMA_SCALAR_NULL,
    SIGMA_SCALAR_BOOL,  /* true, false */
    SIGMA_SCALAR_WORD,  /* yes, no, on, off: text to YAML 1.2, truth to YAML 1.1 */
    SIGMA_SCALAR_NUMBER /* decimal integer or float; hexadecimal and octal integers */
};

void sigma_yaml_open(struct sigma_yaml *y, struct str bytes);
void sigma_yaml_close(struct sigma_yaml *y);
/* *root is NULL at the end of the stream. An empty document is skipped. */
enum status sigma_yaml_next(struct sigma_yaml *y, const sigma_yaml_node **root,
                            struct err *err) MUST_CHECK;

/* Depth, size and keys of the document, which sigma_yaml_next checks; again after a change. */
enum status sigma_yaml_check(struct sigma_yaml *y, struct err *err) MUST_CHECK;

static inline bool sigma_yaml_is_map(const sigma_yaml_node *n) {
    return n != NULL && n->type == YAML_MAPPING_NODE;
}

static inline bool sigma_yaml_is_list(const sigma_yaml_node *n) {
    return n != NULL && n->type == YAML_SEQUENCE_NODE;
}

static inline bool sigma_yaml_is_scalar(const sigma_yaml_node *n) {
    return n != NULL && n->type == YAML_SCALAR_NODE;
}

/* Entries of a map or items of a list. */
size_t sigma_yaml_count(const sigma_yaml_node *n);
const sigma_yaml_node *sigma_yaml_item(struct sigma_yaml *y, const sigma_yaml_node *list, size_t i);
const sigma_yaml_node *sigma_yaml_entry(struct sigma_yaml *y, struct str *key,
                                        const sigma_yaml_node *map, size_t i);
/* NULL if the map has no such key. */
const sigma_yaml_node *sigma_yaml_get(struct sigma_yaml *y, const sigma_yaml_node *map,
                                      const char *key);
struct str sigma_yaml_text(const sigma_yaml_node *scalar);
enum sigma_scalar_type sigma_yaml_type(const sigma_yaml_node *scalar);
/* For BOOL and WORD. */
bool sigma_yaml_truth(const sigma_yaml_node *scalar);
/* From 1. */
size_t sigma_yaml_line(const sigma_yaml_node *n);

#endif
