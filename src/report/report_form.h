/*
 * A form in which hits are written: one file in forms/ (or html/) that ends in one
 * `const struct report_form_type`, and one row of report_forms.def. What a form needs of the hits
 * stands in its type, so that nobody asks which form it is.
 *
 * Calls: begin, any number of hits, end; each appends to `out`, whose owner writes it out between
 * calls. A member that is NULL has nothing to say there. Nothing fails. Threads: one.
 */
#ifndef KONSEKI_REPORT_FORM_H
#define KONSEKI_REPORT_FORM_H

#include "report_column.h"
#include "report_stats.h"

/* What a form may look at; all of it borrowed. */
struct report_form_view {
    const struct report_columns *columns; /* NULL: none were chosen */
    struct report_style style;            /* of the cells of rows */
    const struct report_stats *stats;     /* every hit was counted there before it comes */
};

/* What becomes of columns that the user chose (--profile, --columns). */
enum report_form_columns {
    REPORT_COLUMNS_NONE,     /* the form has members of its own */
    REPORT_COLUMNS_OPTIONAL, /* instead of its own members */
    REPORT_COLUMNS_NEEDED    /* rows: without a choice, those of the profile with the form's name */
};

struct report_form_type {
    void (*begin)(struct buf *out, const struct report_form_view *view);
    void (*hit)(struct buf *out, const struct report_form_view *view, const struct report_hit *hit,
                bool is_first);
    void (*end)(struct buf *out, const struct report_form_view *view, const struct report_run *run);
    enum report_form_columns columns;
    bool shows_details; /* without columns: a hit's line of details is shown */
    size_t samples;     /* a rule that are shown, with all their fields; 0: none are looked at */
};

#define REPORT_FORM(id, name, type, what) extern const struct report_form_type type;
#include "report_forms.def"

#endif
