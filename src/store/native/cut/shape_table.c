#include "shape_table.h"

#include "bytescan.h"
#include "check.h"
#include "escape_match.h"
#include "hash.h"
#include "mem.h"
#include "transform.h"
#include "wire.h"

enum { NEEDLE_BYTES = 8, FIRST_BUCKETS = 1024 };

void shape_table_fini(struct shape_table *t) {
    arena_fini(&t->arena);
    intern_fini(&t->keys);
    mem_free(t->shapes);
    mem_free(t->buckets);
    mem_free(t->starts);
    buf_fini(&t->key);
    buf_fini(&t->printed);
    *t = (struct shape_table){.shapes = NULL};
}

void shape_table_clear(struct shape_table *t) {
    shape_table_fini(t);
}

/* --- adding --- */

static void put_key_piece(struct buf *key, const struct draft *d, uint32_t i) {
    const struct draft_piece *p = &d->pieces[i];
    if (p->kind == PIECE_LITERAL) {
        wire_put_u64(key, TEMPLATE_LITERAL);
        wire_put_str(key, cut_draft_piece_text(d, i));
    } else if (p->kind == PIECE_FORMULA) {
        wire_put_u64(key, TEMPLATE_FORMULA);
        formula_encode(key, &d->formulas[p->formula]);
    } else {
        wire_put_u64(key, TEMPLATE_COLUMN + (uint64_t)p->column);
    }
}

static void make_key(struct buf *key, const struct draft *d) {
    buf_clear(key);
    wire_put_u64(key, d->flags);
    for (uint32_t i = 0; i < d->piece_count; i++) {
        put_key_piece(key, d, i);
    }
    wire_put_u64(key, TEMPLATE_END);
    wire_put_u64(key, d->value_count);
    for (size_t i = 0; i < d->value_count; i++) {
        const struct draft_value *v = &d->values[i];
        wire_put_u64(key, v->field);
        wire_put_u64(key, v->how);
        if (v->how == VALUE_FORMULA) {
            formula_encode(key, &d->formulas[v->formula]);
        } else if (v->how == TRANSFORM_NONE) {
            wire_put_u64(key, v->column);
        } else {
            wire_put_u64(key, v->first);
            wire_put_u64(key, v->count);
        }
    }
}

static struct shape_formula *keep_formula(struct shape_table *t, const struct formula *f) {
    struct shape_formula *kept = arena_alloc(&t->arena, sizeof *kept);
    kept->formula = *f;
    if (f->pattern.len > 0) {
        kept->formula.pattern = arena_str(&t->arena, f->pattern);
    }
    return kept;
}

static bool is_word(char c) {
    return ascii_is_alnum(c) || c == '_' || (uint8_t)c >= 0x80;
}

/* True unless a literal on one side shows that no word reaches over the start of piece i. */
static bool may_cross(const struct draft *d, uint32_t i) {
    if (i == 0) {
        return false;
    }
    const struct draft_piece *before = &d->pieces[i - 1];
    const struct draft_piece *p = &d->pieces[i];
    bool apart = (before->kind == PIECE_LITERAL && !is_word(d->raw[p->start - 1])) ||
                 (p->kind == PIECE_LITERAL && !is_word(d->raw[p->start]));
    return !apart;
}

static void keep_piece(struct shape_table *t, struct shape_piece *out, const struct draft *d,
                       uint32_t i) {
    const struct draft_piece *p = &d->pieces[i];
    *out = (struct shape_piece){.kind = p->kind,
                                .end_rule = p->end_rule,
                                .end_arg = p->end_arg,
                                .column = p->column,
                                .mined = p->mined,
                                .may_cross = may_cross(d, i)};
    if (p->kind == PIECE_LITERAL) {
        out->text = arena_str(&t->arena, cut_draft_piece_text(d, i));
    } else if ((p->end_rule == END_LITERAL || p->end_rule == END_TEXT) && i + 1 < d->piece_count) {
        out->text = arena_str(&t->arena, str_head(cut_draft_piece_text(d, i + 1), NEEDLE_BYTES));
    }
    if (p->kind == PIECE_FORMULA) {
        out->formula = keep_formula(t, &d->formulas[p->formula]);
    }
}

