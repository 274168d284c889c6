#include "segment_writer.h"

#include "check.h"
#include "column_writer.h"
#include "cut.h"
#include "expr.h"
#include "hash.h"
#include "intpack.h"
#include "mem.h"
#include "token_filter.h"
#include "wire.h"

enum {
    SMALL_COLUMN = 64,      /* columns with fewer values are put together */
    LEVEL_BLOCK = 1, /* zstd levels */
    LEVEL_TEXT = 3
};

#define NO_MAP UINT32_MAX

/* One row, cut. */
struct cut_row {
    size_t first_variable;
    uint32_t variable_count;
    uint32_t template; /* of the cutter, then in the segment */
    unsigned flags;    /* of the template */
};

struct writer {
    const struct batch *batch;
    const struct row *rows; /* of the batch */
    size_t row_count;
    struct buf *out;
    struct zstd_frame *zstd;
    struct cutter *cutter;
    struct cut_row *cuts; /* one a row */
    struct cut_variable *variables;
    size_t variable_count;
    size_t variable_capacity;
    uint32_t *column_map; /* cutter's column -> column of the segment */
    struct column_writer *columns;
    enum column_kind *kinds;
    uint32_t *column_fields; /* FIELD_NONE: several */
    size_t column_count;
    struct intern fields; /* names */
    struct intern names;  /* sources and origins */
    uint32_t *name_map;   /* batch's name -> segment's; INTERN_NONE: not yet */
    struct buf templates; /* as stored */
    uint32_t template_count;
    struct buf plain; /* scratch of one chunk */
    struct buf footer;
    size_t block_count;
};

/* --- cutting --- */

static void cut_rows(struct writer *w) {
    for (size_t i = 0; i < w->row_count; i++) {
        struct cut cut;
        cutter_row(&cut, w->cutter, w->batch, &w->rows[i]);
        MEM_GROW(w->variables, w->variable_capacity, w->variable_count + cut.variable_count);
        if (cut.variable_count > 0) {
            memcpy(w->variables + w->variable_count, cut.variables,
                   cut.variable_count * sizeof *cut.variables);
        }
        w->cuts[i] = (struct cut_row){w->variable_count, cut.variable_count, cut.shape,
                                      cutter_shape_flags(w->cutter, cut.shape)};
        w->variable_count += cut.variable_count;
    }
}

/* --- columns --- */

/* Adds a column of the segment. */
static uint32_t new_column(struct writer *w, enum column_kind kind, uint32_t field) {
    w->kinds[w->column_count] = kind;
    w->column_fields[w->column_count] = field;
    return (uint32_t)w->column_count++;
}

/* Counts the values of the cutter's columns; big ones become columns, small ones share one a kind.
 */
static void map_columns(struct writer *w) {
    size_t count = cutter_column_count(w->cutter);
    size_t *values = mem_calloc(count + 1, sizeof *values);
    for (size_t i = 0; i < w->row_count; i++) {
        const struct cut_variable *v = w->variables + w->cuts[i].first_variable;
        for (uint32_t k = 0; k < w->cuts[i].variable_count; k++) {
            values[v[k].column]++;
        }
    }
    w->column_map = mem_alloc((count + 1) * sizeof *w->column_map);
    w->columns = mem_calloc(count + COLUMN_KIND_COUNT, sizeof *w->columns);
    w->kinds = mem_calloc(count + COLUMN_KIND_COUNT, sizeof *w->kinds);
    w->column_fields = mem_calloc(count + COLUMN_KIND_COUNT, sizeof *w->column_fields);
    uint32_t shared[COLUMN_KIND_COUNT] = {NO_MAP, NO_MAP, NO_MAP, NO_MAP};
    for (size_t i = 0; i < count; i++) {
        const struct cut_column *column = cutter_column(w->cutter, (uint32_t)i);
        if (values[i] == 0) {
            w->column_map[i] = NO_MAP;
        } else if (values[i] >= SMALL_COLUMN) {
            w->column_map[i] = new_column(w, column->kind, column->field);
        } else {
            if (shared[column->kind] == NO_MAP) {
                shared[column->kind] = new_column(w, column->kind, FIELD_NONE);
            }
            w->column_map[i] = shared[column->kind];
        }
    }
    mem_free(values);
}

