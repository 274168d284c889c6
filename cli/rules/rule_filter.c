#include "rule_filter.h"

static bool has_text(const char *wanted, const struct sigma_rule_info *rule) {
    return wanted == NULL || str_find_ci(rule->title, str_from_c(wanted)) != STR_NONE ||
           str_find_ci(rule->description, str_from_c(wanted)) != STR_NONE;
}

bool rule_filter_passes(const struct rule_filter *filter, const struct sigma_rule_info *rule) {
    return rule->level >= filter->least_level && wanted_rules_admits(&filter->wanted, rule) &&
           (filter->id == NULL || str_starts_ci(rule->id, str_from_c(filter->id))) &&
           has_text(filter->text, rule);
}