static struct shape *new_shape(struct shape_table *t, const struct draft *d) {
    struct shape *s = arena_alloc(&t->arena, sizeof *s);
    s->flags = d->flags;
    s->piece_count = (uint32_t)d->piece_count;
    s->value_count = (uint32_t)d->value_count;
    s->formula_count = (uint32_t)d->formula_count;
    s->order_count = d->flags >> TEMPLATE_ORDER_SHIFT;
    s->pieces = arena_array(&t->arena, d->piece_count + 1, sizeof *s->pieces);
    s->values = arena_array(&t->arena, d->value_count + 1, sizeof *s->values);
    for (uint32_t i = 0; i < d->piece_count; i++) {
        keep_piece(t, &s->pieces[i], d, i);
    }
    for (size_t i = 0; i < d->value_count; i++) {
        const struct draft_value *v = &d->values[i];
        s->values[i] = (struct shape_value){v->field, v->how, v->first, v->count, v->column, NULL};
        if (v->how == VALUE_FORMULA) {
            s->values[i].formula = keep_formula(t, &d->formulas[v->formula]);
        }
    }
    t->bytes += sizeof *s + d->piece_count * (sizeof *s->pieces + 16) +
                d->value_count * sizeof *s->values +
                d->formula_count * sizeof(struct shape_formula) + 2 * t->key.len;
    return s;
}

struct shape *shape_table_add(struct shape_table *t, const struct draft *d, bool may_add) {
    make_key(&t->key, d);
    uint32_t number = intern_find(&t->keys, buf_str(&t->key));
    if (number != INTERN_NONE) {
        return t->shapes[number];
    }
    if (!may_add) {
        return NULL;
    }
    number = intern_add(&t->keys, buf_str(&t->key));
    MEM_GROW(t->shapes, t->capacity, (size_t)number + 1);
    struct shape *s = new_shape(t, d);
    s->number = number;
    t->shapes[number] = s;
    return s;
}

/* --- the shapes of a signature --- */

static struct shape_bucket *find_bucket(struct shape_table *t, uint64_t signature) {
    uint32_t at = (uint32_t)hash_u64(signature) & (t->bucket_count - 1);
    while (t->buckets[at].count > 0 && t->buckets[at].signature != signature) {
        at = (at + 1) & (t->bucket_count - 1);
    }
    return &t->buckets[at];
}

static void grow_buckets(struct shape_table *t) {
    struct shape_bucket *old = t->buckets;
    uint32_t old_count = t->bucket_count;
    t->bucket_count = old_count == 0 ? FIRST_BUCKETS : old_count * 2;
    t->buckets = mem_calloc(t->bucket_count, sizeof *t->buckets);
    for (uint32_t i = 0; i < old_count; i++) {
        if (old[i].count > 0) {
            *find_bucket(t, old[i].signature) = old[i];
        }
    }
    mem_free(old);
}

/* To the front of those that have as many formulas. */
static void move_up(struct shape_bucket *bucket, uint32_t at) {
    struct shape *s = bucket->shapes[at];
    while (at > 0 && bucket->shapes[at - 1]->formula_count <= s->formula_count) {
        bucket->shapes[at] = bucket->shapes[at - 1];
        at--;
    }
    bucket->shapes[at] = s;
}

void shape_table_note(struct shape_table *t, uint64_t signature, struct shape *shape) {
    if (t->used_buckets * 2 >= t->bucket_count) {
        grow_buckets(t);
    }
    struct shape_bucket *bucket = find_bucket(t, signature);
    if (bucket->count == 0) {
        t->used_buckets++;
        bucket->signature = signature;
    }
    uint32_t at = 0;
    while (at < bucket->count && bucket->shapes[at] != shape) {
        at++;
    }
    if (at == bucket->count) {
        if (bucket->count < SHAPE_TRIES) {
            bucket->count++;
        } else {
            at--; /* the last one makes room */
        }
        bucket->shapes[at] = shape;
    }
    move_up(bucket, at);
}

/* --- trying --- */

/* The row under trial. */
struct trial {
    const struct batch *batch;
    const struct row *row;
    const struct value *values;
    const char *raw;
    uint32_t len;
};

static uint32_t slice_start(const struct trial *r, uint32_t value) {
    const struct value *v = &r->values[value];
    return (v->transform == TRANSFORM_SAME ? v->text_off : v->raw_off) - r->row->raw_off;
}

