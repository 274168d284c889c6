#include "cut.h"

#include "check.h"
#include "hash.h"
#include "mem.h"
#include "transform.h"
#include "wire.h"

enum {
    MAX_SLICES = 512,        /* values of one row that are kept as slices; more become extras */
    MAX_VARIABLES = 2048,    /* of one row; what follows is one variable */
    MAX_DIGITS = 14,         /* a joined word is not made longer once it has so many digits */
    LONG_VALUE_BYTES = 40,   /* longer values with blanks are cut into words too */
    CONTEXT_BYTES = 12,      /* of the literal before a gap's variable that choose its column */
    GAP_COLUMN_LIMIT = 1024, /* beyond it gap variables share a few columns */
    GAP_SHARED_COLUMNS = 16,
    MAX_SHAPES = 16384 /* beyond it rows are cut coarsely until the next segment */
};

/* A slice of the row's raw bytes and the value it is of. */
struct cut_owner {
    uint32_t start; /* in the row's raw bytes */
    uint32_t end;
    uint32_t value;       /* index in the row's values */
    uint32_t first_bound; /* set by collect_bounds: indices in cutter.bounds */
    uint32_t end_bound;
};

struct cutter {
    struct cut_column *columns;
    size_t column_count;
    size_t column_capacity;
    uint32_t *slots; /* hash table over columns: index + 1 */
    uint32_t slot_count;

    /* of the row cut last */
    struct buf key;          /* its template, in the form that is stored */
    unsigned template_flags; /* TEMPLATE_CROSSING, TEMPLATE_ENCODED; in the key too */
    struct cut_variable *variables;
    size_t variable_count;
    size_t variable_capacity;
    struct intern shapes;

    uint32_t *field_columns[2]; /* by field id: column + 1 of COLUMN_OF_FIELD, COLUMN_OF_EXTRA */
    size_t field_capacity[2];

    struct cut_bound *bounds; /* scratch */
    size_t bound_capacity;
    uint64_t *marks; /* a bit a byte of the row: a slice begins or ends there; zero between rows */
    uint32_t *bound_at;    /* by byte of the row: index in bounds, where a mark is */
    size_t mark_capacity;  /* words of 64 */
    size_t place_capacity; /* of bound_at */
    struct cut_owner *owners;
    size_t owner_capacity;
    struct buf decoded;
};

struct cutter *cutter_create(void) {
    return mem_calloc(1, sizeof(struct cutter));
}

void cutter_destroy(struct cutter **p) {
    struct cutter *c = *p;
    if (c == NULL) {
        return;
    }
    mem_free(c->columns);
    mem_free(c->slots);
    mem_free(c->variables);
    mem_free(c->field_columns[0]);
    mem_free(c->field_columns[1]);
    mem_free(c->marks);
    mem_free(c->bound_at);
    mem_free(c->bounds);
    mem_free(c->owners);
    buf_fini(&c->key);
    buf_fini(&c->decoded);
    intern_fini(&c->shapes);
    mem_free(c);
    *p = NULL;
}

static void rebuild_slots(struct cutter *c) {
    c->slot_count = c->slot_count == 0 ? 256 : c->slot_count * 2;
    mem_free(c->slots);
    c->slots = mem_calloc(c->slot_count, sizeof *c->slots);
    for (size_t i = 0; i < c->column_count; i++) {
        uint32_t at = (uint32_t)c->columns[i].key & (c->slot_count - 1);
        while (c->slots[at] != 0) {
            at = (at + 1) & (c->slot_count - 1);
        }
        c->slots[at] = (uint32_t)i + 1;
    }
}

