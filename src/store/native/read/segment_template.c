/* The templates of a segment: a chunk of them is unpacked, and each parsed, when a row that has it
 * is looked at. */
#include "i18n.h"
#include "json_order.h"
#include "mem.h"
#include "segment.h"
#include "template_wire.h"
#include "wire.h"

enum {
    MAX_PIECES = 1 << 20,
    MAX_FORMULA_DEPTH = 4, /* formulas whose operands are formulas */
    FLAG_BITS = (1 << TEMPLATE_ORDER_SHIFT) - 1,
    MAX_FLAGS = JSON_ORDER_NUMBERS << TEMPLATE_ORDER_SHIFT | FLAG_BITS
};

/* NULL (and w->failed) if it is malformed. */
static const struct formula *take_formula(struct segment *s, struct wire *w) {
    struct formula *f = arena_alloc(&s->arena, sizeof *f);
    w->failed = !formula_decode(f, w) || w->failed;
    return w->failed ? NULL : f;
}

/* True if the order numbers are columns, and there are some if the text is sorted. */
static bool order_is_good(const struct template *t) {
    bool good = (t->order_count > 0) == ((t->flags & TEMPLATE_ORDERED) != 0) &&
                t->order_count <= t->piece_count;
    for (uint32_t i = 0; i < t->order_count && good; i++) {
        good = t->pieces[i].column != UINT32_MAX;
    }
    return good;
}

static bool take_piece(struct template_piece *out, struct segment *s, struct wire *w, uint64_t op) {
    *out = (struct template_piece){.column = UINT32_MAX, .literal = STR_EMPTY};
    if (op == TEMPLATE_LITERAL) {
        out->literal = wire_str(w);
    } else if (op == TEMPLATE_FORMULA) {
        out->formula = take_formula(s, w);
    } else if (op >= TEMPLATE_COLUMN && op - TEMPLATE_COLUMN < s->column_count) {
        out->column = (uint32_t)(op - TEMPLATE_COLUMN);
    } else {
        return false;
    }
    return !w->failed;
}

static bool take_pieces(struct template *t, struct segment *s, struct wire *w) {
    uint64_t flags = wire_count(w, MAX_FLAGS);
    t->flags = (uint32_t)flags & FLAG_BITS;
    t->order_count = (uint32_t)(flags >> TEMPLATE_ORDER_SHIFT);
    uint32_t count = 0;
    uint64_t op;
    while ((op = wire_u64(w)) != TEMPLATE_END && count < MAX_PIECES) {
        MEM_GROW(s->pieces, s->piece_capacity, (size_t)count + 1);
        if (!take_piece(&s->pieces[count], s, w, op)) {
            return false;
        }
        count++;
    }
    if (w->failed || op != TEMPLATE_END) {
        return false;
    }
    t->piece_count = count;
    t->pieces = arena_array(&s->arena, (size_t)count + 1, sizeof *t->pieces);
    if (count > 0) {
        memcpy(t->pieces, s->pieces, count * sizeof *t->pieces);
    }
    return order_is_good(t);
}

/* Most values are a run of few pieces in four numbers of a byte each. False (nothing is taken): it
 * is another one, or malformed. */
static bool take_short_value(struct template_value *out, const struct template *t,
                             const struct segment *s, struct wire *w) {
    uint32_t four = wire_left(w) >= 4 ? bytes_le32(w->at) : UINT32_MAX;
    uint32_t field = four & 0xff;
    uint32_t how = four >> 8 & 0xff;
    uint32_t first = four >> 16 & 0xff;
    uint32_t count = four >> 24;
    if ((four & 0x80808080U) != 0 || how == TRANSFORM_NONE || how >= VALUE_FORMULA ||
        field >= s->field_count || first > t->piece_count || count > t->piece_count - first) {
        return false;
    }
    *out = (struct template_value){.field = s->fields[field],
                                   .transform = (enum transform)how,
                                   .first = first,
                                   .count = count};
    w->at += 4;
    return true;
}

static bool take_values(struct template *t, struct segment *s, struct wire *w) {
    t->value_count = (uint32_t)wire_count(w, wire_left(w));
    t->values = arena_array(&s->arena, (size_t)t->value_count + 1, sizeof *t->values);
    for (uint32_t i = 0; i < t->value_count && !w->failed; i++) {
        struct template_value *v = &t->values[i];
        if (take_short_value(v, t, s, w)) {
            continue;
        }
        uint64_t field = wire_u64(w);
        uint64_t how = wire_count(w, VALUE_FORMULA);
        v->transform = how == VALUE_FORMULA ? TRANSFORM_NONE : (enum transform)how;
        if (field >= s->field_count) {
            return false;
        }
        v->field = s->fields[field];
        if (how == VALUE_FORMULA) {
            v->formula = take_formula(s, w);
            v->first = UINT32_MAX;
            continue;
        }
        uint64_t limit = v->transform == TRANSFORM_NONE ? s->column_count : t->piece_count;
        v->first = (uint32_t)wire_count(w, limit);
        if (v->transform != TRANSFORM_NONE) {
            v->count = (uint32_t)wire_count(w, limit - v->first);
        }
        if (v->transform == TRANSFORM_NONE && v->first == limit) {
            return false;
        }
    }
    return !w->failed;
}

/* Depth of the formulas that the text of piece `i` needs, by what is known of the pieces before. */
static unsigned piece_depth(const struct template *t, const uint8_t *depths, uint32_t i) {
    return t->pieces[i].formula != NULL ? depths[i] : 0;
}

