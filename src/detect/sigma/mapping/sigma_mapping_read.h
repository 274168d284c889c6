/*
 * Reading one mapping file (docs/formats/sigma-mapping.md) into parts of a mapping. For
 * sigma_mapping*.c only.
 *
 * Texts and nodes lie in the mapping's arena and live as long as it does; `text` may go.
 */
#ifndef KONSEKI_SIGMA_MAPPING_READ_H
#define KONSEKI_SIGMA_MAPPING_READ_H

#include "conf.h"
#include "sigma_mapping.h"

struct mapping_reader {
    struct sigma_mapping *mapping; /* what is read is added behind what it has */
    const char *path;              /* for messages */
    bool is_default;
    struct err *err;
};

enum status sigma_mapping_read(struct mapping_reader *reader, struct str text) MUST_CHECK;

/* Reads the members of a way into *way. */
enum status sigma_mapping_read_way(struct mapping_reader *reader, const struct conf_node *node,
                                   struct sigma_way_row *way) MUST_CHECK;

/* Reads the fields of `composed { ... }`. */
enum status sigma_mapping_read_composed(struct mapping_reader *reader,
                                        const struct conf_node *node) MUST_CHECK;

/* --- values --- */

/* The text as tests hold it: folded, with the wildcards of rules. */
struct str sigma_mapping_pattern(struct mapping_reader *reader, struct str text);
/* `when { FIELD = PATTERNS ... }` */
enum status sigma_mapping_read_conditions(struct mapping_reader *reader,
                                          const struct conf_node *node,
                                          const struct sigma_condition_row **out,
                                          size_t *count) MUST_CHECK;

/* "file: line N: name "value" ..., allowed"; always BAD_INPUT. */
enum status sigma_mapping_fault(const struct mapping_reader *reader, const struct conf_node *node,
                                const char *allowed);
/* A text, or a list of texts. */
enum status sigma_mapping_read_list(const struct mapping_reader *reader,
                                    const struct conf_node *node,
                                    struct sigma_words *out) MUST_CHECK;
/* The same, each text split at blanks. */
enum status sigma_mapping_read_words(const struct mapping_reader *reader,
                                     const struct conf_node *node,
                                     struct sigma_words *out) MUST_CHECK;
enum status sigma_mapping_read_text(const struct mapping_reader *reader,
                                    const struct conf_node *node, struct str *out) MUST_CHECK;
/* true, false */
enum status sigma_mapping_read_bool(const struct mapping_reader *reader,
                                    const struct conf_node *node, bool *out) MUST_CHECK;
/* The words with one blank between them, with a NUL behind. */
const char *sigma_mapping_join(struct mapping_reader *reader, struct sigma_words words);
/* BAD_INPUT unless the node is a section. */
enum status sigma_mapping_need_section(const struct mapping_reader *reader,
                                       const struct conf_node *node) MUST_CHECK;
size_t sigma_mapping_count(const struct conf_node *section, struct str name);

#endif
