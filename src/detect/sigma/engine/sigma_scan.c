#define _GNU_SOURCE /* memmem */
#include <string.h>

#include "charset.h"
#include "check.h"
#include "clock.h"
#include "mem.h"
#include "num.h"
#include "sigma_number.h"
#include "sigma_slot.h"
#include "sigma_text.h"

struct sigma_scanner {
    const struct sigma_set_test *tests;
    hs_scratch_t *scratch; /* NULL if there is no database */
    struct sigma_regex_matcher *matcher;
    struct sigma_regex **regexes; /* by number; NULL: not needed yet */
    size_t regex_count;
    bool *sensitive;               /* by number: vectorscan may miss it in a value beyond ASCII */
    bool is_ascii;                 /* the value is */
    uint64_t *limits;              /* by number of the expression */
    struct sigma_profile *profile; /* NULL: nothing is counted */
    struct buf folded;
    /* of the value being scanned */
    const struct sigma_slot *slot;
    struct str value;
    struct sigma_ids *out;
};

/* Outside ASCII vectorscan folds case by its own tables and knows the properties of another Unicode
 * version than PCRE2: expressions that ask for either are tried on such values without it. What
 * stands in a class or is quoted may look so, too: that costs time only. */
static bool is_unicode_sensitive(const struct sigma_test *test) {
    struct str text = test->text;
    for (size_t i = 0; i + 1 < text.len; i++) {
        bool escape =
            text.ptr[i] == '\\' && str_find_char(STR("pPXRhHvVNBb"), text.ptr[i + 1]) != STR_NONE;
        bool group = text.ptr[i] == '(' && (text.ptr[i + 1] == '?' || text.ptr[i + 1] == '*') &&
                     !str_starts(str_skip(text, i), STR("(?:"));
        bool named = text.ptr[i] == '[' && text.ptr[i + 1] == ':';
        if (escape || group || named) {
            return true;
        }
    }
    return (test->regex_flags & SIGMA_RE_CASELESS) != 0;
}

struct sigma_scanner *sigma_scanner_create(const struct sigma_slot *slots, size_t count,
                                           const struct sigma_set_test *tests, size_t regex_count) {
    struct sigma_scanner *s = mem_calloc(1, sizeof *s);
    s->tests = tests;
    s->matcher = sigma_regex_matcher_create();
    s->regexes = mem_calloc(regex_count + 1, sizeof(struct sigma_regex *));
    s->regex_count = regex_count;
    s->limits = mem_calloc(regex_count + 1, sizeof *s->limits);
    s->sensitive = mem_calloc(regex_count + 1, sizeof *s->sensitive);
    for (size_t i = 0; i < count; i++) {
        for (size_t r = 0; r < slots[i].regexes.count; r++) {
            const struct sigma_set_test *t = &tests[slots[i].regexes.ids[r]];
            s->sensitive[t->regex] = is_unicode_sensitive(&t->test);
        }
        CHECK(sigma_scanner_admit(s, &slots[i]));
    }
    return s;
}

bool sigma_scanner_admit(struct sigma_scanner *scanner, const struct sigma_slot *slot) {
    const hs_database_t *both[] = {slot->literal_db, slot->regex_db};
    for (size_t i = 0; i < 2; i++) {
        if (both[i] != NULL && hs_alloc_scratch(both[i], &scanner->scratch) != HS_SUCCESS) {
            return false;
        }
    }
    return true;
}

void sigma_scanner_profile(struct sigma_scanner *scanner, struct sigma_profile *profile) {
    scanner->profile = profile;
}

const uint64_t *sigma_scanner_limits(const struct sigma_scanner *scanner) {
    return scanner->limits;
}

void sigma_scanner_add_limits(struct sigma_scanner *to, const struct sigma_scanner *from) {
    CHECK(to->regex_count == from->regex_count);
    for (size_t i = 0; i < to->regex_count; i++) {
        to->limits[i] += from->limits[i];
    }
}

void sigma_scanner_destroy(struct sigma_scanner **scanner) {
    struct sigma_scanner *s = *scanner;
    if (s != NULL) {
        hs_free_scratch(s->scratch);
        sigma_regex_matcher_destroy(&s->matcher);
        for (size_t i = 0; i < s->regex_count; i++) {
            sigma_regex_free(&s->regexes[i]);
        }
        mem_free(s->regexes);
        mem_free(s->limits);
        mem_free(s->sensitive);
        buf_fini(&s->folded);
        mem_free(s);
        *scanner = NULL;
    }
}

static bool fits_pattern(const struct sigma_scanner *s, const struct sigma_test *test) {
    return sigma_pattern_match(test->text, test->cased ? s->value : buf_str(&s->folded));
}

/* The tests of a key that was found; those that are not certain are confirmed. */
static void take_key(const struct sigma_scanner *s, const struct sigma_ids *found) {
    for (size_t i = 0; i < found->count; i++) {
        const struct sigma_set_test *t = &s->tests[found->ids[i]];
        if (t->is_sure || fits_pattern(s, &t->test)) {
            sigma_ids_add(s->out, found->ids[i]);
        }
    }
}

static void scan_equal(const struct sigma_scanner *s) {
    uint32_t at = intern_find(&s->slot->equal.keys, buf_str(&s->folded));
    if (at != INTERN_NONE) {
        take_key(s, &s->slot->equal.tests[at]);
    }
}

static void scan_number(const struct sigma_scanner *s) {
    double number;
    if (s->slot->numbers.keys.count == 0 || s->value.len > 32 ||
        !num_parse_double(&number, s->value)) {
        return;
    }
    number = number + 0.0; /* -0 becomes 0 */
    uint32_t at =
        intern_find(&s->slot->numbers.keys, str_make((const char *)&number, sizeof number));
    if (at != INTERN_NONE) {
        take_key(s, &s->slot->numbers.tests[at]);
    }
}

