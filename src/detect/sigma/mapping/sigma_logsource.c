#include "sigma_logsource.h"

enum { PRODUCT_LIMIT = 32 };

static bool is(struct str text, const char *word) {
    return str_eq_ci(text, str_from_c(word));
}

/* --- which sources fit --- */

static bool names_it(struct sigma_words wanted, struct str given) {
    for (size_t i = 0; i < wanted.count && given.len > 0; i++) {
        if (str_eq_ci(wanted.items[i], given)) {
            return true;
        }
    }
    return false;
}

static bool part_fits(struct sigma_words wanted, struct str given) {
    bool fits = wanted.count == 0 || names_it(wanted, given);
    for (size_t i = 0; i < wanted.count && given.len == 0; i++) {
        fits = fits || str_eq(wanted.items[i], STR("-"));
    }
    return fits;
}

static bool fits(const struct sigma_source *s, const struct sigma_logsource *given) {
    bool inner = part_fits(s->category, given->category) && part_fits(s->service, given->service);
    if (given->product.len > 0) {
        return inner && part_fits(s->product, given->product);
    }
    /* of every product, but only what is called by the words that are given */
    return inner &&
           (names_it(s->category, given->category) || names_it(s->service, given->service));
}

static bool same_words(struct sigma_words a, struct sigma_words b) {
    bool same = a.count == b.count;
    for (size_t i = 0; same && i < a.count; i++) {
        same = str_eq_ci(a.items[i], b.items[i]);
    }
    return same;
}

/* The sources that count, in order: the first that fits with the additions before it; of each
 * product if the rule names none. */
struct fitting {
    const struct sigma_source *sources[PRODUCT_LIMIT];
    size_t count;
};

static bool is_taken(const struct fitting *f, const struct sigma_source *source, bool any_product) {
    for (size_t i = 0; i < f->count; i++) {
        const struct sigma_source *other = f->sources[i];
        if (!other->is_addition && (!any_product || same_words(other->product, source->product))) {
            return true;
        }
    }
    return false;
}

static void find_sources(struct fitting *f, const struct sigma_mapping *mapping,
                         const struct sigma_logsource *given) {
    f->count = 0;
    for (size_t i = 0; i < mapping->source_count && f->count < PRODUCT_LIMIT; i++) {
        const struct sigma_source *source = &mapping->sources[i];
        if (fits(source, given) && !is_taken(f, source, given->product.len == 0)) {
            f->sources[f->count++] = source;
        }
    }
}

/* --- ways --- */

struct ways {
    struct sigma_way *items;
    size_t count;
};

static void add_way(struct ways *ways, const struct sigma_gate *gate,
                    const struct sigma_way_row *row) {
    if (ways->count < SIGMA_WAY_LIMIT) {
        ways->items[ways->count++] = (struct sigma_way){*gate, row};
    }
}

static bool has_channel(const struct sigma_service *service, const char *channel) {
    for (size_t i = 0; i < service->channels.count; i++) {
        if (is(service->channels.items[i], channel)) {
            return true;
        }
    }
    return false;
}

/* A category of Windows together with a service means the category's events in the service's
 * channels. */
static bool is_left_out(const struct sigma_gate *gate, const struct sigma_service *service) {
    if (service == NULL || gate->kind != SIGMA_GATE_WINDOWS) {
        return false;
    }
    for (size_t i = 0; i < gate->channel_count; i++) {
        if (has_channel(service, gate->channels[i])) {
            return false;
        }
    }
    return true;
}

static void add_source(struct ways *ways, const struct sigma_source *source,
                       const struct sigma_service *service) {
    for (size_t i = 0; i < source->way_count; i++) {
        const struct sigma_way_row *row = &source->ways[i];
        if (!is_left_out(&row->gate, service)) {
            add_way(ways, &row->gate, row);
        }
    }
}

static const struct sigma_gate no_gate = {.ids = "", .provider = "", .datasets = ""};

/* The service of Windows that has no source of its own: all events of its channels. */
static void add_service(struct ways *ways, const struct sigma_service *service) {
    struct sigma_gate gate = no_gate;
    gate.kind = SIGMA_GATE_WINDOWS;
    for (size_t i = 0; i < service->channels.count; i++) {
        gate.channels[gate.channel_count++] = service->channels.items[i].ptr;
    }
    add_way(ways, &gate, NULL);
}

/* Bare events do not say where they are from: rules for other sources than Windows look at them,
 * with the rule's own field names. */
