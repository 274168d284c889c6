#include "cut_priv.h"

#include "check.h"
#include "hash.h"
#include "mem.h"
#include "wire.h"

enum {
    MAX_GAP_COLUMNS = 16384,    /* beyond it gap variables share a few columns */
    MAX_SHAPES = 8192,          /* beyond it, or */
    MAX_SHAPE_BYTES = 48 << 20, /* ... so many bytes, new shapes are coarse until the next stripe */
    PATIENT_SHAPES = 24576,     /* the same of a patient cutter */
    PATIENT_SHAPE_BYTES = 72 << 20,
    YOUNG_USES = 12,           /* a younger shape is cut from scratch again, to learn; */
    YOUNG_USES_STRUCTURED = 3, /* keys and values have more shapes, which learn from each other, */
    LEARNED_ROWS = 512,        /* ... once so many rows were cut from scratch */
    ALWAYS_LEARN = 4096,       /* so many rows cut from scratch learn relations; */
    LEARN_EVERY = 16,          /* then one in so many does */
    NOTE_EVERY = 4,            /* one row in so many tells the miner its texts */
    LOOK_AGAIN = 1024          /* one row in so many is cut from scratch anyhow */
};

struct cutter *cutter_create(void) {
    struct cutter *c = mem_calloc(1, sizeof *c);
    c->max_shapes = MAX_SHAPES;
    c->max_shape_bytes = MAX_SHAPE_BYTES;
    c->max_gap_columns = MAX_GAP_COLUMNS;
    relation_table_init(&c->relations);
    miner_init(&c->miner);
    return c;
}

void cutter_be_patient(struct cutter *c) {
    c->max_shapes = PATIENT_SHAPES;
    c->max_shape_bytes = PATIENT_SHAPE_BYTES;
}

/* Forgets columns and all that refers to them. */
static void forget(struct cutter *c) {
    shape_table_clear(&c->shapes);
    relation_table_fini(&c->relations);
    relation_table_init(&c->relations);
    miner_clear(&c->miner);
    cut_forget_columns(c);
}

void cutter_destroy(struct cutter **p) {
    struct cutter *c = *p;
    if (c == NULL) {
        return;
    }
    shape_table_fini(&c->shapes);
    relation_table_fini(&c->relations);
    miner_fini(&c->miner);
    cut_draft_fini(&c->draft);
    cut_order_destroy(c);
    for (size_t i = 0; i < c->prose_capacity; i++) {
        mem_free(c->prose[i]);
    }
    mem_free(c->prose);
    mem_free(c->prose_states);
    mem_free(c->columns);
    mem_free(c->slots);
    mem_free(c->variables);
    mem_free(c->field_columns[0]);
    mem_free(c->field_columns[1]);
    mem_free(c->marks);
    mem_free(c->bound_at);
    mem_free(c->bounds);
    mem_free(c->owners);
    buf_fini(&c->decoded);
    mem_free(c);
    *p = NULL;
}

void cutter_begin_stripe(struct cutter *c) {
    if (c->shapes.keys.count > c->max_shapes / 2 || c->shapes.bytes > c->max_shape_bytes / 2) {
        shape_table_clear(&c->shapes);
    }
}

void cutter_begin_segment(struct cutter *c) {
    cut_order_begin_segment(c);
    if (c->column_count > c->max_gap_columns) {
        forget(c);
    } else {
        cutter_begin_stripe(c);
    }
}

/* --- rows --- */

/* What rows of one shape have in common and is cheap to know. */
static uint64_t row_signature(struct cutter *c, const struct batch *b, const struct row *row) {
    uint64_t h = (uint64_t)row->value_count << 8 | row->charset | (cut_is_made(row) ? 0x80 : 0);
    uint32_t slices = 0;
    uint64_t prose = 0;
    bool structured = cut_is_structured(b, row);
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &b->values[row->first_value + i];
        h = (h ^ ((uint64_t)v->field << 2 | v->transform)) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
        slices += v->transform != TRANSFORM_NONE;
        enum prose_state state = cut_prose_state(c, v->field);
        if (state == PROSE_PLAIN || v->transform == TRANSFORM_NONE || v->text_len == 0) {
            continue;
        }
        if (state == PROSE_OPEN) {
            cut_count_prose(c, v->field, batch_value_text(b, v), structured);
        }
        if (!cut_is_mined_field(c, v->field)) {
            continue;
        }
        h ^= hash_u64(i); /* shapes from before it was mined do not count */
        if (v->transform == TRANSFORM_SAME) {
            struct mine_text in = {batch_value_text(b, v), (enum charset)row->charset, false, i,
                                   NULL};
            mine_tokenise(&c->miner, &in);

            prose ^= c->miner.group;
        }
    }
    if (slices == 0 && row->charset != CHARSET_BINARY && !cut_is_wide(row)) {
        struct mine_text in = {batch_raw(b, row), (enum charset)row->charset, false, 0, NULL};
        mine_tokenise(&c->miner, &in);

        prose ^= c->miner.group;
    }
    return h ^ prose;
}

static struct shape *cut_from_scratch(struct cutter *c, const struct batch *b,
                                      const struct row *row) {
    struct shape_table *t = &c->shapes;
    c->scratch_rows++;
    cut_make_draft(c, b, row, false);
    relations_apply(&c->relations, &c->draft,
                    c->scratch_rows < ALWAYS_LEARN || c->scratch_rows % LEARN_EVERY == 0);
    bool room = t->keys.count < c->max_shapes && t->bytes < c->max_shape_bytes;
    struct shape *s = shape_table_add(t, &c->draft, room);
    if (s == NULL) {
        cut_make_draft(c, b, row, true);
        s = shape_table_add(t, &c->draft, true);
    }
    MEM_GROW(t->starts, t->start_capacity, (size_t)s->piece_count + 1);
    for (uint32_t i = 0; i < s->piece_count; i++) {
        t->starts[i] = c->draft.pieces[i].start;
    }
    t->starts[s->piece_count] = row->raw_len;
    return s;
}

