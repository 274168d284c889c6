#include "event_decode.h"

#include "binxml_value.h"
#include "bytes.h"
#include "event_plan.h"
#include "mem.h"
#include "num.h"
#include "windows_names.h"

enum {
    CHUNK_BYTES = 65536,
    NESTING_LIMIT = 16,
    ANSI_STEPS = 64,              /* an ANSI string may need a converter */
    OUTPUT_LIMIT_BYTES = 4 << 20, /* of one record */
    BUDGET_STEPS = 1 << 20        /* of one chunk: ops, items and output bytes / 16 */
};

struct template_ref {
    struct plan_range plan;
    struct binxml_fault fault; /* of its definition */
    uint32_t first_op;
    uint32_t op_count;
    uint16_t definition; /* offset in the chunk */
    uint8_t place;       /* what the plan was made for */
};

struct event_decoder {
    const uint8_t *chunk;
    size_t size;
    int64_t budget;
    uint32_t epoch;      /* number of the batch */
    size_t record_start; /* length of batch->text at the record's start */
    struct binxml_fault fault;
    struct binxml_ops ops;
    struct plans plans;
    struct template_ref *templates;
    size_t template_count;
    size_t template_capacity;
    uint16_t by_definition[CHUNK_BYTES]; /* index in templates + 1 */
    struct binxml_value *values;         /* a stack: nested instances push theirs on top */
    size_t value_count;
    size_t value_capacity;
    struct buf scratch;
};

/* The instance that is being run: its values in the decoder's stack. */
struct instance_values {
    size_t first;
    size_t count;
};

static void run_fragment(struct event_decoder *d, struct batch *batch, struct binxml_span span,
                         enum windows_place place, int depth);
static void run_instance(struct event_decoder *d, struct batch *batch, struct binxml_span span,
                         enum windows_place place, int depth, size_t *end);

struct event_decoder *event_decoder_create(void) {
    struct event_decoder *d = mem_calloc(1, sizeof *d);
    d->epoch = 1;
    (void)buf_reserve(&d->ops.text, 1); /* never NULL: offsets are added to it */
    return d;
}

void event_decoder_destroy(struct event_decoder **decoder) {
    struct event_decoder *d = *decoder;
    if (d == NULL) {
        return;
    }
    binxml_ops_fini(&d->ops);
    plans_fini(&d->plans);
    buf_fini(&d->scratch);
    mem_free(d->templates);
    mem_free(d->values);
    mem_free(d);
    *decoder = NULL;
}

void event_decoder_begin_chunk(struct event_decoder *d, const uint8_t *chunk, size_t size) {
    for (size_t i = 0; i < d->template_count; i++) {
        d->by_definition[d->templates[i].definition] = 0;
    }
    d->template_count = 0;
    binxml_ops_clear(&d->ops);
    plans_clear(&d->plans);
    d->chunk = chunk;
    d->size = size < CHUNK_BYTES ? size : CHUNK_BYTES;
    d->budget = BUDGET_STEPS;
}

void event_decoder_begin_batch(struct event_decoder *d) {
    d->epoch++;
}

static void note_fault(struct event_decoder *d, struct binxml_fault fault) {
    if (d->fault.what == NULL) {
        d->fault = fault;
    }
}

static bool over_limit(struct event_decoder *d, const struct batch *batch, int64_t steps) {
    d->budget -= steps;
    if (d->budget < 0 || batch->text.len - d->record_start > OUTPUT_LIMIT_BYTES) {
        note_fault(d, (struct binxml_fault){"expands beyond the limit", 0});
        return true;
    }
    return false;
}

static struct binxml_value value_at(const struct event_decoder *d, struct instance_values v,
                                    size_t id) {
    if (id >= v.count) {
        return (struct binxml_value){NULL, 0, BINXML_NULL};
    }
    return d->values[v.first + id];
}

