/*
 * search WORD: the events that have words or match expressions, in any value or in given fields.
 * Of Windows events the values are looked at; of other logs also the line itself.
 */
#include "mem.h"
#include "search_words.h"
#include "triage_cells.h"
#include "triage_fields.h"
#include "windows_names.h"

struct search {
    struct triage_out *out;
    struct search_words *words;
    struct triage_fields places; /* for the rows of the listing */
    struct triage_host host;
    size_t id, channel;
    struct triage_fields only; /* --field: which */
    struct triage_cells cells;
    /* of the event: the first value that had a word */
    uint32_t field;
    struct str value;
};

static enum status search_open(void **state, struct triage_out *out,
                               const struct triage_options *options, struct err *err) {
    struct search_words *words;
    enum status status = search_words_create(&words, options, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct search *s = mem_calloc(1, sizeof *s);
    s->out = out;
    s->words = words;
    triage_columns(out, STR("time computer channel event field value file idx# line# record_id#"));
    triage_host_add(&s->host, &s->places);
    s->id = triage_fields_add(&s->places, FIELD_WINLOG_EVENT_ID);
    s->channel = triage_fields_add(&s->places, FIELD_WINLOG_CHANNEL);
    for (size_t i = 0; i < options->field_count && i < TRIAGE_FIELDS; i++) {
        (void)triage_fields_add_name(&s->only, str_from_c(options->fields[i]));
    }
    *state = s;
    return STATUS_OK;
}

static void look_at(struct search *s, uint64_t *present, uint32_t field, struct str text) {
    uint64_t found = search_words_in(s->words, text, ~*present);
    if (found != 0 && *present == 0) {
        s->field = field;
        s->value = text;
    }
    *present |= found;
}

static struct str line_of(const struct triage_event *event) {
    struct str line = batch_raw(event->batch, event->row);
    while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r')) {
        line.len--;
    }
    return line;
}

static bool is_wanted(const struct search *s, uint32_t field) {
    return s->only.count == 0 || (field < s->only.place_count && s->only.place_of[field] > 0);
}

static bool is_found(struct search *s, const struct triage_event *event) {
    uint64_t present = 0;
    const struct value *v = event->batch->values + event->row->first_value;
    for (uint32_t i = 0; i < event->row->value_count; i++) {
        if (is_wanted(s, v[i].field)) {
            look_at(s, &present, v[i].field, batch_value_text(event->batch, &v[i]));
        }
    }
    if (!event->is_windows && s->only.count == 0) {
        look_at(s, &present, FIELD_EVENT_ORIGINAL, line_of(event));
    }
    return search_words_found(s->words, present);
}

static void write_row(struct search *s, const struct triage_event *event) {
    const struct row *row = event->row;
    struct triage_cells *cells = &s->cells;
    triage_fields_read(&s->places, event->batch, row);
    triage_cell_time(cells, triage_time(row));
    triage_cell(cells, triage_host_of(&s->host, &s->places, event));
    struct str dataset = dataset_info((enum dataset)row->dataset)->name;
    triage_cell(cells, event->is_windows ? triage_field(&s->places, s->channel) : dataset);
    triage_cell(cells, triage_field(&s->places, s->id));
    if (!windows_flat_name(&cells->text, s->field)) {
        buf_add(&cells->text, schema_name(s->field));
    }
    triage_cell_end(cells);
    triage_cell(cells, s->value);
    triage_cell_place(cells, event);
    triage_cells_write(cells, s->out);
}

static void search_event(void *state, const struct triage_event *event) {
    struct search *s = state;
    if (!is_found(s, event)) {
        return;
    }
    if (s->out->event != NULL) {
        s->out->event(s->out, event);
    } else {
        write_row(s, event);
    }
}

static void search_end(void *state) {
    (void)state; /* all rows are out */
}

static void search_close(void *state) {
    struct search *s = state;
    search_words_destroy(&s->words);
    triage_fields_fini(&s->places);
    triage_fields_fini(&s->only);
    triage_cells_fini(&s->cells);
    mem_free(s);
}

const struct triage_question triage_search = {
    .open = search_open, .event = search_event, .end = search_end, .close = search_close};
