/* Rows of a block: finding their values and putting them together. */
#include "block.h"
#include "check.h"
#include "i18n.h"
#include "mem.h"
#include "num.h"
#include "transform.h"

void block_rewind(struct block *b) {
    memset(b->cursors, 0, b->segment->column_count * sizeof *b->cursors);
    b->row = 0;
}

/* Counts the values of `times` rows of the template; with `indices` (one row), notes the index of
 * each piece's and value's. */
static void count_row(struct block *b, const struct template *t, uint32_t times,
                      uint32_t *indices) {
    for (uint32_t i = 0; i < t->piece_count; i++) {
        uint32_t column = t->pieces[i].column;
        if (column != UINT32_MAX) {
            if (indices != NULL) {
                indices[i] = b->cursors[column];
            }
            b->cursors[column] += times;
        }
    }
    for (uint32_t i = 0; i < t->value_count; i++) {
        if (t->values[i].transform == TRANSFORM_NONE && t->values[i].formula == NULL) {
            if (indices != NULL) {
                indices[t->piece_count + i] = b->cursors[t->values[i].first];
            }
            b->cursors[t->values[i].first] += times;
        }
    }
}

/* Counts the values of the rows from b->row up to `row`: so many of each template. */
static enum status skip_rows(struct block *b, uint32_t row, struct err *err) {
    struct segment *s = b->segment;
    const uint32_t *templates = b->templates;
    if (b->template_rows == NULL) {
        b->template_rows = mem_calloc((size_t)s->template_count + 1, sizeof *b->template_rows);
    }
    uint32_t first = b->row;
    for (; b->row < row; b->row++) {
        b->template_rows[templates[b->row]]++;
    }
    enum status status = STATUS_OK;
    for (uint32_t i = first; i < row && status == STATUS_OK; i++) {
        uint32_t times = b->template_rows[templates[i]];
        const struct template *t;
        if (times == 0) {
            continue;
        }
        status = segment_template(&t, s, (uint64_t)templates[i], err);
        if (status == STATUS_OK) {
            count_row(b, t, times, NULL);
            b->template_rows[templates[i]] = 0;
        }
    }
    return status;
}

enum status block_seek(const struct template **out, struct block *b, uint32_t row,
                       struct err *err) {
    CHECK(row >= b->row && row < b->info->rows);
    enum status status = block_templates(b, err);
    if (status == STATUS_OK && b->row < row) {
        status = skip_rows(b, row, err);
    }
    if (status == STATUS_OK) {
        status = segment_template(out, b->segment, b->templates[row], err);
    }
    if (status == STATUS_OK) {
        MEM_GROW(b->piece_values, b->piece_capacity,
                 (size_t)(*out)->piece_count + (*out)->value_count + 1);
        count_row(b, *out, 1, b->piece_values);
        b->row++;
    }
    return status;
}

static enum status put_piece(struct buf *out, struct block *b, const struct template *t,
                             uint32_t piece, struct err *err);

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
        return block_put_value(out, b, v->first, b->piece_values[t->piece_count + i], err);
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
    int64_t time_ns = 0;
    enum status status = block_number_at(&time_ns, b, NUMBER_TIME, b->row - 1, err);
    for (uint32_t i = 0; i < f->operand_count && status == STATUS_OK; i++) {
        status = put_operand(&texts, b, t, f->operands[i], err);
        ends[i] = texts.len;
    }
    for (uint32_t i = 0, at = 0; i < f->operand_count && status == STATUS_OK; i++) {
        operands[i] = str_make(texts.ptr + at, ends[i] - at);
        at = (uint32_t)ends[i];
    }
    if (status == STATUS_OK && !formula_print(out, f, operands, time_ns, NULL)) {
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
    return block_put_value(out, b, p->column, b->piece_values[piece], err);
}

enum status block_piece(struct buf *out, struct block *b, const struct template *t, uint32_t piece,
                        struct err *err) {
    return put_piece(out, b, t, piece, err);
}

