/*
 * The files as they came: a folder with one file for each file that was imported (and for each peer
 * that sent records), and manifest.jsonl, which says of each where it came from and what it is.
 *
 * Rows must come in arrival order. A file is known by source, origin and the import that brought it
 * (receive time; a line number that starts again is another file), so a path that was imported
 * twice with other content gives two files. EVTX: the chunks, which the first rows of each hold; a
 * chunk whose first row does not come is fetched from the store.
 *
 * The folder is made as "PATH.part" and gets its name when it is whole. Memory: about 500 bytes a
 * file, and 32 files awake (export_file.h). Threads: one. Failures: ENVIRONMENT, DAMAGED.
 */
#ifndef KONSEKI_EXPORT_TREE_H
#define KONSEKI_EXPORT_TREE_H

#include "store.h"

struct export_tree;

struct export_tree_options {
    const char *path;
    struct store *store;
    bool partial; /* a query or a time range chose the rows: said in the manifest */
};

/* BAD_INPUT: the folder is there and not empty, or PATH.part is there. */
enum status export_tree_create(struct export_tree **out, const struct export_tree_options *options,
                               struct err *err) MUST_CHECK;
enum status export_tree_add(struct export_tree *tree, const struct batch *batch,
                            const struct row *row, struct err *err) MUST_CHECK;
enum status export_tree_publish(struct export_tree *tree, struct err *err) MUST_CHECK;
size_t export_tree_count(const struct export_tree *tree);
uint64_t export_tree_bytes(const struct export_tree *tree);
/* Removes what was not published. NULL is fine. */
void export_tree_destroy(struct export_tree **tree);

#endif
