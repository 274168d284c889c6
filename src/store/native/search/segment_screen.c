#include "segment_screen.h"

#include "i18n.h"
#include "mem.h"

enum { NO_COLUMN = UINT32_MAX };

/* Where the code of a cell stands: value piece_values[at] of a column. */
struct cell_source {
    uint32_t column; /* NO_COLUMN: there is one code only */
    uint32_t at;
};

struct screen_kind {
    struct row_kind kind; /* cells NULL: not known yet */
    struct cell_source *sources;
};

struct segment_screen {
    struct row_cells row; /* the row that is asked about; first: it is all that the screen gets */
    const struct row_screen *screen;
    void *part;
    struct segment *segment;
    struct screen_kind *kinds; /* by template */
    struct intern places;
    struct arena arena;
    struct block *block;
    uint32_t at; /* the row in the block */
    const struct template *template;
    bool is_sought; /* the block stands at the row */
    enum status status;
    struct err *err;
};

/* --- the row --- */

static const struct screen_kind *kind_of_row(const struct segment_screen *s) {
    return &s->kinds[s->row.kind->number];
}

/* False after a failure. */
static bool seek(struct segment_screen *s) {
    if (s->status == STATUS_OK && !s->is_sought) {
        s->status = block_seek(&s->template, s->block, s->at, s->err);
        s->is_sought = s->status == STATUS_OK;
    }
    return s->status == STATUS_OK;
}

static uint32_t code_of(struct row_cells *row, uint32_t cell) {
    struct segment_screen *s = (struct segment_screen *)row;
    const struct cell_source *source = &kind_of_row(s)->sources[cell];
    struct block *b = s->block;
    if (source->column == NO_COLUMN || !seek(s)) {
        return 0;
    }
    uint32_t index = b->piece_values[source->at];
    if (index >= b->info->column_counts[source->column]) {
        s->status = segment_damaged(b->segment, s->err, _("a column has too few values"));
    } else if (b->columns[source->column].codes == NULL) {
        s->status = block_column_codes(b, source->column, s->err);
    }
    return s->status == STATUS_OK ? b->columns[source->column].codes[index] : 0;
}

static void text_of(struct buf *out, struct row_cells *row, uint32_t cell) {
    struct segment_screen *s = (struct segment_screen *)row;
    if (seek(s)) {
        s->status = block_row_value(out, s->block, s->template, cell, s->err);
    }
}

static void raw_of(struct buf *out, struct row_cells *row) {
    struct segment_screen *s = (struct segment_screen *)row;
    if (seek(s)) {
        s->status = block_raw(out, s->block, s->template, s->err);
    }
}

/* --- kinds: templates --- */

/* Equal numbers for equal keys. */
static uint32_t place_of(struct segment_screen *s, bool is_shared, uint32_t a, uint32_t b) {
    const uint32_t key[] = {is_shared, a, b};
    return intern_add(&s->places, str_make((const char *)key, sizeof key));
}

/* What a value is made of. */
struct parts {
    uint32_t column; /* the one entry of a dictionary; NO_COLUMN: none, literals only */
    uint32_t at;     /* where its index stands */
    bool is_other;   /* of something else than these */
    bool is_numeric; /* row_cell_is_numeric */
};

static bool is_numeric(struct str text) {
    size_t i = 0;
    while (i < text.len && row_cell_is_numeric(text.ptr[i])) {
        i++;
    }
    return i == text.len;
}

/* Literal text of a pattern counts as it stands; names of days and months are letters. */
static bool prints_numbers(const struct formula *f) {
    struct str pattern = f->pattern;
    bool is_time = f->kind == FORMULA_TIME || f->kind == FORMULA_START;
    for (size_t i = 0; i < pattern.len; i++) {
        bool is_part = is_time && pattern.ptr[i] == '%' && i + 1 < pattern.len;
        char c = pattern.ptr[is_part ? ++i : i];
        bool has_letters =
            is_part ? c == 'a' || c == 'b' || c == '%' : c != '\0' && !row_cell_is_numeric(c);
        if (has_letters) {
            return false;
        }
    }
    return true;
}

