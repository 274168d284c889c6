/*
 * The columns of rows about hits (report_columns.def): chosen by name, a cell made of a hit.
 * Cells are the bare text; who writes them out escapes.
 */
#ifndef KONSEKI_REPORT_COLUMN_H
#define KONSEKI_REPORT_COLUMN_H

#include "buf.h"
#include "report_hit.h"
#include "report_time.h"

enum report_column {
#define REPORT_COLUMN(id, name) COLUMN_##id,
#include "report_columns.def"
    REPORT_COLUMN_COUNT
};

enum { REPORT_COLUMNS_MAX = 64 };

struct report_columns {
    enum report_column ids[REPORT_COLUMNS_MAX];
    size_t count;
};

struct str report_column_name(enum report_column column);
/* "time", "rule" and "title" are other names of timestamp and rule_title; the names that Hayabusa
 * has for them serve too. False: no such column. */
bool report_column_find(enum report_column *out, struct str name);
/* All names, joined with a blank: for messages and help. */
void report_column_names(struct buf *out);
/* A list of names with commas. BAD_INPUT names the first that is none, or says that there are too
 * many or none. */
enum status report_columns_parse(struct report_columns *out, struct str list,
                                 struct err *err) MUST_CHECK;
bool report_columns_have(const struct report_columns *columns, enum report_column column);

/* How cells are written. */
struct report_style {
    const struct zone *zone; /* NULL: UTC, in the default form nanoseconds */
    enum report_time_form times;
    struct str separator; /* between the parts of details and fields */
    bool short_names;     /* of levels and tactics */
    bool has_json_fields; /* the column `fields` is a JSON object */
};

/* For programs: UTC, nanoseconds, " | ", fields as JSON. */
extern const struct report_style report_style_plain;

/* Appends the cell. */
void report_column_cell(struct buf *out, enum report_column column, const struct report_hit *hit,
                        const struct report_style *style);
/* Is it a field that every Windows event has (EventID, Channel, Execution_ProcessID ...): shown in
 * a column of its own, or read by hardly anybody? */
bool report_field_is_of_system(struct str name);
/* Fields of the event that the details do not show, but those of the system. The array is as long
 * as hit->all; returns how many there are. */
size_t report_column_extra(struct report_field *out, const struct report_hit *hit);

#endif
