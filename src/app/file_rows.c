#include "file_rows.h"

#include "clock.h"
#include "file_reading.h"
#include "input.h"
#include "packed_rows.h"

bool file_rows_is_event(const struct row *row) {
    return (row->flags & (ROW_BLANK | ROW_META | ROW_DERIVED)) == 0;
}

struct parse_input_options file_reading_options(const struct file_reading *reading, struct str name,
                                                int64_t modified_ns) {
    return (struct parse_input_options){
        .source = name,
        .origin = name,
        .settings = {.zone = reading->options->zone,
                     .zone_is_guess = reading->options->zone_is_guess,
                     .newest_ns = modified_ns + NS_PER_DAY},
        .receive_ns = clock_wall_ns(),
        .recover_slack = reading->options->recover_slack,
        .carve = reading->options->carve,
    };
}

bool file_reading_ends(struct file_reading *reading) {
    const struct file_rows_options *options = reading->options;
    if (options->progress != NULL) {
        options->progress(&reading->progress, options->ctx);
    }
    if (options->interrupt != NULL && *options->interrupt != 0) {
        reading->counts->interrupted = true;
    }
    return reading->counts->interrupted;
}

static bool hand_on(struct file_reading *reading, struct str name) {
    const struct file_rows_options *options = reading->options;
    return options->keep != NULL ? options->keep(&reading->batch, name, options->ctx)
                                 : options->rows(&reading->batch, name, options->ctx);
}

bool file_reading_give(struct file_reading *reading, struct parse_input *input, struct str name) {
    batch_clear(&reading->batch);
    if (reading->stopped || !parse_input_next(input, &reading->batch)) {
        return false;
    }
    reading->given_bytes = reading->batch.raw.len; /* the callee may take the batch */
    if (!reading->is_unpacking) {
        reading->progress.done_bytes += reading->given_bytes;
    }
    reading->stopped = !hand_on(reading, name) || file_reading_ends(reading);
    return true;
}

bool file_reading_admits(struct file_reading *reading, struct str name) {
    bool is_wanted = file_filter_admits(reading->options->only, name);
    reading->counts->left_out += !is_wanted;
    return is_wanted;
}

void file_reading_done(struct file_reading *reading, struct str name) {
    reading->counts->files++;
    if (reading->options->done != NULL) {
        reading->options->done(name, reading->options->ctx);
    }
}

void file_reading_whole(struct file_reading *reading, const struct input_file *file,
                        const char *name) {
    const struct parse_input_options options =
        file_reading_options(reading, str_from_c(name), file->modified_wall_ns);
    struct parse_input *input = parse_input_open(file->bytes, file->size_bytes, &options);
    size_t taken_bytes = 0; /* raw bytes of all rows in order are the file */
    while (input_file_check(file, name, NULL) == STATUS_OK &&
           file_reading_give(reading, input, str_from_c(name))) {
        taken_bytes += reading->given_bytes;
        input_file_release(file, taken_bytes);
    }
    const struct parse_input_health health = parse_input_get_health(input);
    if (health.is_event_log && !reading->stopped && reading->options->health != NULL) {
        reading->options->health(name, &health, reading->options->ctx);
    }
    parse_input_close(&input);
    file_reading_done(reading, str_from_c(name));
    reading->counts->bytes += file->size_bytes;
}

void file_reading_failed(const char *path, const struct err *err, void *ctx) {
    struct file_reading *reading = ctx;
    reading->counts->unreadable++;
    reading->options->failed(path, err, reading->options->ctx);
}

static enum status visit(const char *path, void *ctx) {
    struct file_reading *reading = ctx;
    struct input_file file;
    struct err err = ERR_INIT;
    if (input_file_open(&file, path, &err) != STATUS_OK) {
        file_reading_failed(path, &err, reading);
        return STATUS_OK;
    }
    if (packed_is(file.bytes, file.size_bytes)) {
        packed_rows_read(reading, &file, path);
    } else if (file_reading_admits(reading, str_from_c(path))) {
        file_reading_whole(reading, &file, path);
    }
    if (input_file_check(&file, path, &err) != STATUS_OK) {
        file_reading_failed(path, &err, reading);
    }
    reading->file_start_bytes += file.size_bytes;
    reading->progress.done_bytes = reading->file_start_bytes;
    input_file_close(&file);
    return reading->stopped ? STATUS_CANCELLED : STATUS_OK;
}

/* --- how much there is --- */

static enum status add_size(const char *path, void *ctx) {
    *(uint64_t *)ctx += input_file_size(path);
    return STATUS_OK;
}

static void ignore(const char *path, const struct err *err, void *ctx) {
    (void)path, (void)err, (void)ctx; /* told when it is its turn */
}

uint64_t file_rows_size(const char *const *paths, size_t path_count) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < path_count; i++) {
        (void)!input_walk(paths[i], add_size, ignore, &bytes);
    }
    return bytes;
}

void file_rows_read(const struct file_rows_options *options, const char *const *paths,
                    size_t path_count, struct file_rows_counts *counts) {
    struct file_reading reading = {.options = options, .counts = counts};
    *counts = (struct file_rows_counts){0};
    if (options->progress != NULL) {
        reading.progress.all_bytes = file_rows_size(paths, path_count);
    }
    batch_init(&reading.batch);
    for (size_t i = 0; i < path_count && !reading.stopped; i++) {
        /* file_reading_failed tells failures */
        (void)!input_walk(paths[i], visit, file_reading_failed, &reading);
    }
    batch_fini(&reading.batch);
}
