/*
 * Lint of rule files: every attribute against the specification's schemas, and what its advice says
 * about names, conditions and values (language/sigma_lint_checks.def is the list). Files are read
 * one by one, nothing is compiled.
 *
 * Ownership: findings are borrowed during the call. Cost: linear in the files. One thread.
 */
#ifndef KONSEKI_SIGMA_LINT_H
#define KONSEKI_SIGMA_LINT_H

#include "err.h"

enum sigma_lint_severity { SIGMA_LINT_ERROR, SIGMA_LINT_WARNING, SIGMA_LINT_HINT };

struct sigma_lint_finding {
    struct str path;
    size_t line; /* from 1 */
    enum sigma_lint_severity severity;
    const char *check;   /* its name: "unused-selection" */
    const char *message; /* what is wrong, translated */
    struct str detail;   /* what it is about; may be empty; as it stands in the file: hostile */
};

typedef void sigma_lint_fn(const struct sigma_lint_finding *finding, void *ctx);

struct sigma_lint_options {
    const char *const *paths; /* files, or folders: every .yml and .yaml below them */
    size_t path_count;
    const char *const *placeholders; /* as in sigma.h */
    size_t placeholder_count;
    sigma_lint_fn *found;
    void *ctx;
};

struct sigma_lint_counts {
    size_t files;
    size_t documents;
    size_t by_severity[3];
};

/* ENVIRONMENT if a path cannot be read; the rest is looked at nevertheless. BAD_INPUT for a bad
 * file of placeholders. */
enum status sigma_lint(struct sigma_lint_counts *out, const struct sigma_lint_options *options,
                       struct err *err) MUST_CHECK;
/* "error", "warning", "hint" */
const char *sigma_lint_severity_name(enum sigma_lint_severity severity);

#endif
