#include "conf.h"
#include "i18n.h"

enum { CONF_LIMIT_BYTES = 4 * 1024 * 1024, CONF_DEPTH_LIMIT = 16 };

struct conf_reader {
    struct arena *arena;
    struct str rest;
    unsigned line;
    const char *path;
    struct err *err;
};

static enum status refuse(struct conf_reader *r, const char *what) {
    return err_set(r->err, STATUS_BAD_INPUT, "%s: line %u: %s", r->path, r->line, what);
}

static int peek(const struct conf_reader *r) {
    return r->rest.len > 0 ? (unsigned char)r->rest.ptr[0] : -1;
}

static void advance(struct conf_reader *r, size_t count) {
    for (size_t i = 0; i < count && i < r->rest.len; i++) {
        r->line += r->rest.ptr[i] == '\n';
    }
    r->rest = str_skip(r->rest, count);
}

/* Skips blanks, comments and, with `separators`, also commas and semicolons. */
static enum status skip_blank(struct conf_reader *r, bool separators) {
    while (r->rest.len > 0) {
        char c = r->rest.ptr[0];
        if (ascii_is_space(c) || (separators && (c == ',' || c == ';'))) {
            advance(r, 1);
        } else if (c == '#') {
            size_t end = str_find_char(r->rest, '\n');
            advance(r, end == STR_NONE ? r->rest.len : end);
        } else if (str_starts(r->rest, STR("/*"))) {
            size_t end = str_find(r->rest, STR("*/"));
            if (end == STR_NONE) {
                return refuse(r, _("the comment is not closed; '*/' is missing"));
            }
            advance(r, end + 2);
        } else {
            break;
        }
    }
    return STATUS_OK;
}

static bool is_bare_end(struct str rest, bool is_name) {
    char c = rest.ptr[0];
    if (c == '\n' || c == '\r' || c == ';' || c == ',' || c == '}' || c == ']' || c == '{') {
        return true;
    }
    if (c == '#' || str_starts(rest, STR("/*"))) {
        return true;
    }
    return is_name && (c == '=' || c == ':' || c == ' ' || c == '\t' || c == '[');
}

/* A comment ends a bare value only behind a blank: "C#" and "http://x/#part" stay whole. */
static struct str take_bare(struct conf_reader *r, bool is_name) {
    size_t len = 0;
    while (len < r->rest.len) {
        struct str rest = str_skip(r->rest, len);
        bool comment = rest.ptr[0] == '#' || rest.ptr[0] == '/';
        bool glued = comment && len > 0 && !ascii_is_space(r->rest.ptr[len - 1]);
        if (is_bare_end(rest, is_name) && !glued) {
            break;
        }
        len++;
    }
    struct str text = str_trim(str_head(r->rest, len));
    advance(r, len);
    return text;
}

static size_t put_utf8(char *out, uint32_t code) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3f));
    out[2] = (char)(0x80 | (code & 0x3f));
    return 3;
}

/* Decodes one escape at s (behind the backslash); returns how many bytes it took, 0: unknown. */
static size_t take_escape(char *out, size_t *out_len, struct str s) {
    static const char from[] = "\"\\/bfnrt'";
    static const char to[] = "\"\\/\b\f\n\r\t'";
    if (s.len == 0) {
        return 0;
    }
    const char *hit = strchr(from, s.ptr[0]);
    if (hit != NULL && *hit != '\0') {
        out[(*out_len)++] = to[hit - from];
        return 1;
    }
    if (s.ptr[0] != 'u' || s.len < 5) {
        return 0;
    }
    uint32_t code = 0;
    for (size_t i = 1; i <= 4; i++) {
        int digit = ascii_hex_value(s.ptr[i]);
        if (digit < 0) {
            return 0;
        }
        code = code << 4 | (uint32_t)digit;
    }
    *out_len += put_utf8(out + *out_len, code == 0 ? 0xfffd : code);
    return 5;
}

static enum status take_quoted(struct str *out, struct conf_reader *r) {
    char quote = r->rest.ptr[0];
    size_t end = 1;
    while (end < r->rest.len && r->rest.ptr[end] != quote && r->rest.ptr[end] != '\n') {
        end += r->rest.ptr[end] == '\\' && quote == '"' ? 2 : 1;
    }
    if (end >= r->rest.len || r->rest.ptr[end] != quote) {
        return refuse(r, _("the quoted text is not closed in its line"));
    }
    struct str inside = str_make(r->rest.ptr + 1, end - 1);
    char *text = arena_alloc(r->arena, inside.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < inside.len;) {
        if (inside.ptr[i] != '\\' || quote == '\'') {
            text[len++] = inside.ptr[i++];
            continue;
        }
        size_t took = take_escape(text, &len, str_skip(inside, i + 1));
        if (took == 0) {
            return refuse(r, _("unknown escape in a quoted text; allowed: \\\" \\\\ \\/ \\b \\f "
                               "\\n \\r \\t \\uXXXX (or write the text in single quotes)"));
        }
        i += 1 + took;
    }
    advance(r, end + 1);
    *out = str_make(text, len);
    return STATUS_OK;
}

static enum status take_text(struct str *out, struct conf_reader *r, bool is_name) {
    if (peek(r) == '"' || peek(r) == '\'') {
        return take_quoted(out, r);
    }
    struct str bare = take_bare(r, is_name);
    if (bare.len == 0) {
        return refuse(r, is_name ? _("a name is missing") : _("a value is missing"));
    }
    *out = arena_str(r->arena, bare);
    return STATUS_OK;
}

