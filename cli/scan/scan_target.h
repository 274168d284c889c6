/*
 * One place that the scan writes to in one form: standard output or a file. Text is collected and
 * written in large pieces. After a write error the target takes no more and says so at the end.
 */
#ifndef KONSEKI_SCAN_TARGET_H
#define KONSEKI_SCAN_TARGET_H

#include "output.h"
#include "report_writer.h"

enum { SCAN_TARGET_TERMINAL = -1 };

struct scan_target {
    FILE *file;
    char *path; /* NULL: standard output */
    struct report_writer writer;
    struct report_columns columns;
    struct buf text;
    struct output *table; /* REPORT_TABLE */
    int width;            /* of a table; 0: nothing is cut, SCAN_TARGET_TERMINAL: to fit */
    bool no_colour;
    bool by_time;
    bool is_new; /* the file was not there before */
    bool failed;
};

/* What a file may not overwrite or lie in. */
struct scan_target_rules {
    bool overwrite;
    const char *const *inputs; /* nothing is written there */
    size_t input_count;
    const char *const *others; /* rules and the like: nothing there is overwritten */
    size_t other_count;
};

/* Opens the file at `path`, NULL: standard output. BAD_INPUT: the place is among the inputs, or
 * there and not to be overwritten. The writer's form and view are set before. */
enum status scan_target_open(struct scan_target *target, const char *path,
                             const struct scan_target_rules *rules, struct err *err) MUST_CHECK;
void scan_target_begin(struct scan_target *target);
/* False after a write error. */
bool scan_target_hit(struct scan_target *target, const struct report_hit *hit);
/* Writes the end and closes; false with a message if something could not be written. `run` NULL:
 * the scan does not begin, a new file is removed. */
bool scan_target_close(struct scan_target *target, const struct report_run *run);

#endif