static unsigned value_depth(const struct template *t, const uint8_t *depths, uint32_t j) {
    const struct template_value *v = &t->values[j];
    unsigned depth = v->formula != NULL ? depths[t->piece_count + j] : 0;
    for (uint32_t k = 0; k < v->count; k++) {
        unsigned other = piece_depth(t, depths, v->first + k);
        depth = other > depth ? other : depth;
    }
    return depth;
}

/* Depth of a formula, or one too great if an operand does not exist or stands later. */
static unsigned formula_depth(const struct template *t, const struct formula *f,
                              const uint8_t *depths) {
    unsigned depth = 0;
    for (uint32_t i = 0; i < f->operand_count; i++) {
        uint32_t o = f->operands[i];
        if (o >= t->piece_count + t->value_count) {
            return MAX_FORMULA_DEPTH + 1;
        }
        unsigned other = o < t->piece_count ? piece_depth(t, depths, o)
                                            : value_depth(t, depths, o - t->piece_count);
        depth = other > depth ? other : depth;
    }
    return depth + 1;
}

/* True if every formula's operands are no formulas or stand before it, and the chains are short:
 * then printing ends. */
static bool template_formulas_end(const struct template *t) {
    size_t count = (size_t)t->piece_count + t->value_count;
    uint8_t *depths = mem_alloc(count + 1);
    memset(depths, MAX_FORMULA_DEPTH + 1, count + 1); /* not known yet: too deep */
    bool good = true;
    for (uint32_t i = 0; i < count && good; i++) {
        const struct formula *f =
            i < t->piece_count ? t->pieces[i].formula : t->values[i - t->piece_count].formula;
        if (f != NULL) {
            unsigned depth = formula_depth(t, f, depths);
            good = depth <= MAX_FORMULA_DEPTH;
            depths[i] = (uint8_t)(good ? depth : MAX_FORMULA_DEPTH + 1);
        }
    }
    mem_free(depths);
    return good;
}

static bool prints_zoned(const struct template *t) {
    for (uint32_t i = 0; i < t->piece_count; i++) {
        const struct formula *f = t->pieces[i].formula;
        if (f != NULL && formula_makes_words(f) && !template_formula_is_zoned(f)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < t->value_count; i++) {
        const struct formula *f = t->values[i].formula;
        if (f != NULL && formula_makes_words(f) && !template_formula_is_zoned(f)) {
            return false;
        }
    }
    return true;
}

/* --- where they are --- */

/* Notes where each template of the chunk stands, without looking at what it says. */
static bool find_templates(struct segment *s, const struct template_chunk *chunk) {
    struct wire w = wire_make(chunk->bytes, chunk->ref.plain_len);
    for (uint32_t i = 0; i < chunk->count && !w.failed; i++) {
        s->template_texts[chunk->first + i] = wire_str(&w);
    }
    return !w.failed && wire_left(&w) == 0;
}

/* Makes the texts of the chunk's templates available. */
static enum status load_chunk(struct segment *s, struct template_chunk *chunk, struct err *err) {
    mem_free(chunk->bytes); /* of an attempt that failed */
    chunk->bytes = NULL;
    enum status status = segment_chunk(&chunk->bytes, s, &chunk->ref, err);
    if (status == STATUS_OK && !find_templates(s, chunk)) {
        memset(&s->template_texts[chunk->first], 0, chunk->count * sizeof *s->template_texts);
        status = segment_damaged(s, err, _("a template is malformed"));
    }
    return status;
}

static enum status find_text(struct segment *s, uint32_t number, struct err *err) {
    size_t chunk = 0;
    if (s->template_texts[number].ptr != NULL) {
        return STATUS_OK;
    }
    while (number - s->template_chunks[chunk].first >= s->template_chunks[chunk].count) {
        chunk++; /* together they have all of them */
    }
    return load_chunk(s, &s->template_chunks[chunk], err);
}

void segment_templates_find(struct segment *s) {
    if (s->templates == NULL) {
        size_t count = (size_t)s->template_count + 1;
        s->template_texts = arena_array(&s->arena, count, sizeof *s->template_texts);
        s->templates = arena_array(&s->arena, count, sizeof *s->templates);
    }
}

/* --- one of them --- */

static bool parse_template(struct template *t, struct segment *s, struct str text) {
    struct wire w = wire_make(text.ptr, text.len);
    t->is_parsed = take_pieces(t, s, &w) && take_values(t, s, &w) && wire_left(&w) == 0 &&
                   template_formulas_end(t);
    t->prints_zoned = t->is_parsed && prints_zoned(t);
    return t->is_parsed;
}

enum status segment_template(const struct template **out, struct segment *s, uint64_t number,
                             struct err *err) {
    segment_templates_find(s);
    if (number >= s->template_count) {
        return segment_damaged(s, err, _("a row has no template"));
    }
    struct template *t = &s->templates[number];
    if (!t->is_parsed) {
        enum status status = find_text(s, (uint32_t)number, err);
        if (status != STATUS_OK) {
            return status;
        }
        if (!parse_template(t, s, s->template_texts[number])) {
            return segment_damaged(s, err, _("a template is malformed"));
        }
    }
    *out = t;
    return STATUS_OK;
}

enum status segment_templates(struct segment *s, struct err *err) {
    enum status status = STATUS_OK;
    segment_templates_find(s);
    for (uint32_t i = 0; i < s->template_count && status == STATUS_OK && !s->all_parsed; i++) {
        const struct template *ignored;
        status = segment_template(&ignored, s, i, err);
    }
    s->all_parsed = status == STATUS_OK;
    return status;
}
