#include "batch_wire.h"

#include "mem.h"
#include "wire.h"

static void put_row(struct buf *out, const struct row *r) {
    wire_put_i64(out, r->time_ns);
    wire_put_i64(out, r->receive_ns);
    wire_put_u64(out, r->arrival);
    wire_put_u64(out, r->sequence);
    wire_put_u64(out, r->record_id);
    wire_put_u64(out, r->source);
    wire_put_u64(out, r->origin == INTERN_NONE ? 0 : (uint64_t)r->origin + 1);
    wire_put_u64(out, r->line);
    wire_put_u64(out, r->idx);
    wire_put_u64(out, r->raw_off);
    wire_put_u64(out, r->raw_len);
    wire_put_u64(out, r->value_count);
    wire_put_u64(out, r->flags);
    wire_put_u64(out, r->container_back);
    wire_put_u64(out, r->container_off);
    wire_put_u64(out, r->container_len);
    wire_put_str(out, dataset_info((enum dataset)r->dataset)->name);
    wire_put_u64(out, r->charset);
}

static void put_value(struct buf *out, const struct value *v, uint32_t field) {
    wire_put_u64(out, field);
    wire_put_u64(out, v->transform);
    wire_put_u64(out, v->text_off);
    wire_put_u64(out, v->text_len);
    if (v->transform > TRANSFORM_SAME) {
        wire_put_u64(out, v->raw_off);
        wire_put_u64(out, v->raw_len);
    }
}

static void put_names(struct buf *out, const struct intern *names) {
    wire_put_u64(out, names->count);
    for (uint32_t i = 0; i < names->count; i++) {
        wire_put_str(out, intern_text(names, i));
    }
}

/* Fields are numbered by first use; their names stand before the rows. */
static void put_rows(struct buf *rows, struct intern *fields, const struct batch *b) {
    for (size_t i = 0; i < b->row_count; i++) {
        const struct row *row = &b->rows[i];
        put_row(rows, row);
        for (uint32_t k = 0; k < row->value_count; k++) {
            const struct value *v = &b->values[row->first_value + k];
            put_value(rows, v, intern_add(fields, schema_name(v->field)));
        }
    }
}

void batch_wire_encode(struct buf *out, const struct batch *b) {
    struct buf rows = BUF_INIT;
    struct intern fields = INTERN_INIT;
    put_rows(&rows, &fields, b);
    put_names(out, &b->names);
    put_names(out, &fields);
    wire_put_str(out, buf_str(&b->raw));
    wire_put_str(out, buf_str(&b->text));
    wire_put_u64(out, b->row_count);
    buf_add(out, buf_str(&rows));
    buf_fini(&rows);
    intern_fini(&fields);
}

static uint32_t take_u32(struct wire *w) {
    return (uint32_t)wire_count(w, UINT32_MAX);
}

static void take_row(struct wire *w, struct batch *b) {
    int64_t time_ns = wire_i64(w);
    int64_t receive_ns = wire_i64(w);
    uint64_t arrival = wire_u64(w);
    uint64_t sequence = wire_u64(w);
    uint64_t record_id = wire_u64(w);
    uint64_t source = wire_count(w, b->names.count);
    uint64_t origin = wire_count(w, b->names.count);
    uint32_t line = take_u32(w);
    uint32_t idx = take_u32(w);
    uint64_t raw_off = wire_count(w, b->raw.len);
    uint64_t raw_len = wire_count(w, b->raw.len - raw_off);
    uint64_t value_count = wire_count(w, wire_left(w));
    if (w->failed || source == b->names.count) {
        w->failed = true;
        return;
    }
    struct row *r = batch_row_begin(b, (size_t)raw_off, (size_t)raw_len);
    r->time_ns = time_ns;
    r->receive_ns = receive_ns;
    r->arrival = arrival;
    r->sequence = sequence;
    r->record_id = record_id;
    r->source = (uint32_t)source;
    r->origin = origin == 0 ? INTERN_NONE : (uint32_t)(origin - 1);
    r->line = line;
    r->idx = idx;
    r->value_count = (uint32_t)value_count;
    r->flags = take_u32(w);
    r->container_back = take_u32(w);
    r->container_off = take_u32(w);
    r->container_len = take_u32(w);
    struct str dataset = wire_str(w);
    r->dataset = (uint16_t)(dataset.len == 0 ? DATASET_UNKNOWN : dataset_find(dataset));
    r->dataset = r->dataset == DATASET_COUNT ? DATASET_UNKNOWN : r->dataset;
    r->charset = (uint8_t)wire_count(w, CHARSET_BINARY);
}

static void take_value(struct wire *w, struct batch *b, const uint32_t *fields,
                       size_t field_count) {
    uint64_t field = wire_u64(w);
    struct value v = {.transform = (uint8_t)wire_count(w, TRANSFORM_XML)};
    size_t space = v.transform == TRANSFORM_SAME ? b->raw.len : b->text.len;
    v.text_off = (uint32_t)wire_count(w, space);
    v.text_len = (uint32_t)wire_count(w, space - v.text_off);
    if (v.transform > TRANSFORM_SAME) {
        v.raw_off = (uint32_t)wire_count(w, b->raw.len);
        v.raw_len = (uint32_t)wire_count(w, b->raw.len - v.raw_off);
    }
    if (field >= field_count) {
        w->failed = true;
        return;
    }
    v.field = fields[field];
    MEM_GROW(b->values, b->value_capacity, b->value_count + 1);
    b->values[b->value_count++] = v;
}

static void take_rows(struct wire *w, struct batch *b, const uint32_t *fields, size_t field_count) {
    uint64_t count = wire_count(w, wire_left(w));
    for (uint64_t i = 0; i < count && !w->failed; i++) {
        take_row(w, b);
        for (uint32_t k = 0; !w->failed && k < batch_row(b)->value_count; k++) {
            take_value(w, b, fields, field_count);
        }
        w->failed = w->failed || !batch_slices_are_own(b, batch_row(b));
    }
}

bool batch_wire_decode(struct batch *out, struct str bytes) {
    batch_clear(out);
    struct wire w = wire_make(bytes.ptr, bytes.len);
    uint64_t names = wire_count(&w, bytes.len);
    for (uint64_t i = 0; i < names && !w.failed; i++) {
        w.failed = intern_add(&out->names, wire_str(&w)) != i || w.failed;
    }
    uint64_t field_count = wire_count(&w, wire_left(&w));
    uint32_t *fields = mem_alloc(((size_t)field_count + 1) * sizeof *fields);
    for (uint64_t i = 0; i < field_count && !w.failed; i++) {
        struct str name = wire_str(&w);
        fields[i] = w.failed ? 0 : schema_field(name);
    }
    buf_add(&out->raw, wire_str(&w));
    buf_add(&out->text, wire_str(&w));
    bool good = !w.failed && out->raw.len <= INT32_MAX && out->text.len <= INT32_MAX;
    if (good) {
        take_rows(&w, out, fields, (size_t)field_count);
        good = !w.failed && wire_left(&w) == 0;
    }
    mem_free(fields);
    if (!good) {
        batch_clear(out);
    }
    return good;
}
