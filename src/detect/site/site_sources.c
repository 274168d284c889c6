/* Site file: what is known of a source, and which files are whose. */
#include "site_section.h"

static const struct site_path empty_path = {STR_INIT(""), STR_INIT(""), STR_INIT(""), STR_INIT(""),
                                            STR_INIT("")};

enum status site_read_source(struct site_reader *r, const struct conf_node *node, void *target) {
    static const struct site_key keys[] = {
        {"zone", site_read_zone_name, offsetof(struct site_path, zone)},
        {"kind", site_read_text, offsetof(struct site_path, kind)},
        {"host", site_read_text, offsetof(struct site_path, host)},
        {"logformat", site_read_text, offsetof(struct site_path, logformat)},
        {NULL, NULL, 0},
    };
    (void)target;
    struct site *site = r->site;
    if (node->type != CONF_SECTION) {
        return site_fault(r, node, "must be a section with a name: NAME { ... }");
    }
    for (const struct conf_node *n = node->first; n; n = n->next) {
        struct source_section section = {arena_str(&site->arena, n->name), empty_path};
        section.path.source = section.name;
        enum status status = site_read_section(r, n, keys, &section.path);
        if (status != STATUS_OK) {
            return status;
        }
        MEM_GROW(site->sources, site->source_capacity, site->source_count + 1);
        site->sources[site->source_count++] = section;
    }
    return STATUS_OK;
}

enum status site_read_path(struct site_reader *r, const struct conf_node *node, void *target) {
    static const struct site_key keys[] = {
        {"glob", site_read_text, offsetof(struct path_section, glob)},
        {"source", site_read_text, offsetof(struct path_section, path.source)},
        {"host", site_read_text, offsetof(struct path_section, path.host)},
        {"zone", site_read_zone_name, offsetof(struct path_section, path.zone)},
        {"kind", site_read_text, offsetof(struct path_section, path.kind)},
        {"logformat", site_read_text, offsetof(struct path_section, path.logformat)},
        {NULL, NULL, 0},
    };
    (void)target;
    struct site *site = r->site;
    struct path_section section = {STR_EMPTY, empty_path};
    enum status status = site_read_section(r, node, keys, &section);
    if (status != STATUS_OK) {
        return status;
    }
    if (section.glob.len == 0) {
        return site_fault(r, node, "needs glob = \"...\"");
    }
    MEM_GROW(site->paths, site->path_capacity, site->path_count + 1);
    site->paths[site->path_count++] = section;
    return STATUS_OK;
}
