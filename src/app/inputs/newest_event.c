#include "newest_event.h"

#include "clock.h"

struct search {
    int64_t newest_ns;
    int64_t limit_ns;
};

static bool look(const struct batch *batch, struct str file, void *ctx) {
    struct search *search = ctx;
    (void)file;
    for (size_t i = 0; i < batch->row_count; i++) {
        const struct row *row = &batch->rows[i];
        bool counts = file_rows_is_event(row) &&
                      (row->flags & (ROW_DAMAGED | ROW_TIME_RECEIVED | ROW_RECOVERED)) == 0 &&
                      row->time_ns < search->limit_ns;
        if (counts && (search->newest_ns == TIME_NONE || row->time_ns > search->newest_ns)) {
            search->newest_ns = row->time_ns;
        }
    }
    return true;
}

static void ignore(const char *path, const struct err *err, void *ctx) {
    (void)path, (void)err, (void)ctx; /* told when the file is read */
}

int64_t newest_event_ns(const struct file_rows_options *options, const char *const *paths,
                        size_t path_count) {
    struct search search = {TIME_NONE, clock_wall_ns() + NS_PER_DAY};
    struct file_rows_options reading = *options;
    struct file_rows_counts counts;
    reading.rows = look;
    reading.failed = ignore;
    reading.progress = NULL;
    reading.ctx = &search;
    file_rows_read(&reading, paths, path_count, &counts);
    return search.newest_ns;
}
