#include "block_context.h"

#include "i18n.h"
#include "mem.h"

enum {
    NOT_COUNTED = UINT16_MAX,
    MAX_USES = UINT16_MAX - 1,
    SELDOM = 32 /* one wrong guess among so many can be waited for */
};

#define NO_CODE UINT32_MAX

struct resolver {
    struct block *b;
    uint32_t column;
    uint32_t context;
    struct column_uses *uses; /* NOT_COUNTED: not known yet */
    uint32_t *last;           /* by code of the context, and for none: code met last; NO_CODE */
    uint32_t none;            /* the place of none in it */
    uint32_t limit;           /* codes are below */
};

static void count_piece(struct column_uses *u, const struct resolver *r, uint32_t column) {
    u->column = (uint16_t)(u->column + (column == r->column && u->column < MAX_USES));
    u->context = (uint16_t)(u->context + (column == r->context && u->context < MAX_USES));
}

static void count_uses(struct column_uses *u, const struct resolver *r, const struct template *t) {
    *u = (struct column_uses){0, 0};
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

/* What the templates of the block's rows have in common. */
struct likeness {
    struct column_uses any; /* bits that are set in some */
    struct column_uses all; /* ... in all */
};

static struct likeness compare_uses(const struct resolver *r) {
    uint32_t any = 0; /* both numbers at once */
    uint32_t all = UINT32_MAX;
    for (uint32_t i = 0; i < r->b->present_count; i++) {
        uint32_t both;
        memcpy(&both, &r->uses[r->b->present[i]], sizeof both);
        any |= both;
        all &= both;
    }
    struct likeness l;
    memcpy(&l.any, &any, sizeof l.any);
    memcpy(&l.all, &all, sizeof l.all);
    return l;
}

/* Learns the uses of all templates that the block's rows have. */
static enum status learn_all_uses(struct likeness *out, struct resolver *r, struct err *err) {
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < r->b->present_count && status == STATUS_OK; i++) {
        if (r->uses[r->b->present[i]].column == NOT_COUNTED) {
            status = learn_uses(r, r->b->present[i], err);
        }
    }
    *out = compare_uses(r);
    return status;
}

/* Notes the context of each of the column's values; false if the counts do not fit. Most columns
 * have a value in nearly every row: so this is without a branch. `contexts` has room for a value
 * in each row, and one more. */
static bool list_contexts(uint32_t *restrict contexts, const struct resolver *r) {
    const struct block_column *context = &r->b->columns[r->context];
    const uint32_t *restrict codes = context->codes;
    const uint32_t *restrict templates = r->b->templates;
    const struct column_uses *restrict uses = r->uses;
    uint32_t none = r->none;
    uint32_t last = context->count - 1;
    uint32_t at = 0;
    uint32_t beside = 0;
    for (uint32_t row = 0, rows = r->b->info->rows; row < rows; row++) {
        struct column_uses u = uses[templates[row]];
        uint32_t code = codes[beside < last ? beside : last]; /* too few: found out at the end */
        uint32_t has = 0 - (uint32_t)(u.context > 0);
        contexts[at] = (code & has) | (none & ~has);
        at += u.column;
        beside += u.context;
    }
    return at == r->b->columns[r->column].count && beside <= context->count;
}

/* Likewise where each row has one value of the context. */
static bool pick_contexts(uint32_t *restrict contexts, const struct resolver *r) {
    const uint32_t *restrict codes = r->b->columns[r->context].codes;
    const uint32_t *restrict templates = r->b->templates;
    const struct column_uses *restrict uses = r->uses;
    uint32_t at = 0;
    for (uint32_t row = 0, rows = r->b->info->rows; row < rows; row++) {
        contexts[at] = codes[row];
        at += uses[templates[row]].column;
    }
    return at == r->b->columns[r->column].count;
}

static bool are_seldom_wrong(const uint32_t *codes, uint32_t count) {
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < count; i++) {
        wrong += codes[i] != 0;
    }
    return wrong <= count / SELDOM;
}

/* As resolve_values below, with a branch that is mostly foreseen: then nothing waits for what was
 * noted a few values before. */
static bool resolve_good_guesses(uint32_t *restrict codes, const struct resolver *r,
                                 const uint32_t *restrict contexts) {
    uint32_t *restrict last = r->last;
    uint32_t widest = 0;
    for (uint32_t i = 0, count = r->b->columns[r->column].count; i < count; i++) {
        uint32_t code = last[contexts[i]];
        if (codes[i] != 0) {
            code = codes[i] - 1;
            last[contexts[i]] = code;
        }
        codes[i] = code;
        widest = code > widest ? code : widest;
    }
    return widest < r->limit;
}

