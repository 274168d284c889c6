/*
 * The lines of one mail that were seen so far (a mail under one queue id, or a chain of them), and
 * the derived row that they make. Internal to mail_join.c.
 *
 * A fragment owns all its memory. Limits: MAIL_MEMBERS_MAX lines, MAIL_ITEMS_MAX values of
 * MAIL_TEXT_MAX bytes; what is beyond is counted in `dropped` and not kept, so a mail cannot grow
 * without bound.
 */
#ifndef KONSEKI_MAIL_FRAGMENT_H
#define KONSEKI_MAIL_FRAGMENT_H

#include "batch.h"

enum { MAIL_MEMBERS_MAX = 2000, MAIL_ITEMS_MAX = 4096, MAIL_TEXT_MAX = 1 << 18 };

struct mail_member {
    uint64_t sequence;
    uint32_t source; /* ids of mail_names */
    uint32_t origin; /* INTERN_NONE: none */
    uint32_t line;
    int64_t time_ns;
};

struct mail_item {
    uint32_t field;
    uint32_t off; /* in text */
    uint32_t len;
};

struct mail_fragment {
    /* links of the join's table and lists */
    struct mail_fragment *chain; /* same bucket */
    struct mail_fragment *newer; /* in its list, by last feed */
    struct mail_fragment *older;
    uint8_t list;
    uint64_t hash;
    struct str key; /* within text */

    int64_t first_ns;
    int64_t last_ns;
    int64_t receive_ns;
    uint32_t source; /* id in the join's names, of the first line */
    uint32_t row_flags;
    bool has_client;     /* client= or pickup: the very beginning */
    bool has_message_id; /* cleanup has seen it */
    bool removed;        /* the end: qmgr or postsuper took it out of the queue */
    bool rejected;       /* refused before it was queued: no `removed` follows */
    bool reinjected;     /* came from the own host: a content filter's second half */

    struct buf text;
    struct mail_item *items;
    size_t item_count;
    size_t item_capacity;
    struct mail_member *members;
    size_t member_count;
    size_t member_capacity;
    uint64_t dropped; /* lines and values over the limits */
};

struct mail_fragment *mail_fragment_create(struct str key, uint64_t hash);
void mail_fragment_destroy(struct mail_fragment **fragment);

/* Takes a line of the mail in; `names` interns sources and origins for the life of the join. */
void mail_fragment_add(struct mail_fragment *fragment, struct intern *names,
                       const struct batch *batch, const struct row *row);
/* Moves all of `from`, a later part, into `to`; `from` is empty then. */
void mail_fragment_merge(struct mail_fragment *to, struct mail_fragment *from);
/* The same for an earlier part: where only one value is kept, that of `from` is. */
void mail_fragment_prepend(struct mail_fragment *to, struct mail_fragment *from);
/* First value of the field; false if there is none. */
bool mail_fragment_find(struct str *out, const struct mail_fragment *fragment, uint32_t field);
/* Appends the derived row. */
void mail_fragment_emit(struct batch *out, struct mail_fragment *fragment,
                        const struct intern *names);
size_t mail_fragment_bytes(const struct mail_fragment *fragment);

#endif
