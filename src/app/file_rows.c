#include "file_rows.h"

#include "clock.h"
#include "input.h"
#include "input_file.h"

struct reading {
    const struct file_rows_options *options;
    struct file_rows_counts *counts;
    struct batch batch;
    bool stopped; /* the caller has had enough */
};

bool file_rows_is_event(const struct row *row) {
    return (row->flags & (ROW_BLANK | ROW_META | ROW_DERIVED)) == 0;
}

static void read_file(struct reading *reading, const struct input_file *file, struct str name) {
    const struct parse_input_options options = {
        .source = name,
        .origin = name,
        .settings = {.zone = reading->options->zone,
                     .zone_is_guess = reading->options->zone_is_guess,
                     .newest_ns = file->modified_wall_ns + NS_PER_DAY},
        .receive_ns = clock_wall_ns(),
        .recover_slack = reading->options->recover_slack,
    };
    struct parse_input *input = parse_input_open(file->bytes, file->size_bytes, &options);
    batch_clear(&reading->batch);
    while (!reading->stopped && input_file_check(file, name.ptr, NULL) == STATUS_OK &&
           parse_input_next(input, &reading->batch)) {
        reading->stopped = !reading->options->rows(&reading->batch, name, reading->options->ctx);
        batch_clear(&reading->batch);
    }
    parse_input_close(&input);
    reading->counts->files++;
    reading->counts->bytes += file->size_bytes;
}

static void unreadable(const char *path, const struct err *err, void *ctx) {
    struct reading *reading = ctx;
    reading->counts->unreadable++;
    reading->options->failed(path, err, reading->options->ctx);
}

static enum status visit(const char *path, void *ctx) {
    struct reading *reading = ctx;
    struct input_file file;
    struct err err = ERR_INIT;
    if (input_file_open(&file, path, &err) != STATUS_OK) {
        unreadable(path, &err, reading);
        return STATUS_OK;
    }
    read_file(reading, &file, str_from_c(path));
    if (input_file_check(&file, path, &err) != STATUS_OK) {
        unreadable(path, &err, reading);
    }
    input_file_close(&file);
    return reading->stopped ? STATUS_CANCELLED : STATUS_OK;
}

void file_rows_read(const struct file_rows_options *options, const char *const *paths,
                    size_t path_count, struct file_rows_counts *counts) {
    struct reading reading = {.options = options, .counts = counts};
    *counts = (struct file_rows_counts){0};
    batch_init(&reading.batch);
    for (size_t i = 0; i < path_count && !reading.stopped; i++) {
        (void)!input_walk(paths[i], visit, unreadable, &reading); /* `unreadable` tells failures */
    }
    batch_fini(&reading.batch);
}
