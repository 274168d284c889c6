/*
 * Rule collections of Sigma 1: documents with `action`. What is `global` goes into all documents
 * after it (several add up) until `reset`; `repeat` is the document before it once more with its
 * own entries instead. Maps are merged at every depth, of other values the later document's counts.
 * Documents come out of here merged and without `action`.
 * Source: Sigma wiki, "Specification", rule collections; pySigma reads them still.
 */
#ifndef KONSEKI_SIGMA_COLLECTION_H
#define KONSEKI_SIGMA_COLLECTION_H

#include "sigma_yaml.h"

/* As sigma_yaml_next, which it replaces for rule files: *root is NULL at the end. */
enum status sigma_collection_next(struct sigma_yaml *y, const sigma_yaml_node **root,
                                  struct err *err) MUST_CHECK;

#endif
