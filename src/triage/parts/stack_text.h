/*
 * Ways to read a value so that what is the same counts as the same:
 *
 *   (none)   as it is
 *   lower    ASCII letters in lower case (paths of Windows)
 *   shape    a command line in lower case in which what differs each time is a word: {guid}, {hex}
 *            (8 digits and more), {n} (2 decimal digits and more)
 *   address  without ::ffff: before an IPv4 address
 *   scope    "public", "private" (not on the Internet: RFC 1918 and the like) or "multicast"
 *   domain   the part of a domain name that is registered (public suffix list), in lower case
 *   hash     SHA-256 of a script in lower case with single blanks
 *   head     the first STACK_HEAD_BYTES bytes of the same
 *   task     what the XML of a scheduled task runs: commands with their arguments
 *
 * Cost: O(length). Never fails; a value that is not of the kind gives itself, or nothing (scope).
 */
#ifndef KONSEKI_STACK_TEXT_H
#define KONSEKI_STACK_TEXT_H

#include "buf.h"

enum stack_way {
    STACK_PLAIN,
    STACK_LOWER,
    STACK_SHAPE,
    STACK_ADDRESS,
    STACK_SCOPE,
    STACK_DOMAIN,
    STACK_HASH,
    STACK_HEAD,
    STACK_TASK,
    STACK_WAY_COUNT
};
enum { STACK_HEAD_BYTES = 160 };

/* Takes "way:" off the front of *name. */
enum stack_way stack_way_take(struct str *name);
/* Appends the value as it counts. */
void stack_text_add(struct buf *out, struct str value, enum stack_way way);

#endif
