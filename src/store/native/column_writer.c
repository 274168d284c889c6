#include "column_writer.h"

#include "intpack.h"
#include "mem.h"

enum {
    MAX_NUMBER_DIGITS = 18, /* fits int64 */
    SMALL_DICTIONARY = 256  /* numbers with no more distinct values are better as codes */
};

void column_writer_fini(struct column_writer *w) {
    mem_free(w->values);
    mem_free(w->codes);
    intern_fini(&w->dictionary);
    memset(w, 0, sizeof *w);
}

void column_writer_begin_block(struct column_writer *w, size_t block) {
    w->block_start[block] = w->count;
}

void column_writer_add(struct column_writer *w, struct str text, uint32_t row) {
    MEM_GROW(w->values, w->capacity, w->count + 1);
    w->values[w->count++] = (struct column_text){text.ptr, (uint32_t)text.len, row};
}

static struct str value_text(const struct column_text *v) {
    return str_make(v->ptr, v->len);
}

/* --- choosing --- */

static bool is_plain_number(struct str s) {
    if (s.len == 0 || s.len > MAX_NUMBER_DIGITS || (s.ptr[0] == '0' && s.len > 1)) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_digit(s.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool has_shape(struct str s, struct str shape) {
    if (s.len != shape.len) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        char c = ascii_is_digit(s.ptr[i]) ? '0' : s.ptr[i];
        if (c != shape.ptr[i]) {
            return false;
        }
    }
    return true;
}

/* Finds the shape of the first value; false if it has none that fits a number. */
static bool take_shape(struct column_writer *w) {
    struct str first = value_text(&w->values[0]);
    if (first.len > sizeof w->shape) {
        return false;
    }
    size_t digits = 0;
    for (size_t i = 0; i < first.len; i++) {
        bool digit = ascii_is_digit(first.ptr[i]);
        digits += digit;
        w->shape[i] = digit ? '0' : first.ptr[i];
    }
    w->shape_len = first.len;
    return digits > 0 && digits <= MAX_NUMBER_DIGITS;
}

static bool plan_numbers(struct column_writer *w) {
    bool plain = true;
    bool shaped = take_shape(w);
    for (size_t i = 0; i < w->count && (plain || shaped); i++) {
        struct str s = value_text(&w->values[i]);
        plain = plain && is_plain_number(s);
        shaped = shaped && has_shape(s, str_make(w->shape, w->shape_len));
    }
    if (plain) {
        w->shape_len = 0;
    }
    return plain || shaped;
}

/* True if the values have at most `limit` distinct texts; then codes are set. */
static bool plan_dictionary(struct column_writer *w, size_t limit) {
    w->codes = mem_alloc(w->count * sizeof *w->codes);
    for (size_t i = 0; i < w->count; i++) {
        struct str text = value_text(&w->values[i]);
        if (i > 0 && str_eq(text, value_text(&w->values[i - 1]))) {
            w->codes[i] = w->codes[i - 1]; /* common, and cheaper than a look-up */
            continue;
        }
        w->codes[i] = intern_add(&w->dictionary, text);
        if (w->dictionary.count > limit) {
            intern_fini(&w->dictionary);
            mem_free(w->codes);
            w->codes = NULL;
            return false;
        }
    }
    return true;
}

void column_writer_plan(struct column_writer *w, size_t block_count) {
    for (size_t b = block_count; b <= SEGMENT_MAX_BLOCKS; b++) {
        w->block_start[b] = w->count;
    }
    if (w->count == 0) {
        w->type = COLUMN_TEXT;
        return;
    }
    bool numbers = plan_numbers(w);
    size_t limit = numbers ? SMALL_DICTIONARY : w->count / 2 + 64;
    if (plan_dictionary(w, limit)) {
        w->type = COLUMN_DICTIONARY;
    } else {
        w->type = numbers ? COLUMN_NUMBER : COLUMN_TEXT;
    }
}

/* --- encoding --- */

unsigned column_code_width(uint64_t dictionary_count) {
    if (dictionary_count <= 1) {
        return 0;
    }
    unsigned width = 1;
    for (uint64_t left = (dictionary_count - 1) >> 8; left > 0; left >>= 8) {
        width++;
    }
    return width;
}

static void encode_codes(const struct column_writer *w, struct buf *out, size_t from,
                         size_t count) {
    unsigned width = column_code_width(w->dictionary.count);
    uint8_t *planes = (uint8_t *)buf_reserve(out, width * count + 1);
    for (unsigned byte = 0; byte < width; byte++) {
        for (size_t i = 0; i < count; i++) {
            planes[byte * count + i] = (uint8_t)(w->codes[from + i] >> (8 * byte));
        }
    }
    out->len += width * count;
}

static int64_t digits_value(const struct column_text *v) {
    int64_t value = 0;
    for (uint32_t i = 0; i < v->len; i++) {
        if (ascii_is_digit(v->ptr[i])) {
            value = value * 10 + (v->ptr[i] - '0');
        }
    }
    return value;
}

static void encode_numbers(const struct column_writer *w, struct buf *out, size_t from,
                           size_t count) {
    int64_t *numbers = mem_alloc((count + 1) * sizeof *numbers);
    for (size_t i = 0; i < count; i++) {
        numbers[i] = digits_value(&w->values[from + i]);
    }
    intpack_encode(out, numbers, count);
    mem_free(numbers);
}

static void encode_text(const struct column_writer *w, struct buf *out, size_t from, size_t count) {
    int64_t *lengths = mem_alloc((count + 1) * sizeof *lengths);
    for (size_t i = 0; i < count; i++) {
        lengths[i] = w->values[from + i].len;
    }
    intpack_encode(out, lengths, count);
    mem_free(lengths);
    for (size_t i = 0; i < count; i++) {
        buf_add(out, value_text(&w->values[from + i]));
    }
}

void column_writer_encode_block(const struct column_writer *w, struct buf *out, size_t block) {
    size_t from = w->block_start[block];
    size_t count = w->block_start[block + 1] - from;
    switch (w->type) {
    case COLUMN_DICTIONARY:
        encode_codes(w, out, from, count);
        break;
    case COLUMN_NUMBER:
        encode_numbers(w, out, from, count);
        break;
    default:
        encode_text(w, out, from, count);
        break;
    }
}

void column_writer_encode_dictionary(const struct column_writer *w, struct buf *out) {
    uint32_t count = w->dictionary.count;
    int64_t *lengths = mem_alloc(((size_t)count + 1) * sizeof *lengths);
    for (uint32_t i = 0; i < count; i++) {
        lengths[i] = (int64_t)intern_text(&w->dictionary, i).len;
    }
    intpack_encode(out, lengths, count);
    mem_free(lengths);
    for (uint32_t i = 0; i < count; i++) {
        buf_add(out, intern_text(&w->dictionary, i));
    }
}
