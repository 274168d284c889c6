#include <inttypes.h>

#include "base64.h"
#include "charset.h"
#include "evidence.h"
#include "evidence_names.h"
#include "expr.h"
#include "json_out.h"
#include "mem.h"
#include "num.h"

struct evidence_writer {
    struct buf text; /* search text that had to be decoded */
    size_t members;  /* of the object being written */
};

struct evidence_writer *evidence_writer_create(void) {
    return mem_calloc(1, sizeof(struct evidence_writer));
}

void evidence_writer_destroy(struct evidence_writer **writer) {
    if (*writer != NULL) {
        buf_fini(&(*writer)->text);
        mem_free(*writer);
        *writer = NULL;
    }
}

static void put_name(struct buf *out, struct evidence_writer *w, const char *name) {
    buf_printf(out, "%s\"%s\":", w->members++ > 0 ? "," : "", name);
}

static void put_base64(struct buf *out, struct str bytes) {
    buf_putc(out, '"');
    base64_encode(out, bytes);
    buf_putc(out, '"');
}

/* The bytes: what follows the text of event.original, or all of them. */
static void put_bytes(struct buf *out, struct evidence_writer *w, const struct batch *batch,
                      const struct row *row) {
    struct str raw = batch_raw(batch, row);
    if (raw.len == 0) {
        return;
    }
    struct str text = expr_search_text(batch, row, &w->text);
    bool shown = row->charset == CHARSET_UTF8 && text.ptr == raw.ptr && utf8_is_valid(text);
    if (shown) {
        put_name(out, w, "end");
        json_out_string(out, str_skip(raw, text.len));
    } else {
        put_name(out, w, "raw");
        put_base64(out, raw);
    }
}

static void put_place(struct buf *out, struct evidence_writer *w, const struct row *row) {
    if ((row->flags & ROW_IN_CONTAINER) != 0) {
        put_name(out, w, "container");
        buf_printf(out, "{\"back\":%u,\"offset\":%u,\"length\":%u}", (unsigned)row->container_back,
                   (unsigned)row->container_off, (unsigned)row->container_len);
    }
    if (row->idx != 0 && row->dataset != DATASET_WINDOWS_EVTX) {
        put_name(out, w, "idx");
        buf_printf(out, "%u", (unsigned)row->idx);
    }
}

/* Does the text come out of the JSON line as it went in? Numbers may lose leading zeros there, and
 * "True" becomes true. */
static bool comes_back(struct str text, enum field_type type) {
    int64_t number;
    char digits[20];
    if (type == FIELD_TYPE_BOOL) {
        return str_eq(text, STR("true")) || str_eq(text, STR("false")) ||
               !(str_eq_ci(text, STR("true")) || str_eq_ci(text, STR("false")));
    }
    if ((type == FIELD_TYPE_LONG || type == FIELD_TYPE_DOUBLE) && num_parse_i64(&number, text)) {
        return str_eq(text, str_make(digits, num_format_i64(digits, number)));
    }
    return utf8_is_valid(text);
}

static void put_exact_name(struct buf *out, struct str field, bool *open) {
    buf_add(out, *open ? STR(",") : STR("\"exact\":{"));
    *open = true;
    json_out_string(out, field);
    buf_add(out, STR(":["));
}

/* All values of a field in their order, when one of them would not come back. */
static void put_exact_field(struct buf *out, const struct batch *batch, const struct row *row,
                            uint32_t first, bool *open) {
    const struct value *values = batch->values + row->first_value;
    uint32_t field = values[first].field;
    for (uint32_t i = 0; i < first; i++) {
        if (values[i].field == field &&
            !comes_back(batch_value_text(batch, &values[i]), schema_type(field))) {
            return; /* done with that one */
        }
    }
    put_exact_name(out, schema_name(field), open);
    bool any = false;
    for (uint32_t i = 0; i < row->value_count; i++) {
        if (values[i].field == field) {
            buf_add(out, any ? STR(",") : STR_EMPTY);
            put_base64(out, batch_value_text(batch, &values[i]));
            any = true;
        }
    }
    buf_putc(out, ']');
}

static void put_exact_attribute(struct buf *out, struct str text, uint32_t field, bool *open) {
    if (!utf8_is_valid(text)) {
        put_exact_name(out, schema_name(field), open);
        put_base64(out, text);
        buf_putc(out, ']');
    }
}

static void put_exact(struct buf *out, struct evidence_writer *w, const struct batch *batch,
                      const struct row *row) {
    bool open = false;
    size_t start = out->len;
    buf_add(out, w->members > 0 ? STR(",") : STR_EMPTY);
    put_exact_attribute(out, intern_text(&batch->names, row->source), FIELD_SOURCE, &open);
    if (row->origin != INTERN_NONE) {
        put_exact_attribute(out, intern_text(&batch->names, row->origin), FIELD_ORIGIN, &open);
    }
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        if (!comes_back(batch_value_text(batch, v), schema_type(v->field))) {
            put_exact_field(out, batch, row, i, &open);
        }
    }
    if (open) {
        buf_putc(out, '}');
        w->members++;
    } else {
        out->len = start;
    }
}

void evidence_append(struct buf *out, struct evidence_writer *w, const struct batch *batch,
                     const struct row *row) {
    struct str message;
    w->members = 0;
    out->len--; /* the brace */
    buf_add(out, STR(EVIDENCE_MEMBER));
    put_bytes(out, w, batch, row);
    if (row->charset != CHARSET_UTF8 && row->charset < EVIDENCE_CHARSETS) {
        put_name(out, w, "charset");
        json_out_string(out, evidence_charsets[row->charset]);
    }
    put_place(out, w, row);
    if (row->dataset == DATASET_UNKNOWN && !batch_find(&message, batch, row, FIELD_MESSAGE)) {
        put_name(out, w, "no_message"); /* the line shows its text as its message */
        buf_add(out, STR("true"));
    }
    put_exact(out, w, batch, row);
    buf_add(out, STR("}}"));
}
