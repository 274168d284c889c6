#include "scan_output.h"

#include "json_out.h"
#include "mem.h"
#include "num.h"
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

/* As `findings --suppressed` says it: "owner: reason". */
static void add_json_owner(struct buf *out, const struct site_rule *section) {
    buf_add(out, STR(",\"suppressed\":true,\"suppressed_by\":\""));
    json_out_escaped(out, section->owner);
    buf_add(out, STR(": "));
    json_out_escaped(out, section->reason);
    buf_putc(out, '"');
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
    if (hit->suppressed_by != NULL) {
        add_json_owner(out, hit->suppressed_by);
    }
    buf_add(out, STR("}\n"));
}

/* --- table and CSV --- */

enum { TABLE_COLUMNS = 5, CSV_COLUMNS = 9, FLUSH_BYTES = 1 << 18 };

struct scan_output {
    enum output_format format;
    const struct zone *zone;
    struct buf text;      /* JSON: lines not written yet; else the cells of one row */
    struct output *table; /* NULL for JSON */
    bool failed;
};

struct scan_output *scan_output_create(enum output_format format, const struct zone *zone) {
    static const struct str table[TABLE_COLUMNS] = {
        STR_INIT("time"), STR_INIT("level"), STR_INIT("rule"), STR_INIT("file"), STR_INIT("place")};
    static const struct str csv[CSV_COLUMNS] = {
        STR_INIT("timestamp"),  STR_INIT("level"),     STR_INIT("rule_id"),
        STR_INIT("rule_title"), STR_INIT("file"),      STR_INIT("idx"),
        STR_INIT("line"),       STR_INIT("record_id"), STR_INIT("fields")};
    struct scan_output *out = mem_calloc(1, sizeof *out);
    out->format = format;
    out->zone = zone;
    if (format == OUTPUT_TABLE) {
        out->table =
            output_create(stdout, format, table, TABLE_COLUMNS, output_terminal_width(), false);
    } else if (format == OUTPUT_CSV) {
        out->table = output_create(stdout, format, csv, CSV_COLUMNS, 0, true);
    }
    return out;
}

/* Cells are made one behind the other in one buffer; a cell is the part since its start. */
struct cells {
    struct buf *text;
    size_t ends[CSV_COLUMNS];
    size_t count;
};

static void end_cell(struct cells *cells) {
    cells->ends[cells->count++] = cells->text->len;
}

static void add_cell(struct cells *cells, struct str text) {
    buf_add(cells->text, text);
    end_cell(cells);
}

static bool write_row(struct scan_output *out, const struct cells *cells) {
    struct str row[CSV_COLUMNS];
    size_t from = 0;
    for (size_t i = 0; i < cells->count; i++) {
        row[i] =
            str_make(cells->text->len > 0 ? cells->text->ptr + from : "", cells->ends[i] - from);
        from = cells->ends[i];
    }
    return output_row(out->table, row);
}

static void add_number(struct cells *cells, bool is_there, uint64_t number) {
    char digits[20];
    add_cell(cells, is_there ? str_make(digits, num_format_u64(digits, number)) : STR_EMPTY);
}

static bool write_csv(struct scan_output *out, const struct scan_hit *hit) {
    const struct sigma_rule_info *rule = hit->sigma->rule;
    const struct row *row = hit->row;
    struct cells cells = {.text = &out->text};
    buf_clear(&out->text);
    add_time(&out->text, row);
    end_cell(&cells);
    add_cell(&cells, sigma_level_name(rule->level));
    add_cell(&cells, rule->id);
    add_cell(&cells, rule->title);
    add_cell(&cells, hit->file);
    add_number(&cells, is_record_file(row), row->idx);
    add_number(&cells, !is_record_file(row), row->line);
    add_number(&cells, row->record_id != 0, row->record_id);
    add_json_fields(&out->text, hit);
    end_cell(&cells);
    return write_row(out, &cells);
}

static bool write_table(struct scan_output *out, const struct scan_hit *hit) {
    const struct row *row = hit->row;
    struct cells cells = {.text = &out->text};
    buf_clear(&out->text);
    output_append_local_time(&out->text, row->time_ns, out->zone);
    end_cell(&cells);
    add_cell(&cells, sigma_level_name(hit->sigma->rule->level));
    add_cell(&cells, hit->sigma->rule->title);
    add_cell(&cells, hit->file);
    if (is_record_file(row)) {
        buf_printf(&out->text, "#%u", row->idx);
    } else {
        buf_printf(&out->text, "%u", row->line);
    }
    end_cell(&cells);
    return write_row(out, &cells);
}

static bool flush(struct scan_output *out) {
    bool written = out->text.len == 0 || output_write(stdout, buf_str(&out->text));
    buf_clear(&out->text);
    return written;
}

bool scan_output_hit(struct scan_output *out, const struct scan_hit *hit) {
    bool written = true;
    if (out->failed) {
        return false;
    }
    if (out->format == OUTPUT_JSONL) {
        add_json(&out->text, hit);
        written = out->text.len < FLUSH_BYTES || flush(out);
    } else {
        written = out->format == OUTPUT_CSV ? write_csv(out, hit) : write_table(out, hit);
    }
    out->failed = !written;
    return written;
}

bool scan_output_destroy(struct scan_output **out) {
    struct scan_output *gone = *out;
    if (gone == NULL) {
        return true;
    }
    bool written = !gone->failed;
    if (gone->table != NULL) {
        written = output_destroy(&gone->table) && written;
    } else if (written) {
        written = flush(gone);
    }
    buf_fini(&gone->text);
    mem_free(gone);
    *out = NULL;
    return written;
}
