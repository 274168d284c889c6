/* The members of `way { ... }`. */
#include "num.h"
#include "schema.h"
#include "sigma_mapping_read.h"

typedef enum status member_fn(struct mapping_reader *r, const struct conf_node *node,
                              struct sigma_way_row *way);

static enum status add_channels(struct mapping_reader *r, const struct conf_node *node,
                                struct sigma_way_row *way, struct sigma_words channels) {
    way->gate.kind = SIGMA_GATE_WINDOWS;
    for (size_t i = 0; i < channels.count && !str_eq(channels.items[i], STR("*")); i++) {
        if (way->gate.channel_count == SIGMA_CHANNEL_LIMIT) {
            return sigma_mapping_fault(r, node, "at most 8 channels are allowed in a way");
        }
        way->gate.channels[way->gate.channel_count++] = channels.items[i].ptr;
    }
    return STATUS_OK;
}

static enum status read_channel(struct mapping_reader *r, const struct conf_node *node,
                                struct sigma_way_row *way) {
    struct sigma_words channels;
    enum status s = sigma_mapping_read_list(r, node, &channels);
    return s == STATUS_OK ? add_channels(r, node, way, channels) : s;
}

static enum status read_service(struct mapping_reader *r, const struct conf_node *node,
                                struct sigma_way_row *way) {
    struct str name;
    enum status s = sigma_mapping_read_text(r, node, &name);
    if (s != STATUS_OK) {
        return s;
    }
    const struct sigma_service *service = sigma_mapping_service(r->mapping, name);
    if (service == NULL) {
        return sigma_mapping_fault(r, node, "must be a name of windows-services, given above");
    }
    return add_channels(r, node, way, service->channels);
}

static enum status read_ids(struct mapping_reader *r, const struct conf_node *node,
                            struct sigma_way_row *way) {
    struct sigma_words ids;
    enum status s = sigma_mapping_read_words(r, node, &ids);
    for (size_t i = 0; s == STATUS_OK && i < ids.count; i++) {
        uint64_t id;
        if (!num_parse_u64(&id, ids.items[i]) || id > 65535) {
            s = sigma_mapping_fault(r, node, "event ids are numbers from 0 to 65535");
        }
    }
    way->gate.ids = s == STATUS_OK ? sigma_mapping_join(r, ids) : "";
    return s;
}

static enum status read_provider(struct mapping_reader *r, const struct conf_node *node,
                                 struct sigma_way_row *way) {
    struct str name = STR_EMPTY;
    enum status s = sigma_mapping_read_text(r, node, &name);
    way->gate.provider = name.ptr;
    way->gate.kind = SIGMA_GATE_WINDOWS;
    return s;
}

static bool is_dataset(struct str word) {
    for (int i = DATASET_UNKNOWN + 1; i < DATASET_COUNT; i++) {
        const struct dataset_info *info = dataset_info((enum dataset)i);
        if (str_eq(word, info->name) || str_eq(word, info->family)) {
            return true;
        }
    }
    return str_eq(word, STR("?"));
}

static enum status read_datasets(struct mapping_reader *r, const struct conf_node *node,
                                 struct sigma_way_row *way) {
    struct sigma_words words;
    enum status s = sigma_mapping_read_words(r, node, &words);
    for (size_t i = 0; s == STATUS_OK && i < words.count; i++) {
        if (!is_dataset(words.items[i])) {
            s = sigma_mapping_fault(r, node,
                                    "allowed are names and families of `konseki datasets`, and ?");
        }
    }
    way->gate.datasets = s == STATUS_OK ? sigma_mapping_join(r, words) : "";
    return s;
}

static enum status read_when(struct mapping_reader *r, const struct conf_node *node,
                             struct sigma_way_row *way) {
    return sigma_mapping_read_conditions(r, node, &way->conditions, &way->condition_count);
}

static enum status read_values(struct mapping_reader *r, const struct conf_node *node,
                               struct sigma_rename *rename) {
    enum status s = sigma_mapping_need_section(r, node);
    struct str *pairs = arena_array(&r->mapping->arena,
                                    2 * sigma_mapping_count(node, STR_EMPTY) + 1, sizeof *pairs);
    size_t count = 0;
    for (const struct conf_node *n = node->first; n != NULL && s == STATUS_OK; n = n->next) {
        struct str native = STR_EMPTY;
        s = sigma_mapping_read_text(r, n, &native);
        pairs[count++] = sigma_mapping_pattern(r, n->name);
        pairs[count++] = sigma_mapping_pattern(r, native);
    }
    rename->values = (struct sigma_words){pairs, count};
    return s;
}

