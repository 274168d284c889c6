#include "scan_output.h"

#include "json_out.h"
#include "windows_names.h"

/* A record is named by its place in EVTX files, by its line elsewhere. */
static bool is_record_file(const struct row *row) {
    return row->line == 0;
}

static void add_time(struct buf *out, const struct row *row) {
    char *to = buf_reserve(out, CIVIL_RFC3339_BYTES);
    out->len += civil_format_rfc3339(to, row->time_ns);
}

/* --- fields of the hit --- */

static void add_field_name(struct buf *out, uint32_t field) {
    if (!windows_flat_name(out, field)) {
        buf_add(out, schema_name(field));
    }
}

static struct str line_text(const struct scan_hit *hit) {
    struct str line = batch_raw(hit->batch, hit->row);
    while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r')) {
        line.len--;
    }
    return line;
}

/* The n-th value of the field in the row; false after the last. */
static bool field_value(struct str *out, const struct scan_hit *hit, uint32_t field, size_t n,
                        struct buf *scratch) {
    if (field == FIELD_EVENT_ORIGINAL) {
        *out = line_text(hit);
        return n == 0;
    }
    if (schema_is_attribute(field)) {
        return n == 0 && batch_get(out, hit->batch, hit->row, field, scratch);
    }
    for (uint32_t i = 0; i < hit->row->value_count; i++) {
        const struct value *v = &hit->batch->values[hit->row->first_value + i];
        if (v->field == field && n-- == 0) {
            *out = batch_value_text(hit->batch, v);
            return true;
        }
    }
    return false;
}

static void add_json_values(struct buf *out, const struct scan_hit *hit, uint32_t field) {
    struct buf scratch = BUF_INIT;
    struct str text;
    bool several = field_value(&text, hit, field, 1, &scratch);
    buf_add(out, several ? STR("[") : STR_EMPTY);
    for (size_t n = 0; field_value(&text, hit, field, n, &scratch); n++) {
        buf_add(out, n > 0 ? STR(",") : STR_EMPTY);
        json_out_string(out, text);
        buf_clear(&scratch);
    }
    buf_add(out, several ? STR("]") : STR_EMPTY);
    buf_fini(&scratch);
}

static void add_json_fields(struct buf *out, const struct scan_hit *hit) {
    struct buf name = BUF_INIT;
    buf_putc(out, '{');
    for (size_t i = 0; i < hit->sigma->field_count; i++) {
        buf_clear(&name);
        add_field_name(&name, hit->sigma->fields[i]);
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        json_out_string(out, buf_str(&name));
        buf_putc(out, ':');
        add_json_values(out, hit, hit->sigma->fields[i]);
    }
    buf_putc(out, '}');
    buf_fini(&name);
}

/* --- JSON --- */

static void add_json_event(struct buf *out, const struct scan_hit *hit) {
    const struct row *row = hit->row;
    struct str dataset = dataset_info((enum dataset)row->dataset)->name;
    buf_add(out, STR("{\"file\":"));
    json_out_string(out, hit->file);
    if (is_record_file(row)) {
        buf_printf(out, ",\"idx\":%u", row->idx);
    } else {
        buf_printf(out, ",\"line\":%u", row->line);
    }
    if (row->record_id != 0) {
        buf_printf(out, ",\"record_id\":%llu", (unsigned long long)row->record_id);
    }
    if (dataset.len > 0) {
        buf_add(out, STR(",\"dataset\":"));
        json_out_string(out, dataset);
    }
    buf_putc(out, '}');
}

static void add_json(struct buf *out, const struct scan_hit *hit) {
    const struct sigma_rule_info *rule = hit->sigma->rule;
    buf_add(out, STR("{\"@timestamp\":\""));
    add_time(out, hit->row);
    buf_add(out, STR("\",\"rule\":{\"id\":"));
    json_out_string(out, rule->id);
    buf_add(out, STR(",\"title\":"));
    json_out_string(out, rule->title);
    buf_add(out, STR(",\"level\":"));
    json_out_string(out, sigma_level_name(rule->level));
    buf_add(out, STR(",\"source\":\"sigma\",\"origin\":\"sigma\"},\"event\":"));
    add_json_event(out, hit);
    buf_add(out, STR(",\"fields\":"));
    add_json_fields(out, hit);
    buf_add(out, STR("}\n"));
}

/* --- CSV --- */

static void add_csv(struct buf *out, struct str text) {
    bool formula = text.len > 0 && memchr("=+-@\t\r", text.ptr[0], 6) != NULL;
    buf_putc(out, '"');
    buf_add(out, formula ? STR("'") : STR_EMPTY);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"') {
            buf_putc(out, '"');
        }
        buf_putc(out, text.ptr[i]);
    }
    buf_putc(out, '"');
}

static void add_csv_line(struct buf *out, const struct scan_hit *hit) {
    const struct sigma_rule_info *rule = hit->sigma->rule;
    const struct row *row = hit->row;
    struct buf fields = BUF_INIT;
    add_time(out, row);
    buf_putc(out, ',');
    add_csv(out, sigma_level_name(rule->level));
    buf_putc(out, ',');
    add_csv(out, rule->id);
    buf_putc(out, ',');
    add_csv(out, rule->title);
    buf_putc(out, ',');
    add_csv(out, hit->file);
    if (is_record_file(row)) {
        buf_printf(out, ",%u,,%llu,", row->idx, (unsigned long long)row->record_id);
    } else {
        buf_printf(out, ",,%u,%llu,", row->line, (unsigned long long)row->record_id);
    }
    add_json_fields(&fields, hit);
    add_csv(out, buf_str(&fields));
    buf_add(out, STR("\r\n"));
    buf_fini(&fields);
}

/* --- terminal --- */

static void add_clean(struct buf *out, struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        buf_putc(out, c < 0x20 || c == 0x7f ? '?' : text.ptr[i]);
    }
}

static void add_table_line(struct buf *out, const struct scan_hit *hit) {
    const struct sigma_rule_info *rule = hit->sigma->rule;
    add_time(out, hit->row);
    buf_printf(out, "  %-13.*s  ", STR_ARG(sigma_level_name(rule->level)));
    add_clean(out, rule->title);
    buf_add(out, STR("  "));
    add_clean(out, hit->file);
    if (is_record_file(hit->row)) {
        buf_printf(out, " #%u\n", hit->row->idx);
    } else {
        buf_printf(out, ":%u\n", hit->row->line);
    }
}

void scan_output_header(struct buf *out, enum scan_format format) {
    if (format == SCAN_CSV) {
        buf_add(out, STR("timestamp,level,rule_id,rule_title,file,idx,line,record_id,fields\r\n"));
    }
}

void scan_output_hit(struct buf *out, enum scan_format format, const struct scan_hit *hit) {
    if (format == SCAN_JSONL) {
        add_json(out, hit);
    } else if (format == SCAN_CSV) {
        add_csv_line(out, hit);
    } else {
        add_table_line(out, hit);
    }
}
