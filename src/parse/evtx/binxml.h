/*
 * BinXML, the binary XML of Windows events ([MS-EVEN6] 2.2.12; on disk: docs/formats/evtx.md):
 * tokens -> a flat list of ops that is walked without looking at bytes again.
 *
 * A chunk's templates are compiled once into one shared binxml_ops; a template is a range of it.
 * Character and entity references are resolved; names and texts are UTF-8 in ops->text.
 *
 * Every offset is checked against the chunk; nothing recurses. A broken fragment gives the ops up
 * to the break, with all open elements closed, and the break's offset.
 */
#ifndef KONSEKI_BINXML_H
#define KONSEKI_BINXML_H

#include "buf.h"

enum {
    BINXML_NO_VALUE = 0xffff, /* no dependency */
    BINXML_DEPTH_LIMIT = 64,
    BINXML_VALUE_LIMIT = 8192 /* values of one template instance */
};

enum binxml_op_kind {
    BINXML_OPEN,         /* element: text = name, id = value it depends on or BINXML_NO_VALUE */
    BINXML_ATTRIBUTE,    /* text = name; its value follows, up to the next ATTRIBUTE or START_END */
    BINXML_TEXT,         /* literal text */
    BINXML_SUBSTITUTION, /* id = index of the value, type = declared type, optional */
    BINXML_START_END,    /* end of the start tag */
    BINXML_CLOSE,        /* end of the element */
    BINXML_INSTANCE      /* template instance in the content: offset = its place in the chunk */
};

struct binxml_op {
    uint8_t kind; /* enum binxml_op_kind */
    uint8_t type;
    bool optional;
    uint16_t id;
    uint32_t offset;
    uint32_t text_off;
    uint32_t text_len;
};

struct binxml_ops {
    struct binxml_op *items;
    size_t count;
    size_t capacity;
    struct buf text;
};

void binxml_ops_fini(struct binxml_ops *ops);
void binxml_ops_clear(struct binxml_ops *ops);

static inline struct str binxml_op_text(const struct binxml_ops *ops, const struct binxml_op *op) {
    return op->text_len > 0 ? str_make(ops->text.ptr + op->text_off, op->text_len) : STR_EMPTY;
}

/* Bytes of a chunk; [at, end) is the part to read, offsets count from the chunk's start. */
struct binxml_span {
    const uint8_t *chunk;
    size_t size;
    size_t at;
    size_t end;
};

struct binxml_fault {
    const char *what; /* NULL: no fault */
    size_t offset;    /* in the chunk */
};

/*
 * Appends the ops of the elements in the span, up to its end or the end-of-fragment token.
 * `in_template`: elements carry dependency ids; otherwise it is found out by looking.
 */
struct binxml_fault binxml_compile(struct binxml_ops *ops, struct binxml_span span,
                                   bool in_template);

/* A template instance: where its definition and its values are. */
struct binxml_instance {
    size_t definition; /* offset of the definition's header (24 bytes) */
    size_t body_at;    /* definition's BinXML */
    size_t body_end;
    size_t descriptors_at; /* value_count times {u16 size, u8 type, u8 0} */
    size_t values_at;
    size_t end; /* behind the last value */
    uint32_t value_count;
    bool usable; /* false: nothing above may be used beyond the fault */
};

/* `span.at` is at the instance's token. A fault with `usable` set: some values reach beyond the
 * span, the others can be read. */
struct binxml_fault binxml_instance_parse(struct binxml_instance *out, struct binxml_span span);

#endif
