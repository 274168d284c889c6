#include "site_rules.h"

#include "site_section.h"

struct rule_value {
    struct str text; /* '*' and '?' as in fits */
    struct ip_network network;
    bool is_network;
};

struct site_rule_match {
    struct str field;
    struct rule_value *values;
    size_t value_count;
};

/* What the reading of one section fills. */
struct rule_target {
    struct site_rule rule;
    struct site_rule_match *matches;
    bool has_level;
};

/* --- reading --- */

static struct rule_value make_value(struct site *site, struct str text) {
    struct rule_value value = {.text = arena_str(&site->arena, text)};
    value.is_network = ip_network_parse(&value.network, text);
    return value;
}

struct value_list {
    struct rule_value *items;
    size_t count;
    size_t capacity;
};

static enum status add_value(struct site_reader *r, const struct conf_node *node, void *target) {
    struct value_list *list = target;
    if (node->text.len == 0) {
        return site_fault(r, node, "an empty value explains nothing");
    }
    MEM_GROW(list->items, list->capacity, list->count + 1);
    list->items[list->count++] = make_value(r->site, node->text);
    return STATUS_OK;
}

static enum status read_field(struct site_reader *r, const struct conf_node *node,
                              struct site_rule_match *out) {
    struct value_list list = {0};
    enum status status = node->type == CONF_SECTION
                             ? site_fault(r, node, "must be a text or a list of texts")
                             : site_each_text(r, node, add_value, &list);
    if (status == STATUS_OK && list.count == 0) {
        status = site_fault(r, node, "an empty list explains nothing");
    }
    if (status == STATUS_OK) {
        out->field = arena_str(&r->site->arena, node->name);
        out->values = arena_array(&r->site->arena, list.count, sizeof *out->values);
        out->value_count = list.count;
        memcpy(out->values, list.items, list.count * sizeof *list.items);
    }
    mem_free(list.items);
    return status;
}

static enum status read_match(struct site_reader *r, const struct conf_node *node, void *target) {
    struct rule_target *t = target;
    size_t count = 0;
    for (const struct conf_node *n = node->first; n != NULL; n = n->next) {
        count++;
    }
    if (node->type != CONF_SECTION || count == 0 || t->rule.match_count > 0) {
        return site_fault(r, node, "must be one section with at least one field");
    }
    t->matches = arena_array(&r->site->arena, count, sizeof *t->matches);
    t->rule.matches = t->matches;
    for (const struct conf_node *n = node->first; n != NULL; n = n->next) {
        enum status status = read_field(r, n, &t->matches[t->rule.match_count]);
        if (status != STATUS_OK) {
            return status;
        }
        t->rule.match_count++;
    }
    return STATUS_OK;
}

static enum status read_ids(struct site_reader *r, const struct conf_node *node, void *target) {
    struct rule_target *t = target;
    return site_read_arena_texts(r, node, &t->rule.ids, &t->rule.id_count);
}

static enum status read_tags(struct site_reader *r, const struct conf_node *node, void *target) {
    struct rule_target *t = target;
    return site_read_arena_texts(r, node, &t->rule.tags, &t->rule.tag_count);
}

static enum status read_titles(struct site_reader *r, const struct conf_node *node, void *target) {
    struct rule_target *t = target;
    return site_read_arena_texts(r, node, &t->rule.titles, &t->rule.title_count);
}

static enum status read_level(struct site_reader *r, const struct conf_node *node, void *target) {
    struct rule_target *t = target;
    t->has_level = true;
    if (node->type != CONF_TEXT || !sigma_level_parse(&t->rule.level, node->text)) {
        return site_fault(r, node, "must be informational, low, medium, high or critical");
    }
    return STATUS_OK;
}

static const struct site_key section_keys[] = {
    {"rule", read_ids, 0},
    {"tag", read_tags, 0},
    {"title", read_titles, 0},
    {"match", read_match, 0},
    {"level", read_level, 0},
    {"owner", site_read_text, offsetof(struct rule_target, rule.owner)},
    {"reason", site_read_text, offsetof(struct rule_target, rule.reason)},
    {"until", site_read_until, offsetof(struct rule_target, rule.until_ns)},
    {NULL, NULL, 0},
};

