/*
 * Merge keys of YAML 1.1 ("<<: *anchor"): the map takes in the entries of the other map, or maps of
 * a list, but for keys that it has itself; earlier maps win over later ones. YAML 1.2 dropped them,
 * yet rule files that share parts by anchors use them and every other reader follows.
 * Source: yaml.org/type/merge.html.
 */
#ifndef KONSEKI_SIGMA_MERGE_H
#define KONSEKI_SIGMA_MERGE_H

#include <stdbool.h>
#include <yaml.h>

/* Resolves all merge keys of the document in place. False if one has something else than maps, or a
 * map would grow beyond bounds; the document is then still to be deleted by the caller. */
bool sigma_yaml_merge(yaml_document_t *document);

#endif