static void append_value(struct event_decoder *d, struct buf *out, struct binxml_value value) {
    d->budget -= (value.type & ~BINXML_ARRAY) == BINXML_ANSI ? ANSI_STEPS : 0;
    if ((value.type & BINXML_ARRAY) == 0) {
        binxml_value_append(out, value);
        return;
    }
    struct binxml_value item;
    bool first = true;
    while (binxml_array_next(&item, &value)) {
        if (!first) {
            buf_add(out, STR(", "));
        }
        first = false;
        binxml_value_append(out, item);
    }
}

static void append_pieces(struct event_decoder *d, struct buf *out, struct instance_values v,
                          size_t first, size_t count) {
    for (size_t i = first; i < first + count; i++) {
        const struct plan_piece *piece = &d->plans.pieces[i];
        if (piece->is_literal) {
            buf_append(out, d->ops.text.ptr + piece->text_off, piece->text_len);
        } else {
            append_value(d, out, value_at(d, v, piece->id));
        }
    }
}

/* Adds the bytes written to the end of batch->text since `start` as a value, without copying. */
static void add_written(struct batch *batch, uint32_t field, size_t start) {
    batch_add(batch, field, str_make(batch->text.ptr + start, batch->text.len - start));
}

static uint32_t item_field(struct event_decoder *d, const struct plan_item *item,
                           struct instance_values v) {
    if (item->field != FIELD_NONE) {
        return item->field;
    }
    buf_clear(&d->scratch);
    append_pieces(d, &d->scratch, v, item->first_name_piece, item->name_count);
    struct str name = buf_str(&d->scratch);
    return windows_body_field(name.len > 0 ? name : STR("Data"));
}

/* TimeCreated and EventRecordID are properties of the row. */
static void set_attribute(struct event_decoder *d, struct batch *batch,
                          const struct plan_item *item, struct instance_values v) {
    struct row *row = batch_row(batch);
    const struct plan_piece *piece = &d->plans.pieces[item->first_piece];
    struct binxml_value value = {NULL, 0, BINXML_NULL};
    if (item->piece_count == 1 && !piece->is_literal) {
        value = value_at(d, v, piece->id);
    }
    if (item->field == FIELD_TIMESTAMP && value.type == BINXML_FILETIME && value.size == 8) {
        row->time_ns = binxml_filetime_ns(bytes_le64(value.ptr));
        return;
    }
    buf_clear(&d->scratch);
    append_pieces(d, &d->scratch, v, item->first_piece, item->piece_count);
    bool has_zone;
    if (item->field == FIELD_TIMESTAMP) {
        (void)civil_parse_rfc3339(&row->time_ns, &has_zone, buf_str(&d->scratch));
    } else {
        (void)num_parse_u64(&row->record_id, buf_str(&d->scratch));
    }
}

/* A literal is written once a batch. */
static void add_literal(struct event_decoder *d, struct batch *batch, struct plan_item *item,
                        uint32_t field) {
    const struct plan_piece *piece = &d->plans.pieces[item->first_piece];
    if (item->constant_epoch != d->epoch) {
        item->constant_epoch = d->epoch;
        item->constant_off = (uint32_t)batch->text.len;
        buf_append(&batch->text, d->ops.text.ptr + piece->text_off, piece->text_len);
    }
    batch_add(batch, field, str_make(batch->text.ptr + item->constant_off, piece->text_len));
}

/* Each item of an array is a value of its own. */
static void add_array(struct event_decoder *d, struct batch *batch, uint32_t field,
                      struct binxml_value array) {
    struct binxml_value one;
    while (binxml_array_next(&one, &array)) {
        d->budget -= one.type == BINXML_ANSI ? ANSI_STEPS : 0;
        size_t start = batch->text.len;
        binxml_value_append(&batch->text, one);
        add_written(batch, field, start);
        if (over_limit(d, batch, 1)) {
            return;
        }
    }
}

static void run_nested_value(struct event_decoder *d, struct batch *batch,
                             struct binxml_value value, enum windows_place place, int depth) {
    size_t at = (size_t)(value.ptr - d->chunk);
    struct binxml_span span = {d->chunk, d->size, at, at + value.size};
    run_fragment(d, batch, span, place, depth + 1);
}

