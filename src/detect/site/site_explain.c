/* Site file: `allow` sections, which explain findings. */
#include "num.h"
#include "site_section.h"

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

static enum status add_match(struct site_reader *r, const struct conf_node *node, void *target) {
    struct match_target *t = target;
    struct allow_value value = {.text = site_lower(r->site, node->text)};
    if (node->text.len == 0) {
        return site_fault(r, node, "an empty value explains nothing");
    }
    if (t->key == ENTITY_PORT) {
        if (!parse_ports(&value, node->text)) {
            return site_fault(r, node, "must be a port 1-65535 or a range \"8000-8100\"");
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

static enum status read_match(struct site_reader *r, const struct conf_node *node, void *target) {
    struct allow_section *section = target;
    if (node->type != CONF_SECTION || !node->first) {
        return site_fault(r, node, "must be a section with at least one entity key");
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        struct match_target t = {section, entity_key_find(n->name), 0};
        if (t.key == ENTITY_KEY_COUNT || section->value_count[t.key] > 0) {
            return site_fault(
                r, n,
                "not allowed here (once each): client host user destination port file "
                "task sender recipient domain address device");
        }
        enum status status = site_each_text(r, n, add_match, &t);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status site_read_until(struct site_reader *r, const struct conf_node *node, void *target) {
    int64_t *until = target;
    int64_t ns;
    bool has_zone;
    if (node->type == CONF_TEXT && str_eq_ci(node->text, STR("never"))) {
        *until = INT64_MAX;
        return STATUS_OK;
    }
    if (node->type != CONF_TEXT || node->text.len != 10 ||
        !civil_parse_rfc3339(&ns, &has_zone, node->text)) {
        return site_fault(r, node,
                          "must be the last day it holds, such as 2027-03-31, or \"never\"");
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

enum status site_read_allow(struct site_reader *r, const struct conf_node *node, void *target) {
    static const struct site_key keys[] = {
        {"analysis", site_read_texts, offsetof(struct allow_section, analyses)},
        {"match", read_match, 0},
        {"owner", site_read_text, offsetof(struct allow_section, allow.owner)},
        {"reason", site_read_text, offsetof(struct allow_section, allow.reason)},
        {"until", site_read_until, offsetof(struct allow_section, allow.until_ns)},
        {NULL, NULL, 0},
    };
    (void)target;
    struct site *site = r->site;
    MEM_GROW(site->allows, site->allow_capacity, site->allow_count + 1);
    struct allow_section *section = &site->allows[site->allow_count++];
    memset(section, 0, sizeof *section);
    section->allow = (struct site_allow){STR_EMPTY, STR_EMPTY, STR_EMPTY, TIME_NONE};
    enum status status = site_read_section(r, node, keys, section);
    if (status != STATUS_OK) {
        return status;
    }
    if (!allow_is_complete(section)) {
        return site_fault(r, node, "needs analysis, match { }, owner, reason and until");
    }
    section->allow.analysis = section->analyses.items[0];
    return STATUS_OK;
}
