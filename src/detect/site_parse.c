/*
 * The site file (docs/formats/site.md) into struct site: one handler a section, tables of the
 * names that a section may hold, so that an unknown name is an error with its line.
 */
#include <stdlib.h>

#include "conf.h"
#include "hash.h"
#include "input_file.h"
#include "num.h"
#include "site_priv.h"

struct reader {
    struct site *site;
    const char *path;
    struct err *err;
};

typedef enum status node_fn(struct reader *r, const struct conf_node *node, void *target);

struct key {
    const char *name;
    node_fn *read;
    size_t offset; /* of the member in the target that `read` fills */
};

static enum status fault(struct reader *r, const struct conf_node *node, const char *allowed) {
    if (node->type == CONF_TEXT) {
        return err_set(r->err, STATUS_BAD_INPUT, "%s: line %u: %.*s = '%.*s': %s", r->path,
                       node->line, STR_ARG(node->name), STR_ARG(node->text), allowed);
    }
    return err_set(r->err, STATUS_BAD_INPUT, "%s: line %u: %.*s: %s", r->path, node->line,
                   STR_ARG(node->name), allowed);
}

static enum status unknown_name(struct reader *r, const struct conf_node *node,
                                const struct key *keys) {
    char allowed[512];
    size_t used = 0;
    for (const struct key *k = keys; k->name; k++) {
        size_t len = strlen(k->name);
        if (used + len + 3 < sizeof allowed) {
            memcpy(allowed + used, k->name, len);
            used += len;
            allowed[used++] = ' ';
        }
    }
    allowed[used] = '\0';
    return err_set(r->err, STATUS_BAD_INPUT,
                   "%s: line %u: '%.*s' is not known here; allowed: %s(docs/formats/site.md)",
                   r->path, node->line, STR_ARG(node->name), allowed);
}

