/*
 * The From header (RFC 5322 mailbox) as logged: display name and address, decoded, tolerant of
 * folds, wrong quotes and cuts. The address is that of the last <...> outside of quotes, which is
 * the one that mail programs answer to; everything before it is what they show as the name.
 */
#ifndef KONSEKI_MIME_MAILBOX_H
#define KONSEKI_MIME_MAILBOX_H

#include "mime_charset.h"

struct mime_mailbox {
    struct buf name;       /* decoded display name or comment; empty if there is none */
    struct str address;    /* slice of the value; empty if there is none */
    enum mime_state state; /* TRUNCATED also: the address was cut off */
};

/* Fills *out (its buffer is cleared first and stays the caller's). */
void mime_mailbox_parse(struct mime_mailbox *out, struct str value, bool cut);

#endif