static void run_value(struct event_decoder *d, struct batch *batch, struct plan_item *item,
                      struct instance_values v, int depth) {
    const struct plan_piece *piece = &d->plans.pieces[item->first_piece];
    if (item->depends_on != BINXML_NO_VALUE &&
        value_at(d, v, item->depends_on).type == BINXML_NULL) {
        return;
    }
    if (item->field == FIELD_TIMESTAMP || item->field == FIELD_RECORD_ID) {
        set_attribute(d, batch, item, v);
        return;
    }
    uint32_t field = item_field(d, item, v);
    if (item->piece_count == 1 && piece->is_literal) {
        add_literal(d, batch, item, field);
        return;
    }
    if (item->piece_count == 1) {
        struct binxml_value value = value_at(d, v, piece->id);
        if (value.size == 0 && item->kind == PLAN_OPTIONAL) {
            return;
        }
        if (value.type == BINXML_FRAGMENT && value.size > 0) {
            run_nested_value(d, batch, value, (enum windows_place)item->place, depth);
            return;
        }
        if ((value.type & BINXML_ARRAY) != 0 && value.size > 0 && item->kind == PLAN_VALUE) {
            add_array(d, batch, field, value);
            return;
        }
    }
    size_t start = batch->text.len;
    append_pieces(d, &batch->text, v, item->first_piece, item->piece_count);
    if (batch->text.len > start || item->kind == PLAN_VALUE) {
        add_written(batch, field, start);
    }
}

static void run_item(struct event_decoder *d, struct batch *batch, struct plan_item *item,
                     struct instance_values v, int depth) {
    if (item->kind == PLAN_INSTANCE) {
        size_t end;
        struct binxml_span span = {d->chunk, d->size, item->offset, d->size};
        run_instance(d, batch, span, (enum windows_place)item->place, depth + 1, &end);
        return;
    }
    if (item->kind != PLAN_NESTED) {
        run_value(d, batch, item, v, depth);
        return;
    }
    struct binxml_value value = value_at(d, v, d->plans.pieces[item->first_piece].id);
    if (value.size > 0) {
        run_nested_value(d, batch, value, (enum windows_place)item->place, depth);
    }
}

static void run_plan(struct event_decoder *d, struct batch *batch, struct plan_range plan,
                     struct instance_values v, int depth) {
    for (uint32_t i = plan.first; i < plan.first + plan.count; i++) {
        size_t before = batch->text.len;
        /* Nested fragments may add plans: the array can move, so the item is looked up anew. */
        run_item(d, batch, &d->plans.items[i], v, depth);
        if (over_limit(d, batch, 1 + (int64_t)(batch->text.len - before) / 16)) {
            return;
        }
    }
}

static struct template_ref *compile_template(struct event_decoder *d,
                                             const struct binxml_instance *instance,
                                             enum windows_place place) {
    MEM_GROW(d->templates, d->template_capacity, d->template_count + 1);
    struct template_ref *t = &d->templates[d->template_count++];
    *t = (struct template_ref){.first_op = (uint32_t)d->ops.count,
                               .definition = (uint16_t)instance->definition,
                               .place = (uint8_t)place};
    struct binxml_span body = {d->chunk, d->size, instance->body_at, instance->body_end};
    t->fault = binxml_compile(&d->ops, body, true);
    t->op_count = (uint32_t)(d->ops.count - t->first_op);
    d->budget -= t->op_count;
    t->plan = plans_add(&d->plans, &d->ops, t->first_op, t->op_count, place);
    d->by_definition[t->definition] = (uint16_t)d->template_count;
    return t;
}

static struct template_ref *find_template(struct event_decoder *d,
                                          const struct binxml_instance *instance,
                                          enum windows_place place) {
    size_t known = d->by_definition[instance->definition];
    if (known == 0) {
        return compile_template(d, instance, place);
    }
    struct template_ref *t = &d->templates[known - 1];
    if (t->place != place) { /* rare: the same template in another part of the event */
        d->budget -= t->op_count;
        t->plan = plans_add(&d->plans, &d->ops, t->first_op, t->op_count, place);
        t->place = (uint8_t)place;
    }
    return t;
}

