/*
 * The site file (docs/formats/site.md) into struct site: one handler a section, tables of the
 * names that a section may hold, so that an unknown name is an error with its line.
 */
#include <stdlib.h>

#include "conf.h"
#include "hash.h"
#include "input_file.h"
#include "site_section.h"

static enum status read_organisation(struct site_reader *r, const struct conf_node *node,
                                     void *target) {
    static const struct site_key keys[] = {
        {"name", site_read_text, offsetof(struct site, organisation)},
        {"domains", site_read_names, offsetof(struct site, mail_domains)},
        {"partners", site_read_names, offsetof(struct site, partner_domains)},
        {NULL, NULL, 0},
    };
    return site_read_section(r, node, keys, target);
}

static enum status read_zone(struct site_reader *r, const struct conf_node *node, void *target) {
    (void)target;
    struct err why = ERR_INIT;
    if (node->type != CONF_TEXT || zone_open(&r->site->zone, node->text, &why) != STATUS_OK) {
        return site_fault(r, node, "must be a zone such as \"Asia/Tokyo\", \"UTC\" or \"+09:00\"");
    }
    return STATUS_OK;
}

static enum status read_networks_section(struct site_reader *r, const struct conf_node *node,
                                         void *target) {
    static const struct site_key keys[] = {
        {"internal", site_read_networks, offsetof(struct site, internal)},
        {"public", site_read_networks, offsetof(struct site, public_nets)},
        {"vpn", site_read_networks, offsetof(struct site, vpn)},
        {"wifi", site_read_networks, offsetof(struct site, wifi)},
        {NULL, NULL, 0},
    };
    return site_read_section(r, node, keys, target);
}

static enum status read_domain(struct site_reader *r, const struct conf_node *node, void *target) {
    static const struct site_key keys[] = {
        {"netbios", site_read_names, offsetof(struct site, windows_domains)},
        {"dns", site_read_names, offsetof(struct site, windows_domains)},
        {"trusts", site_read_names, offsetof(struct site, windows_domains)},
        {"sid", site_read_text, offsetof(struct site, domain_sid)},
        {NULL, NULL, 0},
    };
    return site_read_section(r, node, keys, target);
}

static enum status read_user_agents(struct site_reader *r, const struct conf_node *node,
                                    void *target) {
    static const struct site_key keys[] = {
        {"approved", site_read_texts, offsetof(struct site, user_agents)}, {NULL, NULL, 0}};
    return site_read_section(r, node, keys, target);
}

static enum status set_param(struct site_reader *r, const struct conf_node *node,
                             struct str prefix) {
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
        return site_fault(r, node, "must be one value");
    }
    struct err why = ERR_INIT;
    enum status status = params_set(&site->params, name, node->text, &why);
    return status == STATUS_OK ? STATUS_OK : site_fault(r, node, why.message);
}

static enum status read_params(struct site_reader *r, const struct conf_node *node, void *target) {
    (void)target;
    if (node->type != CONF_SECTION) {
        return site_fault(r, node, "must be a section { ... }");
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        enum status status = set_param(r, n, STR_EMPTY);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static const struct site_key top_keys[] = {
    {"organisation", read_organisation, 0},
    {"zone", read_zone, 0},
    {"networks", read_networks_section, 0},
    {"server", site_read_server, 0},
    {"proxy", site_read_proxy, 0},
    {"device", site_read_device, 0},
    {"domain", read_domain, 0},
    {"user", site_read_user, 0},
    {"accounts", site_read_accounts, 0},
    {"admin_terminals", site_read_admin_terminals, 0},
    {"hours", site_read_hours, 0},
    {"holidays", site_read_holidays, 0},
    {"maintenance", site_read_maintenance, 0},
    {"source", site_read_source, 0},
    {"path", site_read_path, 0},
    {"user_agents", read_user_agents, 0},
    {"mailing_lists", site_read_names, offsetof(struct site, mailing_lists)},
    {"params", read_params, 0},
    {"allow", site_read_allow, 0},
    {"rules", site_read_rules, 0},
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
static enum status read_zone_first(struct site_reader *r, const struct conf_node *root) {
    const struct conf_node *zone = conf_find(root, STR("zone"));
    return zone ? read_zone(r, zone, NULL) : STATUS_OK;
}

enum status site_parse(struct site **out, struct str text, const char *name, struct err *err) {
    struct arena nodes = ARENA_INIT;
    struct conf_node *root;
    struct site *site = site_create_default();
    struct site_reader r = {site, name, err};
    enum status status = conf_parse(&root, &nodes, text, name, err);
    if (status == STATUS_OK) {
        status = read_zone_first(&r, root);
    }
    if (status == STATUS_OK) {
        status = site_read_section(&r, root, top_keys, site);
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
