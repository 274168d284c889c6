/*
 * What `konseki scan` writes: hits in one form on standard output and in any number of files
 * (`--out FORM=FILE`), then the summary. Options are the rows of scan_options.def whose member
 * begins with `output.`.
 *
 *   order    as found, or by time (bounded memory: report_order.h); standard output as a table is
 *            by time unless --sort file
 *   files    are made anew; --overwrite replaces, but nothing that is or lies below an input
 *
 * Threads: one.
 */
#ifndef KONSEKI_SCAN_OUTPUT_H
#define KONSEKI_SCAN_OUTPUT_H

#include "options.h"
#include "report_hit.h"
#include "report_stats.h"
#include "scan.h"
#include "scan_notes.h"

struct scan_output_options {
    const char *format;
    struct option_list out;
    struct option_list geoip;
    const char *profile;
    const char *columns;
    const char *profiles;
    const char *sort;
    const char *summary_format;
    bool overwrite;
    const char *time_format;
    const char *separator;
    const char *width;
    uint64_t top;
    bool no_colour;
    bool abbreviate;
    bool raw_values;
    bool all_tags;
    bool summary;
    bool no_summary;
};

void scan_output_options_fini(struct scan_output_options *options);

struct scan_output;

struct scan_output_settings {
    const struct scan_output_options *options;
    const struct zone *zone; /* of times for people; programs get UTC */
    const char *const *inputs;
    size_t input_count;
    const char *const *others; /* what else is read: rules, the site file; may be NULL */
    size_t other_count;
};

/* BAD_INPUT: what was asked for cannot be; ENVIRONMENT: a file could not be made. */
enum status scan_output_open(struct scan_output **out, const struct scan_output_settings *settings,
                             struct err *err) MUST_CHECK;
/* False when nobody reads any more or the disk is full. */
bool scan_output_hit(struct scan_output *out, const struct scan_hit *hit);
/* A hit that is no event of a file: of a correlation. */
bool scan_output_report(struct scan_output *out, const struct report_hit *hit);

/* What the command knows at the end. */
struct scan_output_run {
    const struct scan_counts *counts;
    const struct scan_notes *notes;
    size_t rules;
    int64_t started_wall_ns;
    int64_t elapsed_ns;
    bool is_interrupted;
};

/* Writes what is held back, the reports and the summary; false if something could not be written.
 */
bool scan_output_close(struct scan_output **out, const struct scan_output_run *run);

#endif