static void add_bare(struct ways *ways) {
    struct sigma_gate gate = no_gate;
    gate.kind = SIGMA_GATE_DATASETS;
    gate.takes_bare = true;
    for (size_t i = 0; i < ways->count; i++) {
        if (ways->items[i].gate.takes_bare) {
            return;
        }
    }
    ways->count -= ways->count == SIGMA_WAY_LIMIT;
    add_way(ways, &gate, NULL);
}

/* It may say what a service of Windows means; that of another product says nothing of it. */
static bool is_windows(const struct sigma_source *source) {
    return !source->is_addition &&
           (source->product.count == 0 || names_it(source->product, STR("windows")));
}

size_t sigma_logsource_ways(struct sigma_way *out, const struct sigma_mapping *mapping,
                            const struct sigma_logsource *source) {
    struct ways ways = {out, 0};
    struct sigma_gate gate = no_gate;
    if (source->category.len + source->product.len + source->service.len == 0) {
        add_way(&ways, &gate, NULL);
        return ways.count;
    }
    bool windows = is(source->product, "windows");
    const struct sigma_service *service = NULL;
    if (source->service.len > 0 && (windows || source->product.len == 0)) {
        service = sigma_mapping_service(mapping, source->service);
    }
    struct fitting found;
    find_sources(&found, mapping, source);
    bool has_own = false; /* a source that says what the service means */
    for (size_t i = 0; i < found.count; i++) {
        bool own = names_it(found.sources[i]->service, source->service);
        add_source(&ways, found.sources[i], own ? NULL : service);
        has_own = has_own || (own && is_windows(found.sources[i]));
    }
    if (source->category.len == 0 && service != NULL && !has_own) {
        add_service(&ways, service);
    }
    if (!windows) {
        add_bare(&ways);
    }
    if (ways.count == 0) { /* Windows, but nothing that the mapping knows: no event passes */
        gate.kind = SIGMA_GATE_DATASETS;
        add_way(&ways, &gate, NULL);
    }
    return ways.count;
}

bool sigma_logsource_is_known(const struct sigma_mapping *mapping,
                              const struct sigma_logsource *source) {
    struct sigma_way ways[SIGMA_WAY_LIMIT];
    size_t count = sigma_logsource_ways(ways, mapping, source);
    for (size_t i = 0; i < count; i++) {
        if (!sigma_gate_is_closed(&ways[i].gate)) {
            return true;
        }
    }
    return false;
}

struct str sigma_logsource_needs(const struct sigma_mapping *mapping,
                                 const struct sigma_logsource *source) {
    struct fitting found;
    find_sources(&found, mapping, source);
    for (size_t i = 0; i < found.count; i++) {
        if (found.sources[i]->needs.len > 0) {
            return found.sources[i]->needs;
        }
    }
    return STR_EMPTY;
}

static bool part_has(struct str outer, struct str inner) {
    return outer.len == 0 || str_eq_ci(outer, inner);
}

bool sigma_logsource_has(const struct sigma_logsource *outer, const struct sigma_logsource *inner) {
    return part_has(outer->category, inner->category) && part_has(outer->product, inner->product) &&
           part_has(outer->service, inner->service);
}

/* --- gates --- */

bool sigma_gate_is_closed(const struct sigma_gate *gate) {
    return gate->kind == SIGMA_GATE_DATASETS && gate->datasets[0] == '\0';
}

static bool passes_windows(const struct sigma_gate *gate, const struct sigma_origin *origin) {
    if (!origin->is_windows) {
        return false;
    }
    /* "every channel of Windows" leaves out Sysmon for Linux, whose events look alike */
    bool channel = gate->channel_count == 0 && !str_starts(origin->channel, STR("Linux-"));
    for (size_t i = 0; i < gate->channel_count && !channel; i++) {
        channel = is(origin->channel, gate->channels[i]);
    }
    return channel && (gate->ids[0] == '\0' || str_is_word_of(origin->event_id, gate->ids)) &&
           (gate->provider[0] == '\0' || is(origin->provider, gate->provider));
}

static bool passes_datasets(const struct sigma_gate *gate, const struct sigma_origin *origin) {
    if (origin->is_untold || origin->is_windows) {
        return origin->is_untold && gate->takes_bare;
    }
    if (origin->dataset == DATASET_UNKNOWN) {
        return str_is_word_of(STR("?"), gate->datasets);
    }
    const struct dataset_info *info = dataset_info(origin->dataset);
    return str_is_word_of(info->name, gate->datasets) ||
           str_is_word_of(info->family, gate->datasets);
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
    buf_printf(out, "%d|%s|%s|%s|%d", (int)gate->kind, gate->ids, gate->provider, gate->datasets,
               gate->takes_bare);
    for (size_t i = 0; i < gate->channel_count; i++) {
        buf_printf(out, "|%s", gate->channels[i]);
    }
}