static int literal_found(unsigned id, unsigned long long from, unsigned long long to,
                         unsigned flags, void *context) {
    (void)from, (void)to, (void)flags;
    const struct sigma_scanner *s = context;
    take_key(s, &s->slot->literals.tests[id]);
    return 0;
}

static void scan_few_literals(struct sigma_scanner *s) {
    const struct intern *keys = &s->slot->literals.keys;
    for (uint32_t i = 0; i < keys->count; i++) {
        struct str key = intern_text(keys, i);
        if (memmem(s->folded.ptr, s->folded.len, key.ptr, key.len) != NULL) {
            take_key(s, &s->slot->literals.tests[i]);
        }
    }
}

static void scan_literals(struct sigma_scanner *s) {
    if (s->folded.len == 0) {
        return;
    }
    if (s->slot->literal_db == NULL) {
        scan_few_literals(s);
        return;
    }
    hs_error_t status = hs_scan(s->slot->literal_db, s->folded.ptr, (unsigned)s->folded.len, 0,
                                s->scratch, literal_found, s);
    CHECK(status == HS_SUCCESS);
}

/* --- regular expressions --- */

/* NULL if it does not compile: it did when its rule was parsed, so only a forged cache has such. */
static const struct sigma_regex *regex_of(const struct sigma_scanner *s, uint32_t id) {
    const struct sigma_set_test *t = &s->tests[id];
    struct sigma_regex **regex = &s->regexes[t->regex];
    if (*regex == NULL &&
        sigma_regex_compile(regex, t->test.text, t->test.regex_flags, NULL) == STATUS_OK) {
        sigma_regex_speed_up(*regex, t->test.text, t->test.regex_flags);
    }
    return *regex;
}

static bool fits_regex(const struct sigma_scanner *s, uint32_t id) {
    const struct sigma_regex *regex = regex_of(s, id);
    uint64_t limits = sigma_regex_limit_hits(s->matcher);
    bool fits = regex != NULL && sigma_regex_match(s->matcher, regex, s->value);
    s->limits[s->tests[id].regex] += sigma_regex_limit_hits(s->matcher) - limits;
    return fits;
}

static void try_regex(const struct sigma_scanner *s, uint32_t id) {
    int64_t from_ns = s->profile != NULL ? clock_mono_ns() : 0;
    bool fits = fits_regex(s, id);
    if (fits) {
        sigma_ids_add(s->out, id);
    }
    if (s->profile != NULL) {
        struct sigma_regex_cost *cost = &s->profile->regexes[s->tests[id].regex];
        cost->tries++;
        cost->found += fits;
        cost->limits = s->limits[s->tests[id].regex];
        cost->time_ns += (uint64_t)(clock_mono_ns() - from_ns);
    }
}

static int regex_found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                       void *context) {
    (void)from, (void)to, (void)flags;
    const struct sigma_scanner *s = context;
    uint32_t test = s->slot->regexes.ids[id];
    if (s->is_ascii || !s->sensitive[s->tests[test].regex]) { /* else it is tried anyway */
        try_regex(s, test);
    }
    return 0;
}

/* The value is not ASCII: the rest of the slot's expressions, or all of them. */
static void try_sensitive(const struct sigma_scanner *s, bool all) {
    for (size_t i = 0; i < s->slot->regexes.count; i++) {
        uint32_t id = s->slot->regexes.ids[i];
        if (all || s->sensitive[s->tests[id].regex]) {
            try_regex(s, id);
        }
    }
}

/* vectorscan must not be given what is no UTF-8. */
static void scan_regexes(struct sigma_scanner *s) {
    const struct sigma_slot *slot = s->slot;
    for (size_t i = 0; i < slot->direct_regexes.count; i++) {
        try_regex(s, slot->direct_regexes.ids[i]);
    }
    if (slot->regex_db == NULL) {
        return;
    }
    s->is_ascii = sigma_is_ascii(s->value);
    bool prefilter = s->value.len > 0 && (s->is_ascii || utf8_is_valid(s->value));
    if (prefilter) {
        hs_error_t status = hs_scan(slot->regex_db, s->value.ptr, (unsigned)s->value.len, 0,
                                    s->scratch, regex_found, s);
        CHECK(status == HS_SUCCESS);
    }
    if (!s->is_ascii || !prefilter) {
        try_sensitive(s, !prefilter);
    }
}

/* --- the rest --- */

static bool passes(const struct sigma_scanner *s, const struct sigma_test *test) {
    double number;
    switch (test->kind) {
    case SIGMA_TEST_COMPARE:
        return num_parse_double(&number, s->value) &&
               sigma_number_compares(number, (enum sigma_compare)test->compare, test->number);
    case SIGMA_TEST_CIDR:
        return sigma_address_is_in(s->value, test);
    case SIGMA_TEST_TIME:
        return sigma_time_compares(s->value, test);
    default:
        return fits_pattern(s, test);
    }
}

void sigma_scan_value(struct sigma_scanner *scanner, const struct sigma_slot *slot,
                      struct str value, struct sigma_ids *out) {
    scanner->slot = slot;
    scanner->value = value;
    scanner->out = out;
    buf_clear(&scanner->folded);
    sigma_fold(&scanner->folded, value);
    scan_equal(scanner);
    scan_number(scanner);
    scan_literals(scanner);
    scan_regexes(scanner);
    for (size_t i = 0; i < slot->always.count; i++) {
        if (passes(scanner, &scanner->tests[slot->always.ids[i]].test)) {
            sigma_ids_add(out, slot->always.ids[i]);
        }
    }
}
