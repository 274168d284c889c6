#include "parquet_columns.h"

#include <stdlib.h>

#include "expr.h"
#include "mem.h"
#include "num.h"
#include "wildcard.h"

enum { FIELD_COLUMNS_MAX = 1000 };

/* What was seen of a field, by its id. */
struct seen {
    uint64_t rows;
    uint64_t last_row; /* number of the row that had it last */
    bool is_list;
    bool has_column;
    size_t column; /* index + 1 of the column that is this value field's alone */
};

struct parquet_columns {
    const struct query_output *output;
    struct seen *seen;
    size_t seen_count;
    uint64_t rows;
    uint64_t bytes; /* of all values */
    bool has_odd;   /* some value does not fit into its column */
    size_t other;   /* index of "konseki.other" + 1 */
    struct parquet_column *columns;
    size_t count;
    size_t capacity;
    struct intern names; /* in lower case */
    struct arena arena;
    struct buf scratch;
};

struct parquet_columns *parquet_columns_create(const struct query_output *output) {
    struct parquet_columns *c = mem_calloc(1, sizeof *c);
    c->output = output;
    return c;
}

void parquet_columns_destroy(struct parquet_columns **columns) {
    struct parquet_columns *c = *columns;
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < c->count; i++) {
        mem_free(c->columns[i].name);
    }
    mem_free(c->columns);
    mem_free(c->seen);
    intern_fini(&c->names);
    arena_fini(&c->arena);
    buf_fini(&c->scratch);
    mem_free(c);
    *columns = NULL;
}

/* --- values --- */

static void attribute_values(const struct batch *batch, const struct row *row, uint32_t field,
                             struct buf *scratch, parquet_value_fn *take, void *ctx) {
    struct str text;
    if (field == FIELD_FLAGS) {
        for (uint32_t bit = 0; bit < 32; bit++) {
            if ((row->flags >> bit & 1) != 0) {
                take(row_flag_name(bit), ctx);
            }
        }
    } else if (field == FIELD_EVENT_ORIGINAL) {
        if (row->charset != CHARSET_BINARY && row->raw_len > 0) {
            take(expr_search_text(batch, row, scratch), ctx);
        }
    } else if (batch_get(&text, batch, row, field, scratch)) {
        take(text, ctx);
    }
}

void parquet_field_values(const struct batch *batch, const struct row *row, uint32_t field,
                          struct buf *scratch, parquet_value_fn *take, void *ctx) {
    if (schema_is_attribute(field)) {
        attribute_values(batch, row, field, scratch, take, ctx);
    }
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        if (v->field == field) {
            take(batch_value_text(batch, v), ctx);
        }
    }
}

bool parquet_keeps_type(struct str text, enum field_type type) {
    int64_t integer;
    double number;
    bool has_zone = false;
    switch (type) {
    case FIELD_TYPE_LONG:
        return num_parse_i64(&integer, text);
    case FIELD_TYPE_DOUBLE:
        return num_parse_double(&number, text);
    case FIELD_TYPE_TIME:
        return civil_parse_rfc3339(&integer, &has_zone, text) && has_zone;
    case FIELD_TYPE_BOOL:
        return str_eq(text, STR("true")) || str_eq(text, STR("false"));
    default:
        return true;
    }
}

/* --- the survey --- */

static struct seen *see(struct parquet_columns *c, uint32_t field) {
    if (field >= c->seen_count) {
        size_t count = mem_next_capacity(c->seen_count, (size_t)field + 1);
        c->seen = mem_realloc(c->seen, count, sizeof *c->seen);
        memset(c->seen + c->seen_count, 0, (count - c->seen_count) * sizeof *c->seen);
        c->seen_count = count;
    }
    return &c->seen[field];
}

/* The type that the field's column will have if all goes well. */
static enum field_type wanted_type(const struct parquet_columns *c, uint32_t field) {
    for (size_t i = 0; c->output->shape != QUERY_EVENTS && i < c->output->column_count; i++) {
        const struct query_column *column = &c->output->columns[i];
        for (size_t f = 0; f < column->field_count; f++) {
            if (column->fields[f] == field) {
                return column->type;
            }
        }
    }
    return schema_type(field);
}

struct survey {
    struct parquet_columns *columns;
    uint32_t field;
};

static void see_value(struct str text, void *ctx) {
    const struct survey *survey = ctx;
    struct parquet_columns *c = survey->columns;
    struct seen *seen = see(c, survey->field);
    enum field_type type = wanted_type(c, survey->field);
    bool is_text = type == FIELD_TYPE_KEYWORD || type == FIELD_TYPE_IP;
    if (seen->last_row == c->rows) {
        seen->is_list = true;
        c->has_odd = c->has_odd || !is_text;
    } else {
        seen->rows++;
    }
    seen->last_row = c->rows;
    c->bytes += text.len;
    c->has_odd = c->has_odd || (!is_text && !parquet_keeps_type(text, type));
}

void parquet_columns_survey(struct parquet_columns *c, const struct batch *batch,
                            const struct row *row) {
    c->rows++;
    struct survey survey = {.columns = c};
    for (uint32_t field = 0; schema_is_attribute(field); field++) {
        survey.field = field;
        attribute_values(batch, row, field, &c->scratch, see_value, &survey);
    }
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        survey.field = v->field;
        see_value(batch_value_text(batch, v), &survey);
    }
}

/* --- the list --- */

