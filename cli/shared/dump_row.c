#include "dump_row.h"

#include "json_out.h"
#include "mem.h"
#include "windows_names.h"
#include "windows_render.h"
#include "xml_out.h"

/* Values of the row that have the same field are chained in their order. */
struct dump_writer {
    enum dump_format format;
    uint32_t *last_of_field; /* by field id: index + 1 of its last value in this row, else 0 */
    size_t field_capacity;
    uint32_t *next; /* by value: index + 1 of the next one of its field */
    bool *is_first; /* by value */
    size_t value_capacity;
    size_t first_capacity;
    struct buf scratch;
};

/* One name of an event with its value(s). */
struct entry {
    enum windows_part part;
    struct str name;
    uint32_t value; /* index of the first value in the row; NO_INDEX: `text` */
    struct str text;
};

enum { NO_INDEX = UINT32_MAX };

typedef void entry_fn(struct dump_writer *w, struct buf *out, const struct batch *batch,
                      const struct row *row, const struct entry *entry);

struct dump_writer *dump_writer_create(enum dump_format format) {
    struct dump_writer *w = mem_calloc(1, sizeof *w);
    w->format = format;
    return w;
}

void dump_writer_destroy(struct dump_writer **writer) {
    struct dump_writer *w = *writer;
    if (w == NULL) {
        return;
    }
    mem_free(w->last_of_field);
    mem_free(w->next);
    mem_free(w->is_first);
    buf_fini(&w->scratch);
    mem_free(w);
    *writer = NULL;
}

static const struct value *row_values(const struct batch *batch, const struct row *row) {
    return batch->values + row->first_value;
}

/* Chains the values by field. last_of_field is all zero before and after. */
static void chain_values(struct dump_writer *w, const struct batch *batch, const struct row *row) {
    size_t field_count = schema_count();
    if (field_count > w->field_capacity) {
        mem_free(w->last_of_field);
        w->field_capacity = 2 * field_count;
        w->last_of_field = mem_calloc(w->field_capacity, sizeof *w->last_of_field);
    }
    MEM_GROW(w->next, w->value_capacity, row->value_count);
    MEM_GROW(w->is_first, w->first_capacity, row->value_count);
    const struct value *values = row_values(batch, row);
    for (uint32_t i = 0; i < row->value_count; i++) {
        uint32_t *last = &w->last_of_field[values[i].field];
        w->next[i] = 0;
        w->is_first[i] = *last == 0;
        if (*last != 0) {
            w->next[*last - 1] = i + 1;
        }
        *last = i + 1;
    }
    for (uint32_t i = 0; i < row->value_count; i++) {
        w->last_of_field[values[i].field] = 0;
    }
}

static bool is_windows(const struct row *row) {
    return str_eq(dataset_info((enum dataset)row->dataset)->family, STR("windows"));
}

/* A text, or a list where the field occurs several times. */
static void json_value(struct dump_writer *w, struct buf *out, const struct batch *batch,
                       const struct row *row, const struct entry *entry) {
    if (entry->value == NO_INDEX) {
        json_out_string(out, entry->text);
        return;
    }
    const struct value *values = row_values(batch, row);
    uint32_t at = entry->value;
    bool list = w->next[at] != 0;
    if (list) {
        buf_putc(out, '[');
    }
    json_out_string(out, batch_value_text(batch, &values[at]));
    while (w->next[at] != 0) {
        at = w->next[at] - 1;
        buf_putc(out, ',');
        json_out_string(out, batch_value_text(batch, &values[at]));
    }
    if (list) {
        buf_putc(out, ']');
    }
}

/* Puts a comma if something stands before. */
static void json_comma(struct buf *out) {
    char last = out->ptr[out->len - 1];
    if (last != '{' && last != '[') {
        buf_putc(out, ',');
    }
}

static void json_key(struct buf *out, struct str key) {
    json_comma(out);
    json_out_string(out, key);
    buf_putc(out, ':');
}

/* Calls `fn` for TimeCreated and EventRecordID, which are properties of the row. */
static void each_attribute(struct dump_writer *w, struct buf *out, const struct batch *batch,
                           const struct row *row, entry_fn *fn) {
    static const uint32_t fields[] = {FIELD_TIMESTAMP, FIELD_RECORD_ID};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct entry entry = {.value = NO_INDEX};
        bool absent = fields[i] == FIELD_TIMESTAMP ? (row->flags & ROW_TIME_RECEIVED) != 0
                                                   : row->record_id == 0;
        if (!absent && batch_get(&entry.text, batch, row, fields[i], &w->scratch)) {
            entry.part = windows_part_of(&entry.name, fields[i]);
            fn(w, out, batch, row, &entry);
        }
    }
}

