#include "stripe_writer.h"

#include "check.h"
#include "mem.h"
#include "stripe_priv.h"
#include "template_wire.h"

/* --- dictionaries --- */

/* Texts from `first` on of an interned list, one after the other. */
static void gather_texts(struct buf *bytes, uint32_t *offsets, const struct intern *texts,
                         uint32_t first) {
    for (uint32_t i = first; i < texts->count; i++) {
        offsets[i - first] = (uint32_t)bytes->len;
        buf_add(bytes, intern_text(texts, i));
    }
    offsets[texts->count - first] = (uint32_t)bytes->len;
}

static void put_dictionary(struct stripe_work *k, struct buf *directory, struct stripe_column *c) {
    const struct intern *dictionary = &k->w->columns[c->number].dictionary;
    uint32_t count = dictionary->count - c->first_new;
    if (count == 0) {
        return;
    }
    struct buf bytes = BUF_INIT;
    uint32_t *offsets = mem_alloc(((size_t)count + 1) * sizeof *offsets);
    gather_texts(&bytes, offsets, dictionary, c->first_new);
    struct text_array texts = {bytes.ptr == NULL ? "" : bytes.ptr, offsets, count};
    chunk_add_texts(k->w, &texts);
    chunk_put(k->w, directory, CHUNK_OF_TEXT, &c->habit);
    mem_free(offsets);
    buf_fini(&bytes);
}

/* --- templates and names --- */

static void map_templates(struct stripe_work *k) {
    struct stripe *s = k->s;
    struct buf bytes = BUF_INIT;
    k->template_numbers = mem_calloc(s->shape_count + 1, sizeof *k->template_numbers);
    for (size_t i = 0; i < s->shape_count; i++) {
        buf_clear(&bytes);
        template_renumber(&bytes,
                          str_make(s->shape_bytes.ptr + s->shapes[i].offset, s->shapes[i].len),
                          k->map, &s->fields, &k->w->fields);
        k->template_numbers[i] = intern_add(&k->w->templates, buf_str(&bytes));
    }
    buf_fini(&bytes);
}

static void map_names(struct stripe_work *k) {
    const struct intern *names = &k->s->names;
    k->name_numbers = mem_calloc((size_t)names->count + 1, sizeof *k->name_numbers);
    for (uint32_t i = 0; i < names->count; i++) {
        k->name_numbers[i] = intern_add(&k->w->names, intern_text(names, i));
    }
}

/* --- row numbers --- */

static int64_t row_number(struct stripe_work *k, const struct stripe_row *row,
                          enum row_number which) {
    switch (which) {
    case NUMBER_TEMPLATE:
        return k->template_numbers[row->shape];
    case NUMBER_ARRIVAL:
        return (int64_t)row->arrival;
    case NUMBER_SEQUENCE:
        return (int64_t)row->sequence;
    case NUMBER_TIME:
        return row->time_ns;
    case NUMBER_RECEIVE:
        return row->receive_ns;
    case NUMBER_SOURCE:
        return k->name_numbers[row->source];
    case NUMBER_ORIGIN:
        return row->origin == 0 ? 0 : (int64_t)k->name_numbers[row->origin - 1] + 1;
    case NUMBER_LINE:
        return row->line;
    case NUMBER_RECORD_ID:
        return (int64_t)row->record_id;
    case NUMBER_IDX:
        return row->idx;
    case NUMBER_FLAGS:
        return row->flags;
    case NUMBER_CHARSET:
        return row->charset;
    case NUMBER_CONTAINER_BACK:
        return row->container_back;
    case NUMBER_CONTAINER_OFF:
        return row->container_off;
    case NUMBER_CONTAINER_LEN:
        return row->container_len;
    default:
        return segment_writer_dataset(k->w, row->dataset);
    }
}

static const int64_t *list_row_numbers(struct stripe_work *k, size_t from, size_t count,
                                       enum row_number which) {
    for (size_t i = 0; i < count; i++) {
        k->numbers[i] = row_number(k, &k->s->rows[from + i], which);
    }
    return k->numbers;
}

