/* What must be part of a text that a pattern matches: taken from the pattern's text. */
#include "expr_priv.h"
#include "str.h"

static bool is_word_byte(char c) {
    return ascii_is_alnum(c) || c == '_';
}

struct str fragment_of_text(struct str text) {
    struct str best = STR_EMPTY;
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && is_word_byte(text.ptr[end])) {
            end++;
        }
        if (end - at > best.len) {
            best = str_make(text.ptr + at, end - at);
        }
        at = end > at ? end : at + 1;
    }
    return best;
}

/* Length of the quantifier that stands at `at`; 0: none. *optional: it allows none. */
static size_t quantifier(bool *optional, struct str pattern, size_t at) {
    char c = at < pattern.len ? pattern.ptr[at] : '\0';
    *optional = c == '?' || c == '*' || (c == '{' && at + 1 < pattern.len);
    if (c != '?' && c != '*' && c != '+' && c != '{') {
        return 0;
    }
    size_t end = at + 1;
    while (c == '{' && end < pattern.len && pattern.ptr[end - 1] != '}') {
        end++;
    }
    if (end < pattern.len && (pattern.ptr[end] == '?' || pattern.ptr[end] == '+')) {
        end++; /* lazy, possessive */
    }
    return end - at;
}

/* The end of the class or group that begins at `at`; pattern.len if it is never closed. */
static size_t skip_bracket(struct str pattern, size_t at) {
    size_t end = at + 1;
    end += end < pattern.len && pattern.ptr[end] == '^';
    end += end < pattern.len && pattern.ptr[end] == ']';
    for (; end < pattern.len && pattern.ptr[end] != ']'; end++) {
        end += pattern.ptr[end] == '\\';
    }
    return end + 1 < pattern.len ? end + 1 : pattern.len;
}

static size_t skip_group(struct str pattern, size_t at) {
    unsigned depth = 0;
    for (size_t i = at; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        if (c == '\\') {
            i++;
        } else if (c == '[') {
            i = skip_bracket(pattern, i) - 1;
        } else if (c == '(') {
            depth++;
        } else if (c == ')' && --depth == 0) {
            return i + 1;
        }
    }
    return pattern.len;
}

/* Escapes of one letter: what follows them stands for itself. */
static const char plain_escapes[] = "dDwWsShHvVRXbBAzZntrfae";

static bool is_hex_escape(struct str pattern, size_t at) {
    return at + 3 < pattern.len && pattern.ptr[at + 1] == 'x' &&
           ascii_is_alnum(pattern.ptr[at + 2]) && ascii_is_alnum(pattern.ptr[at + 3]);
}

/* Options in the pattern, alternatives, longer escapes, quoting and class names in brackets change
 * what its letters mean: then nothing is taken. */
static bool is_simple(struct str pattern) {
    unsigned depth = 0;
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        char next = i + 1 < pattern.len ? pattern.ptr[i + 1] : '\0';
        if (c == '\\') {
            if (ascii_is_alnum(next) && !is_hex_escape(pattern, i) &&
                strchr(plain_escapes, next) == NULL) {
                return false;
            }
            i++;
        } else if (c == '[') {
            if (str_find(str_head(str_skip(pattern, i), 3), STR("[:")) != STR_NONE) {
                return false;
            }
            i = skip_bracket(pattern, i) - 1;
        } else if (c == '(') {
            char after = i + 2 < pattern.len ? pattern.ptr[i + 2] : '\0';
            if (next == '*' || (next == '?' && after != ':')) {
                return false;
            }
            depth++;
        } else if (c == ')') {
            depth -= depth > 0;
        } else if (c == '|' && depth == 0) {
            return false;
        }
    }
    return true;
}

/* One run of literal bytes being read. */
struct run {
    const char *start;
    size_t len;
    struct str best;
};

static void end_run(struct run *run) {
    if (run->len > run->best.len) {
        run->best = str_make(run->start, run->len);
    }
    run->len = 0;
}

/* A literal at `at`, or something else that ends a run; returns what follows it. */
static size_t take_item(struct run *run, struct str pattern, size_t at) {
    char c = pattern.ptr[at];
    size_t end = at + 1;
    bool literal = is_word_byte(c);
    if (c == '\\') {
        /* a class, an assertion, or one character */
        end = at + (is_hex_escape(pattern, at) ? 4 : 2);
    } else if (c == '[') {
        end = skip_bracket(pattern, at);
    } else if (c == '(') {
        end = skip_group(pattern, at);
    }
    bool optional;
    size_t length = quantifier(&optional, pattern, end);
    if (!literal || (length > 0 && optional)) {
        end_run(run);
    } else {
        run->start = run->len == 0 ? pattern.ptr + at : run->start;
        run->len++;
    }
    if (length > 0) {
        end_run(run); /* "ab+c" holds "ab" and "c" */
    }
    return end + length;
}

struct str fragment_of_regex(struct str pattern) {
    struct run run = {0};
    if (!is_simple(pattern)) {
        return STR_EMPTY;
    }
    for (size_t at = 0; at < pattern.len;) {
        at = take_item(&run, pattern, at);
    }
    end_run(&run);
    return run.best;
}