static void fill_columns(struct writer *w) {
    for (size_t i = 0; i < w->row_count; i++) {
        if (i % SEGMENT_BLOCK_ROWS == 0) {
            for (size_t c = 0; c < w->column_count; c++) {
                column_writer_begin_block(&w->columns[c], i / SEGMENT_BLOCK_ROWS);
            }
        }
        const struct cut_variable *v = w->variables + w->cuts[i].first_variable;
        for (uint32_t k = 0; k < w->cuts[i].variable_count; k++) {
            column_writer_add(&w->columns[w->column_map[v[k].column]], str_make(v[k].ptr, v[k].len),
                              (uint32_t)i);
        }
    }
    mem_free(w->variables); /* the columns have them now: tens of megabytes */
    w->variables = NULL;
    for (size_t c = 0; c < w->column_count; c++) {
        column_writer_plan(&w->columns[c], w->block_count);
    }
}

/* --- templates --- */

/* Numbers the templates that rows use, in the order of their first row. */
static void store_templates(struct writer *w) {
    uint32_t *numbers = mem_calloc((size_t)cutter_shape_count(w->cutter) + 1, sizeof *numbers);
    for (size_t i = 0; i < w->row_count; i++) {
        uint32_t shape = w->cuts[i].template;
        if (numbers[shape] == 0) {
            cutter_put_shape(&w->templates, w->cutter, shape, w->column_map, &w->fields);
            numbers[shape] = ++w->template_count;
        }
        w->cuts[i].template = numbers[shape] - 1;
    }
    mem_free(numbers);
}

/* --- chunks --- */

/* Compresses w->plain to the file and writes its reference to the footer. */
static void put_chunk(struct writer *w, int level) {
    size_t offset = w->out->len;
    zstd_frame_pack(w->zstd, w->out, buf_str(&w->plain), level);
    size_t stored = w->out->len - offset;
    wire_put_u64(&w->footer, offset);
    wire_put_u64(&w->footer, stored);
    wire_put_u64(&w->footer, w->plain.len);
    wire_put_fixed64(&w->footer, hash_bytes(w->out->ptr + offset, stored));
    buf_clear(&w->plain);
}

static int64_t name_number(struct writer *w, uint32_t name) {
    if (w->name_map[name] == INTERN_NONE) {
        w->name_map[name] = intern_add(&w->names, intern_text(&w->batch->names, name));
    }
    return w->name_map[name];
}

static int64_t row_number(struct writer *w, size_t i, enum row_number which) {
    const struct row *row = &w->rows[i];
    switch (which) {
    case NUMBER_TEMPLATE:
        return w->cuts[i].template;
    case NUMBER_ARRIVAL:
        return (int64_t)row->arrival;
    case NUMBER_SEQUENCE:
        return (int64_t)row->sequence;
    case NUMBER_TIME:
        return row->time_ns;
    case NUMBER_RECEIVE:
        return row->receive_ns;
    case NUMBER_SOURCE:
        return name_number(w, row->source);
    case NUMBER_ORIGIN:
        return row->origin == INTERN_NONE ? 0 : name_number(w, row->origin) + 1;
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
    default:
        return row->container_len;
    }
}

static void put_row_numbers(struct writer *w, size_t from, size_t count) {
    int64_t *numbers = mem_alloc(count * sizeof *numbers);
    for (int which = 0; which < ROW_NUMBER_COUNT; which++) {
        for (size_t i = 0; i < count; i++) {
            numbers[i] = row_number(w, from + i, (enum row_number)which);
        }
        intpack_encode(&w->plain, numbers, count);
        put_chunk(w, LEVEL_BLOCK);
    }
    mem_free(numbers);
}

static void put_extent(struct writer *w, size_t offset) {
    uint8_t hash[SHA256_BYTES];
    sha256_of(hash, str_make(w->out->ptr + offset, w->out->len - offset));
    wire_put_u64(&w->footer, offset);
    wire_put_u64(&w->footer, w->out->len - offset);
    buf_append(&w->footer, hash, sizeof hash);
}

static void put_block(struct writer *w, size_t block) {
    size_t from = block * SEGMENT_BLOCK_ROWS;
    size_t count = w->row_count - from;
    count = count < SEGMENT_BLOCK_ROWS ? count : SEGMENT_BLOCK_ROWS;
    size_t offset = w->out->len;
    int64_t min = INT64_MAX;
    int64_t max = INT64_MIN;
    for (size_t i = from; i < from + count; i++) {
        int64_t t = w->rows[i].time_ns;
        min = t < min ? t : min;
        max = t > max ? t : max;
    }
    wire_put_u64(&w->footer, count);
    wire_put_i64(&w->footer, min);
    wire_put_i64(&w->footer, max);
    put_row_numbers(w, from, count);
    for (size_t c = 0; c < w->column_count; c++) {
        struct column_writer *column = &w->columns[c];
        wire_put_u64(&w->footer, column->block_start[block + 1] - column->block_start[block]);
        column_writer_encode_block(column, &w->plain, block);
        put_chunk(w, column->type == COLUMN_TEXT ? LEVEL_TEXT : LEVEL_BLOCK);
    }
    put_extent(w, offset);
}

