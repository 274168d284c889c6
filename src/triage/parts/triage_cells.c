#include "triage_cells.h"

#include "check.h"

void triage_columns(struct triage_out *out, struct str names) {
    struct str name;
    out->column_count = 0;
    out->numbers = 0;
    while (str_word_next(&name, &names)) {
        CHECK(out->column_count < TRIAGE_COLUMNS);
        bool is_number = name.ptr[name.len - 1] == '#';
        out->numbers |= (uint64_t)is_number << out->column_count;
        out->columns[out->column_count++] = str_head(name, name.len - is_number);
    }
}

void triage_cell_end(struct triage_cells *cells) {
    CHECK(cells->count < TRIAGE_COLUMNS);
    cells->ends[cells->count++] = cells->text.len;
}

void triage_cell(struct triage_cells *cells, struct str text) {
    buf_add(&cells->text, text);
    triage_cell_end(cells);
}

void triage_cell_number(struct triage_cells *cells, uint64_t number) {
    buf_printf(&cells->text, "%llu", (unsigned long long)number);
    triage_cell_end(cells);
}

void triage_cell_time(struct triage_cells *cells, int64_t ns) {
    if (ns != TIME_NONE) {
        char *to = buf_reserve(&cells->text, CIVIL_RFC3339_BYTES);
        cells->text.len += civil_format_rfc3339(to, ns);
    }
    triage_cell_end(cells);
}

void triage_cell_seconds(struct triage_cells *cells, int64_t ns) {
    int64_t ms = ns / (NS_PER_SECOND / 1000);
    buf_printf(&cells->text, "%s%lld.%03lld", ms < 0 ? "-" : "",
               (long long)(ms < 0 ? -(ms / 1000) : ms / 1000),
               (long long)(ms < 0 ? -(ms % 1000) : ms % 1000));
    triage_cell_end(cells);
}

static void number_or_nothing(struct triage_cells *cells, bool is_there, uint64_t number) {
    if (is_there) {
        triage_cell_number(cells, number);
    } else {
        triage_cell(cells, STR_EMPTY);
    }
}

void triage_cell_place(struct triage_cells *cells, const struct triage_event *event) {
    const struct row *row = event->row;
    triage_cell(cells, event->file);
    number_or_nothing(cells, row->line == 0, row->idx);
    number_or_nothing(cells, row->line > 0, row->line);
    number_or_nothing(cells, row->record_id > 0, row->record_id);
}

void triage_cells_write(struct triage_cells *cells, struct triage_out *out) {
    struct str row[TRIAGE_COLUMNS];
    size_t from = 0;
    CHECK(cells->count == out->column_count);
    for (size_t i = 0; i < cells->count; i++) {
        row[i] = str_make(cells->text.len > 0 ? cells->text.ptr + from : "", cells->ends[i] - from);
        from = cells->ends[i];
    }
    if (!out->is_stopped) {
        out->row(out, row);
    }
    cells->count = 0;
    buf_clear(&cells->text);
}

void triage_cells_fini(struct triage_cells *cells) {
    buf_fini(&cells->text);
}
