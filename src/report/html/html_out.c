#include "html_out.h"

#include "cell_text.h"
#include "report_text.h"

static void add_character(struct buf *out, struct str character) {
    switch (character.ptr[0]) {
    case '&':
        buf_add(out, STR("&amp;"));
        break;
    case '<':
        buf_add(out, STR("&lt;"));
        break;
    case '>':
        buf_add(out, STR("&gt;"));
        break;
    case '"':
        buf_add(out, STR("&quot;"));
        break;
    case '\'':
        buf_add(out, STR("&#39;"));
        break;
    default:
        cell_text_visible(out, character);
        break;
    }
}

/* How many bytes at the beginning stand in a page as they are. */
static size_t plain_run(struct str text) {
    size_t n = 0;
    while (n < text.len && text.ptr[n] >= ' ' && text.ptr[n] < 0x7f && text.ptr[n] != '&' &&
           text.ptr[n] != '<' && text.ptr[n] != '>' && text.ptr[n] != '"' && text.ptr[n] != '\'') {
        n++;
    }
    return n;
}

void html_out_text(struct buf *out, struct str text) {
    while (text.len > 0) {
        size_t plain = plain_run(text);
        if (plain > 0) {
            buf_add(out, str_head(text, plain));
            text = str_skip(text, plain);
            continue;
        }
        int32_t c;
        size_t length = cell_text_next(&c, text);
        add_character(out, str_head(text, length));
        text = str_skip(text, length);
    }
}

void html_out_c(struct buf *out, const char *text) {
    html_out_text(out, str_from_c(text));
}

static void open_tag(struct buf *out, const char *tag, const char *css) {
    if (css != NULL) {
        buf_printf(out, "<%s class=\"%s\">", tag, css);
    } else {
        buf_printf(out, "<%s>", tag);
    }
}

void html_out_element(struct buf *out, const char *tag, const char *css, struct str text) {
    open_tag(out, tag, css);
    html_out_text(out, text);
    buf_printf(out, "</%s>", tag);
}

void html_out_number(struct buf *out, const char *tag, uint64_t number) {
    open_tag(out, tag, number == 0 ? "n zero" : "n");
    report_text_count(out, number);
    buf_printf(out, "</%s>", tag);
}

void html_out_level_name(struct buf *out, const char *tag, enum sigma_level level) {
    struct str name = sigma_level_name(level);
    buf_printf(out, "<%s class=\"level %.*s\">%.*s</%s>", tag, STR_ARG(name), STR_ARG(name), tag);
}

void html_out_level(struct buf *out, int level, uint64_t number) {
    if (number == 0) {
        html_out_number(out, "td", 0);
        return;
    }
    buf_printf(out, "<td class=\"n %.*s\">", STR_ARG(sigma_level_name((enum sigma_level)level)));
    report_text_count(out, number);
    buf_add(out, STR("</td>"));
}
