#include "pattern.h"

#include "check.h"

/* The literal text at *pattern up to the next place; "%%" ends it after one '%'. */
static struct str take_literal(const char **pattern) {
    const char *start = *pattern;
    const char *p = start;
    while (*p != '\0' && *p != '%') {
        p++;
    }
    if (p[0] == '%' && p[1] == '%') {
        *pattern = p + 2;
        return str_make(start, (size_t)(p - start) + 1);
    }
    *pattern = p;
    return str_make(start, (size_t)(p - start));
}

static void store(struct pattern_slots *slots, char place, struct str text) {
    if (place == '*') {
        return;
    }
    CHECK(ascii_is_alpha(place));
    slots->text[place - 'A'] = text;
}

bool pattern_match(struct pattern_slots *slots, const char *pattern, struct str text) {
    struct str literal = take_literal(&pattern);
    if (!str_starts(text, literal)) {
        return false;
    }
    text = str_skip(text, literal.len);
    while (*pattern == '%') {
        char place = pattern[1];
        pattern += 2;
        literal = take_literal(&pattern);
        size_t n = literal.len == 0 ? text.len : str_find(text, literal);
        if (n == STR_NONE) {
            return false;
        }
        store(slots, place, str_head(text, n));
        text = str_skip(text, n + literal.len);
    }
    return text.len == 0;
}
