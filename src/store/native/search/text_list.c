#include "i18n.h"
#include "mem.h"
#include "text_list_priv.h"

enum { MAX_KEYS = 1 << 17 /* then they are forgotten */ };

enum status text_list_create(struct text_list **out, struct segment *segment,
                             const struct expr_list *list, struct err *err) {
    struct text_list *l = mem_calloc(1, sizeof *l);
    l->segment = segment;
    l->list = list;
    enum status status = text_list_plan(l, err);
    if (status != STATUS_OK) {
        text_list_destroy(&l);
        return status;
    }
    *out = l;
    return STATUS_OK;
}

void text_list_destroy(struct text_list **out) {
    struct text_list *l = *out;
    *out = NULL;
    if (l == NULL) {
        return;
    }
    mem_free(l->joints);
    mem_free(l->answers);
    intern_fini(&l->keys);
    buf_fini(&l->text);
    arena_fini(&l->arena);
    mem_free(l);
}

bool text_list_may_match(const struct text_list *l) {
    bool possible = l->any_whole || l->joint_count > 0;
    for (size_t c = 0; c < l->segment->column_count && !possible; c++) {
        possible = l->columns[c].possible;
    }
    return possible;
}

/* --- blocks: values --- */

static bool get_bit(const uint64_t *bits, uint32_t i) {
    return (bits[i / 64] >> (i % 64) & 1) != 0;
}

