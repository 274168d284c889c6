/* A query as a whole: text in, compiled filter and stages out; and its error messages. */
#include "query.h"

#include <stdio.h>
#include <utf8proc.h>

#include "mem.h"
#include "query_priv.h"

enum { ERROR_WINDOW_BYTES = 100 }; /* of the query, before and behind the fault */

/* An empty filter (nothing, or nothing before the first pipe) matches everything. */
static bool parse_whole_filter(struct parser *p) {
    parser_skip_blanks(p);
    if (parser_at_end(p) || (p->text.ptr[p->at] == '|' && !str_starts(parser_rest(p), STR("||")))) {
        p->query->filter = expr_make_all(p->query->set);
        return true;
    }
    p->query->filter = filter_parse(p);
    return p->query->filter != NULL;
}

static bool parse_all(struct parser *p) {
    if (!parse_whole_filter(p) || !pipe_parse(p)) {
        return false;
    }
    parser_skip_blanks(p);
    if (parser_at_end(p)) {
        return true;
    }
    bool closes = p->text.ptr[p->at] == ')';
    return closes ? parser_fail(p, p->at, _("no parenthesis was opened for this one"))
                  : parser_fail(p, p->at, _("expected the end of the query"));
}

enum status query_parse(struct query **out, struct str text, const struct query_settings *settings,
                        struct query_error *error) {
    *error = (struct query_error){0};
    if (text.len > QUERY_MAX_BYTES) {
        (void)snprintf(error->message, sizeof error->message,
                       _("the query has %zu bytes; at most %d are allowed"), text.len,
                       QUERY_MAX_BYTES);
        return STATUS_BAD_INPUT;
    }
    struct query *q = mem_calloc(1, sizeof *q);
    q->set = expr_set_create();
    q->text = arena_str(&q->arena, text);
    struct parser p = {.query = q, .text = q->text, .settings = settings, .error = error};
    if (!parse_all(&p)) {
        query_free(&q);
        return STATUS_BAD_INPUT;
    }
    *out = q;
    return STATUS_OK;
}

void query_free(struct query **query) {
    if (*query == NULL) {
        return;
    }
    expr_set_destroy(&(*query)->set);
    mem_free((*query)->names);
    arena_fini(&(*query)->arena);
    mem_free(*query);
    *query = NULL;
}

const struct query_output *query_get_output(const struct query *query) {
    return &query->output;
}

bool query_has_limit(const struct query *query) {
    for (size_t i = 0; i < query->stage_count; i++) {
        enum stage_kind kind = query->stages[i].kind;
        if (kind == STAGE_HEAD || kind == STAGE_TAIL || kind == STAGE_STATS) {
            return true;
        }
    }
    return false;
}

/* --- errors --- */

/* The first character; *is_shown unless it would steer the terminal, reorder text or is none. */
static struct str next_character(int *width, bool *is_shown, struct str s) {
    utf8proc_int32_t c;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr,
                                          (utf8proc_ssize_t)(s.len < 4 ? s.len : 4), &c);
    utf8proc_category_t category = n > 0 ? utf8proc_category(c) : UTF8PROC_CATEGORY_CC;
    *is_shown = category != UTF8PROC_CATEGORY_CC && category != UTF8PROC_CATEGORY_CF &&
                category != UTF8PROC_CATEGORY_ZL && category != UTF8PROC_CATEGORY_ZP;
    *width = *is_shown ? utf8proc_charwidth(c) : 1;
    return str_head(s, n > 0 ? (size_t)n : 1);
}

/* Appends the text for a terminal, what must not reach it as blanks; returns its width. */
static int append_shown(struct buf *out, struct str text) {
    int columns = 0;
    while (text.len > 0) {
        int width;
        bool is_shown;
        struct str c = next_character(&width, &is_shown, text);
        buf_add(out, is_shown ? c : STR(" "));
        columns += width;
        text = str_skip(text, c.len);
    }
    return columns;
}

/* Moves an offset back to the start of its character. */
static size_t character_start(struct str text, size_t at) {
    while (at > 0 && at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80) {
        at--;
    }
    return at;
}

void query_error_format(struct buf *out, struct str text, const struct query_error *error) {
    size_t at = error->offset < text.len ? error->offset : text.len;
    at = character_start(text, at);
    size_t start = character_start(text, at > ERROR_WINDOW_BYTES ? at - ERROR_WINDOW_BYTES : 0);
    size_t end = text.len - at > ERROR_WINDOW_BYTES ? at + ERROR_WINDOW_BYTES : text.len;
    end = character_start(text, end);
    (void)append_shown(out, str_from_c(error->message)); /* it may quote the query */
    buf_printf(out, "\n  %s", start > 0 ? "..." : "");
    int columns = 2 + (start > 0 ? 3 : 0);
    columns += append_shown(out, str_make(text.ptr + start, at - start));
    (void)append_shown(out, str_make(text.ptr + at, end - at));
    buf_printf(out, "%s\n%*s^\n", end < text.len ? "..." : "", columns, "");
}
