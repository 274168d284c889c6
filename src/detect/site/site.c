#include "site_priv.h"

#include <stdlib.h>

static const char *const default_internal[] = {"10.0.0.0/8",    "172.16.0.0/12", "192.168.0.0/16",
                                               "100.64.0.0/10", "127.0.0.0/8",   "169.254.0.0/16",
                                               "fc00::/7",      "fe80::/10",     "::1"};

static void site_init_calendar(struct site *site) {
    site->start_second = 8 * 3600;
    site->end_second = 19 * 3600;
    for (size_t i = 0; i < 5; i++) {
        site->workday[i] = true;
    }
    site->japanese_holidays = true;
    site->year_end = true;
}

struct site *site_create_default(void) {
    struct site *site = mem_calloc(1, sizeof *site);
    site->zone = zone_utc();
    site->domain_sid = STR_EMPTY;
    site->organisation = STR_EMPTY;
    params_init(&site->params);
    site_init_calendar(site);
    for (size_t i = 0; i < sizeof default_internal / sizeof default_internal[0]; i++) {
        struct network_list *list = &site->internal;
        MEM_GROW(list->items, list->capacity, list->count + 1);
        if (ip_network_parse(&list->items[list->count], str_from_c(default_internal[i]))) {
            list->count++;
        }
    }
    return site;
}

static void free_allows(struct site *site) {
    for (size_t i = 0; i < site->allow_count; i++) {
        mem_free(site->allows[i].analyses.items);
        for (size_t k = 0; k < ENTITY_KEY_COUNT; k++) {
            mem_free(site->allows[i].values[k]);
        }
    }
    mem_free(site->allows);
    mem_free(site->rules);
}

static void free_tables(struct site *site) {
    struct intern *tables[] = {
        &site->host_names,    &site->windows_domains, &site->mail_domains, &site->partner_domains,
        &site->mailing_lists, &site->accounts,        &site->logins,       &site->pcs};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        intern_fini(tables[i]);
    }
}

void site_free(struct site **out) {
    struct site *site = *out;
    *out = NULL;
    if (!site) {
        return;
    }
    free_allows(site);
    for (size_t i = 0; i < site->phones_home_capacity; i++) {
        mem_free(site->phones_home[i].items);
    }
    free_tables(site);
    void *arrays[] = {site->internal.items,
                      site->public_nets.items,
                      site->vpn.items,
                      site->wifi.items,
                      site->hosts,
                      site->hosts_by_ip,
                      site->phones_home,
                      site->account_kinds,
                      site->users,
                      site->pc_users,
                      site->holidays.items,
                      site->maintenance,
                      site->sources,
                      site->paths,
                      site->user_agents.items};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        mem_free(arrays[i]);
    }
    arena_fini(&site->arena);
    mem_free(site);
}

bool site_is_declared(const struct site *site) {
    return site->declared;
}

uint64_t site_hash(const struct site *site) {
    return site->hash;
}

const struct params *site_params(const struct site *site) {
    return &site->params;
}

const struct zone *site_zone(const struct site *site) {
    return site->zone;
}

/* --- names --- */

struct str site_lower(struct site *site, struct str text) {
    char *copy = arena_alloc(&site->arena, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        copy[i] = ascii_lower(text.ptr[i]);
    }
    return str_make(copy, text.len);
}

static struct str first_label(struct str name) {
    struct ip address;
    size_t dot = str_find_char(name, '.');
    return dot == STR_NONE || dot == 0 || ip_parse(&address, name) ? name : str_head(name, dot);
}

struct str site_host_label(struct site *site, struct str name) {
    return site_lower(site, first_label(name));
}

/* --- networks --- */

static bool networks_have(const struct network_list *list, const struct ip *address) {
    for (size_t i = 0; i < list->count; i++) {
        if (ip_network_has(&list->items[i], address)) {
            return true;
        }
    }
    return false;
}

bool site_is_internal(const struct site *site, const struct ip *address) {
    return networks_have(&site->internal, address);
}

bool site_is_own(const struct site *site, const struct ip *address) {
    return site_is_internal(site, address) || networks_have(&site->public_nets, address);
}

bool site_is_external(const struct site *site, const struct ip *address) {
    return !site_is_own(site, address) && !ip_is_private(address) &&
           !ip_is_multicast_or_broadcast(address);
}

/* --- hosts --- */

uint32_t site_host_id(struct site *site, struct str name) {
    struct str label = site_host_label(site, name);
    uint32_t known = site->host_names.count;
    uint32_t id = intern_add(&site->host_names, label);
    if (id == known) {
        MEM_GROW(site->hosts, site->host_capacity, (size_t)id + 1);
        site->hosts[id] = (struct site_host){.name = label,
                                             .owner = STR_EMPTY,
                                             .classification = STR_EMPTY,
                                             .parent = STR_EMPTY,
                                             .logged = true};
        size_t old = site->phones_home_capacity;
        MEM_GROW(site->phones_home, site->phones_home_capacity, (size_t)id + 1);
        if (site->phones_home_capacity > old) {
            memset(site->phones_home + old, 0,
                   (site->phones_home_capacity - old) * sizeof *site->phones_home);
        }
    }
    return id;
}

