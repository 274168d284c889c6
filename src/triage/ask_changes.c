/* changes: what was changed on accounts, groups, rights, policies, the directory and logs, by whom,
 * in the order of time. */
#include <stdlib.h>

#include "change_read.h"
#include "intern.h"
#include "logon_read.h"
#include "mem.h"
#include "triage_cells.h"

enum { CHANGES_MAX = 1 << 18, TEXT_BYTES_MAX = 1 << 26 };

/* A row of the listing; texts are ids in `texts`. */
struct change_row {
    int64_t time_ns;
    uint32_t parts[CHANGE_PARTS];
    uint32_t file;
    uint32_t idx;
    uint32_t line;
    uint64_t record_id;
};

struct changes {
    struct triage_out *out;
    struct str user; /* by whom, of whom; empty: all */
    struct change_reader reader;
    struct intern texts;
    uint64_t text_bytes;
    struct change_row *rows;
    size_t count;
    size_t capacity;
};

static enum status changes_open(void **state, struct triage_out *out,
                                const struct triage_options *options, struct err *err) {
    (void)err; /* no option can be wrong */
    struct changes *c = mem_calloc(1, sizeof *c);
    c->out = out;
    c->user = options->user;
    triage_columns(out, STR("time computer change event sign by target member detail file idx# "
                            "line# record_id#"));
    change_reader_init(&c->reader);
    *state = c;
    return STATUS_OK;
}

static uint32_t keep(struct changes *c, struct str text) {
    uint32_t before = c->texts.count;
    uint32_t id = intern_add(&c->texts, text.len > 0 ? text : STR_EMPTY);
    c->text_bytes += c->texts.count != before ? text.len + sizeof text : 0;
    return id;
}

static bool is_wanted(const struct changes *c, const struct change *change) {
    return logon_is_of(change->parts[CHANGE_BY], c->user) ||
           logon_is_of(change->parts[CHANGE_TARGET], c->user) ||
           logon_is_of(change->parts[CHANGE_MEMBER], c->user);
}

static void changes_event(void *state, const struct triage_event *event) {
    struct changes *c = state;
    struct change change;
    if (!change_read(&change, &c->reader, event) || !is_wanted(c, &change)) {
        return;
    }
    if (c->count == CHANGES_MAX || c->text_bytes > TEXT_BYTES_MAX) {
        c->out->dropped++;
        return;
    }
    MEM_GROW(c->rows, c->capacity, c->count + 1);
    struct change_row *row = &c->rows[c->count++];
    *row = (struct change_row){.time_ns = triage_time(event->row),
                               .file = keep(c, event->file),
                               .idx = event->row->idx,
                               .line = event->row->line,
                               .record_id = event->row->record_id};
    for (size_t i = 0; i < CHANGE_PARTS; i++) {
        row->parts[i] = keep(c, change.parts[i]);
    }
}

static int compare(uint64_t a, uint64_t b) {
    return a < b ? -1 : a > b;
}

static int by_time(const void *x, const void *y) {
    const struct change_row *a = x;
    const struct change_row *b = y;
    if (a->time_ns != b->time_ns) {
        return a->time_ns < b->time_ns ? -1 : 1;
    }
    int c = compare(a->record_id, b->record_id);
    c = c != 0 ? c : compare(a->file, b->file);
    c = c != 0 ? c : compare(a->line, b->line);
    return c != 0 ? c : compare(a->idx, b->idx);
}

static void changes_end(void *state) {
    struct changes *c = state;
    struct triage_cells cells = {0};
    if (c->count > 0) {
        qsort(c->rows, c->count, sizeof *c->rows, by_time);
    }
    for (size_t i = 0; i < c->count && !c->out->is_stopped; i++) {
        const struct change_row *r = &c->rows[i];
        const struct row place = {.idx = r->idx, .line = r->line, .record_id = r->record_id};
        const struct triage_event event = {.row = &place, .file = intern_text(&c->texts, r->file)};
        triage_cell_time(&cells, r->time_ns);
        for (size_t k = 0; k < CHANGE_PARTS; k++) {
            triage_cell(&cells, intern_text(&c->texts, r->parts[k]));
        }
        triage_cell_place(&cells, &event);
        triage_cells_write(&cells, c->out);
    }
    triage_cells_fini(&cells);
}

static void changes_close(void *state) {
    struct changes *c = state;
    change_reader_fini(&c->reader);
    intern_fini(&c->texts);
    mem_free(c->rows);
    mem_free(c);
}

const struct triage_question triage_changes = {
    .open = changes_open, .event = changes_event, .end = changes_end, .close = changes_close};
