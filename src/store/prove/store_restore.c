#include "store_restore.h"

#include "mem.h"
#include "note_text.h"
#include "store_priv.h"

const struct store_input *store_get_inputs(const struct store *s, size_t *count) {
    *count = s->chain.input_count;
    return s->chain.inputs;
}

uint64_t store_last_sequence(const struct store *s, struct str source) {
    const struct chain_sources *sources = &s->chain.sources;
    uint32_t id = intern_find(&sources->names, source);
    return id == INTERN_NONE ? 0 : sources->last_sequence[id];
}

/* The next row of the source will have this number. */
static void set_next(struct store *s, struct str source, uint64_t sequence) {
    uint32_t id = chain_source(&s->chain, source);
    s->chain.sources.last_sequence[id] = sequence - 1;
    s->chain.sources.changed[id] = true;
}

/* The last numbers of the batch's sources, by id in its names; release with mem_free. */
static uint64_t *last_numbers(const struct store *s, const struct batch *batch) {
    uint64_t *last = mem_calloc((size_t)batch->names.count + 1, sizeof *last);
    for (uint32_t i = 0; i < batch->names.count; i++) {
        last[i] = store_last_sequence(s, intern_text(&batch->names, i));
    }
    return last;
}

static enum status check_rising(const struct batch *batch, uint64_t *last, struct err *err) {
    for (size_t i = 0; i < batch->row_count; i++) {
        const struct row *row = &batch->rows[i];
        if (row->sequence <= last[row->source]) {
            return err_set(
                err, STATUS_BAD_INPUT,
                "the store has events of source %.*s up to number %llu already, so number"
                " %llu cannot come back; restore into a new store",
                STR_ARG(intern_text(&batch->names, row->source)),
                (unsigned long long)last[row->source], (unsigned long long)row->sequence);
        }
        last[row->source] = row->sequence;
    }
    return STATUS_OK;
}

/* Appends rows [first, end), whose numbers have no gaps, and gives them their arrival numbers. */
static enum status append_run(struct store *s, struct batch *batch, size_t first, size_t end,
                              struct err *err) {
    if (first == 0 && end == batch->row_count) {
        return store_append(s, batch, err);
    }
    struct batch run;
    batch_init(&run);
    for (size_t i = first; i < end; i++) {
        batch_copy_row(&run, batch, &batch->rows[i], true);
    }
    enum status status = store_append(s, &run, err);
    for (size_t i = first; i < end && status == STATUS_OK; i++) {
        batch->rows[i].arrival = run.rows[i - first].arrival;
    }
    batch_fini(&run);
    return status;
}

/* *skipped is raised by the numbers that are left out. */
static enum status append_runs(struct store *s, struct batch *batch, uint64_t *last,
                               uint64_t *skipped, struct err *err) {
    enum status status = STATUS_OK;
    size_t first = 0;
    for (size_t i = 0; i < batch->row_count && status == STATUS_OK; i++) {
        const struct row *row = &batch->rows[i];
        if (row->sequence != last[row->source] + 1) {
            *skipped += row->sequence - last[row->source] - 1;
            status = append_run(s, batch, first, i, err);
            first = i;
            set_next(s, intern_text(&batch->names, row->source), row->sequence);
        }
        last[row->source] = row->sequence;
    }
    return status == STATUS_OK ? append_run(s, batch, first, batch->row_count, err) : status;
}

/* --- what is said of them --- */

void store_note_restored(struct store *s) {
    const struct restored_rows *r = &s->restored;
    if (r->first == r->end) {
        return;
    }
    struct buf text = BUF_INIT;
    note_put_u64(&text, STR("arrival_first"), r->first);
    note_put_u64(&text, STR("arrival_last"), r->end - 1);
    note_put_u64(&text, STR("skipped"), r->skipped);
    note_end(&text);
    (void)store_add_note(s, STR("restored"), buf_str(&text));
    buf_fini(&text);
    s->restored = (struct restored_rows){.first = 0};
}

static void remember(struct store *s, const struct batch *batch, uint64_t skipped) {
    struct restored_rows *r = &s->restored;
    uint64_t first = batch->rows[0].arrival;
    if (r->first == r->end || r->end != first) { /* others came between */
        store_note_restored(s);
        r->first = first;
    }
    r->end = first + batch->row_count;
    r->skipped += skipped;
}

enum status store_restore(struct store *s, struct batch *batch, struct err *err) {
    if (batch->row_count == 0) {
        return STATUS_OK;
    }
    uint64_t *last = last_numbers(s, batch);
    enum status status = check_rising(batch, last, err);
    mem_free(last);
    if (status == STATUS_OK) {
        uint64_t skipped = 0;
        last = last_numbers(s, batch);
        status = append_runs(s, batch, last, &skipped, err);
        mem_free(last);
        if (status == STATUS_OK) {
            remember(s, batch, skipped);
        }
    }
    return status;
}
