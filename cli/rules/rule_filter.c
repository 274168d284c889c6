#include "rule_filter.h"

static bool is_equal(const char *wanted, struct str have) {
    return wanted == NULL || str_eq_ci(str_from_c(wanted), have);
}

static bool has_tag(const char *wanted, const struct sigma_rule_info *rule) {
    for (size_t i = 0; wanted != NULL && i < rule->tag_count; i++) {
        struct str tag = rule->tags[i];
        struct str stem = str_from_c(wanted);
        if (str_eq_ci(tag, stem) ||
            (tag.len > stem.len && str_starts_ci(tag, stem) && tag.ptr[stem.len] == '.')) {
            return true;
        }
    }
    return wanted == NULL;
}

static bool has_text(const char *wanted, const struct sigma_rule_info *rule) {
    return wanted == NULL || str_find_ci(rule->title, str_from_c(wanted)) != STR_NONE ||
           str_find_ci(rule->description, str_from_c(wanted)) != STR_NONE;
}

bool rule_filter_passes(const struct rule_filter *filter, const struct sigma_rule_info *rule) {
    return rule->level >= filter->least_level && is_equal(filter->status, rule->status) &&
           is_equal(filter->product, rule->product) && is_equal(filter->category, rule->category) &&
           is_equal(filter->service, rule->service) && has_tag(filter->tag, rule) &&
           (filter->id == NULL || str_starts_ci(rule->id, str_from_c(filter->id))) &&
           has_text(filter->text, rule);
}
