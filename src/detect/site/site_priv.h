/* The inside of struct site, for site*.c only: filled by site_parse.c, read by the rest. */
#ifndef KONSEKI_SITE_PRIV_H
#define KONSEKI_SITE_PRIV_H

#include "arena.h"
#include "intern.h"
#include "mem.h"
#include "site_rules.h"

struct network_list {
    struct ip_network *items;
    size_t count;
    size_t capacity;
};

struct str_list {
    struct str *items;
    size_t count;
    size_t capacity;
};

struct day_list {
    int32_t *items;
    size_t count;
    size_t capacity;
};

struct maintenance {
    int64_t from_ns;
    int64_t to_ns;
    struct str why; /* "owner: reason" */
};

struct source_section {
    struct str name;
    struct site_path path;
};

struct path_section {
    struct str glob;
    struct site_path path;
};

struct allow_value {
    struct str text; /* lower case */
    struct ip_network network;
    bool is_network;
    uint64_t port_first;
    uint64_t port_last; /* 0: no number */
};

struct allow_section {
    struct site_allow allow;
    struct str_list analyses;
    struct allow_value *values[ENTITY_KEY_COUNT];
    size_t value_count[ENTITY_KEY_COUNT];
};

struct site {
    struct arena arena;
    bool declared;
    uint64_t hash;
    struct params params;
    const struct zone *zone;
    struct str organisation;

    struct network_list internal;
    struct network_list public_nets;
    struct network_list vpn;
    struct network_list wifi;

    struct intern host_names; /* lower-case first labels */
    struct site_host *hosts;  /* by id in host_names */
    size_t host_capacity;
    uint32_t *hosts_by_ip; /* sorted by address */
    size_t hosts_by_ip_count;
    struct str_list *phones_home; /* by host id */
    size_t phones_home_capacity;

    struct intern windows_domains; /* lower case: own and trusted */
    struct str domain_sid;
    struct intern mail_domains;
    struct intern partner_domains;
    struct intern mailing_lists;

    struct intern accounts; /* lower case */
    uint8_t *account_kinds; /* by id in accounts: enum site_account */
    size_t account_capacity;
    bool has_admins;

    struct intern logins; /* lower case */
    struct site_user *users;
    size_t user_capacity;
    struct intern pcs; /* lower case */
    uint32_t *pc_users;
    size_t pc_capacity;

    int32_t start_second;
    int32_t end_second;
    bool workday[7]; /* 0 = Monday */
    bool japanese_holidays;
    bool year_end;
    struct day_list holidays; /* sorted */
    struct maintenance *maintenance;
    size_t maintenance_count;
    size_t maintenance_capacity;

    struct source_section *sources;
    size_t source_count;
    size_t source_capacity;
    struct path_section *paths;
    size_t path_count;
    size_t path_capacity;

    struct str_list user_agents;
    struct site_rule *rules; /* site_rules.h */
    size_t rule_count;
    size_t rule_capacity;
    struct allow_section *allows;
    size_t allow_count;
    size_t allow_capacity;
};

/* Lower-case copy in the site's arena. */
struct str site_lower(struct site *site, struct str text);
/* First label in lower case, in the arena. */
struct str site_host_label(struct site *site, struct str name);
/* The host's id, made when new. */
uint32_t site_host_id(struct site *site, struct str name);
void site_set_account(struct site *site, struct str login, enum site_account kind);
void site_index_hosts(struct site *site);

#endif
