#include "report_writer.h"

#include "cell_text.h"
#include "report_html.h"
#include "report_json.h"
#include "report_navigator.h"
#include "report_sarif.h"
#include "report_text.h"

enum { HTML_SAMPLES = 10 };

static const struct str names[REPORT_FORM_COUNT] = {
#define REPORT_FORM(id, name, what) STR_INIT(name),
#include "report_forms.def"
};

struct str report_form_name(enum report_form form) {
    return names[form];
}

bool report_form_find(enum report_form *out, struct str name) {
    for (size_t i = 0; i < REPORT_FORM_COUNT; i++) {
        if (str_eq(name, names[i])) {
            *out = (enum report_form)i;
            return true;
        }
    }
    return false;
}

void report_form_names(struct buf *out) {
    for (size_t i = 0; i < REPORT_FORM_COUNT; i++) {
        buf_add(out, i > 0 ? STR(" | ") : STR_EMPTY);
        buf_add(out, names[i]);
    }
}

size_t report_form_samples(enum report_form form) {
    return form == REPORT_HTML ? HTML_SAMPLES : 0;
}

/* --- csv --- */

static void csv_header(struct buf *out, const struct report_columns *columns) {
    buf_add(out, STR("\xef\xbb\xbf"));
    for (size_t i = 0; i < columns->count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        buf_add(out, report_column_name(columns->ids[i]));
    }
    buf_add(out, STR("\r\n"));
}

static void csv_row(struct buf *out, const struct report_columns *columns,
                    const struct report_hit *hit) {
    struct buf cell = BUF_INIT;
    for (size_t i = 0; i < columns->count; i++) {
        buf_clear(&cell);
        report_column_cell(&cell, columns->ids[i], hit, NULL);
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        cell_text_csv(out, buf_str(&cell));
    }
    buf_add(out, STR("\r\n"));
    buf_fini(&cell);
}

/* --- Timesketch's csv --- */

static void timesketch_header(struct buf *out) {
    buf_add(out, STR("message,datetime,timestamp,timestamp_desc,tag,level,rule_id,rule_title,"
                     "computer,channel,event_id,user,file,place,record_id,fields\r\n"));
}

static void timesketch_row(struct buf *out, const struct report_hit *hit) {
    static const enum report_column rest[] = {COLUMN_LEVEL,     COLUMN_RULE_ID, COLUMN_RULE_TITLE,
                                              COLUMN_COMPUTER,  COLUMN_CHANNEL, COLUMN_EVENT_ID,
                                              COLUMN_USER,      COLUMN_FILE,    COLUMN_PLACE,
                                              COLUMN_RECORD_ID, COLUMN_FIELDS};
    struct buf cell = BUF_INIT;
    report_timesketch_message(&cell, hit);
    cell_text_csv(out, buf_str(&cell));
    buf_putc(out, ',');
    report_timesketch_time(out, hit->time_ns);
    buf_printf(out, ",%lld,%.*s,", (long long)(hit->time_ns / 1000),
               STR_ARG(report_timesketch_meaning(hit)));
    buf_clear(&cell);
    buf_add(&cell, sigma_level_name(hit->level));
    for (size_t i = 0; i < hit->rule->tag_count; i++) {
        buf_putc(&cell, ',');
        buf_add(&cell, hit->rule->tags[i]);
    }
    cell_text_csv(out, buf_str(&cell));
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
        buf_clear(&cell);
        buf_putc(out, ',');
        report_column_cell(&cell, rest[i], hit, NULL);
        cell_text_csv(out, buf_str(&cell));
    }
    buf_add(out, STR("\r\n"));
    buf_fini(&cell);
}

/* --- all forms --- */

void report_writer_begin(struct report_writer *writer, struct buf *out) {
    writer->hits = 0;
    if (writer->form == REPORT_CSV) {
        csv_header(out, writer->columns);
    } else if (writer->form == REPORT_TIMESKETCH) {
        timesketch_header(out);
    } else if (writer->form == REPORT_JSON) {
        buf_putc(out, '[');
    } else if (writer->form == REPORT_SARIF) {
        report_sarif_begin(out);
    }
}

static void json_object(const struct report_writer *writer, struct buf *out,
                        const struct report_hit *hit) {
    if (writer->columns != NULL) {
        report_json_columns(out, writer->columns, hit);
    } else {
        report_json_hit(out, hit);
    }
}

void report_writer_hit(struct report_writer *writer, struct buf *out,
                       const struct report_hit *hit) {
    bool is_first = writer->hits++ == 0;
    switch (writer->form) {
    case REPORT_CSV:
        csv_row(out, writer->columns, hit);
        break;
    case REPORT_TIMESKETCH:
        timesketch_row(out, hit);
        break;
    case REPORT_TIMESKETCH_JSONL:
        report_json_timesketch(out, hit);
        buf_putc(out, '\n');
        break;
    case REPORT_JSONL:
        json_object(writer, out, hit);
        buf_putc(out, '\n');
        break;
    case REPORT_JSON:
        buf_add(out, is_first ? STR("\n") : STR(",\n"));
        json_object(writer, out, hit);
        break;
    case REPORT_SARIF:
        report_sarif_hit(out, writer->stats, hit, is_first);
        break;
    default: /* TABLE is the terminal's; the others look at the stats only */
        break;
    }
}

void report_writer_end(struct report_writer *writer, struct buf *out,
                       const struct report_run *run) {
    if (writer->form == REPORT_JSON) {
        buf_add(out, STR("\n]\n"));
    } else if (writer->form == REPORT_SARIF) {
        report_sarif_end(out, writer->stats, run);
    } else if (writer->form == REPORT_HTML) {
        report_html_write(out, writer->stats, run);
    } else if (writer->form == REPORT_NAVIGATOR) {
        report_navigator_hits(out, writer->stats);
    }
}
