/*
 * Long scripts of PowerShell stand in several events 4104: parts of one ScriptBlockId on one
 * computer, numbered from 1, in any order and in several files. Here they wait for one another.
 *
 * Ownership: texts are copied; a joined text is the collector's until the next call. Memory is
 * bounded (SCRIPT_*_MAX): a part that does not fit is a script of its own. Threads: one.
 */
#ifndef KONSEKI_SCRIPT_PARTS_H
#define KONSEKI_SCRIPT_PARTS_H

#include "buf.h"
#include "intern.h"

enum { SCRIPT_WAITING_MAX = 1 << 14, SCRIPT_PARTS_MAX = 1 << 12, SCRIPT_BYTES_MAX = 1 << 26 };

struct script_part {
    struct str computer;
    struct str id;   /* ScriptBlockId */
    struct str path; /* of the script's file */
    struct str text;
    int64_t time_ns;
    uint64_t number; /* 1 .. total */
    uint64_t total;
};

struct script_waiting;

/* All zero is empty. */
struct script_parts {
    struct intern names; /* computer, NUL, id */
    struct script_waiting *waiting;
    size_t capacity; /* of `waiting`, which has one for each name */
    size_t open;     /* that wait for parts */
    uint64_t bytes;  /* of their parts */
    struct buf name; /* scratch */
    struct buf joined;
};

enum script_state {
    SCRIPT_ALONE, /* one part, or no room: it is counted as it is */
    SCRIPT_WAITS,
    SCRIPT_WHOLE, /* this was the last one: *joined is the script */
};

void script_parts_fini(struct script_parts *scripts);
enum script_state script_parts_add(struct str *joined, struct script_parts *scripts,
                                   const struct script_part *part);
/* At the end: the next script that lacks parts, from *at (0 at first) on: what there is of it in
 * order, `number` parts of `total`. Its texts are borrowed until the next call. */
bool script_parts_next(struct script_part *out, struct script_parts *scripts, size_t *at);

#endif
