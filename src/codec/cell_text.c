#include "cell_text.h"

#include <utf8proc.h>

size_t cell_text_next(int32_t *c, struct str s) {
    utf8proc_int32_t code;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr,
                                          (utf8proc_ssize_t)(s.len < 4 ? s.len : 4), &code);
    *c = n > 0 ? code : -1;
    return n > 0 ? (size_t)n : 1;
}

bool cell_text_is_unsafe(int32_t c) {
    utf8proc_category_t category = utf8proc_category(c);
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || category == UTF8PROC_CATEGORY_CF ||
           category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP || category == UTF8PROC_CATEGORY_CO;
}

static void append_escape(struct buf *out, int32_t c) {
    switch (c) {
    case '\n':
        buf_add(out, STR("\\n"));
        break;
    case '\r':
        buf_add(out, STR("\\r"));
        break;
    case '\t':
        buf_add(out, STR("\\t"));
        break;
    default:
        buf_printf(out, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
        break;
    }
}

/* How many bytes at the beginning are printable ASCII: shown as they are, a column each. */
static size_t plain_run(struct str text) {
    size_t n = 0;
    while (n < text.len && text.ptr[n] >= ' ' && text.ptr[n] < 0x7f) {
        n++;
    }
    return n;
}

void cell_text_visible(struct buf *out, struct str text) {
    while (text.len > 0) {
        int32_t c;
        size_t plain = plain_run(text);
        buf_add(out, str_head(text, plain));
        text = str_skip(text, plain);
        if (text.len == 0) {
            break;
        }
        size_t length = cell_text_next(&c, text);
        if (c < 0) {
            buf_printf(out, "\\x%02x", (unsigned char)text.ptr[0]);
        } else if (cell_text_is_unsafe(c)) {
            append_escape(out, c);
        } else {
            buf_append(out, text.ptr, length);
        }
        text = str_skip(text, length);
    }
}

int cell_text_width(struct str text) {
    int columns = 0;
    while (text.len > 0) {
        int32_t c;
        size_t plain = plain_run(text);
        columns += (int)(plain < INT32_MAX / 4 ? plain : INT32_MAX / 4);
        text = str_skip(text, plain);
        if (text.len == 0) {
            break;
        }
        size_t length = cell_text_next(&c, text);
        columns += c < 0 ? 1 : utf8proc_charwidth(c);
        text = str_skip(text, length);
    }
    return columns;
}

/* = + - @ in either width: what may begin a formula. */
static bool is_formula_sign(int32_t c) {
    return c == '=' || c == '+' || c == '-' || c == '@' || c == 0xff1d || c == 0xff0b ||
           c == 0xff0d || c == 0xff20;
}

/* Would a spreadsheet run the cell? A formula sign, also behind the blanks it skips; but not a
 * plain number. */
static bool is_formula(struct str cell) {
    if (cell.len > 0 && memchr("\t\r\n", cell.ptr[0], 3) != NULL) {
        return true;
    }
    struct str rest = cell;
    while (rest.len > 0 && rest.ptr[0] == ' ') {
        rest = str_skip(rest, 1);
    }
    int32_t sign;
    if (rest.len == 0) {
        return false;
    }
    (void)cell_text_next(&sign, rest);
    bool number = cell.ptr[0] == '-' && cell.len > 1;
    for (size_t i = 1; i < cell.len && number; i++) {
        number = ascii_is_digit(cell.ptr[i]) || cell.ptr[i] == '.';
    }
    return is_formula_sign(sign) && !number;
}

/* The next characters of a cell: its quotation marks are doubled, what a table would not show as it
 * is becomes visible here too, but for blanks and the ends of lines. Returns its bytes. */
static size_t append_csv_character(struct buf *out, struct str rest) {
    char first = rest.ptr[0];
    if (first == '"') {
        buf_add(out, STR("\"\""));
        return 1;
    }
    if (first == '\t' || first == '\r' || first == '\n') {
        buf_putc(out, first);
        return 1;
    }
    size_t plain = 0;
    while (plain < rest.len && rest.ptr[plain] >= ' ' && rest.ptr[plain] < 0x7f &&
           rest.ptr[plain] != '"') {
        plain++;
    }
    if (plain > 0) {
        buf_add(out, str_head(rest, plain));
        return plain;
    }
    int32_t c;
    size_t length = cell_text_next(&c, rest);
    cell_text_visible(out, str_head(rest, length));
    return length;
}

static void append_csv(struct buf *out, struct str cell, bool formula) {
    bool quoted = formula;
    for (size_t i = 0; i < cell.len && !quoted; i++) {
        char c = cell.ptr[i];
        quoted = c == ',' || c == '"' || c == '\r' || c == '\n';
    }
    if (quoted) {
        buf_putc(out, '"');
    }
    if (formula) {
        buf_putc(out, '\'');
    }
    while (cell.len > 0) {
        cell = str_skip(cell, append_csv_character(out, cell));
    }
    if (quoted) {
        buf_putc(out, '"');
    }
}

void cell_text_csv(struct buf *out, struct str cell) {
    append_csv(out, cell, is_formula(cell));
}

void cell_text_csv_name(struct buf *out, struct str name) {
    append_csv(out, name, is_formula(name) && !str_eq(name, STR("@timestamp")));
}
