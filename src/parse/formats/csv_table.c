#include "csv_table.h"

#include "csv_columns.h"
#include "mem.h"
#include "num.h"
#include "parse_time.h"
#include "windows_ecs.h"
#include "windows_names.h"
#include "windows_payload.h"

enum { NAME_BYTES_MAX = 256, TIME_BYTES = 64 };

/* --- cells --- */

struct cells {
    struct str rest;
    char separator;
    bool more; /* a cell follows, maybe an empty one */
};

static struct cells cells_of(struct str line, char separator) {
    return (struct cells){.rest = line, .separator = separator, .more = true};
}

/* Behind a quoted cell's text whose quote was taken; *doubled: it has quotes in it. */
static size_t quoted_end(struct str s, bool *doubled) {
    size_t at = 0;
    *doubled = false;
    while (at < s.len) {
        if (s.ptr[at] == '"' && (at + 1 == s.len || s.ptr[at + 1] != '"')) {
            break;
        }
        *doubled |= s.ptr[at] == '"';
        at += s.ptr[at] == '"' ? 2 : 1;
    }
    return at < s.len ? at : s.len;
}

/* The next cell; one with doubled quotes is made in `scratch`. */
static bool next_cell(struct str *out, struct cells *cells, struct buf *scratch) {
    bool doubled = false;
    if (!cells->more) {
        return false;
    }
    struct str cell = cells->rest;
    bool quoted = str_take_char(&cell, '"');
    size_t end = quoted ? quoted_end(cell, &doubled) : 0;
    struct str behind = str_skip(cell, end);
    size_t separator = str_find_char(behind, cells->separator);
    size_t left = separator == STR_NONE ? behind.len : separator;
    cells->more = separator != STR_NONE;
    cells->rest = cells->more ? str_skip(behind, left + 1) : STR_EMPTY;
    *out = quoted ? str_head(cell, end) : str_head(behind, left);
    if (doubled) {
        buf_clear(scratch);
        for (size_t i = 0; i < out->len; i++) {
            buf_putc(scratch, out->ptr[i]);
            i += out->ptr[i] == '"' ? 1 : 0;
        }
        *out = buf_str(scratch);
    }
    return true;
}

/* --- the header --- */

/* A column's name: letters of any script, and what exports put between words. */
static bool is_name(struct str s) {
    bool has_letter = false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        has_letter |= ascii_is_alpha(c) || (unsigned char)c >= 0x80;
        if (!ascii_is_alnum(c) && (unsigned char)c < 0x80 &&
            memchr(" _-.@#()/:[]%$", c, 14) == NULL) {
            return false;
        }
    }
    return has_letter && s.len <= NAME_BYTES_MAX;
}

/* Reads the names; their number, or 0 if the line is no header with this separator. */
static size_t read_names(struct str names[CSV_COLUMNS_MAX], struct str line, char separator) {
    struct cells cells = cells_of(line, separator);
    struct buf scratch = BUF_INIT;
    struct str name;
    size_t count = 0;
    bool good = true;
    bool has_sign = false;
    while (good && next_cell(&name, &cells, &scratch)) {
        name = str_trim(name);
        bool last_empty = name.len == 0 && !cells.more && count > 0;
        good = count < CSV_COLUMNS_MAX && !str_within(name, buf_str(&scratch)) &&
               (last_empty || is_name(name));
        for (size_t i = 0; good && i < count; i++) {
            good = !str_eq_ci(names[i], name);
        }
        if (good) {
            has_sign |= csv_is_sign(name);
            names[count++] = name;
        }
    }
    buf_fini(&scratch);
    return good && has_sign && count >= 2 ? count : 0;
}

/* The separator that gives most columns; their number, 0 if the line is no header. */
static size_t find_header(struct str names[CSV_COLUMNS_MAX], char *separator, struct str line) {
    static const char separators[] = {',', ';', '\t', '|'};
    size_t best = 0;
    for (size_t i = 0; i < sizeof separators; i++) {
        size_t count = read_names(names, line, separators[i]);
        if (count > best) {
            best = count;
            *separator = separators[i];
        }
    }
    return best > 0 ? read_names(names, line, *separator) : 0;
}

