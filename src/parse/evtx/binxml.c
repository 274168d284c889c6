#include "binxml.h"

#include "binxml_value.h"
#include "bytes.h"
#include "mem.h"

enum {
    TOKEN_END_OF_FRAGMENT = 0x00,
    TOKEN_OPEN = 0x01,
    TOKEN_START_END = 0x02,
    TOKEN_CLOSE_EMPTY = 0x03,
    TOKEN_CLOSE = 0x04,
    TOKEN_VALUE = 0x05,
    TOKEN_ATTRIBUTE = 0x06,
    TOKEN_CDATA = 0x07,
    TOKEN_CHARACTER = 0x08,
    TOKEN_ENTITY = 0x09,
    TOKEN_PI_TARGET = 0x0a,
    TOKEN_PI_DATA = 0x0b,
    TOKEN_INSTANCE = 0x0c,
    TOKEN_SUBSTITUTION = 0x0d,
    TOKEN_OPTIONAL = 0x0e,
    TOKEN_FRAGMENT = 0x0f,
    TOKEN_MORE = 0x40, /* flag */
    NAME_HEADER_BYTES = 8,
    NAME_LIMIT_UNITS = 512,
    DEFINITION_HEADER_BYTES = 24
};

struct compiler {
    struct binxml_ops *ops;
    struct binxml_span s;
    size_t depth;
    bool has_dependency;
    bool looked; /* has_dependency is known */
    bool done;
    struct binxml_fault fault;
};

void binxml_ops_fini(struct binxml_ops *ops) {
    mem_free(ops->items);
    buf_fini(&ops->text);
    memset(ops, 0, sizeof *ops);
}

void binxml_ops_clear(struct binxml_ops *ops) {
    ops->count = 0;
    buf_clear(&ops->text);
}

static struct binxml_op *add_op(struct compiler *c, enum binxml_op_kind kind) {
    struct binxml_ops *ops = c->ops;
    MEM_GROW(ops->items, ops->capacity, ops->count + 1);
    struct binxml_op *op = &ops->items[ops->count++];
    *op = (struct binxml_op){.kind = (uint8_t)kind, .id = BINXML_NO_VALUE};
    return op;
}

static bool fail(struct compiler *c, const char *what) {
    c->fault = (struct binxml_fault){what, c->s.at};
    return false;
}

static bool has_bytes(const struct binxml_span *s, size_t count) {
    return count <= s->end - s->at;
}

/* True if a name stands at the offset: length in bounds, hash right (65599 * h + unit). */
static bool is_name(const struct binxml_span *s, size_t offset) {
    if (offset > s->size || s->size - offset < NAME_HEADER_BYTES + 2) {
        return false;
    }
    const uint8_t *p = s->chunk + offset;
    size_t units = bytes_le16(p + 6);
    if (units == 0 || units > NAME_LIMIT_UNITS ||
        units > (s->size - offset - NAME_HEADER_BYTES - 2) / 2) {
        return false;
    }
    uint32_t hash = 0;
    for (size_t i = 0; i < units; i++) {
        hash = hash * 65599 + bytes_le16(p + NAME_HEADER_BYTES + 2 * i);
    }
    return (hash & 0xffff) == bytes_le16(p + 4);
}

/* Reads a name reference (u32 offset, the name itself behind it when it is new) into op's text. */
static bool read_name(struct compiler *c, uint32_t *text_off, uint32_t *text_len) {
    if (!has_bytes(&c->s, 4)) {
        return fail(c, "cut in a name");
    }
    size_t offset = bytes_le32(c->s.chunk + c->s.at);
    bool here = offset == c->s.at + 4;
    if (offset > c->s.size || c->s.size - offset < NAME_HEADER_BYTES) {
        return fail(c, "name offset outside the chunk");
    }
    if (!is_name(&c->s, offset)) {
        return fail(c, "a name was overwritten");
    }
    const uint8_t *p = c->s.chunk + offset;
    size_t units = bytes_le16(p + 6);
    size_t before = c->ops->text.len;
    binxml_utf16_append(&c->ops->text, p + NAME_HEADER_BYTES, units);
    *text_off = (uint32_t)before;
    *text_len = (uint32_t)(c->ops->text.len - before);
    c->s.at += 4;
    size_t inline_bytes = NAME_HEADER_BYTES + 2 * units + 2;
    if (here && !has_bytes(&c->s, inline_bytes)) {
        return fail(c, "cut in a name");
    }
    c->s.at += here ? inline_bytes : 0;
    return true;
}

/* Elements outside template definitions come with or without a dependency id; nothing says which,
 * but only one of the two readings has a name at its name offset. */
static void look_for_dependency(struct compiler *c) {
    const uint8_t *p = c->s.chunk + c->s.at;
    bool with = has_bytes(&c->s, 11) && is_name(&c->s, bytes_le32(p + 7));
    bool without = has_bytes(&c->s, 9) && is_name(&c->s, bytes_le32(p + 5));
    c->has_dependency = with && !(without && bytes_le32(p + 5) == c->s.at + 9);
    c->looked = true;
}

