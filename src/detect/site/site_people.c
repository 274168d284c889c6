/* Site file: hosts with their roles, users with their terminals, accounts. */
#include "site_section.h"

static enum status read_ip(struct site_reader *r, const struct conf_node *node, void *target) {
    struct site_host *host = target;
    if (node->type != CONF_TEXT || !ip_parse(&host->ip, node->text)) {
        return site_fault(r, node, "must be an address");
    }
    host->has_ip = true;
    return STATUS_OK;
}

static enum status read_roles(struct site_reader *r, const struct conf_node *node, void *target) {
    struct site_host *host = target;
    return site_read_arena_texts(r, node, &host->roles, &host->role_count);
}

static enum status read_parent(struct site_reader *r, const struct conf_node *node, void *target) {
    return site_read_text(r, node, &((struct site_host *)target)->parent);
}

static enum status read_phones_home(struct site_reader *r, const struct conf_node *node,
                                    void *target) {
    const struct site_host *host = target;
    return site_read_texts(r, node, &r->site->phones_home[host - r->site->hosts]);
}

static const struct site_key host_keys[] = {
    {"ip", read_ip, 0},
    {"roles", read_roles, 0},
    {"kind", read_roles, 0},
    {"owner", site_read_text, offsetof(struct site_host, owner)},
    {"classification", site_read_text, offsetof(struct site_host, classification)},
    {"parent", read_parent, 0},
    {"logged", site_read_bool, offsetof(struct site_host, logged)},
    {"phones_home", read_phones_home, 0},
    {NULL, NULL, 0},
};

/* `server NAME { }`: each child of the node is one host. */
static enum status read_hosts(struct site_reader *r, const struct conf_node *node, const char *role,
                              bool is_device) {
    if (node->type != CONF_SECTION) {
        return site_fault(r, node, "must be a section with a name: NAME { ... }");
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        uint32_t id = site_host_id(r->site, n->name);
        enum status status = site_read_section(r, n, host_keys, &r->site->hosts[id]);
        if (status != STATUS_OK) {
            return status;
        }
        struct site_host *host = &r->site->hosts[id];
        host->is_device = is_device;
        if (role && !site_host_has_role(host, str_from_c(role))) {
            struct conf_node word = {.type = CONF_TEXT, .text = str_from_c(role)};
            status = site_read_arena_texts(r, &word, &host->roles, &host->role_count);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status site_read_server(struct site_reader *r, const struct conf_node *node, void *target) {
    (void)target;
    return read_hosts(r, node, NULL, false);
}

enum status site_read_proxy(struct site_reader *r, const struct conf_node *node, void *target) {
    (void)target;
    return read_hosts(r, node, "proxy", false);
}

enum status site_read_device(struct site_reader *r, const struct conf_node *node, void *target) {
    (void)target;
    return read_hosts(r, node, NULL, true);
}

static enum status add_admin_terminal(struct site_reader *r, const struct conf_node *node,
                                      void *target) {
    (void)target;
    r->site->hosts[site_host_id(r->site, node->text)].is_admin_terminal = true;
    return STATUS_OK;
}

enum status site_read_admin_terminals(struct site_reader *r, const struct conf_node *node,
                                      void *target) {
    return site_each_text(r, node, add_admin_terminal, target);
}

static enum status read_pcs(struct site_reader *r, const struct conf_node *node, void *target) {
    struct site_user *user = target;
    size_t before = user->pc_count;
    enum status status = site_read_arena_texts(r, node, &user->pcs, &user->pc_count);
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

static const struct site_key user_keys[] = {
    {"name", site_read_text, offsetof(struct site_user, name)},
    {"mail", site_read_text, offsetof(struct site_user, mail)},
    {"department", site_read_text, offsetof(struct site_user, department)},
    {"pcs", read_pcs, 0},
    {NULL, NULL, 0},
};

enum status site_read_user(struct site_reader *r, const struct conf_node *node, void *target) {
    (void)target;
    struct site *site = r->site;
    if (node->type != CONF_SECTION) {
        return site_fault(r, node, "must be a section with a name: LOGIN { ... }");
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        uint32_t known = site->logins.count;
        uint32_t id = intern_add_lower(&site->logins, n->name);
        MEM_GROW(site->users, site->user_capacity, (size_t)id + 1);
        if (id == known) {
            site->users[id] = (struct site_user){
                arena_str(&site->arena, n->name), STR_EMPTY, STR_EMPTY, STR_EMPTY, NULL, 0};
        }
        enum status status = site_read_section(r, n, user_keys, &site->users[id]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status add_admin(struct site_reader *r, const struct conf_node *node, void *target) {
    (void)target;
    site_set_account(r->site, node->text, ACCOUNT_ADMIN);
    r->site->has_admins = true;
    return STATUS_OK;
}

static enum status add_helpdesk(struct site_reader *r, const struct conf_node *node, void *target) {
    (void)target;
    site_set_account(r->site, node->text, ACCOUNT_HELPDESK);
    return STATUS_OK;
}

static enum status add_disabled(struct site_reader *r, const struct conf_node *node, void *target) {
    (void)target;
    site_set_account(r->site, node->text, ACCOUNT_DISABLED);
    return STATUS_OK;
}

static enum status read_admins(struct site_reader *r, const struct conf_node *node, void *target) {
    return site_each_text(r, node, add_admin, target);
}

static enum status read_helpdesk(struct site_reader *r, const struct conf_node *node,
                                 void *target) {
    return site_each_text(r, node, add_helpdesk, target);
}

static enum status read_disabled(struct site_reader *r, const struct conf_node *node,
                                 void *target) {
    return site_each_text(r, node, add_disabled, target);
}

static enum status read_services(struct site_reader *r, const struct conf_node *node,
                                 void *target) {
    static const struct site_key keys[] = {{"hosts", site_read_texts, 0}, {NULL, NULL, 0}};
    (void)target;
    if (node->type != CONF_SECTION) {
        return site_fault(r, node, "must be a section with a name: LOGIN { hosts = [...] }");
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        struct str_list hosts = {NULL, 0, 0};
        enum status status = site_read_section(r, n, keys, &hosts);
        mem_free(hosts.items);
        if (status != STATUS_OK) {
            return status;
        }
        site_set_account(r->site, n->name, ACCOUNT_SERVICE);
    }
    return STATUS_OK;
}

enum status site_read_accounts(struct site_reader *r, const struct conf_node *node, void *target) {
    static const struct site_key keys[] = {
        {"admins", read_admins, 0},
        {"helpdesk", read_helpdesk, 0},
        {"disabled", read_disabled, 0},
        {"service", read_services, 0},
        {NULL, NULL, 0},
    };
    return site_read_section(r, node, keys, target);
}
