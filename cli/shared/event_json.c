#include "event_json.h"

#include "expr.h"
#include "mem.h"
#include "wildcard.h"

struct event_json {
    struct output_json_cache *cache;
    struct output_json_entry *entries;
    size_t count;
    size_t capacity;
    struct arena texts; /* of attributes */
    struct buf scratch;
    struct buf original;
};

struct event_json *event_json_create(void) {
    struct event_json *w = mem_calloc(1, sizeof *w);
    w->cache = output_json_cache_create();
    return w;
}

void event_json_destroy(struct event_json **writer) {
    struct event_json *w = *writer;
    if (w == NULL) {
        return;
    }
    output_json_cache_destroy(&w->cache);
    mem_free(w->entries);
    arena_fini(&w->texts);
    buf_fini(&w->scratch);
    buf_fini(&w->original);
    mem_free(w);
    *writer = NULL;
}

static enum output_json_type type_of(enum field_type type) {
    switch (type) {
    case FIELD_TYPE_LONG:
    case FIELD_TYPE_DOUBLE:
        return JSON_NUMBER;
    case FIELD_TYPE_BOOL:
        return JSON_BOOL;
    default:
        return JSON_STRING;
    }
}

static struct output_json_entry *add(struct event_json *w, struct str name, struct str text,
                                     enum field_type type) {
    MEM_GROW(w->entries, w->capacity, w->count + 1);
    struct output_json_entry *e = &w->entries[w->count++];
    *e = (struct output_json_entry){.name = name, .text = text, .type = type_of(type)};
    return e;
}

static void add_flags(struct event_json *w, struct str name, uint32_t flags) {
    for (uint32_t bit = 0; bit < 32; bit++) {
        if ((flags >> bit & 1) != 0) {
            add(w, name, row_flag_name(bit), FIELD_TYPE_KEYWORD)->is_list = true;
        }
    }
}

static void add_attribute(struct event_json *w, struct str name, uint32_t field,
                          const struct batch *batch, const struct row *row) {
    struct str text;
    if (field == FIELD_FLAGS) {
        add_flags(w, name, row->flags);
    } else if (field == FIELD_EVENT_ORIGINAL) {
        text = expr_search_text(batch, row, &w->original);
        if (row->raw_len > 0 && row->charset != CHARSET_BINARY) {
            (void)add(w, name, text, FIELD_TYPE_KEYWORD);
        }
    } else if (batch_get(&text, batch, row, field, &w->scratch)) {
        (void)add(w, name, arena_str(&w->texts, text), schema_type(field));
    }
}

static void clear(struct event_json *w) {
    w->count = 0;
    arena_reset(&w->texts);
}

/* A line that nobody could read has no fields: its text is its message. */
static void add_unparsed_text(struct event_json *w, const struct batch *batch,
                              const struct row *row) {
    struct str text;
    bool unparsed = row->dataset == DATASET_UNKNOWN && row->raw_len > 0 &&
                    row->charset != CHARSET_BINARY && (row->flags & ROW_BLANK) == 0;
    if (unparsed && !batch_find(&text, batch, row, FIELD_MESSAGE)) {
        (void)add(w, schema_name(FIELD_MESSAGE), expr_search_text(batch, row, &w->original),
                  FIELD_TYPE_KEYWORD);
    }
}

void event_json_append(struct buf *out, struct event_json *w, const struct batch *batch,
                       const struct row *row, bool with_original) {
    clear(w);
    for (uint32_t field = 0; schema_is_attribute(field); field++) {
        if (field != FIELD_EVENT_ORIGINAL || with_original) {
            add_attribute(w, schema_name(field), field, batch, row);
        }
    }
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        (void)add(w, schema_name(v->field), batch_value_text(batch, v), schema_type(v->field));
    }
    add_unparsed_text(w, batch, row);
    output_json_cached(out, w->cache, w->entries, w->count);
}

/* --- columns --- */

static bool add_values(struct event_json *w, struct str name, uint32_t field,
                       const struct query_column *column, const struct batch *batch,
                       const struct row *row, bool is_flat) {
    size_t before = w->count;
    if (schema_is_attribute(field)) {
        add_attribute(w, name, field, batch, row);
    }
    for (uint32_t i = 0; i < row->value_count && !schema_is_attribute(field); i++) {
        const struct value *v = &batch->values[row->first_value + i];
        if (v->field == field) {
            add(w, name, batch_value_text(batch, v), column->type)->is_flat = is_flat;
        }
    }
    return w->count > before;
}

static void add_pattern(struct event_json *w, const struct query_column *column,
                        const struct batch *batch, const struct row *row) {
    struct wildcard pattern;
    wildcard_compile(&pattern, &w->texts, wildcard_fold_pattern(&w->texts, column->name));
    for (uint32_t field = 0; schema_is_attribute(field); field++) {
        if (field != FIELD_EVENT_ORIGINAL && wildcard_match(&pattern, schema_name(field))) {
            add_attribute(w, schema_name(field), field, batch, row);
        }
    }
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &batch->values[row->first_value + i];
        struct str name = schema_name(v->field);
        w->scratch.len = 0;
        for (size_t k = 0; k < name.len; k++) {
            buf_putc(&w->scratch, ascii_lower(name.ptr[k]));
        }
        if (wildcard_match(&pattern, buf_str(&w->scratch))) {
            (void)add(w, name, batch_value_text(batch, v), schema_type(v->field));
        }
    }
}

void event_json_append_columns(struct buf *out, struct event_json *w,
                               const struct query_output *output, const struct batch *batch,
                               const struct row *row) {
    clear(w);
    for (size_t c = 0; c < output->column_count; c++) {
        const struct query_column *column = &output->columns[c];
        bool is_flat = memchr(column->name.ptr, '(', column->name.len) != NULL;
        if (column->is_pattern) {
            add_pattern(w, column, batch, row);
        }
        for (size_t f = 0; f < column->field_count; f++) {
            if (add_values(w, column->name, column->fields[f], column, batch, row, is_flat)) {
                break;
            }
        }
    }
    output_json_cached(out, w->cache, w->entries, w->count);
}
