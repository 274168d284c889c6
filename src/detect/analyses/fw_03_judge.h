/* The inside of FW-03: what is counted (fw_03.c) and how a destination is judged (fw_03_judge.c).
 */
#ifndef KONSEKI_FW_03_JUDGE_H
#define KONSEKI_FW_03_JUDGE_H

#include "draft_builder.h"
#include "intern.h"

enum { FW03_LOOKBACK_DAYS = 7, FW03_TRIES_MAX = 512 };

struct fw03_try {
    int64_t time_ns;
    uint32_t source_port;
    uint16_t port;
    bool focus;
};

/* One source and destination on one day. */
struct fw03_pair {
    uint32_t source;      /* in texts: computer, or the address */
    uint32_t destination; /* in addresses */
    int32_t day;
    struct ip address;      /* of the source */
    struct fw03_try *tries; /* the first FW03_TRIES_MAX distinct ones */
    size_t try_count;
    size_t try_capacity;
    uint64_t tries_total;
    struct evidence_list events;
};

struct fw03 {
    struct draft_builder builder;
    struct intern texts;
    struct intern addresses; /* 16 raw bytes */
    struct intern keys;      /* source, destination, day */
    struct fw03_pair *pairs;
    size_t pair_capacity;
    int32_t *proxied; /* by id in addresses: last day a proxy went there */
    size_t proxied_capacity;
    struct intern clients; /* source, day: all clients seen at a firewall */
    int32_t *client_days;
    size_t client_capacity;
};

struct fw03_judged {
    const struct fw03_pair *pair;
    uint64_t tries; /* in 24 h */
    uint32_t days;
    uint32_t clients; /* that tried the destination in the week */
    bool focus;
    bool regular;
    bool known; /* to the proxies */
    bool listed;
    enum finding_level level;
};

/* What is known of the day as a whole. */
struct fw03_facts {
    uint32_t *clients; /* by id in addresses */
    uint32_t all_clients;
};

struct ip fw03_address(const struct fw03 *s, uint32_t id);
/* The caller frees `clients`. */
struct fw03_facts fw03_facts_of(const struct fw03 *s, int32_t day);
/* False if the pair's day has too few tries for a finding. */
bool fw03_judge(struct fw03_judged *out, const struct fw03 *s,
                const struct analysis_context *context, const struct fw03_pair *p,
                const struct fw03_facts *facts);

#endif