static void add_column(struct parts *parts, const struct segment *s, uint32_t column, uint32_t at) {
    const struct segment_column *c = &s->columns[column];
    bool is_known = parts->column == column && parts->at == at;
    if (c->type != COLUMN_DICTIONARY || (parts->column != NO_COLUMN && !is_known)) {
        parts->is_other = true;
    }
    if (!parts->is_other) {
        parts->column = column;
        parts->at = at;
    }
    parts->is_numeric = parts->is_numeric && c->type == COLUMN_NUMBER && is_numeric(c->shape);
}

static void add_value(struct parts *parts, const struct segment *s, const struct template *t,
                      uint32_t value);
static void add_piece(struct parts *parts, const struct segment *s, const struct template *t,
                      uint32_t piece);

/* Nothing more can be learned. */
static bool is_settled(const struct parts *parts) {
    return parts->is_other && !parts->is_numeric;
}

/* Operands stand earlier in the template, and not deep (segment_template.c). */
static void add_formula(struct parts *parts, const struct segment *s, const struct template *t,
                        const struct formula *f) {
    bool is_time = f->kind == FORMULA_TIME || f->kind == FORMULA_START;
    parts->is_other = parts->is_other || is_time;
    parts->is_numeric = parts->is_numeric && prints_numbers(f);
    for (uint32_t i = 0; i < f->operand_count && !is_settled(parts); i++) {
        if (f->operands[i] < t->piece_count) {
            add_piece(parts, s, t, f->operands[i]);
        } else {
            add_value(parts, s, t, f->operands[i] - t->piece_count);
        }
    }
}

static void add_piece(struct parts *parts, const struct segment *s, const struct template *t,
                      uint32_t piece) {
    const struct template_piece *p = &t->pieces[piece];
    if (p->formula != NULL) {
        add_formula(parts, s, t, p->formula);
    } else if (p->column != UINT32_MAX) {
        add_column(parts, s, p->column, piece);
    } else {
        parts->is_numeric = parts->is_numeric && is_numeric(p->literal);
    }
}

static void add_value(struct parts *parts, const struct segment *s, const struct template *t,
                      uint32_t value) {
    const struct template_value *v = &t->values[value];
    if (v->formula != NULL) {
        add_formula(parts, s, t, v->formula);
    } else if (v->transform == TRANSFORM_NONE) {
        add_column(parts, s, v->first, t->piece_count + value);
    }
    for (uint32_t i = 0; i < v->count && !is_settled(parts); i++) {
        add_piece(parts, s, t, v->first + i);
    }
}

/* An entry as it is stored: the same in all templates that have it. */
static bool is_bare(const struct template *t, const struct template_value *v) {
    return v->formula == NULL && (v->transform == TRANSFORM_NONE ||
                                  (v->count == 1 && t->pieces[v->first].column != UINT32_MAX));
}

static void set_cell(struct segment_screen *s, struct row_cell *cell, struct cell_source *source,
                     const struct template *t, uint32_t value) {
    const struct template_value *v = &t->values[value];
    struct parts parts = {.column = NO_COLUMN, .is_numeric = true};
    add_value(&parts, s->segment, t, value);
    *cell = (struct row_cell){.field = v->field,
                              .place = CELL_BY_TEXT,
                              .codes = 1,
                              .is_slice = v->transform != TRANSFORM_NONE,
                              .is_numeric = parts.is_numeric};
    *source = (struct cell_source){parts.column, parts.at};
    if (parts.is_other) {
        return;
    }
    cell->place = parts.column != NO_COLUMN && is_bare(t, v)
                      ? place_of(s, true, parts.column, v->transform)
                      : place_of(s, false, (uint32_t)(t - s->segment->templates), value);
    if (parts.column != NO_COLUMN) {
        uint32_t count = s->segment->columns[parts.column].dictionary_count;
        cell->codes = count > 0 ? count : 1;
    }
}