static uint32_t find_column(struct cutter *c, enum column_kind kind, uint32_t field,
                            uint64_t detail) {
    uint64_t key =
        hash_u64(detail << 34 ^ (uint64_t)field << 2 ^ (uint64_t)kind ^ hash_u64(detail >> 30));
    if (c->column_count * 2 >= c->slot_count) {
        rebuild_slots(c);
    }
    uint32_t at = (uint32_t)key & (c->slot_count - 1);
    for (; c->slots[at] != 0; at = (at + 1) & (c->slot_count - 1)) {
        const struct cut_column *column = &c->columns[c->slots[at] - 1];
        if (column->key == key && column->kind == kind && column->field == field) {
            return c->slots[at] - 1;
        }
    }
    if (c->column_count >= SEGMENT_MAX_COLUMNS - GAP_SHARED_COLUMNS && detail != UINT64_MAX) {
        /* Too many: any column can hold any variable, so the rest shares one a kind. */
        return find_column(c, kind, FIELD_NONE, UINT64_MAX);
    }
    MEM_GROW(c->columns, c->column_capacity, c->column_count + 1);
    c->columns[c->column_count] = (struct cut_column){key, kind, field};
    c->slots[at] = (uint32_t)++c->column_count;
    return c->slots[at] - 1;
}

/* The column of a field's values, without hashing after the first time. */
static uint32_t field_column(struct cutter *c, enum column_kind kind, uint32_t field) {
    size_t which = kind == COLUMN_OF_EXTRA;
    if (field >= c->field_capacity[which]) {
        size_t wanted = mem_next_capacity(c->field_capacity[which], (size_t)field + 1);
        uint32_t *grown = mem_realloc(c->field_columns[which], wanted, sizeof *grown);
        memset(grown + c->field_capacity[which], 0,
               (wanted - c->field_capacity[which]) * sizeof *grown);
        c->field_columns[which] = grown;
        c->field_capacity[which] = wanted;
    }
    uint32_t *known = &c->field_columns[which][field];
    if (*known == 0) {
        *known = find_column(c, kind, field, 0) + 1;
    }
    return *known - 1;
}

static void put_variable(struct cutter *c, uint32_t column, struct str text) {
    MEM_GROW(c->variables, c->variable_capacity, c->variable_count + 1);
    c->variables[c->variable_count++] = (struct cut_variable){text.ptr, (uint32_t)text.len, column};
    wire_put_u64(&c->key, TEMPLATE_COLUMN + (uint64_t)column);
}

static void put_literal(struct cutter *c, struct str text) {
    wire_put_u64(&c->key, TEMPLATE_LITERAL);
    wire_put_str(&c->key, text);
}

/* --- words of a gap --- */

static bool is_word(char c) {
    return ascii_is_alnum(c) || c == '_' || (uint8_t)c >= 0x80;
}

/* End of the word that starts at `at`: letters and digits, and . : - between digits. */
static size_t word_end(struct str s, size_t at, bool *has_digit) {
    size_t digits = 0;
    for (; at < s.len; at++) {
        char c = s.ptr[at];
        if (ascii_is_digit(c)) {
            digits++;
        } else if (!is_word(c)) {
            bool joins = (c == '.' || c == ':' || c == '-') && at + 1 < s.len && at > 0 &&
                         ascii_is_digit(s.ptr[at - 1]) && ascii_is_digit(s.ptr[at + 1]);
            if (!joins || digits >= MAX_DIGITS) {
                break;
            }
        }
    }
    *has_digit = digits > 0;
    return at;
}

static uint32_t gap_column(struct cutter *c, struct str literal, size_t ordinal, uint32_t field) {
    struct str context = literal;
    if (context.len > CONTEXT_BYTES) {
        context = str_skip(context, context.len - CONTEXT_BYTES);
    }
    uint64_t detail = hash_str(context);
    if (context.len < 3) { /* a bare separator says nothing: the place counts */
        detail += ordinal;
    }
    if (c->column_count > GAP_COLUMN_LIMIT) {
        detail %= GAP_SHARED_COLUMNS;
    }
    return find_column(c, COLUMN_OF_GAP, field, detail & (UINT64_MAX >> 1));
}

/* Cuts a piece of the raw bytes at its words with digits. Returns the number of pieces. */
static uint32_t put_words(struct cutter *c, struct str text, uint32_t field) {
    uint32_t pieces = 0;
    size_t literal = 0;
    size_t ordinal = c->variable_count;
    for (size_t at = 0; at < text.len;) {
        if (!is_word(text.ptr[at])) {
            at++;
            continue;
        }
        bool has_digit;
        size_t end = word_end(text, at, &has_digit);
        if (has_digit && c->variable_count >= MAX_VARIABLES) {
            put_variable(c, find_column(c, COLUMN_OF_GAP, field, 0), str_skip(text, literal));
            return pieces + 1;
        }
        if (has_digit) {
            struct str before = str_make(text.ptr + literal, at - literal);
            if (before.len > 0) {
                put_literal(c, before);
                pieces++;
            }
            put_variable(c, gap_column(c, before, c->variable_count - ordinal, field),
                         str_make(text.ptr + at, end - at));
            pieces++;
            literal = end;
        }
        at = end;
    }
    if (literal < text.len) {
        put_literal(c, str_skip(text, literal));
        pieces++;
    }
    return pieces;
}

