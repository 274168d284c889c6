/*
 * One line of an indicator list into kind, value and comment (docs/formats/ioc.md). No memory but
 * the buffer the caller hands in. False: the line is no indicator.
 */
#ifndef KONSEKI_IOC_TEXT_H
#define KONSEKI_IOC_TEXT_H

#include "buf.h"
#include "ioc.h"

struct ioc_line {
    enum ioc_kind kind;
    struct str value; /* in the buffer, normalised */
    struct str comment;
    struct ip_network network; /* IP */
    bool weak;
    int64_t last_seen_ns;
};

/* What a line is. */
enum ioc_line_result { IOC_LINE_NOTHING, IOC_LINE_OK, IOC_LINE_BAD };

/* `user_agents`: the file's name says that it lists user agents. */
enum ioc_line_result ioc_line_parse(struct ioc_line *out, struct buf *scratch, struct str line,
                                    bool user_agents);

#endif
