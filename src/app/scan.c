#include "scan.h"

#include "clock.h"
#include "input.h"
#include "input_file.h"

struct scan {
    const struct scan_options *options;
    struct scan_counts *counts;
    struct sigma_matcher *matcher; /* NULL: no rules */
    struct batch batch;
    /* of the row being matched */
    const struct row *row;
    struct str file;
    bool stopped; /* the caller has had enough */
};

static void found(const struct sigma_hit *sigma, void *ctx) {
    struct scan *scan = ctx;
    if (scan->stopped || sigma->rule->level < scan->options->least_level) {
        return;
    }
    const struct scan_hit hit = {sigma, &scan->batch, scan->row, scan->file};
    scan->counts->hits++;
    scan->stopped = !scan->options->hit(&hit, scan->options->ctx);
}

static void scan_batch(struct scan *scan) {
    for (size_t i = 0; i < scan->batch.row_count && !scan->stopped; i++) {
        const struct row *row = &scan->batch.rows[i];
        if ((row->flags & (ROW_BLANK | ROW_META | ROW_DERIVED)) != 0) {
            continue;
        }
        scan->counts->events++;
        if ((row->flags & ROW_DAMAGED) != 0) {
            scan->counts->damaged++;
        } else if (scan->matcher != NULL) {
            scan->row = row;
            sigma_match_row(scan->matcher, &scan->batch, row, found, scan);
        }
    }
}

static void scan_file(struct scan *scan, const struct input_file *file) {
    const struct parse_input_options options = {
        .source = scan->file,
        .origin = scan->file,
        .settings = {.zone = scan->options->zone,
                     .zone_is_guess = scan->options->zone_is_guess,
                     .newest_ns = file->modified_wall_ns + NS_PER_DAY},
        .receive_ns = clock_wall_ns(),
        .recover_slack = scan->options->recover_slack,
    };
    struct parse_input *input = parse_input_open(file->bytes, file->size_bytes, &options);
    batch_clear(&scan->batch);
    while (!scan->stopped && input_file_check(file, scan->file.ptr, NULL) == STATUS_OK &&
           parse_input_next(input, &scan->batch)) {
        scan_batch(scan);
        batch_clear(&scan->batch);
    }
    parse_input_close(&input);
    scan->counts->files++;
    scan->counts->bytes += file->size_bytes;
}

static void unreadable(const char *path, const struct err *err, void *ctx) {
    struct scan *scan = ctx;
    scan->counts->unreadable++;
    scan->options->failed(path, err, scan->options->ctx);
}

static enum status visit(const char *path, void *ctx) {
    struct scan *scan = ctx;
    struct input_file file;
    struct err err = ERR_INIT;
    if (input_file_open(&file, path, &err) != STATUS_OK) {
        unreadable(path, &err, scan);
        return STATUS_OK;
    }
    scan->file = str_from_c(path);
    scan_file(scan, &file);
    if (input_file_check(&file, path, &err) != STATUS_OK) {
        unreadable(path, &err, scan);
    }
    input_file_close(&file);
    return scan->stopped ? STATUS_CANCELLED : STATUS_OK;
}

void scan_paths(const struct scan_options *options, const char *const *paths, size_t path_count,
                struct scan_counts *counts) {
    struct scan scan = {.options = options, .counts = counts};
    *counts = (struct scan_counts){0};
    batch_init(&scan.batch);
    if (options->rules != NULL) {
        scan.matcher = sigma_matcher_create(options->rules);
    }
    for (size_t i = 0; i < path_count && !scan.stopped; i++) {
        (void)!input_walk(paths[i], visit, unreadable, &scan); /* `unreadable` has told failures */
    }
    sigma_matcher_destroy(&scan.matcher);
    batch_fini(&scan.batch);
}
