#include "expr_priv.h"

enum {
    PATTERN_MAX_BYTES = 8192,
    MATCH_LIMIT = 2000000,      /* steps of one match */
    MATCH_LIMIT_STRICT = 20000, /* ... after GIVEN_UP_TOLERATED matches ran into the limit */
    GIVEN_UP_TOLERATED = 100,
    JIT_STACK_START_BYTES = 32 * 1024,
    JIT_STACK_MAX_BYTES = 1024 * 1024
};

enum status regex_compile(pcre2_code **out, size_t *error_at, struct str pattern, bool ignore_case,
                          struct err *err) {
    if (pattern.len > PATTERN_MAX_BYTES) {
        return err_set(err, STATUS_BAD_INPUT, "regular expression of %zu bytes; at most %d",
                       pattern.len, PATTERN_MAX_BYTES);
    }
    int code;
    PCRE2_SIZE offset;
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C |
                       (ignore_case ? PCRE2_CASELESS : 0u);
    pcre2_code *regex =
        pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len, options, &code, &offset, NULL);
    if (regex == NULL) {
        PCRE2_UCHAR text[256];
        *error_at = offset;
        (void)pcre2_get_error_message(code, text, sizeof text);
        return err_set(err, STATUS_BAD_INPUT, "regular expression: %s", (const char *)text);
    }
    (void)pcre2_jit_compile(regex, PCRE2_JIT_COMPLETE); /* without it the interpreter does it */
    *out = regex;
    return STATUS_OK;
}

bool regex_newline_is_lf(const pcre2_code *regex) {
    uint32_t newline = 0;
    return pcre2_pattern_info(regex, PCRE2_INFO_NEWLINE, &newline) == 0 &&
           newline == PCRE2_NEWLINE_LF;
}

/* Of all threads of the process: the store evaluates filters in scratches of its own. */
static _Atomic uint64_t given_up_total;

uint64_t expr_regex_given_up(void) {
    return given_up_total;
}

static void prepare(struct expr_scratch *scratch) {
    if (scratch->match_data != NULL) {
        return;
    }
    scratch->match_data = pcre2_match_data_create(1, NULL);
    scratch->match_context = pcre2_match_context_create(NULL);
    scratch->jit_stack = pcre2_jit_stack_create(JIT_STACK_START_BYTES, JIT_STACK_MAX_BYTES, NULL);
    if (scratch->match_context != NULL) {
        (void)pcre2_set_match_limit(scratch->match_context, MATCH_LIMIT);
        pcre2_jit_stack_assign(scratch->match_context, NULL, scratch->jit_stack);
    }
}

bool regex_match(const pcre2_code *regex, struct str text, struct expr_scratch *scratch) {
    prepare(scratch);
    int result = PCRE2_ERROR_NOMEMORY;
    if (scratch->match_data != NULL) {
        result = pcre2_match(regex, (PCRE2_SPTR)text.ptr, text.len, 0, 0, scratch->match_data,
                             scratch->match_context);
    }
    if (result >= 0) {
        return true; /* 0: the vector is small, but it matched */
    }
    if (result == PCRE2_ERROR_NOMATCH) {
        return false;
    }
    given_up_total++;
    if (++scratch->given_up == GIVEN_UP_TOLERATED && scratch->match_context != NULL) {
        (void)pcre2_set_match_limit(scratch->match_context, MATCH_LIMIT_STRICT);
    }
    return false;
}
