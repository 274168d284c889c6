#include "block.h"
#include "block_context.h"
#include "i18n.h"

#include "check.h"
#include "encoding.h"
#include "mem.h"
#include "number_text.h"
#include "segment_priv.h"

enum status block_open(struct block *out, struct segment *s, size_t index, struct err *err) {
    segment_templates_find(s);
    enum status status = segment_stripe_load(s, s->blocks[index].stripe, err);
    if (status != STATUS_OK) {
        return status;
    }
    *out = (struct block){.segment = s, .info = &s->blocks[index], .index = index};
    out->columns = mem_calloc(s->column_count + 1, sizeof *out->columns);
    out->cursors = mem_calloc(s->column_count + 1, sizeof *out->cursors);
    return STATUS_OK;
}

void block_close(struct block *b) {
    for (size_t i = 0; b->columns != NULL && i < b->segment->column_count; i++) {
        mem_free(b->columns[i].chunk);
        mem_free(b->columns[i].codes);
        mem_free(b->columns[i].numbers);
        mem_free(b->columns[i].offsets);
        buf_fini(&b->columns[i].texts);
    }
    for (int i = 0; i < ROW_NUMBER_COUNT; i++) {
        mem_free(b->numbers[i]);
        mem_free(b->windows[i]);
    }
    for (int i = 0; i < ROW_CHUNK_COUNT; i++) {
        mem_free(b->row_chunks[i]);
    }
    mem_free(b->templates);
    mem_free(b->present);
    mem_free(b->columns);
    mem_free(b->cursors);
    mem_free(b->piece_values);
    mem_free(b->template_rows);
    mem_free(b->piece_starts);
    buf_fini(&b->spare);
    buf_fini(&b->order_text);
    if (b->order != NULL) {
        json_order_fini(b->order);
        mem_free(b->order);
    }
    memset(b, 0, sizeof *b);
}

/* --- row numbers --- */

static int chunk_of(enum row_number which) {
    switch (which) {
    case NUMBER_TEMPLATE:
        return ROW_CHUNK_TEMPLATE;
    case NUMBER_TIME:
        return ROW_CHUNK_TIME;
    default:
        return ROW_CHUNK_REST;
    }
}

