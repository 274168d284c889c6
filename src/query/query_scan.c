/* Characters, words and quotes of a query; positions are byte offsets into its text. */
#include <stdarg.h>
#include <stdio.h>

#include "query_priv.h"

bool parser_fail(struct parser *p, size_t offset, const char *format, ...) {
    if (p->error->message[0] == '\0') { /* the first error is the one that helps */
        va_list args;
        va_start(args, format);
        (void)vsnprintf(p->error->message, sizeof p->error->message, format, args);
        va_end(args);
        p->error->offset = offset;
    }
    return false;
}

struct str parser_rest(const struct parser *p) {
    return str_skip(p->text, p->at);
}

bool parser_at_end(const struct parser *p) {
    return p->at >= p->text.len;
}

bool scan_is_blank(struct str rest, size_t *length) {
    if (rest.len > 0 && ascii_is_space(rest.ptr[0])) {
        *length = 1;
        return true;
    }
    *length = 3;
    return str_starts(rest, STR("\xe3\x80\x80")); /* U+3000, what a Japanese keyboard gives */
}

void parser_skip_blanks(struct parser *p) {
    size_t length;
    while (scan_is_blank(parser_rest(p), &length)) {
        p->at += length;
    }
}

bool parser_accept(struct parser *p, const char *literal) {
    struct str want = str_from_c(literal);
    if (!str_starts(parser_rest(p), want)) {
        return false;
    }
    p->at += want.len;
    return true;
}

static bool ends_word(struct str rest) {
    size_t length;
    return rest.len == 0 || scan_is_blank(rest, &length) || rest.ptr[0] == '(' ||
           rest.ptr[0] == ')' || rest.ptr[0] == '|';
}

bool parser_accept_keyword(struct parser *p, const char *word) {
    struct str want = str_from_c(word);
    struct str rest = parser_rest(p);
    if (!str_starts_ci(rest, want) || !ends_word(str_skip(rest, want.len))) {
        return false;
    }
    p->at += want.len;
    return true;
}

static bool is_name_byte(char c) {
    return ascii_is_alnum(c) || (unsigned char)c >= 0x80 || memchr("_.@*?-:/#$%", c, 11) != NULL;
}

struct str parser_take_name(struct parser *p) {
    size_t start = p->at;
    size_t length;
    while (!parser_at_end(p) && is_name_byte(p->text.ptr[p->at]) &&
           !scan_is_blank(parser_rest(p), &length)) {
        p->at++;
    }
    return str_make(p->text.ptr + start, p->at - start);
}

bool parser_take_quoted(struct parser *p, struct str *out) {
    size_t start = p->at;
    struct buf text = BUF_INIT;
    for (size_t i = start + 1; i < p->text.len; i++) {
        char c = p->text.ptr[i];
        if (c == '"') {
            *out = arena_str(&p->query->arena, buf_str(&text));
            buf_fini(&text);
            p->at = i + 1;
            return true;
        }
        bool escapes = c == '\\' && i + 1 < p->text.len &&
                       (p->text.ptr[i + 1] == '"' || p->text.ptr[i + 1] == '\\');
        buf_putc(&text, escapes ? p->text.ptr[++i] : c);
    }
    buf_fini(&text);
    return parser_fail(p, start, _("this quotation mark is never closed"));
}

/* A slash closes a regular expression only if a word ends behind it (and behind the flag i): so
 * /etc/passwd is a word. */
bool parser_take_regex(struct parser *p, struct str *out, bool *ignore_case) {
    struct str rest = parser_rest(p);
    if (rest.len < 3 || rest.ptr[0] != '/') {
        return false;
    }
    for (size_t i = 1; i < rest.len; i++) {
        if (rest.ptr[i] == '\\') {
            i++;
            continue;
        }
        bool flag = rest.ptr[i] == '/' && i + 1 < rest.len && rest.ptr[i + 1] == 'i';
        if (rest.ptr[i] == '/' && i > 1 && ends_word(str_skip(rest, i + (flag ? 2 : 1)))) {
            *out = str_make(rest.ptr + 1, i - 1);
            *ignore_case = flag;
            p->at += i + (flag ? 2 : 1);
            return true;
        }
    }
    return false;
}

static bool stops_word(struct str rest, const char *also_stops_at) {
    size_t length;
    return scan_is_blank(rest, &length) || memchr("()|\"", rest.ptr[0], 4) != NULL ||
           strchr(also_stops_at, rest.ptr[0]) != NULL || str_starts(rest, STR("&&"));
}

struct str parser_take_word(struct parser *p, const char *also_stops_at) {
    size_t start = p->at;
    while (!parser_at_end(p)) {
        struct str rest = parser_rest(p);
        if (rest.ptr[0] == '\\' && rest.len > 1) {
            p->at += 2;
        } else if (rest.ptr[0] == '\0' || !stops_word(rest, also_stops_at)) {
            p->at++;
        } else {
            break;
        }
    }
    return str_make(p->text.ptr + start, p->at - start);
}

/* Characters whose meaning a backslash takes away; before others it stands for itself, so that
 * C:\Windows can be written as it is. */
static bool is_special(char c) {
    return c != '\0' && strchr("*?:\\\"()[]{}/|&!<>=-+^~ ", c) != NULL;
}

struct str scan_unescape(struct arena *arena, struct str text) {
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\' && i + 1 < text.len && is_special(text.ptr[i + 1])) {
            i++;
        }
        buf_putc(&out, text.ptr[i]);
    }
    struct str kept = arena_str(arena, buf_str(&out));
    buf_fini(&out);
    return kept;
}

struct str scan_pattern(struct arena *arena, struct str text) {
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '\\') {
            buf_putc(&out, text.ptr[i]);
            continue;
        }
        bool special = i + 1 < text.len && is_special(text.ptr[i + 1]);
        buf_putc(&out, '\\');
        buf_putc(&out, special ? text.ptr[++i] : '\\');
    }
    struct str kept = arena_str(arena, buf_str(&out));
    buf_fini(&out);
    return kept;
}
