#include "batch.h"

#include "check.h"
#include "json_text.h"
#include "mem.h"
#include "num.h"

enum { BATCH_LIMIT_BYTES = INT32_MAX };

void batch_init(struct batch *b) {
    memset(b, 0, sizeof *b);
}

void batch_fini(struct batch *b) {
    buf_fini(&b->raw);
    buf_fini(&b->text);
    mem_free(b->rows);
    mem_free(b->values);
    mem_free(b->nulls);
    intern_fini(&b->names);
    batch_init(b);
}

void batch_clear(struct batch *b) {
    buf_clear(&b->raw);
    buf_clear(&b->text);
    b->row_count = 0;
    b->value_count = 0;
    b->null_count = 0;
    intern_clear(&b->names);
    memset(b->constant_key, 0, sizeof b->constant_key);
}

struct row *batch_row_begin(struct batch *b, size_t raw_off, size_t raw_len) {
    CHECK(raw_len <= b->raw.len && raw_off <= b->raw.len - raw_len);
    CHECK(b->raw.len <= BATCH_LIMIT_BYTES);
    MEM_GROW(b->rows, b->row_capacity, b->row_count + 1);
    struct row *row = &b->rows[b->row_count++];
    *row = (struct row){.time_ns = TIME_NONE,
                        .receive_ns = TIME_NONE,
                        .origin = INTERN_NONE,
                        .raw_off = (uint32_t)raw_off,
                        .raw_len = (uint32_t)raw_len,
                        .first_value = (uint32_t)b->value_count};
    return row;
}

struct row *batch_row(struct batch *b) {
    CHECK(b->row_count > 0);
    return &b->rows[b->row_count - 1];
}

void batch_row_rewind(struct batch *b, uint32_t value_count) {
    struct row *row = batch_row(b);
    CHECK(value_count <= row->value_count);
    row->value_count = value_count;
    b->value_count = (size_t)row->first_value + value_count;
}

void batch_add_null(struct batch *b, uint32_t field) {
    CHECK(b->row_count > 0);
    MEM_GROW(b->nulls, b->null_capacity, b->null_count + 1);
    b->nulls[b->null_count++] =
        (struct null_field){.row = (uint32_t)(b->row_count - 1), .field = field};
}