/* --- slices --- */

/* True if the value's text follows from its slice, which lies in the row. */
static bool is_slice(struct cutter *c, const struct batch *b, const struct row *row,
                     const struct value *v) {
    struct str slice = batch_value_slice(b, v);
    if (slice.ptr == NULL || slice.len == 0 || !str_within(slice, batch_raw(b, row))) {
        return false;
    }
    if (v->transform == TRANSFORM_SAME) {
        return true;
    }
    buf_clear(&c->decoded);
    return transform_decode(&c->decoded, slice, (enum transform)v->transform) &&
           str_eq(buf_str(&c->decoded), batch_value_text(b, v));
}

static size_t collect_owners(struct cutter *c, const struct batch *b, const struct row *row) {
    size_t count = 0;
    MEM_GROW(c->owners, c->owner_capacity, (size_t)row->value_count + 1);
    for (uint32_t i = 0; i < row->value_count && count < MAX_SLICES; i++) {
        const struct value *v = &b->values[row->first_value + i];
        if (is_slice(c, b, row, v)) {
            struct str slice = batch_value_slice(b, v);
            uint32_t start = (uint32_t)(slice.ptr - (b->raw.ptr + row->raw_off));
            c->owners[count++] = (struct cut_owner){start, start + (uint32_t)slice.len, i, 0, 0};
        }
    }
    return count;
}

/* Where the raw bytes are cut, and the stretch from there to the next cut. */
struct cut_bound {
    uint32_t at;
    uint32_t owner; /* the narrowest slice over the stretch, + 1; 0: none */
    uint32_t first_piece;
};

/* Room for marks at 0 .. raw_len. */
static void reserve_marks(struct cutter *c, uint32_t raw_len) {
    size_t words = (size_t)raw_len / 64 + 1;
    if (words > c->mark_capacity) {
        mem_free(c->marks);
        c->mark_capacity = mem_next_capacity(c->mark_capacity, words);
        c->marks = mem_calloc(c->mark_capacity, sizeof *c->marks);
    }
    MEM_GROW(c->bound_at, c->place_capacity, (size_t)raw_len + 1);
}

static void mark(struct cutter *c, uint32_t at) {
    c->marks[at / 64] |= UINT64_C(1) << at % 64;
}

/* Makes the bounds of the marks, in order, and clears the marks. */
static size_t take_marks(struct cutter *c, uint32_t raw_len) {
    size_t count = 0;
    for (uint32_t word = 0; word <= raw_len / 64; word++) {
        uint64_t bits = c->marks[word];
        c->marks[word] = 0;
        for (; bits != 0; bits &= bits - 1) {
            uint32_t at = word * 64 + (uint32_t)__builtin_ctzll(bits);
            c->bound_at[at] = (uint32_t)count;
            c->bounds[count++] = (struct cut_bound){at, 0, 0};
        }
    }
    return count;
}

/* Sorted distinct ends of all slices, with 0 and the row's length; each stretch's owner. */
static size_t collect_bounds(struct cutter *c, size_t owner_count, uint32_t raw_len) {
    MEM_GROW(c->bounds, c->bound_capacity, 2 * owner_count + 2);
    reserve_marks(c, raw_len);
    mark(c, 0);
    mark(c, raw_len);
    for (size_t i = 0; i < owner_count; i++) {
        mark(c, c->owners[i].start);
        mark(c, c->owners[i].end);
    }
    size_t count = take_marks(c, raw_len);
    for (size_t i = 0; i < owner_count; i++) {
        struct cut_owner *o = &c->owners[i];
        o->first_bound = c->bound_at[o->start];
        o->end_bound = c->bound_at[o->end];
        for (uint32_t k = o->first_bound; k < o->end_bound; k++) {
            uint32_t other = c->bounds[k].owner;
            if (other == 0 ||
                o->end - o->start < c->owners[other - 1].end - c->owners[other - 1].start) {
                c->bounds[k].owner = (uint32_t)i + 1;
            }
        }
    }
    return count;
}