static bool compile_open(struct compiler *c, bool has_attributes) {
    if (c->depth == BINXML_DEPTH_LIMIT) {
        return fail(c, "elements nested too deep");
    }
    if (!c->looked) {
        look_for_dependency(c);
    }
    size_t header = c->has_dependency ? 7 : 5;
    if (!has_bytes(&c->s, header)) {
        return fail(c, "cut in an element");
    }
    uint16_t dependency =
        c->has_dependency ? bytes_le16(c->s.chunk + c->s.at + 1) : (uint16_t)BINXML_NO_VALUE;
    c->s.at += header;
    uint32_t off;
    uint32_t len;
    if (!read_name(c, &off, &len)) {
        return false;
    }
    if (has_attributes && !has_bytes(&c->s, 4)) {
        return fail(c, "cut in an attribute list");
    }
    c->s.at += has_attributes ? 4 : 0;
    struct binxml_op *op = add_op(c, BINXML_OPEN);
    op->id = dependency;
    op->text_off = off;
    op->text_len = len;
    c->depth++;
    return true;
}

static bool compile_close(struct compiler *c, bool empty) {
    c->s.at++;
    if (c->depth == 0) {
        c->done = true;
        return true;
    }
    if (empty) {
        (void)add_op(c, BINXML_START_END);
    }
    (void)add_op(c, BINXML_CLOSE);
    c->depth--;
    return true;
}

static bool compile_attribute(struct compiler *c) {
    c->s.at++;
    uint32_t off;
    uint32_t len;
    if (!read_name(c, &off, &len)) {
        return false;
    }
    struct binxml_op *op = add_op(c, BINXML_ATTRIBUTE);
    op->text_off = off;
    op->text_len = len;
    return true;
}

/* u16 count of units, units; `skip` bytes stand before the count. */
static bool compile_text(struct compiler *c, size_t skip, bool keep) {
    if (!has_bytes(&c->s, skip + 2)) {
        return fail(c, "cut in a text");
    }
    size_t units = bytes_le16(c->s.chunk + c->s.at + skip);
    if (!has_bytes(&c->s, skip + 2 + 2 * units)) {
        return fail(c, "text longer than its record");
    }
    const uint8_t *p = c->s.chunk + c->s.at + skip + 2;
    c->s.at += skip + 2 + 2 * units;
    if (keep) {
        struct binxml_op *op = add_op(c, BINXML_TEXT);
        op->text_off = (uint32_t)c->ops->text.len;
        binxml_utf16_append(&c->ops->text, p, units);
        op->text_len = (uint32_t)(c->ops->text.len - op->text_off);
    }
    return true;
}

static bool compile_value(struct compiler *c) {
    if (has_bytes(&c->s, 2) && c->s.chunk[c->s.at + 1] != BINXML_STRING) {
        return fail(c, "literal value that is no string");
    }
    return compile_text(c, 2, true);
}

static bool compile_character(struct compiler *c) {
    if (!has_bytes(&c->s, 3)) {
        return fail(c, "cut in a character reference");
    }
    struct binxml_op *op = add_op(c, BINXML_TEXT);
    op->text_off = (uint32_t)c->ops->text.len;
    binxml_utf16_append(&c->ops->text, c->s.chunk + c->s.at + 1, 1);
    op->text_len = (uint32_t)(c->ops->text.len - op->text_off);
    c->s.at += 3;
    return true;
}

/* The five entities of XML; any other name stays as "&name;". */
static bool compile_entity(struct compiler *c) {
    static const struct {
        struct str name;
        char text;
    } known[] = {{STR_INIT("lt"), '<'},
                 {STR_INIT("gt"), '>'},
                 {STR_INIT("amp"), '&'},
                 {STR_INIT("quot"), '"'},
                 {STR_INIT("apos"), '\''}};
    c->s.at++;
    uint32_t off;
    uint32_t len;
    if (!read_name(c, &off, &len)) {
        return false;
    }
    struct buf *text = &c->ops->text;
    struct str name = str_make(text->ptr + off, len);
    char found = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        found = str_eq(name, known[i].name) ? known[i].text : found;
    }
    size_t start = text->len;
    if (found != 0) {
        buf_putc(text, found);
    } else {
        (void)buf_reserve(text, len + 2u);
        buf_putc(text, '&');
        buf_append(text, text->ptr + off, len);
        buf_putc(text, ';');
    }
    struct binxml_op *op = add_op(c, BINXML_TEXT);
    op->text_off = (uint32_t)start;
    op->text_len = (uint32_t)(text->len - start);
    return true;
}

static bool compile_substitution(struct compiler *c, bool optional) {
    if (!has_bytes(&c->s, 4)) {
        return fail(c, "cut in a substitution");
    }
    struct binxml_op *op = add_op(c, BINXML_SUBSTITUTION);
    op->id = bytes_le16(c->s.chunk + c->s.at + 1);
    op->type = c->s.chunk[c->s.at + 3];
    op->optional = optional;
    c->s.at += 4;
    return true;
}