/* Names of fields, "{NAME}" for composed ones. */
static enum status read_natives(struct mapping_reader *r, const struct conf_node *node,
                                struct sigma_rename *rename) {
    enum status s = sigma_mapping_read_list(r, node, &rename->natives);
    for (size_t i = 0; s == STATUS_OK && i < rename->natives.count; i++) {
        struct str native = rename->natives.items[i];
        if (str_starts(native, STR("{")) && sigma_mapping_composed(r->mapping, native) == NULL) {
            s = sigma_mapping_fault(r, node, "{NAME} must be a name of composed, given above");
        }
    }
    return s;
}

/* Rule = Native, Rule = [Native, Native], Rule = { field = Native, values { rule = native } },
 * Rule = { field = Native, part = KEY } */
static enum status read_rename(struct mapping_reader *r, const struct conf_node *node,
                               struct sigma_rename *rename) {
    rename->name = node->name;
    if (node->type != CONF_SECTION) {
        return read_natives(r, node, rename);
    }
    enum status s = STATUS_OK;
    for (const struct conf_node *n = node->first; n != NULL && s == STATUS_OK; n = n->next) {
        s = str_eq(n->name, STR("field"))    ? read_natives(r, n, rename)
            : str_eq(n->name, STR("values")) ? read_values(r, n, rename)
            : str_eq(n->name, STR("part"))
                ? sigma_mapping_read_text(r, n, &rename->part)
                : sigma_mapping_fault(r, n, "allowed are field, values, part");
    }
    return s != STATUS_OK || rename->natives.count > 0
               ? s
               : sigma_mapping_fault(r, node, "field is missing");
}

static enum status read_renames(struct mapping_reader *r, const struct conf_node *node,
                                struct sigma_way_row *way) {
    enum status s = sigma_mapping_need_section(r, node);
    if (s != STATUS_OK) {
        return s;
    }
    size_t count = sigma_mapping_count(node, STR_EMPTY);
    struct sigma_rename *renames = arena_array(&r->mapping->arena, count + 1, sizeof *renames);
    size_t i = 0;
    for (const struct conf_node *n = node->first; n != NULL && s == STATUS_OK; n = n->next) {
        s = read_rename(r, n, &renames[i++]);
    }
    way->renames = renames;
    way->rename_count = count;
    return s;
}

static enum status read_needs(struct mapping_reader *r, const struct conf_node *node,
                              struct sigma_way_row *way) {
    return sigma_mapping_read_text(r, node, &way->needs);
}

static enum status read_only(struct mapping_reader *r, const struct conf_node *node,
                             struct sigma_way_row *way) {
    return sigma_mapping_read_bool(r, node, &way->is_only);
}

static const struct {
    const char *name;
    member_fn *read;
} members[] = {
    {"service", read_service},   {"channel", read_channel},  {"event-id", read_ids},
    {"provider", read_provider}, {"dataset", read_datasets}, {"when", read_when},
    {"rename", read_renames},    {"needs", read_needs},      {"only", read_only},
};

static enum status read_member(struct mapping_reader *r, const struct conf_node *node,
                               struct sigma_way_row *way) {
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (str_eq(node->name, str_from_c(members[i].name))) {
            return members[i].read(r, node, way);
        }
    }
    return sigma_mapping_fault(
        r, node,
        "allowed are service, channel, event-id, provider, dataset, when, rename, only, needs");
}

enum status sigma_mapping_read_way(struct mapping_reader *reader, const struct conf_node *node,
                                   struct sigma_way_row *way) {
    enum status s = sigma_mapping_need_section(reader, node);
    way->gate =
        (struct sigma_gate){.kind = SIGMA_GATE_DATASETS, .ids = "", .provider = "", .datasets = ""};
    for (const struct conf_node *n = node->first; n != NULL && s == STATUS_OK; n = n->next) {
        s = read_member(reader, n, way);
    }
    bool windows = way->gate.kind == SIGMA_GATE_WINDOWS;
    bool datasets = way->gate.datasets[0] != '\0';
    if (s == STATUS_OK && windows == datasets) {
        s = sigma_mapping_fault(
            reader, node, "a way names either service, channel or provider (Windows), or dataset");
    }
    way->gate.takes_bare = datasets && way->condition_count + way->rename_count == 0;
    return s;
}
