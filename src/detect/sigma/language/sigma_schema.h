/*
 * The parts of the JSON schemas of the specification (sigma-detection-rule-schema.json,
 * sigma-filters-schema.json) that concern the describing keys of a document: types, lengths,
 * allowed words. The detection itself is checked where it is parsed. Unknown keys are allowed.
 */
#ifndef KONSEKI_SIGMA_SCHEMA_H
#define KONSEKI_SIGMA_SCHEMA_H

#include "sigma_yaml.h"

enum status sigma_schema_check(struct sigma_yaml *yaml, const sigma_yaml_node *root,
                               struct err *err) MUST_CHECK;

#endif