static void set_bit(uint64_t *bits, uint32_t i) {
    bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static bool value_names_one(struct text_list *l, const struct block *b, uint32_t c, uint32_t i) {
    const struct block_column *column = &b->columns[c];
    const struct column_state *state = &l->columns[c];
    if (state->entries != NULL) {
        return state->entries[column->codes[i]] != 0;
    }
    if (column->offsets != NULL) {
        uint32_t at = column->offsets[i];
        return text_list_asks(l, str_make(column->bytes + at, column->offsets[i + 1] - at));
    }
    buf_clear(&l->text);
    return block_value(&l->text, b, c, i) && text_list_asks(l, buf_str(&l->text));
}

/* Values of the column that a row of each template has. */
static const uint32_t *column_uses(struct text_list *l, uint32_t c) {
    const struct segment *s = l->segment;
    if (l->columns[c].uses == NULL) {
        uint32_t *uses = arena_array(&l->arena, (size_t)s->template_count + 1, sizeof *uses);
        for (uint32_t t = 0; t < s->template_count; t++) {
            const struct template *template = &s->templates[t];
            for (uint32_t i = 0; i < template->piece_count; i++) {
                uses[t] += template->pieces[i].column == c;
            }
            for (uint32_t i = 0; i < template->value_count; i++) {
                const struct template_value *v = &template->values[i];
                uses[t] += v->transform == TRANSFORM_NONE && v->formula == NULL && v->first == c;
            }
        }
        l->columns[c].uses = uses;
    }
    return l->columns[c].uses;
}

/* Sets the bits of the rows that have value `first_hit` of the column or a later one that names
 * one. */
static enum status set_rows(struct text_list *l, struct block *b, uint32_t c, uint32_t first_hit,
                            const uint64_t *care, uint64_t *out, struct err *err) {
    const uint32_t *uses = column_uses(l, c);
    uint32_t base = 0;
    for (uint32_t row = 0; row < b->info->rows; row++) {
        uint64_t template = (uint64_t)b->numbers[NUMBER_TEMPLATE][row];
        if (template >= l->segment->template_count) {
            return segment_damaged(l->segment, err, _("a row has no template"));
        }
        uint32_t end = base + uses[template];
        if (end > b->columns[c].count) {
            return segment_damaged(l->segment, err, _("a column has too few values"));
        }
        for (uint32_t i = base < first_hit ? first_hit : base;
             i < end && get_bit(care, row) && !get_bit(out, row); i++) {
            if (value_names_one(l, b, c, i)) {
                set_bit(out, row);
            }
        }
        base = end;
    }
    return STATUS_OK;
}

static enum status match_values(struct text_list *l, struct block *b, uint32_t c,
                                const uint64_t *care, uint64_t *out, struct err *err) {
    if (!l->columns[c].possible || b->info->column_counts[c] == 0) {
        return STATUS_OK;
    }
    enum status status = block_column(b, c, err);
    if (status != STATUS_OK) {
        return status;
    }
    for (uint32_t i = 0; i < b->columns[c].count; i++) {
        if (value_names_one(l, b, c, i)) {
            return set_rows(l, b, c, i, care, out, err);
        }
    }
    return STATUS_OK;
}

/* --- blocks: joints --- */

static enum status ask_text(bool *out, struct text_list *l, struct block *b,
                            const struct template *t, const struct joint *j, struct err *err) {
    enum status status = STATUS_OK;
    buf_clear(&l->text);
    if (j->has_head) {
        buf_add(&l->text, text_list_end(l, t->pieces[j->first - 1].literal));
    }
    for (uint32_t i = j->first; i <= j->last && status == STATUS_OK; i++) {
        status = block_piece(&l->text, b, t, i, err);
    }
    if (j->has_tail) {
        buf_add(&l->text, text_list_begin(l, t->pieces[j->last + 1].literal));
    }
    *out = status == STATUS_OK && text_list_asks(l, buf_str(&l->text));
    return status;
}

/* The codes and numbers that stand in the joint. */
static enum status make_key(int64_t key[TEXT_LIST_MAX_KEY + 1], size_t *count, struct text_list *l,
                            struct block *b, const struct template *t, const struct joint *j,
                            struct err *err) {
    *count = 0;
    key[(*count)++] = j - l->joints;
    for (uint32_t i = j->first; i <= j->last; i++) {
        uint32_t c = t->pieces[i].column;
        if (c == UINT32_MAX) {
            continue; /* a literal */
        }
        enum status status = block_column(b, c, err);
        if (status != STATUS_OK) {
            return status;
        }
        const struct block_column *column = &b->columns[c];
        uint32_t index = b->piece_values[i];
        if (index >= column->count) {
            return segment_damaged(l->segment, err, _("a column has too few values"));
        }
        key[(*count)++] =
            column->codes != NULL ? (int64_t)column->codes[index] : column->numbers[index];
    }
    return STATUS_OK;
}

static enum status ask_joint(bool *out, struct text_list *l, struct block *b,
                             const struct template *t, const struct joint *j, struct err *err) {
    int64_t key[TEXT_LIST_MAX_KEY + 1];
    size_t count;
    if (!j->has_key) {
        return ask_text(out, l, b, t, j, err);
    }
    enum status status = make_key(key, &count, l, b, t, j, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (l->keys.count >= MAX_KEYS) {
        intern_clear(&l->keys);
    }
    uint32_t known = l->keys.count;
    uint32_t id = intern_add(&l->keys, str_make((const char *)key, count * sizeof *key));
    if (id < known) {
        *out = l->answers[id] != 0;
        return STATUS_OK;
    }
    MEM_GROW(l->answers, l->answer_capacity, (size_t)id + 1);
    status = ask_text(out, l, b, t, j, err);
    l->answers[id] = *out;
    return status;
}

static enum status match_joints(struct text_list *l, struct block *b, const uint64_t *care,
                                uint64_t *out, struct err *err) {
    enum status status = STATUS_OK;
    block_rewind(b);
    for (uint32_t row = 0; row < b->info->rows && status == STATUS_OK; row++) {
        uint64_t template = (uint64_t)b->numbers[NUMBER_TEMPLATE][row];
        if (template >= l->segment->template_count) {
            return segment_damaged(l->segment, err, _("a row has no template"));
        }
        const struct template_state *state = &l->templates[template];
        if (!get_bit(care, row) || get_bit(out, row)) {
            continue;
        }
        if (state->whole) {
            set_bit(out, row);
        }
        if (state->whole || state->joint_count == 0) {
            continue;
        }
        const struct template *t;
        status = block_seek(&t, b, row, err);
        bool names = false;
        for (uint32_t i = 0; i < state->joint_count && !names && status == STATUS_OK; i++) {
            status = ask_joint(&names, l, b, t, &l->joints[state->first_joint + i], err);
        }
        if (names) {
            set_bit(out, row);
        }
    }
    block_rewind(b);
    return status;
}

enum status text_list_block(struct text_list *l, struct block *b, const uint64_t *care,
                            uint64_t *out, struct err *err) {
    enum status status = block_numbers(b, NUMBER_TEMPLATE, err);
    for (uint32_t c = 0; c < l->segment->column_count && status == STATUS_OK; c++) {
        status = match_values(l, b, c, care, out, err);
    }
    if (status == STATUS_OK && (l->any_whole || l->joint_count > 0)) {
        status = match_joints(l, b, care, out, err);
    }
    return status;
}
