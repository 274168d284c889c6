#include "note_text.h"

#include "civil.h"
#include "json_out.h"
#include "json_text.h"
#include "num.h"

/* --- out --- */

void note_put(struct buf *out, struct str name, struct str value) {
    if (value.len == 0) {
        return;
    }
    buf_putc(out, out->len == 0 ? '{' : ',');
    json_out_string(out, name);
    buf_putc(out, ':');
    json_out_string(out, value);
}

void note_put_u64(struct buf *out, struct str name, uint64_t value) {
    char text[20];
    note_put(out, name, str_make(text, num_format_u64(text, value)));
}

void note_put_time(struct buf *out, struct str name, int64_t ns) {
    char text[CIVIL_RFC3339_BYTES];
    if (ns != TIME_NONE) {
        note_put(out, name, str_make(text, civil_format_rfc3339(text, ns)));
    }
}

void note_end(struct buf *out) {
    if (out->len == 0) {
        buf_putc(out, '{');
    }
    buf_putc(out, '}');
}

/* --- in --- */

/* A string with its quotes, decoded into `out`. */
static bool take_string(struct buf *out, struct str *rest) {
    if (!str_take_char(rest, '"')) {
        return false;
    }
    size_t end = 0;
    while (end < rest->len && rest->ptr[end] != '"') {
        end += rest->ptr[end] == '\\' ? 2 : 1;
    }
    if (end >= rest->len) {
        return false;
    }
    buf_clear(out);
    (void)json_text_decode(out, str_head(*rest, end));
    *rest = str_skip(*rest, end + 1);
    return true;
}

bool note_read(struct str text, note_pair_fn *pair, void *ctx) {
    struct buf name = BUF_INIT;
    struct buf value = BUF_INIT;
    struct str rest = text;
    bool good = str_take_char(&rest, '{');
    bool more = good && !str_take_char(&rest, '}');
    while (good && more) {
        good = take_string(&name, &rest) && str_take_char(&rest, ':') && take_string(&value, &rest);
        if (good) {
            pair(buf_str(&name), buf_str(&value), ctx);
            more = str_take_char(&rest, ',');
            good = more || str_take_char(&rest, '}');
        }
    }
    buf_fini(&name);
    buf_fini(&value);
    return good && rest.len == 0;
}

struct wanted {
    struct str name;
    struct buf *out;
    bool found;
};

static void look_at(struct str name, struct str value, void *ctx) {
    struct wanted *w = ctx;
    if (str_eq(name, w->name)) {
        buf_clear(w->out);
        buf_add(w->out, value);
        w->found = true;
    }
}

bool note_get(struct buf *out, struct str text, struct str name) {
    struct wanted w = {name, out, false};
    buf_clear(out);
    return note_read(text, look_at, &w) && w.found;
}

bool note_get_u64(uint64_t *out, struct str text, struct str name) {
    struct buf value = BUF_INIT;
    bool good = note_get(&value, text, name) && num_parse_u64(out, buf_str(&value));
    buf_fini(&value);
    return good;
}

bool note_get_time(int64_t *out, struct str text, struct str name) {
    struct buf value = BUF_INIT;
    bool has_zone = false;
    bool good = true;
    *out = TIME_NONE;
    if (note_get(&value, text, name)) {
        good = civil_parse_rfc3339(out, &has_zone, buf_str(&value)) && has_zone;
    }
    buf_fini(&value);
    return good;
}
