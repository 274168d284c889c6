#include "stripe.h"

#include "check.h"
#include "expr.h"
#include "mem.h"

void stripe_fini(struct stripe *s) {
    for (size_t i = 0; i < s->column_count; i++) {
        column_values_fini(&s->columns[i]);
    }
    mem_free(s->rows);
    mem_free(s->columns);
    mem_free(s->heads);
    mem_free(s->shapes);
    mem_free(s->shape_map);
    mem_free(s->fetched);
    buf_fini(&s->shape_bytes);
    intern_fini(&s->fields);
    intern_fini(&s->names);
    token_set_fini(&s->tokens);
    token_steps_fini(&s->steps);
    for (size_t i = 0; i < SEGMENT_STRIPE_BLOCKS; i++) {
        number_words_fini(&s->numbers[i]);
    }
    *s = (struct stripe){.rows = NULL};
}

static bool same_column(const struct cut_column *a, const struct cut_column *b) {
    return a->key == b->key && a->kind == b->kind && a->field == b->field;
}

void stripe_clear(struct stripe *s, const struct cutter *renumbered) {
    for (size_t i = 0; i < s->column_count; i++) {
        bool stays = renumbered == NULL ||
                     (i < cutter_column_count(renumbered) &&
                      same_column(&s->heads[i], cutter_column(renumbered, (uint32_t)i)));
        column_values_clear(&s->columns[i]);
        if (!stays) {
            column_values_fini(&s->columns[i]);
        }
    }
    if (renumbered != NULL && s->column_count > cutter_column_count(renumbered)) {
        for (size_t i = cutter_column_count(renumbered); i < s->column_count; i++) {
            column_values_fini(&s->columns[i]);
        }
        s->column_count = cutter_column_count(renumbered);
    }
    for (size_t i = 0; i < s->column_count && renumbered != NULL; i++) {
        s->heads[i] = *cutter_column(renumbered, (uint32_t)i);
    }
    if (s->map_capacity > 0) {
        memset(s->shape_map, 0, s->map_capacity * sizeof *s->shape_map);
    }
    s->row_count = 0;
    s->shape_count = 0;
    buf_clear(&s->shape_bytes);
    intern_clear(&s->fields);
    intern_clear(&s->names);
    token_set_clear(&s->tokens);
    token_steps_clear(&s->steps);
    for (size_t i = 0; i < SEGMENT_STRIPE_BLOCKS; i++) {
        number_words_clear(&s->numbers[i]);
    }
    s->values_are_text = false;
    s->bytes = 0;
    s->raw_bytes = 0;
    s->derived = 0;
}

void stripe_plan(struct stripe *s, bool thorough) {
    for (size_t i = 0; i < s->column_count; i++) {
        (void)column_values_plan(&s->columns[i], thorough);
    }
}

void stripe_move(struct stripe *out, struct stripe *s) {
    *out = *s;
    out->tokens.numbers = NULL;
    *s = (struct stripe){.column_count = out->column_count};
    MEM_GROW(s->columns, s->column_capacity, s->column_count + 1);
    MEM_GROW(s->heads, s->head_capacity, s->column_count + 1);
    for (size_t i = 0; i < s->column_count; i++) {
        s->columns[i] =
            (struct column_values){.mode = out->columns[i].mode, .shape = out->columns[i].shape};
        s->heads[i] = out->heads[i];
    }
}

/* --- shapes --- */

static uint32_t add_shape(struct stripe *s, const struct cutter *c, uint32_t number) {
    size_t columns = cutter_column_count(c);
    uint32_t *same = mem_alloc((columns + 1) * sizeof *same);
    for (size_t i = 0; i < columns; i++) {
        same[i] = (uint32_t)i;
    }
    MEM_GROW(s->shapes, s->shape_capacity, s->shape_count + 1);
    struct stripe_shape *shape = &s->shapes[s->shape_count];
    *shape = (struct stripe_shape){.offset = s->shape_bytes.len};
    cutter_put_shape(&s->shape_bytes, c, number, same, &s->fields);
    shape->len = s->shape_bytes.len - shape->offset;
    mem_free(same);
    shape->first_step = s->steps.count;
    token_steps_plan(&s->steps, &s->tokens,
                     str_make(s->shape_bytes.ptr + shape->offset, shape->len));
    shape->step_count = s->steps.count - shape->first_step;
    return (uint32_t)s->shape_count++;
}

static uint32_t shape_number(struct stripe *s, const struct cutter *c, uint32_t number) {
    if (number >= s->map_capacity) {
        size_t wanted = mem_next_capacity(s->map_capacity, (size_t)number + 1);
        s->shape_map = mem_realloc(s->shape_map, wanted, sizeof *s->shape_map);
        memset(s->shape_map + s->map_capacity, 0,
               (wanted - s->map_capacity) * sizeof *s->shape_map);
        s->map_capacity = wanted;
    }
    if (s->shape_map[number] == 0) {
        s->shape_map[number] = add_shape(s, c, number) + 1;
    }
    return s->shape_map[number] - 1;
}

