#include "sigma_composed.h"

#include "num.h"
#include "sigma_text.h"

struct writing {
    struct buf *out;
    sigma_part_fn *get;
    const void *ctx;
    struct buf *scratch;
};

/* --- conditions --- */

static bool fits_any(const struct writing *w, const struct sigma_condition_row *row,
                     struct str value) {
    buf_clear(w->scratch);
    sigma_fold(w->scratch, value);
    for (size_t i = 0; i < row->values.count; i++) {
        if (sigma_pattern_match(row->values.items[i], buf_str(w->scratch))) {
            return true;
        }
    }
    return false;
}

static bool conditions_hold(const struct writing *w, const struct sigma_text *text) {
    for (size_t i = 0; i < text->condition_count; i++) {
        struct str value;
        if (!w->get(&value, text->condition_parts[i], w->ctx) ||
            !fits_any(w, &text->conditions[i], value)) {
            return false;
        }
    }
    return true;
}

/* --- pieces --- */

static bool parse_number(uint64_t *out, struct str text) {
    return str_starts_ci(text, STR("0x")) ? num_parse_hex(out, str_skip(text, 2))
                                          : num_parse_u64(out, text);
}

static bool put_between(const struct writing *w, const struct sigma_piece *piece,
                        struct str value) {
    size_t at = str_find(value, piece->after);
    if (at == STR_NONE) {
        return false;
    }
    value = str_skip(value, at + piece->after.len);
    size_t end = piece->until.len > 0 ? str_find(value, piece->until) : STR_NONE;
    buf_add(w->out, end == STR_NONE ? value : str_head(value, end));
    return true;
}

static bool put_value(const struct writing *w, const struct sigma_piece *piece, struct str value) {
    uint64_t number;
    if (piece->form == SIGMA_PIECE_AS_IS) {
        buf_add(w->out, value);
        return true;
    }
    if (piece->form == SIGMA_PIECE_BETWEEN) {
        return put_between(w, piece, value);
    }
    if (!parse_number(&number, value)) {
        return false;
    }
    if (piece->form == SIGMA_PIECE_DECIMAL) {
        buf_printf(w->out, "%llu", (unsigned long long)number);
    } else {
        bool high = piece->form == SIGMA_PIECE_HIGH8;
        buf_printf(w->out, "%08x", (unsigned)((high ? number >> 32 : number) & UINT32_MAX));
    }
    return true;
}

/* "-" is what Windows writes where there is nothing. */
static bool put_piece(const struct writing *w, const struct sigma_piece *piece) {
    struct str value = STR_EMPTY;
    buf_add(w->out, piece->before);
    if (piece->part == SIGMA_NO_PART) {
        return true;
    }
    bool is_there = w->get(&value, piece->part, w->ctx) && !str_eq(value, STR("-"));
    if (piece->has_instead && (!is_there || value.len == 0)) {
        buf_add(w->out, piece->instead);
        return true;
    }
    return is_there && put_value(w, piece, value);
}

static bool put_text(const struct writing *w, const struct sigma_text *text) {
    buf_clear(w->out);
    for (size_t i = 0; i < text->piece_count; i++) {
        if (!put_piece(w, &text->pieces[i])) {
            return false;
        }
    }
    return true;
}

/* --- prefixes --- */

static bool begins_with(struct str text, struct str prefix) {
    if (text.len < prefix.len) {
        return false;
    }
    for (size_t i = 0; i < prefix.len; i++) {
        if (prefix.ptr[i] != '?' && ascii_lower(text.ptr[i]) != ascii_lower(prefix.ptr[i])) {
            return false;
        }
    }
    return true;
}

static void replace_prefix(const struct writing *w, struct sigma_words prefixes) {
    for (size_t i = 0; i + 1 < prefixes.count; i += 2) {
        if (begins_with(buf_str(w->out), prefixes.items[i])) {
            buf_clear(w->scratch);
            buf_add(w->scratch, prefixes.items[i + 1]);
            buf_add(w->scratch, str_skip(buf_str(w->out), prefixes.items[i].len));
            buf_clear(w->out);
            buf_add(w->out, buf_str(w->scratch));
            return;
        }
    }
}

const struct sigma_text *sigma_composed_write(struct buf *out,
                                              const struct sigma_composed *composed,
                                              sigma_part_fn *get, const void *ctx,
                                              struct buf *scratch) {
    const struct writing w = {out, get, ctx, scratch};
    for (size_t i = 0; i < composed->text_count; i++) {
        const struct sigma_text *text = &composed->texts[i];
        if (conditions_hold(&w, text) && put_text(&w, text)) {
            replace_prefix(&w, composed->prefixes);
            return text;
        }
    }
    return NULL;
}

uint32_t sigma_text_part(const struct sigma_text *text) {
    for (size_t i = 0; i < text->piece_count; i++) {
        if (text->pieces[i].part != SIGMA_NO_PART) {
            return text->pieces[i].part;
        }
    }
    return text->condition_count > 0 ? text->condition_parts[0] : 0;
}
