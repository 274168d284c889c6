#include "parquet_fill.h"

#include "charset.h"

#include "mem.h"
#include "num.h"
#include "utf8.h"

/* One vector being filled. */
struct target {
    struct parquet_fill *fill;
    const struct parquet_column *column;
    void *vector;
    void *data; /* of the vector; lists: of its child */
    void *child;
    uint64_t *validity;
    uint64_t next;  /* lists: where the next item goes */
    uint64_t start; /* lists: where this row's items begin */
    uint64_t row;
    uint64_t values; /* of this row so far */
};

struct parquet_fill {
    const struct duckdb_library *duck;
    const struct parquet_columns *columns;
    size_t count;
    struct target *targets;
    size_t other;
    struct buf scratch;
    struct buf clean;
    struct buf odd;
};

struct parquet_fill *parquet_fill_create(const struct duckdb_library *duck,
                                         const struct parquet_columns *columns) {
    struct parquet_fill *f = mem_calloc(1, sizeof *f);
    f->duck = duck;
    f->columns = columns;
    const struct parquet_column *list = parquet_columns_get(columns, &f->count);
    f->targets = mem_calloc(f->count + 1, sizeof *f->targets);
    f->other = parquet_columns_other(columns);
    for (size_t i = 0; i < f->count; i++) {
        f->targets[i] = (struct target){.fill = f, .column = &list[i]};
    }
    return f;
}

void parquet_fill_destroy(struct parquet_fill **fill) {
    if (*fill != NULL) {
        mem_free((*fill)->targets);
        buf_fini(&(*fill)->scratch);
        buf_fini(&(*fill)->clean);
        buf_fini(&(*fill)->odd);
        mem_free(*fill);
        *fill = NULL;
    }
}

/* --- cells --- */

/* Text as UTF-8: the library refuses anything else. */
static struct str clean_text(struct parquet_fill *f, struct str text) {
    if (utf8_is_valid(text)) {
        return text;
    }
    buf_clear(&f->clean);
    while (text.len > 0) {
        size_t bad;
        size_t length = utf8_length(&bad, text);
        if (length > 0) {
            buf_append(&f->clean, text.ptr, length);
        } else {
            buf_add(&f->clean, UTF8_REPLACEMENT);
        }
        text = str_skip(text, length > 0 ? length : bad);
    }
    return buf_str(&f->clean);
}

/* False: the text is not what the column's type says. */
static bool put_typed(const struct target *t, struct str text) {
    bool has_zone = false;
    switch (t->column->type) {
    case FIELD_TYPE_LONG:
        return num_parse_i64((int64_t *)t->data + t->row, text);
    case FIELD_TYPE_TIME:
        return civil_parse_rfc3339((int64_t *)t->data + t->row, &has_zone, text) && has_zone;
    case FIELD_TYPE_DOUBLE:
        return num_parse_double((double *)t->data + t->row, text);
    default:
        ((bool *)t->data)[t->row] = str_eq(text, STR("true"));
        return parquet_keeps_type(text, FIELD_TYPE_BOOL);
    }
}

static void put_item(struct target *t, struct str text) {
    const struct duckdb_library *duck = t->fill->duck;
    struct str clean = clean_text(t->fill, text);
    if (duck->list_vector_reserve(t->vector, t->next + 1) == 0) {
        duck->vector_assign_string_element_len(t->child, t->next++, clean.ptr, clean.len);
        t->values++;
    }
}

/* NAME=VALUE, where a column cannot hold it. */
static void put_other(struct parquet_fill *f, struct str name, struct str text) {
    if (f->other != PARQUET_NO_COLUMN) {
        buf_clear(&f->odd);
        buf_add(&f->odd, name);
        buf_putc(&f->odd, '=');
        buf_add(&f->odd, text);
        put_item(&f->targets[f->other], buf_str(&f->odd));
    }
}

static void put_value(struct str text, void *ctx) {
    struct target *t = ctx;
    const struct parquet_column *column = t->column;
    bool is_text = column->type == FIELD_TYPE_KEYWORD || column->type == FIELD_TYPE_IP;
    if (column->is_list) {
        put_item(t, text);
    } else if (t->values > 0) {
        put_other(t->fill, str_from_c(column->name), text);
    } else if (is_text) {
        struct str clean = clean_text(t->fill, text);
        t->fill->duck->vector_assign_string_element_len(t->vector, t->row, clean.ptr, clean.len);
        t->values++;
    } else if (put_typed(t, text)) {
        t->values++;
    } else {
        put_other(t->fill, str_from_c(column->name), text);
    }
}

/* --- rows --- */

static void begin_chunk(struct parquet_fill *f, void *chunk) {
    const struct duckdb_library *duck = f->duck;
    for (size_t i = 0; i < f->count; i++) {
        struct target *t = &f->targets[i];
        t->vector = duck->data_chunk_get_vector(chunk, i);
        t->data = duck->vector_get_data(t->vector);
        t->child = t->column->is_list ? duck->list_vector_get_child(t->vector) : NULL;
        duck->vector_ensure_validity_writable(t->vector);
        t->validity = duck->vector_get_validity(t->vector);
        t->next = t->start = t->values = t->row = 0;
    }
}

/* Columns of attributes and of several fields, of which the first that the row has counts. */
static void put_asked(struct target *t, const struct batch *batch, const struct row *row) {
    const struct parquet_column *column = t->column;
    bool is_asked = column->field_count > 1 ||
                    (column->field_count == 1 && schema_is_attribute(column->fields[0]));
    for (size_t i = 0; is_asked && i < column->field_count && t->values == 0; i++) {
        parquet_field_values(batch, row, column->fields[i], &t->fill->scratch, put_value, t);
    }
}

static void put_row(struct parquet_fill *f, const struct batch *batch, const struct row *row) {
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        size_t column = parquet_columns_find(f->columns, v->field);
        if (column != PARQUET_NO_COLUMN && column == f->other) {
            put_other(f, schema_name(v->field), batch_value_text(batch, v));
        } else if (column != PARQUET_NO_COLUMN) {
            put_value(batch_value_text(batch, v), &f->targets[column]);
        }
    }
    for (size_t i = 0; i < f->count; i++) {
        put_asked(&f->targets[i], batch, row);
    }
}

static void end_row(struct parquet_fill *f) {
    for (size_t i = 0; i < f->count; i++) {
        struct target *t = &f->targets[i];
        if (t->values == 0) {
            f->duck->validity_set_row_invalid(t->validity, t->row);
        }
        if (t->column->is_list) {
            struct duckdb_list_entry *entries = t->data;
            entries[t->row] = (struct duckdb_list_entry){t->start, t->next - t->start};
        }
        t->start = t->next;
        t->values = 0;
        t->row++;
    }
}

void parquet_fill_chunk(struct parquet_fill *f, void *chunk, const struct batch *batch) {
    begin_chunk(f, chunk);
    for (size_t i = 0; i < batch->row_count; i++) {
        put_row(f, batch, &batch->rows[i]);
        end_row(f);
    }
    for (size_t i = 0; i < f->count; i++) {
        if (f->targets[i].column->is_list) {
            (void)f->duck->list_vector_set_size(f->targets[i].vector, f->targets[i].next);
        }
    }
}
