/*
 * The options of every command that chooses rules by what they say of themselves: --rule, --tag,
 * --status, --category, --product, --service and their --exclude- twins, --exact-level. They mean
 * the same everywhere: lists ("a,b", or the option repeated), case ignored, `*` and `?`.
 */
#ifndef KONSEKI_RULE_CHOICE_H
#define KONSEKI_RULE_CHOICE_H

#include "options.h"
#include "wanted_rules.h"

struct rule_choice {
    struct option_list rules; /* ids or titles */
    struct option_list other_rules;
    struct option_list statuses;
    struct option_list other_statuses;
    struct option_list tags;
    struct option_list other_tags;
    struct option_list categories;
    struct option_list other_categories;
    struct option_list products;
    struct option_list other_products;
    struct option_list services;
    struct option_list other_services;
    struct option_list levels;     /* these only */
    struct option_list rule_lists; /* files of ids or titles */
    struct option_list other_rule_lists;
    struct arena words; /* what these files name */
};

/* Rows of a command's table of options. `c` is a struct rule_choice. */
#define RULE_CHOICE_ROWS(c)                                                                        \
    {"rule", OPTION_LIST, &(c).rules, NULL},                                                       \
        {"exclude-rule", OPTION_LIST, &(c).other_rules, NULL},                                     \
        {"rule-list", OPTION_LIST, &(c).rule_lists, NULL},                                         \
        {"exclude-rule-list", OPTION_LIST, &(c).other_rule_lists, NULL},                           \
        {"status", OPTION_LIST, &(c).statuses, NULL},                                              \
        {"exclude-status", OPTION_LIST, &(c).other_statuses, NULL},                                \
        {"tag", OPTION_LIST, &(c).tags, NULL},                                                     \
        {"exclude-tag", OPTION_LIST, &(c).other_tags, NULL},                                       \
        {"category", OPTION_LIST, &(c).categories, NULL},                                          \
        {"exclude-category", OPTION_LIST, &(c).other_categories, NULL},                            \
        {"product", OPTION_LIST, &(c).products, NULL},                                             \
        {"exclude-product", OPTION_LIST, &(c).other_products, NULL},                               \
        {"service", OPTION_LIST, &(c).services, NULL},                                             \
        {"exclude-service", OPTION_LIST, &(c).other_services, NULL}, {                             \
        "exact-level", OPTION_LIST, &(c).levels, NULL                                              \
    }

/* Borrows the options' texts; what files name is kept in the choice. False with a message. */
bool rule_choice_read(struct wanted_rules *out, struct rule_choice *choice);
void rule_choice_fini(struct rule_choice *choice);
/* The words of a list; borrowed. */
struct event_words rule_choice_words(const struct option_list *list);

#endif