static enum status find_kind(struct segment_screen *s, uint32_t number) {
    struct screen_kind *k = &s->kinds[number];
    const struct template *t = NULL;
    enum status status = STATUS_OK;
    if (k->kind.cells == NULL) {
        status = segment_template(&t, s->segment, number, s->err);
    }
    if (t != NULL && status == STATUS_OK) {
        struct row_cell *cells = arena_array(&s->arena, (size_t)t->value_count + 1, sizeof *cells);
        k->sources = arena_array(&s->arena, (size_t)t->value_count + 1, sizeof *k->sources);
        for (uint32_t i = 0; i < t->value_count; i++) {
            set_cell(s, &cells[i], &k->sources[i], t, i);
        }
        k->kind = (struct row_kind){number, t->value_count, cells};
    }
    s->row.kind = &k->kind;
    return status;
}

/* --- blocks --- */

static enum status find_row(struct segment_screen *s, uint32_t at) {
    int64_t dataset = 0;
    int64_t charset = 0;
    s->at = at;
    s->is_sought = false;
    enum status status = block_number_at(&dataset, s->block, NUMBER_DATASET, at, s->err);
    if (status == STATUS_OK) {
        status = block_number_at(&charset, s->block, NUMBER_CHARSET, at, s->err);
    }
    if (status == STATUS_OK && (uint64_t)dataset >= s->segment->dataset_count) {
        status =
            segment_damaged(s->segment, s->err, _("a row's source, origin or dataset has no name"));
    }
    if (status == STATUS_OK) {
        s->row.dataset = s->segment->datasets[dataset];
        s->row.charset = (enum charset)charset;
        status = find_kind(s, s->block->templates[at]);
    }
    return status;
}

static bool is_unwanted(struct segment_screen *s, uint32_t at) {
    s->status = find_row(s, at);
    bool wanted = s->status != STATUS_OK || s->screen->wants(s->part, &s->row);
    return !wanted && s->status == STATUS_OK;
}

enum status segment_screen_block(struct segment_screen *s, struct block *block, uint64_t *rows,
                                 struct err *err) {
    s->block = block;
    s->err = err;
    s->status = block_templates(block, err);
    if (s->kinds == NULL) { /* the segment's templates are counted by now */
        s->kinds = mem_calloc((size_t)s->segment->template_count + 1, sizeof *s->kinds);
    }
    s->screen->enter(s->part);
    for (uint32_t word = 0; word < SEGMENT_BLOCK_ROWS / 64; word++) {
        for (uint64_t left = rows[word]; left != 0 && s->status == STATUS_OK; left &= left - 1) {
            uint32_t at = word * 64 + (uint32_t)__builtin_ctzll(left);
            bool is_row = at < block->info->rows;
            rows[word] &= !is_row || is_unwanted(s, at) ? ~(left & -left) : UINT64_MAX;
        }
    }
    s->screen->leave(s->part);
    block_rewind(block);
    return s->status;
}

/* --- life --- */

struct segment_screen *segment_screen_create(const struct row_screen *screen,
                                             struct segment *segment) {
    struct segment_screen *s = mem_calloc(1, sizeof *s);
    s->row.code = code_of;
    s->row.text = text_of;
    s->row.raw = raw_of;
    s->screen = screen;
    s->segment = segment;
    s->part = screen->open(screen->ctx);
    return s;
}

void segment_screen_destroy(struct segment_screen **screen) {
    struct segment_screen *s = *screen;
    if (s == NULL) {
        return;
    }
    s->screen->close(s->part);
    mem_free(s->kinds);
    intern_fini(&s->places);
    arena_fini(&s->arena);
    mem_free(s);
    *screen = NULL;
}
