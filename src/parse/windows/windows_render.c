#include "windows_render.h"

#include "charset.h"
#include "evtx.h"
#include "windows_names.h"
#include "xml_out.h"

#define EVENT_NAMESPACE "http://schemas.microsoft.com/win/2004/08/events/event"

/* "Provider_Name" -> element Provider, attribute Name; "EventID" -> EventID without attribute. */
static struct str element_of(struct str name, struct str *attribute) {
    size_t at = str_find_char(name, '_');
    *attribute = at == STR_NONE ? STR_EMPTY : str_skip(name, at + 1);
    return at == STR_NONE ? name : str_head(name, at);
}

static void add_attribute(struct buf *out, struct str name, struct str text) {
    buf_putc(out, ' ');
    xml_out_name(out, name);
    buf_add(out, STR("=\""));
    xml_out_attribute(out, text);
    buf_putc(out, '"');
}

static void add_element(struct buf *out, struct str name, struct str text) {
    buf_putc(out, '>');
    xml_out_text(out, text);
    buf_add(out, STR("</"));
    xml_out_name(out, name);
    buf_putc(out, '>');
}

/* One System child with all its attributes, which the row has next to each other. `at` is its
 * first value; returns the index behind its last one. */
static uint32_t add_system_child(struct buf *out, const struct batch *batch, const struct row *row,
                                 uint32_t at, struct str name) {
    const struct value *values = &batch->values[row->first_value];
    struct str attribute;
    struct str element = element_of(name, &attribute);
    struct str text = STR_EMPTY;
    buf_putc(out, '<');
    xml_out_name(out, element);
    for (; at < row->value_count; at++) {
        struct str other = STR_EMPTY;
        enum windows_part part = windows_part_of(&other, values[at].field);
        if (part != WINDOWS_SYSTEM || !str_eq(element_of(other, &attribute), element)) {
            break;
        }
        if (attribute.len > 0) {
            add_attribute(out, attribute, batch_value_text(batch, &values[at]));
        } else {
            text = batch_value_text(batch, &values[at]);
        }
    }
    add_element(out, element, text);
    return at;
}

static void add_system(struct buf *out, const struct batch *batch, const struct row *row) {
    for (uint32_t i = 0; i < row->value_count;) {
        struct str name;
        uint32_t field = batch->values[row->first_value + i].field;
        bool system = windows_part_of(&name, field) == WINDOWS_SYSTEM;
        i = system ? add_system_child(out, batch, row, i, name) : i + 1;
    }
    struct buf scratch = BUF_INIT;
    struct str text;
    if ((row->flags & ROW_TIME_RECEIVED) == 0 &&
        batch_get(&text, batch, row, FIELD_TIMESTAMP, &scratch)) {
        buf_add(out, STR("<TimeCreated"));
        add_attribute(out, STR("SystemTime"), text);
        buf_add(out, STR("/>"));
    }
    if (batch_get(&text, batch, row, FIELD_RECORD_ID, &scratch)) {
        buf_add(out, STR("<EventRecordID"));
        add_element(out, STR("EventRecordID"), text);
    }
    buf_fini(&scratch);
}

static void add_data(struct buf *out, struct str name, struct str text) {
    buf_add(out, STR("<Data"));
    if (!str_eq(name, STR("Data"))) {
        add_attribute(out, STR("Name"), name);
    }
    add_element(out, STR("Data"), text);
}

static void add_values(struct buf *out, const struct batch *batch, const struct row *row) {
    buf_add(out, STR("<Event xmlns=\"" EVENT_NAMESPACE "\"><System>"));
    add_system(out, batch, row);
    buf_add(out, STR("</System><EventData>"));
    for (uint32_t i = 0; i < row->value_count; i++) {
        struct str name;
        const struct value *v = &batch->values[row->first_value + i];
        if (windows_part_of(&name, v->field) == WINDOWS_BODY) {
            add_data(out, name, batch_value_text(batch, v));
        }
    }
    buf_add(out, STR("</EventData></Event>"));
}

/* Line ends become references in text and in attribute values, blanks between attributes. */
static void add_on_one_line(struct buf *out, struct str text) {
    bool in_tag = false;
    char quote = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (quote != 0) {
            quote = c == quote ? 0 : quote;
        } else if (in_tag && (c == '"' || c == '\'')) {
            quote = c;
        } else if (c == '<' || c == '>') {
            in_tag = c == '<';
        }
        if (c == '\n' || c == '\r') {
            buf_add(out, in_tag && quote == 0 ? STR(" ") : c == '\n' ? STR("&#10;") : STR("&#13;"));
        } else {
            buf_putc(out, c);
        }
    }
}

/* The <Event> element inside the text; false if there is none, or if it has parts (comments, CDATA)
 * in which references mean nothing. */
static bool find_element(struct str *out, struct str text) {
    size_t start = 0;
    size_t at;
    while ((at = str_find(str_skip(text, start), STR("<Event"))) != STR_NONE) {
        start += at;
        if (start + 6 < text.len && !ascii_is_alnum(text.ptr[start + 6])) {
            break;
        }
        start += 6;
    }
    size_t end = text.len;
    while (end > 0 && !str_ends(str_head(text, end), STR("</Event>"))) {
        end--;
    }
    if (at == STR_NONE || start >= end) {
        return false;
    }
    *out = str_make(text.ptr + start, end - start);
    return str_find(*out, STR("<!")) == STR_NONE && str_find(*out, STR("<?")) == STR_NONE;
}

/* The element in the record's raw bytes. */
static bool add_raw(struct buf *out, const struct batch *batch, const struct row *row) {
    if (row->dataset != DATASET_WINDOWS_XML ||
        (row->flags & (ROW_DAMAGED | ROW_BAD_ENCODING)) != 0) {
        return false;
    }
    struct text_converter converter = {0};
    struct buf utf8 = BUF_INIT;
    struct str text = batch_raw(batch, row);
    if (row->charset != CHARSET_UTF8) {
        (void)text_to_utf8(&converter, &utf8, text, (enum text_charset)row->charset);
        text = buf_str(&utf8);
    }
    struct str element;
    bool found = find_element(&element, text);
    if (found) {
        add_on_one_line(out, element);
    }
    text_converter_fini(&converter);
    buf_fini(&utf8);
    return found;
}

static bool add_binxml(struct buf *out, const struct batch *batch, const struct row *row) {
    size_t index = (size_t)(row - batch->rows);
    return row->dataset == DATASET_WINDOWS_EVTX && row->container_back <= index &&
           evtx_render_xml(out, batch_raw(batch, row - row->container_back), row->container_off);
}

void windows_render_xml(struct buf *out, const struct batch *batch, const struct row *row) {
    if (!add_binxml(out, batch, row) && !add_raw(out, batch, row)) {
        add_values(out, batch, row);
    }
}