size_t batch_nulls(const struct null_field **out, const struct batch *b, const struct row *row) {
    size_t low = 0, high = b->null_count;
    uint32_t index = (uint32_t)(row - b->rows);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (b->nulls[middle].row < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    while (high < b->null_count && b->nulls[high].row == index) {
        high++;
    }
    *out = b->nulls + low;
    return high - low;
}

static struct value *add_value(struct batch *b, struct row *row, uint32_t field) {
    MEM_GROW(b->values, b->value_capacity, b->value_count + 1);
    struct value *v = &b->values[b->value_count++];
    *v = (struct value){.field = field};
    row->value_count++;
    return v;
}

static uint32_t keep_text(struct batch *b, struct str s) {
    if (s.len > 0 && str_within(s, buf_str(&b->text))) {
        return (uint32_t)(s.ptr - b->text.ptr); /* a part of a text that is kept already */
    }
    CHECK(s.len <= BATCH_LIMIT_BYTES - b->text.len);
    uint32_t off = (uint32_t)b->text.len;
    buf_add(&b->text, s);
    return off;
}

static void put_value(struct value *v, uint32_t field, uint32_t off, size_t len,
                      enum transform transform) {
    *v = (struct value){.field = field,
                        .text_off = off,
                        .text_len = (uint32_t)len,
                        .transform = (uint8_t)transform};
}

/* Offset in the row's raw bytes; SIZE_MAX if it does not lie in them. */
static inline size_t slice_offset(const struct batch *b, const struct row *row, struct str s) {
    /* Below the row's raw bytes it wraps to a large number. */
    size_t at = (uintptr_t)s.ptr - ((uintptr_t)b->raw.ptr + row->raw_off);
    bool inside = s.len > 0 && at < row->raw_len && s.len <= row->raw_len - at;
    return inside ? at : SIZE_MAX;
}

static __attribute__((noinline)) void add_slowly(struct batch *b, uint32_t field, struct str s) {
    struct row *row = batch_row(b);
    size_t at = slice_offset(b, row, s);
    bool slice = at != SIZE_MAX;
    uint32_t off = slice ? row->raw_off + (uint32_t)at : keep_text(b, s);
    put_value(add_value(b, row, field), field, off, s.len, slice ? TRANSFORM_SAME : TRANSFORM_NONE);
}

/* Nearly all values are slices, and there is room: that way calls nothing. */
void batch_add(struct batch *b, uint32_t field, struct str s) {
    struct row *row = batch_row(b);
    size_t at = slice_offset(b, row, s);
    if (at == SIZE_MAX || b->value_count == b->value_capacity) {
        add_slowly(b, field, s);
        return;
    }
    put_value(&b->values[b->value_count++], field, row->raw_off + (uint32_t)at, s.len,
              TRANSFORM_SAME);
    row->value_count++;
}

void batch_add_decoded(struct batch *b, uint32_t field, struct str decoded, struct str slice,
                       enum transform transform) {
    struct str raw = batch_raw(b, batch_row(b));
    bool inside = slice.len > 0 && str_within(slice, raw);
    if (inside && str_eq(decoded, slice)) {
        batch_add(b, field, slice);
        return;
    }
    uint32_t off = keep_text(b, decoded);
    struct value *v = add_value(b, batch_row(b), field);
    v->text_off = off;
    v->text_len = (uint32_t)decoded.len;
    if (inside) {
        v->raw_off = (uint32_t)(slice.ptr - b->raw.ptr);
        v->raw_len = (uint32_t)slice.len;
        v->transform = (uint8_t)transform;
    }
}

void batch_add_json(struct batch *b, uint32_t field, struct str slice) {
    size_t before = b->text.len;
    CHECK(slice.len <= BATCH_LIMIT_BYTES - before);
    bool exact = json_text_decode(&b->text, slice);
    struct str decoded = str_make(b->text.ptr + before, b->text.len - before);
    batch_add_decoded(b, field, decoded, slice, TRANSFORM_JSON);
    struct value *v = &b->values[b->value_count - 1];
    v->exact = exact;
    if (v->transform == TRANSFORM_SAME) { /* nothing was escaped */
        b->text.len = before;
    }
}

void batch_add_constant(struct batch *b, uint32_t field, const char *literal) {
    size_t slot = ((uintptr_t)literal >> 3) % (sizeof b->constant_key / sizeof *b->constant_key);
    size_t len = strlen(literal);
    if (b->constant_key[slot] != literal) {
        b->constant_off[slot] = keep_text(b, str_make(literal, len));
        b->constant_key[slot] = literal;
    }
    struct value *v = add_value(b, batch_row(b), field);
    v->text_off = b->constant_off[slot];
    v->text_len = (uint32_t)len;
}

void batch_add_i64(struct batch *b, uint32_t field, int64_t value) {
    char digits[20];
    size_t len = num_format_i64(digits, value);
    batch_add(b, field, str_make(digits, len));
}

struct str batch_value_text(const struct batch *b, const struct value *v) {
    const struct buf *space = v->transform == TRANSFORM_SAME ? &b->raw : &b->text;
    return v->text_len > 0 ? str_make(space->ptr + v->text_off, v->text_len) : STR_EMPTY;
}

struct str batch_value_slice(const struct batch *b, const struct value *v) {
    if (v->transform == TRANSFORM_SAME) {
        return str_make(b->raw.ptr + v->text_off, v->text_len);
    }
    if (v->transform == TRANSFORM_NONE) {
        return str_make(NULL, 0);
    }
    return str_make(b->raw.ptr + v->raw_off, v->raw_len);
}

struct str batch_raw(const struct batch *b, const struct row *row) {
    return row->raw_len > 0 ? str_make(b->raw.ptr + row->raw_off, row->raw_len) : STR_EMPTY;
}

bool batch_slices_are_own(const struct batch *b, const struct row *row) {
    for (uint32_t i = 0; i < row->value_count; i++) {
        struct str slice = batch_value_slice(b, &b->values[row->first_value + i]);
        if (slice.len > 0 && !str_within(slice, batch_raw(b, row))) {
            return false;
        }
    }
    return true;
}

bool batch_find(struct str *out, const struct batch *b, const struct row *row, uint32_t field) {
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &b->values[row->first_value + i];
        if (v->field == field) {
            *out = batch_value_text(b, v);
            return true;
        }
    }
    return false;
}

static void format_flags(struct buf *out, uint32_t flags) {
    for (uint32_t bit = 0; bit < 32; bit++) {
        if ((flags >> bit & 1) != 0) {
            if (out->len > 0) {
                buf_putc(out, ',');
            }
            buf_add(out, row_flag_name(bit));
        }
    }
}

static void format_time(struct buf *out, int64_t ns) {
    char text[CIVIL_RFC3339_BYTES];
    buf_append(out, text, civil_format_rfc3339(text, ns));
}