static uint32_t slice_len(const struct trial *r, uint32_t value) {
    const struct value *v = &r->values[value];
    return v->transform == TRANSFORM_SAME ? v->text_len : v->raw_len;
}

/* The next separator outside of quotes, or a line's end. */
static uint32_t field_end(const struct trial *r, uint32_t at, char separator) {
    bool quoted = false;
    while (at < r->len &&
           (quoted || (r->raw[at] != separator && r->raw[at] != '\r' && r->raw[at] != '\n'))) {
        quoted = r->raw[at] == '"' ? !quoted : quoted;
        at++;
    }
    return at;
}

/* Where the text of the value's slice, standing at `at`, ends. */
static uint32_t copy_end(const struct trial *r, uint32_t at, uint32_t value) {
    uint32_t start = slice_start(r, value);
    uint32_t len = slice_len(r, value);
    bool inside = start <= r->len && len <= r->len - start && len <= r->len - at;
    return inside && memcmp(r->raw + at, r->raw + start, len) == 0 ? at + len : UINT32_MAX;
}

/* The first place of the needle from `at` on, with no blank before it unless `blanks`. */
static uint32_t literal_end(const struct trial *r, uint32_t at, struct str needle, bool blanks) {
    if (needle.len == 0 || needle.len > r->len) {
        return UINT32_MAX;
    }
    uint32_t last = r->len - (uint32_t)needle.len; /* where it could begin */
    char first = needle.ptr[0];
    for (; at <= last; at++) {
        at += (uint32_t)bytescan_two(r->raw + at, last + 1 - at, first, blanks ? first : ' ');
        if (at > last) {
            break;
        }
        if (r->raw[at] == first && str_same_bytes(r->raw + at, needle.ptr, needle.len)) {
            return at;
        }
        if (r->raw[at] == ' ' && !blanks) {
            break;
        }
    }
    return UINT32_MAX;
}

/* Where the piece that begins at `at` ends; UINT32_MAX: it does not fit. */
static uint32_t piece_end(struct shape_table *t, const struct shape_piece *p, const struct trial *r,
                          uint32_t at) {
    switch (p->end_rule) {
    case END_ROW:
        return r->len;
    case END_VALUE_START:
        return slice_start(r, p->end_arg);
    case END_VALUE_END:
        return slice_start(r, p->end_arg) + slice_len(r, p->end_arg);
    case END_LITERAL:
    case END_TEXT:
        return literal_end(r, at, p->text, p->end_rule == END_TEXT);
    case END_COPY:
        return copy_end(r, at, p->end_arg);
    case END_FIELD:
        return field_end(r, at, (char)p->end_arg);
    default:
        break;
    }
    buf_clear(&t->printed);
    const struct formula *f = &p->formula->formula;
    time_text_print(&t->printed, f->pattern, f->zone_seconds, r->row->time_ns, &p->formula->cache);
    bool same =
        t->printed.len <= r->len - at && memcmp(t->printed.ptr, r->raw + at, t->printed.len) == 0;
    return same ? at + (uint32_t)t->printed.len : UINT32_MAX;
}

static bool crosses(const struct trial *r, uint32_t at) {
    return at > 0 && at < r->len && is_word(r->raw[at - 1]) && is_word(r->raw[at]);
}

static bool fit_pieces(struct shape_table *t, const struct shape *s, const struct trial *r) {
    uint32_t at = 0;
    bool may_cross_words = (s->flags & TEMPLATE_CROSSING) != 0;
    for (uint32_t i = 0; i < s->piece_count; i++) {
        const struct shape_piece *p = &s->pieces[i];
        t->starts[i] = at;
        if (p->may_cross && !may_cross_words && crosses(r, at)) {
            return false;
        }
        if (p->kind == PIECE_LITERAL) {
            if (r->len - at < p->text.len ||
                !str_same_bytes(r->raw + at, p->text.ptr, p->text.len)) {
                return false;
            }
            at += (uint32_t)p->text.len;
            continue;
        }
        uint32_t end = piece_end(t, p, r, at);
        if (end > r->len || end < at) {
            return false;
        }
        at = end;
    }
    t->starts[s->piece_count] = at;
    return at == r->len;
}