/* Calls `fn` once for each native name of the given part of a Windows row. */
static void each_entry(struct dump_writer *w, struct buf *out, const struct batch *batch,
                       const struct row *row, enum windows_part part, entry_fn *fn) {
    const struct value *values = row_values(batch, row);
    for (uint32_t i = 0; i < row->value_count; i++) {
        struct entry entry = {.value = i};
        if (!w->is_first[i]) {
            continue;
        }
        entry.part = windows_part_of(&entry.name, values[i].field);
        if (entry.part == part) {
            fn(w, out, batch, row, &entry);
        }
    }
    if (part == WINDOWS_SYSTEM) {
        each_attribute(w, out, batch, row, fn);
    }
}

/* --- flat --- */

static void flat_entry(struct dump_writer *w, struct buf *out, const struct batch *batch,
                       const struct row *row, const struct entry *entry) {
    if (entry->value == NO_INDEX) {
        json_key(out, entry->name);
    } else {
        struct buf name = BUF_INIT;
        (void)windows_flat_name(&name, row_values(batch, row)[entry->value].field);
        json_key(out, buf_str(&name));
        buf_fini(&name);
    }
    json_value(w, out, batch, row, entry);
}

/* Rows of other formats: their fields by name; the line itself if nobody knows it. */
static void each_field(struct dump_writer *w, struct buf *out, const struct batch *batch,
                       const struct row *row) {
    const struct value *values = row_values(batch, row);
    for (uint32_t i = 0; i < row->value_count; i++) {
        if (w->is_first[i]) {
            struct entry entry = {.value = i};
            json_key(out, schema_name(values[i].field));
            json_value(w, out, batch, row, &entry);
        }
    }
    if ((row->flags & ROW_UNPARSED) != 0) {
        json_key(out, schema_name(FIELD_EVENT_ORIGINAL));
        json_out_string(out, batch_raw(batch, row));
    }
}

static void dump_flat(struct dump_writer *w, struct buf *out, const struct batch *batch,
                      const struct row *row, const struct dump_place *place) {
    buf_add(out, STR("{\"file\":"));
    json_out_string(out, place->file);
    if (is_windows(row)) {
        buf_printf(out, ",\"idx\":%u,\"event\":{", place->idx);
        each_entry(w, out, batch, row, WINDOWS_SYSTEM, flat_entry);
        each_entry(w, out, batch, row, WINDOWS_BODY, flat_entry);
    } else {
        buf_printf(out, ",\"line\":%u,\"event\":{", row->line);
        each_field(w, out, batch, row);
    }
    buf_add(out, STR("}}\n"));
}

/* --- nested --- */

/* "Provider_Name" -> element Provider, attribute Name; "EventID" -> EventID without attribute. */
static struct str element_of(struct str name, struct str *attribute) {
    size_t at = str_find_char(name, '_');
    *attribute = at == STR_NONE ? STR_EMPTY : str_skip(name, at + 1);
    return at == STR_NONE ? name : str_head(name, at);
}

/*
 * A System child: {"attribute":...} or "text" or both ("#text"). Parts of one element stand
 * together in a row but for those that are properties of the row; these have no further parts.
 */
static void nested_system_entry(struct dump_writer *w, struct buf *out, const struct batch *batch,
                                const struct row *row, const struct entry *entry) {
    struct str attribute;
    struct str element = element_of(entry->name, &attribute);
    const struct value *values = row_values(batch, row);
    bool opened = false;
    for (uint32_t i = 0; entry->value != NO_INDEX && i < row->value_count; i++) {
        struct entry other = {.value = i};
        struct str other_attribute;
        other.part = windows_part_of(&other.name, values[i].field);
        if (!w->is_first[i] || other.part != WINDOWS_SYSTEM ||
            !str_eq(element_of(other.name, &other_attribute), element)) {
            continue;
        }
        if (i < entry->value) {
            return; /* written with its first part */
        }
        if (!opened && (i > entry->value || other_attribute.len > 0)) {
            json_key(out, element);
            buf_putc(out, '{');
            opened = true;
        }
        if (opened) {
            json_key(out, other_attribute.len > 0 ? other_attribute : STR("#text"));
            json_value(w, out, batch, row, &other);
        }
    }
    if (opened) {
        buf_putc(out, '}');
        return;
    }
    json_key(out, element);
    if (attribute.len > 0) {
        buf_putc(out, '{');
        json_key(out, attribute);
    }
    json_value(w, out, batch, row, entry);
    if (attribute.len > 0) {
        buf_putc(out, '}');
    }
}

