#include "block_context.h"

#include "i18n.h"
#include "mem.h"

enum { NOT_COUNTED = UINT16_MAX, MAX_USES = UINT16_MAX - 1 };

#define NO_CODE UINT32_MAX

/* Values of the column and of its context in a row of a template. */
struct uses {
    uint16_t column; /* NOT_COUNTED: not known yet */
    uint16_t context;
};

struct resolver {
    struct block *b;
    uint32_t column;
    uint32_t context;
    struct uses *uses; /* by template */
    uint32_t *last;    /* by code of the context, and for none: code met last; NO_CODE */
};

static void count_piece(struct uses *u, const struct resolver *r, uint32_t column) {
    u->column = (uint16_t)(u->column + (column == r->column && u->column < MAX_USES));
    u->context = (uint16_t)(u->context + (column == r->context && u->context < MAX_USES));
}

static void count_uses(struct uses *u, const struct resolver *r, const struct template *t) {
    *u = (struct uses){0, 0};
    for (uint32_t i = 0; i < t->piece_count; i++) {
        count_piece(u, r, t->pieces[i].column);
    }
    for (uint32_t i = 0; i < t->value_count; i++) {
        if (t->values[i].transform == TRANSFORM_NONE && t->values[i].formula == NULL) {
            count_piece(u, r, t->values[i].first);
        }
    }
}

static enum status learn_uses(struct resolver *r, uint32_t template, struct err *err) {
    const struct template *t = NULL;
    enum status status = segment_template(&t, r->b->segment, template, err);
    if (status == STATUS_OK) {
        count_uses(&r->uses[template], r, t);
    }
    return status;
}

/* A number is what guessing got wrong: code + 1; 0 = it was right. Without a branch: which it is
 * cannot be foreseen, or nothing would have to be stored. */
static inline uint32_t resolve_one(uint32_t *code, uint32_t *last) {
    uint32_t is_guess = 0 - (uint32_t)(*code == 0);
    uint32_t resolved = (*last & is_guess) | ((*code - 1) & ~is_guess);
    *last = resolved;
    *code = resolved;
    return resolved;
}

/* Goes through the rows with the writer's guesses; DAMAGED if the numbers do not fit. */
static enum status resolve_rows(uint32_t *codes, struct resolver *r, struct err *err) {
    const struct segment *s = r->b->segment;
    const struct block_column *context = &r->b->columns[r->context];
    const uint32_t *templates = r->b->templates;
    const uint32_t count = r->b->columns[r->column].count;
    uint32_t none = s->columns[r->context].dictionary_count;
    uint32_t widest = 0;
    uint32_t at = 0;
    uint32_t beside = 0;
    for (uint32_t row = 0, rows = r->b->info->rows; row < rows; row++) {
        const struct uses *u = &r->uses[templates[row]];
        enum status status =
            u->column != NOT_COUNTED ? STATUS_OK : learn_uses(r, templates[row], err);
        if (status != STATUS_OK) {
            return status;
        }
        if (u->column > count - at || u->context > context->count - beside) {
            return segment_damaged(s, err, _("a column is malformed"));
        }
        uint32_t *last = &r->last[u->context > 0 ? context->codes[beside] : none];
        for (uint32_t end = at + u->column; at < end; at++) {
            uint32_t code = resolve_one(&codes[at], last);
            widest = code > widest ? code : widest;
        }
        beside += u->context;
    }
    bool good = at == count && (count == 0 || widest < s->columns[r->column].dictionary_count);
    return good ? STATUS_OK : segment_damaged(s, err, _("a column is malformed"));
}

enum status block_context_resolve(uint32_t *codes, struct block *b, uint32_t column,
                                  struct err *err) {
    const struct segment *s = b->segment;
    struct resolver r = {.b = b, .column = column, .context = s->columns[column].context - 1};
    enum status status = block_column_codes(b, r.context, err);
    if (status == STATUS_OK) {
        status = block_templates(b, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    size_t use_bytes = ((size_t)s->template_count + 1) * sizeof *r.uses;
    size_t last_bytes = ((size_t)s->columns[r.context].dictionary_count + 1) * sizeof *r.last;
    r.uses = mem_alloc(use_bytes);
    r.last = mem_alloc(last_bytes);
    memset(r.uses, 0xff, use_bytes);
    memset(r.last, 0xff, last_bytes);
    status = resolve_rows(codes, &r, err);
    mem_free(r.uses);
    mem_free(r.last);
    return status;
}