/* Unpacks a chunk of row numbers and finds the packed arrays in it. */
static enum status load_row_chunk(struct block *b, int chunk, struct err *err) {
    const struct chunk_ref *ref = &b->info->numbers[chunk];
    char *bytes = NULL;
    enum status status = segment_chunk(&bytes, b->segment, ref, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct wire w = wire_make(bytes, ref->plain_len);
    for (int which = 0; which < ROW_NUMBER_COUNT && !w.failed; which++) {
        if (chunk_of((enum row_number)which) == chunk) {
            (void)intpack_view(&b->views[which], b->info->rows, &w);
        }
    }
    if (w.failed || wire_left(&w) != 0) {
        mem_free(bytes);
        return segment_damaged(b->segment, err, _("row numbers are malformed"));
    }
    b->row_chunks[chunk] = bytes;
    return STATUS_OK;
}

enum status block_number_view(const struct intpack_view **out, struct block *b,
                              enum row_number which, struct err *err) {
    enum status status = STATUS_OK;
    if (b->row_chunks[chunk_of(which)] == NULL) {
        status = load_row_chunk(b, chunk_of(which), err);
    }
    *out = &b->views[which];
    return status;
}

enum status block_numbers(struct block *b, enum row_number which, struct err *err) {
    if (b->numbers[which] != NULL) {
        return STATUS_OK;
    }
    const struct intpack_view *view;
    enum status status = block_number_view(&view, b, which, err);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t *numbers = mem_alloc(((size_t)b->info->rows + 1) * sizeof *numbers);
    if (!intpack_unpack(numbers, view)) {
        mem_free(numbers);
        return segment_damaged(b->segment, err, _("row numbers are malformed"));
    }
    b->numbers[which] = numbers;
    return STATUS_OK;
}

enum status block_templates(struct block *b, struct err *err) {
    const struct intpack_view *view;
    if (b->templates != NULL) {
        return STATUS_OK;
    }
    enum status status = block_number_view(&view, b, NUMBER_TEMPLATE, err);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t *templates = mem_alloc(((size_t)b->info->rows + 1) * sizeof *templates);
    if (!intpack_unpack_small(templates, view, b->segment->template_count)) {
        mem_free(templates);
        return segment_damaged(b->segment, err, _("a row has no template"));
    }
    b->templates = templates;
    return STATUS_OK;
}

enum status block_present(struct block *b, struct err *err) {
    enum status status = block_templates(b, err);
    if (status != STATUS_OK || b->present != NULL) {
        return status;
    }
    uint32_t all = b->segment->template_count;
    uint32_t rows = b->info->rows;
    uint32_t count = 0;
    const uint32_t *templates = b->templates;
    uint8_t *seen = mem_calloc((size_t)all + 1, 1);
    b->present = mem_alloc(((size_t)(rows < all ? rows : all) + 1) * sizeof *b->present);
    for (uint32_t row = 0; row < rows; row++) { /* without a branch: there are many rows */
        seen[templates[row]] = 1;
    }
    for (uint32_t number = 0; number < all; number++) {
        if (seen[number] != 0) {
            b->present[count++] = number;
        }
    }
    b->present_count = count;
    mem_free(seen);
    return STATUS_OK;
}

/* A number out of a window of its neighbours; false if all have to be unpacked. */
static bool find_in_window(int64_t *out, struct block_window **window,
                           const struct intpack_view *view, uint32_t row) {
    if (view->form > INTPACK_SECOND) {
        return false;
    }
    if (*window == NULL) {
        *window = mem_calloc(1, sizeof **window);
    }
    struct block_window *w = *window;
    if (row - w->first >= w->count) { /* below first: wraps around */
        uint32_t left = (uint32_t)view->count - row;
        uint32_t count = left < BLOCK_WINDOW ? left : BLOCK_WINDOW;
        if (w->moves++ >= BLOCK_WINDOWS || !intpack_unpack_range(w->numbers, view, row, count)) {
            return false;
        }
        w->first = row;
        w->count = count;
    }
    *out = w->numbers[row - w->first];
    return true;
}

enum status block_number_at(int64_t *out, struct block *b, enum row_number which, uint32_t row,
                            struct err *err) {
    const struct intpack_view *view;
    if (b->numbers[which] == NULL) {
        enum status status = block_number_view(&view, b, which, err);
        if (status != STATUS_OK || intpack_peek(out, view, row) ||
            find_in_window(out, &b->windows[which], view, row)) {
            return status;
        }
        status = block_numbers(b, which, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *out = b->numbers[which][row];
    return STATUS_OK;
}

/* --- columns --- */

static bool load_text(struct block_column *c, uint32_t plain_len) {
    struct wire w = wire_make(c->chunk, plain_len);
    c->offsets = mem_alloc(((size_t)c->count + 1) * sizeof *c->offsets);
    bool good = text_decode(&c->texts, c->offsets, c->count, &w, SEGMENT_MAX_CHUNK);
    c->bytes = buf_str(&c->texts).ptr;
    return good;
}

/* The chunk is unpacked; numbers and codes stay packed. */
static enum status load_column(struct block *b, uint32_t column, struct err *err) {
    struct block_column *c = &b->columns[column];
    if (c->loaded) {
        return STATUS_OK;
    }
    const struct chunk_ref *ref = &b->info->columns[column];
    c->count = b->info->column_counts[column];
    if (c->count == 0) {
        c->loaded = true;
        c->bytes = "";
        return STATUS_OK;
    }
    mem_free(c->chunk); /* of an attempt that failed */
    c->chunk = NULL;
    enum status status = segment_chunk(&c->chunk, b->segment, ref, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct wire w = wire_make(c->chunk, ref->plain_len);
    const struct segment_column *sc = &b->segment->columns[column];
    if (sc->context != 0) {
        c->is_guessed = wire_count(&w, 1) != 0;
    }
    bool good = sc->type == COLUMN_TEXT
                    ? load_text(c, ref->plain_len)
                    : intpack_view(&c->view, c->count, &w) && wire_left(&w) == 0;
    c->loaded = good;
    return good ? STATUS_OK : segment_damaged(b->segment, err, _("a column is malformed"));
}

static enum status unpack_codes(struct block *b, uint32_t column, struct err *err) {
    struct block_column *c = &b->columns[column];
    uint32_t limit = b->segment->columns[column].dictionary_count; /* below 2^23 */
    uint32_t *codes = mem_alloc(((size_t)c->count + 1) * sizeof *codes);
    enum status status = STATUS_OK;
    if (!intpack_unpack_small(codes, &c->view, limit + c->is_guessed)) {
        status = segment_damaged(b->segment, err, _("a column is malformed"));
    } else if (c->is_guessed) {
        status = block_context_resolve(codes, b, column, err);
    }
    if (status == STATUS_OK) {
        c->codes = codes;
    } else {
        mem_free(codes);
    }
    return status;
}

static bool unpack_numbers(struct block_column *c) {
    int64_t *numbers = mem_alloc(((size_t)c->count + 1) * sizeof *numbers);
    if (!intpack_unpack(numbers, &c->view)) {
        mem_free(numbers);
        return false;
    }
    c->numbers = numbers;
    return true;
}

enum status block_column_codes(struct block *b, uint32_t column, struct err *err) {
    struct block_column *c = &b->columns[column];
    const struct segment_column *sc = &b->segment->columns[column];
    enum status status = load_column(b, column, err);
    bool good = true;
    if (status == STATUS_OK && sc->type == COLUMN_DICTIONARY && c->codes == NULL) {
        status = unpack_codes(b, column, err);
    } else if (status == STATUS_OK && sc->type == COLUMN_NUMBER && c->numbers == NULL) {
        good = unpack_numbers(c);
    }
    return good ? status : segment_damaged(b->segment, err, _("a column is malformed"));
}

enum status block_column(struct block *b, uint32_t column, struct err *err) {
    struct segment_column *sc = &b->segment->columns[column];
    enum status status = block_column_codes(b, column, err);
    if (status == STATUS_OK && sc->type == COLUMN_DICTIONARY) {
        status = segment_dictionary(b->segment, sc, err);
    }
    return status;
}

bool block_value(struct buf *out, const struct block *b, uint32_t column, uint32_t index) {
    const struct block_column *c = &b->columns[column];
    const struct segment_column *sc = &b->segment->columns[column];
    if (index >= c->count) {
        return false;
    }
    if (c->codes != NULL) {
        buf_add(out, sc->dictionary[c->codes[index]]);
    } else if (c->numbers != NULL) {
        number_print(out, c->numbers[index], sc->shape);
    } else {
        buf_append(out, c->bytes + c->offsets[index], c->offsets[index + 1] - c->offsets[index]);
    }
    return true;
}

/* One number or code: in place if the form allows, else all are unpacked. */
static enum status number_of_value(int64_t *out, struct block *b, uint32_t column, uint32_t index,
                                   struct err *err) {
    struct block_column *c = &b->columns[column];
    if (c->codes == NULL && c->numbers == NULL) {
        if (!c->is_guessed && intpack_peek(out, &c->view, index)) {
            return STATUS_OK;
        }
        enum status status = block_column_codes(b, column, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *out = c->codes != NULL ? c->codes[index] : c->numbers[index];
    return STATUS_OK;
}

static enum status put_entry(struct buf *out, struct block *b, uint32_t column, uint32_t index,
                             struct err *err) {
    struct segment_column *sc = &b->segment->columns[column];
    int64_t code = 0;
    enum status status = number_of_value(&code, b, column, index, err);
    if (status == STATUS_OK && (uint64_t)code >= sc->dictionary_count) {
        status = segment_damaged(b->segment, err, _("a column is malformed"));
    }
    if (status == STATUS_OK) {
        status = segment_dictionary_entry(b->segment, sc, (uint32_t)code, err);
    }
    if (status == STATUS_OK) {
        buf_add(out, sc->dictionary[code]);
    }
    return status;
}

enum status block_put_value(struct buf *out, struct block *b, uint32_t column, uint32_t index,
                            struct err *err) {
    const struct segment_column *sc = &b->segment->columns[column];
    const struct block_column *c = &b->columns[column];
    enum status status = c->loaded ? STATUS_OK : load_column(b, column, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (index >= c->count) {
        return segment_damaged(b->segment, err, _("a column has too few values"));
    }
    int64_t number = 0;
    switch (sc->type) {
    case COLUMN_DICTIONARY:
        return put_entry(out, b, column, index, err);
    case COLUMN_NUMBER:
        status = number_of_value(&number, b, column, index, err);
        if (status == STATUS_OK) {
            number_print(out, number, sc->shape);
        }
        return status;
    default:
        buf_append(out, c->bytes + c->offsets[index], c->offsets[index + 1] - c->offsets[index]);
        return STATUS_OK;
    }
}