static bool is_prose(struct str text) {
    return text.len >= LONG_VALUE_BYTES && str_find_char(text, ' ') != STR_NONE;
}

/* Puts the piece [start, end); returns how many pieces it became. */
static uint32_t put_piece(struct cutter *c, const struct batch *b, const struct row *row,
                          uint32_t owner, struct str text, bool coarse, uint32_t ordinal) {
    if (owner == 0) {
        if (!coarse) {
            return put_words(c, text, FIELD_NONE);
        }
        put_variable(c, find_column(c, COLUMN_OF_GAP, FIELD_NONE, ordinal < 8 ? ordinal : 8), text);
        return 1;
    }
    uint32_t field = b->values[row->first_value + c->owners[owner - 1].value].field;
    if (!coarse && is_prose(text)) {
        return put_words(c, text, field);
    }
    put_variable(c, field_column(c, COLUMN_OF_FIELD, field), text);
    return 1;
}

static void set_flags(struct cutter *c, const struct batch *b, const struct row *row,
                      size_t bound_count) {
    const char *raw = b->raw.ptr + row->raw_off;
    for (size_t i = 1; i + 1 < bound_count; i++) {
        uint32_t at = c->bounds[i].at;
        if (is_word(raw[at - 1]) && is_word(raw[at])) {
            c->template_flags |= TEMPLATE_CROSSING;
        }
    }
}

static void put_pieces(struct cutter *c, const struct batch *b, const struct row *row,
                       size_t bound_count, bool coarse) {
    const char *raw = b->raw.ptr + row->raw_off;
    uint32_t piece = 0;
    for (size_t i = 0; i < bound_count; i++) {
        struct cut_bound *bound = &c->bounds[i];
        bound->first_piece = piece;
        if (i + 1 < bound_count) {
            struct str text = str_make(raw + bound->at, c->bounds[i + 1].at - bound->at);
            piece += put_piece(c, b, row, bound->owner, text, coarse, (uint32_t)i);
        }
    }
    wire_put_u64(&c->key, TEMPLATE_END);
}

/* The row's values in their order: a run of pieces, or an extra column. */
static void put_values(struct cutter *c, const struct batch *b, const struct row *row,
                       size_t owner_count) {
    wire_put_u64(&c->key, row->value_count);
    size_t owner = 0;
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &b->values[row->first_value + i];
        wire_put_u64(&c->key, v->field);
        if (owner < owner_count && c->owners[owner].value == i) {
            wire_put_u64(&c->key, v->transform);
            const struct cut_owner *o = &c->owners[owner++];
            uint32_t first = c->bounds[o->first_bound].first_piece;
            wire_put_u64(&c->key, first);
            wire_put_u64(&c->key, c->bounds[o->end_bound].first_piece - first);
        } else {
            wire_put_u64(&c->key, TRANSFORM_NONE);
            put_variable(c, field_column(c, COLUMN_OF_EXTRA, v->field), batch_value_text(b, v));
        }
    }
}

static void cut_row(struct cutter *c, const struct batch *b, const struct row *row, bool coarse) {
    buf_clear(&c->key);
    c->variable_count = 0;
    c->template_flags = row->charset == CHARSET_UTF8 ? 0 : TEMPLATE_ENCODED;
    size_t owner_count = 0;
    size_t bound_count = 0;
    bool binary = row->charset == CHARSET_BINARY;
    if (row->raw_len > 0 && !binary) {
        owner_count = collect_owners(c, b, row);
        bound_count = collect_bounds(c, owner_count, row->raw_len);
        set_flags(c, b, row, bound_count);
    }
    wire_put_u64(&c->key, c->template_flags);
    if (row->raw_len > 0 && !binary) {
        bool wide = row->charset == CHARSET_UTF16LE || row->charset == CHARSET_UTF16BE;
        put_pieces(c, b, row, bound_count, coarse || wide);
    } else {
        if (binary && row->raw_len > 0) {
            put_variable(c, find_column(c, COLUMN_OF_BINARY, FIELD_NONE, 0), batch_raw(b, row));
        }
        wire_put_u64(&c->key, TEMPLATE_END);
    }
    put_values(c, b, row, owner_count);
}

