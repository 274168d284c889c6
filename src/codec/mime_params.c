#include "mime_params.h"

#include "mime_words.h"

enum { PARAMS_MAX = 32, SECTION_NONE = -1, SECTION_MAX = 99 };

struct param {
    struct str value; /* without quotes, still escaped */
    int section;      /* of name*N, else SECTION_NONE */
    bool is_filename; /* filename, else name */
    bool extended;    /* name*=, name*N*= */
    bool quoted;
    bool open; /* the text ended before the value did */
};

struct scan {
    struct str text;
    size_t at;
    bool cut;
    struct param params[PARAMS_MAX];
    size_t count;
};

static bool at_end(const struct scan *s) {
    return s->at >= s->text.len;
}

static char peek(const struct scan *s) {
    return s->text.ptr[s->at];
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* '?' that stands for a line feed: a blank or another '?' and a parameter follow. */
static bool is_fold_at(struct str text, size_t at) {
    return text.ptr[at] == '?' && at + 1 < text.len && is_blank(text.ptr[at + 1]);
}

static void skip_separators(struct scan *s) {
    while (!at_end(s) && (is_blank(peek(s)) || strchr(";,?\r\n", peek(s)) != NULL)) {
        s->at++;
    }
}

/* Blanks and folds beside '='. */
static void skip_blanks(struct scan *s) {
    while (!at_end(s) && (is_blank(peek(s)) || is_fold_at(s->text, s->at))) {
        s->at++;
    }
}

static struct str read_attribute(struct scan *s) {
    size_t start = s->at;
    while (!at_end(s) && !is_blank(peek(s)) && strchr("=;,\"?", peek(s)) == NULL) {
        s->at++;
    }
    return str_make(s->text.ptr + start, s->at - start);
}

static void read_quoted(struct scan *s, struct param *param) {
    s->at++;
    /* a doubled quote is what a CSV made of the first one */
    if (s->at + 1 < s->text.len && peek(s) == '"' &&
        strchr("; \t?", s->text.ptr[s->at + 1]) == NULL) {
        s->at++;
    }
    size_t start = s->at;
    while (!at_end(s) && peek(s) != '"') {
        bool escape = peek(s) == '\\' && s->at + 1 < s->text.len &&
                      strchr("\"\\", s->text.ptr[s->at + 1]) != NULL;
        s->at += escape ? 2 : 1;
    }
    param->quoted = true;
    param->open = at_end(s);
    param->value = str_make(s->text.ptr + start, s->at - start);
    s->at += at_end(s) ? 0 : 1;
}

/* True if "attribute=" stands at s: the value before it lacked its ';'. */
static bool attribute_follows(struct str s) {
    size_t len = 0;
    while (len < s.len && (ascii_is_alnum(s.ptr[len]) || s.ptr[len] == '-' || s.ptr[len] == '*')) {
        len++;
    }
    return len > 0 && len < s.len && s.ptr[len] == '=';
}

/* Length of the blanks and folds at the start of s; a single '?' is a part of an encoded word. */
static size_t gap_length(struct str s) {
    size_t len = 0;
    while (len < s.len && (is_blank(s.ptr[len]) || s.ptr[len] == '?')) {
        len++;
    }
    return len == 1 && s.ptr[0] == '?' ? 0 : len;
}

/* Without quotes: to the ';', since mailers leave quotes away around blanks too. */
static void read_bare(struct scan *s, struct param *param) {
    size_t start = s->at;
    while (!at_end(s) && peek(s) != ';') {
        struct str rest = str_skip(s->text, s->at);
        size_t gap = gap_length(rest);
        if (gap > 0 && attribute_follows(str_skip(rest, gap))) {
            break;
        }
        s->at++;
    }
    param->open = at_end(s) && s->cut;
    param->value = str_trim(str_make(s->text.ptr + start, s->at - start));
}

/* "name", "filename*", "name*1*": false for other parameters. */
static bool parse_attribute(struct param *out, struct str attribute) {
    struct str rest;
    if (str_starts_ci(attribute, STR("filename"))) {
        out->is_filename = true;
        rest = str_skip(attribute, 8);
    } else if (str_starts_ci(attribute, STR("name"))) {
        out->is_filename = false;
        rest = str_skip(attribute, 4);
    } else {
        return false;
    }
    out->section = SECTION_NONE;
    out->extended = false;
    if (rest.len == 0) {
        return true;
    }
    if (rest.ptr[0] != '*') {
        return false;
    }
    rest = str_skip(rest, 1);
    int number = rest.len > 0 && ascii_is_digit(rest.ptr[0]) ? 0 : SECTION_NONE;
    while (rest.len > 0 && ascii_is_digit(rest.ptr[0]) && number <= SECTION_MAX) {
        number = number * 10 + (rest.ptr[0] - '0');
        rest = str_skip(rest, 1);
    }
    out->section = number;
    out->extended = number == SECTION_NONE || str_eq(rest, STR("*"));
    return number <= SECTION_MAX && (rest.len == 0 || (number >= 0 && str_eq(rest, STR("*"))));
}

static void scan_params(struct scan *s) {
    for (;;) {
        skip_separators(s);
        if (at_end(s)) {
            return;
        }
        size_t before = s->at;
        struct param param = {.value = STR_EMPTY};
        bool wanted = parse_attribute(&param, read_attribute(s));
        skip_blanks(s);
        if (!at_end(s) && peek(s) == '=') {
            s->at++;
            skip_blanks(s);
            param.open = at_end(s);
            if (!at_end(s) && peek(s) == '"') {
                read_quoted(s, &param);
            } else {
                read_bare(s, &param);
            }
            if (wanted && s->count < PARAMS_MAX) {
                s->params[s->count++] = param;
            }
        }
        s->at += s->at == before ? 1 : 0; /* a stray quote */
    }
}

/* --- decoding --- */

/* Quoted pairs undone, folds unfolded, and the escape byte of ISO-2022-JP, which Postfix prints as
 * '?', put back where the sequence is unmistakable. */
static void unescape(struct buf *out, const struct param *param) {
    struct str v = param->value;
    bool jis = str_find(v, STR("?$B")) != STR_NONE || str_find(v, STR("?$@")) != STR_NONE;
    for (size_t i = 0; i < v.len; i++) {
        struct str rest = str_skip(v, i);
        bool pair = param->quoted && v.ptr[i] == '\\' && i + 1 < v.len &&
                    (v.ptr[i + 1] == '"' || v.ptr[i + 1] == '\\');
        if (pair) {
            buf_putc(out, v.ptr[++i]);
        } else if (jis && (str_starts(rest, STR("?$B")) || str_starts(rest, STR("?$@")) ||
                           str_starts(rest, STR("?(B")) || str_starts(rest, STR("?(J")) ||
                           str_starts(rest, STR("?(I")))) {
            buf_putc(out, '\033');
        } else {
            buf_putc(out, v.ptr[i]);
        }
    }
}

static enum mime_state decode_plain(struct buf *out, const struct param *param) {
    struct buf raw = BUF_INIT;
    unescape(&raw, param);
    size_t start = out->len;
    enum mime_state state = MIME_OK;
    if (str_find_char(buf_str(&raw), '\033') != STR_NONE) {
        state = mime_charset_decode(out, STR("iso-2022-jp"), buf_str(&raw));
    } else {
        state = mime_words_decode(out, buf_str(&raw));
    }
    buf_fini(&raw);
    if (memchr(out->ptr + start, '?', out->len - start) != NULL) {
        state = mime_state_worse(state, MIME_UNDECODABLE);
    }
    return param->open ? mime_state_worse(state, MIME_TRUNCATED) : state;
}

/* %XX; false if the text ends within an escape. */
static bool decode_percent(struct buf *out, struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '%') {
            buf_putc(out, text.ptr[i]);
            continue;
        }
        if (i + 2 >= text.len) {
            return false;
        }
        int high = ascii_hex_value(text.ptr[i + 1]);
        int low = ascii_hex_value(text.ptr[i + 2]);
        if (high >= 0 && low >= 0) {
            buf_putc(out, (char)(high * 16 + low));
            i += 2;
        } else {
            buf_putc(out, '%');
        }
    }
    return true;
}