static void emit(struct cut *out, struct cutter *c, const struct shape *s, const struct batch *b,
                 const struct row *row) {
    MEM_GROW(c->variables, c->variable_capacity,
             (size_t)s->order_count + s->piece_count + s->value_count + 1);
    const char *raw = b->raw.ptr + row->raw_off;
    const uint32_t *starts = c->shapes.starts;
    struct cut_variable *v = c->variables;
    for (uint32_t i = 0; i < s->order_count; i++) {
        *v++ = cut_order_variables(c)[i];
    }
    for (uint32_t i = 0; i < s->piece_count; i++) {
        if (s->pieces[i].kind == PIECE_COLUMN) {
            *v++ = (struct cut_variable){raw + starts[i], starts[i + 1] - starts[i],
                                         s->pieces[i].column};
        }
    }
    for (uint32_t i = 0; i < s->value_count; i++) {
        if (s->values[i].how == TRANSFORM_NONE) {
            struct str text = batch_value_text(b, &b->values[row->first_value + i]);
            *v++ = (struct cut_variable){text.ptr, (uint32_t)text.len, s->values[i].column};
        }
    }
    *out = (struct cut){.batch = b,
                        .row = row,
                        .shape = s->number,
                        .variable_count = (uint32_t)(v - c->variables),
                        .variables = c->variables,
                        .piece_count = s->piece_count,
                        .starts = starts};
}

/* What the row says of where texts stand. */
static void note_mined(struct cutter *c, const struct shape *s, const struct batch *b,
                       const struct row *row) {
    const char *raw = b->raw.ptr + row->raw_off;
    const uint32_t *starts = c->shapes.starts;
    for (uint32_t i = 0; i < s->piece_count; i++) {
        if (s->pieces[i].mined != 0) {
            mine_note(&c->miner, str_make(raw + starts[i], starts[i + 1] - starts[i]),
                      s->pieces[i].mined);
        }
    }
}

void cutter_row(struct cut *out, struct cutter *c, const struct batch *b, const struct row *row) {
    c->shapes.order_count = cut_order_apply(c, &b, &row);
    uint64_t signature = row_signature(c, b, row);
    struct shape *s = NULL;
    if (++c->rows % LOOK_AGAIN != 0) {
        bool learned = c->scratch_rows >= LEARNED_ROWS && cut_is_structured(b, row);
        uint32_t uses = learned ? YOUNG_USES_STRUCTURED : YOUNG_USES;
        s = shape_table_find(&c->shapes, signature, b, row, uses);
    }
    if (s == NULL) {
        s = cut_from_scratch(c, b, row);
        shape_table_note(&c->shapes, signature, s);
    } else if (c->rows % NOTE_EVERY == 0) {
        note_mined(c, s, b, row);
    }
    s->uses += s->uses < UINT32_MAX;
    emit(out, c, s, b, row);
}

/* --- stored forms --- */

uint32_t cutter_shape_count(const struct cutter *c) {
    return c->shapes.keys.count;
}

uint32_t cutter_column_count(const struct cutter *c) {
    return (uint32_t)c->column_count;
}

const struct cut_column *cutter_column(const struct cutter *c, uint32_t column) {
    return &c->columns[column];
}

/* A formula whose operands are numbered with the order numbers, which stand first. */
static void put_formula(struct buf *out, const struct formula *f, uint32_t order_count) {
    struct formula moved = *f;
    for (uint32_t i = 0; i < f->operand_count; i++) {
        moved.operands[i] += order_count;
    }
    formula_encode(out, &moved);
}

static void put_pieces(struct buf *out, const struct shape *s, const uint32_t *column_map) {
    for (uint32_t i = 0; i < s->piece_count; i++) {
        const struct shape_piece *p = &s->pieces[i];
        if (p->kind == PIECE_LITERAL) {
            wire_put_u64(out, TEMPLATE_LITERAL);
            wire_put_str(out, p->text);
        } else if (p->kind == PIECE_FORMULA) {
            wire_put_u64(out, TEMPLATE_FORMULA);
            put_formula(out, &p->formula->formula, s->order_count);
        } else {
            wire_put_u64(out, TEMPLATE_COLUMN + (uint64_t)column_map[p->column]);
        }
    }
    wire_put_u64(out, TEMPLATE_END);
}

void cutter_put_shape(struct buf *out, const struct cutter *c, uint32_t shape,
                      const uint32_t *column_map, struct intern *fields) {
    const struct shape *s = c->shapes.shapes[shape];
    wire_put_u64(out, s->flags);
    for (uint32_t i = 0; i < s->order_count; i++) {
        wire_put_u64(out, TEMPLATE_COLUMN + (uint64_t)column_map[cut_order_variables(c)[i].column]);
    }
    put_pieces(out, s, column_map);
    wire_put_u64(out, s->value_count);
    for (uint32_t i = 0; i < s->value_count; i++) {
        const struct shape_value *v = &s->values[i];
        wire_put_u64(out, intern_add(fields, schema_name(v->field)));
        wire_put_u64(out, v->how);
        if (v->how == VALUE_FORMULA) {
            put_formula(out, &v->formula->formula, s->order_count);
        } else if (v->how == TRANSFORM_NONE) {
            wire_put_u64(out, column_map[v->column]);
        } else {
            wire_put_u64(out, s->order_count + v->first);
            wire_put_u64(out, v->count);
        }
    }
}
