#include "block.h"
#include "i18n.h"

#include "check.h"
#include "column_writer.h"
#include "intpack.h"
#include "mem.h"
#include "transform.h"
#include "wire.h"

enum status block_open(struct block *out, struct segment *s, size_t index, struct err *err) {
    enum status status = segment_templates(s, err);
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
        mem_free(b->columns[i].codes);
        mem_free(b->columns[i].numbers);
        mem_free(b->columns[i].offsets);
        mem_free(b->columns[i].bytes);
    }
    for (int i = 0; i < ROW_NUMBER_COUNT; i++) {
        mem_free(b->numbers[i]);
    }
    mem_free(b->columns);
    mem_free(b->cursors);
    mem_free(b->piece_values);
    buf_fini(&b->spare);
    memset(b, 0, sizeof *b);
}

enum status block_numbers(struct block *b, enum row_number which, struct err *err) {
    if (b->numbers[which] != NULL) {
        return STATUS_OK;
    }
    const struct chunk_ref *ref = &b->info->numbers[which];
    char *bytes = NULL;
    enum status status = segment_chunk(&bytes, b->segment, ref, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct wire w = wire_make(bytes, ref->plain_len);
    int64_t *numbers = mem_alloc(((size_t)b->info->rows + 1) * sizeof *numbers);
    bool good = intpack_decode(numbers, b->info->rows, &w);
    mem_free(bytes);
    if (!good) {
        mem_free(numbers);
        return segment_damaged(b->segment, err, _("row numbers are malformed"));
    }
    b->numbers[which] = numbers;
    return STATUS_OK;
}

/* --- columns --- */

static bool load_codes(struct block_column *c, uint32_t dictionary_count, struct wire *w) {
    unsigned width = column_code_width(dictionary_count);
    struct str planes = wire_bytes(w, (size_t)width * c->count);
    if (w->failed || (dictionary_count == 0 && c->count > 0)) {
        return false;
    }
    c->codes = mem_calloc((size_t)c->count + 1, sizeof *c->codes);
    const uint8_t *plane = (const uint8_t *)planes.ptr;
    for (unsigned byte = 0; byte < width; byte++, plane += c->count) {
        for (uint32_t i = 0; i < c->count; i++) {
            c->codes[i] |= (uint32_t)plane[i] << (8 * byte);
        }
    }
    uint32_t widest = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        widest = c->codes[i] > widest ? c->codes[i] : widest;
    }
    return c->count == 0 || widest < dictionary_count;
}

static bool load_numbers(struct block_column *c, struct wire *w) {
    c->numbers = mem_alloc(((size_t)c->count + 1) * sizeof *c->numbers);
    return intpack_decode(c->numbers, c->count, w);
}

/* Takes the chunk's bytes over. */
static bool load_text(struct block_column *c, char **bytes, struct wire *w) {
    int64_t *lengths = mem_alloc(((size_t)c->count + 1) * sizeof *lengths);
    c->offsets = mem_alloc(((size_t)c->count + 1) * sizeof *c->offsets);
    bool good = intpack_decode(lengths, c->count, w);
    uint64_t at = good ? (uint64_t)((const char *)w->at - *bytes) : 0;
    uint64_t end = at + wire_left(w);
    for (uint32_t i = 0; good && i < c->count; i++) {
        c->offsets[i] = (uint32_t)at;
        good = lengths[i] >= 0 && (uint64_t)lengths[i] <= end - at;
        at += good ? (uint64_t)lengths[i] : 0;
    }
    c->offsets[c->count] = (uint32_t)at;
    mem_free(lengths);
    c->bytes = *bytes;
    *bytes = NULL;
    return good;
}