static struct instance_values push_values(struct event_decoder *d,
                                          const struct binxml_instance *instance, size_t end) {
    struct instance_values v = {d->value_count, instance->value_count};
    MEM_GROW(d->values, d->value_capacity, v.first + v.count);
    size_t at = instance->values_at;
    for (size_t i = 0; i < v.count; i++) {
        const uint8_t *descriptor = d->chunk + instance->descriptors_at + 4 * i;
        uint16_t size = bytes_le16(descriptor);
        uint8_t type = descriptor[2];
        if (size > end - at) { /* a cut record: this value and the rest are lost */
            size = 0;
            type = BINXML_NULL;
            end = at;
        }
        d->values[v.first + i] = (struct binxml_value){d->chunk + at, size, type};
        at += size;
    }
    d->value_count += v.count;
    return v;
}

/* *end: behind the instance; span.end if it is unusable. */
static void run_instance(struct event_decoder *d, struct batch *batch, struct binxml_span span,
                         enum windows_place place, int depth, size_t *end) {
    struct binxml_instance instance;
    struct binxml_fault fault = binxml_instance_parse(&instance, span);
    *end = span.end;
    if (depth > NESTING_LIMIT) {
        fault = (struct binxml_fault){"fragments nested too deep", span.at};
        instance.usable = false;
    }
    note_fault(d, fault);
    if (!instance.usable) {
        return;
    }
    *end = instance.end;
    struct template_ref *t = find_template(d, &instance, place);
    note_fault(d, t->fault);
    struct plan_range plan = t->plan;
    struct instance_values v = push_values(d, &instance, span.end);
    run_plan(d, batch, plan, v, depth);
    d->value_count = v.first;
}

/* Elements without a template: compiled, run, forgotten. */
static void run_inline(struct event_decoder *d, struct batch *batch, struct binxml_span span,
                       enum windows_place place, int depth) {
    size_t first_op = d->ops.count;
    note_fault(d, binxml_compile(&d->ops, span, false));
    size_t op_count = d->ops.count - first_op;
    d->budget -= (int64_t)op_count;
    struct plan_range plan = plans_add(&d->plans, &d->ops, first_op, op_count, place);
    run_plan(d, batch, plan, (struct instance_values){0, 0}, depth);
}

static void run_fragment(struct event_decoder *d, struct batch *batch, struct binxml_span span,
                         enum windows_place place, int depth) {
    if (depth > NESTING_LIMIT) {
        note_fault(d, (struct binxml_fault){"fragments nested too deep", span.at});
        return;
    }
    while (span.at < span.end && d->budget >= 0) {
        uint8_t token = d->chunk[span.at];
        if (token == 0x0f && span.end - span.at >= 4) { /* fragment header */
            span.at += 4;
        } else if (token == 0x0c) { /* template instance */
            run_instance(d, batch, span, place, depth, &span.at);
        } else if (token == 0x01 || token == 0x41) { /* element */
            run_inline(d, batch, span, place, depth);
            return;
        } else {
            if (token != 0) {
                note_fault(d, (struct binxml_fault){"unknown token", span.at});
            }
            return;
        }
    }
}

struct binxml_fault event_decode(struct event_decoder *d, struct batch *batch, size_t at,
                                 size_t end) {
    d->fault = (struct binxml_fault){NULL, 0};
    d->record_start = batch->text.len;
    d->value_count = 0;
    (void)buf_reserve(&batch->text, 1);
    struct binxml_span span = {d->chunk, d->size, at, end < d->size ? end : d->size};
    run_fragment(d, batch, span, PLACE_ROOT, 0);
    if (d->fault.what == NULL && batch_row(batch)->value_count == 0) {
        note_fault(d, (struct binxml_fault){"no event in the record", at});
    }
    return d->fault;
}
