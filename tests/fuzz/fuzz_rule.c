/* Rule files: YAML, schema, modifiers, condition, compiling, and matching on values that are the
 * same bytes; correlations over a few such events; lint. */
#include "mem.h"
#include "sigma_collection.h"
#include "sigma_correlator.h"
#include "sigma_lint_work.h"
#include "sigma_match.h"

enum { DOCUMENTS_MAX = 16 };

struct documents {
    const struct sigma_correlation *correlations[DOCUMENTS_MAX];
    size_t correlation_count;
    struct sigma_filters filters;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count_hit(const struct sigma_hit *hit, void *ctx) {
    *(size_t *)ctx += hit->field_count + 1;
}

static void count_correlation(const struct sigma_correlation_hit *hit, void *ctx) {
    *(size_t *)ctx += hit->head_count;
}

static void match(const struct sigma_rules *set, struct str bytes) {
    size_t hits = 0;
    struct sigma_event_value values[] = {{STR("Channel"), STR("Security"), false, false},
                                         {STR("EventID"), STR("4688"), false, false},
                                         {STR("A"), bytes, false, false},
                                         {STR("A"), STR_EMPTY, true, false},
                                         {STR("NewProcessName"), bytes, false, false},
                                         {STR("B"), STR("10"), false, false}};
    struct sigma_matcher *m = sigma_matcher_create(set);
    const struct sigma_correlator_options options = {
        .rules = set, .state_bytes = 10000, .hit = count_correlation, .ctx = &hits};
    struct sigma_correlator *correlator = sigma_correlator_create(&options);
    if (correlator != NULL) {
        sigma_matcher_feed(m, sigma_correlator_take, correlator);
    }
    for (int64_t i = 0; i < (correlator != NULL ? 20 : 1); i++) {
        const struct sigma_event_place place = {.origin = STR("fuzz")};
        if (correlator != NULL &&
            sigma_correlator_event(correlator, i * NS_PER_SECOND, &place, NULL) != STATUS_OK) {
            break;
        }
        sigma_match_event(m, values, sizeof values / sizeof values[0], count_hit, &hits);
    }
    if (correlator != NULL) {
        (void)!sigma_correlator_finish(correlator, NULL);
    }
    sigma_matcher_destroy(&m);
    sigma_correlator_destroy(&correlator);
}

static void count_finding(const struct sigma_lint_finding *finding, void *ctx) {
    *(size_t *)ctx += finding->detail.len;
}

static void lint(struct sigma_yaml *yaml, const sigma_yaml_node *root) {
    size_t bytes = 0;
    struct sigma_lint_counts counts = {0};
    const struct sigma_lint_options options = {.found = count_finding, .ctx = &bytes};
    const struct sigma_lint_work work = {&options, &counts, yaml, STR("fuzz.yml")};
    if (sigma_yaml_is_map(root)) {
        sigma_lint_attributes(&work, root);
        sigma_lint_detection(&work, sigma_yaml_get(yaml, root, "detection"), false);
        sigma_lint_detection(&work, sigma_yaml_get(yaml, root, "filter"), true);
    }
}

static void keep(struct sigma_rules *set, struct documents *all, const struct sigma_document *d) {
    if (d->correlation != NULL) {
        all->correlations[all->correlation_count++] = d->correlation;
    }
    if (d->is_filter) {
        struct sigma_document *copy = arena_alloc(&set->arena, sizeof *copy);
        *copy = *d;
        sigma_filters_add(&all->filters, copy);
    } else if (d->root != NULL) {
        set->documents[set->rule_count++] = *d;
    }
}

static void parse_all(struct sigma_rules *set, struct documents *all, struct str bytes) {
    struct sigma_yaml yaml;
    const sigma_yaml_node *root;
    struct sigma_document d;
    size_t count = 0;
    set->documents = mem_calloc(DOCUMENTS_MAX, sizeof *set->documents);
    sigma_yaml_open(&yaml, bytes);
    while (count < DOCUMENTS_MAX && sigma_collection_next(&yaml, &root, NULL) == STATUS_OK &&
           root != NULL) {
        lint(&yaml, root);
        if (sigma_document_parse(&d, &set->arena, &set->trees, &yaml, root, STR("fuzz.yml"),
                                 NULL) == STATUS_OK) {
            keep(set, all, &d);
            count++;
        }
    }
    sigma_yaml_close(&yaml);
}

static void tell(const struct sigma_correlation *correlation, struct str why, void *ctx) {
    (void)correlation, (void)why, (void)ctx;
}

static bool resolve(struct sigma_rules *set, struct documents *all) {
    bool ok = true;
    struct sigma_resolve r = {.arena = &set->arena,
                              .rules = set->documents,
                              .rule_count = set->rule_count,
                              .given = all->correlations,
                              .given_count = all->correlation_count,
                              .filters = &all->filters,
                              .tell = tell};
    sigma_filters_apply(&all->filters, &set->arena, set->documents, set->rule_count);
    if (all->correlation_count > 0) {
        ok = sigma_resolve(&r, NULL) == STATUS_OK;
        set->documents = r.rules;
        set->rule_count = r.rule_count;
        set->correlations = r.correlations;
        set->correlation_count = r.correlation_count;
        set->wants = r.wants;
    }
    sigma_filters_fini(&all->filters);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sigma_rules set;
    struct documents all = {.correlation_count = 0};
    struct str bytes = {(const char *)data, size};
    bool ok = true;
    sigma_set_init(&set);
    ok = sigma_mapping_load(&set.mapping, NULL, 0, NULL) == STATUS_OK;
    parse_all(&set, &all, bytes);
    ok = ok && resolve(&set, &all);
    for (size_t i = 0; i < set.rule_count && ok; i++) {
        ok = sigma_set_add(&set, (uint32_t)i, true, NULL) == STATUS_OK;
    }
    if (ok && sigma_set_finish(&set, NULL) == STATUS_OK) {
        match(&set, bytes);
    }
    sigma_set_fini(&set);
    return 0;
}
