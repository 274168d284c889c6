/*
 * The options of every command that loads Sigma rules: --rules, --placeholders and --mapping, and
 * what they mean to the loader. Commands that take rules as their arguments use only the others.
 */
#ifndef KONSEKI_RULE_OPTIONS_H
#define KONSEKI_RULE_OPTIONS_H

#include "options.h"
#include "sigma.h"
#include "surroundings.h"

struct rule_options {
    struct option_list rules;
    struct option_list placeholders;
    struct option_list mappings;
};

/* Rows of a command's table of options. `o` is a struct rule_options. */
#define RULE_OPTION_ROWS(o) {"rules", OPTION_LIST, &(o).rules, NULL}, RULE_OPTION_PLACEHOLDERS(o)
#define RULE_OPTION_PLACEHOLDERS(o)                                                                \
    {"placeholders", OPTION_LIST, &(o).placeholders, NULL}, {                                      \
        "mapping", OPTION_LIST, &(o).mappings, NULL                                                \
    }

/* Paths, placeholders and mappings filled in; borrowed. */
struct sigma_load_options rule_options_load(const struct rule_options *options);
/* The same for commands that open a store. */
void rule_options_surround(struct surroundings_options *around, const struct rule_options *options);
/* A level, NULL: informational; `option` is its name without the dashes. False with a message. */
bool rule_options_level(enum sigma_level *out, const char *option, const char *word);
/* Says which levels there are; returns false. */
bool rule_options_no_level(const char *option, const char *word);
void rule_options_fini(struct rule_options *options);

#endif