/* --- objects whose members come in any order --- */

/* Puts the sorted text out[raw_off, end) into its order; b->order knows then where things are. */
static enum status restore_order(struct buf *out, size_t raw_off, struct block *b,
                                 const struct template *t, struct err *err) {
    if (b->order == NULL) {
        b->order = mem_calloc(1, sizeof *b->order);
    }
    uint64_t numbers[JSON_ORDER_NUMBERS];
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < t->order_count && status == STATUS_OK; i++) {
        buf_clear(&b->order_text);
        status = put_piece(&b->order_text, b, t, i, err);
        if (status == STATUS_OK && !num_parse_u64(&numbers[i], buf_str(&b->order_text))) {
            status = segment_damaged(b->segment, err, _("a row's order is no number"));
        }
    }
    struct str sorted = str_make(out->ptr + raw_off, out->len - raw_off);
    if (status == STATUS_OK && !json_order_restore(b->order, sorted, numbers, t->order_count)) {
        status = segment_damaged(b->segment, err, _("a row's order does not fit its text"));
    }
    if (status == STATUS_OK) { /* it is as long as the sorted text */
        memcpy(out->ptr + raw_off, b->order->text.ptr, sorted.len);
    }
    return status;
}

/* The values' slices stand in the sorted text: finds them in the restored one. */
static bool move_slices(struct batch *out, const struct block *b, uint32_t raw_off) {
    const struct row *row = batch_row(out);
    for (uint32_t i = 0; i < row->value_count; i++) {
        struct value *v = &out->values[row->first_value + i];
        uint32_t *off = v->transform == TRANSFORM_SAME ? &v->text_off : &v->raw_off;
        uint32_t len = v->transform == TRANSFORM_SAME ? v->text_len : v->raw_len;
        if (v->transform == TRANSFORM_NONE) {
            continue;
        }
        if (!json_order_place(off, b->order, *off - raw_off, len)) {
            return false;
        }
        *off += raw_off;
    }
    return true;
}

