/*
 * Hits written in one of the forms of report_forms.def: text is appended to the caller's buffer,
 * who writes it out. Order of calls: begin, any number of hits, end.
 *
 * Ownership: the writer borrows columns, zone and stats. Every hit must have been counted in the
 * stats before. Nothing fails: the buffer's owner meets full disks. Threads: one.
 */
#ifndef KONSEKI_REPORT_WRITER_H
#define KONSEKI_REPORT_WRITER_H

#include "report_form.h"

enum report_form {
#define REPORT_FORM(id, name, type, what) REPORT_##id,
#include "report_forms.def"
    REPORT_FORM_COUNT
};

struct report_writer {
    enum report_form form;
    struct report_form_view view;
    uint64_t hits;
};

const struct report_form_type *report_form_type(enum report_form form);
struct str report_form_name(enum report_form form);
/* What it is, for the help; not translated yet. */
const char *report_form_what(enum report_form form);
bool report_form_find(enum report_form *out, struct str name);
/* "table | csv | ..." */
void report_form_names(struct buf *out);

void report_writer_begin(struct report_writer *writer, struct buf *out);
void report_writer_hit(struct report_writer *writer, struct buf *out, const struct report_hit *hit);
void report_writer_end(struct report_writer *writer, struct buf *out, const struct report_run *run);

#endif