bool csv_table_is_header(struct str line) {
    struct str names[CSV_COLUMNS_MAX];
    char separator = 0;
    return find_header(names, &separator, line) > 0;
}

bool csv_table_is_preamble(struct str line) {
    return str_starts(line, STR("#TYPE ")) || (str_starts(line, STR("sep=")) && line.len == 5);
}

/* --- the state of one table --- */

struct state {
    bool has_header;
    char separator;
    enum csv_kind kind;
    size_t count;
    struct csv_column columns[CSV_COLUMNS_MAX];
    struct windows_payload *payload;
    struct buf scratch; /* a cell with quotes in it */
};

static void *state_create(void) {
    struct state *state = mem_calloc(1, sizeof *state);
    state->payload = windows_payload_create();
    return state;
}

static void state_destroy(void *opaque) {
    struct state *state = opaque;
    windows_payload_destroy(&state->payload);
    buf_fini(&state->scratch);
    mem_free(state);
}

static bool take_header(struct state *state, struct str line) {
    struct str names[CSV_COLUMNS_MAX];
    size_t count = find_header(names, &state->separator, line);
    if (count == 0) {
        return false;
    }
    state->kind = csv_kind_of(names, count);
    state->count = count;
    for (size_t i = 0; i < count; i++) {
        state->columns[i] = csv_column_of(names[i], state->kind, names, count);
    }
    state->has_header = true;
    return true;
}

/* --- time --- */

static bool take_number(unsigned *out, struct str *rest) {
    unsigned value = 0;
    size_t digits = 0;
    while (digits < 4 && digits < rest->len && ascii_is_digit(rest->ptr[digits])) {
        value = value * 10 + (unsigned)(rest->ptr[digits++] - '0');
    }
    *rest = str_skip(*rest, digits);
    *out = value;
    return digits > 0;
}

/* "2026/11/9 9:00:01" and "11/9/2026 9:00:01 AM" as ISO has them. Month and day change places only
 * where the clock with AM and PM (which is American) or the numbers say so; else the date stays
 * unread. */
static bool normalise_date(struct buf *out, struct str text) {
    unsigned n[3];
    struct str rest = text;
    bool american = str_ends_ci(text, STR("AM")) || str_ends_ci(text, STR("PM"));
    for (int i = 0; i < 3; i++) {
        if ((i > 0 && !str_take_char(&rest, '/')) || !take_number(&n[i], &rest)) {
            return false;
        }
    }
    unsigned year = n[0] > 31 ? n[0] : n[2];
    unsigned month = n[0] > 31 ? n[1] : american || n[1] > 12 ? n[0] : n[0] > 12 ? n[1] : 0;
    unsigned day = n[0] > 31 ? n[2] : american || n[1] > 12 ? n[1] : n[0];
    if (year < 1000 || month == 0) {
        return false;
    }
    rest = str_trim(rest);
    bool short_hour = rest.len > 1 && rest.ptr[1] == ':';
    buf_clear(out);
    buf_printf(out, "%04u-%02u-%02u %s%.*s", year, month, day, short_hour ? "0" : "",
               STR_ARG(rest));
    return true;
}

/* True if the cell is a time: the row has it then. */
static bool set_time(struct parse_context *context, struct batch *batch, struct state *state,
                     struct str text) {
    struct read_time time;
    struct buf made = BUF_INIT;
    int64_t ns = 0;
    bool known = time_read_epoch(&ns, text);
    if (known) {
        batch_row(batch)->time_ns = ns;
        return true;
    }
    struct str rest = normalise_date(&made, text) ? buf_str(&made) : text;
    known = time_take_iso(&time, &rest);
    if (known && !time.has_zone && state->kind == CSV_EVTXECMD) {
        time.has_zone = true; /* by the format: UTC */
        time.offset_ns = 0;
    }
    known = known && time_set_row(context, batch, &time);
    buf_fini(&made);
    return known;
}

/* --- cells with more in them --- */

