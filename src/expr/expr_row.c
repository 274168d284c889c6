/* Predicates on a row of a batch, one row at a time. */
#include "expr.h"

#include <pthread.h>
#include <stdlib.h>

#include "charset.h"
#include "check.h"
#include "expr_priv.h"
#include "mem.h"
#include "token.h"

/* --- search text --- */

/* Each thread that reads Japanese encodings keeps its own converter, freed when the thread ends. */
static pthread_key_t converter_key;
static pthread_once_t converter_once = PTHREAD_ONCE_INIT;

static void free_converter(void *converter) {
    text_converter_fini(converter);
    mem_free(converter);
}

static void free_main_converter(void) {
    void *converter = pthread_getspecific(converter_key);
    if (converter != NULL) {
        free_converter(converter);
    }
}

static void make_converter_key(void) {
    CHECK(pthread_key_create(&converter_key, free_converter) == 0);
    (void)atexit(free_main_converter); /* a key's destructor does not run for the main thread */
}

static struct text_converter *thread_converter(void) {
    (void)pthread_once(&converter_once, make_converter_key);
    struct text_converter *converter = pthread_getspecific(converter_key);
    if (converter == NULL) {
        converter = mem_calloc(1, sizeof *converter);
        CHECK(pthread_setspecific(converter_key, converter) == 0);
    }
    return converter;
}

static struct str without_terminator(struct str s) {
    if (s.len > 0 && s.ptr[s.len - 1] == '\n') {
        s.len--;
    }
    if (s.len > 0 && s.ptr[s.len - 1] == '\r') {
        s.len--;
    }
    return s;
}

static struct str joined_values(const struct batch *b, const struct row *row, struct buf *scratch) {
    buf_clear(scratch);
    for (uint32_t i = 0; i < row->value_count; i++) {
        if (i > 0) {
            buf_putc(scratch, '\n');
        }
        buf_add(scratch, batch_value_text(b, &b->values[row->first_value + i]));
    }
    return buf_str(scratch);
}

bool expr_searches_values(const struct row *row) {
    return row->charset == CHARSET_BINARY || (row->flags & (ROW_IN_CONTAINER | ROW_DERIVED)) != 0;
}

struct str expr_search_text(const struct batch *b, const struct row *row, struct buf *scratch) {
    if (expr_searches_values(row)) {
        return joined_values(b, row, scratch);
    }
    struct str raw = batch_raw(b, row);
    if (row->charset != CHARSET_UTF8) {
        buf_clear(scratch);
        (void)text_to_utf8(thread_converter(), scratch, raw, (enum text_charset)row->charset);
        raw = buf_str(scratch);
    }
    return without_terminator(raw);
}

/* --- fields --- */

static bool selects(const struct expr_leaf *leaf, uint32_t field, struct expr_scratch *scratch) {
    if (leaf->field != FIELD_NONE) {
        return leaf->field == field;
    }
    struct select_cache *cache = &scratch->selects[leaf->index];
    if (field >= cache->count) {
        size_t count = schema_count();
        cache->known = mem_realloc(cache->known, count, 1);
        memset(cache->known + cache->count, 0, count - cache->count);
        cache->count = count;
    }
    if (cache->known[field] == 0) {
        cache->known[field] = leaf_selects(leaf, field, schema_name(field)) ? 2 : 1;
    }
    return cache->known[field] == 2;
}

static bool match_flags(const struct expr_leaf *leaf, uint32_t flags,
                        struct expr_scratch *scratch) {
    for (uint32_t bit = 0; bit < 32; bit++) {
        if ((flags >> bit & 1) != 0 &&
            leaf_match_value(leaf, row_flag_name(bit), FIELD_TYPE_KEYWORD, scratch)) {
            return true;
        }
    }
    return false;
}

