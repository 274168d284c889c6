/* Rows of columns: RFC 4180 with a byte order mark, by which spreadsheets know UTF-8. */
#include "cell_text.h"
#include "report_form.h"

static void begin(struct buf *out, const struct report_form_view *view) {
    const struct report_columns *columns = view->columns;
    buf_add(out, STR("\xef\xbb\xbf"));
    for (size_t i = 0; i < columns->count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        buf_add(out, report_column_name(columns->ids[i]));
    }
    buf_add(out, STR("\r\n"));
}

static void add_hit(struct buf *out, const struct report_form_view *view,
                    const struct report_hit *hit, bool is_first) {
    (void)is_first;
    struct buf cell = BUF_INIT;
    for (size_t i = 0; i < view->columns->count; i++) {
        buf_clear(&cell);
        report_column_cell(&cell, view->columns->ids[i], hit, &view->style);
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        cell_text_csv(out, buf_str(&cell));
    }
    buf_add(out, STR("\r\n"));
    buf_fini(&cell);
}

const struct report_form_type report_csv = {
    .begin = begin, .hit = add_hit, .columns = REPORT_COLUMNS_NEEDED};
