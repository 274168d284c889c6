#include "stripe_tokens.h"

#include "check.h"
#include "expr.h"
#include "formula.h"
#include "mem.h"
#include "template_wire.h"
#include "transform.h"

void token_steps_fini(struct token_steps *s) {
    mem_free(s->items);
    intern_fini(&s->patterns);
    intern_fini(&s->value_patterns);
    *s = (struct token_steps){.items = NULL};
}

void token_steps_clear(struct token_steps *s) {
    s->count = 0;
    intern_clear(&s->patterns);
    intern_clear(&s->value_patterns);
}

/* --- planning --- */

/* The template while it is looked at. */
struct plan {
    struct token_steps *steps;
    struct token_set *tokens;
    uint64_t flags;
    uint64_t order_count; /* numbers before the pieces, which are no text */
    struct str *literals; /* by piece; ptr NULL: a column or formula */
    size_t piece_count;
    size_t piece_capacity;
    uint32_t value_count;
};

static void put_step(struct plan *p, enum token_step_kind kind, uint64_t first, uint64_t count) {
    struct token_steps *s = p->steps;
    MEM_GROW(s->items, s->capacity, s->count + 1);
    s->items[s->count++] =
        (struct token_step){kind, p->value_count, (uint32_t)first, (uint32_t)count};
}

/* Digits. Names of months and days are the only words with letters that zoned formulas print. */
static void plan_zoned(struct plan *p, const struct template_item *item) {
    const struct formula *f = &item->formula;
    if (f->kind == FORMULA_TIME || f->kind == FORMULA_START) {
        struct intern *patterns = item->is_value ? &p->steps->value_patterns : &p->steps->patterns;
        number_index_pattern(patterns, f->pattern, f->zone_seconds, f->kind == FORMULA_START);
        token_set_add_once(p->tokens, STR("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"));
        token_set_add_once(p->tokens, STR("Mon Tue Wed Thu Fri Sat Sun"));
    } else if (item->is_value) {
        put_step(p, STEP_VALUE_DIGITS, 0, 0);
    } else {
        put_step(p, STEP_DIGITS, p->piece_count, 1);
    }
}

static void plan_formula(struct plan *p, const struct template_item *item) {
    if (!formula_makes_words(&item->formula)) {
        return;
    }
    if (template_formula_is_zoned(&item->formula)) {
        plan_zoned(p, item);
    } else if (item->is_value) {
        put_step(p, STEP_VALUE, 0, 0);
    } else {
        put_step(p, STEP_PRINTED, p->piece_count, 1);
    }
}

/* The words of the JSON string's literals; false if its pieces cannot be looked at one by one. */
static bool plan_literals(struct plan *p, uint64_t first, uint64_t count) {
    struct buf decoded = BUF_INIT;
    bool good = true;
    for (uint64_t i = first; i < first + count && good; i++) {
        struct str literal = p->literals[i];
        if (literal.ptr == NULL) {
            continue;
        }
        buf_clear(&decoded);
        good = (i == first || p->literals[i - 1].ptr == NULL) &&
               transform_decode(&decoded, literal, TRANSFORM_JSON);
        if (good) {
            token_set_add_once(p->tokens, buf_str(&decoded));
        }
    }
    buf_fini(&decoded);
    return good;
}

static void plan_escaped(struct plan *p, uint64_t first, uint64_t count) {
    if (!plan_literals(p, first, count)) {
        put_step(p, STEP_VALUE, first, count);
        return;
    }
    for (uint64_t i = first; i < first + count; i++) {
        if (p->literals[i].ptr == NULL) {
            put_step(p, STEP_ESCAPED, i, 1);
        }
    }
}

/* Sorting the members of an object makes no other words. */
static bool is_encoded(const struct plan *p) {
    return (p->flags & (TEMPLATE_ENCODED | TEMPLATE_ORDERED)) == TEMPLATE_ENCODED;
}