static bool match_time(const struct expr_leaf *leaf, int64_t ns) {
    const struct bound *low = &leaf->low;
    const struct bound *high = &leaf->high;
    bool above =
        !low->is_set || (low->operand.is_time &&
                         (low->inclusive ? ns >= low->operand.time_ns : ns > low->operand.time_ns));
    bool below = !high->is_set ||
                 (high->operand.is_time &&
                  (high->inclusive ? ns <= high->operand.time_ns : ns < high->operand.time_ns));
    return ns != TIME_NONE && above && below;
}

static bool match_attribute(const struct expr_leaf *leaf, uint32_t field, const struct batch *b,
                            const struct row *row, struct expr_scratch *scratch) {
    if (field == FIELD_FLAGS && leaf->test != EXPR_EXISTS) {
        return match_flags(leaf, row->flags, scratch); /* a list */
    }
    if (leaf->test == EXPR_RANGE && (field == FIELD_TIMESTAMP || field == FIELD_EVENT_CREATED)) {
        return match_time(leaf, field == FIELD_TIMESTAMP ? row->time_ns : row->receive_ns);
    }
    struct str text;
    return batch_get(&text, b, row, field, &scratch->attribute) &&
           leaf_match_value(leaf, text, schema_type(field), scratch);
}

static bool match_attributes(const struct expr_leaf *leaf, const struct batch *b,
                             const struct row *row, struct expr_scratch *scratch) {
    if (leaf->field != FIELD_NONE) {
        return schema_is_attribute(leaf->field) &&
               match_attribute(leaf, leaf->field, b, row, scratch);
    }
    for (uint32_t field = 0; schema_is_attribute(field); field++) {
        if (field != FIELD_EVENT_ORIGINAL && selects(leaf, field, scratch) &&
            match_attribute(leaf, field, b, row, scratch)) {
            return true;
        }
    }
    return false;
}

static bool match_field(const struct expr_leaf *leaf, const struct batch *b, const struct row *row,
                        struct expr_scratch *scratch) {
    const struct value *values = b->values + row->first_value;
    for (uint32_t i = 0; i < row->value_count; i++) {
        uint32_t field = values[i].field;
        if (selects(leaf, field, scratch) &&
            leaf_match_value(leaf, batch_value_text(b, &values[i]), schema_type(field), scratch)) {
            return true;
        }
    }
    return match_attributes(leaf, b, row, scratch);
}

/* --- trees --- */

static bool match_text(const struct expr_leaf *leaf, const struct batch *b, const struct row *row,
                       struct expr_scratch *scratch) {
    if (!scratch->has_search_text) {
        scratch->search_text = expr_search_text(b, row, &scratch->text);
        scratch->has_search_text = true;
    }
    if (leaf_wants_folded(leaf) && !scratch->has_folded_text) {
        buf_clear(&scratch->folded_text);
        fold_text(&scratch->folded_text, scratch->search_text);
        scratch->has_folded_text = true;
    }
    return leaf_match_text(leaf, scratch->search_text, buf_str(&scratch->folded_text), scratch);
}

static bool match(const struct expr *e, const struct batch *b, const struct row *row,
                  struct expr_scratch *scratch) {
    switch (e->op) {
    case EXPR_ALL:
        return true;
    case EXPR_AND:
    case EXPR_OR:
        for (size_t i = 0; i < e->child_count; i++) {
            if (match(e->children[i], b, row, scratch) == (e->op == EXPR_OR)) {
                return e->op == EXPR_OR;
            }
        }
        return e->op == EXPR_AND;
    case EXPR_NOT:
        return !match(e->children[0], b, row, scratch);
    case EXPR_FIELD:
        return match_field(e->leaf, b, row, scratch);
    case EXPR_TEXT:
        return match_text(e->leaf, b, row, scratch);
    }
    return false;
}

bool expr_match_row(const struct expr *e, const struct batch *b, const struct row *row,
                    struct expr_scratch *scratch) {
    scratch->has_search_text = false;
    scratch->has_folded_text = false;
    return match(e, b, row, scratch);
}
