#include "group_text.h"

#include "check.h"
#include "group_codes.h"
#include "i18n.h"
#include "transform.h"

static enum status put_formula(struct buf *out, struct group_text_source *s,
                               const struct formula *f, struct err *err);

/* The entry that stands for atom `index` of the recipe. */
static enum status put_entry(struct buf *out, struct group_text_source *s, uint32_t index,
                             struct err *err) {
    struct segment *segment = s->plan->segment;
    struct segment_column *c = &segment->columns[s->recipe->atoms[index].column];
    uint32_t code = s->codes[index];
    enum status status = STATUS_OK;
    if (c->dictionary == NULL || c->dictionary[code].ptr == NULL) {
        status = segment_dictionary_entry(segment, c, code, err);
    }
    if (status == STATUS_OK) {
        buf_add(out, c->dictionary[code]);
    }
    return status;
}

/* The atom is one of the recipe's. */
static enum status put_atom(struct buf *out, struct group_text_source *s, struct group_atom atom,
                            struct err *err) {
    if (s->codes != NULL) {
        uint32_t index = group_recipe_atom(s->recipe, atom);
        CHECK(index < s->recipe->atom_count);
        return put_entry(out, s, index, err);
    }
    uint32_t index = group_streams_index(s->streams, atom, s->row); /* below the column's count */
    return block_put_value(out, s->streams->block, atom.column, index, err);
}

static enum status put_piece(struct buf *out, struct group_text_source *s, uint32_t piece,
                             struct err *err) {
    const struct template *t = &s->plan->segment->templates[s->recipe->template];
    const struct template_piece *p = &t->pieces[piece];
    if (p->formula != NULL) {
        return put_formula(out, s, p->formula, err);
    }
    if (p->column == GROUP_NO_COLUMN) {
        buf_add(out, p->literal);
        return STATUS_OK;
    }
    struct group_atom atom = {p->column, group_uses_before(t, p->column, piece, 0)};
    return put_atom(out, s, atom, err);
}

/* Appends the text of a formula's operand: a piece, or a value (as it stands in the raw bytes). */
static enum status put_operand(struct buf *out, struct group_text_source *s, uint32_t operand,
                               struct err *err) {
    const struct template *t = &s->plan->segment->templates[s->recipe->template];
    if (operand < t->piece_count) {
        return put_piece(out, s, operand, err);
    }
    uint32_t value = operand - t->piece_count;
    const struct template_value *v = &t->values[value];
    if (v->formula != NULL) {
        return put_formula(out, s, v->formula, err);
    }
    if (v->transform == TRANSFORM_NONE) {
        struct group_atom atom = {v->first, group_uses_before(t, v->first, t->piece_count, value)};
        return put_atom(out, s, atom, err);
    }
    enum status status = STATUS_OK;
    for (uint32_t k = 0; k < v->count && status == STATUS_OK; k++) {
        status = put_piece(out, s, v->first + k, err);
    }
    return status;
}

/* Formulas of the event time make no recipe. */
static enum status put_formula(struct buf *out, struct group_text_source *s,
                               const struct formula *f, struct err *err) {
    struct buf texts = BUF_INIT;
    size_t ends[FORMULA_MAX_OPERANDS];
    struct str operands[FORMULA_MAX_OPERANDS];
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < f->operand_count && status == STATUS_OK; i++) {
        status = put_operand(&texts, s, f->operands[i], err);
        ends[i] = texts.len;
    }
    size_t at = 0;
    for (uint32_t i = 0; i < f->operand_count && status == STATUS_OK; i++) {
        operands[i] = str_make(buf_str(&texts).ptr + at, ends[i] - at);
        at = ends[i];
    }
    if (status == STATUS_OK && !formula_print(out, f, operands, 0, NULL)) {
        status = segment_damaged(s->plan->segment, err, _("a formula does not fit its row"));
    }
    buf_fini(&texts);
    return status;
}

/* What was appended from `start` on is decoded. */
static enum status decode(struct buf *out, size_t start, struct group_text_source *s,
                          struct err *err) {
    struct buf decoded = BUF_INIT;
    bool good = transform_decode(&decoded, str_skip(buf_str(out), start), s->recipe->transform);
    if (good) {
        out->len = start;
        buf_add(out, buf_str(&decoded));
    }
    buf_fini(&decoded);
    return good ? STATUS_OK
                : segment_damaged(s->plan->segment, err, _("a value cannot be decoded"));
}