static enum status load_column(struct block *b, uint32_t column, char **bytes, struct err *err) {
    struct segment_column *sc = &b->segment->columns[column];
    struct block_column *c = &b->columns[column];
    struct wire w = wire_make(*bytes, b->info->columns[column].plain_len);
    bool good;
    switch (sc->type) {
    case COLUMN_DICTIONARY:
        good = load_codes(c, sc->dictionary_count, &w);
        break;
    case COLUMN_NUMBER:
        good = load_numbers(c, &w);
        break;
    default:
        good = load_text(c, bytes, &w);
        break;
    }
    if (!good) {
        return segment_damaged(b->segment, err, _("a column is malformed"));
    }
    return sc->type == COLUMN_DICTIONARY ? segment_dictionary(b->segment, sc, err) : STATUS_OK;
}

enum status block_column(struct block *b, uint32_t column, struct err *err) {
    struct block_column *c = &b->columns[column];
    if (c->loaded) {
        return STATUS_OK;
    }
    c->count = b->info->column_counts[column];
    char *bytes = NULL;
    enum status status = segment_chunk(&bytes, b->segment, &b->info->columns[column], err);
    if (status == STATUS_OK) {
        status = load_column(b, column, &bytes, err);
    }
    mem_free(bytes);
    c->loaded = status == STATUS_OK;
    return status;
}

/* Digits of `number` into the places of the shape's zeros, from the right. */
static void format_shape(struct buf *out, struct str shape, int64_t number) {
    uint64_t left = (uint64_t)number;
    char *at = buf_reserve(out, shape.len);
    for (size_t i = shape.len; i > 0; i--) {
        at[i - 1] = shape.ptr[i - 1];
        if (shape.ptr[i - 1] == '0') {
            at[i - 1] = (char)('0' + left % 10);
            left /= 10;
        }
    }
    out->len += shape.len;
}

