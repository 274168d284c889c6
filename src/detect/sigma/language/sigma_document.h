/*
 * One YAML document of a rule file: a rule, a filter or a correlation. Everything kept lives in the
 * arena.
 */
#ifndef KONSEKI_SIGMA_DOCUMENT_H
#define KONSEKI_SIGMA_DOCUMENT_H

#include "sigma.h"
#include "sigma_ast.h"
#include "sigma_yaml.h"

struct sigma_logsource {
    struct str category; /* empty if not given */
    struct str product;
    struct str service;
};

struct sigma_correlation;

struct sigma_document {
    struct sigma_rule_info info;
    struct str name; /* for references; may be empty */
    struct sigma_logsource logsource;
    struct sigma_node *root; /* detection with its condition */
    bool is_filter;
    const struct str *targets; /* filter: ids or names of rules */
    size_t target_count;
    /* NULL: none. With a root too (the older `| count()`): a rule and a correlation about it. */
    struct sigma_correlation *correlation;
    /* The older `| near a and b`: rules that only the correlation names. */
    struct sigma_document *parts;
    size_t part_count;
};

/* On BAD_INPUT info and is_filter are filled in as far as they could be read. `path` is borrowed
 * for the life of the arena. What `root` points to is in `trees`, which may be the same arena; all
 * else is in `arena`. */
enum status sigma_document_parse(struct sigma_document *out, struct arena *arena,
                                 struct arena *trees, struct sigma_yaml *yaml,
                                 const sigma_yaml_node *root, struct str path,
                                 struct err *err) MUST_CHECK;

#endif
