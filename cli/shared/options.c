#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "i18n.h"
#include "mem.h"
#include "num.h"
#include "program.h"
#include "query.h"
#include "store_zone.h"

void options_print_manual(FILE *out, const char *page) {
    fprintf(out, _("The manual: docs/manual/%s.md\n"), page);
}

enum output_format options_default_format(void) {
    return isatty(STDOUT_FILENO) == 1 ? OUTPUT_TABLE : OUTPUT_JSONL;
}

bool options_is_japanese(void) {
    static const char *const variables[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value != NULL && value[0] != '\0') {
            return strncmp(value, "ja", 2) == 0;
        }
    }
    return false;
}

bool options_complain(const char *option, const char *value, const char *allowed) {
    fprintf(stderr, _("konseki: --%s: \"%s\": expected %s\n"), option, value, allowed);
    return false;
}

static bool set_language(const char *option, const char *value) {
    (void)option; /* the only one */
    return program_start_language(value);
}

static bool set_format(enum output_format *out, const struct option_spec *spec, const char *value) {
    static const char *const names[] = {
        [OUTPUT_TABLE] = "table", [OUTPUT_JSONL] = "jsonl", [OUTPUT_CSV] = "csv"};
    size_t count = spec->kind == OPTION_LINES ? OUTPUT_CSV : OUTPUT_CSV + 1;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(value, names[i]) == 0) {
            *out = (enum output_format)i;
            return true;
        }
    }
    return options_complain(spec->name, value,
                            spec->kind == OPTION_LINES ? "table | jsonl" : "table | jsonl | csv");
}

static void add_to_list(struct option_list *list, const char *value) {
    list->items = mem_realloc(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = value;
}

static bool set_value(const struct option_spec *spec, const char *value) {
    struct str text = str_from_c(value);
    switch (spec->kind) {
    case OPTION_TEXT:
        *(const char **)spec->value = value;
        return true;
    case OPTION_STR:
        *(struct str *)spec->value = text;
        return true;
    case OPTION_LANG:
        *(const char **)spec->value = value;
        return set_language(spec->name, value);
    case OPTION_NUMBER:
        return num_parse_u64(spec->value, text) ||
               options_complain(spec->name, value, _("a whole number, 0 or more"));
    case OPTION_SIZE:
        return num_parse_size(spec->value, text) ||
               options_complain(spec->name, value, _("a size like 512MB"));
    case OPTION_FORMAT:
    case OPTION_LINES:
        return set_format(spec->value, spec, value);
    case OPTION_LIST:
        add_to_list(spec->value, value);
        return true;
    case OPTION_FLAG:
        break;
    }
    return false;
}

static const struct option_spec *find_spec(const struct option_spec *specs, size_t count,
                                           struct str name) {
    for (size_t i = 0; i < count; i++) {
        if (str_eq(str_from_c(specs[i].name), name)) {
            return &specs[i];
        }
    }
    return NULL;
}

static void list_options(const struct option_spec *specs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, " --%s", specs[i].name);
    }
    fputc('\n', stderr);
}

/* One "--name", "--name value" or "--name=value" at argv[*at]. */
static bool take_option(const struct option_spec *specs, size_t count, int argc, char **argv,
                        int *at) {
    const char *text = argv[*at] + 2;
    const char *equals = strchr(text, '=');
    struct str name = str_make(text, equals == NULL ? strlen(text) : (size_t)(equals - text));
    const struct option_spec *spec = find_spec(specs, count, name);
    if (spec == NULL) {
        fprintf(stderr, _("konseki: no option --%.*s here; there are:"), STR_ARG(name));
        list_options(specs, count);
        return false;
    }
    if (spec->is_set != NULL) {
        *spec->is_set = true;
    }
    if (spec->kind == OPTION_FLAG) {
        *(bool *)spec->value = true;
        return equals == NULL || options_complain(spec->name, equals + 1, _("no value"));
    }
    if (equals != NULL) {
        return set_value(spec, equals + 1);
    }
    if (*at + 1 >= argc) {
        fprintf(stderr, _("konseki: --%s needs a value\n"), spec->name);
        return false;
    }
    return set_value(spec, argv[++*at]);
}

bool options_parse(struct positionals *out, const struct option_spec *specs, size_t count, int argc,
                   char **argv) {
    *out = (struct positionals){.items = argv, .count = 0};
    bool ended = false;
    for (int i = 1; i < argc; i++) {
        if (!ended && strcmp(argv[i], "--") == 0) {
            ended = true;
        } else if (ended || strncmp(argv[i], "--", 2) != 0) {
            out->items[out->count++] = argv[i];
        } else if (!take_option(specs, count, argc, argv, &i)) {
            return false;
        }
    }
    return true;
}

bool options_zone(const struct zone **out, const char *name, const char *store_path) {
    struct err err = ERR_INIT;
    if (name == NULL) {
        *out = store_path != NULL ? store_zone_load(store_path) : zone_utc();
        return true;
    }
    if (zone_open(out, str_from_c(name), &err) != STATUS_OK) {
        fprintf(stderr, "konseki: --tz: %s\n", err.message);
        return false;
    }
    return true;
}

bool options_time(int64_t *out_ns, const char *option, const char *text, const struct zone *zone) {
    struct query_settings settings = {.now_ns = clock_wall_ns(), .zone = zone};
    int64_t end;
    return query_time_parse(out_ns, &end, str_from_c(text), &settings) ||
           options_complain(option, text,
                            _("a time like 2026-11-21, \"2026-11-21T10:00:00+09:00\" or now-2h"));
}
