/* The directory of a stripe, and the dictionaries, whose entries lie in the stripes. */
#include "encoding.h"
#include "i18n.h"
#include "mem.h"
#include "segment_priv.h"

/* --- the directory --- */

/* Columns that have values in the stripe, in ascending order. */
struct column_list {
    uint32_t *numbers;
    size_t count;
};

static void take_list(struct column_list *out, struct wire *w, struct segment *s) {
    out->count = (size_t)wire_count(w, s->column_count);
    out->numbers = mem_alloc((out->count + 1) * sizeof *out->numbers);
    uint64_t number = 0;
    for (size_t i = 0; i < out->count && !w->failed; i++) {
        uint64_t step = wire_count(w, s->column_count);
        number += step;
        w->failed = w->failed || number >= s->column_count || (i > 0 && step == 0);
        out->numbers[i] = (uint32_t)number;
    }
}

/* `left` is how many values the block may still have: constants take no bytes, so only this keeps
 * hostile counts from taking memory. */
static void take_column(struct wire *w, struct segment *s, struct segment_block *b, uint32_t column,
                        uint64_t *left, uint64_t *at, uint64_t end) {
    uint64_t count = wire_count(w, *left);
    *left -= count;
    if (count == 0 || w->failed) {
        return;
    }
    if (s->columns[column].type == COLUMN_NUMBER) {
        b->smallest[column] = wire_i64(w);
        b->largest[column] = (int64_t)((uint64_t)b->smallest[column] + wire_u64(w));
    }
    b->columns[column] = segment_take_ref(w, s, at, end);
    b->column_counts[column] = (uint32_t)count;
}

static void take_block(struct wire *w, struct segment *s, struct segment_block *b,
                       const struct column_list *list, uint64_t *at, uint64_t end) {
    b->time_min = wire_i64(w);
    b->time_max = (int64_t)((uint64_t)b->time_min + wire_u64(w));
    for (int i = 0; i < ROW_CHUNK_COUNT; i++) {
        b->numbers[i] = segment_take_ref(w, s, at, end);
    }
    b->column_counts = arena_array(&s->arena, s->column_count + 1, sizeof *b->column_counts);
    b->columns = arena_array(&s->arena, s->column_count + 1, sizeof *b->columns);
    b->smallest = arena_array(&s->arena, s->column_count + 1, sizeof *b->smallest);
    b->largest = arena_array(&s->arena, s->column_count + 1, sizeof *b->largest);
    uint64_t left = SEGMENT_MAX_VALUES;
    for (size_t i = 0; i < list->count && !w->failed; i++) {
        take_column(w, s, b, list->numbers[i], &left, at, end);
    }
}

static bool parse_directory(struct segment *s, size_t number) {
    struct segment_stripe *t = &s->stripes[number];
    struct wire w = wire_make(t->directory_bytes, t->directory.plain_len);
    struct column_list list;
    uint64_t at = t->offset;
    uint64_t end = t->directory.offset;
    take_list(&list, &w, s);
    for (uint32_t i = 0; i < t->block_count && !w.failed; i++) {
        take_block(&w, s, &s->blocks[t->first_block + i], &list, &at, end);
    }
    t->dictionaries = arena_array(&s->arena, s->column_count + 1, sizeof *t->dictionaries);
    for (size_t i = 0; i < list.count && !w.failed; i++) {
        const struct segment_column *c = &s->columns[list.numbers[i]];
        if (c->type == COLUMN_DICTIONARY && c->parts[number].count > 0) {
            t->dictionaries[list.numbers[i]] = segment_take_ref(&w, s, &at, end);
        }
    }
    mem_free(list.numbers);
    return !w.failed && at == end && wire_left(&w) == 0;
}

enum status segment_stripe_load(struct segment *s, size_t number, struct err *err) {
    struct segment_stripe *t = &s->stripes[number];
    if (t->is_loaded) {
        return STATUS_OK;
    }
    mem_free(t->directory_bytes); /* of an attempt that failed */
    t->directory_bytes = NULL;
    enum status status = segment_chunk(&t->directory_bytes, s, &t->directory, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (!parse_directory(s, number)) {
        return segment_damaged(s, err, _("the directory of a stripe is malformed"));
    }
    t->is_loaded = true;
    return STATUS_OK;
}

/* --- dictionaries --- */

static bool take_entries(struct dictionary_part *part, struct str plain) {
    struct wire w = wire_make(plain.ptr, plain.len);
    uint32_t *offsets = mem_alloc(((size_t)part->count + 1) * sizeof *offsets);
    if (!text_decode(&part->bytes, offsets, part->count, &w, SEGMENT_MAX_CHUNK)) {
        mem_free(offsets);
        return false;
    }
    part->offsets = offsets;
    return true;
}

/* The number of entries was tested against nothing yet: here against the bytes that hold them. */
static bool entries_are_sane(const struct dictionary_part *part, const struct chunk_ref *ref) {
    return part->count <= 256 || part->count <= (uint64_t)ref->plain_len * 8;
}

enum status segment_dictionary_bytes(struct segment *s, struct segment_column *column,
                                     size_t stripe, struct err *err) {
    struct dictionary_part *part = &column->parts[stripe];
    if (part->offsets != NULL || part->count == 0) {
        return STATUS_OK;
    }
    enum status status = segment_stripe_load(s, stripe, err);
    if (status != STATUS_OK) {
        return status;
    }
    const struct chunk_ref *ref = &s->stripes[stripe].dictionaries[column - s->columns];
    if (ref->plain_len == 0 || !entries_are_sane(part, ref)) {
        return segment_damaged(s, err, _("a dictionary is malformed"));
    }
    char *plain = NULL;
    status = segment_chunk(&plain, s, ref, err);
    if (status != STATUS_OK) {
        return status;
    }
    bool good = take_entries(part, str_make(plain, ref->plain_len));
    mem_free(plain);
    return good ? STATUS_OK : segment_damaged(s, err, _("a dictionary is malformed"));
}

enum status segment_dictionary_part(struct segment *s, struct segment_column *column, size_t stripe,
                                    struct err *err) {
    struct dictionary_part *part = &column->parts[stripe];
    if (part->is_loaded || part->count == 0) {
        return STATUS_OK;
    }
    enum status status = segment_dictionary_bytes(s, column, stripe, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (column->dictionary == NULL) {
        column->dictionary =
            mem_calloc((size_t)column->dictionary_count + 1, sizeof *column->dictionary);
    }
    const char *bytes = part->bytes.ptr == NULL ? "" : part->bytes.ptr;
    for (uint32_t i = 0; i < part->count; i++) {
        uint32_t at = part->offsets[i];
        column->dictionary[part->first + i] = str_make(bytes + at, part->offsets[i + 1] - at);
    }
    part->is_loaded = true;
    return STATUS_OK;
}

enum status segment_dictionary(struct segment *s, struct segment_column *column, struct err *err) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < s->stripe_count && status == STATUS_OK && column->parts != NULL; i++) {
        status = segment_dictionary_part(s, column, i, err);
    }
    if (status == STATUS_OK && column->dictionary == NULL) { /* no entries at all */
        column->dictionary = mem_calloc(1, sizeof *column->dictionary);
    }
    return status;
}

enum status segment_dictionary_entry(struct segment *s, struct segment_column *column,
                                     uint32_t code, struct err *err) {
    if (column->dictionary != NULL && column->dictionary[code].ptr != NULL) {
        return STATUS_OK;
    }
    size_t stripe = 0;
    while (code >= column->parts[stripe].first + column->parts[stripe].count) {
        stripe++;
    }
    return segment_dictionary_part(s, column, stripe, err);
}
