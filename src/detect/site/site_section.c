/* What all sections of a site file share (site_section.h). */
#include "site_section.h"

enum status site_fault(struct site_reader *r, const struct conf_node *node, const char *allowed) {
    if (node->type == CONF_TEXT) {
        return err_set(r->err, STATUS_BAD_INPUT, "%s: line %u: %.*s = '%.*s': %s", r->path,
                       node->line, STR_ARG(node->name), STR_ARG(node->text), allowed);
    }
    return err_set(r->err, STATUS_BAD_INPUT, "%s: line %u: %.*s: %s", r->path, node->line,
                   STR_ARG(node->name), allowed);
}

static enum status unknown_name(struct site_reader *r, const struct conf_node *node,
                                const struct site_key *keys) {
    char allowed[512];
    size_t used = 0;
    for (const struct site_key *k = keys; k->name; k++) {
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
enum status site_read_section(struct site_reader *r, const struct conf_node *section,
                              const struct site_key *keys, void *target) {
    if (section->type != CONF_SECTION) {
        return site_fault(r, section, "must be a section { ... }");
    }
    for (const struct conf_node *n = section->first; n; n = n->next) {
        const struct site_key *k = keys;
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

enum status site_read_text(struct site_reader *r, const struct conf_node *node, void *target) {
    if (node->type != CONF_TEXT) {
        return site_fault(r, node, "must be one text");
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

enum status site_read_bool(struct site_reader *r, const struct conf_node *node, void *target) {
    if (node->type != CONF_TEXT || !parse_bool(target, node->text)) {
        return site_fault(r, node, "must be true or false");
    }
    return STATUS_OK;
}

/* Calls `item` for a text, or for each text of a list. */
enum status site_each_text(struct site_reader *r, const struct conf_node *node, site_node_fn *item,
                           void *target) {
    if (node->type == CONF_TEXT) {
        return item(r, node, target);
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        if (n->type != CONF_TEXT) {
            return site_fault(r, node, "must be a text or a list of texts");
        }
        enum status status = item(r, n, target);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status add_text(struct site_reader *r, const struct conf_node *node, void *target) {
    struct str_list *list = target;
    MEM_GROW(list->items, list->capacity, list->count + 1);
    list->items[list->count++] = arena_str(&r->site->arena, node->text);
    return STATUS_OK;
}

enum status site_read_texts(struct site_reader *r, const struct conf_node *node, void *target) {
    return site_each_text(r, node, add_text, target);
}

static enum status add_lower(struct site_reader *r, const struct conf_node *node, void *target) {
    (void)r;
    (void)intern_add_lower(target, node->text);
    return STATUS_OK;
}

enum status site_read_names(struct site_reader *r, const struct conf_node *node, void *target) {
    return site_each_text(r, node, add_lower, target);
}

static enum status add_network(struct site_reader *r, const struct conf_node *node, void *target) {
    struct network_list *list = target;
    MEM_GROW(list->items, list->capacity, list->count + 1);
    if (!ip_network_parse(&list->items[list->count], node->text)) {
        return site_fault(r, node, "must be a network such as 10.0.0.0/8 or an address");
    }
    list->count++;
    return STATUS_OK;
}

enum status site_read_networks(struct site_reader *r, const struct conf_node *node, void *target) {
    ((struct network_list *)target)->count = 0; /* replaces the default */
    return site_each_text(r, node, add_network, target);
}

/* Copies a list into the arena: (*items, *count) of a struct site_host or site_user. */
enum status site_read_arena_texts(struct site_reader *r, const struct conf_node *node,
                                  const struct str **items, size_t *count) {
    struct str_list list = {NULL, 0, 0};
    enum status status = site_read_texts(r, node, &list);
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
bool site_parse_time(int64_t *out, const struct zone *zone, struct str text) {
    bool has_zone;
    if (!civil_parse_rfc3339(out, &has_zone, text)) {
        return false;
    }
    if (!has_zone) {
        *out = zone_to_utc(zone, *out);
    }
    return true;
}

enum status site_read_zone_name(struct site_reader *r, const struct conf_node *node, void *target) {
    const struct zone *zone;
    struct err why = ERR_INIT;
    if (node->type != CONF_TEXT || zone_open(&zone, node->text, &why) != STATUS_OK) {
        return site_fault(r, node, "must be a zone such as \"Asia/Tokyo\", \"UTC\" or \"+09:00\"");
    }
    return site_read_text(r, node, target);
}
