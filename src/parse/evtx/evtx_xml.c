/* One record as XML: the ops of its BinXML walked once, every value escaped where it stands. */
#include "binxml.h"
#include "binxml_value.h"
#include "bytes.h"
#include "evtx.h"
#include "evtx_chunk.h"
#include "xml_out.h"

enum { NESTING_LIMIT = 16, OUTPUT_LIMIT_BYTES = 4 << 20, OP_LIMIT = 1 << 18 };

struct render {
    struct buf *out;
    const uint8_t *chunk;
    size_t size;
    size_t out_start;
    size_t ops_left;
    struct binxml_ops ops; /* of all fragments of the record, one behind the other */
};

/* The instance whose ops are walked; all zero for elements without a template. */
struct scope {
    struct binxml_instance instance;
    size_t end; /* of the bytes its values may lie in */
    int depth;
};

/* An open element. */
struct element {
    struct str name;
    size_t start;     /* of its start tag in out */
    size_t start_end; /* behind its start tag; 0 while the tag is open */
    bool skipped;     /* left out because its value is null, or inside such a one */
};

static void render_fragment(struct render *r, struct binxml_span span, int depth);
static void render_instance(struct render *r, struct binxml_span span, int depth, size_t *end);

static bool is_full(const struct render *r) {
    return r->ops_left == 0 || r->out->len - r->out_start > OUTPUT_LIMIT_BYTES;
}

static struct binxml_value scope_value(const struct render *r, const struct scope *s, size_t id) {
    struct binxml_value none = {NULL, 0, BINXML_NULL};
    if (id >= s->instance.value_count) {
        return none;
    }
    size_t at = s->instance.values_at;
    for (size_t i = 0; i < id; i++) {
        at += bytes_le16(r->chunk + s->instance.descriptors_at + 4 * i);
    }
    const uint8_t *descriptor = r->chunk + s->instance.descriptors_at + 4 * id;
    size_t size = bytes_le16(descriptor);
    if (at > s->end || size > s->end - at) {
        return none;
    }
    return (struct binxml_value){r->chunk + at, (uint16_t)size, descriptor[2]};
}

static void add_escaped(struct render *r, struct binxml_value value, bool attribute) {
    struct buf text = BUF_INIT;
    struct binxml_value item = value;
    bool array = (value.type & BINXML_ARRAY) != 0;
    for (bool first = true; array ? binxml_array_next(&item, &value) : first; first = false) {
        if (!first) {
            buf_add(&text, STR(", "));
        }
        binxml_value_append(&text, item);
    }
    if (attribute) {
        xml_out_attribute(r->out, buf_str(&text));
    } else {
        xml_out_text(r->out, buf_str(&text));
    }
    buf_fini(&text);
}

/* An array in an element's content: the element once for each item, as Windows shows it. */
static void add_array(struct render *r, const struct element *e, struct binxml_value array) {
    struct binxml_value item;
    size_t tag_len = e->start_end - e->start;
    bool first = true;
    while (binxml_array_next(&item, &array) && !is_full(r)) {
        if (!first) {
            buf_add(r->out, STR("</"));
            xml_out_name(r->out, e->name);
            buf_putc(r->out, '>');
            (void)buf_reserve(r->out, tag_len);
            buf_append(r->out, r->out->ptr + e->start, tag_len);
        }
        first = false;
        add_escaped(r, item, false);
    }
}

static void render_value(struct render *r, const struct scope *s, const struct element *e,
                         struct binxml_value value) {
    if (value.type == BINXML_FRAGMENT) {
        size_t at = (size_t)(value.ptr - r->chunk);
        struct binxml_span span = {r->chunk, r->size, at, at + value.size};
        render_fragment(r, span, s->depth + 1);
    } else if ((value.type & BINXML_ARRAY) != 0 && e->start_end > 0) {
        add_array(r, e, value);
    } else {
        add_escaped(r, value, false);
    }
}

static void end_start_tag(struct render *r, struct element *e) {
    if (e->start_end == 0 && !e->skipped) {
        buf_putc(r->out, '>');
        e->start_end = r->out->len;
    }
}

/* The attribute op at `at`; returns the op behind its value. Left out if all of it is null. */
static size_t render_attribute(struct render *r, const struct scope *s, size_t at, size_t end) {
    size_t start = r->out->len;
    buf_putc(r->out, ' ');
    xml_out_name(r->out, binxml_op_text(&r->ops, &r->ops.items[at]));
    buf_add(r->out, STR("=\""));
    bool any = false;
    for (at++; at < end; at++) {
        const struct binxml_op *op = &r->ops.items[at];
        if (op->kind == BINXML_TEXT) {
            any = true;
            xml_out_attribute(r->out, binxml_op_text(&r->ops, op));
        } else if (op->kind == BINXML_SUBSTITUTION) {
            struct binxml_value value = scope_value(r, s, op->id);
            any = any || !op->optional || value.size > 0;
            add_escaped(r, value, true);
        } else {
            break;
        }
    }
    buf_putc(r->out, '"');
    r->out->len = any ? r->out->len : start;
    return at;
}

static void open_element(struct render *r, const struct scope *s, struct element *parent,
                         struct element *e, const struct binxml_op *op) {
    end_start_tag(r, parent);
    *e = (struct element){.name = binxml_op_text(&r->ops, op), .start = r->out->len};
    e->skipped = parent->skipped || (op->id != BINXML_NO_VALUE && s->instance.usable &&
                                     scope_value(r, s, op->id).type == BINXML_NULL);
    if (!e->skipped) {
        buf_putc(r->out, '<');
        xml_out_name(r->out, e->name);
    }
}