/* "Name: value ¦ Name: value" */
static void add_pairs(struct batch *batch, struct str cell) {
    static const struct str bar = STR_INIT(" \xc2\xa6 ");
    while (cell.len > 0) {
        size_t end = str_find(cell, bar);
        struct str pair = str_head(cell, end == STR_NONE ? cell.len : end);
        size_t colon = str_find(pair, STR(": "));
        if (colon != STR_NONE && colon > 0 && colon < NAME_BYTES_MAX) {
            batch_add(batch, windows_body_field(str_head(pair, colon)), str_skip(pair, colon + 2));
        }
        cell = end == STR_NONE ? STR_EMPTY : str_skip(cell, end + bar.len);
    }
}

/* --- rows --- */

struct table_row {
    struct parse_context *context;
    struct batch *batch;
    struct state *state;
    struct str date; /* a column of its own; its clock comes in another one */
    struct str clock;
    bool has_time;
    bool broken;
};

static void set_record_id(struct batch *batch, struct str text) {
    uint64_t id = 0;
    if (num_parse_u64(&id, text)) {
        batch_row(batch)->record_id = id;
    }
}

static void add_level(struct batch *batch, uint32_t field, struct str cell) {
    struct str number = csv_level(cell);
    batch_add(batch, field, number.len > 0 ? number : cell);
}

static void add_cell(struct table_row *r, const struct csv_column *column, struct str cell) {
    switch ((enum csv_role)column->role) {
    case CSV_VALUE:
        batch_add(r->batch, column->field, cell);
        break;
    case CSV_CHANNEL:
        batch_add(r->batch, column->field,
                  r->state->kind == CSV_HAYABUSA ? csv_channel(cell) : cell);
        break;
    case CSV_LEVEL:
        add_level(r->batch, column->field, cell);
        break;
    case CSV_TIME:
        r->has_time = r->has_time || set_time(r->context, r->batch, r->state, cell);
        break;
    case CSV_DATE:
        r->date = cell;
        break;
    case CSV_CLOCK:
        r->clock = cell;
        break;
    case CSV_RECORD_ID:
        set_record_id(r->batch, cell);
        break;
    case CSV_PAYLOAD:
        r->broken |= !windows_payload_add_json(r->state->payload, r->batch, cell);
        break;
    case CSV_PAIRS:
        add_pairs(r->batch, cell);
        break;
    case CSV_NOTHING:
        break;
    }
}

static void join_time(struct table_row *r) {
    struct buf both = BUF_INIT;
    buf_printf(&both, "%.*s %.*s", STR_ARG(r->date), STR_ARG(r->clock));
    (void)set_time(r->context, r->batch, r->state, buf_str(&both));
    buf_fini(&both);
}

static enum parse_result read_row(struct table_row *r, struct str line) {
    struct state *state = r->state;
    struct cells cells = cells_of(line, state->separator);
    struct str cell;
    for (size_t i = 0; next_cell(&cell, &cells, &state->scratch); i++) {
        bool is_message = i == state->count && state->kind == CSV_VIEWER;
        if (is_message && cell.len > 0) {
            batch_add(r->batch, FIELD_MESSAGE, cell);
        } else if (i >= state->count) {
            r->broken |= cell.len > 0;
        } else if (cell.len > 0) {
            add_cell(r, &state->columns[i], cell);
        }
    }
    if (!r->has_time && r->date.len > 0 && r->clock.len > 0) {
        join_time(r);
    }
    return r->broken ? PARSE_DAMAGED : PARSE_YES;
}

static enum parse_result parse(struct parse_context *context, struct batch *batch,
                               struct str body) {
    struct state *state = context->state;
    (void)body; /* a header of syslog is none here */
    if (!context->is_table) {
        return PARSE_NO;
    }
    if (!state->has_header) {
        bool known = take_header(state, context->line) || csv_table_is_preamble(context->line);
        return known ? PARSE_META : PARSE_NO;
    }
    struct table_row row = {
        .context = context, .batch = batch, .state = state, .date = STR_EMPTY, .clock = STR_EMPTY};
    bool windows = state->kind != CSV_ANY;
    batch_row(batch)->dataset = windows ? DATASET_WINDOWS_CSV : DATASET_CSV;
    enum parse_result result = read_row(&row, context->line);
    if (windows) {
        windows_ecs_add(batch);
    }
    return result;
}

const struct parser csv_table_parser = {.name = "csv_table",
                                        .dataset = DATASET_CSV,
                                        .parse = parse,
                                        .state_create = state_create,
                                        .state_destroy = state_destroy};