enum status group_text_put(struct buf *out, struct group_text_source *s, struct err *err) {
    const struct group_recipe *r = s->recipe;
    enum status status = STATUS_OK;
    size_t start = out->len;
    for (uint32_t i = 0; i < r->piece_count && status == STATUS_OK; i++) {
        const struct group_piece *p = &r->pieces[i];
        if (p->formula != NULL) {
            status = put_formula(out, s, p->formula, err);
        } else if (p->atom.column == GROUP_NO_COLUMN) {
            buf_add(out, p->literal);
        } else if (s->codes != NULL) {
            status = put_entry(out, s, p->atom_index, err);
        } else {
            status = put_atom(out, s, p->atom, err);
        }
    }
    return status == STATUS_OK && r->transform > TRANSFORM_SAME ? decode(out, start, s, err)
                                                                : status;
}

/* --- numbers --- */

void group_text_codes_fini(struct group_text_codes *t) {
    buf_fini(&t->text);
}

/* The codes that the number is made of. Returns the first atom whose code may have changed. */
static uint32_t split(struct group_text_codes *t, const struct group_plan *plan,
                      const struct group_recipe *r, uint32_t number) {
    bool known = t->recipe == r;
    uint32_t i = r->atom_count;
    for (; i > 0 && !(known && t->highs[i - 1] == number); i--) {
        uint32_t radix = group_codes_radix(plan, r, i - 1);
        t->highs[i - 1] = number;
        t->codes[i - 1] = radix == 1 ? 0 : number % radix;
        number = radix == 1 ? number : number / radix;
    }
    return i;
}

/* The first piece that is not as it was. */
static uint32_t first_changed(const struct group_recipe *r, uint32_t atom) {
    uint32_t i = 0;
    while (i < r->piece_count &&
           (r->pieces[i].atom.column == GROUP_NO_COLUMN || r->pieces[i].atom_index < atom)) {
        i++;
    }
    return i;
}

static bool is_plain(const struct group_recipe *r) {
    bool plain = r->transform <= TRANSFORM_SAME && r->piece_count <= GROUP_TEXT_PIECES;
    for (uint32_t i = 0; i < r->piece_count && plain; i++) {
        plain = r->pieces[i].formula == NULL;
    }
    return plain;
}

enum status group_text_of_number(struct group_text_codes *t, const struct group_plan *plan,
                                 const struct group_recipe *r, uint32_t number, struct err *err) {
    struct group_text_source source = {.recipe = r, .plan = plan, .codes = t->codes};
    bool known = t->recipe == r;
    uint32_t atom = split(t, plan, r, number);
    t->recipe = NULL;
    if (!is_plain(r)) {
        buf_clear(&t->text);
        return group_text_put(&t->text, &source, err);
    }
    enum status status = STATUS_OK;
    uint32_t i = known ? first_changed(r, atom) : 0;
    t->text.len = i > 0 ? t->ends[i - 1] : 0;
    for (; i < r->piece_count && status == STATUS_OK; i++) {
        if (r->pieces[i].atom.column == GROUP_NO_COLUMN) {
            buf_add(&t->text, r->pieces[i].literal);
        } else {
            status = put_entry(&t->text, &source, r->pieces[i].atom_index, err);
        }
        t->ends[i] = t->text.len;
    }
    t->recipe = status == STATUS_OK ? r : NULL;
    return status;
}

void group_text_prefetch(const struct group_plan *plan, const struct group_recipe *r,
                         uint32_t number, bool bytes) {
    if (r->atom_count == 0) {
        return;
    }
    uint32_t last = r->atom_count - 1;
    const struct segment_column *c = &plan->segment->columns[r->atoms[last].column];
    uint32_t code = number % group_codes_radix(plan, r, last);
    if (c->dictionary != NULL && code < c->dictionary_count) {
        __builtin_prefetch(bytes ? (const void *)c->dictionary[code].ptr : &c->dictionary[code]);
    }
}
