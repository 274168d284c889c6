#include "rule_options.h"

#include "mem.h"

struct sigma_load_options rule_options_load(const struct rule_options *options) {
    return (struct sigma_load_options){.paths = options->rules.items,
                                       .path_count = options->rules.count,
                                       .placeholders = options->placeholders.items,
                                       .placeholder_count = options->placeholders.count,
                                       .mappings = options->mappings.items,
                                       .mapping_count = options->mappings.count};
}

void rule_options_surround(struct surroundings_options *around,
                           const struct rule_options *options) {
    around->rules = options->rules.items;
    around->rule_count = options->rules.count;
    around->placeholders = options->placeholders.items;
    around->placeholder_count = options->placeholders.count;
    around->mappings = options->mappings.items;
    around->mapping_count = options->mappings.count;
}

bool rule_options_no_level(const char *option, const char *word) {
    return options_complain(option, word, "informational | low | medium | high | critical");
}

bool rule_options_level(enum sigma_level *out, const char *option, const char *word) {
    *out = SIGMA_INFORMATIONAL;
    return word == NULL || sigma_level_parse(out, str_from_c(word)) ||
           rule_options_no_level(option, word);
}

void rule_options_fini(struct rule_options *options) {
    mem_free(options->rules.items);
    mem_free(options->placeholders.items);
    mem_free(options->mappings.items);
    *options = (struct rule_options){.rules = {NULL, 0}};
}