static void put_row_numbers(struct stripe_work *k, struct buf *directory, size_t from,
                            size_t count) {
    int64_t min = INT64_MAX;
    int64_t max = INT64_MIN;
    for (size_t i = from; i < from + count; i++) {
        int64_t t = k->s->rows[i].time_ns;
        min = t < min ? t : min;
        max = t > max ? t : max;
    }
    wire_put_i64(directory, min);
    wire_put_u64(directory, (uint64_t)max - (uint64_t)min);
    chunk_add_only_numbers(k->w, list_row_numbers(k, from, count, NUMBER_TEMPLATE), count, true);
    chunk_put(k->w, directory, CHUNK_OF_CODES, &k->habits[ROW_CHUNK_TEMPLATE]);
    chunk_add_only_numbers(k->w, list_row_numbers(k, from, count, NUMBER_TIME), count, true);
    chunk_put(k->w, directory, CHUNK_OF_NUMBERS, &k->habits[ROW_CHUNK_TIME]);
    for (int which = 0; which < ROW_NUMBER_COUNT; which++) {
        if (which != NUMBER_TEMPLATE && which != NUMBER_TIME) {
            const int64_t *numbers = list_row_numbers(k, from, count, (enum row_number)which);
            chunk_add_numbers(k->w, numbers, count);
        }
    }
    chunk_put(k->w, directory, CHUNK_OF_NUMBERS, &k->habits[ROW_CHUNK_REST]);
}

/* --- values --- */

static bool is_field(const struct stripe_work *k, const struct stripe_column *c) {
    return k->w->columns[c->number].field != FIELD_NONE;
}

/* The codes of a column with a context, as rows of the block have them. */
static void add_guessed(struct stripe_work *k, const struct stripe_column *c, size_t block,
                        uint32_t count) {
    size_t i = 0;
    while (i < k->contexts.count && k->contexts.columns[i].number != c->number) {
        i++;
    }
    if (i == k->contexts.count || k->contexts.columns[i].context == CONTEXT_NONE) {
        chunk_add_guessed(k->w, k->numbers, NULL, count, is_field(k, c));
        return;
    }
    size_t from = block * SEGMENT_BLOCK_ROWS;
    size_t to = from + SEGMENT_BLOCK_ROWS;
    int64_t *residuals = mem_alloc(((size_t)count + 1) * sizeof *residuals);
    size_t found = context_residuals(residuals, &k->contexts, i, from,
                                     to < k->s->row_count ? to : k->s->row_count);
    CHECK(found == count);
    chunk_add_guessed(k->w, k->numbers, residuals, count, is_field(k, c));
    mem_free(residuals);
}

static void put_codes(struct stripe_work *k, struct buf *directory, struct stripe_column *c,
                      size_t block, uint32_t count) {
    uint32_t from = c->values->block_start[block];
    MEM_GROW(k->numbers, k->number_capacity, count);
    for (uint32_t i = 0; i < count; i++) {
        k->numbers[i] = c->codes[c->values->codes[from + i]];
    }
    if (k->w->columns[c->number].context != 0) {
        add_guessed(k, c, block, count);
    } else {
        chunk_add_only_numbers(k->w, k->numbers, count, is_field(k, c));
    }
    chunk_put(k->w, directory, CHUNK_OF_CODES, &c->habit);
}

static void put_numbers(struct stripe_work *k, struct buf *directory, struct stripe_column *c,
                        uint32_t from, uint32_t count) {
    const struct column_values *v = c->values;
    int64_t min = v->numbers[from];
    int64_t max = v->numbers[from];
    for (uint32_t i = from; i < from + count; i++) {
        min = v->numbers[i] < min ? v->numbers[i] : min;
        max = v->numbers[i] > max ? v->numbers[i] : max;
    }
    wire_put_i64(directory, min);
    wire_put_u64(directory, (uint64_t)max - (uint64_t)min);
    chunk_add_only_numbers(k->w, v->numbers + from, count, is_field(k, c));
    chunk_put(k->w, directory, CHUNK_OF_NUMBERS, &c->habit);
}

static void note_texts(struct written_column *c, const struct text_array *texts) {
    c->note = c->note != NULL ? c->note : mem_calloc(1, sizeof *c->note);
    for (uint32_t i = 0; i < texts->count; i++) {
        uint32_t at = texts->offsets[i];
        column_note_add(c->note, str_make(texts->bytes + at, texts->offsets[i + 1] - at));
    }
}

