/*
 * User agents: family (product and major version), and what is wrong with one at sight. No state,
 * no memory; O(length).
 */
#ifndef KONSEKI_USER_AGENT_H
#define KONSEKI_USER_AGENT_H

#include "buf.h"
#include "str.h"

enum agent_fault {
    AGENT_FINE,
    AGENT_EMPTY,     /* "" or "-" */
    AGENT_TOOL,      /* a script or a command line tool */
    AGENT_MALFORMED, /* imitates a browser and gets it wrong */
    AGENT_OBSOLETE   /* a browser that no supported system runs */
};

enum agent_fault agent_judge(struct str user_agent);
/* The text with the numbers behind the major versions cut off, so that updates stay in a family:
 * "Chrome/145.0.6422.60" gives "Chrome/145". Appended to out. */
void agent_family(struct buf *out, struct str user_agent);
/* The text without any version number at all. Appended to out. */
void agent_product(struct buf *out, struct str user_agent);

#endif
