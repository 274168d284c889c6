/* The sections of a mapping file. */
#include "sigma_mapping_read.h"

#include "mem.h"

typedef enum status section_fn(struct mapping_reader *r, const struct conf_node *node);

/* --- source --- */

static enum status read_source_member(struct mapping_reader *r, const struct conf_node *n,
                                      struct sigma_source *source, struct sigma_way_row *ways) {
    if (str_eq(n->name, STR("product"))) {
        return sigma_mapping_read_words(r, n, &source->product);
    } else if (str_eq(n->name, STR("category"))) {
        return sigma_mapping_read_words(r, n, &source->category);
    } else if (str_eq(n->name, STR("service"))) {
        return sigma_mapping_read_list(r, n, &source->service);
    } else if (str_eq(n->name, STR("needs"))) {
        return sigma_mapping_read_text(r, n, &source->needs);
    } else if (str_eq(n->name, STR("way"))) {
        return sigma_mapping_read_way(r, n, &ways[source->way_count++]);
    } else if (!str_eq(n->name, STR("add"))) {
        return sigma_mapping_fault(r, n, "allowed are product, category, service, add, way, needs");
    }
    return sigma_mapping_read_bool(r, n, &source->is_addition);
}

static enum status read_source(struct mapping_reader *r, const struct conf_node *node) {
    struct sigma_mapping *m = r->mapping;
    MEM_GROW(m->sources, m->source_capacity, m->source_count + 1);
    struct sigma_source *source = &m->sources[m->source_count++];
    *source = (struct sigma_source){.path = r->is_default ? "" : r->path, .line = node->line};
    struct sigma_way_row *ways =
        arena_array(&m->arena, sigma_mapping_count(node, STR("way")) + 1, sizeof *ways);
    enum status s = STATUS_OK;
    for (const struct conf_node *n = node->first; n != NULL && s == STATUS_OK; n = n->next) {
        s = read_source_member(r, n, source, ways);
    }
    source->ways = ways;
    return s;
}

/* --- windows-services --- */

static enum status read_services(struct mapping_reader *r, const struct conf_node *node) {
    struct sigma_mapping *m = r->mapping;
    enum status s = STATUS_OK;
    for (const struct conf_node *n = node->first; n != NULL && s == STATUS_OK; n = n->next) {
        MEM_GROW(m->services, m->service_capacity, m->service_count + 1);
        struct sigma_service *service = &m->services[m->service_count++];
        *service = (struct sigma_service){.name = n->name};
        s = sigma_mapping_read_list(r, n, &service->channels);
        if (s == STATUS_OK &&
            (service->channels.count == 0 || service->channels.count > SIGMA_CHANNEL_LIMIT)) {
            s = sigma_mapping_fault(r, n, "1 to 8 channels are allowed");
        }
    }
    return s;
}

/* --- fields --- */

static enum status read_names(struct mapping_reader *r, const struct conf_node *names,
                              const char *families) {
    struct sigma_mapping *m = r->mapping;
    enum status s = sigma_mapping_need_section(r, names);
    for (const struct conf_node *n = names->first; n != NULL && s == STATUS_OK; n = n->next) {
        struct sigma_words fields = {NULL, 0};
        s = sigma_mapping_read_words(r, n, &fields);
        MEM_GROW(m->fields, m->field_capacity, m->field_count + 1);
        m->fields[m->field_count++] =
            (struct sigma_field_row){families, n->name.ptr, sigma_mapping_join(r, fields)};
    }
    return s;
}

static enum status read_fields(struct mapping_reader *r, const struct conf_node *node) {
    const struct conf_node *dataset = conf_find(node, STR("dataset"));
    const struct conf_node *names = conf_find(node, STR("names"));
    struct sigma_words words = {NULL, 0};
    for (const struct conf_node *n = node->first; n != NULL; n = n->next) {
        if (n != dataset && n != names) {
            return sigma_mapping_fault(r, n, "allowed are dataset, names { ... }, once each");
        }
    }
    if (dataset == NULL || names == NULL) {
        return sigma_mapping_fault(r, node, "dataset or names { ... } is missing");
    }
    enum status s = sigma_mapping_read_words(r, dataset, &words);
    return s == STATUS_OK ? read_names(r, names, sigma_mapping_join(r, words)) : s;
}

