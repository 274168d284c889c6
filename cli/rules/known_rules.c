#include "known_rules.h"

#include "mem.h"

static const struct str *copy_list(struct arena *arena, const struct str *items, size_t count) {
    struct str *copy = arena_array(arena, count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        copy[i] = arena_str(arena, items[i]);
    }
    return copy;
}

static void copy_info(struct arena *arena, struct sigma_rule_info *info) {
    struct str *const texts[] = {&info->id,      &info->title,       &info->path,
                                 &info->status,  &info->description, &info->author,
                                 &info->date,    &info->modified,    &info->category,
                                 &info->product, &info->service,     &info->hint};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = texts[i]->len > 0 ? arena_str(arena, *texts[i]) : STR_EMPTY;
    }
    info->runs = NULL; /* known_rule.runs says what is kept of it */
    info->refers_to = copy_list(arena, info->refers_to, info->refer_count);
    info->tags = copy_list(arena, info->tags, info->tag_count);
    info->references = copy_list(arena, info->references, info->reference_count);
    info->false_positives = copy_list(arena, info->false_positives, info->false_positive_count);
}

static enum known_rule_runs how_it_runs(const struct sigma_rule_info *rule, struct str why) {
    if (why.len > 0) {
        return RULE_REFUSED;
    }
    if (rule->runs == NULL) {
        return rule->is_source_known ? RULE_RUNS : RULE_WITHOUT_SOURCE;
    }
    if (rule->runs->way_count == 0) {
        return RULE_WITHOUT_SOURCE;
    }
    return rule->runs->how == SIGMA_RUNS_NOT        ? RULE_WITHOUT_FIELDS
           : rule->runs->how == SIGMA_RUNS_DEGRADED ? RULE_RUNS_DEGRADED
                                                    : RULE_RUNS;
}

struct str known_rule_runs_name(enum known_rule_runs runs) {
    static const struct str names[] = {STR_INIT("yes"), STR_INIT("degraded"), STR_INIT("no source"),
                                       STR_INIT("no field"), STR_INIT("refused")};
    return names[runs];
}

void known_rules_add(const struct sigma_rule_info *rule, struct str why, void *ctx) {
    struct known_rules *known = ctx;
    MEM_GROW(known->items, known->capacity, known->count + 1);
    struct known_rule *k = &known->items[known->count++];
    *k = (struct known_rule){.info = *rule, .why = STR_EMPTY, .needs = STR_EMPTY};
    k->runs = how_it_runs(rule, why);
    if (rule->runs != NULL) {
        k->needs = arena_str(&known->arena, rule->runs->needs);
    }
    copy_info(&known->arena, &k->info);
    if (why.len > 0) {
        k->why = arena_str(&known->arena, why);
    }
}

void known_rules_fini(struct known_rules *known) {
    mem_free(known->items);
    arena_fini(&known->arena);
    *known = (struct known_rules){0};
}
