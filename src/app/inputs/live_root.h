/*
 * Windows as it lies on a disk: the root of an image mounted read-only, or a folder into which a
 * triage tool collected files (drive letters as folders, names escaped once or twice like
 * `Sysmon%254Operational`). Finds the folders of event logs, whatever the case of the letters.
 *
 * Looked at: <root>/.../Windows/System32/winevt/Logs and .../Windows.old.../Windows/..., at most
 * LIVE_DEPTH_LIMIT folders deep and LIVE_FOLDERS_LIMIT folders in all; and `.evtx` files that lie
 * elsewhere, since a log may be redirected: in folders without Windows, and beside Windows at most
 * LIVE_ELSEWHERE_DEPTH folders deep, but not in those of programs and users. Links to folders are
 * not followed. Nothing is opened for writing.
 *
 * Ownership: the finds own their texts. Threads: one.
 */
#ifndef KONSEKI_LIVE_ROOT_H
#define KONSEKI_LIVE_ROOT_H

#include "arena.h"
#include "err.h"

enum { LIVE_DEPTH_LIMIT = 8, LIVE_ELSEWHERE_DEPTH = 3, LIVE_FOLDERS_LIMIT = 20000 };

struct live_log {
    const char *path;
    struct str channel; /* by the file's name: "Microsoft-Windows-Sysmon/Operational" */
    bool is_elsewhere;  /* not in a folder of event logs */
};

struct live_finds {
    struct arena arena;
    struct live_log *logs; /* in the order of folders and names */
    size_t count;
    size_t capacity;
    size_t folder_count; /* of event logs */
    size_t elsewhere;    /* logs in other folders */
    bool is_cut;         /* more folders than the limit */
};

/* Adds what is below `root`. NOT_FOUND (with a message) if there is no folder of event logs. */
enum status live_root_find(struct live_finds *finds, const char *root, struct err *err) MUST_CHECK;
void live_finds_fini(struct live_finds *finds);

#endif