/* True if decoding the slice gives the value's text. */
static bool decodes(struct shape_table *t, const struct trial *r, uint32_t value) {
    const struct value *v = &r->values[value];
    struct str slice = batch_value_slice(r->batch, v);
    struct str text = batch_value_text(r->batch, v);
    if (v->exact) {
        return true;
    }
    if (v->transform == TRANSFORM_JSON) {
        return escape_match_json(slice, text, &t->printed);
    }
    buf_clear(&t->printed);
    return transform_decode(&t->printed, slice, (enum transform)v->transform) &&
           str_eq(buf_str(&t->printed), text);
}

static bool fit_values(struct shape_table *t, const struct shape *s, const struct trial *r) {
    for (uint32_t i = 0; i < s->value_count; i++) {
        const struct shape_value *v = &s->values[i];
        const struct value *have = &r->values[i];
        if (have->field != v->field) {
            return false;
        }
        if (v->how == TRANSFORM_NONE || v->how == VALUE_FORMULA) {
            continue;
        }
        uint32_t start = t->starts[v->first];
        if (have->transform != v->how || slice_start(r, i) != start ||
            start + slice_len(r, i) != t->starts[v->first + v->count] ||
            (v->how != TRANSFORM_SAME && !decodes(t, r, i))) {
            return false;
        }
    }
    return true;
}

static struct str operand_text(const struct shape_table *t, const struct shape *s,
                               const struct trial *r, uint32_t operand) {
    if (operand < s->piece_count) {
        return str_make(r->raw + t->starts[operand], t->starts[operand + 1] - t->starts[operand]);
    }
    uint32_t i = operand - s->piece_count;
    return s->values[i].how == TRANSFORM_NONE || s->values[i].how == VALUE_FORMULA
               ? batch_value_text(r->batch, &r->values[i])
               : batch_value_slice(r->batch, &r->values[i]);
}

static bool fit_formula(struct shape_table *t, const struct shape *s, const struct trial *r,
                        struct shape_formula *f, struct str text) {
    struct str operands[FORMULA_MAX_OPERANDS];
    for (uint32_t i = 0; i < f->formula.operand_count; i++) {
        operands[i] = operand_text(t, s, r, f->formula.operands[i]);
    }
    if (f->formula.kind == FORMULA_SAME) {
        return str_eq(operands[0], text);
    }
    buf_clear(&t->printed);
    return formula_print(&t->printed, &f->formula, operands, r->row->time_ns, &f->cache) &&
           str_eq(buf_str(&t->printed), text);
}

static bool fit_formulas(struct shape_table *t, const struct shape *s, const struct trial *r) {
    for (uint32_t i = 0; i < s->piece_count; i++) {
        const struct shape_piece *p = &s->pieces[i];
        if (p->kind == PIECE_FORMULA && p->end_rule != END_PRINTED && p->end_rule != END_COPY &&
            !fit_formula(t, s, r, p->formula, operand_text(t, s, r, i))) {
            return false;
        }
    }
    for (uint32_t i = 0; i < s->value_count; i++) {
        if (s->values[i].how == VALUE_FORMULA &&
            !fit_formula(t, s, r, s->values[i].formula,
                         batch_value_text(r->batch, &r->values[i]))) {
            return false;
        }
    }
    return true;
}

struct shape *shape_table_find(struct shape_table *t, uint64_t signature, const struct batch *b,
                               const struct row *row, uint32_t min_uses) {
    if (t->bucket_count == 0) {
        return NULL;
    }
    struct shape_bucket *bucket = find_bucket(t, signature);
    struct trial r = {b, row, b->values + row->first_value, b->raw.ptr + row->raw_off,
                      row->raw_len};
    for (uint32_t i = 0; i < bucket->count; i++) {
        struct shape *s = bucket->shapes[i];
        if (s->uses < min_uses || s->value_count != row->value_count ||
            s->order_count != t->order_count) {
            continue;
        }
        MEM_GROW(t->starts, t->start_capacity, (size_t)s->piece_count + 1);
        if (fit_pieces(t, s, &r) && fit_values(t, s, &r) && fit_formulas(t, s, &r)) {
            move_up(bucket, i);
            return s;
        }
    }
    return NULL;
}
