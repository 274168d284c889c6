/*
 * What a scheduled task runs, and how suspicious that is. Reads the task's XML (MS-TSCH 2.4.2) as
 * far as needed: <Command>, <Arguments>, <UserId>, <Hidden>; tolerant of cut text. No state.
 */
#ifndef KONSEKI_TASK_ACTION_H
#define KONSEKI_TASK_ACTION_H

#include "buf.h"
#include "str.h"

struct task_action {
    struct buf command; /* entities decoded */
    struct buf arguments;
    bool runs_as_system;
    bool hidden;
};

enum task_sign {
    TASK_SIGN_NONE = 0,
    TASK_SIGN_WRITABLE = 1 << 0, /* runs from, or hands over, a file in a user-writable folder */
    TASK_SIGN_ENCODED = 1 << 1,  /* PowerShell with encoded or downloaded code */
    TASK_SIGN_HOST = 1 << 2,     /* a script host or a program that runs others' code */
    TASK_SIGN_REMOTE = 1 << 3,   /* a URL or a UNC path */
    TASK_SIGN_DISGUISED = 1 << 4 /* a system program's name outside its folder */
};

void task_action_read(struct task_action *out, struct str xml);
void task_action_fini(struct task_action *action);
/* Signs (bits of enum task_sign) of a command line. */
unsigned task_action_signs(struct str command, struct str arguments);
/* A vendor's updater at its usual place (per-user installs run from AppData). */
bool task_action_is_updater(struct str command, struct str arguments);

#endif
