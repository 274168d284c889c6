#include "rule_choice.h"

#include "mem.h"
#include "rule_options.h"
#include "word_list.h"

struct event_words rule_choice_words(const struct option_list *list) {
    return (struct event_words){list->items, list->count};
}

static bool read_levels(unsigned *out, const struct option_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        struct str rest = str_from_c(list->items[i]);
        struct str word;
        enum sigma_level level;
        while (str_split_next(&word, &rest, ',')) {
            if (!sigma_level_parse(&level, str_trim(word))) {
                return rule_options_no_level("exact-level", list->items[i]);
            }
            *out |= 1U << level;
        }
    }
    return true;
}

/* The words of the option and those of the files: one a line, up to a comma, behind '#' is comment
 * (as in the lists that come with other tools). */
static bool add_lists(struct event_words *words, struct arena *arena,
                      const struct option_list *lists) {
    struct word_list list = {.arena = arena};
    struct err err = ERR_INIT;
    bool is_read = true;
    if (lists->count == 0) {
        return true;
    }
    for (size_t i = 0; i < words->count; i++) {
        word_list_add(&list, str_from_c(words->items[i]));
    }
    for (size_t i = 0; i < lists->count && is_read; i++) {
        is_read = word_list_read(&list, lists->items[i], &err) == STATUS_OK;
    }
    *words = (struct event_words){list.items, list.count};
    if (!is_read) {
        output_error(NULL, &err);
    }
    return is_read;
}

bool rule_choice_read(struct wanted_rules *out, struct rule_choice *c) {
    *out = (struct wanted_rules){.rules = rule_choice_words(&c->rules),
                                 .other_rules = rule_choice_words(&c->other_rules),
                                 .statuses = rule_choice_words(&c->statuses),
                                 .other_statuses = rule_choice_words(&c->other_statuses),
                                 .tags = rule_choice_words(&c->tags),
                                 .other_tags = rule_choice_words(&c->other_tags),
                                 .categories = rule_choice_words(&c->categories),
                                 .other_categories = rule_choice_words(&c->other_categories),
                                 .products = rule_choice_words(&c->products),
                                 .other_products = rule_choice_words(&c->other_products),
                                 .services = rule_choice_words(&c->services),
                                 .other_services = rule_choice_words(&c->other_services)};
    return add_lists(&out->rules, &c->words, &c->rule_lists) &&
           add_lists(&out->other_rules, &c->words, &c->other_rule_lists) &&
           read_levels(&out->levels, &c->levels);
}

void rule_choice_fini(struct rule_choice *c) {
    struct option_list *lists[] = {&c->rules,          &c->other_rules,    &c->statuses,
                                   &c->other_statuses, &c->tags,           &c->other_tags,
                                   &c->categories,     &c->products,       &c->services,
                                   &c->levels,         &c->other_products, &c->other_categories,
                                   &c->other_services, &c->rule_lists,     &c->other_rule_lists};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        mem_free(lists[i]->items);
    }
    arena_fini(&c->words);
    *c = (struct rule_choice){.rules = {NULL, 0}};
}