/* A value that is a run of pieces. */
static void plan_run(struct plan *p, const struct template_item *item) {
    uint64_t first = item->first - p->order_count;
    CHECK(first + item->count <= p->piece_count);
    bool plain = item->transform == TRANSFORM_SAME;
    if (is_encoded(p) ? !plain || item->count != 1 : item->transform == TRANSFORM_XML) {
        put_step(p, STEP_VALUE, first, item->count);
    } else if (!plain && !is_encoded(p)) {
        plan_escaped(p, first, item->count);
    } else if (item->count > 1 && (p->flags & TEMPLATE_CROSSING) != 0) {
        put_step(p, STEP_SPLIT, first, item->count);
    }
}

static void plan_item(struct plan *p, const struct template_item *item) {
    if (item->kind == TEMPLATE_ITEM_FORMULA) {
        plan_formula(p, item);
    } else if (item->kind == TEMPLATE_ITEM_RUN) {
        plan_run(p, item);
    }
    if (item->is_value) {
        p->value_count++;
        return;
    }
    MEM_GROW(p->literals, p->piece_capacity, p->piece_count + 1);
    bool literal = item->kind == TEMPLATE_ITEM_LITERAL;
    p->literals[p->piece_count++] = literal ? item->literal : str_make(NULL, 0);
}

void token_steps_plan(struct token_steps *s, struct token_set *tokens, struct str template_bytes) {
    struct template_reader r;
    struct template_item item;
    template_reader_begin(&r, template_bytes);
    struct plan p = {.steps = s,
                     .tokens = tokens,
                     .flags = r.flags,
                     .order_count = r.flags >> TEMPLATE_ORDER_SHIFT};
    if (is_encoded(&p)) {
        put_step(&p, STEP_ROW, 0, 0);
    } else if ((p.flags & TEMPLATE_CROSSING) != 0) {
        put_step(&p, STEP_CROSSINGS, 0, 0);
    }
    for (uint64_t i = 0; template_reader_next(&item, &r); i++) {
        if (i >= p.order_count) {
            plan_item(&p, &item);
        }
    }
    CHECK(!r.wire.failed);
    mem_free(p.literals);
}

/* --- rows --- */

static bool is_word(char c) {
    return ascii_is_alnum(c) || c == '_' || (uint8_t)c >= 0x80;
}