static void nested_body_entry(struct dump_writer *w, struct buf *out, const struct batch *batch,
                              const struct row *row, const struct entry *entry) {
    json_key(out, entry->name);
    json_value(w, out, batch, row, entry);
}

static void nested_windows(struct dump_writer *w, struct buf *out, const struct batch *batch,
                           const struct row *row) {
    buf_add(out, STR(",\"Event\":{\"System\":{"));
    each_entry(w, out, batch, row, WINDOWS_SYSTEM, nested_system_entry);
    struct str user_data;
    bool is_user_data = batch_find(&user_data, batch, row, windows_user_data_field());
    if (is_user_data) {
        buf_add(out, STR("},\"UserData\":{"));
        json_out_string(out, user_data);
        buf_add(out, STR(":{"));
    } else {
        buf_add(out, STR("},\"EventData\":{"));
    }
    each_entry(w, out, batch, row, WINDOWS_BODY, nested_body_entry);
    buf_add(out, is_user_data ? STR("}}}") : STR("}}"));
}

static void dump_nested(struct dump_writer *w, struct buf *out, const struct batch *batch,
                        const struct row *row, const struct dump_place *place) {
    buf_add(out, STR("{\"file\":"));
    json_out_string(out, place->file);
    if (is_windows(row)) {
        buf_printf(out, ",\"idx\":%u", place->idx);
    }
    if (row->line > 0) {
        buf_printf(out, ",\"line\":%u", row->line);
    }
    if (row->record_id > 0) {
        buf_printf(out, ",\"record_id\":%llu", (unsigned long long)row->record_id);
    }
    if (row->dataset == DATASET_WINDOWS_EVTX) {
        buf_printf(out, ",\"offset\":%llu", (unsigned long long)place->file_offset);
    }
    struct entry flags = {.value = NO_INDEX};
    if (batch_get(&flags.text, batch, row, FIELD_FLAGS, &w->scratch)) {
        json_key(out, STR("flags"));
        json_out_string(out, flags.text);
    }
    struct str error;
    if (batch_find(&error, batch, row, FIELD_PARSE_ERROR)) {
        json_key(out, STR("error"));
        json_out_string(out, error);
    }
    if (is_windows(row)) {
        nested_windows(w, out, batch, row);
    } else {
        buf_add(out, STR(",\"event\":{"));
        each_field(w, out, batch, row);
        buf_putc(out, '}');
    }
    buf_add(out, STR("}\n"));
}

static void xml_data(struct buf *out, struct str name, struct str text) {
    buf_add(out, STR("<Data Name=\""));
    xml_out_attribute(out, name);
    buf_add(out, STR("\">"));
    xml_out_text(out, text);
    buf_add(out, STR("</Data>"));
}

/* Rows of other formats have no System part: all their fields, several values one by one. */
static void other_xml(struct buf *out, const struct batch *batch, const struct row *row) {
    const struct value *values = row_values(batch, row);
    buf_add(out, STR("<Event>"));
    for (uint32_t i = 0; i < row->value_count; i++) {
        xml_data(out, schema_name(values[i].field), batch_value_text(batch, &values[i]));
    }
    if ((row->flags & ROW_UNPARSED) != 0) {
        xml_data(out, schema_name(FIELD_EVENT_ORIGINAL), batch_raw(batch, row));
    }
    buf_add(out, STR("</Event>"));
}

static void dump_xml(struct buf *out, const struct batch *batch, const struct row *row) {
    if (is_windows(row)) {
        windows_render_xml(out, batch, row);
    } else {
        other_xml(out, batch, row);
    }
    buf_putc(out, '\n');
}

void dump_writer_row(struct dump_writer *w, struct buf *out, const struct batch *batch,
                     const struct row *row, const struct dump_place *place) {
    chain_values(w, batch, row);
    switch (w->format) {
    case DUMP_FLAT:
        dump_flat(w, out, batch, row, place);
        break;
    case DUMP_NESTED:
        dump_nested(w, out, batch, row, place);
        break;
    case DUMP_XML:
        dump_xml(out, batch, row);
        break;
    }
}