static bool compile_instance(struct compiler *c) {
    struct binxml_instance instance;
    struct binxml_fault fault = binxml_instance_parse(&instance, c->s);
    if (fault.what != NULL) {
        c->fault = fault;
        return false;
    }
    add_op(c, BINXML_INSTANCE)->offset = (uint32_t)c->s.at;
    c->s.at = instance.end;
    return true;
}

static bool compile_pi_target(struct compiler *c) {
    c->s.at++;
    uint32_t off;
    uint32_t len;
    return read_name(c, &off, &len);
}

static bool compile_token(struct compiler *c) {
    uint8_t token = c->s.chunk[c->s.at];
    switch (token & ~TOKEN_MORE) {
    case TOKEN_END_OF_FRAGMENT:
        c->done = true;
        return true;
    case TOKEN_OPEN:
        return compile_open(c, (token & TOKEN_MORE) != 0);
    case TOKEN_START_END:
        c->s.at++;
        (void)add_op(c, BINXML_START_END);
        return true;
    case TOKEN_CLOSE_EMPTY:
        return compile_close(c, true);
    case TOKEN_CLOSE:
        return compile_close(c, false);
    case TOKEN_VALUE:
        return compile_value(c);
    case TOKEN_ATTRIBUTE:
        return compile_attribute(c);
    case TOKEN_CDATA:
        return compile_text(c, 1, true);
    case TOKEN_CHARACTER:
        return compile_character(c);
    case TOKEN_ENTITY:
        return compile_entity(c);
    case TOKEN_PI_TARGET:
        return compile_pi_target(c);
    case TOKEN_PI_DATA:
        return compile_text(c, 1, false);
    case TOKEN_INSTANCE:
        return compile_instance(c);
    case TOKEN_SUBSTITUTION:
        return compile_substitution(c, false);
    case TOKEN_OPTIONAL:
        return compile_substitution(c, true);
    case TOKEN_FRAGMENT:
        c->s.at += has_bytes(&c->s, 4) ? 4 : c->s.end - c->s.at;
        return true;
    default:
        return fail(c, "unknown token");
    }
}

struct binxml_fault binxml_compile(struct binxml_ops *ops, struct binxml_span span,
                                   bool in_template) {
    struct compiler c = {
        .ops = ops, .s = span, .has_dependency = in_template, .looked = in_template};
    while (!c.done && c.s.at < c.s.end && compile_token(&c)) {
    }
    if (c.fault.what == NULL && c.depth > 0) {
        (void)fail(&c, "ends inside an element");
    }
    for (; c.depth > 0; c.depth--) {
        (void)add_op(&c, BINXML_CLOSE);
    }
    return c.fault;
}

static struct binxml_fault fault_at(const char *what, size_t offset) {
    return (struct binxml_fault){what, offset};
}

/* The definition: u32 next, 16 bytes GUID, u32 size, BinXML. */
static struct binxml_fault parse_definition(struct binxml_instance *out, struct binxml_span span) {
    if (out->definition > span.size || span.size - out->definition < DEFINITION_HEADER_BYTES) {
        return fault_at("template offset outside the chunk", span.at);
    }
    size_t body_size = bytes_le32(span.chunk + out->definition + 20);
    out->body_at = out->definition + DEFINITION_HEADER_BYTES;
    if (body_size > span.size - out->body_at) {
        return fault_at("template longer than the chunk", out->definition);
    }
    out->body_end = out->body_at + body_size;
    return fault_at(NULL, 0);
}

struct binxml_fault binxml_instance_parse(struct binxml_instance *out, struct binxml_span span) {
    enum { HEADER_BYTES = 10 };
    *out = (struct binxml_instance){.usable = false};
    if (!has_bytes(&span, HEADER_BYTES)) {
        return fault_at("cut in a template instance", span.at);
    }
    out->definition = bytes_le32(span.chunk + span.at + 6);
    struct binxml_fault fault = parse_definition(out, span);
    if (fault.what != NULL) {
        return fault;
    }
    /* The instance repeats the first four bytes of the template's GUID. */
    if (bytes_le32(span.chunk + span.at + 2) != bytes_le32(span.chunk + out->definition + 4)) {
        return fault_at("its template was overwritten", span.at);
    }
    size_t at = span.at + HEADER_BYTES;
    at = out->definition == at ? out->body_end : at;
    if (at > span.end || span.end - at < 4) {
        return fault_at("cut before the values", span.at);
    }
    out->value_count = bytes_le32(span.chunk + at);
    out->descriptors_at = at + 4;
    if (out->value_count > BINXML_VALUE_LIMIT ||
        out->value_count > (span.end - out->descriptors_at) / 4) {
        return fault_at("more values than the record holds", at);
    }
    out->values_at = out->descriptors_at + 4 * (size_t)out->value_count;
    size_t total = 0;
    for (size_t i = 0; i < out->value_count; i++) {
        total += bytes_le16(span.chunk + out->descriptors_at + 4 * i);
    }
    out->usable = true;
    out->end = span.end;
    if (total > span.end - out->values_at) {
        return fault_at("values longer than the record", out->values_at);
    }
    out->end = out->values_at + total;
    return fault_at(NULL, 0);
}
