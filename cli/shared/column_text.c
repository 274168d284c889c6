#include "column_text.h"

#include "expr.h"

static void append_attribute(struct buf *out, uint32_t field, const struct batch *batch,
                             const struct row *row, struct buf *scratch) {
    struct str text;
    if (field == FIELD_EVENT_ORIGINAL) {
        if (row->charset != CHARSET_BINARY && row->raw_len > 0) {
            buf_add(out, expr_search_text(batch, row, scratch));
        }
    } else if (batch_get(&text, batch, row, field, scratch)) {
        buf_add(out, text);
    }
}

static void append_values(struct buf *out, uint32_t field, const struct batch *batch,
                          const struct row *row) {
    size_t start = out->len;
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        if (v->field == field) {
            if (out->len > start) {
                buf_putc(out, ' ');
            }
            buf_add(out, batch_value_text(batch, v));
        }
    }
}

void column_text_append(struct buf *out, const struct query_column *column,
                        const struct batch *batch, const struct row *row, struct event_json *json,
                        struct buf *scratch) {
    size_t start = out->len;
    if (column->is_pattern) {
        struct query_output one = {QUERY_COLUMNS, column, 1};
        event_json_append_columns(out, json, &one, batch, row);
        return;
    }
    for (size_t f = 0; f < column->field_count && out->len == start; f++) {
        if (schema_is_attribute(column->fields[f])) {
            append_attribute(out, column->fields[f], batch, row, scratch);
        } else {
            append_values(out, column->fields[f], batch, row);
        }
    }
}
