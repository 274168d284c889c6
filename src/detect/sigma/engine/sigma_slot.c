#include "sigma_slot.h"

#include <stdlib.h>

#include "mem.h"
#include "sigma_number.h"
#include "sigma_text.h"

enum { FEW_LITERALS = 4, LARGE_REPEAT = 32 };

void sigma_ids_add(struct sigma_ids *list, uint32_t id) {
    MEM_GROW(list->ids, list->capacity, list->count + 1);
    list->ids[list->count++] = id;
}

void sigma_ids_fini(struct sigma_ids *list) {
    if (list->capacity > 0) {
        mem_free(list->ids);
    }
    *list = (struct sigma_ids){NULL, 0, 0};
}

/* --- keyed lists --- */

static void keyed_add(struct sigma_keyed *keyed, struct str key, uint32_t id) {
    uint32_t at = intern_add(&keyed->keys, key);
    size_t before = keyed->capacity;
    MEM_GROW(keyed->tests, keyed->capacity, (size_t)at + 1);
    memset(keyed->tests + before, 0, (keyed->capacity - before) * sizeof *keyed->tests);
    sigma_ids_add(&keyed->tests[at], id);
}

static void keyed_fini(struct sigma_keyed *keyed) {
    for (size_t i = 0; i < keyed->keys.count; i++) {
        sigma_ids_fini(&keyed->tests[i]);
    }
    mem_free(keyed->tests);
    intern_fini(&keyed->keys);
}

/* --- sorting tests into the slot --- */

static void add_number(struct sigma_slot *slot, const struct sigma_test *test, uint32_t id) {
    keyed_add(&slot->equal, test->text, id);
    if (sigma_number_is_exact(test->number)) {
        double number = test->number == 0 ? 0 : test->number; /* -0 is 0 */
        keyed_add(&slot->numbers, str_make((const char *)&number, sizeof number), id);
    }
}

static bool has_token(struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        if (sigma_is_token(text.ptr[i])) {
            return true;
        }
    }
    return false;
}

static bool is_plain_contains(struct str pattern, struct str literal) {
    return pattern.len == literal.len + 2 && (unsigned char)pattern.ptr[0] == SIGMA_STAR &&
           (unsigned char)pattern.ptr[pattern.len - 1] == SIGMA_STAR;
}

/* vectorscan takes a literal that begins with NUL (text in UTF-16BE) for an empty one. */
static struct str without_leading_nul(struct str literal) {
    while (literal.len > 0 && literal.ptr[0] == '\0') {
        literal = str_skip(literal, 1);
    }
    return literal;
}

static void add_pattern(struct sigma_slot *slot, struct sigma_set_test *t, uint32_t id) {
    struct buf folded = BUF_INIT;
    sigma_fold(&folded, t->test.text);
    struct str pattern = buf_str(&folded);
    struct str literal = without_leading_nul(sigma_pattern_literal(pattern));
    if (!has_token(pattern)) {
        t->is_sure = !t->test.cased;
        keyed_add(&slot->equal, pattern, id);
    } else if (literal.len > 0) {
        t->is_sure = !t->test.cased && is_plain_contains(pattern, literal);
        keyed_add(&slot->literals, literal, id);
    } else {
        sigma_ids_add(&slot->always, id);
    }
    buf_fini(&folded);
}

void sigma_slot_add(struct sigma_slot *slot, struct sigma_set_test *tests, uint32_t id) {
    struct sigma_set_test *t = &tests[id];
    switch (t->test.kind) {
    case SIGMA_TEST_PATTERN:
        add_pattern(slot, t, id);
        break;
    case SIGMA_TEST_NUMBER:
        add_number(slot, &t->test, id);
        t->is_sure = true;
        break;
    case SIGMA_TEST_TRUTH:
        keyed_add(&slot->equal, t->test.text, id);
        keyed_add(&slot->equal, t->test.truth ? STR("true") : STR("false"), id);
        t->is_sure = true;
        break;
    case SIGMA_TEST_REGEX:
        sigma_ids_add(&slot->regexes, id);
        break;
    default:
        sigma_ids_add(&slot->always, id);
    }
}

/* --- databases --- */

bool sigma_slot_build_literals(struct sigma_slot *slot) {
    size_t count = slot->literals.keys.count;
    if (count < FEW_LITERALS) {
        return true;
    }
    const char **texts = mem_calloc(count, sizeof *texts);
    unsigned *flags = mem_calloc(count, sizeof *flags);
    unsigned *ids = mem_calloc(count, sizeof *ids);
    size_t *lengths = mem_calloc(count, sizeof *lengths);
    for (size_t i = 0; i < count; i++) {
        struct str key = intern_text(&slot->literals.keys, (uint32_t)i);
        texts[i] = key.ptr;
        lengths[i] = key.len;
        flags[i] = HS_FLAG_SINGLEMATCH;
        ids[i] = (unsigned)i;
    }
    hs_compile_error_t *error = NULL;
    hs_error_t status = hs_compile_lit_multi(texts, flags, ids, lengths, (unsigned)count,
                                             HS_MODE_BLOCK, NULL, &slot->literal_db, &error);
    hs_free_compile_error(error);
    mem_free(texts);
    mem_free(flags);
    mem_free(ids);
    mem_free(lengths);
    return status == HS_SUCCESS;
}

static unsigned regex_flags(const struct sigma_test *test) {
    unsigned flags = HS_FLAG_PREFILTER | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY | HS_FLAG_UTF8;
    flags |= test->regex_flags & SIGMA_RE_CASELESS ? HS_FLAG_CASELESS : 0;
    flags |= test->regex_flags & SIGMA_RE_MULTILINE ? HS_FLAG_MULTILINE : 0;
    flags |= test->regex_flags & SIGMA_RE_DOTALL ? HS_FLAG_DOTALL : 0;
    return flags;
}