static enum status parse_members(struct conf_reader *r, struct conf_node *section, int close,
                                 int depth);
static enum status parse_items(struct conf_reader *r, struct conf_node *list, int depth);

static enum status parse_value(struct conf_reader *r, struct conf_node *node, int depth) {
    if (depth > CONF_DEPTH_LIMIT) {
        return refuse(r, _("nested too deep (16 levels are allowed)"));
    }
    if (peek(r) == '{') {
        node->type = CONF_SECTION;
        advance(r, 1);
        return parse_members(r, node, '}', depth + 1);
    }
    if (peek(r) == '[') {
        node->type = CONF_LIST;
        advance(r, 1);
        return parse_items(r, node, depth + 1);
    }
    node->type = CONF_TEXT;
    return take_text(&node->text, r, false);
}

static struct conf_node *add_node(struct conf_reader *r, struct conf_node ***tail) {
    struct conf_node *node = arena_alloc(r->arena, sizeof *node);
    node->line = r->line;
    node->name = STR_EMPTY;
    node->text = STR_EMPTY;
    **tail = node;
    *tail = &node->next;
    return node;
}

static enum status parse_items(struct conf_reader *r, struct conf_node *list, int depth) {
    struct conf_node **tail = &list->first;
    enum status status = skip_blank(r, true);
    while (status == STATUS_OK && peek(r) != ']') {
        if (peek(r) < 0) {
            return refuse(r, _("the list is not closed; ']' is missing"));
        }
        status = parse_value(r, add_node(r, &tail), depth);
        if (status == STATUS_OK) {
            status = skip_blank(r, true);
        }
    }
    advance(r, 1);
    return status;
}

static void skip_inline(struct conf_reader *r) {
    while (peek(r) == ' ' || peek(r) == '\t') {
        advance(r, 1);
    }
}

/* What follows a name: "= value", ": value", "{", "title {", or a value right away. */
static enum status parse_after_name(struct conf_reader *r, struct conf_node *node, int depth) {
    skip_inline(r);
    if (peek(r) == '=' || peek(r) == ':') {
        advance(r, 1);
        enum status status = skip_blank(r, false);
        return status != STATUS_OK ? status : parse_value(r, node, depth);
    }
    if (peek(r) == '\n' || peek(r) == '\r' || peek(r) < 0) {
        enum status status = skip_blank(r, false);
        return status != STATUS_OK ? status
               : peek(r) == '{'    ? parse_value(r, node, depth)
                                   : refuse(r, _("a name without a value"));
    }
    enum status status = parse_value(r, node, depth);
    skip_inline(r);
    if (status != STATUS_OK || node->type != CONF_TEXT || peek(r) != '{') {
        return status;
    }
    struct conf_node **tail = &node->first; /* "section title {": the title names a child */
    struct conf_node *child = add_node(r, &tail);
    child->name = node->text;
    node->text = STR_EMPTY;
    node->type = CONF_SECTION;
    return parse_value(r, child, depth + 1);
}

/* Members up to `close` ('}') or, with -1, the end of the text. */
static enum status parse_members(struct conf_reader *r, struct conf_node *section, int close,
                                 int depth) {
    struct conf_node **tail = &section->first;
    enum status status = skip_blank(r, true);
    while (status == STATUS_OK && peek(r) != close) {
        if (peek(r) < 0) {
            return refuse(r, _("the section is not closed; '}' is missing"));
        }
        struct conf_node *node = add_node(r, &tail);
        status = take_text(&node->name, r, true);
        if (status == STATUS_OK) {
            status = parse_after_name(r, node, depth);
        }
        if (status == STATUS_OK) {
            status = skip_blank(r, true);
        }
    }
    advance(r, 1);
    return status;
}

enum status conf_parse(struct conf_node **out, struct arena *arena, struct str text,
                       const char *path, struct err *err) {
    if (text.len > CONF_LIMIT_BYTES) {
        return err_set(err, STATUS_BAD_INPUT, "%s: %zu bytes; at most 4 MiB are allowed", path,
                       text.len);
    }
    if (str_starts(text, STR("\xef\xbb\xbf"))) {
        text = str_skip(text, 3);
    }
    struct conf_reader r = {arena, text, 1, path, err};
    struct conf_node *root = arena_alloc(arena, sizeof *root);
    root->type = CONF_SECTION;
    root->line = 1;
    enum status status = skip_blank(&r, false);
    if (status == STATUS_OK && peek(&r) == '{') {
        status = parse_value(&r, root, 0);
        if (status == STATUS_OK) {
            status = skip_blank(&r, true);
        }
        if (status == STATUS_OK && r.rest.len > 0) {
            status = refuse(&r, _("text behind the closing '}'"));
        }
    } else if (status == STATUS_OK) {
        status = parse_members(&r, root, -1, 0);
    }
    if (status == STATUS_OK) {
        *out = root;
    }
    return status;
}

const struct conf_node *conf_find(const struct conf_node *section, struct str name) {
    for (const struct conf_node *node = section->first; node != NULL; node = node->next) {
        if (str_eq(node->name, name)) {
            return node;
        }
    }
    return NULL;
}
