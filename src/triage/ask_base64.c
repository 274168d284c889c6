/* base64: hidden texts in the values of events, decoded. */
#include "base64_find.h"
#include "mem.h"
#include "triage_cells.h"
#include "triage_fields.h"
#include "windows_names.h"

enum { TEXT_CELL_BYTES = 8192 };

struct base64 {
    struct triage_out *out;
    struct base64_finder finder;
    size_t least;
    struct triage_fields fields;
    struct triage_host host;
    size_t id, channel;
    struct triage_cells cells;
    uint8_t *is_body; /* by field: 1 yes, 2 no, 0 not asked yet */
    size_t body_count;
    /* of the value being looked at */
    const struct triage_event *event;
    uint32_t field;
};

static enum status base64_open(void **state, struct triage_out *out,
                               const struct triage_options *options, struct err *err) {
    if (options->min_length != 0 && (options->min_length < 8 || options->min_length > 1 << 20)) {
        return err_set(err, STATUS_BAD_INPUT,
                       "base64: --min-length %llu: from 8 to 1048576 characters",
                       (unsigned long long)options->min_length);
    }
    struct base64 *b = mem_calloc(1, sizeof *b);
    b->out = out;
    b->least = options->min_length > 0 ? (size_t)options->min_length : BASE64_LEAST;
    triage_columns(out, STR("time computer channel event field form level# decoded offset# length# "
                            "bytes# file idx# line# record_id#"));
    triage_host_add(&b->host, &b->fields);
    b->id = triage_fields_add(&b->fields, FIELD_WINLOG_EVENT_ID);
    b->channel = triage_fields_add(&b->fields, FIELD_WINLOG_CHANNEL);
    *state = b;
    return STATUS_OK;
}

static void write_finding(const struct base64_finding *finding, void *ctx) {
    struct base64 *b = ctx;
    struct triage_cells *cells = &b->cells;
    const struct row *row = b->event->row;
    triage_fields_read(&b->fields, b->event->batch, row);
    triage_cell_time(cells, triage_time(row));
    triage_cell(cells, triage_host_of(&b->host, &b->fields, b->event));
    triage_cell(cells, b->event->is_windows ? triage_field(&b->fields, b->channel)
                                            : dataset_info((enum dataset)row->dataset)->name);
    triage_cell(cells, triage_field(&b->fields, b->id));
    if (!windows_flat_name(&cells->text, b->field)) {
        buf_add(&cells->text, schema_name(b->field));
    }
    triage_cell_end(cells);
    triage_cell(cells, finding->form);
    triage_cell_number(cells, (uint64_t)finding->level);
    triage_cell(cells, str_head(finding->text, TEXT_CELL_BYTES));
    triage_cell_number(cells, finding->offset);
    triage_cell_number(cells, finding->length);
    triage_cell_number(cells, finding->byte_count);
    triage_cell_place(cells, b->event);
    triage_cells_write(cells, b->out);
}

static void look_at(struct base64 *b, uint32_t field, struct str text) {
    if (text.len >= b->least) {
        b->field = field;
        base64_find(&b->finder, text, b->least, write_finding, b);
    }
}

/* Windows: the event's own values are looked at, not the copies under our names. */
static bool is_body(struct base64 *b, uint32_t field) {
    if (field >= b->body_count) {
        size_t count = (size_t)field + 256;
        b->is_body = mem_realloc(b->is_body, count, 1);
        memset(b->is_body + b->body_count, 0, count - b->body_count);
        b->body_count = count;
    }
    if (b->is_body[field] == 0) {
        struct str name;
        b->is_body[field] = windows_part_of(&name, field) == WINDOWS_BODY ? 1 : 2;
    }
    return b->is_body[field] == 1;
}

static void base64_event(void *state, const struct triage_event *event) {
    struct base64 *b = state;
    const struct value *v = event->batch->values + event->row->first_value;
    b->event = event;
    for (uint32_t i = 0; i < event->row->value_count; i++) {
        if (v[i].text_len >= b->least && (!event->is_windows || is_body(b, v[i].field))) {
            look_at(b, v[i].field, batch_value_text(event->batch, &v[i]));
        }
    }
    if ((event->row->flags & ROW_UNPARSED) != 0) {
        look_at(b, FIELD_EVENT_ORIGINAL, batch_raw(event->batch, event->row));
    }
}

static void base64_end(void *state) {
    (void)state; /* all rows are out */
}

static void base64_close(void *state) {
    struct base64 *b = state;
    mem_free(b->is_body);
    base64_finder_fini(&b->finder);
    triage_fields_fini(&b->fields);
    triage_cells_fini(&b->cells);
    mem_free(b);
}

const struct triage_question triage_base64 = {
    .open = base64_open, .event = base64_event, .end = base64_end, .close = base64_close};
