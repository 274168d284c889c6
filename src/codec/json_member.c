#include "json_member.h"

#include "json_out.h"

void json_member(struct buf *out, struct str name) {
    if (out->len > 0 && out->ptr[out->len - 1] != '{') {
        buf_putc(out, ',');
    }
    json_out_string(out, name);
    buf_putc(out, ':');
}

void json_member_text(struct buf *out, struct str name, struct str text) {
    json_member(out, name);
    json_out_string(out, text);
}

void json_member_some_text(struct buf *out, struct str name, struct str text) {
    if (text.len > 0) {
        json_member_text(out, name, text);
    }
}

void json_member_number(struct buf *out, struct str name, uint64_t number) {
    json_member(out, name);
    buf_printf(out, "%llu", (unsigned long long)number);
}

void json_member_bool(struct buf *out, struct str name, bool value) {
    json_member(out, name);
    buf_add(out, value ? STR("true") : STR("false"));
}

void json_member_texts(struct buf *out, struct str name, const struct str *items, size_t count) {
    json_member(out, name);
    buf_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        json_out_string(out, items[i]);
    }
    buf_putc(out, ']');
}
