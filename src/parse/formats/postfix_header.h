/*
 * The lines that header_checks, body_checks and milters make:
 *
 *   ACTION: header NAME: VALUE from HOST[ADDRESS]; from=<S> to=<R> proto=P helo=<H>[: TEXT]
 *
 * NAME: VALUE together are cut at 200 bytes, control and 8-bit bytes are printed as '?'
 * (cleanup_message.c). The value is the sender's, so it may imitate the rest of the line.
 */
#ifndef KONSEKI_POSTFIX_HEADER_H
#define KONSEKI_POSTFIX_HEADER_H

#include "batch.h"

/* Reads `text` behind "ACTION: " if it is such a line: adds the header as logged, what it means
 * decoded (From, Subject, Reply-To, attachment names), the client and the envelope. False if the
 * text is no "header" or "body" line; nothing is added then. */
bool postfix_header_add(struct batch *batch, struct str text);

#endif
