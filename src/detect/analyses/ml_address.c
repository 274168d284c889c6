#include "ml_address.h"

#include <libpsl.h>

enum { DOMAIN_MAX = 253 };

static bool is_local_char(char c) {
    return ascii_is_alnum(c) || (c != '\0' && strchr("._%+-=&#$!^~", c) != NULL);
}

/* Letters beyond ASCII too: names as they are shown, not as they are sent. */
static bool is_domain_char(char c) {
    return ascii_is_alnum(c) || c == '-' || c == '.' || (unsigned char)c >= 0x80;
}

/* At least two labels, none empty, the last one of letters (or xn--...). */
static bool is_domain(struct str s) {
    size_t dot = str_rfind_char(s, '.');
    if (dot == STR_NONE || dot == 0 || s.len > DOMAIN_MAX || s.ptr[0] == '.' ||
        str_find(s, STR("..")) != STR_NONE) {
        return false;
    }
    struct str top = str_skip(s, dot + 1);
    if (str_starts(top, STR("xn--"))) {
        return true;
    }
    for (size_t i = 0; i < top.len; i++) {
        if (!ascii_is_alpha(top.ptr[i])) {
            return false;
        }
    }
    return top.len >= 2;
}

/* The address around the '@' at `at`. */
static bool address_around(struct ml_address *out, struct str text, size_t at) {
    size_t start = at;
    size_t end = at + 1;
    while (start > 0 && is_local_char(text.ptr[start - 1])) {
        start--;
    }
    while (start < at && strchr(".-=&#$!^~", text.ptr[start]) != NULL) {
        start++; /* punctuation before the address */
    }
    while (end < text.len && is_domain_char(text.ptr[end])) {
        end++;
    }
    while (end > at + 1 && (text.ptr[end - 1] == '.' || text.ptr[end - 1] == '-')) {
        end--;
    }
    struct str domain = str_make(text.ptr + at + 1, end - at - 1);
    if (start == at || !is_domain(domain)) {
        return false;
    }
    out->local = str_make(text.ptr + start, at - start);
    out->domain = domain;
    out->whole = str_make(text.ptr + start, end - start);
    return true;
}

bool ml_address_next(struct ml_address *out, struct str *rest) {
    size_t from = 0;
    for (;;) {
        size_t found = str_find_char(str_skip(*rest, from), '@');
        if (found == STR_NONE) {
            *rest = STR_EMPTY;
            return false;
        }
        size_t at = from + found;
        if (address_around(out, *rest, at)) {
            size_t end = (size_t)(out->whole.ptr - rest->ptr) + out->whole.len;
            *rest = str_skip(*rest, end);
            return true;
        }
        from = at + 1;
    }
}

bool ml_address_parse(struct ml_address *out, struct str text) {
    while (text.len > 0 && strchr("<\"' ", text.ptr[0]) != NULL) {
        text = str_skip(text, 1);
    }
    while (text.len > 0 && strchr(">\"' .", text.ptr[text.len - 1]) != NULL) {
        text.len--;
    }
    size_t at = str_rfind_char(text, '@');
    if (at == STR_NONE || at == 0 || at + 1 >= text.len) {
        return false;
    }
    *out = (struct ml_address){text, str_head(text, at), str_skip(text, at + 1)};
    return true;
}

static struct str without_tag(struct str local) {
    size_t plus = str_find_char(local, '+');
    return str_head(local, plus == STR_NONE || plus == 0 ? local.len : plus);
}

bool ml_address_same(const struct ml_address *a, const struct ml_address *b) {
    return str_eq_ci(a->domain, b->domain) &&
           str_eq_ci(without_tag(a->local), without_tag(b->local));
}

/* The registrable part of the domain in `text`, which is `domain` in lower case. */
static struct str registrable(char text[DOMAIN_MAX + 1], struct str domain) {
    if (domain.len > DOMAIN_MAX) {
        return domain;
    }
    for (size_t i = 0; i < domain.len; i++) {
        text[i] = ascii_lower(domain.ptr[i]);
    }
    text[domain.len] = '\0';
    const char *part = psl_registrable_domain(psl_builtin(), text);
    return str_from_c(part != NULL ? part : text);
}

bool ml_same_organisation(struct str domain_a, struct str domain_b) {
    char a[DOMAIN_MAX + 1];
    char b[DOMAIN_MAX + 1];
    return str_eq_ci(registrable(a, domain_a), registrable(b, domain_b));
}