/* A name that no other column has: DuckDB does not tell upper from lower case. */
static char *unique_name(struct parquet_columns *c, struct str name) {
    struct buf text = BUF_INIT;
    buf_add(&text, name);
    for (unsigned n = 2; intern_find_lower(&c->names, buf_str(&text)) != INTERN_NONE; n++) {
        text.len = name.len;
        buf_printf(&text, "_%u", n);
    }
    (void)intern_add_lower(&c->names, buf_str(&text));
    for (size_t i = 0; i < text.len; i++) {
        text.ptr[i] = text.ptr[i] == '\0' ? '_' : text.ptr[i];
    }
    char *copy = mem_strdup(text.len > 0 ? text.ptr : "_", text.len > 0 ? text.len : 1);
    buf_fini(&text);
    return copy;
}

static void add_column(struct parquet_columns *c, struct str name, const uint32_t *fields,
                       size_t field_count, enum field_type type) {
    bool is_text = type == FIELD_TYPE_KEYWORD || type == FIELD_TYPE_IP;
    struct parquet_column column = {
        .name = unique_name(c, name), .fields = fields, .field_count = field_count, .type = type};
    for (size_t i = 0; i < field_count; i++) {
        struct seen *seen = see(c, fields[i]);
        seen->has_column = true;
        column.is_list = column.is_list || (is_text && seen->is_list) || fields[i] == FIELD_FLAGS;
        if (field_count == 1 && !schema_is_attribute(fields[0])) {
            seen->column = c->count + 1;
        }
    }
    MEM_GROW(c->columns, c->capacity, c->count + 1);
    c->columns[c->count++] = column;
}

static void add_field(struct parquet_columns *c, uint32_t field) {
    uint32_t *kept = arena_alloc(&c->arena, sizeof *kept);
    *kept = field;
    add_column(c, schema_name(field), kept, 1, schema_type(field));
}

/* Fields with at least this many rows get a column. */
static int compare_descending(const void *a, const void *b) {
    const uint64_t *x = a;
    const uint64_t *y = b;
    return *x < *y ? 1 : *x > *y ? -1 : 0;
}

static uint64_t rows_needed(const struct parquet_columns *c) {
    uint64_t *rows = mem_calloc(c->seen_count + 1, sizeof *rows);
    for (size_t i = 0; i < c->seen_count; i++) {
        rows[i] = c->seen[i].rows;
    }
    qsort(rows, c->seen_count, sizeof *rows, compare_descending);
    uint64_t needed = c->seen_count > FIELD_COLUMNS_MAX ? rows[FIELD_COLUMNS_MAX] + 1 : 1;
    mem_free(rows);
    return needed;
}

static void add_all(struct parquet_columns *c) {
    uint64_t needed = rows_needed(c);
    for (uint32_t field = 0; field < c->seen_count; field++) {
        if (schema_is_attribute(field) || c->seen[field].rows >= needed) {
            add_field(c, field);
        } else {
            c->has_odd = c->has_odd || c->seen[field].rows > 0;
        }
    }
}

static void add_other(struct parquet_columns *c) {
    if (c->has_odd) {
        add_column(c, STR("konseki.other"), NULL, 0, FIELD_TYPE_KEYWORD);
        c->columns[c->count - 1].is_list = true;
        c->columns[c->count - 1].is_other = true;
        c->other = c->count;
    }
}

/* `fields winlog.*`: a column for each field of that name that occurs. */
static void add_pattern(struct parquet_columns *c, struct str name) {
    struct wildcard pattern;
    wildcard_compile(&pattern, &c->arena, wildcard_fold_pattern(&c->arena, name));
    for (uint32_t field = 0; field < c->seen_count && c->count < FIELD_COLUMNS_MAX; field++) {
        struct str own = schema_name(field);
        buf_clear(&c->scratch);
        for (size_t i = 0; i < own.len; i++) {
            buf_putc(&c->scratch, ascii_lower(own.ptr[i]));
        }
        if (c->seen[field].rows > 0 && !c->seen[field].has_column &&
            wildcard_match(&pattern, buf_str(&c->scratch))) {
            add_field(c, field);
        }
    }
}

void parquet_columns_finish(struct parquet_columns *c) {
    (void)see(c, FIELD_STATIC_COUNT);
    bool all = c->output->shape == QUERY_EVENTS;
    if (all) {
        add_all(c);
    }
    for (size_t i = 0; !all && i < c->output->column_count; i++) {
        const struct query_column *column = &c->output->columns[i];
        if (column->is_pattern) {
            add_pattern(c, column->name);
        } else {
            add_column(c, column->name, column->fields, column->field_count, column->type);
        }
    }
    add_other(c);
}

const struct parquet_column *parquet_columns_get(const struct parquet_columns *columns,
                                                 size_t *count) {
    *count = columns->count;
    return columns->columns;
}

uint64_t parquet_columns_row_bytes(const struct parquet_columns *columns) {
    return columns->rows > 0 ? columns->bytes / columns->rows : 0;
}

size_t parquet_columns_other(const struct parquet_columns *columns) {
    return columns->other > 0 ? columns->other - 1 : PARQUET_NO_COLUMN;
}

size_t parquet_columns_find(const struct parquet_columns *columns, uint32_t field) {
    bool known = field < columns->seen_count;
    if (known && columns->seen[field].column > 0) {
        return columns->seen[field].column - 1;
    }
    bool wanted = columns->output->shape == QUERY_EVENTS && !schema_is_attribute(field);
    return wanted ? parquet_columns_other(columns) : PARQUET_NO_COLUMN;
}
