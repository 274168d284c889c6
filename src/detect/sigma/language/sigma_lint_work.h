/*
 * Inside of the lint: what its parts (attributes, detection) share. One of them is a function of a
 * document that tells what it finds.
 */
#ifndef KONSEKI_SIGMA_LINT_WORK_H
#define KONSEKI_SIGMA_LINT_WORK_H

#include "sigma_lint.h"
#include "sigma_yaml.h"

enum sigma_lint_check {
#define LINT_CHECK(id, name, severity, what) SIGMA_LINT_##id,
#include "sigma_lint_checks.def"
    SIGMA_LINT_CHECK_COUNT
};

struct sigma_lint_work {
    const struct sigma_lint_options *options;
    struct sigma_lint_counts *counts;
    struct sigma_yaml *yaml;
    struct str path;
};

void sigma_lint_tell(const struct sigma_lint_work *w, enum sigma_lint_check check, size_t line,
                     struct str detail);
/* The detail, then what is allowed there. */
void sigma_lint_tell_more(const struct sigma_lint_work *w, enum sigma_lint_check check, size_t line,
                          struct str detail, const char *allowed);
/* A string to the schemas: neither number nor truth nor null. */
bool sigma_lint_is_text(const sigma_yaml_node *n);
/* Is item `at`, a text, in the list before? The first thousand items are looked at. */
bool sigma_lint_stands_before(const struct sigma_lint_work *w, const sigma_yaml_node *list,
                              size_t at);
/* The attributes beside the detection: specification's JSON schemas, tags, dates. */
void sigma_lint_attributes(const struct sigma_lint_work *w, const sigma_yaml_node *root);
/* The sections `correlation` and `filter`: their schemas. */
void sigma_lint_sections(const struct sigma_lint_work *w, const sigma_yaml_node *root);
/* Search identifiers, conditions and values of a `detection` or `filter` map. */
void sigma_lint_detection(const struct sigma_lint_work *w, const sigma_yaml_node *detection,
                          bool is_filter);

#endif
