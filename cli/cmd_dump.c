/* konseki dump: every record of the given files as it is, with native names. */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "commands.h"
#include "dump_row.h"
#include "i18n.h"
#include "input.h"
#include "input_file.h"
#include "mem.h"
#include "options.h"

enum { FLUSH_BYTES = 1 << 20 };

struct dump {
    enum dump_format format;
    bool recover;
    bool unreadable; /* at least one input */
    bool broken_pipe;
    struct dump_writer *writer;
    struct buf out;
    struct batch batch;
};

static void flush(struct dump *dump) {
    if (dump->out.len > 0 && fwrite(dump->out.ptr, 1, dump->out.len, stdout) != dump->out.len) {
        dump->broken_pipe = true;
    }
    buf_clear(&dump->out);
}

/* Writes the batch's records; *idx counts them, *file_off the raw bytes of the file so far. */
static void dump_batch(struct dump *dump, struct str file, uint32_t *idx, uint64_t *file_off) {
    uint64_t owner_off = 0;
    for (size_t i = 0; i < dump->batch.row_count; i++) {
        const struct row *row = &dump->batch.rows[i];
        if ((row->flags & ROW_IN_CONTAINER) == 0) {
            owner_off = *file_off;
            *file_off += row->raw_len;
        }
        if ((row->flags & (ROW_META | ROW_BLANK | ROW_DERIVED)) != 0) {
            continue;
        }
        struct dump_place place = {file, (*idx)++, owner_off + row->container_off};
        dump_writer_row(dump->writer, &dump->out, &dump->batch, row, &place);
        if (dump->out.len > FLUSH_BYTES) {
            flush(dump);
        }
    }
}

static void dump_file(struct dump *dump, const char *path, const struct input_file *file) {
    struct str name = str_from_c(path);
    struct parse_input_options options = {
        .source = name,
        .origin = name,
        .settings = {.zone = zone_utc(),
                     .zone_is_guess = true,
                     .newest_ns = file->modified_wall_ns + NS_PER_DAY},
        .receive_ns = clock_wall_ns(),
        .recover_slack = dump->recover,
    };
    struct parse_input *input = parse_input_open(file->bytes, file->size_bytes, &options);
    uint32_t idx = 0;
    uint64_t file_off = 0;
    batch_clear(&dump->batch);
    while (!dump->broken_pipe && parse_input_next(input, &dump->batch)) {
        dump_batch(dump, name, &idx, &file_off);
        batch_clear(&dump->batch);
    }
    parse_input_close(&input);
}

static void report_unreadable(const char *path, const struct err *err, void *ctx) {
    struct dump *dump = ctx;
    dump->unreadable = true;
    (void)path; /* the message names it */
    output_error("dump", err);
}

static enum status visit(const char *path, void *ctx) {
    struct dump *dump = ctx;
    struct input_file file;
    struct err err = ERR_INIT;
    if (input_file_open(&file, path, &err) != STATUS_OK) {
        report_unreadable(path, &err, dump);
        return STATUS_OK;
    }
    dump_file(dump, path, &file);
    if (input_file_check(&file, path, &err) != STATUS_OK) {
        report_unreadable(path, &err, dump);
    }
    input_file_close(&file);
    return dump->broken_pipe ? STATUS_CANCELLED : STATUS_OK;
}

static void print_usage(FILE *out) {
    fprintf(out, "%s\n",
            _("usage: konseki dump [--format jsonl|xml] [--flat] [--recover] PATH...\n"
              "  --format jsonl  one JSON object a record, nested as in the event (default)\n"
              "  --format xml    one <Event> element a record and line\n"
              "  --flat          flat native names, as `rules eval` reads them\n"
              "  --recover       also records in the slack space of EVTX chunks"));
}

static bool read_format(struct dump *dump, const char *format, bool flat) {
    bool is_xml = format != NULL && strcmp(format, "xml") == 0;
    if (format != NULL && !is_xml && strcmp(format, "jsonl") != 0) {
        return options_complain("format", format, "jsonl | xml");
    }
    dump->format = is_xml ? DUMP_XML : flat ? DUMP_FLAT : DUMP_NESTED;
    return !(is_xml && flat) || options_complain("format", "xml", _("jsonl with --flat"));
}

/* Reads the options; the exit code if the command ends here, else -1. */
static int read_options(struct dump *dump, struct positionals *paths, int argc, char **argv) {
    const char *format = NULL;
    bool flat = false;
    bool help = false;
    const struct option_spec specs[] = {{"format", OPTION_TEXT, &format, NULL},
                                        {"flat", OPTION_FLAG, &flat, NULL},
                                        {"recover", OPTION_FLAG, &dump->recover, NULL},
                                        {"help", OPTION_FLAG, &help, NULL}};
    if (!options_parse(paths, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        return EXIT_USAGE;
    }
    if (help || paths->count == 0) {
        print_usage(help ? stdout : stderr);
        return help ? EXIT_DONE : EXIT_USAGE;
    }
    return read_format(dump, format, flat) ? -1 : (int)EXIT_USAGE;
}

int cmd_dump(int argc, char **argv) {
    struct dump dump = {.format = DUMP_NESTED};
    struct positionals paths;
    int code = read_options(&dump, &paths, argc, argv);
    if (code >= 0) {
        return code;
    }
    batch_init(&dump.batch);
    dump.writer = dump_writer_create(dump.format);
    for (int i = 0; i < paths.count && !dump.broken_pipe; i++) {
        if (input_walk(paths.items[i], visit, report_unreadable, &dump) != STATUS_OK) {
            dump.unreadable = true;
        }
    }
    flush(&dump);
    if (fflush(stdout) != 0) {
        dump.broken_pipe = true;
    }
    dump_writer_destroy(&dump.writer);
    buf_fini(&dump.out);
    batch_fini(&dump.batch);
    return dump.unreadable || dump.broken_pipe ? EXIT_UNREADABLE : EXIT_DONE;
}
