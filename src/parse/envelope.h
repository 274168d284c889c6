/*
 * The syslog header before a message: RFC 5424, RFC 3164 and what devices and relays make of it
 * (docs/formats/inputs.md lists the forms). The message behind it is the body.
 */
#ifndef KONSEKI_ENVELOPE_H
#define KONSEKI_ENVELOPE_H

#include "parse_time.h"

struct envelope_text {
    struct envelope envelope;
    struct str body;
    struct str structured; /* RFC 5424 STRUCTURED-DATA with its brackets; empty if none */
    /* RFC 3164: the body if the word that was taken for a host name is a part of the message (a
     * device that sends no host name). Empty if that cannot be. */
    struct str body_with_host;
    bool bsd;              /* RFC 3164 with a time */
    uint64_t repeat_count; /* "message repeated N times: [ ... ]", else 0 */
    uint32_t flags;        /* ROW_YEAR_INFERRED, ROW_ZONE_GUESSED */
};

/* Always fills *out; envelope.present is false (body = line) for a line without a header. */
void envelope_parse(struct envelope_text *out, const struct parse_settings *settings,
                    struct year_memory *years, struct str line);

#endif