void cutter_begin_segment(struct cutter *c) {
    if (c->shapes.count > MAX_SHAPES || c->column_count > GAP_COLUMN_LIMIT) {
        intern_clear(&c->shapes);
        c->column_count = 0;
        memset(c->slots, 0, c->slot_count * sizeof *c->slots);
        for (int which = 0; which < 2; which++) {
            if (c->field_columns[which] != NULL) {
                memset(c->field_columns[which], 0,
                       c->field_capacity[which] * sizeof *c->field_columns[which]);
            }
        }
    }
}

void cutter_row(struct cut *out, struct cutter *c, const struct batch *b, const struct row *row) {
    cut_row(c, b, row, false);
    uint32_t shape = intern_find(&c->shapes, buf_str(&c->key));
    if (shape == INTERN_NONE && c->shapes.count > MAX_SHAPES) {
        cut_row(c, b, row, true);
    }
    shape = shape == INTERN_NONE ? intern_add(&c->shapes, buf_str(&c->key)) : shape;
    *out = (struct cut){shape, (uint32_t)c->variable_count, c->variables};
}

uint32_t cutter_shape_count(const struct cutter *c) {
    return c->shapes.count;
}

uint32_t cutter_column_count(const struct cutter *c) {
    return (uint32_t)c->column_count;
}

const struct cut_column *cutter_column(const struct cutter *c, uint32_t column) {
    return &c->columns[column];
}

unsigned cutter_shape_flags(const struct cutter *c, uint32_t shape) {
    struct str key = intern_text(&c->shapes, shape);
    struct wire in = wire_make(key.ptr, key.len);
    return (unsigned)wire_u64(&in);
}

void cutter_put_shape(struct buf *out, const struct cutter *c, uint32_t shape,
                      const uint32_t *column_map, struct intern *fields) {
    struct str key = intern_text(&c->shapes, shape);
    struct wire in = wire_make(key.ptr, key.len);
    uint64_t op;
    wire_put_u64(out, wire_u64(&in)); /* flags */
    while ((op = wire_u64(&in)) != TEMPLATE_END) {
        if (op == TEMPLATE_LITERAL) {
            wire_put_u64(out, op);
            wire_put_str(out, wire_str(&in));
        } else {
            wire_put_u64(out, TEMPLATE_COLUMN + (uint64_t)column_map[op - TEMPLATE_COLUMN]);
        }
    }
    wire_put_u64(out, TEMPLATE_END);
    uint64_t value_count = wire_u64(&in);
    wire_put_u64(out, value_count);
    for (uint64_t i = 0; i < value_count; i++) {
        uint32_t field = (uint32_t)wire_u64(&in);
        wire_put_u64(out, intern_add(fields, schema_name(field)));
        uint64_t transform = wire_u64(&in);
        wire_put_u64(out, transform);
        uint64_t place = wire_u64(&in);
        if (transform == TRANSFORM_NONE) {
            wire_put_u64(out, column_map[place - TEMPLATE_COLUMN]);
        } else {
            wire_put_u64(out, place);
            wire_put_u64(out, wire_u64(&in));
        }
    }
    CHECK(!in.failed && wire_left(&in) == 0);
}

bool cutter_next_literal(struct str *out, const struct cutter *c, uint32_t shape, size_t *at) {
    struct str key = intern_text(&c->shapes, shape);
    struct wire in = wire_make(key.ptr + *at, key.len - *at);
    if (*at == 0) {
        (void)wire_u64(&in); /* flags */
    }
    uint64_t op;
    while ((op = wire_u64(&in)) != TEMPLATE_END) {
        if (op == TEMPLATE_LITERAL) {
            *out = wire_str(&in);
            *at = (size_t)((const char *)in.at - key.ptr);
            return true;
        }
    }
    *at = key.len;
    return false;
}
