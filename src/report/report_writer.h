/*
 * One form in which hits are written (report_forms.def): text is appended to the caller's buffer,
 * who writes it out. Order of calls: begin, any number of hits, end.
 *
 *   csv, jsonl, json, timesketch ...  hit by hit; `columns` choose what csv and json show
 *   sarif                             results hit by hit, rules at the end
 *   html, navigator                   from the stats, all at the end
 *
 * Ownership: the writer borrows columns, zone and stats. Every hit must have been counted in the
 * stats before. Nothing fails: the buffer's owner meets full disks.
 */
#ifndef KONSEKI_REPORT_WRITER_H
#define KONSEKI_REPORT_WRITER_H

#include "report_column.h"
#include "report_stats.h"

enum report_form {
#define REPORT_FORM(id, name, ending) REPORT_##id,
#include "report_forms.def"
    REPORT_FORM_COUNT
};

struct report_writer {
    enum report_form form;
    const struct report_columns *columns; /* NULL: the form's own members; csv needs them */
    const struct zone *zone;              /* of times for people */
    const struct report_stats *stats;
    uint64_t hits;
};

struct str report_form_name(enum report_form form);
/* "csv" or the name of a file that ends like one of the form. */
bool report_form_find(enum report_form *out, struct str name);
void report_form_names(struct buf *out);
/* Samples a rule that the form shows; 0: it does not look at them. */
size_t report_form_samples(enum report_form form);

void report_writer_begin(struct report_writer *writer, struct buf *out);
void report_writer_hit(struct report_writer *writer, struct buf *out, const struct report_hit *hit);
void report_writer_end(struct report_writer *writer, struct buf *out, const struct report_run *run);

#endif
