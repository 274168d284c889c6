/*
 * Values of placeholders (specification, "Placeholders"): what `expand` puts in for %name%.
 *
 * A file is YAML: a map of names to a value or a list of values, or such a map below `vars:` as in
 * pipelines of pySigma (whose other keys are not looked at). Values are Sigma text: wildcards and
 * escapes count. A name that stands in several files has the values of all.
 *
 * Ownership: texts belong to the object. Threads: immutable once loaded, may be shared.
 */
#ifndef KONSEKI_SIGMA_PLACEHOLDERS_H
#define KONSEKI_SIGMA_PLACEHOLDERS_H

#include "buf.h"
#include "err.h"

struct sigma_placeholders;

/* BAD_INPUT with file and line if a file says something else than names and values; ENVIRONMENT if
 * it cannot be read. `count` may be 0. */
enum status sigma_placeholders_load(struct sigma_placeholders **out, const char *const *paths,
                                    size_t count, struct err *err) MUST_CHECK;
void sigma_placeholders_free(struct sigma_placeholders **placeholders);
/* Number of values (at least 1); 0 if the name is unknown. `placeholders` may be NULL. */
size_t sigma_placeholders_find(const struct str **values,
                               const struct sigma_placeholders *placeholders, struct str name);
/* Appends all names and values in a form that differs when they do (keys of caches). */
void sigma_placeholders_describe(struct buf *out, const struct sigma_placeholders *placeholders);

#endif
