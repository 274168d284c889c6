/* Rule files: YAML, schema, lint, modifiers, condition, compiling, and matching on values that are
 * the same bytes. */
#include "mem.h"
#include "sigma_lint_work.h"
#include "sigma_match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count_hit(const struct sigma_hit *hit, void *ctx) {
    *(size_t *)ctx += hit->field_count + 1;
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
    sigma_match_event(m, values, sizeof values / sizeof values[0], count_hit, &hits);
    sigma_matcher_destroy(&m);
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

static size_t parse_all(struct sigma_rules *set, struct str bytes) {
    struct sigma_yaml yaml;
    const sigma_yaml_node *root;
    size_t count = 0;
    set->documents = mem_calloc(16, sizeof *set->documents);
    sigma_yaml_open(&yaml, bytes);
    while (count < 16 && sigma_yaml_next(&yaml, &root, NULL) == STATUS_OK && root != NULL) {
        struct sigma_document *d = &set->documents[count];
        lint(&yaml, root);
        if (sigma_document_parse(d, &set->arena, &yaml, root, STR("fuzz.yml"), NULL) == STATUS_OK &&
            d->root != NULL) {
            count++;
        }
    }
    sigma_yaml_close(&yaml);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sigma_rules set;
    struct str bytes = {(const char *)data, size};
    bool ok = true;
    sigma_set_init(&set);
    ok = sigma_mapping_load(&set.mapping, NULL, 0, NULL) == STATUS_OK;
    set.rule_count = parse_all(&set, bytes);
    for (size_t i = 0; i < set.rule_count && ok; i++) {
        ok = sigma_set_add(&set, (uint32_t)i, true, NULL) == STATUS_OK;
    }
    if (ok && sigma_set_finish(&set, NULL) == STATUS_OK) {
        match(&set, bytes);
    }
    sigma_set_fini(&set);
    return 0;
}
