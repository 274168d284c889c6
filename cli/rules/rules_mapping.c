/* konseki rules mapping: which events log sources mean and what fields are called there. */
#include <stdio.h>

#include "commands.h"
#include "mem.h"
#include "options.h"
#include "output.h"
#include "sigma.h"
#include "subcommands.h"

static bool print(struct str text, enum output_format format) {
    struct buf shown = BUF_INIT;
    struct str line;
    bool good = true;
    while (good && format == OUTPUT_TABLE && str_split_next(&line, &text, '\n')) {
        buf_clear(&shown);
        output_append_visible(&shown, line);
        buf_putc(&shown, '\n');
        good = output_write(stdout, buf_str(&shown));
    }
    buf_fini(&shown);
    return (format == OUTPUT_TABLE ? good : output_write(stdout, text)) && output_finish(stdout);
}

int rules_mapping(int argc, char **argv) {
    enum output_format format = options_default_format();
    struct option_list mappings = {0};
    bool help = false;
    const struct option_spec specs[] = {{"format", OPTION_LINES, &format, NULL},
                                        {"mapping", OPTION_LIST, &mappings, NULL},
                                        {"help", OPTION_FLAG, &help, NULL}};
    struct positionals rest;
    bool parsed = options_parse(&rest, specs, sizeof specs / sizeof specs[0], argc, argv);
    if (!parsed || help || rest.count > 0) {
        mem_free(mappings.items);
        return parsed ? subcommand_usage("mapping", help) : EXIT_USAGE;
    }
    struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    enum status s =
        sigma_mapping_list(&out, mappings.items, mappings.count, format == OUTPUT_JSONL, &err);
    int code = EXIT_DONE;
    if (s != STATUS_OK) {
        output_error("rules mapping", &err);
        code = s == STATUS_BAD_INPUT ? EXIT_USAGE : EXIT_UNREADABLE;
    } else if (!print(buf_str(&out), format)) {
        code = EXIT_STORE;
    }
    buf_fini(&out);
    mem_free(mappings.items);
    return code;
}
