/* Rows as text for golden tests: attributes, then values as "field = text"; the mark between says
 * where the text lies: '=' in the raw bytes, 'j' and 'x' there in JSON or XML escapes, '~' made. */
#ifndef KONSEKI_ROW_TEXT_H
#define KONSEKI_ROW_TEXT_H

#include "batch.h"

static inline void row_text_add(struct buf *out, const struct batch *batch, const struct row *row) {
    static const uint32_t attributes[] = {FIELD_LINE, FIELD_EVENT_DATASET, FIELD_TIMESTAMP,
                                          FIELD_FLAGS, FIELD_RECORD_ID};
    static const char marks[] = "~=jx";
    struct buf scratch = BUF_INIT;
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        struct str text;
        if (batch_get(&text, batch, row, attributes[i], &scratch)) {
            buf_printf(out, "%.*s: %.*s\n", STR_ARG(schema_name(attributes[i])), STR_ARG(text));
        }
    }
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        buf_printf(out, "  %.*s %c ", STR_ARG(schema_name(v->field)), marks[v->transform & 3]);
        struct str text = batch_value_text(batch, v);
        for (size_t k = 0; k < text.len; k++) { /* one value, one line */
            if (text.ptr[k] == '\n' || text.ptr[k] == '\r') {
                buf_add(out, text.ptr[k] == '\n' ? STR("\\n") : STR("\\r"));
            } else {
                buf_putc(out, text.ptr[k]);
            }
        }
        buf_putc(out, '\n');
    }
    buf_fini(&scratch);
}

#endif