/* "{2,128}" and the like: vectorscan unrolls them, which takes up to seconds an expression. */
static bool has_large_repeat(struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        size_t digits = 0;
        uint64_t number = 0;
        while (i + digits < text.len && digits < 9 && ascii_is_digit(text.ptr[i + digits])) {
            number = number * 10 + (uint64_t)(text.ptr[i + digits++] - '0');
        }
        bool counts = digits > 0 && i > 0 && (text.ptr[i - 1] == '{' || text.ptr[i - 1] == ',');
        if (counts && number >= LARGE_REPEAT) {
            return true;
        }
        i += digits > 0 ? digits - 1 : 0;
    }
    return false;
}

/* Does vectorscan take the expression? Asked one by one, so that one bad expression does not
 * spoil the database. */
static bool is_prefilterable(const struct sigma_test *test) {
    if (has_large_repeat(test->text)) {
        return false;
    }
    hs_expr_info_t *info = NULL;
    hs_compile_error_t *error = NULL;
    hs_error_t status = hs_expression_info(test->text.ptr, regex_flags(test), &info, &error);
    hs_free_compile_error(error);
    free(info); /* style: heap: vectorscan allocates it */
    return status == HS_SUCCESS && memchr(test->text.ptr, '\0', test->text.len) == NULL;
}

static void separate_regexes(struct sigma_slot *slot, const struct sigma_set_test *tests) {
    size_t kept = 0;
    for (size_t i = 0; i < slot->regexes.count; i++) {
        uint32_t id = slot->regexes.ids[i];
        if (is_prefilterable(&tests[id].test)) {
            slot->regexes.ids[kept++] = id;
        } else {
            sigma_ids_add(&slot->direct_regexes, id);
        }
    }
    slot->regexes.count = kept;
}

static void all_direct(struct sigma_slot *slot) {
    for (size_t i = 0; i < slot->regexes.count; i++) {
        sigma_ids_add(&slot->direct_regexes, slot->regexes.ids[i]);
    }
    slot->regexes.count = 0;
}

void sigma_slot_build_regexes(struct sigma_slot *slot, const struct sigma_set_test *tests) {
    separate_regexes(slot, tests);
    size_t count = slot->regexes.count;
    if (count == 0) {
        return;
    }
    const char **texts = mem_calloc(count, sizeof *texts);
    unsigned *flags = mem_calloc(count, sizeof *flags);
    unsigned *ids = mem_calloc(count, sizeof *ids);
    for (size_t i = 0; i < count; i++) {
        const struct sigma_test *test = &tests[slot->regexes.ids[i]].test;
        texts[i] = test->text.ptr; /* arena texts end in NUL */
        flags[i] = regex_flags(test);
        ids[i] = (unsigned)i;
    }
    hs_compile_error_t *error = NULL;
    if (hs_compile_multi(texts, flags, ids, (unsigned)count, HS_MODE_BLOCK, NULL, &slot->regex_db,
                         &error) != HS_SUCCESS) {
        all_direct(slot); /* too large together */
    }
    hs_free_compile_error(error);
    mem_free(texts);
    mem_free(flags);
    mem_free(ids);
}

void sigma_slot_fini(struct sigma_slot *slot) {
    keyed_fini(&slot->equal);
    keyed_fini(&slot->numbers);
    keyed_fini(&slot->literals);
    sigma_ids_fini(&slot->regexes);
    sigma_ids_fini(&slot->direct_regexes);
    sigma_ids_fini(&slot->always);
    hs_free_database(slot->literal_db);
    hs_free_database(slot->regex_db);
}

/* --- narrowed --- */

static void keyed_narrow(struct sigma_keyed *out, const struct sigma_keyed *from,
                         const bool *is_wanted) {
    for (uint32_t key = 0; key < from->keys.count; key++) {
        const struct sigma_ids *tests = &from->tests[key];
        for (size_t i = 0; i < tests->count; i++) {
            if (is_wanted[tests->ids[i]]) {
                keyed_add(out, intern_text(&from->keys, key), tests->ids[i]);
            }
        }
    }
}

static struct sigma_ids borrow(const struct sigma_ids *list) {
    return (struct sigma_ids){list->ids, list->count, 0};
}

static bool has_wanted(const struct sigma_ids *list, const bool *is_wanted) {
    for (size_t i = 0; i < list->count; i++) {
        if (is_wanted[list->ids[i]]) {
            return true;
        }
    }
    return false;
}

bool sigma_slot_narrow(struct sigma_slot *out, const struct sigma_slot *from,
                       const bool *is_wanted) {
    *out = (struct sigma_slot){.name = from->name, .is_used = from->is_used};
    keyed_narrow(&out->equal, &from->equal, is_wanted);
    keyed_narrow(&out->numbers, &from->numbers, is_wanted);
    keyed_narrow(&out->literals, &from->literals, is_wanted);
    if (has_wanted(&from->always, is_wanted)) {
        out->always = borrow(&from->always);
    }
    if (has_wanted(&from->direct_regexes, is_wanted)) {
        out->direct_regexes = borrow(&from->direct_regexes);
    }
    if (has_wanted(&from->regexes, is_wanted)) {
        out->regexes = borrow(&from->regexes);
        out->regex_db = from->regex_db;
    }
    return sigma_slot_build_literals(out);
}

void sigma_slot_narrow_fini(struct sigma_slot *slot) {
    slot->regex_db = NULL; /* the whole slot's */
    sigma_slot_fini(slot);
}
