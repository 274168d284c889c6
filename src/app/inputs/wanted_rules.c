#include "wanted_rules.h"

static bool is_named(const struct event_words *words, const struct sigma_rule_info *rule) {
    return event_words_fit(words, rule->id) || event_words_fit(words, rule->title);
}

/* A tag fits as it is, and by each of those that it lies below: attack.t1059.001 is attack.t1059.
 */
static bool tag_fits(const struct event_words *words, struct str tag) {
    bool fits = event_words_fit(words, tag);
    for (size_t dot; !fits && (dot = str_rfind_char(tag, '.')) != STR_NONE;) {
        tag = str_head(tag, dot);
        fits = event_words_fit(words, tag);
    }
    return fits;
}

static bool is_tagged(const struct event_words *words, const struct sigma_rule_info *rule) {
    for (size_t i = 0; words->count > 0 && i < rule->tag_count; i++) {
        if (tag_fits(words, rule->tags[i])) {
            return true;
        }
    }
    return false;
}

/* No word: nothing is asked. */
static bool fits(const struct event_words *words, struct str text) {
    return words->count == 0 || event_words_fit(words, text);
}

bool wanted_rules_admits(const struct wanted_rules *f, const struct sigma_rule_info *rule) {
    return (f->rules.count == 0 || is_named(&f->rules, rule)) && !is_named(&f->other_rules, rule) &&
           (f->tags.count == 0 || is_tagged(&f->tags, rule)) && !is_tagged(&f->other_tags, rule) &&
           fits(&f->statuses, rule->status) && !event_words_fit(&f->other_statuses, rule->status) &&
           fits(&f->categories, rule->category) && fits(&f->products, rule->product) &&
           fits(&f->services, rule->service) &&
           !event_words_fit(&f->other_categories, rule->category) &&
           !event_words_fit(&f->other_products, rule->product) &&
           !event_words_fit(&f->other_services, rule->service) &&
           (f->levels == 0 || (f->levels >> rule->level & 1) != 0);
}