struct indexed_host {
    struct ip ip;
    uint32_t id;
};

static int compare_indexed(const void *a, const void *b) {
    const struct indexed_host *x = a;
    const struct indexed_host *y = b;
    int order = memcmp(&x->ip, &y->ip, sizeof x->ip);
    return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

void site_index_hosts(struct site *site) {
    uint32_t count = site->host_names.count;
    struct indexed_host *sorted = mem_calloc((size_t)count + 1, sizeof *sorted);
    size_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (site->hosts[i].has_ip) {
            sorted[used++] = (struct indexed_host){site->hosts[i].ip, i};
        }
    }
    qsort(sorted, used, sizeof *sorted, compare_indexed);
    mem_free(site->hosts_by_ip);
    site->hosts_by_ip = mem_calloc(used + 1, sizeof *site->hosts_by_ip);
    for (size_t i = 0; i < used; i++) {
        site->hosts_by_ip[i] = sorted[i].id;
    }
    site->hosts_by_ip_count = used;
    mem_free(sorted);
}

const struct site_host *site_host_at(const struct site *site, const struct ip *address) {
    size_t low = 0;
    size_t high = site->hosts_by_ip_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct site_host *host = &site->hosts[site->hosts_by_ip[middle]];
        int order = memcmp(&host->ip, address, sizeof *address);
        if (order == 0) {
            return host;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const struct site_host *site_host_named(const struct site *site, struct str name) {
    uint32_t id = intern_find_lower(&site->host_names, first_label(name));
    return id == INTERN_NONE ? NULL : &site->hosts[id];
}

bool site_host_has_role(const struct site_host *host, struct str role) {
    for (size_t i = 0; i < host->role_count; i++) {
        if (str_eq_ci(host->roles[i], role)) {
            return true;
        }
    }
    return false;
}

bool site_is_proxy(const struct site *site, const struct ip *address) {
    const struct site_host *host = site_host_at(site, address);
    return host && site_host_has_role(host, STR("proxy"));
}

bool site_has_role(const struct site *site, struct str role) {
    for (uint32_t i = 0; i < site->host_names.count; i++) {
        if (site_host_has_role(&site->hosts[i], role)) {
            return true;
        }
    }
    return false;
}

bool site_is_known_contact(const struct site *site, const struct site_host *device,
                           struct str destination) {
    const struct str_list *known = &site->phones_home[device - site->hosts];
    for (size_t i = 0; i < known->count; i++) {
        if (str_eq_ci(known->items[i], destination)) {
            return true;
        }
    }
    return false;
}

/* --- domains, accounts --- */

/* The name or a parent of it is in the table. */
static bool has_domain(const struct intern *table, struct str name) {
    for (;;) {
        if (intern_find_lower(table, name) != INTERN_NONE) {
            return true;
        }
        size_t dot = str_find_char(name, '.');
        if (dot == STR_NONE) {
            return false;
        }
        name = str_skip(name, dot + 1);
    }
}

bool site_is_own_windows_domain(const struct site *site, struct str name) {
    return intern_find_lower(&site->windows_domains, name) != INTERN_NONE;
}

bool site_declares_windows_domain(const struct site *site) {
    return site->windows_domains.count > 0;
}

bool site_is_own_mail_domain(const struct site *site, struct str domain) {
    return has_domain(&site->mail_domains, domain);
}

bool site_is_partner_domain(const struct site *site, struct str domain) {
    return has_domain(&site->partner_domains, domain);
}

bool site_is_mailing_list(const struct site *site, struct str address) {
    return intern_find_lower(&site->mailing_lists, address) != INTERN_NONE;
}

void site_set_account(struct site *site, struct str login, enum site_account kind) {
    uint32_t id = intern_add_lower(&site->accounts, login);
    size_t old = site->account_capacity;
    MEM_GROW(site->account_kinds, site->account_capacity, (size_t)id + 1);
    if (site->account_capacity > old) {
        memset(site->account_kinds + old, 0, site->account_capacity - old);
    }
    /* A user who is also an admin is an admin; the users come last. */
    if (site->account_kinds[id] == ACCOUNT_UNKNOWN || kind == ACCOUNT_DISABLED) {
        site->account_kinds[id] = (uint8_t)kind;
    }
}

enum site_account site_account_kind(const struct site *site, struct str login) {
    uint32_t id = intern_find_lower(&site->accounts, login);
    return id == INTERN_NONE ? ACCOUNT_UNKNOWN : (enum site_account)site->account_kinds[id];
}

bool site_declares_admins(const struct site *site) {
    return site->has_admins;
}

const struct site_user *site_user_of_pc(const struct site *site, struct str pc) {
    uint32_t id = intern_find_lower(&site->pcs, first_label(pc));
    return id == INTERN_NONE ? NULL : &site->users[site->pc_users[id]];
}

/* --- user agents --- */

bool site_is_approved_user_agent(const struct site *site, struct str user_agent) {
    for (size_t i = 0; i < site->user_agents.count; i++) {
        if (str_starts(user_agent, site->user_agents.items[i])) {
            return true;
        }
    }
    return false;
}

bool site_declares_user_agents(const struct site *site) {
    return site->user_agents.count > 0;
}