/* Reads every child of a section by the table. */
static enum status read_section(struct reader *r, const struct conf_node *section,
                                const struct key *keys, void *target) {
    if (section->type != CONF_SECTION) {
        return fault(r, section, "must be a section { ... }");
    }
    for (const struct conf_node *n = section->first; n; n = n->next) {
        const struct key *k = keys;
        while (k->name && !str_eq(n->name, str_from_c(k->name))) {
            k++;
        }
        if (!k->name) {
            return unknown_name(r, n, keys);
        }
        enum status status = k->read(r, n, (char *)target + k->offset);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* --- values --- */

static enum status read_text(struct reader *r, const struct conf_node *node, void *target) {
    if (node->type != CONF_TEXT) {
        return fault(r, node, "must be one text");
    }
    *(struct str *)target = arena_str(&r->site->arena, node->text);
    return STATUS_OK;
}

static bool parse_bool(bool *out, struct str text) {
    static const struct str yes[] = {STR_INIT("true"), STR_INIT("yes"), STR_INIT("on")};
    static const struct str no[] = {STR_INIT("false"), STR_INIT("no"), STR_INIT("off")};
    for (size_t i = 0; i < 3; i++) {
        if (str_eq_ci(text, yes[i]) || str_eq_ci(text, no[i])) {
            *out = str_eq_ci(text, yes[i]);
            return true;
        }
    }
    return false;
}

static enum status read_bool(struct reader *r, const struct conf_node *node, void *target) {
    if (node->type != CONF_TEXT || !parse_bool(target, node->text)) {
        return fault(r, node, "must be true or false");
    }
    return STATUS_OK;
}

/* Calls `item` for a text, or for each text of a list. */
static enum status each_text(struct reader *r, const struct conf_node *node, node_fn *item,
                             void *target) {
    if (node->type == CONF_TEXT) {
        return item(r, node, target);
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        if (n->type != CONF_TEXT) {
            return fault(r, node, "must be a text or a list of texts");
        }
        enum status status = item(r, n, target);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status add_text(struct reader *r, const struct conf_node *node, void *target) {
    struct str_list *list = target;
    MEM_GROW(list->items, list->capacity, list->count + 1);
    list->items[list->count++] = arena_str(&r->site->arena, node->text);
    return STATUS_OK;
}

static enum status read_texts(struct reader *r, const struct conf_node *node, void *target) {
    return each_text(r, node, add_text, target);
}

static enum status add_lower(struct reader *r, const struct conf_node *node, void *target) {
    (void)r;
    (void)intern_add_lower(target, node->text);
    return STATUS_OK;
}

static enum status read_names(struct reader *r, const struct conf_node *node, void *target) {
    return each_text(r, node, add_lower, target);
}

static enum status add_network(struct reader *r, const struct conf_node *node, void *target) {
    struct network_list *list = target;
    MEM_GROW(list->items, list->capacity, list->count + 1);
    if (!ip_network_parse(&list->items[list->count], node->text)) {
        return fault(r, node, "must be a network such as 10.0.0.0/8 or an address");
    }
    list->count++;
    return STATUS_OK;
}

static enum status read_networks(struct reader *r, const struct conf_node *node, void *target) {
    ((struct network_list *)target)->count = 0; /* replaces the default */
    return each_text(r, node, add_network, target);
}

/* Copies a list into the arena: (*items, *count) of a struct site_host or site_user. */
static enum status read_arena_texts(struct reader *r, const struct conf_node *node,
                                    const struct str **items, size_t *count) {
    struct str_list list = {NULL, 0, 0};
    enum status status = read_texts(r, node, &list);
    if (status == STATUS_OK) {
        struct str *copy = arena_array(&r->site->arena, *count + list.count + 1, sizeof *copy);
        for (size_t i = 0; i < *count; i++) {
            copy[i] = (*items)[i];
        }
        for (size_t i = 0; i < list.count; i++) {
            copy[(*count)++] = list.items[i];
        }
        *items = copy;
    }
    mem_free(list.items);
    return status;
}

/* Local date-time or RFC 3339 to UTC. */
static bool parse_time(int64_t *out, const struct zone *zone, struct str text) {
    bool has_zone;
    if (!civil_parse_rfc3339(out, &has_zone, text)) {
        return false;
    }
    if (!has_zone) {
        *out = zone_to_utc(zone, *out);
    }
    return true;
}

/* --- organisation, networks, domain --- */

static enum status read_organisation(struct reader *r, const struct conf_node *node, void *target) {
    static const struct key keys[] = {
        {"name", read_text, offsetof(struct site, organisation)},
        {"domains", read_names, offsetof(struct site, mail_domains)},
        {"partners", read_names, offsetof(struct site, partner_domains)},
        {NULL, NULL, 0},
    };
    return read_section(r, node, keys, target);
}

static enum status read_zone(struct reader *r, const struct conf_node *node, void *target) {
    (void)target;
    struct err why = ERR_INIT;
    if (node->type != CONF_TEXT || zone_open(&r->site->zone, node->text, &why) != STATUS_OK) {
        return fault(r, node, "must be a zone such as \"Asia/Tokyo\", \"UTC\" or \"+09:00\"");
    }
    return STATUS_OK;
}

static enum status read_networks_section(struct reader *r, const struct conf_node *node,
                                         void *target) {
    static const struct key keys[] = {
        {"internal", read_networks, offsetof(struct site, internal)},
        {"public", read_networks, offsetof(struct site, public_nets)},
        {"vpn", read_networks, offsetof(struct site, vpn)},
        {"wifi", read_networks, offsetof(struct site, wifi)},
        {NULL, NULL, 0},
    };
    return read_section(r, node, keys, target);
}

static enum status read_domain(struct reader *r, const struct conf_node *node, void *target) {
    static const struct key keys[] = {
        {"netbios", read_names, offsetof(struct site, windows_domains)},
        {"dns", read_names, offsetof(struct site, windows_domains)},
        {"trusts", read_names, offsetof(struct site, windows_domains)},
        {"sid", read_text, offsetof(struct site, domain_sid)},
        {NULL, NULL, 0},
    };
    return read_section(r, node, keys, target);
}

/* --- hosts --- */

static enum status read_ip(struct reader *r, const struct conf_node *node, void *target) {
    struct site_host *host = target;
    if (node->type != CONF_TEXT || !ip_parse(&host->ip, node->text)) {
        return fault(r, node, "must be an address");
    }
    host->has_ip = true;
    return STATUS_OK;
}

static enum status read_roles(struct reader *r, const struct conf_node *node, void *target) {
    struct site_host *host = target;
    return read_arena_texts(r, node, &host->roles, &host->role_count);
}

static enum status read_parent(struct reader *r, const struct conf_node *node, void *target) {
    return read_text(r, node, &((struct site_host *)target)->parent);
}

static enum status read_phones_home(struct reader *r, const struct conf_node *node, void *target) {
    const struct site_host *host = target;
    return read_texts(r, node, &r->site->phones_home[host - r->site->hosts]);
}

static const struct key host_keys[] = {
    {"ip", read_ip, 0},
    {"roles", read_roles, 0},
    {"kind", read_roles, 0},
    {"owner", read_text, offsetof(struct site_host, owner)},
    {"classification", read_text, offsetof(struct site_host, classification)},
    {"parent", read_parent, 0},
    {"logged", read_bool, offsetof(struct site_host, logged)},
    {"phones_home", read_phones_home, 0},
    {NULL, NULL, 0},
};

/* `server NAME { }`: each child of the node is one host. */
static enum status read_hosts(struct reader *r, const struct conf_node *node, const char *role,
                              bool is_device) {
    if (node->type != CONF_SECTION) {
        return fault(r, node, "must be a section with a name: NAME { ... }");
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        uint32_t id = site_host_id(r->site, n->name);
        enum status status = read_section(r, n, host_keys, &r->site->hosts[id]);
        if (status != STATUS_OK) {
            return status;
        }
        struct site_host *host = &r->site->hosts[id];
        host->is_device = is_device;
        if (role && !site_host_has_role(host, str_from_c(role))) {
            struct conf_node word = {.type = CONF_TEXT, .text = str_from_c(role)};
            status = read_arena_texts(r, &word, &host->roles, &host->role_count);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status read_server(struct reader *r, const struct conf_node *node, void *target) {
    (void)target;
    return read_hosts(r, node, NULL, false);
}

static enum status read_proxy(struct reader *r, const struct conf_node *node, void *target) {
    (void)target;
    return read_hosts(r, node, "proxy", false);
}

static enum status read_device(struct reader *r, const struct conf_node *node, void *target) {
    (void)target;
    return read_hosts(r, node, NULL, true);
}

static enum status add_admin_terminal(struct reader *r, const struct conf_node *node,
                                      void *target) {
    (void)target;
    r->site->hosts[site_host_id(r->site, node->text)].is_admin_terminal = true;
    return STATUS_OK;
}

static enum status read_admin_terminals(struct reader *r, const struct conf_node *node,
                                        void *target) {
    return each_text(r, node, add_admin_terminal, target);
}

/* --- people --- */

static enum status read_pcs(struct reader *r, const struct conf_node *node, void *target) {
    struct site_user *user = target;
    size_t before = user->pc_count;
    enum status status = read_arena_texts(r, node, &user->pcs, &user->pc_count);
    if (status != STATUS_OK) {
        return status;
    }
    struct site *site = r->site;
    for (size_t i = before; i < user->pc_count; i++) {
        uint32_t id = intern_add(&site->pcs, site_host_label(site, user->pcs[i]));
        MEM_GROW(site->pc_users, site->pc_capacity, (size_t)id + 1);
        site->pc_users[id] = (uint32_t)(user - site->users);
    }
    return STATUS_OK;
}

static const struct key user_keys[] = {
    {"name", read_text, offsetof(struct site_user, name)},
    {"mail", read_text, offsetof(struct site_user, mail)},
    {"department", read_text, offsetof(struct site_user, department)},
    {"pcs", read_pcs, 0},
    {NULL, NULL, 0},
};

static enum status read_user(struct reader *r, const struct conf_node *node, void *target) {
    (void)target;
    struct site *site = r->site;
    if (node->type != CONF_SECTION) {
        return fault(r, node, "must be a section with a name: LOGIN { ... }");
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        uint32_t known = site->logins.count;
        uint32_t id = intern_add_lower(&site->logins, n->name);
        MEM_GROW(site->users, site->user_capacity, (size_t)id + 1);
        if (id == known) {
            site->users[id] = (struct site_user){
                arena_str(&site->arena, n->name), STR_EMPTY, STR_EMPTY, STR_EMPTY, NULL, 0};
        }
        enum status status = read_section(r, n, user_keys, &site->users[id]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status add_admin(struct reader *r, const struct conf_node *node, void *target) {
    (void)target;
    site_set_account(r->site, node->text, ACCOUNT_ADMIN);
    r->site->has_admins = true;
    return STATUS_OK;
}

static enum status add_helpdesk(struct reader *r, const struct conf_node *node, void *target) {
    (void)target;
    site_set_account(r->site, node->text, ACCOUNT_HELPDESK);
    return STATUS_OK;
}

static enum status add_disabled(struct reader *r, const struct conf_node *node, void *target) {
    (void)target;
    site_set_account(r->site, node->text, ACCOUNT_DISABLED);
    return STATUS_OK;
}

static enum status read_admins(struct reader *r, const struct conf_node *node, void *target) {
    return each_text(r, node, add_admin, target);
}

static enum status read_helpdesk(struct reader *r, const struct conf_node *node, void *target) {
    return each_text(r, node, add_helpdesk, target);
}

static enum status read_disabled(struct reader *r, const struct conf_node *node, void *target) {
    return each_text(r, node, add_disabled, target);
}

static enum status read_services(struct reader *r, const struct conf_node *node, void *target) {
    static const struct key keys[] = {{"hosts", read_texts, 0}, {NULL, NULL, 0}};
    (void)target;
    if (node->type != CONF_SECTION) {
        return fault(r, node, "must be a section with a name: LOGIN { hosts = [...] }");
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        struct str_list hosts = {NULL, 0, 0};
        enum status status = read_section(r, n, keys, &hosts);
        mem_free(hosts.items);
        if (status != STATUS_OK) {
            return status;
        }
        site_set_account(r->site, n->name, ACCOUNT_SERVICE);
    }
    return STATUS_OK;
}

static enum status read_accounts(struct reader *r, const struct conf_node *node, void *target) {
    static const struct key keys[] = {
        {"admins", read_admins, 0},
        {"helpdesk", read_helpdesk, 0},
        {"disabled", read_disabled, 0},
        {"service", read_services, 0},
        {NULL, NULL, 0},
    };
    return read_section(r, node, keys, target);
}

/* --- calendar --- */

/* "09:00" or "9": seconds of the day. */
static enum status read_clock(struct reader *r, const struct conf_node *node, void *target) {
    uint64_t hour;
    uint64_t minute = 0;
    size_t colon = str_find_char(node->text, ':');
    bool ok = node->type == CONF_TEXT && num_parse_u64(&hour, str_head(node->text, colon)) &&
              (colon == STR_NONE || num_parse_u64(&minute, str_skip(node->text, colon + 1)));
    if (!ok || hour > 24 || minute > 59 || (hour == 24 && minute > 0)) {
        return fault(r, node, "must be a time of the day such as \"09:00\"");
    }
    *(int32_t *)target = (int32_t)(hour * 3600 + minute * 60);
    return STATUS_OK;
}

static enum status add_weekday(struct reader *r, const struct conf_node *node, void *target) {
    static const char names[7][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (size_t i = 0; i < 7; i++) {
        if (node->text.len >= 3 && str_starts_ci(node->text, str_from_c(names[i]))) {
            ((bool *)target)[i] = true;
            return STATUS_OK;
        }
    }
    return fault(r, node, "must be mon, tue, wed, thu, fri, sat or sun");
}

static enum status read_weekdays(struct reader *r, const struct conf_node *node, void *target) {
    memset(target, 0, sizeof r->site->workday);
    return each_text(r, node, add_weekday, target);
}

static enum status read_hours(struct reader *r, const struct conf_node *node, void *target) {
    static const struct key keys[] = {
        {"start", read_clock, offsetof(struct site, start_second)},
        {"end", read_clock, offsetof(struct site, end_second)},
        {"days", read_weekdays, offsetof(struct site, workday)},
        {NULL, NULL, 0},
    };
    return read_section(r, node, keys, target);
}

static enum status read_country(struct reader *r, const struct conf_node *node, void *target) {
    struct site *site = target;
    bool japan = node->type == CONF_TEXT && str_eq_ci(node->text, STR("JP"));
    if (!japan && (node->type != CONF_TEXT || node->text.len > 0)) {
        return fault(r, node, "must be \"JP\" or \"\" (none)");
    }
    site->japanese_holidays = japan;
    site->year_end = japan;
    return STATUS_OK;
}

static enum status add_date(struct reader *r, const struct conf_node *node, void *target) {
    struct day_list *list = target;
    int64_t ns;
    bool has_zone;
    if (node->text.len != 10 || !civil_parse_rfc3339(&ns, &has_zone, node->text)) {
        return fault(r, node, "must be a date such as 2026-12-29");
    }
    MEM_GROW(list->items, list->capacity, list->count + 1);
    list->items[list->count++] = (int32_t)(ns / NS_PER_DAY);
    return STATUS_OK;
}

static enum status read_dates(struct reader *r, const struct conf_node *node, void *target) {
    return each_text(r, node, add_date, &((struct site *)target)->holidays);
}

static enum status read_holidays(struct reader *r, const struct conf_node *node, void *target) {
    static const struct key keys[] = {
        {"country", read_country, 0},
        {"dates", read_dates, 0},
        {"year_end", read_bool, offsetof(struct site, year_end)},
        {NULL, NULL, 0},
    };
    return read_section(r, node, keys, target);
}

struct maintenance_text {
    struct str from, to, owner, reason;
};

static enum status read_maintenance(struct reader *r, const struct conf_node *node, void *target) {
    static const struct key keys[] = {
        {"from", read_text, offsetof(struct maintenance_text, from)},
        {"to", read_text, offsetof(struct maintenance_text, to)},
        {"owner", read_text, offsetof(struct maintenance_text, owner)},
        {"reason", read_text, offsetof(struct maintenance_text, reason)},
        {NULL, NULL, 0},
    };
    (void)target;
    struct site *site = r->site;
    struct maintenance_text t = {STR_EMPTY, STR_EMPTY, STR_EMPTY, STR_EMPTY};
    struct maintenance m;
    enum status status = read_section(r, node, keys, &t);
    if (status != STATUS_OK) {
        return status;
    }
    if (!parse_time(&m.from_ns, site->zone, t.from) || !parse_time(&m.to_ns, site->zone, t.to) ||
        m.to_ns <= m.from_ns) {
        return fault(r, node, "needs from and to, such as \"2026-03-02T19:00\", from before to");
    }
    if (t.owner.len == 0 || t.reason.len == 0) {
        return fault(r, node, "needs owner and reason");
    }
    m.why = arena_printf(&site->arena, "%.*s: %.*s", STR_ARG(t.owner), STR_ARG(t.reason));
    MEM_GROW(site->maintenance, site->maintenance_capacity, site->maintenance_count + 1);
    site->maintenance[site->maintenance_count++] = m;
    return STATUS_OK;
}

/* --- sources, paths --- */

static enum status read_zone_name(struct reader *r, const struct conf_node *node, void *target) {
    const struct zone *zone;
    struct err why = ERR_INIT;
    if (node->type != CONF_TEXT || zone_open(&zone, node->text, &why) != STATUS_OK) {
        return fault(r, node, "must be a zone such as \"Asia/Tokyo\", \"UTC\" or \"+09:00\"");
    }
    return read_text(r, node, target);
}

static const struct site_path empty_path = {STR_INIT(""), STR_INIT(""), STR_INIT(""), STR_INIT(""),
                                            STR_INIT("")};

static enum status read_source(struct reader *r, const struct conf_node *node, void *target) {
    static const struct key keys[] = {
        {"zone", read_zone_name, offsetof(struct site_path, zone)},
        {"kind", read_text, offsetof(struct site_path, kind)},
        {"host", read_text, offsetof(struct site_path, host)},
        {"logformat", read_text, offsetof(struct site_path, logformat)},
        {NULL, NULL, 0},
    };
    (void)target;
    struct site *site = r->site;
    if (node->type != CONF_SECTION) {
        return fault(r, node, "must be a section with a name: NAME { ... }");
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        struct source_section section = {arena_str(&site->arena, n->name), empty_path};
        section.path.source = section.name;
        enum status status = read_section(r, n, keys, &section.path);
        if (status != STATUS_OK) {
            return status;
        }
        MEM_GROW(site->sources, site->source_capacity, site->source_count + 1);
        site->sources[site->source_count++] = section;
    }
    return STATUS_OK;
}

static enum status read_path(struct reader *r, const struct conf_node *node, void *target) {
    static const struct key keys[] = {
        {"glob", read_text, offsetof(struct path_section, glob)},
        {"source", read_text, offsetof(struct path_section, path.source)},
        {"host", read_text, offsetof(struct path_section, path.host)},
        {"zone", read_zone_name, offsetof(struct path_section, path.zone)},
        {"kind", read_text, offsetof(struct path_section, path.kind)},
        {"logformat", read_text, offsetof(struct path_section, path.logformat)},
        {NULL, NULL, 0},
    };
    (void)target;
    struct site *site = r->site;
    struct path_section section = {STR_EMPTY, empty_path};
    enum status status = read_section(r, node, keys, &section);
    if (status != STATUS_OK) {
        return status;
    }
    if (section.glob.len == 0) {
        return fault(r, node, "needs glob = \"...\"");
    }
    MEM_GROW(site->paths, site->path_capacity, site->path_count + 1);
    site->paths[site->path_count++] = section;
    return STATUS_OK;
}

/* --- explanations, parameters --- */

static enum status read_user_agents(struct reader *r, const struct conf_node *node, void *target) {
    static const struct key keys[] = {{"approved", read_texts, offsetof(struct site, user_agents)},
                                      {NULL, NULL, 0}};
    return read_section(r, node, keys, target);
}

static bool parse_ports(struct allow_value *value, struct str text) {
    size_t dash = str_find_char(text, '-');
    if (!num_parse_u64(&value->port_first, str_head(text, dash))) {
        return false;
    }
    value->port_last = value->port_first;
    return (dash == STR_NONE || num_parse_u64(&value->port_last, str_skip(text, dash + 1))) &&
           value->port_first > 0 && value->port_first <= value->port_last &&
           value->port_last <= 65535;
}

struct match_target {
    struct allow_section *section;
    enum entity_key key;
    size_t capacity;
};

static enum status add_match(struct reader *r, const struct conf_node *node, void *target) {
    struct match_target *t = target;
    struct allow_value value = {.text = site_lower(r->site, node->text)};
    if (node->text.len == 0) {
        return fault(r, node, "an empty value explains nothing");
    }
    if (t->key == ENTITY_PORT) {
        if (!parse_ports(&value, node->text)) {
            return fault(r, node, "must be a port 1-65535 or a range \"8000-8100\"");
        }
    } else {
        value.port_last = 0;
        value.is_network = ip_network_parse(&value.network, node->text);
    }
    struct allow_value **values = &t->section->values[t->key];
    size_t *count = &t->section->value_count[t->key];
    MEM_GROW(*values, t->capacity, *count + 1);
    (*values)[(*count)++] = value;
    return STATUS_OK;
}

static enum status read_match(struct reader *r, const struct conf_node *node, void *target) {
    struct allow_section *section = target;
    if (node->type != CONF_SECTION || !node->first) {
        return fault(r, node, "must be a section with at least one entity key");
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        struct match_target t = {section, entity_key_find(n->name), 0};
        if (t.key == ENTITY_KEY_COUNT || section->value_count[t.key] > 0) {
            return fault(r, n,
                         "not allowed here (once each): client host user destination port file "
                         "task sender recipient domain address device");
        }
        enum status status = each_text(r, n, add_match, &t);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status read_until(struct reader *r, const struct conf_node *node, void *target) {
    int64_t *until = target;
    int64_t ns;
    bool has_zone;
    if (node->type == CONF_TEXT && str_eq_ci(node->text, STR("never"))) {
        *until = INT64_MAX;
        return STATUS_OK;
    }
    if (node->type != CONF_TEXT || node->text.len != 10 ||
        !civil_parse_rfc3339(&ns, &has_zone, node->text)) {
        return fault(r, node, "must be the last day it holds, such as 2027-03-31, or \"never\"");
    }
    *until = zone_to_utc(r->site->zone, ns + NS_PER_DAY);
    return STATUS_OK;
}

static bool allow_is_complete(const struct allow_section *s) {
    bool any = false;
    for (size_t k = 0; k < ENTITY_KEY_COUNT; k++) {
        any = any || s->value_count[k] > 0;
    }
    return any && s->analyses.count > 0 && s->allow.owner.len > 0 && s->allow.reason.len > 0 &&
           s->allow.until_ns != TIME_NONE;
}

static enum status read_allow(struct reader *r, const struct conf_node *node, void *target) {
    static const struct key keys[] = {
        {"analysis", read_texts, offsetof(struct allow_section, analyses)},
        {"match", read_match, 0},
        {"owner", read_text, offsetof(struct allow_section, allow.owner)},
        {"reason", read_text, offsetof(struct allow_section, allow.reason)},
        {"until", read_until, offsetof(struct allow_section, allow.until_ns)},
        {NULL, NULL, 0},
    };
    (void)target;
    struct site *site = r->site;
    MEM_GROW(site->allows, site->allow_capacity, site->allow_count + 1);
    struct allow_section *section = &site->allows[site->allow_count++];
    memset(section, 0, sizeof *section);
    section->allow = (struct site_allow){STR_EMPTY, STR_EMPTY, STR_EMPTY, TIME_NONE};
    enum status status = read_section(r, node, keys, section);
    if (status != STATUS_OK) {
        return status;
    }
    if (!allow_is_complete(section)) {
        return fault(r, node, "needs analysis, match { }, owner, reason and until");
    }
    section->allow.analysis = section->analyses.items[0];
    return STATUS_OK;
}

static enum status set_param(struct reader *r, const struct conf_node *node, struct str prefix) {
    struct site *site = r->site;
    struct str name = prefix.len > 0 ? arena_printf(&site->arena, "%.*s.%.*s", STR_ARG(prefix),
                                                    STR_ARG(node->name))
                                     : node->name;
    if (node->type == CONF_SECTION) {
        for (const struct conf_node *n = node->first; n; n = n->next) {
            enum status status = set_param(r, n, name);
            if (status != STATUS_OK) {
                return status;
            }
        }
        return STATUS_OK;
    }
    if (node->type != CONF_TEXT) {
        return fault(r, node, "must be one value");
    }
    struct err why = ERR_INIT;
    enum status status = params_set(&site->params, name, node->text, &why);
    return status == STATUS_OK ? STATUS_OK : fault(r, node, why.message);
}

static enum status read_params(struct reader *r, const struct conf_node *node, void *target) {
    (void)target;
    if (node->type != CONF_SECTION) {
        return fault(r, node, "must be a section { ... }");
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        enum status status = set_param(r, n, STR_EMPTY);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* --- the file --- */

static const struct key top_keys[] = {
    {"organisation", read_organisation, 0},
    {"zone", read_zone, 0},
    {"networks", read_networks_section, 0},
    {"server", read_server, 0},
    {"proxy", read_proxy, 0},
    {"device", read_device, 0},
    {"domain", read_domain, 0},
    {"user", read_user, 0},
    {"accounts", read_accounts, 0},
    {"admin_terminals", read_admin_terminals, 0},
    {"hours", read_hours, 0},
    {"holidays", read_holidays, 0},
    {"maintenance", read_maintenance, 0},
    {"source", read_source, 0},
    {"path", read_path, 0},
    {"user_agents", read_user_agents, 0},
    {"mailing_lists", read_names, offsetof(struct site, mailing_lists)},
    {"params", read_params, 0},
    {"allow", read_allow, 0},
    {NULL, NULL, 0},
};

static int compare_day(const void *a, const void *b) {
    const int32_t *x = a;
    const int32_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* What can only be known at the end of the file. */
static void complete(struct site *site) {
    site_index_hosts(site);
    for (uint32_t i = 0; i < site->logins.count; i++) {
        site_set_account(site, site->users[i].login, ACCOUNT_USER);
    }
    if (site->holidays.count > 0) {
        qsort(site->holidays.items, site->holidays.count, sizeof *site->holidays.items,
              compare_day);
    }
}

/* The zone stands for all times in the file, wherever it is written: read it first. */
static enum status read_zone_first(struct reader *r, const struct conf_node *root) {
    const struct conf_node *zone = conf_find(root, STR("zone"));
    return zone ? read_zone(r, zone, NULL) : STATUS_OK;
}

enum status site_parse(struct site **out, struct str text, const char *name, struct err *err) {
    struct arena nodes = ARENA_INIT;
    struct conf_node *root;
    struct site *site = site_create_default();
    struct reader r = {site, name, err};
    enum status status = conf_parse(&root, &nodes, text, name, err);
    if (status == STATUS_OK) {
        status = read_zone_first(&r, root);
    }
    if (status == STATUS_OK) {
        status = read_section(&r, root, top_keys, site);
    }
    arena_fini(&nodes);
    if (status != STATUS_OK) {
        site_free(&site);
        return status;
    }
    site->declared = true;
    site->hash = hash_str(text) | 1;
    complete(site);
    *out = site;
    return STATUS_OK;
}

enum status site_load(struct site **out, const char *path, struct err *err) {
    struct input_file file;
    enum status status = input_file_open(&file, path, err);
    if (status != STATUS_OK) {
        return status;
    }
    status = site_parse(out, str_make((const char *)file.bytes, file.size_bytes), path, err);
    input_file_close(&file);
    return status;
}
