#include "sigma_logsource.h"

struct category_row {
    const char *category;
    const char *channel; /* "": see provider */
    const char *ids;
    const char *condition;
    const char *renames;
    const char *provider;
};

static const struct category_row categories[] = {
#define WINDOWS_CATEGORY(category, channel, ids, condition, renames)                               \
    {category, channel, ids, condition, renames, ""},
#define WINDOWS_PROVIDER(category, provider) {category, "", "", "", "", provider},
#include "sigma_logsources.def"
};

struct service_row {
    const char *service;
    const char *channel;
};

static const struct service_row services[] = {
#define WINDOWS_SERVICE(service, channel) {service, channel},
#include "sigma_logsources.def"
};

struct other_row {
    const char *product;
    const char *category;
    const char *service;
    const char *datasets;
};

static const struct other_row others[] = {
#define OTHER_SOURCE(product, category, service, datasets) {product, category, service, datasets},
#include "sigma_logsources.def"
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is(struct str text, const char *word) {
    return str_eq_ci(text, str_from_c(word));
}

bool sigma_is_word_of(struct str word, const char *words) {
    struct str rest = str_from_c(words);
    struct str one;
    while (str_word_next(&one, &rest)) {
        if (str_eq(one, word)) {
            return true;
        }
    }
    return false;
}

/* --- ways --- */

static size_t service_channels(struct sigma_gate *gate, struct str service) {
    for (size_t i = 0; i < COUNT(services); i++) {
        if (is(service, services[i].service) && gate->channel_count < SIGMA_CHANNEL_LIMIT) {
            gate->channels[gate->channel_count++] = services[i].channel;
        }
    }
    return gate->channel_count;
}

static bool has_channel(const struct sigma_gate *gate, const char *channel) {
    for (size_t i = 0; i < gate->channel_count; i++) {
        if (strcmp(gate->channels[i], channel) == 0) {
            return true;
        }
    }
    return false;
}

static const struct sigma_gate windows_gate = {
    .kind = SIGMA_GATE_WINDOWS, .ids = "", .provider = "", .datasets = ""};

/* A category together with a service means the category's events in the service's channels. */
static size_t category_ways(struct sigma_way *out, const struct sigma_logsource *source) {
    struct sigma_gate service = windows_gate;
    size_t wanted = service_channels(&service, source->service);
    size_t count = 0;
    for (size_t i = 0; i < COUNT(categories) && count < SIGMA_WAY_LIMIT; i++) {
        const struct category_row *row = &categories[i];
        if (!is(source->category, row->category) ||
            (wanted > 0 && !has_channel(&service, row->channel))) {
            continue;
        }
        struct sigma_way *way = &out[count++];
        *way = (struct sigma_way){windows_gate, row->condition, row->renames};
        way->gate.ids = row->ids;
        way->gate.provider = row->provider;
        if (row->channel[0] != '\0') {
            way->gate.channels[way->gate.channel_count++] = row->channel;
        }
    }
    return count;
}

static size_t windows_ways(struct sigma_way *out, const struct sigma_logsource *source) {
    if (source->category.len > 0) {
        return category_ways(out, source);
    }
    *out = (struct sigma_way){windows_gate, "", ""};
    if (source->service.len == 0) {
        return is(source->product, "windows") ? 1 : 0;
    }
    return service_channels(&out->gate, source->service) > 0 ? 1 : 0;
}

static bool fits(struct str given, const char *wanted) {
    return strcmp(wanted, "*") == 0 ||
           (strcmp(wanted, "-") == 0 ? given.len == 0 : is(given, wanted));
}

static const char *other_datasets(const struct sigma_logsource *source) {
    for (size_t i = 0; i < COUNT(others); i++) {
        if (fits(source->product, others[i].product) &&
            fits(source->category, others[i].category) &&
            fits(source->service, others[i].service)) {
            return others[i].datasets;
        }
    }
    return "";
}

size_t sigma_logsource_ways(struct sigma_way *out, const struct sigma_logsource *source) {
    bool windows = is(source->product, "windows");
    size_t count = 0;
    if (source->category.len + source->product.len + source->service.len == 0) {
        *out = (struct sigma_way){
            {.kind = SIGMA_GATE_ANY, .ids = "", .provider = "", .datasets = ""}, "", ""};
        return 1;
    }
    if (windows || source->product.len == 0) {
        count = windows_ways(out, source);
    }
    if (!windows && count < SIGMA_WAY_LIMIT) {
        struct sigma_way *way = &out[count++];
        *way = (struct sigma_way){windows_gate, "", ""};
        way->gate.kind = SIGMA_GATE_DATASETS;
        way->gate.datasets = other_datasets(source);
    }
    if (count == 0) { /* Windows, but in no channel we know: no event passes */
        *out = (struct sigma_way){windows_gate, "", ""};
        out->gate.kind = SIGMA_GATE_DATASETS;
        count = 1;
    }
    return count;
}

bool sigma_logsource_is_known(const struct sigma_logsource *source) {
    struct sigma_way ways[SIGMA_WAY_LIMIT];
    size_t count = sigma_logsource_ways(ways, source);
    return count > 1 || ways[0].gate.kind != SIGMA_GATE_DATASETS ||
           ways[0].gate.datasets[0] != '\0';
}

static bool part_has(struct str outer, struct str inner) {
    return outer.len == 0 || str_eq_ci(outer, inner);
}

bool sigma_logsource_has(const struct sigma_logsource *outer, const struct sigma_logsource *inner) {
    return part_has(outer->category, inner->category) && part_has(outer->product, inner->product) &&
           part_has(outer->service, inner->service);
}

/* --- gates --- */

static bool passes_windows(const struct sigma_gate *gate, const struct sigma_origin *origin) {
    if (!origin->is_windows) {
        return false;
    }
    bool channel = gate->channel_count == 0;
    for (size_t i = 0; i < gate->channel_count && !channel; i++) {
        channel = is(origin->channel, gate->channels[i]);
    }
    return channel && (gate->ids[0] == '\0' || sigma_is_word_of(origin->event_id, gate->ids)) &&
           (gate->provider[0] == '\0' || is(origin->provider, gate->provider));
}

static bool passes_datasets(const struct sigma_gate *gate, const struct sigma_origin *origin) {
    if (origin->is_untold || origin->is_windows) {
        return origin->is_untold;
    }
    if (origin->dataset == DATASET_UNKNOWN) {
        return sigma_is_word_of(STR("?"), gate->datasets);
    }
    const struct dataset_info *info = dataset_info(origin->dataset);
    return sigma_is_word_of(info->name, gate->datasets) ||
           sigma_is_word_of(info->family, gate->datasets);
}

bool sigma_gate_passes(const struct sigma_gate *gate, const struct sigma_origin *origin) {
    switch (gate->kind) {
    case SIGMA_GATE_WINDOWS:
        return passes_windows(gate, origin);
    case SIGMA_GATE_DATASETS:
        return passes_datasets(gate, origin);
    default:
        return true;
    }
}

void sigma_gate_key(struct buf *out, const struct sigma_gate *gate) {
    buf_printf(out, "%d|%s|%s|%s", (int)gate->kind, gate->ids, gate->provider, gate->datasets);
    for (size_t i = 0; i < gate->channel_count; i++) {
        buf_printf(out, "|%s", gate->channels[i]);
    }
}