static void format_plain(struct buf *out, int64_t number) {
    char digits[20];
    size_t len = 0;
    uint64_t left = (uint64_t)number;
    do {
        digits[sizeof digits - ++len] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    buf_append(out, digits + sizeof digits - len, len);
}

bool block_value(struct buf *out, const struct block *b, uint32_t column, uint32_t index) {
    const struct block_column *c = &b->columns[column];
    const struct segment_column *sc = &b->segment->columns[column];
    if (index >= c->count) {
        return false;
    }
    if (c->codes != NULL) {
        buf_add(out, sc->dictionary[c->codes[index]]);
    } else if (c->numbers == NULL) {
        buf_append(out, c->bytes + c->offsets[index], c->offsets[index + 1] - c->offsets[index]);
    } else if (sc->shape.len > 0) {
        format_shape(out, sc->shape, c->numbers[index]);
    } else {
        format_plain(out, c->numbers[index]);
    }
    return true;
}

/* --- rows --- */

void block_rewind(struct block *b) {
    memset(b->cursors, 0, b->segment->column_count * sizeof *b->cursors);
    b->row = 0;
}

static enum status row_template(const struct template **out, struct block *b, uint32_t row,
                                struct err *err) {
    int64_t number = b->numbers[NUMBER_TEMPLATE][row];
    if (number < 0 || number >= b->segment->template_count) {
        return segment_damaged(b->segment, err, _("a row has no template"));
    }
    *out = &b->segment->templates[number];
    return STATUS_OK;
}

/* Counts the row's values; with `indices`, notes the index of each piece's and value's. */
static void count_row(struct block *b, const struct template *t, uint32_t *indices) {
    for (uint32_t i = 0; i < t->piece_count; i++) {
        uint32_t column = t->pieces[i].column;
        if (column != UINT32_MAX) {
            uint32_t index = b->cursors[column]++;
            if (indices != NULL) {
                indices[i] = index;
            }
        }
    }
    for (uint32_t i = 0; i < t->value_count; i++) {
        if (t->values[i].transform == TRANSFORM_NONE && t->values[i].formula == NULL) {
            uint32_t index = b->cursors[t->values[i].first]++;
            if (indices != NULL) {
                indices[t->piece_count + i] = index;
            }
        }
    }
}

enum status block_seek(const struct template **out, struct block *b, uint32_t row,
                       struct err *err) {
    enum status status = block_numbers(b, NUMBER_TEMPLATE, err);
    CHECK(row >= b->row && row < b->info->rows);
    for (; status == STATUS_OK && b->row < row; b->row++) {
        status = row_template(out, b, b->row, err);
        if (status == STATUS_OK) {
            count_row(b, *out, NULL);
        }
    }
    if (status == STATUS_OK) {
        status = row_template(out, b, row, err);
    }
    if (status == STATUS_OK) {
        MEM_GROW(b->piece_values, b->piece_capacity,
                 (size_t)(*out)->piece_count + (*out)->value_count + 1);
        count_row(b, *out, b->piece_values);
        b->row++;
    }
    return status;
}

static enum status put_piece(struct buf *out, struct block *b, const struct template *t,
                             uint32_t piece, struct err *err);

/* Appends the text of a value that stands in a column. */
static enum status put_column_value(struct buf *out, struct block *b, const struct template *t,
                                    uint32_t i, struct err *err) {
    enum status status = block_column(b, t->values[i].first, err);
    if (status == STATUS_OK &&
        !block_value(out, b, t->values[i].first, b->piece_values[t->piece_count + i])) {
        status = segment_damaged(b->segment, err, _("a column has too few values"));
    }
    return status;
}

static enum status put_formula(struct buf *out, struct block *b, const struct template *t,
                               const struct formula *f, struct err *err);

/* Appends the text of a formula's operand: a piece, or a value (as it stands in the raw bytes). */
static enum status put_operand(struct buf *out, struct block *b, const struct template *t,
                               uint32_t operand, struct err *err) {
    if (operand < t->piece_count) {
        return put_piece(out, b, t, operand, err);
    }
    uint32_t i = operand - t->piece_count;
    const struct template_value *v = &t->values[i];
    if (v->formula != NULL) {
        return put_formula(out, b, t, v->formula, err);
    }
    if (v->transform == TRANSFORM_NONE) {
        return put_column_value(out, b, t, i, err);
    }
    enum status status = STATUS_OK;
    for (uint32_t k = 0; k < v->count && status == STATUS_OK; k++) {
        status = put_piece(out, b, t, v->first + k, err);
    }
    return status;
}

/* The template's formulas are known to end (segment_templates). */
static enum status put_formula(struct buf *out, struct block *b, const struct template *t,
                               const struct formula *f, struct err *err) {
    struct buf texts = b->spare; /* a formula among the operands makes its own */
    b->spare = BUF_INIT;
    buf_clear(&texts);
    size_t ends[FORMULA_MAX_OPERANDS];
    struct str operands[FORMULA_MAX_OPERANDS];
    enum status status = block_numbers(b, NUMBER_TIME, err);
    for (uint32_t i = 0; i < f->operand_count && status == STATUS_OK; i++) {
        status = put_operand(&texts, b, t, f->operands[i], err);
        ends[i] = texts.len;
    }
    for (uint32_t i = 0, at = 0; i < f->operand_count && status == STATUS_OK; i++) {
        operands[i] = str_make(texts.ptr + at, ends[i] - at);
        at = (uint32_t)ends[i];
    }
    if (status == STATUS_OK &&
        !formula_print(out, f, operands, b->numbers[NUMBER_TIME][b->row - 1], NULL)) {
        status = segment_damaged(b->segment, err, _("a formula does not fit its row"));
    }
    buf_fini(&b->spare);
    b->spare = texts;
    return status;
}

/* Appends one piece of the row that was sought. */
static enum status put_piece(struct buf *out, struct block *b, const struct template *t,
                             uint32_t piece, struct err *err) {
    const struct template_piece *p = &t->pieces[piece];
    if (p->formula != NULL) {
        return put_formula(out, b, t, p->formula, err);
    }
    if (p->column == UINT32_MAX) {
        buf_add(out, p->literal);
        return STATUS_OK;
    }
    if (!b->columns[p->column].loaded) {
        enum status status = block_column(b, p->column, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (!block_value(out, b, p->column, b->piece_values[piece])) {
        return segment_damaged(b->segment, err, _("a column has too few values"));
    }
    return STATUS_OK;
}

enum status block_raw(struct buf *out, struct block *b, const struct template *t, struct err *err) {
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < t->piece_count && status == STATUS_OK; i++) {
        status = put_piece(out, b, t, i, err);
    }
    return status;
}

static struct value *new_value(struct batch *out, uint32_t field) {
    MEM_GROW(out->values, out->value_capacity, out->value_count + 1);
    struct value *v = &out->values[out->value_count++];
    *v = (struct value){.field = field};
    batch_row(out)->value_count++;
    return v;
}

/* The text of value `i` appended to out->text: decoded if need be. `scratch` is out->raw's tail or
 * a buffer with the escaped form. */
static bool put_decoded(struct batch *out, struct str slice, enum transform transform) {
    return transform_decode(&out->text, slice, transform);
}

/* A value that is a run of pieces of raw bytes that were put into the batch. */
static bool add_slice(struct batch *out, const struct template_value *v, uint32_t raw_off,
                      uint32_t raw_len) {
    size_t start = out->text.len;
    if (v->transform != TRANSFORM_SAME &&
        !put_decoded(out, str_make(out->raw.ptr + raw_off, raw_len), v->transform)) {
        return false;
    }
    struct value *value = new_value(out, v->field);
    value->transform = (uint8_t)v->transform;
    if (v->transform == TRANSFORM_SAME) {
        value->text_off = raw_off;
        value->text_len = raw_len;
    } else {
        value->text_off = (uint32_t)start;
        value->text_len = (uint32_t)(out->text.len - start);
        value->raw_off = raw_off;
        value->raw_len = raw_len;
    }
    return true;
}

/* A value as text of its own: an extra, or pieces when the raw bytes are not wanted. */
static enum status add_text(struct batch *out, struct block *b, const struct template *t,
                            uint32_t i, struct err *err) {
    const struct template_value *v = &t->values[i];
    size_t start = out->text.len;
    enum status status = STATUS_OK;
    if (v->formula != NULL) {
        status = put_formula(&out->text, b, t, v->formula, err);
    } else if (v->transform == TRANSFORM_NONE) {
        status = put_column_value(&out->text, b, t, i, err);
    }
    for (uint32_t k = 0; k < v->count && status == STATUS_OK; k++) {
        status = put_piece(&out->text, b, t, v->first + k, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (v->transform == TRANSFORM_JSON || v->transform == TRANSFORM_XML) {
        struct buf decoded = BUF_INIT;
        bool good = transform_decode(
            &decoded, str_make(out->text.ptr + start, out->text.len - start), v->transform);
        out->text.len = start;
        buf_add(&out->text, buf_str(&decoded));
        buf_fini(&decoded);
        if (!good) {
            return segment_damaged(b->segment, err, _("a value cannot be decoded"));
        }
    }
    struct value *value = new_value(out, v->field);
    value->text_off = (uint32_t)start;
    value->text_len = (uint32_t)(out->text.len - start);
    return STATUS_OK;
}

static bool is_wanted(const struct block_wants *wants, uint32_t field) {
    return wants->all_fields || (field < wants->field_count && wants->fields[field] != 0);
}

static enum status load_row_numbers(struct block *b, struct err *err) {
    enum status status = STATUS_OK;
    for (int i = 0; i < ROW_NUMBER_COUNT && status == STATUS_OK; i++) {
        status = block_numbers(b, (enum row_number)i, err);
    }
    return status;
}

static enum status set_row_numbers(struct batch *out, struct block *b, uint32_t at,
                                   struct err *err) {
    const struct segment *s = b->segment;
    struct row *row = batch_row(out);
    uint64_t source = (uint64_t)b->numbers[NUMBER_SOURCE][at];
    uint64_t origin = (uint64_t)b->numbers[NUMBER_ORIGIN][at];
    if (source >= s->name_count || origin > s->name_count) {
        return segment_damaged(s, err, _("a row's source or origin has no name"));
    }
    row->time_ns = b->numbers[NUMBER_TIME][at];
    row->receive_ns = b->numbers[NUMBER_RECEIVE][at];
    row->arrival = (uint64_t)b->numbers[NUMBER_ARRIVAL][at];
    row->sequence = (uint64_t)b->numbers[NUMBER_SEQUENCE][at];
    row->record_id = (uint64_t)b->numbers[NUMBER_RECORD_ID][at];
    row->source = intern_add(&out->names, s->names[source]);
    if (origin > 0) {
        row->origin = intern_add(&out->names, s->names[origin - 1]);
    }
    row->line = (uint32_t)b->numbers[NUMBER_LINE][at];
    row->idx = (uint32_t)b->numbers[NUMBER_IDX][at];
    row->flags = (uint32_t)b->numbers[NUMBER_FLAGS][at];
    row->charset = (uint8_t)b->numbers[NUMBER_CHARSET][at];
    row->container_back = (uint32_t)b->numbers[NUMBER_CONTAINER_BACK][at];
    row->container_off = (uint32_t)b->numbers[NUMBER_CONTAINER_OFF][at];
    row->container_len = (uint32_t)b->numbers[NUMBER_CONTAINER_LEN][at];
    row->dataset = (uint16_t)s->dataset;
    return STATUS_OK;
}

/* Raw bytes of the sought row to the end of the batch; piece_starts gets where each piece begins
 * (piece_count + 1 numbers). */
static enum status put_raw(struct batch *out, struct block *b, const struct template *t,
                           uint32_t *piece_starts, struct err *err) {
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < t->piece_count && status == STATUS_OK; i++) {
        piece_starts[i] = (uint32_t)out->raw.len;
        status = put_piece(&out->raw, b, t, i, err);
    }
    piece_starts[t->piece_count] = (uint32_t)out->raw.len;
    return status;
}

static enum status put_values(struct batch *out, struct block *b, const struct template *t,
                              const uint32_t *piece_starts, const struct block_wants *wants,
                              struct err *err) {
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < t->value_count && status == STATUS_OK; i++) {
        const struct template_value *v = &t->values[i];
        if (!is_wanted(wants, v->field)) {
            continue;
        }
        if (!wants->raw || v->transform == TRANSFORM_NONE) {
            status = add_text(out, b, t, i, err);
        } else if (!add_slice(out, v, piece_starts[v->first],
                              piece_starts[v->first + v->count] - piece_starts[v->first])) {
            status = segment_damaged(b->segment, err, _("a value cannot be decoded"));
        }
    }
    return status;
}

enum status block_take_row(struct batch *out, struct block *b, uint32_t at,
                           const struct block_wants *wants, struct err *err) {
    const struct template *t = NULL;
    enum status status = load_row_numbers(b, err);
    if (status == STATUS_OK) {
        status = block_seek(&t, b, at, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t *piece_starts = NULL;
    size_t raw_off = out->raw.len;
    if (wants->raw) {
        piece_starts = mem_alloc(((size_t)t->piece_count + 1) * sizeof *piece_starts);
        status = put_raw(out, b, t, piece_starts, err);
    }
    if (status == STATUS_OK) {
        (void)batch_row_begin(out, raw_off, out->raw.len - raw_off);
        status = set_row_numbers(out, b, at, err);
    }
    if (status == STATUS_OK) {
        status = put_values(out, b, t, piece_starts, wants, err);
    }
    mem_free(piece_starts);
    return status;
}