/* What is missing or too much; NULL if the section is whole. */
static const char *complaint(const struct rule_target *t) {
    const struct site_rule *rule = &t->rule;
    bool is_named = rule->id_count + rule->tag_count + rule->title_count > 0;
    if (!is_named || rule->owner.len == 0 || rule->reason.len == 0 || rule->until_ns == TIME_NONE) {
        return "needs rule, tag or title, and owner, reason and until";
    }
    if (t->has_level != (rule->action == SITE_RULE_LEVEL)) {
        return t->has_level ? "takes no level" : "needs a level";
    }
    if (rule->action == SITE_RULE_SUPPRESS && rule->match_count == 0) {
        return "needs match { }; to silence a rule as a whole write disable { }";
    }
    return rule->action == SITE_RULE_DISABLE && rule->match_count > 0
               ? "takes no match { }; to silence single hits write suppress { }"
               : NULL;
}

static enum status read_section(struct site_reader *r, const struct conf_node *node,
                                enum site_rule_action action) {
    struct site *site = r->site;
    struct rule_target t = {.rule = {.action = action, .line = node->line, .until_ns = TIME_NONE}};
    enum status status = site_read_section(r, node, section_keys, &t);
    if (status != STATUS_OK) {
        return status;
    }
    const char *wrong = complaint(&t);
    if (wrong != NULL) {
        return site_fault(r, node, wrong);
    }
    MEM_GROW(site->rules, site->rule_capacity, site->rule_count + 1);
    site->rules[site->rule_count++] = t.rule;
    return STATUS_OK;
}

static enum status read_level_section(struct site_reader *r, const struct conf_node *node,
                                      void *target) {
    (void)target;
    return read_section(r, node, SITE_RULE_LEVEL);
}

static enum status read_suppress(struct site_reader *r, const struct conf_node *node,
                                 void *target) {
    (void)target;
    return read_section(r, node, SITE_RULE_SUPPRESS);
}

static enum status read_disable(struct site_reader *r, const struct conf_node *node, void *target) {
    (void)target;
    return read_section(r, node, SITE_RULE_DISABLE);
}

enum status site_read_rules(struct site_reader *r, const struct conf_node *node, void *target) {
    static const struct site_key keys[] = {{"level", read_level_section, 0},
                                           {"suppress", read_suppress, 0},
                                           {"disable", read_disable, 0},
                                           {NULL, NULL, 0}};
    return site_read_section(r, node, keys, target);
}

/* --- answers --- */

size_t site_rule_count(const struct site *site) {
    return site->rule_count;
}

const struct site_rule *site_rule_at(const struct site *site, size_t i) {
    return &site->rules[i];
}

static bool has_id(const struct site_rule *section, struct str id) {
    for (size_t i = 0; i < section->id_count; i++) {
        if (str_eq_ci(section->ids[i], id)) {
            return true;
        }
    }
    return section->id_count == 0;
}

/* "attack.t1059" is also the tag of a rule that says "attack.t1059.001". */
static bool is_tag(struct str wanted, struct str tag) {
    return str_eq_ci(wanted, tag) ||
           (tag.len > wanted.len && str_starts_ci(tag, wanted) && tag.ptr[wanted.len] == '.');
}

static bool has_tag(const struct site_rule *section, const struct sigma_rule_info *rule) {
    for (size_t i = 0; i < section->tag_count; i++) {
        for (size_t j = 0; j < rule->tag_count; j++) {
            if (is_tag(section->tags[i], rule->tags[j])) {
                return true;
            }
        }
    }
    return section->tag_count == 0;
}

static bool has_title(const struct site_rule *section, struct str title) {
    for (size_t i = 0; i < section->title_count; i++) {
        if (str_fits(title, section->titles[i])) {
            return true;
        }
    }
    return section->title_count == 0;
}

bool site_rule_names(const struct site_rule *section, const struct sigma_rule_info *rule) {
    return has_id(section, rule->id) && has_tag(section, rule) && has_title(section, rule->title);
}

struct str site_rule_field(const struct site_rule *section, size_t i) {
    return section->matches[i].field;
}

static bool value_covers(const struct rule_value *wanted, struct str value) {
    struct ip address;
    if (wanted->is_network && ip_parse(&address, value)) {
        return ip_network_has(&wanted->network, &address);
    }
    return str_fits(value, wanted->text);
}

bool site_rule_covers(const struct site_rule *section, size_t i, struct str value) {
    const struct site_rule_match *match = &section->matches[i];
    for (size_t v = 0; v < match->value_count; v++) {
        if (value_covers(&match->values[v], value)) {
            return true;
        }
    }
    return false;
}

struct str site_rule_action_name(enum site_rule_action action) {
    static const struct str names[] = {STR_INIT("level"), STR_INIT("suppress"),
                                       STR_INIT("disable")};
    return names[action];
}
