#include "block_context.h"

#include "i18n.h"
#include "mem.h"

enum { NOT_COUNTED = UINT16_MAX, MAX_USES = UINT16_MAX - 1 };

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
    int64_t *last;     /* by code of the context, and for none: code met last; -1 */
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

static enum status uses_of(const struct uses **out, struct resolver *r, uint64_t number,
                           struct err *err) {
    const struct template *t = NULL;
    struct uses *u = number < r->b->segment->template_count ? &r->uses[number] : NULL;
    enum status status = STATUS_OK;
    if (u == NULL || u->column == NOT_COUNTED) {
        status = segment_template(&t, r->b->segment, number, err);
    }
    if (status == STATUS_OK && t != NULL) {
        count_uses(u, r, t);
    }
    *out = u;
    return status;
}

/* Goes through the rows with the writer's guesses; DAMAGED if the numbers do not fit. */
static enum status resolve_rows(int64_t *numbers, struct resolver *r, struct err *err) {
    const struct segment *s = r->b->segment;
    const struct block_column *column = &r->b->columns[r->column];
    const struct block_column *context = &r->b->columns[r->context];
    uint32_t none = s->columns[r->context].dictionary_count;
    uint64_t at = 0;
    uint64_t beside = 0;
    for (uint32_t row = 0; row < r->b->info->rows; row++) {
        const struct uses *u;
        enum status status = uses_of(&u, r, (uint64_t)r->b->numbers[NUMBER_TEMPLATE][row], err);
        if (status != STATUS_OK) {
            return status;
        }
        if (at + u->column > column->count || beside + u->context > context->count) {
            return segment_damaged(s, err, _("a column is malformed"));
        }
        int64_t *last = &r->last[u->context > 0 ? context->codes[beside] : none];
        for (uint64_t end = at + u->column; at < end; at++) {
            numbers[at] = numbers[at] == 0 ? *last : (int64_t)((uint64_t)numbers[at] - 1);
            *last = numbers[at];
        }
        beside += u->context;
    }
    return at == column->count ? STATUS_OK : segment_damaged(s, err, _("a column is malformed"));
}

enum status block_context_resolve(int64_t *numbers, struct block *b, uint32_t column,
                                  struct err *err) {
    const struct segment *s = b->segment;
    struct resolver r = {.b = b, .column = column, .context = s->columns[column].context - 1};
    enum status status = block_column_codes(b, r.context, err);
    if (status == STATUS_OK) {
        status = block_numbers(b, NUMBER_TEMPLATE, err);
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
    status = resolve_rows(numbers, &r, err);
    mem_free(r.uses);
    mem_free(r.last);
    return status;
}