static void put_text_values(struct stripe_work *k, struct buf *directory, struct stripe_column *c,
                            uint32_t from, uint32_t count) {
    const struct column_values *v = c->values;
    struct buf bytes = BUF_INIT;
    struct buf scratch = BUF_INIT;
    uint32_t *offsets = mem_alloc(((size_t)count + 1) * sizeof *offsets);
    for (uint32_t i = 0; i < count; i++) {
        offsets[i] = (uint32_t)bytes.len;
        buf_add(&bytes, column_values_text(v, from + i, &scratch));
    }
    offsets[count] = (uint32_t)bytes.len;
    struct text_array texts = {bytes.ptr == NULL ? "" : bytes.ptr, offsets, count};
    note_texts(&k->w->columns[c->number], &texts);
    chunk_add_texts(k->w, &texts);
    chunk_put(k->w, directory, CHUNK_OF_TEXT, &c->habit);
    mem_free(offsets);
    buf_fini(&scratch);
    buf_fini(&bytes);
}

static void put_values(struct stripe_work *k, struct buf *directory, struct stripe_column *c,
                       size_t block) {
    uint32_t from = c->values->block_start[block];
    uint32_t count = c->values->block_start[block + 1] - from;
    wire_put_u64(directory, count);
    if (count == 0) {
        return;
    }
    switch (k->w->columns[c->number].type) {
    case COLUMN_DICTIONARY:
        put_codes(k, directory, c, block, count);
        break;
    case COLUMN_NUMBER:
        put_numbers(k, directory, c, from, count);
        break;
    default:
        put_text_values(k, directory, c, from, count);
        break;
    }
}

/* --- words --- */

/* Numbers whose words are all of digits. */
static void add_zoned(struct number_words *numbers, const struct column_values *v,
                      struct str shape) {
    struct buf scratch = BUF_INIT;
    for (uint32_t block = 0; block < SEGMENT_STRIPE_BLOCKS; block++) {
        for (uint32_t i = v->block_start[block]; i < v->block_start[block + 1]; i++) {
            if (shape.len == 0) {
                number_words_add_number(&numbers[block], (uint64_t)v->numbers[i]);
            } else if (shape.len >= NUMBER_WORD_DIGITS) {
                number_words_add_text(&numbers[block], column_values_text(v, i, &scratch));
            }
        }
    }
    buf_fini(&scratch);
}

/* Words of digits in the entries that each block uses. */
static void add_used_entries(struct number_words *numbers, const struct column_values *v) {
    struct number_words found = {.count = 0};
    uint32_t entries = v->distinct.count;
    size_t *ends =
        mem_calloc((size_t)entries + 1, sizeof *ends); /* of an entry's keys in `found` */
    for (uint32_t i = 0; i < entries; i++) {
        number_words_add_text(&found, intern_text(&v->distinct, i));
        ends[i + 1] = found.count;
    }
    uint32_t *seen = mem_calloc((size_t)entries + 1, sizeof *seen); /* 1 + the last block */
    for (uint32_t block = 0; block < SEGMENT_STRIPE_BLOCKS && found.count > 0; block++) {
        for (uint32_t i = v->block_start[block]; i < v->block_start[block + 1]; i++) {
            uint32_t entry = v->codes[i];
            bool is_new = seen[entry] != block + 1;
            seen[entry] = block + 1;
            for (size_t k = ends[entry]; is_new && k < ends[entry + 1]; k++) {
                number_words_add_key(&numbers[block], found.keys[k]);
            }
        }
    }
    mem_free(seen);
    mem_free(ends);
    number_words_fini(&found);
}

static void add_texts(struct stripe_work *k, const struct column_values *v, bool searched) {
    struct token_set *tokens = &k->w->stripe_tokens;
    struct buf scratch = BUF_INIT;
    for (uint32_t block = 0; block < SEGMENT_STRIPE_BLOCKS; block++) {
        token_set_numbers(tokens, searched ? &k->s->numbers[block] : NULL);
        for (uint32_t i = v->block_start[block]; i < v->block_start[block + 1]; i++) {
            token_set_add(tokens, column_values_text(v, i, &scratch));
        }
    }
    token_set_numbers(tokens, NULL);
    buf_fini(&scratch);
}