/* Writes a made attribute to `out`; false if the row has none. */
static bool format_attribute(struct buf *out, const struct batch *b, const struct row *row,
                             uint32_t field) {
    switch (field) {
    case FIELD_TIMESTAMP:
        format_time(out, row->time_ns);
        return row->time_ns != TIME_NONE;
    case FIELD_EVENT_CREATED:
        format_time(out, row->receive_ns);
        return row->receive_ns != TIME_NONE;
    case FIELD_EVENT_ID:
        buf_add(out, intern_text(&b->names, row->source));
        buf_printf(out, "-%llu", (unsigned long long)row->sequence);
        return row->sequence > 0;
    case FIELD_EVENT_SEQUENCE:
        buf_printf(out, "%llu", (unsigned long long)row->sequence);
        return row->sequence > 0;
    case FIELD_LINE:
        buf_printf(out, "%u", row->line);
        return row->line > 0;
    case FIELD_RECORD_ID:
        buf_printf(out, "%llu", (unsigned long long)row->record_id);
        return row->record_id > 0;
    case FIELD_RECORD_INDEX:
        buf_printf(out, "%u", row->idx);
        return row->dataset == DATASET_WINDOWS_EVTX;
    case FIELD_ARRIVAL:
        buf_printf(out, "%llu", (unsigned long long)row->arrival);
        return true;
    case FIELD_FLAGS:
        format_flags(out, row->flags);
        return row->flags != 0;
    default:
        return false;
    }
}

bool batch_get(struct str *out, const struct batch *b, const struct row *row, uint32_t field,
               struct buf *scratch) {
    if (!schema_is_attribute(field)) {
        return batch_find(out, b, row, field);
    }
    switch (field) {
    case FIELD_EVENT_DATASET:
        *out = dataset_info((enum dataset)row->dataset)->name;
        return out->len > 0;
    case FIELD_SOURCE:
        *out = intern_text(&b->names, row->source);
        return true;
    case FIELD_ORIGIN:
        if (row->origin == INTERN_NONE) {
            return false;
        }
        *out = intern_text(&b->names, row->origin);
        return true;
    case FIELD_EVENT_ORIGINAL:
        *out = batch_raw(b, row);
        return out->len > 0;
    default:
        buf_clear(scratch);
        if (!format_attribute(scratch, b, row, field)) {
            return false;
        }
        *out = buf_str(scratch);
        return true;
    }
}

static void copy_value(struct batch *to, const struct row *to_row, const struct batch *from,
                       const struct row *row, const struct value *v, bool with_raw) {
    struct str text = batch_value_text(from, v);
    struct str slice = batch_value_slice(from, v);
    if (!with_raw || slice.ptr == NULL) {
        uint32_t off = keep_text(to, text);
        struct value *copy = add_value(to, batch_row(to), v->field);
        copy->text_off = off;
        copy->text_len = v->text_len;
        return;
    }
    size_t at = (size_t)(slice.ptr - from->raw.ptr) - row->raw_off;
    struct str moved = str_make(to->raw.ptr + to_row->raw_off + at, slice.len);
    batch_add_decoded(to, v->field, text, moved, (enum transform)v->transform);
}

/* Id in `to` of a name of `from`; `like` is what the row before was given for its own name. */
static uint32_t copy_name(struct batch *to, const struct batch *from, uint32_t id, uint32_t like) {
    struct str name = intern_text(&from->names, id);
    bool same = like < to->names.count && str_eq(intern_text(&to->names, like), name);
    return same ? like : intern_add(&to->names, name);
}

void batch_copy_row(struct batch *to, const struct batch *from, const struct row *row,
                    bool with_raw) {
    size_t raw_off = to->raw.len;
    if (with_raw) {
        buf_add(&to->raw, batch_raw(from, row));
    }
    struct row *copy = batch_row_begin(to, raw_off, to->raw.len - raw_off);
    struct row placed = *row;
    placed.raw_off = copy->raw_off;
    placed.raw_len = copy->raw_len;
    placed.first_value = copy->first_value;
    placed.value_count = 0;
    const struct row *before = to->row_count > 1 ? copy - 1 : copy;
    placed.source = copy_name(to, from, row->source, before->source);
    if (row->origin != INTERN_NONE) {
        placed.origin = copy_name(to, from, row->origin, before->origin);
    }
    *copy = placed;
    for (uint32_t i = 0; i < row->value_count; i++) {
        copy_value(to, &placed, from, row, &from->values[row->first_value + i], with_raw);
    }
    const struct null_field *nulls;
    size_t null_count = batch_nulls(&nulls, from, row);
    for (size_t i = 0; i < null_count; i++) {
        batch_add_null(to, nulls[i].field);
    }
}

struct str row_flag_name(uint32_t bit) {
    switch (bit) {
#define FLAG(id, bit, name, meaning)                                                               \
    case bit:                                                                                      \
        return STR(name);
#include "flags.def"
    default:
        return STR("unknown");
    }
}