static bool is_ascii(struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        if ((uint8_t)s.ptr[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

/* Adds the words in text[start, end) and those that reach into it. What is beside a word decides
 * where it ends only in ASCII: else false. */
static bool add_words_around(struct token_set *tokens, struct str text, size_t start, size_t end) {
    while (start > 0 && is_word(text.ptr[start - 1])) {
        start--;
    }
    while (end < text.len && is_word(text.ptr[end])) {
        end++;
    }
    struct str words = str_make(text.ptr + start, end - start);
    if (!is_ascii(words)) {
        return false;
    }
    token_set_add_once(tokens, words);
    return true;
}

/* Adds the words of the text, a stretch of the raw bytes from `base` on, that stand on both sides
 * of the starts of pieces. False: not all of them could be told. */
static bool add_crossings(struct token_set *tokens, struct str text, uint32_t base,
                          const uint32_t *starts, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        size_t at = starts[i] - base;
        if (at > 0 && at < text.len && is_word(text.ptr[at - 1]) && is_word(text.ptr[at]) &&
            !add_words_around(tokens, text, at, at)) {
            return false;
        }
    }
    return true;
}

static void add_row(struct token_set *tokens, const struct batch *b, const struct row *row) {
    if (row->charset != CHARSET_BINARY) {
        struct buf scratch = BUF_INIT;
        token_set_add_once(tokens, expr_search_text(b, row, &scratch));
        buf_fini(&scratch);
    }
}

static void add_printed(struct token_set *tokens, const struct batch *b, const struct row *row,
                        uint32_t start, uint32_t end) {
    struct str raw = batch_raw(b, row);
    struct str text = str_make(raw.ptr + start, end - start);
    token_set_add_once(tokens, text); /* as a value it is alone */
    if (!add_words_around(tokens, raw, start, end)) {
        add_row(tokens, b, row);
    }
}

/* True if the character that ends before `at` is an escape of one letter ("\n"). */
static bool ends_escape(struct str raw, size_t at) {
    size_t slashes = 0;
    while (slashes + 2 <= at && raw.ptr[at - 2 - slashes] == '\\') {
        slashes++;
    }
    return slashes % 2 == 1;
}

/* True unless no word of the decoded string stands on both sides of `at`. */
static bool may_cross(struct str raw, size_t at) {
    char right = raw.ptr[at];
    if (right == '\\') {
        return at + 1 >= raw.len || raw.ptr[at + 1] == 'u';
    }
    return (uint8_t)right >= 0x80 ||
           (is_word(right) && is_word(raw.ptr[at - 1]) && !ends_escape(raw, at));
}

/* A piece of a JSON string. Without escapes its words are those of its column. */
static void add_escaped(struct token_set *tokens, const struct batch *b, const struct row *row,
                        const struct token_step *step, const uint32_t *starts) {
    const struct value *v = &b->values[row->first_value + step->value];
    struct str raw = batch_raw(b, row);
    uint32_t start = starts[step->first];
    uint32_t end = starts[step->first + 1];
    uint32_t value_start = v->raw_off - row->raw_off;
    bool crosses = (start > value_start && may_cross(raw, start)) ||
                   (end < value_start + v->raw_len && may_cross(raw, end));
    struct str text = str_make(raw.ptr + start, end - start);
    if (!crosses && (text.len == 0 || memchr(text.ptr, '\\', text.len) == NULL)) {
        return;
    }
    struct str decoded = batch_value_text(b, v);
    struct buf scratch = BUF_INIT;
    if (!crosses && text.len != v->raw_len && transform_decode(&scratch, text, TRANSFORM_JSON)) {
        decoded = buf_str(&scratch);
    }
    token_set_add_once(tokens, decoded);
    buf_fini(&scratch);
}

static void add_split(struct token_set *tokens, const struct batch *b, const struct row *row,
                      const struct token_step *step, const uint32_t *starts) {
    uint32_t base = starts[step->first];
    struct str text = batch_value_text(b, &b->values[row->first_value + step->value]);
    if (!add_crossings(tokens, text, base, starts + step->first + 1, step->count - 1)) {
        token_set_add_once(tokens, text);
    }
}

static void add_digits(struct token_set *tokens, const struct batch *b, const struct row *row,
                       const struct token_step *step, const uint32_t *starts) {
    uint32_t start = starts[step->first];
    struct str raw = batch_raw(b, row);
    number_words_add_text(tokens->numbers,
                          str_make(raw.ptr + start, starts[step->first + 1] - start));
}

static void take_step(struct token_set *tokens, const struct token_step *step,
                      const struct cut *cut) {
    const struct batch *b = cut->batch;
    const struct row *row = cut->row;
    const uint32_t *starts = cut->starts;
    switch (step->kind) {
    case STEP_ROW:
        add_row(tokens, b, row);
        break;
    case STEP_CROSSINGS:
        if (!add_crossings(tokens, batch_raw(b, row), 0, starts, cut->piece_count)) {
            add_row(tokens, b, row);
        }
        break;
    case STEP_PRINTED:
        add_printed(tokens, b, row, starts[step->first], starts[step->first + 1]);
        break;
    case STEP_VALUE:
        token_set_add_once(tokens, batch_value_text(b, &b->values[row->first_value + step->value]));
        break;
    case STEP_SPLIT:
        add_split(tokens, b, row, step, starts);
        break;
    case STEP_ESCAPED:
        add_escaped(tokens, b, row, step, starts);
        break;
    case STEP_DIGITS:
        add_digits(tokens, b, row, step, starts);
        break;
    case STEP_VALUE_DIGITS:
        if (expr_searches_values(row)) {
            token_set_add_once(tokens,
                               batch_value_text(b, &b->values[row->first_value + step->value]));
        }
        break;
    }
}

void token_steps_take(struct token_set *tokens, const struct token_step *steps, size_t count,
                      const struct cut *cut) {
    for (size_t i = 0; i < count; i++) {
        take_step(tokens, &steps[i], cut);
    }
}