static void close_element(struct render *r, struct element *e) {
    if (e->skipped) {
        return;
    }
    if (e->start_end == 0) {
        buf_add(r->out, STR("/>"));
        return;
    }
    buf_add(r->out, STR("</"));
    xml_out_name(r->out, e->name);
    buf_putc(r->out, '>');
}

/* Content of the element e: text, value, nested instance. */
static void render_content(struct render *r, const struct scope *s, struct element *e, size_t at) {
    struct binxml_op op = r->ops.items[at];
    end_start_tag(r, e);
    if (op.kind == BINXML_TEXT) {
        xml_out_text(r->out, binxml_op_text(&r->ops, &op));
    } else if (op.kind == BINXML_SUBSTITUTION) {
        struct binxml_value value = scope_value(r, s, op.id);
        if (value.size > 0) {
            render_value(r, s, e, value);
        }
    } else if (op.kind == BINXML_INSTANCE) {
        struct binxml_span span = {r->chunk, r->size, op.offset, r->size};
        size_t end;
        render_instance(r, span, s->depth + 1, &end);
    }
}

/* Once full, only the end tags of open elements are written, so that the output is well-formed.
 * Names point into ops.text, which grows: they are looked up anew by offset through `names`. */
static void render_ops(struct render *r, const struct scope *s, size_t first, size_t end) {
    struct element elements[BINXML_DEPTH_LIMIT + 1];
    size_t names[BINXML_DEPTH_LIMIT + 1] = {0};
    size_t depth = 0;
    elements[0] = (struct element){.name = STR_EMPTY, .start_end = 1};
    for (size_t at = first; at < end;) {
        const struct binxml_op *op = &r->ops.items[at];
        struct element *e = &elements[depth];
        if (depth > 0) {
            e->name = binxml_op_text(&r->ops, &r->ops.items[names[depth]]);
        }
        r->ops_left -= r->ops_left > 0 ? 1 : 0;
        if (op->kind == BINXML_OPEN) {
            open_element(r, s, e, &elements[depth + 1], op);
            elements[depth + 1].skipped = elements[depth + 1].skipped || is_full(r);
            names[++depth] = at;
        } else if (op->kind == BINXML_CLOSE) {
            close_element(r, e);
            depth--;
        } else if (op->kind == BINXML_ATTRIBUTE && !e->skipped && e->start_end == 0) {
            at = render_attribute(r, s, at, end);
            continue;
        } else if (op->kind != BINXML_START_END && op->kind != BINXML_ATTRIBUTE && !e->skipped &&
                   !is_full(r)) {
            render_content(r, s, e, at);
        }
        at++;
    }
}

static void render_body(struct render *r, struct binxml_span body, const struct scope *s,
                        bool in_template) {
    size_t first = r->ops.count;
    (void)binxml_compile(&r->ops, body, in_template);
    render_ops(r, s, first, r->ops.count);
}

static void render_instance(struct render *r, struct binxml_span span, int depth, size_t *end) {
    struct scope s = {.end = span.end, .depth = depth};
    (void)binxml_instance_parse(&s.instance, span);
    *end = span.end;
    if (!s.instance.usable || depth > NESTING_LIMIT || is_full(r)) {
        return;
    }
    *end = s.instance.end;
    struct binxml_span body = {r->chunk, r->size, s.instance.body_at, s.instance.body_end};
    render_body(r, body, &s, true);
}

static void render_fragment(struct render *r, struct binxml_span span, int depth) {
    while (depth <= NESTING_LIMIT && span.at < span.end && !is_full(r)) {
        uint8_t token = r->chunk[span.at];
        if (token == 0x0f && span.end - span.at >= 4) { /* fragment header */
            span.at += 4;
        } else if (token == 0x0c) { /* template instance */
            render_instance(r, span, depth, &span.at);
        } else {
            struct scope none = {.end = span.end, .depth = depth};
            if (token == 0x01 || token == 0x41) { /* element */
                render_body(r, span, &none, false);
            }
            return;
        }
    }
}

/* The chunk's signature is the nearest one before the record. */
static bool find_chunk_start(size_t *out, struct str container, size_t record_off) {
    const uint8_t *bytes = (const uint8_t *)container.ptr;
    for (size_t at = record_off; record_off - at < EVTX_CHUNK_BYTES; at--) {
        if (evtx_chunk_has_magic(bytes + at, container.len - at)) {
            *out = at;
            return true;
        }
        if (at == 0) {
            break;
        }
    }
    return false;
}

bool evtx_render_xml(struct buf *out, struct str container, size_t record_off) {
    size_t start;
    if (record_off > container.len || container.len - record_off < EVTX_RECORD_MIN_BYTES ||
        !find_chunk_start(&start, container, record_off)) {
        return false;
    }
    const uint8_t *chunk = (const uint8_t *)container.ptr + start;
    size_t size = container.len - start;
    size = size < EVTX_CHUNK_BYTES ? size : (size_t)EVTX_CHUNK_BYTES;
    size_t at = record_off - start;
    size_t length = bytes_le32(chunk + at + 4);
    size_t end = length >= EVTX_RECORD_MIN_BYTES && length <= size - at ? at + length - 4 : size;
    struct render r = {
        .out = out, .chunk = chunk, .size = size, .out_start = out->len, .ops_left = OP_LIMIT};
    render_fragment(&r, (struct binxml_span){chunk, size, at + EVTX_RECORD_HEADER_BYTES, end}, 0);
    binxml_ops_fini(&r.ops);
    return out->len > r.out_start;
}