/* --- the token index --- */

/* A column's texts: each entry of a dictionary once, else every value. */
static void add_column_tokens(struct token_set *tokens, const struct column_writer *column) {
    if (column->type == COLUMN_DICTIONARY) {
        for (uint32_t i = 0; i < column->dictionary.count; i++) {
            token_set_add(tokens, intern_text(&column->dictionary, i));
        }
        return;
    }
    for (size_t i = 0; i < column->count; i++) {
        token_set_add(tokens, str_make(column->values[i].ptr, column->values[i].len));
    }
}

static void add_literal_tokens(struct token_set *tokens, const struct cutter *c, uint32_t shape) {
    struct str literal;
    size_t at = 0;
    while (cutter_next_literal(&literal, c, shape, &at)) {
        token_set_add(tokens, literal);
    }
}

/* What the pieces do not show: words that stand in two of them, other encodings, escapes. */
static void add_row_tokens(struct writer *w, struct token_set *tokens, size_t i,
                           struct buf *scratch) {
    const struct row *row = &w->rows[i];
    bool whole = w->cuts[i].flags != 0;
    if (whole && row->charset != CHARSET_BINARY) {
        token_set_add(tokens, expr_search_text(w->batch, row, scratch));
    }
    for (uint32_t k = 0; k < row->value_count; k++) {
        const struct value *v = &w->batch->values[row->first_value + k];
        if (whole || v->transform > TRANSFORM_SAME) {
            token_set_add(tokens, batch_value_text(w->batch, v));
        }
    }
}

static void put_filter(struct writer *w, struct segment_info *info) {
    struct token_set tokens = {.slots = NULL};
    struct buf scratch = BUF_INIT;
    for (size_t c = 0; c < w->column_count; c++) {
        if (w->kinds[c] != COLUMN_OF_BINARY) {
            add_column_tokens(&tokens, &w->columns[c]);
        }
    }
    for (uint32_t i = 0; i < cutter_shape_count(w->cutter); i++) {
        add_literal_tokens(&tokens, w->cutter, i);
    }
    for (size_t i = 0; i < w->row_count; i++) {
        add_row_tokens(w, &tokens, i, &scratch);
    }
    info->filter_offset = w->out->len;
    info->stripe_count = 1;
    info->filter_lines[0] = (uint32_t)token_filter_encode(w->out, &tokens);
    info->index_bytes = w->out->len - info->filter_offset;
    wire_put_u64(&w->footer, info->filter_offset);
    wire_put_u64(&w->footer, info->filter_lines[0]);
    buf_fini(&scratch);
    token_set_fini(&tokens);
}

static void put_shared(struct writer *w, struct segment_info *info) {
    size_t offset = w->out->len;
    wire_put_u64(&w->footer, w->template_count);
    buf_add(&w->plain, buf_str(&w->templates));
    put_chunk(w, LEVEL_TEXT);
    for (size_t c = 0; c < w->column_count; c++) {
        struct column_writer *column = &w->columns[c];
        if (column->type == COLUMN_DICTIONARY) {
            column_writer_encode_dictionary(column, &w->plain);
            put_chunk(w, LEVEL_TEXT);
        }
    }
    put_filter(w, info);
    put_extent(w, offset);
}

/* --- footer --- */

static void put_names(struct buf *out, const struct intern *names) {
    wire_put_u64(out, names->count);
    for (uint32_t i = 0; i < names->count; i++) {
        wire_put_str(out, intern_text(names, i));
    }
}

static void put_column_heads(struct writer *w) {
    wire_put_u64(&w->footer, w->column_count);
    for (size_t c = 0; c < w->column_count; c++) {
        const struct column_writer *column = &w->columns[c];
        uint32_t field = w->column_fields[c];
        wire_put_u64(&w->footer, w->kinds[c]);
        wire_put_u64(&w->footer,
                     field == FIELD_NONE ? 0 : 1 + intern_add(&w->fields, schema_name(field)));
        wire_put_u64(&w->footer, column->type);
        wire_put_str(&w->footer, str_make(column->shape,
                                          column->type == COLUMN_NUMBER ? column->shape_len : 0));
        wire_put_u64(&w->footer, column->dictionary.count);
    }
}