enum status block_raw(struct buf *out, struct block *b, const struct template *t, struct err *err) {
    size_t start = out->len;
    enum status status = STATUS_OK;
    for (uint32_t i = t->order_count; i < t->piece_count && status == STATUS_OK; i++) {
        status = put_piece(out, b, t, i, err);
    }
    if (status == STATUS_OK && t->order_count > 0) {
        status = restore_order(out, start, b, t, err);
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

enum status block_row_value(struct buf *out, struct block *b, const struct template *t, uint32_t i,
                            struct err *err) {
    const struct template_value *v = &t->values[i];
    size_t start = out->len;
    enum status status = STATUS_OK;
    if (v->formula != NULL) {
        status = put_formula(out, b, t, v->formula, err);
    } else if (v->transform == TRANSFORM_NONE) {
        status = block_put_value(out, b, v->first, b->piece_values[t->piece_count + i], err);
    }
    for (uint32_t k = 0; k < v->count && status == STATUS_OK; k++) {
        status = put_piece(out, b, t, v->first + k, err);
    }
    if (status == STATUS_OK && v->transform > TRANSFORM_SAME) {
        struct buf decoded = BUF_INIT;
        bool good =
            transform_decode(&decoded, str_make(out->ptr + start, out->len - start), v->transform);
        out->len = start;
        buf_add(out, buf_str(&decoded));
        buf_fini(&decoded);
        status = good ? status : segment_damaged(b->segment, err, _("a value cannot be decoded"));
    }
    return status;
}

/* A value as text of its own: an extra, or pieces when the raw bytes are not wanted. */
static enum status add_text(struct batch *out, struct block *b, const struct template *t,
                            uint32_t i, struct err *err) {
    const struct template_value *v = &t->values[i];
    size_t start = out->text.len;
    enum status status = block_row_value(&out->text, b, t, i, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct value *value = new_value(out, v->field);
    value->text_off = (uint32_t)start;
    value->text_len = (uint32_t)(out->text.len - start);
    return STATUS_OK;
}

static bool is_wanted(const struct block_wants *wants, uint32_t field) {
    return wants->all_fields || (field < wants->field_count && wants->fields[field] != 0);
}

static enum status take_row_numbers(int64_t numbers[ROW_NUMBER_COUNT], struct block *b, uint32_t at,
                                    struct err *err) {
    enum status status = STATUS_OK;
    for (int i = 0; i < ROW_NUMBER_COUNT && status == STATUS_OK; i++) {
        status = block_number_at(&numbers[i], b, (enum row_number)i, at, err);
    }
    return status;
}

static enum status set_row_numbers(struct batch *out, struct block *b, uint32_t at,
                                   struct err *err) {
    const struct segment *s = b->segment;
    struct row *row = batch_row(out);
    int64_t numbers[ROW_NUMBER_COUNT];
    enum status status = take_row_numbers(numbers, b, at, err);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t source = (uint64_t)numbers[NUMBER_SOURCE];
    uint64_t origin = (uint64_t)numbers[NUMBER_ORIGIN];
    if (source >= s->name_count || origin > s->name_count ||
        (uint64_t)numbers[NUMBER_DATASET] >= s->dataset_count) {
        return segment_damaged(s, err, _("a row's source, origin or dataset has no name"));
    }
    row->time_ns = numbers[NUMBER_TIME];
    row->receive_ns = numbers[NUMBER_RECEIVE];
    row->arrival = (uint64_t)numbers[NUMBER_ARRIVAL];
    row->sequence = (uint64_t)numbers[NUMBER_SEQUENCE];
    row->record_id = (uint64_t)numbers[NUMBER_RECORD_ID];
    row->source = intern_add(&out->names, s->names[source]);
    if (origin > 0) {
        row->origin = intern_add(&out->names, s->names[origin - 1]);
    }
    row->line = (uint32_t)numbers[NUMBER_LINE];
    row->idx = (uint32_t)numbers[NUMBER_IDX];
    row->flags = (uint32_t)numbers[NUMBER_FLAGS];
    row->charset = (uint8_t)numbers[NUMBER_CHARSET];
    row->container_back = (uint32_t)numbers[NUMBER_CONTAINER_BACK];
    row->container_off = (uint32_t)numbers[NUMBER_CONTAINER_OFF];
    row->container_len = (uint32_t)numbers[NUMBER_CONTAINER_LEN];
    row->dataset = (uint16_t)s->datasets[numbers[NUMBER_DATASET]];
    return STATUS_OK;
}

/* Raw bytes of the sought row to the end of the batch; piece_starts gets where each piece begins
 * (piece_count + 1 numbers). */
static enum status put_raw(struct batch *out, struct block *b, const struct template *t,
                           uint32_t *piece_starts, struct err *err) {
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < t->piece_count && status == STATUS_OK; i++) {
        piece_starts[i] = (uint32_t)out->raw.len;
        if (i >= t->order_count) {
            status = put_piece(&out->raw, b, t, i, err);
        }
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
    enum status status = block_seek(&t, b, at, err);
    if (status != STATUS_OK) {
        return status;
    }
    size_t raw_off = out->raw.len;
    if (wants->raw) {
        MEM_GROW(b->piece_starts, b->start_capacity, (size_t)t->piece_count + 1);
        status = put_raw(out, b, t, b->piece_starts, err);
    }
    if (status == STATUS_OK) {
        (void)batch_row_begin(out, raw_off, out->raw.len - raw_off);
        status = set_row_numbers(out, b, at, err);
    }
    if (status == STATUS_OK) {
        status = put_values(out, b, t, b->piece_starts, wants, err);
    }
    if (status == STATUS_OK && wants->raw && t->order_count > 0) {
        status = restore_order(&out->raw, raw_off, b, t, err);
        if (status == STATUS_OK && !move_slices(out, b, (uint32_t)raw_off)) {
            status = segment_damaged(b->segment, err, _("a value is torn by its row's order"));
        }
    }
    return status;
}