/* Takes "charset'language'" off the front of *value. */
static struct str take_charset(struct str *value) {
    size_t first = str_find_char(*value, '\'');
    if (first == STR_NONE) {
        return STR_EMPTY;
    }
    struct str rest = str_skip(*value, first + 1);
    size_t second = str_find_char(rest, '\'');
    if (second == STR_NONE) {
        return STR_EMPTY;
    }
    struct str charset = str_head(*value, first);
    *value = str_skip(rest, second + 1);
    return charset;
}

static const struct param *find_section(const struct scan *s, bool is_filename, int section) {
    for (size_t i = 0; i < s->count; i++) {
        const struct param *p = &s->params[i];
        bool numbered_or_extended = p->section != SECTION_NONE || p->extended;
        if (p->is_filename == is_filename && p->section == section && numbered_or_extended) {
            return p;
        }
    }
    return NULL;
}

static int last_section(const struct scan *s, bool is_filename) {
    int last = -1;
    for (size_t i = 0; i < s->count; i++) {
        const struct param *p = &s->params[i];
        if (p->is_filename == is_filename && p->section > last) {
            last = p->section;
        }
    }
    return last;
}

/* Sections first..last of one name; both are SECTION_NONE for the unnumbered form. */
static enum mime_state decode_extended(struct buf *out, const struct scan *s, bool is_filename,
                                       int first, int last) {
    enum mime_state state = MIME_OK;
    struct buf raw = BUF_INIT;
    struct str charset = STR_EMPTY;
    for (int section = first; section <= last; section++) {
        const struct param *p = find_section(s, is_filename, section);
        if (p == NULL) {
            state = MIME_TRUNCATED;
            continue;
        }
        struct str value = p->value;
        if (section == first && p->extended) {
            charset = take_charset(&value);
        }
        if (!p->extended) {
            unescape(&raw, p);
        } else if (!decode_percent(&raw, value)) {
            state = MIME_TRUNCATED;
        }
        state = p->open ? MIME_TRUNCATED : state;
    }
    enum mime_state decoded = charset.len == 0 && str_find(buf_str(&raw), STR("=?")) != STR_NONE
                                  ? mime_words_decode(out, buf_str(&raw))
                                  : mime_charset_decode(out, charset, buf_str(&raw));
    buf_fini(&raw);
    return mime_state_worse(state, decoded);
}