/* --- events --- */

struct event_source {
    struct sigma_words channels;
    struct str needs;
};

static enum status add_events(struct mapping_reader *r, const struct conf_node *node,
                              const struct event_source *from) {
    struct sigma_mapping *m = r->mapping;
    struct sigma_event_row row = {.id = node->name, .needs = from->needs};
    struct sigma_words fields = {NULL, 0};
    enum status s = sigma_mapping_read_words(r, node, &fields);
    for (size_t i = 0; i < from->channels.count && s == STATUS_OK; i++) {
        MEM_GROW(m->events, m->event_capacity, m->event_count + 1);
        row.channel = from->channels.items[i];
        row.fields = fields;
        m->events[m->event_count++] = row;
    }
    return s;
}

static enum status read_event_source(struct mapping_reader *r, const struct conf_node *node,
                                     struct event_source *out) {
    const struct conf_node *service = conf_find(node, STR("service"));
    const struct conf_node *other = conf_find(node, STR("dataset"));
    const struct conf_node *needs = conf_find(node, STR("needs"));
    const struct sigma_service *found = NULL;
    enum status s = needs == NULL ? STATUS_OK : sigma_mapping_read_text(r, needs, &out->needs);
    other = other != NULL ? other : conf_find(node, STR("channel"));
    if (s != STATUS_OK || (service == NULL && other != NULL)) {
        return s != STATUS_OK ? s : sigma_mapping_read_list(r, other, &out->channels);
    }
    if (service != NULL && service->type == CONF_TEXT) {
        found = sigma_mapping_service(r->mapping, service->text);
    }
    if (found == NULL) {
        return sigma_mapping_fault(r, service != NULL ? service : node,
                                   "service must be a name of windows-services, given above");
    }
    out->channels = found->channels;
    return STATUS_OK;
}

static bool is_event_member(struct str name) {
    return str_eq(name, STR("service")) || str_eq(name, STR("channel")) ||
           str_eq(name, STR("dataset")) || str_eq(name, STR("needs"));
}

static enum status read_events(struct mapping_reader *r, const struct conf_node *node) {
    struct event_source from = {.needs = STR_EMPTY};
    enum status s = read_event_source(r, node, &from);
    for (const struct conf_node *n = node->first; n != NULL && s == STATUS_OK; n = n->next) {
        if (str_eq(n->name, STR("fields"))) {
            s = sigma_mapping_need_section(r, n);
            for (const struct conf_node *e = n->first; e != NULL && s == STATUS_OK; e = e->next) {
                s = add_events(r, e, &from);
            }
        } else if (!is_event_member(n->name)) {
            s = sigma_mapping_fault(
                r, n, "allowed are service, channel, dataset, needs, fields { ID = NAMES }");
        }
    }
    return s;
}

/* --- the file --- */

static const struct {
    const char *name;
    section_fn *read;
} sections[] = {
    {"windows-services", read_services},
    {"composed", sigma_mapping_read_composed},
    {"source", read_source},
    {"fields", read_fields},
    {"events", read_events},
};

static enum status read_section(struct mapping_reader *r, const struct conf_node *node) {
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        if (str_eq(node->name, str_from_c(sections[i].name))) {
            enum status s = sigma_mapping_need_section(r, node);
            return s == STATUS_OK ? sections[i].read(r, node) : s;
        }
    }
    return sigma_mapping_fault(r, node,
                               "allowed are windows-services, composed, source, fields, events");
}

enum status sigma_mapping_read(struct mapping_reader *reader, struct str text) {
    struct conf_node *root = NULL;
    enum status s = conf_parse(&root, &reader->mapping->arena, text, reader->path, reader->err);
    if (s != STATUS_OK) {
        return s;
    }
    for (const struct conf_node *n = root->first; n != NULL && s == STATUS_OK; n = n->next) {
        s = read_section(reader, n);
    }
    return s;
}
