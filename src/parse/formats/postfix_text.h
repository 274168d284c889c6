/*
 * Pieces of Postfix log text: queue ids, "host[address]:port", "key=value" lists. Internal to the
 * Postfix parser (postfix.c, postfix_header.c).
 *
 * Source: Postfix 3.7 (global/mail_queue.h, smtpd/smtpd_check.c, global/log_adhoc.c,
 * cleanup/cleanup_message.c) and its logs; docs/formats/postfix.md.
 */
#ifndef KONSEKI_POSTFIX_TEXT_H
#define KONSEKI_POSTFIX_TEXT_H

#include "batch.h"

enum postfix_side { POSTFIX_PEER_CLIENT, POSTFIX_PEER_SERVER };

/* Takes "QUEUEID: " or "NOQUEUE: " off the front of *text. False if it does not start so; *id is
 * empty for NOQUEUE. */
bool postfix_take_queue_id(struct str *id, struct str *text);

/* Adds host, address and port of the "host[address]:port" at the start of s: as source.* for a
 * client, destination.* for a server. Returns the bytes it takes, 0 if there is none. */
size_t postfix_add_peer(struct batch *batch, struct str s, enum postfix_side side);

/* Takes one "key=value" off the front of *text, with its separator. Values in <> lose them and may
 * hold anything but '>' before a separator; others end at a blank or comma. False (and *text as it
 * was) where no pair follows. */
bool postfix_take_pair(struct str *key, struct str *value, struct str *text);

/* Adds the value to the field of the key: the known ones to ECS fields, others to postfix.KEY. */
void postfix_add_pair(struct batch *batch, struct str key, struct str value);

/* Adds all pairs from the front of text; returns what is left. */
struct str postfix_add_pairs(struct batch *batch, struct str text);

#endif
