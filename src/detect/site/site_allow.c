/* Which explanation covers a finding, and which path section a file. */
#include "num.h"
#include "path_glob.h"
#include "site_priv.h"

static bool is_pattern(struct str text) {
    return str_find_char(text, '*') != STR_NONE || str_find_char(text, '?') != STR_NONE;
}

/* `name` is `parent` or below it. */
static bool is_subdomain(struct str name, struct str parent) {
    return str_eq_ci(name, parent) || (name.len > parent.len && str_ends_ci(name, parent) &&
                                       name.ptr[name.len - parent.len - 1] == '.');
}

static bool value_covers(const struct allow_value *value, enum entity_key key, struct str entity) {
    struct ip address;
    uint64_t port;
    if (value->is_network) {
        return ip_parse(&address, entity) && ip_network_has(&value->network, &address);
    }
    if (value->port_last > 0 && num_parse_u64(&port, entity)) {
        return port >= value->port_first && port <= value->port_last;
    }
    if (is_pattern(value->text)) {
        return path_glob_match(NULL, value->text, entity);
    }
    if (key == ENTITY_DESTINATION || key == ENTITY_DOMAIN) {
        return is_subdomain(entity, value->text);
    }
    if (str_eq_ci(entity, value->text)) {
        return true;
    }
    if (key != ENTITY_HOST && key != ENTITY_CLIENT && key != ENTITY_DEVICE) {
        return false;
    }
    struct str label = str_head(entity, str_find_char(entity, '.'));
    return !ip_parse(&address, entity) &&
           str_eq_ci(label, str_head(value->text, str_find_char(value->text, '.')));
}

/* Every value that the finding has of `key` is covered, and there is one. */
static bool key_covered(const struct allow_section *section, enum entity_key key,
                        const struct entity *entities, size_t count) {
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (entities[i].key != key) {
            continue;
        }
        any = true;
        bool covered = false;
        for (size_t v = 0; v < section->value_count[key] && !covered; v++) {
            covered = value_covers(&section->values[key][v], key, entities[i].value);
        }
        if (!covered) {
            return false;
        }
    }
    return any;
}

static bool section_names(const struct allow_section *section, struct str analysis) {
    for (size_t i = 0; i < section->analyses.count; i++) {
        struct str id = section->analyses.items[i];
        if (str_eq(id, STR("*")) || str_eq_ci(id, analysis)) {
            return true;
        }
    }
    return false;
}

const struct site_allow *site_find_allow(const struct site *site, struct str analysis,
                                         const struct entity *entities, size_t count,
                                         int64_t time_ns) {
    for (size_t i = 0; i < site->allow_count; i++) {
        const struct allow_section *section = &site->allows[i];
        bool covers = time_ns < section->allow.until_ns && section_names(section, analysis);
        for (size_t key = 0; key < ENTITY_KEY_COUNT && covers; key++) {
            covers = section->value_count[key] == 0 ||
                     key_covered(section, (enum entity_key)key, entities, count);
        }
        if (covers) {
            return &section->allow;
        }
    }
    return NULL;
}

/* --- paths --- */

/* "$1" as a whole name stands for the first star's text. */
static struct str expand(struct str text, const struct path_glob_match *match) {
    if (text.len == 2 && text.ptr[0] == '$' && text.ptr[1] >= '1' && text.ptr[1] <= '9') {
        size_t n = (size_t)(text.ptr[1] - '1');
        return n < match->count ? match->captures[n] : STR_EMPTY;
    }
    return text;
}

static struct str first_of(struct str a, struct str b) {
    return a.len > 0 ? a : b;
}

bool site_find_source(struct site_path *out, const struct site *site, struct str source) {
    for (size_t i = 0; i < site->source_count; i++) {
        if (str_eq_ci(site->sources[i].name, source)) {
            *out = site->sources[i].path;
            return true;
        }
    }
    return false;
}

bool site_find_path(struct site_path *out, const struct site *site, struct str path) {
    struct path_glob_match match;
    for (size_t i = 0; i < site->path_count; i++) {
        if (!path_glob_match_tail(&match, site->paths[i].glob, path)) {
            continue;
        }
        struct site_path found = site->paths[i].path;
        struct site_path section;
        found.source = expand(found.source, &match);
        found.host = expand(found.host, &match);
        if (found.source.len > 0 && site_find_source(&section, site, found.source)) {
            found.host = first_of(found.host, section.host);
            found.zone = first_of(found.zone, section.zone);
            found.kind = first_of(found.kind, section.kind);
            found.logformat = first_of(found.logformat, section.logformat);
        }
        *out = found;
        return true;
    }
    return false;
}
