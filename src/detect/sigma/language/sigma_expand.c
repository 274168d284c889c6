#include "sigma_expand.h"

#include "mem.h"
#include "sigma_text.h"

enum { COMBINATION_LIMIT = 50000 };

static bool is_name(char c) {
    return ascii_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

/* The placeholder that begins at `at`; empty if there is none. */
static struct str name_at(struct str s, size_t at) {
    size_t end = at + 1;
    while (s.ptr[at] == '%' && end < s.len && is_name(s.ptr[end])) {
        end++;
    }
    bool is_closed = s.ptr[at] == '%' && end > at + 1 && end < s.len && s.ptr[end] == '%';
    return is_closed ? str_make(s.ptr + at + 1, end - at - 1) : STR_EMPTY;
}

void sigma_texts_fini(struct sigma_texts *texts) {
    for (size_t i = 0; i < texts->count; i++) {
        buf_fini(&texts->items[i]);
    }
    mem_free(texts->items);
    *texts = (struct sigma_texts){NULL, 0, 0};
}

static void append_all(struct sigma_texts *texts, char c) {
    for (size_t i = 0; i < texts->count; i++) {
        buf_putc(&texts->items[i], c);
    }
}

static void append_value(struct buf *out, struct str value, bool is_pattern) {
    if (is_pattern) {
        sigma_pattern_parse(out, value);
    } else {
        buf_add(out, value);
    }
}

/* Each text so far, with each value behind it. */
static void multiply(struct sigma_texts *texts, const struct str *values, size_t count,
                     bool is_pattern) {
    size_t before = texts->count;
    MEM_GROW(texts->items, texts->capacity, before * count);
    for (size_t v = 1; v < count; v++) {
        for (size_t i = 0; i < before; i++) {
            struct buf *copy = &texts->items[texts->count++];
            *copy = BUF_INIT;
            buf_add(copy, buf_str(&texts->items[i]));
            append_value(copy, values[v], is_pattern);
        }
    }
    for (size_t i = 0; i < before; i++) {
        append_value(&texts->items[i], values[0], is_pattern);
    }
}

static enum status put_placeholder(struct sigma_texts *texts, struct str name, bool is_pattern,
                                   const struct sigma_placeholders *placeholders, struct err *err) {
    const struct str *values = NULL;
    size_t count = sigma_placeholders_find(&values, placeholders, name);
    if (count == 0) {
        return err_set(err, STATUS_BAD_INPUT,
                       "the placeholder %%%.*s%% has no values: --placeholders FILE gives them",
                       STR_ARG(str_head(name, 60)));
    }
    if (texts->count > COMBINATION_LIMIT / count) {
        return err_set(err, STATUS_BAD_INPUT,
                       "the placeholder %%%.*s%% makes more than %d combinations",
                       STR_ARG(str_head(name, 60)), COMBINATION_LIMIT);
    }
    multiply(texts, values, count, is_pattern);
    return STATUS_OK;
}

struct str sigma_expand_lacks(struct str text, const struct sigma_placeholders *placeholders) {
    const struct str *values = NULL;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\' && i + 1 < text.len && text.ptr[i + 1] == '%') {
            i++;
            continue;
        }
        struct str name = name_at(text, i);
        if (name.len > 0 && sigma_placeholders_find(&values, placeholders, name) == 0) {
            return name;
        }
        i += name.len > 0 ? name.len + 1 : 0;
    }
    return STR_EMPTY;
}

enum status sigma_expand(struct sigma_texts *out, struct str text, bool is_pattern,
                         const struct sigma_placeholders *placeholders, struct err *err) {
    *out = (struct sigma_texts){NULL, 0, 0};
    MEM_GROW(out->items, out->capacity, 1);
    out->items[out->count++] = BUF_INIT;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\' && i + 1 < text.len && text.ptr[i + 1] == '%') {
            append_all(out, text.ptr[++i]);
            continue;
        }
        struct str name = name_at(text, i);
        if (name.len == 0) {
            append_all(out, text.ptr[i]);
            continue;
        }
        enum status s = put_placeholder(out, name, is_pattern, placeholders, err);
        if (s != STATUS_OK) {
            return s;
        }
        i += name.len + 1;
    }
    return STATUS_OK;
}