static void put_trailer(struct writer *w, struct segment_info *info) {
    char trailer[SEGMENT_TRAILER_BYTES] = {0};
    sha256_of(info->footer_sha256, buf_str(&w->footer));
    bytes_put_le64(trailer, w->out->len);
    bytes_put_le32(trailer + 8, (uint32_t)w->footer.len);
    bytes_put_le32(trailer + 12, SEGMENT_VERSION);
    memcpy(trailer + 16, info->footer_sha256, SHA256_BYTES);
    bytes_put_le64(trailer + 48, hash_bytes(trailer, 48));
    memcpy(trailer + 56, "KSEGEND1", 8);
    buf_add(w->out, buf_str(&w->footer));
    buf_append(w->out, trailer, sizeof trailer);
    info->file_bytes = w->out->len;
}

static void summarise(struct segment_info *info, const struct row *rows, size_t count) {
    *info = (struct segment_info){.dataset = (enum dataset)rows[0].dataset,
                                  .rows = count,
                                  .arrival_first = rows[0].arrival,
                                  .arrival_last = rows[count - 1].arrival,
                                  .time_min = INT64_MAX,
                                  .time_max = INT64_MIN};
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        info->derived += (row->flags & ROW_DERIVED) != 0;
        info->raw_bytes += row->raw_len;
        info->time_min = row->time_ns < info->time_min ? row->time_ns : info->time_min;
        info->time_max = row->time_ns > info->time_max ? row->time_ns : info->time_max;
    }
}

/* Bytes that a row brings: its raw bytes and the values that are not in them. */
static uint64_t row_bytes(const struct batch *b, const struct row *row) {
    uint64_t bytes = row->raw_len;
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &b->values[row->first_value + i];
        bytes += v->transform == TRANSFORM_NONE ? v->text_len : 0;
    }
    return bytes;
}

/* How many rows from `first` on fit one segment. */
static size_t choose_rows(const struct batch *batch, size_t first) {
    size_t count = 0;
    uint64_t bytes = 0;
    while (first + count < batch->row_count && count < SEGMENT_MAX_ROWS &&
           bytes < SEGMENT_MAX_BYTES) {
        bytes += row_bytes(batch, &batch->rows[first + count++]);
    }
    return count;
}

static void writer_fini(struct writer *w) {
    for (size_t c = 0; c < w->column_count; c++) {
        column_writer_fini(&w->columns[c]);
    }
    mem_free(w->columns);
    mem_free(w->kinds);
    mem_free(w->column_fields);
    mem_free(w->column_map);
    mem_free(w->name_map);
    mem_free(w->variables);
    mem_free(w->cuts);
    intern_fini(&w->fields);
    intern_fini(&w->names);
    buf_fini(&w->templates);
    buf_fini(&w->plain);
    buf_fini(&w->footer);
    cutter_destroy(&w->cutter);
    zstd_frame_destroy(&w->zstd);
}

size_t segment_write(struct buf *out, struct segment_info *info, const struct batch *batch,
                     size_t first) {
    CHECK(first < batch->row_count);
    struct writer w = {.batch = batch,
                       .rows = batch->rows + first,
                       .row_count = choose_rows(batch, first),
                       .out = out,
                       .zstd = zstd_frame_create()};
    w.block_count = (w.row_count + SEGMENT_BLOCK_ROWS - 1) / SEGMENT_BLOCK_ROWS;
    w.cuts = mem_alloc(w.row_count * sizeof *w.cuts);
    size_t name_bytes = ((size_t)batch->names.count + 1) * sizeof *w.name_map;
    w.name_map = mem_alloc(name_bytes);
    memset(w.name_map, 0xff, name_bytes);
    w.cutter = cutter_create();
    summarise(info, w.rows, w.row_count);
    cut_rows(&w);
    map_columns(&w);
    fill_columns(&w);
    store_templates(&w);

    static const char header[SEGMENT_HEADER_BYTES] = "KSEG0001";
    buf_clear(out);
    buf_append(out, header, sizeof header);
    wire_put_str(&w.footer, dataset_info(info->dataset)->name);
    wire_put_u64(&w.footer, info->rows);
    put_column_heads(&w);
    wire_put_u64(&w.footer, w.block_count);
    for (size_t block = 0; block < w.block_count; block++) {
        put_block(&w, block);
    }
    put_shared(&w, info);
    put_names(&w.footer, &w.fields);
    put_names(&w.footer, &w.names);
    put_trailer(&w, info);
    size_t taken = w.row_count;
    writer_fini(&w);
    return taken;
}
