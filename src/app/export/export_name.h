/*
 * Names for exported files, made of what a log said about itself: source ids and paths as they were
 * given at import, which may be anything. The result is a relative path below the export's folder,
 * valid on Linux and Windows, that no other file or folder of the export has (in any case of
 * letters).
 *
 *   source "fw1", origin "/var/log/../fw.log"   ->  fw1/var/log/_/fw.log
 *   source "logs/a.log", origin "logs/a.log"    ->  logs/a.log          (the usual import)
 *   the same again                              ->  logs/a~2.log
 *
 * Threads: one. Memory: every name given.
 */
#ifndef KONSEKI_EXPORT_NAME_H
#define KONSEKI_EXPORT_NAME_H

#include "buf.h"
#include "intern.h"

struct export_names {
    struct intern files; /* in lower case */
    struct intern folders;
    struct buf scratch;
};

/* All zero is ready. */
void export_names_fini(struct export_names *names);
/* A name of our own that nothing else may get ("manifest.jsonl"). */
void export_names_reserve(struct export_names *names, struct str name);
/* Appends the path (no NUL). `origin` may be empty: the source alone. */
void export_names_make(struct buf *out, struct export_names *names, struct str source,
                       struct str origin);

#endif
