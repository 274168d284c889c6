#define PCRE2_CODE_UNIT_WIDTH 8
#include "sigma_regex.h"

#include <pcre2.h>

#include "mem.h"
#include "sigma_ast.h"

enum {
    PATTERN_LIMIT = 65536,
    MATCH_LIMIT = 1000000,
    DEPTH_LIMIT = 100000,
    HEAP_LIMIT_KIB = 16384,
    STACK_FIRST_BYTES = 32768,
    STACK_LIMIT_BYTES = 8 << 20
};

struct sigma_regex {
    pcre2_code *code; /* for any bytes */
    pcre2_code *fast; /* machine code, for UTF-8; NULL: none */
};

struct sigma_regex_matcher {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack; /* "(.){200,}" needs more than PCRE2's own 32 KiB */
    uint64_t limit_hits;
};

static uint32_t options_of(unsigned flags) {
    uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;
    options |= flags & SIGMA_RE_CASELESS ? PCRE2_CASELESS : 0;
    options |= flags & SIGMA_RE_MULTILINE ? PCRE2_MULTILINE : 0;
    options |= flags & SIGMA_RE_DOTALL ? PCRE2_DOTALL : 0;
    return options;
}

static pcre2_code *compile(struct str pattern, uint32_t options, int *code, PCRE2_SIZE *at) {
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_code *compiled =
        pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len, options, code, at, context);
    pcre2_compile_context_free(context);
    return compiled;
}

enum status sigma_regex_compile(struct sigma_regex **out, struct str pattern, unsigned flags,
                                struct err *err) {
    if (pattern.len > PATTERN_LIMIT) {
        return err_set(err, STATUS_BAD_INPUT, "the regular expression is longer than %d bytes",
                       PATTERN_LIMIT);
    }
    int code = 0;
    PCRE2_SIZE at = 0;
    pcre2_code *compiled =
        compile(pattern, options_of(flags) | PCRE2_MATCH_INVALID_UTF, &code, &at);
    if (compiled == NULL) {
        PCRE2_UCHAR message[160];
        pcre2_get_error_message(code, message, sizeof message);
        return err_set(err, STATUS_BAD_INPUT, "regular expression, at character %zu: %s", at + 1,
                       (const char *)message);
    }
    *out = mem_calloc(1, sizeof **out);
    (*out)->code = compiled;
    return STATUS_OK;
}

/* PCRE2 10.42's machine code for texts that may be no UTF-8 misses "\w\W" before a character of
 * several bytes at the end: so that of plain UTF mode is used, and no machine code for what is no
 * UTF-8. */
void sigma_regex_speed_up(struct sigma_regex *regex, struct str pattern, unsigned flags) {
    int code = 0;
    PCRE2_SIZE at = 0;
    regex->fast = compile(pattern, options_of(flags), &code, &at);
    if (regex->fast != NULL && pcre2_jit_compile(regex->fast, PCRE2_JIT_COMPLETE) != 0) {
        pcre2_code_free(regex->fast);
        regex->fast = NULL;
    }
}

void sigma_regex_free(struct sigma_regex **regex) {
    if (*regex != NULL) {
        pcre2_code_free((*regex)->code);
        pcre2_code_free((*regex)->fast);
        mem_free(*regex);
        *regex = NULL;
    }
}

struct sigma_regex_matcher *sigma_regex_matcher_create(void) {
    struct sigma_regex_matcher *m = mem_calloc(1, sizeof *m);
    m->data = pcre2_match_data_create(1, NULL);
    m->context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(m->context, MATCH_LIMIT);
    pcre2_set_depth_limit(m->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(m->context, HEAP_LIMIT_KIB);
    m->stack = pcre2_jit_stack_create(STACK_FIRST_BYTES, STACK_LIMIT_BYTES, NULL);
    pcre2_jit_stack_assign(m->context, NULL, m->stack);
    return m;
}

void sigma_regex_matcher_destroy(struct sigma_regex_matcher **matcher) {
    if (*matcher != NULL) {
        pcre2_match_data_free((*matcher)->data);
        pcre2_match_context_free((*matcher)->context);
        pcre2_jit_stack_free((*matcher)->stack);
        mem_free(*matcher);
        *matcher = NULL;
    }
}

static int run(const struct sigma_regex_matcher *matcher, const pcre2_code *code, struct str text) {
    return pcre2_match(code, (PCRE2_SPTR)text.ptr, text.len, 0, 0, matcher->data, matcher->context);
}

bool sigma_regex_match(struct sigma_regex_matcher *matcher, const struct sigma_regex *regex,
                       struct str text) {
    int found = run(matcher, regex->fast != NULL ? regex->fast : regex->code, text);
    if (found <= PCRE2_ERROR_UTF8_ERR1 && found >= PCRE2_ERROR_UTF8_ERR21) {
        found = run(matcher, regex->code, text);
    }
    if (found < 0 && found != PCRE2_ERROR_NOMATCH) {
        matcher->limit_hits++;
    }
    return found >= 0;
}

uint64_t sigma_regex_limit_hits(const struct sigma_regex_matcher *matcher) {
    return matcher->limit_hits;
}
