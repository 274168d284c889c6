#include "triage_rules.h"

#include <stdio.h>

#include "i18n.h"
#include "mem.h"

/* "product/category/service" */
static struct str logsource_text(struct arena *arena, const struct sigma_rule_info *info) {
    return arena_printf(arena, "%.*s/%.*s/%.*s", STR_ARG(info->product), STR_ARG(info->category),
                        STR_ARG(info->service));
}

static void keep_rule(const struct sigma_rule_info *info, struct str why, void *ctx) {
    struct triage_rules *rules = ctx;
    if (why.len > 0) {
        rules->refused++;
        return;
    }
    if (info->is_filter) {
        return;
    }
    MEM_GROW(rules->list, rules->capacity, rules->count + 1);
    rules->list[rules->count++] =
        (struct triage_rule){.id = arena_str(&rules->arena, info->id),
                             .title = arena_str(&rules->arena, info->title),
                             .path = arena_str(&rules->arena, info->path),
                             .logsource = logsource_text(&rules->arena, info),
                             .level = sigma_level_name(info->level),
                             .is_source_known = info->is_source_known};
}

/* The rules of the set are in the order of ids, which several may share. */
static size_t find_number(const struct sigma_rules *set, const struct triage_rule *rule) {
    size_t low = 0, high = sigma_rules_count(set) - sigma_rules_correlation_count(set);
    size_t end = high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool is_below = str_compare(sigma_rules_info(set, middle)->id, rule->id) < 0;
        *(is_below ? &low : &high) = is_below ? middle + 1 : middle;
    }
    while (low < end && str_eq(sigma_rules_info(set, low)->id, rule->id)) {
        if (str_eq(sigma_rules_info(set, low)->path, rule->path)) {
            return low;
        }
        low++;
    }
    return SIZE_MAX; /* a filter, a correlation, or the same document twice */
}

static void find_sources(struct triage_rules *rules) {
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < rules->count; i++) {
        struct triage_rule *rule = &rules->list[i];
        rule->number = find_number(rules->rules, rule);
        buf_clear(&text);
        if (rule->number != SIZE_MAX) {
            sigma_rules_sources(&text, rules->rules, rule->number);
        }
        rule->sources = arena_str(&rules->arena, buf_str(&text));
    }
    buf_fini(&text);
}

bool triage_rules_load(struct triage_rules *rules, const struct rule_options *options) {
    struct err err = ERR_INIT;
    struct sigma_load_options load = rule_options_load(options);
    load.report = keep_rule;
    load.ctx = rules;
    if (options->rules.count > 0 && sigma_rules_load(&rules->rules, &load, &err) != STATUS_OK) {
        output_error("triage", &err);
        return false;
    }
    if (rules->rules != NULL) {
        find_sources(rules);
    }
    if (rules->refused > 0) {
        fprintf(stderr, _("konseki triage: %zu rules refused: konseki rules check says why\n"),
                rules->refused);
    }
    return true;
}

void triage_rules_fini(struct triage_rules *rules) {
    sigma_rules_free(&rules->rules);
    arena_fini(&rules->arena);
    mem_free(rules->list);
}