/* One value each, whose contexts are known; false if a code is too large. */
static bool resolve_values(uint32_t *restrict codes, const struct resolver *r,
                           const uint32_t *restrict contexts) {
    uint32_t *restrict last = r->last;
    uint32_t widest = 0;
    if (are_seldom_wrong(codes, r->b->columns[r->column].count)) {
        return resolve_good_guesses(codes, r, contexts);
    }
    for (uint32_t i = 0, count = r->b->columns[r->column].count; i < count; i++) {
        uint32_t code = resolve_one(&codes[i], &last[contexts[i]]);
        widest = code > widest ? code : widest;
    }
    return widest < r->limit;
}

/* Rows with at most one value each. */
static bool resolve_singles(uint32_t *codes, const struct resolver *r, const struct likeness *l) {
    const struct block_column *context = &r->b->columns[r->context];
    uint32_t rows = r->b->info->rows;
    bool beside_all = l->all.context == 1 && l->any.context == 1 && rows == context->count;
    if (beside_all && l->all.column == 1) {
        return rows == r->b->columns[r->column].count && resolve_values(codes, r, context->codes);
    }
    uint32_t *contexts = mem_alloc(((size_t)rows + 1) * sizeof *contexts);
    bool good = beside_all ? pick_contexts(contexts, r) : list_contexts(contexts, r);
    good = good && resolve_values(codes, r, contexts);
    mem_free(contexts);
    return good;
}

/* Goes through the rows with the writer's guesses; false if the numbers do not fit. */
static bool resolve_rows(uint32_t *codes, struct resolver *r) {
    const struct block_column *context = &r->b->columns[r->context];
    const uint32_t count = r->b->columns[r->column].count;
    uint32_t widest = 0;
    uint32_t at = 0;
    uint32_t beside = 0;
    for (uint32_t row = 0, rows = r->b->info->rows; row < rows; row++) {
        const struct column_uses *u = &r->uses[r->b->templates[row]];
        if (u->column > count - at || u->context > context->count - beside) {
            return false;
        }
        uint32_t *last = &r->last[u->context > 0 ? context->codes[beside] : r->none];
        for (uint32_t end = at + u->column; at < end; at++) {
            uint32_t code = resolve_one(&codes[at], last);
            widest = code > widest ? code : widest;
        }
        beside += u->context;
    }
    return at == count && widest < r->limit;
}

/* DAMAGED if the numbers do not fit the rows. */
static enum status resolve(uint32_t *codes, struct resolver *r, struct err *err) {
    struct likeness like;
    enum status status = learn_all_uses(&like, r, err);
    if (status != STATUS_OK) {
        return status;
    }
    bool simple = like.any.column <= 1 && r->b->columns[r->context].count > 0;
    bool good = simple ? resolve_singles(codes, r, &like) : resolve_rows(codes, r);
    return good ? STATUS_OK : segment_damaged(r->b->segment, err, _("a column is malformed"));
}

/* They stay with the segment: its blocks have mostly the same templates. Who aggregates has parsed
 * all of these, others learn as they go. */
static void find_uses(struct resolver *r) {
    struct segment *s = r->b->segment;
    struct segment_column *column = &s->columns[r->column];
    if (column->uses == NULL) {
        size_t bytes = ((size_t)s->template_count + 1) * sizeof *column->uses;
        column->uses = mem_alloc(bytes);
        memset(column->uses, 0xff, bytes);
        for (uint32_t i = 0; i < s->template_count && s->all_parsed; i++) {
            count_uses(&column->uses[i], r, &s->templates[i]);
        }
    }
    r->uses = column->uses;
}

enum status block_context_resolve(uint32_t *codes, struct block *b, uint32_t column,
                                  struct err *err) {
    const struct segment *s = b->segment;
    struct resolver r = {.b = b, .column = column, .context = s->columns[column].context - 1};
    find_uses(&r);
    enum status status = block_column_codes(b, r.context, err);
    if (status == STATUS_OK) {
        status = block_present(b, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    r.none = s->columns[r.context].dictionary_count;
    r.limit = s->columns[column].dictionary_count;
    size_t last_bytes = ((size_t)r.none + 1) * sizeof *r.last;
    r.last = mem_alloc(last_bytes);
    memset(r.last, 0xff, last_bytes);
    status = resolve(codes, &r, err);
    mem_free(r.last);
    return status;
}