/* --- rows --- */

static void grow_columns(struct stripe *s, const struct cutter *c) {
    size_t wanted = cutter_column_count(c);
    MEM_GROW(s->columns, s->column_capacity, wanted);
    MEM_GROW(s->heads, s->head_capacity, wanted);
    for (; s->column_count < wanted; s->column_count++) {
        s->columns[s->column_count] = (struct column_values){.mode = VALUES_CODES};
        s->heads[s->column_count] = *cutter_column(c, (uint32_t)s->column_count);
    }
}

static void add_variables(struct stripe *s, const struct cut *cut) {
    uint32_t block = (uint32_t)(s->row_count / SEGMENT_BLOCK_ROWS);
    MEM_GROW(s->fetched, s->fetched_capacity, (size_t)cut->variable_count + 1);
    for (uint32_t i = 0; i < cut->variable_count; i++) {
        const struct cut_variable *v = &cut->variables[i];
        column_values_fetch(&s->fetched[i], &s->columns[v->column], str_make(v->ptr, v->len));
    }
    for (uint32_t i = 0; i < cut->variable_count; i++) {
        column_values_guess(&s->fetched[i], &s->columns[cut->variables[i].column]);
    }
    for (uint32_t i = 0; i < cut->variable_count; i++) {
        const struct cut_variable *v = &cut->variables[i];
        column_values_add_fetched(&s->columns[v->column], str_make(v->ptr, v->len), &s->fetched[i],
                                  block);
    }
}

/* Most rows have the source and origin of the row before. */
static uint32_t name_number(struct stripe *s, uint32_t *last, struct str name) {
    if (*last >= s->names.count || !str_eq(intern_text(&s->names, *last), name)) {
        *last = intern_add(&s->names, name);
    }
    return *last;
}

static void add_numbers(struct stripe *s, const struct batch *b, const struct row *row,
                        uint32_t shape) {
    MEM_GROW(s->rows, s->row_capacity, s->row_count + 1);
    struct stripe_row *out = &s->rows[s->row_count++];
    *out = (struct stripe_row){
        .time_ns = row->time_ns,
        .receive_ns = row->receive_ns,
        .arrival = row->arrival,
        .sequence = row->sequence,
        .record_id = row->record_id,
        .shape = shape,
        .source = name_number(s, &s->last_source, intern_text(&b->names, row->source)),
        .line = row->line,
        .idx = row->idx,
        .flags = row->flags,
        .container_back = row->container_back,
        .container_off = row->container_off,
        .container_len = row->container_len,
        .dataset = row->dataset,
        .charset = row->charset,
    };
    if (row->origin != INTERN_NONE) {
        out->origin = name_number(s, &s->last_origin, intern_text(&b->names, row->origin)) + 1;
    }
    s->raw_bytes += row->raw_len;
    s->derived += (row->flags & ROW_DERIVED) != 0;
}

static uint64_t count_bytes(const struct batch *b, const struct row *row) {
    uint64_t bytes = row->raw_len;
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &b->values[row->first_value + i];
        bytes += v->transform == TRANSFORM_NONE ? v->text_len : 0;
    }
    return bytes;
}

void stripe_add(struct stripe *s, struct cutter *c, const struct batch *b, const struct row *row) {
    struct cut cut;
    cutter_row(&cut, c, b, row);
    uint32_t shape = shape_number(s, c, cut.shape);
    grow_columns(s, c);
    add_variables(s, &cut);
    token_set_numbers(&s->tokens, &s->numbers[s->row_count / SEGMENT_BLOCK_ROWS]);
    const struct stripe_shape *plan = &s->shapes[shape];
    token_steps_take(&s->tokens, s->steps.items + plan->first_step, plan->step_count, &cut);
    add_numbers(s, b, row, shape);
    s->values_are_text = s->values_are_text || expr_searches_values(row);
    s->bytes += count_bytes(b, row);
}

bool stripe_is_full(const struct stripe *s) {
    return s->row_count >= SEGMENT_STRIPE_ROWS || s->bytes >= SEGMENT_STRIPE_BYTES;
}

size_t stripe_memory(const struct stripe *s) {
    size_t bytes = s->row_capacity * sizeof *s->rows + s->shape_bytes.capacity +
                   s->tokens.slot_count * sizeof *s->tokens.slots;
    for (size_t i = 0; i < SEGMENT_STRIPE_BLOCKS; i++) {
        bytes += s->numbers[i].capacity * sizeof *s->numbers[i].keys;
    }
    for (size_t i = 0; i < s->column_count; i++) {
        bytes += column_values_memory(&s->columns[i]);
    }
    return bytes;
}