/* A column's texts: of a dictionary each new entry once, else every value. */
static void add_column_tokens(struct stripe_work *k, const struct stripe_column *c) {
    const struct written_column *column = &k->w->columns[c->number];
    struct str shape = number_shape_str(&column->shape);
    bool searched = column->kind != COLUMN_OF_EXTRA || k->s->values_are_text;
    if (column->kind == COLUMN_OF_BINARY) {
        return;
    }
    if (column->type == COLUMN_DICTIONARY) {
        for (uint32_t i = c->first_new; i < column->dictionary.count; i++) {
            token_set_add(&k->w->tokens, intern_text(&column->dictionary, i));
        }
        if (searched) {
            add_used_entries(k->s->numbers, c->values);
        }
    } else if (column->type != COLUMN_NUMBER || !number_shape_is_zoned(shape)) {
        add_texts(k, c->values, searched);
    } else if (searched) {
        add_zoned(k->s->numbers, c->values, shape);
    }
}

/* Literals are few: their numbers count for all blocks of the stripe. */
static void add_literal_tokens(struct stripe_work *k) {
    struct stripe *s = k->s;
    struct template_reader r;
    struct template_item item;
    for (size_t i = 0; i < s->shape_count; i++) {
        template_reader_begin(&r,
                              str_make(s->shape_bytes.ptr + s->shapes[i].offset, s->shapes[i].len));
        while (template_reader_next(&item, &r)) {
            if (item.kind != TEMPLATE_ITEM_LITERAL) {
                continue;
            }
            token_set_add(&k->w->tokens, item.literal);
            for (size_t block = 0; block * SEGMENT_BLOCK_ROWS < s->row_count; block++) {
                number_words_add_text(&s->numbers[block], item.literal);
            }
        }
    }
}

/* --- the stripe --- */

static void put_column_list(struct stripe_work *k, struct buf *directory) {
    uint64_t used = 0;
    for (size_t i = 0; i < k->column_count; i++) {
        used += k->columns[i].values != NULL;
    }
    wire_put_u64(directory, used);
    size_t last = 0;
    for (size_t i = 0; i < k->column_count; i++) {
        if (k->columns[i].values != NULL) {
            wire_put_u64(directory, i - last);
            last = i;
        }
    }
}

static void put_blocks(struct stripe_work *k, struct buf *directory) {
    for (size_t from = 0; from < k->s->row_count; from += SEGMENT_BLOCK_ROWS) {
        size_t left = k->s->row_count - from;
        put_row_numbers(k, directory, from, left < SEGMENT_BLOCK_ROWS ? left : SEGMENT_BLOCK_ROWS);
        for (size_t i = 0; i < k->column_count; i++) {
            if (k->columns[i].values != NULL) {
                put_values(k, directory, &k->columns[i], from / SEGMENT_BLOCK_ROWS);
            }
        }
    }
}

static void put_dictionaries(struct stripe_work *k, struct buf *directory) {
    for (size_t i = 0; i < k->column_count; i++) {
        struct stripe_column *c = &k->columns[i];
        if (c->values == NULL) {
            continue;
        }
        add_column_tokens(k, c);
        if (k->w->columns[i].type == COLUMN_DICTIONARY) {
            put_dictionary(k, directory, c);
        }
    }
}

static void work_fini(struct stripe_work *k) {
    for (size_t i = 0; i < k->column_count; i++) {
        mem_free(k->columns[i].codes);
    }
    for (unsigned kind = 0; kind < COLUMN_KIND_COUNT; kind++) {
        column_values_fini(&k->shared[kind]);
    }
    context_fini(&k->contexts);
    mem_free(k->columns);
    mem_free(k->map);
    mem_free(k->is_shared);
    mem_free(k->template_numbers);
    mem_free(k->name_numbers);
    mem_free(k->numbers);
}

void stripe_write(struct buf *directory, struct segment_writer *w, struct stripe *s) {
    struct stripe_work k = {.w = w, .s = s};
    MEM_GROW(k.numbers, k.number_capacity, SEGMENT_BLOCK_ROWS);
    stripe_plan_columns(&k);
    map_templates(&k);
    map_names(&k);
    put_column_list(&k, directory);
    put_blocks(&k, directory);
    put_dictionaries(&k, directory);
    add_literal_tokens(&k);
    token_set_add_all(&w->stripe_tokens, &s->tokens);
    for (size_t i = 0; i < k.column_count; i++) {
        w->columns[i].is_old = w->columns[i].is_old || k.columns[i].values != NULL;
    }
    work_fini(&k);
}