struct names {
    struct mime_file_name *out;
    size_t count;
    struct buf *text;
};

/* Keeps the name that was appended to the text from `start` on, unless it is there already. */
static void keep_name(struct names *names, size_t start, enum mime_state state) {
    struct str name = str_make(names->text->ptr + start, names->text->len - start);
    for (size_t i = 0; i < names->count; i++) {
        struct str other = str_make(names->text->ptr + names->out[i].off, names->out[i].len);
        if (str_eq(name, other)) {
            names->out[i].state = mime_state_worse(names->out[i].state, state);
            names->text->len = start;
            return;
        }
    }
    if (names->count < MIME_FILE_NAMES_MAX) {
        names->out[names->count++] = (struct mime_file_name){start, name.len, state};
    }
}

static void names_of(struct names *names, const struct scan *s, bool is_filename) {
    for (size_t i = 0; i < s->count; i++) {
        const struct param *p = &s->params[i];
        if (p->is_filename == is_filename && p->section == SECTION_NONE && !p->extended) {
            size_t start = names->text->len;
            keep_name(names, start, decode_plain(names->text, p));
        }
    }
    size_t start = names->text->len;
    if (find_section(s, is_filename, SECTION_NONE) != NULL) {
        keep_name(names, start,
                  decode_extended(names->text, s, is_filename, SECTION_NONE, SECTION_NONE));
    }
    int last = last_section(s, is_filename);
    if (last >= 0) {
        start = names->text->len;
        enum mime_state state = decode_extended(names->text, s, is_filename, 0, last);
        /* where the value was cut, more sections may have followed */
        const struct param *final = &s->params[s->count - 1];
        bool ends_here = s->cut && final->is_filename == is_filename && final->section >= 0;
        keep_name(names, start, ends_here ? mime_state_worse(state, MIME_TRUNCATED) : state);
    }
}

size_t mime_file_names(struct mime_file_name out[MIME_FILE_NAMES_MAX], struct buf *text,
                       struct str value, bool cut) {
    struct scan scan = {.text = value, .cut = cut};
    scan_params(&scan);
    struct names names = {out, 0, text};
    (void)buf_reserve(text, 1);
    names_of(&names, &scan, true);
    names_of(&names, &scan, false);
    return names.count;
}
