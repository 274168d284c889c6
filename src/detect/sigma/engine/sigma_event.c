/* Bare events: names are native, so a name is a slot. */
#include "sigma_match.h"

static struct str find_text(const struct sigma_event_value *values, size_t count, struct str name) {
    for (size_t i = 0; i < count; i++) {
        if (!values[i].is_null && str_eq(values[i].name, name)) {
            return values[i].text;
        }
    }
    return STR_EMPTY;
}

static struct sigma_origin origin_of(const struct sigma_event_value *values, size_t count) {
    struct sigma_origin origin = {.dataset = DATASET_UNKNOWN};
    origin.channel = find_text(values, count, STR("Channel"));
    origin.event_id = find_text(values, count, STR("EventID"));
    origin.provider = find_text(values, count, STR("Provider_Name"));
    origin.is_windows = origin.channel.len > 0;
    origin.is_untold = !origin.is_windows;
    return origin;
}

void sigma_match_event(struct sigma_matcher *matcher, const struct sigma_event_value *values,
                       size_t count, sigma_hit_fn *hit, void *ctx) {
    const struct sigma_rules *rules = sigma_matcher_rules(matcher);
    struct sigma_origin origin = origin_of(values, count);
    sigma_match_begin(matcher, &origin);
    bool keywords = sigma_match_wants(matcher, SIGMA_KEYWORD_SLOT);
    for (size_t i = 0; i < count; i++) {
        const struct sigma_event_value *v = &values[i];
        uint32_t slot = sigma_set_slot(rules, v->name);
        if (slot != INTERN_NONE && slot != SIGMA_KEYWORD_SLOT) {
            if (v->is_null) {
                sigma_match_null(matcher, slot);
            } else {
                sigma_match_value(matcher, slot, v->text, (uint32_t)i);
            }
        }
        if (keywords && !v->is_null && !v->is_structure) {
            sigma_match_value(matcher, SIGMA_KEYWORD_SLOT, v->text, (uint32_t)i);
        }
    }
    sigma_match_end(matcher, hit, ctx);
}
