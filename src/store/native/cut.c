#include "cut.h"

#include "check.h"
#include "hash.h"
#include "mem.h"
#include "mine.h"
#include "relation.h"
#include "shape_table.h"
#include "transform.h"
#include "wire.h"

enum {
    MAX_SLICES = 512,     /* values of one row that are kept as slices; more become extras */
    PROSE_DELIMITERS = 4, /* texts with fewer are no prose */

    SHORT_GAP_BYTES = 12,    /* shorter gaps without digits are literal */
    GAP_COLUMN_LIMIT = 2048, /* beyond it gap variables share a few columns */
    GAP_SHARED_COLUMNS = 16,
    MAX_SHAPES = 8192, /* beyond it, or */
    MAX_SHAPE_BYTES =
        24 << 20,        /* ... so many bytes, new shapes are coarse until the next segment */
    YOUNG_USES = 12,     /* a younger shape is cut from scratch again, to learn */
    ALWAYS_LEARN = 4096, /* so many rows cut from scratch learn relations; */
    LEARN_EVERY = 16,    /* then one in so many does */
    NOTE_EVERY = 4,      /* one row in so many tells the miner its texts */
    LOOK_AGAIN = 1024,   /* one row in so many is cut from scratch anyhow */
    PROSE_BITS = 2048,   /* distinct texts of a field, counted roughly */
    PROSE_SAMPLE = 64
};

/* A slice of the row's raw bytes and the value it is of. */
struct cut_owner {
    uint32_t start; /* in the row's raw bytes */
    uint32_t end;
    uint32_t value;       /* index in the row's values */
    uint32_t first_bound; /* set by collect_bounds: indices in cutter.bounds */
    uint32_t end_bound;
};

/* Where the raw bytes are cut, and the stretch from there to the next cut. */
struct cut_bound {
    uint32_t at;
    uint32_t owner; /* the narrowest slice over the stretch, + 1; 0: none */
    uint32_t first_piece;
    enum piece_end rule; /* how the place is found in another row of the shape */
    uint32_t arg;
};

/* How many different long texts a field has: mined only if they are many. */
struct cut_prose {
    uint32_t seen;
    uint32_t distinct;
    uint32_t delimited; /* long enough and of several words */
    uint64_t bits[PROSE_BITS / 64];
};

struct cutter {
    struct cut_column *columns;
    size_t column_count;
    size_t column_capacity;
    uint32_t *slots; /* hash table over columns: index + 1 */
    uint32_t slot_count;
    uint32_t *field_columns[2]; /* by field id: column + 1 of COLUMN_OF_FIELD, COLUMN_OF_EXTRA */
    size_t field_capacity[2];
    struct cut_prose **prose; /* by field id */
    size_t prose_capacity;

    struct shape_table shapes;
    struct relation_table relations;
    struct miner miner;
    struct mine_copies copies;
    struct draft draft;
    uint64_t rows;
    uint64_t scratch_rows;

    struct cut_variable *variables; /* of the row cut last */
    size_t variable_capacity;

    struct cut_bound *bounds; /* scratch */
    size_t bound_count;
    size_t bound_capacity;
    uint64_t *marks; /* a bit a byte of the row: a slice begins or ends there; zero between rows */
    uint32_t *bound_at;    /* by byte of the row: index in bounds, where a mark is */
    size_t mark_capacity;  /* words of 64 */
    size_t place_capacity; /* of bound_at */
    struct cut_owner *owners;
    size_t owner_count;
    size_t owner_capacity;
    struct buf decoded;
};

struct cutter *cutter_create(void) {
    struct cutter *c = mem_calloc(1, sizeof *c);
    relation_table_init(&c->relations);
    miner_init(&c->miner);
    return c;
}

/* Forgets columns and all that refers to them. */
static void forget(struct cutter *c) {
    shape_table_clear(&c->shapes);
    relation_table_fini(&c->relations);
    relation_table_init(&c->relations);
    miner_clear(&c->miner);
    c->column_count = 0;
    if (c->slots != NULL) {
        memset(c->slots, 0, c->slot_count * sizeof *c->slots);
    }
    for (int which = 0; which < 2; which++) {
        if (c->field_columns[which] != NULL) {
            memset(c->field_columns[which], 0,
                   c->field_capacity[which] * sizeof *c->field_columns[which]);
        }
    }
}

void cutter_destroy(struct cutter **p) {
    struct cutter *c = *p;
    if (c == NULL) {
        return;
    }
    shape_table_fini(&c->shapes);
    relation_table_fini(&c->relations);
    miner_fini(&c->miner);
    cut_draft_fini(&c->draft);
    for (size_t i = 0; i < c->prose_capacity; i++) {
        mem_free(c->prose[i]);
    }
    mem_free(c->prose);
    mem_free(c->columns);
    mem_free(c->slots);
    mem_free(c->variables);
    mem_free(c->field_columns[0]);
    mem_free(c->field_columns[1]);
    mem_free(c->marks);
    mem_free(c->bound_at);
    mem_free(c->bounds);
    mem_free(c->owners);
    buf_fini(&c->decoded);
    mem_free(c);
    *p = NULL;
}

void cutter_begin_segment(struct cutter *c) {
    if (c->column_count > GAP_COLUMN_LIMIT) {
        forget(c);
    } else if (c->shapes.keys.count > MAX_SHAPES / 2 || c->shapes.bytes > MAX_SHAPE_BYTES / 2) {
        shape_table_clear(&c->shapes);
    }
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

static void collect_owners(struct cutter *c, const struct batch *b, const struct row *row) {
    c->owner_count = 0;
    MEM_GROW(c->owners, c->owner_capacity, (size_t)row->value_count + 1);
    for (uint32_t i = 0; i < row->value_count && c->owner_count < MAX_SLICES; i++) {
        const struct value *v = &b->values[row->first_value + i];
        if (is_slice(c, b, row, v)) {
            struct str slice = batch_value_slice(b, v);
            uint32_t start = (uint32_t)(slice.ptr - (b->raw.ptr + row->raw_off));
            c->owners[c->owner_count++] =
                (struct cut_owner){start, start + (uint32_t)slice.len, i, 0, 0};
        }
    }
}

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
static void take_marks(struct cutter *c, uint32_t raw_len) {
    c->bound_count = 0;
    for (uint32_t word = 0; word <= raw_len / 64; word++) {
        uint64_t bits = c->marks[word];
        c->marks[word] = 0;
        for (; bits != 0; bits &= bits - 1) {
            uint32_t at = word * 64 + (uint32_t)__builtin_ctzll(bits);
            c->bound_at[at] = (uint32_t)c->bound_count;
            c->bounds[c->bound_count++] = (struct cut_bound){.at = at, .rule = END_ROW};
        }
    }
}

/* The stretches of a slice belong to the narrowest one over them. */
static void own_stretches(struct cutter *c, uint32_t owner) {
    const struct cut_owner *o = &c->owners[owner];
    for (uint32_t k = o->first_bound; k < o->end_bound; k++) {
        uint32_t other = c->bounds[k].owner;
        if (other == 0 ||
            o->end - o->start < c->owners[other - 1].end - c->owners[other - 1].start) {
            c->bounds[k].owner = owner + 1;
        }
    }
}

/* Sorted distinct ends of all slices, with 0 and the row's length; each stretch's owner. */
static void collect_bounds(struct cutter *c, uint32_t raw_len) {
    MEM_GROW(c->bounds, c->bound_capacity, 2 * c->owner_count + 2);
    reserve_marks(c, raw_len);
    mark(c, 0);
    mark(c, raw_len);
    for (size_t i = 0; i < c->owner_count; i++) {
        mark(c, c->owners[i].start);
        mark(c, c->owners[i].end);
    }
    take_marks(c, raw_len);
    for (size_t i = 0; i < c->owner_count; i++) {
        struct cut_owner *o = &c->owners[i];
        o->first_bound = c->bound_at[o->start];
        o->end_bound = c->bound_at[o->end];
        struct cut_bound *start = &c->bounds[o->first_bound];
        struct cut_bound *end = &c->bounds[o->end_bound];
        start->rule = END_VALUE_START;
        start->arg = o->value;
        if (end->rule == END_ROW) {
            end->rule = END_VALUE_END;
            end->arg = o->value;
        }
        own_stretches(c, (uint32_t)i);
    }
    c->bounds[c->bound_count - 1].rule = END_ROW;
}

/* --- pieces --- */

static bool is_word(char c) {
    return ascii_is_alnum(c) || c == '_' || (uint8_t)c >= 0x80;
}

static struct draft_piece *add_piece(struct draft *d, uint32_t start, uint32_t end) {
    MEM_GROW(d->pieces, d->piece_capacity, d->piece_count + 1);
    struct draft_piece *p = &d->pieces[d->piece_count++];
    *p = (struct draft_piece){.start = start, .end = end};
    return p;
}

static void add_column(struct draft *d, uint32_t start, uint32_t end, uint32_t column,
                       const struct cut_bound *bound) {
    struct draft_piece *p = add_piece(d, start, end);
    p->kind = PIECE_COLUMN;
    p->column = column;
    p->end_rule = bound->rule;
    p->end_arg = bound->arg;
}

static void add_literal(struct draft *d, uint32_t start, uint32_t end) {
    if (end > start) {
        (void)add_piece(d, start, end);
    }
}

static uint32_t mined_column(struct cutter *c, uint32_t field, uint64_t key) {
    if (c->column_count > GAP_COLUMN_LIMIT) {
        key %= GAP_SHARED_COLUMNS;
    }
    return find_column(c, COLUMN_OF_GAP, field, key >> 1);
}

/* A variable of mined text. It ends with the stretch, or where what follows it begins. */
static void add_mined(struct cutter *c, uint32_t start, const struct mine_token *t, uint32_t field,
                      const struct cut_bound *bound) {
    add_column(&c->draft, start + t->start, start + t->end, mined_column(c, field, t->column),
               bound);
    struct draft_piece *p = &c->draft.pieces[c->draft.piece_count - 1];
    p->mined = t->column;
    if (p->end != bound->at) {
        char after = c->draft.raw[p->end];
        bool fields = c->miner.separator != '\0' &&
                      (after == c->miner.separator || after == '\r' || after == '\n');
        p->end_rule = fields ? END_FIELD : t->is_unit ? END_TEXT : END_LITERAL;
        p->end_arg = (uint8_t)c->miner.separator;
    }
}

/* Cuts [start, end), which ends at the bound or before a literal, into tokens. */
static void mine_stretch(struct cutter *c, uint32_t start, uint32_t end, uint32_t field,
                         enum transform transform, uint64_t context, const struct row *row,
                         const struct cut_bound *bound) {
    struct str text = str_make(c->draft.raw + start, end - start);
    struct miner *m = &c->miner;
    struct mine_text in = {text, (enum charset)row->charset, transform == TRANSFORM_JSON, context,
                           transform == TRANSFORM_NONE ? NULL : &c->copies};
    mine_tokenise(m, &in);
    mine_match(m, text);
    uint32_t literal = 0;
    for (uint32_t i = 0; i < m->token_count; i++) {
        const struct mine_token *t = &m->tokens[i];
        if (t->variable) {
            add_literal(&c->draft, start + literal, start + t->start);
            add_mined(c, start, t, field, bound);
            mine_note(m, str_make(text.ptr + t->start, t->end - t->start), t->column);
            literal = t->end;
        }
    }
    add_literal(&c->draft, start + literal, end);
}

/* The length of the event time printed at `s`, with its formula; 0: none. */
static size_t time_at(struct cutter *c, struct formula *out, struct str s) {
    size_t span = time_text_span(s);
    if (span == 0 && s.len > 0 && ascii_is_digit(s.ptr[0])) { /* seconds since 1970? */
        while (span < s.len && span < 21 && (ascii_is_digit(s.ptr[span]) || s.ptr[span] == '.')) {
            span++;
        }
    }
    bool good = span >= 8 && relation_time(out, &c->relations, str_head(s, span), c->draft.time_ns);
    return good ? span : 0;
}

/* Finds the event time in a stretch: its place, or UINT32_MAX. */
static uint32_t find_time(struct cutter *c, struct formula *out, size_t *span, uint32_t start,
                          uint32_t end) {
    for (uint32_t at = start; at + 8 <= end; at++) {
        char ch = c->draft.raw[at];
        bool begins = at == start || !ascii_is_alnum(c->draft.raw[at - 1]);
        if (begins && (ascii_is_digit(ch) || (ch >= 'A' && ch <= 'W'))) {
            *span = time_at(c, out, str_make(c->draft.raw + at, end - at));
            if (*span > 0) {
                return at;
            }
        }
    }
    return UINT32_MAX;
}

static bool has_digit(struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        if (ascii_is_digit(s.ptr[i])) {
            return true;
        }
    }
    return false;
}

/* What lies between slices: event times become formulas, the rest is mined. */
static void cut_gap(struct cutter *c, uint32_t start, uint32_t end, uint64_t context,
                    const struct row *row, const struct cut_bound *bound) {
    struct formula f;
    size_t span = 0;
    struct str text = str_make(c->draft.raw + start, end - start);
    if (text.len < SHORT_GAP_BYTES && !has_digit(text)) {
        add_literal(&c->draft, start, end);
        return;
    }
    uint32_t at =
        (row->flags & ROW_UNPARSED) != 0 ? UINT32_MAX : find_time(c, &f, &span, start, end);
    if (at == UINT32_MAX) {
        mine_stretch(c, start, end, FIELD_NONE, TRANSFORM_NONE, context, row, bound);
        return;
    }
    if (at > start) { /* ends at the time, which no rule finds: literals and printed ones only */
        struct cut_bound none = {.at = UINT32_MAX, .rule = END_LITERAL};
        mine_stretch(c, start, at, FIELD_NONE, TRANSFORM_NONE, context ^ 1, row, &none);
    }
    add_column(&c->draft, at, at + (uint32_t)span, 0, bound);
    cut_draft_set_formula(&c->draft, (uint32_t)c->draft.piece_count - 1, &f);
    if (at + span < end) {
        cut_gap(c, at + (uint32_t)span, end, context ^ 2, row, bound);
    }
}

/* --- prose --- */

/* Several words: in records of keys and values (JSON, XML) only text of several lines. */
static bool is_prose(struct str text, bool structured) {
    if (structured) {
        return str_find_char(text, '\n') != STR_NONE;
    }
    size_t delimiters = 0;
    for (size_t i = 0; i < text.len && delimiters < PROSE_DELIMITERS; i++) {
        char c = text.ptr[i];
        delimiters += c == ' ' || c == '=' || c == '|' || c == ';' || c == ',';
    }
    return delimiters >= PROSE_DELIMITERS;
}

static bool is_structured(const struct batch *b, const struct row *row) {
    struct str raw = batch_raw(b, row);
    return raw.len > 1 && (raw.ptr[0] == '{' || (raw.ptr[0] == '<' && !ascii_is_digit(raw.ptr[1])));
}

/* Counts the text of a field, roughly. */
static void count_prose(struct cutter *c, uint32_t field, struct str text, bool structured) {
    if (field >= c->prose_capacity) {
        size_t before = c->prose_capacity;
        MEM_GROW(c->prose, c->prose_capacity, (size_t)field + 1);
        memset(c->prose + before, 0, (c->prose_capacity - before) * sizeof(struct cut_prose *));
    }
    if (c->prose[field] == NULL) {
        c->prose[field] = mem_calloc(1, sizeof **c->prose);
    }
    struct cut_prose *p = c->prose[field];
    if (p->seen < PROSE_BITS / 2) {
        uint32_t bit = (uint32_t)hash_str(text) % PROSE_BITS;
        p->seen++;
        p->delimited += is_prose(text, structured);
        p->distinct += (p->bits[bit / 64] >> bit % 64 & 1) == 0;
        p->bits[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

/* True if the field's texts are of several words and differ so much that they are cut. */
static bool is_mined_field(const struct cutter *c, uint32_t field) {
    const struct cut_prose *p = field < c->prose_capacity ? c->prose[field] : NULL;
    return p != NULL && p->seen >= PROSE_SAMPLE && p->distinct * 3 > p->seen &&
           p->delimited * 2 > p->seen;
}

/* The other slices of the row, as they stand in the raw bytes. */
static void collect_copies(struct cutter *c, const struct batch *b, const struct row *row,
                           uint32_t but) {
    mine_copies_clear(&c->copies);
    for (uint32_t i = 0; i < c->owner_count; i++) {
        const struct cut_owner *o = &c->owners[i];
        if (i != but) {
            mine_copies_add(&c->copies,
                            str_make(b->raw.ptr + row->raw_off + o->start, o->end - o->start));
        }
    }
}

/* Cuts the stretch between two bounds. */
static void cut_stretch(struct cutter *c, const struct batch *b, const struct row *row, size_t i,
                        bool coarse) {
    const struct cut_bound *bound = &c->bounds[i];
    const struct cut_bound *next = &c->bounds[i + 1];
    if (bound->owner == 0) {
        uint64_t before = i == 0 ? 0 : c->bounds[i - 1].owner;
        uint32_t field = before == 0
                             ? FIELD_NONE
                             : b->values[row->first_value + c->owners[before - 1].value].field;
        if (coarse) {
            uint32_t column = find_column(c, COLUMN_OF_GAP, FIELD_NONE, i < 8 ? i : 8);
            add_column(&c->draft, bound->at, next->at, column, next);
        } else {
            cut_gap(c, bound->at, next->at, field == FIELD_NONE ? 0 : ((uint64_t)field + 1) << 8,
                    row, next);
        }
        return;
    }
    uint32_t field = b->values[row->first_value + c->owners[bound->owner - 1].value].field;
    uint32_t value = c->owners[bound->owner - 1].value;
    if (!coarse && is_mined_field(c, field)) {
        collect_copies(c, b, row, bound->owner - 1);
        mine_stretch(c, bound->at, next->at, field,
                     (enum transform)b->values[row->first_value + value].transform,
                     ((uint64_t)field + 1) << 40, row, next);
    } else {
        add_column(&c->draft, bound->at, next->at, field_column(c, COLUMN_OF_FIELD, field), next);
    }
}

static void set_flags(struct draft *d) {
    for (size_t i = 1; i < d->piece_count; i++) {
        uint32_t at = d->pieces[i].start;
        if (at > 0 && at < d->raw_len && is_word(d->raw[at - 1]) && is_word(d->raw[at])) {
            d->flags |= TEMPLATE_CROSSING;
        }
    }
}

static void cut_pieces(struct cutter *c, const struct batch *b, const struct row *row,
                       bool coarse) {
    for (size_t i = 0; i + 1 < c->bound_count; i++) {
        c->bounds[i].first_piece = (uint32_t)c->draft.piece_count;
        cut_stretch(c, b, row, i, coarse);
    }
    c->bounds[c->bound_count - 1].first_piece = (uint32_t)c->draft.piece_count;
}

/* The row's values in their order: a run of pieces, or an extra column. */
static void cut_values(struct cutter *c, const struct batch *b, const struct row *row) {
    struct draft *d = &c->draft;
    MEM_GROW(d->values, d->value_capacity, (size_t)row->value_count + 1);
    size_t owner = 0;
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &b->values[row->first_value + i];
        struct draft_value *out = &d->values[d->value_count++];
        *out = (struct draft_value){.field = v->field, .how = TRANSFORM_NONE};
        if (owner < c->owner_count && c->owners[owner].value == i) {
            const struct cut_owner *o = &c->owners[owner++];
            out->how = v->transform;
            out->first = c->bounds[o->first_bound].first_piece;
            out->count = c->bounds[o->end_bound].first_piece - out->first;
            out->text = batch_value_slice(b, v);
        } else {
            out->column = field_column(c, COLUMN_OF_EXTRA, v->field);
            out->text = batch_value_text(b, v);
        }
    }
}

static bool is_wide(const struct row *row) {
    return row->charset == CHARSET_UTF16LE || row->charset == CHARSET_UTF16BE ||
           row->charset == CHARSET_ISO_2022_JP;
}

/* Cuts the row from scratch. */
static void make_draft(struct cutter *c, const struct batch *b, const struct row *row,
                       bool coarse) {
    struct draft *d = &c->draft;
    cut_draft_clear(d);
    d->raw = b->raw.ptr + row->raw_off;
    d->raw_len = row->raw_len;
    d->time_ns = row->time_ns;
    c->owner_count = 0;
    if (row->raw_len > 0 && row->charset == CHARSET_BINARY) {
        static const struct cut_bound whole = {.rule = END_ROW};
        add_column(d, 0, row->raw_len, find_column(c, COLUMN_OF_BINARY, FIELD_NONE, 0), &whole);
    } else if (row->raw_len > 0) {
        collect_owners(c, b, row);
        collect_bounds(c, row->raw_len);
        cut_pieces(c, b, row, coarse || is_wide(row));
    }
    cut_values(c, b, row);
    if (row->charset != CHARSET_BINARY) {
        set_flags(d);
    }
    d->flags |= row->charset == CHARSET_UTF8 ? 0 : TEMPLATE_ENCODED;
}

/* --- rows --- */

/* What rows of one shape have in common and is cheap to know. */
static uint64_t row_signature(struct cutter *c, const struct batch *b, const struct row *row) {
    uint64_t h = (uint64_t)row->value_count << 8 | row->charset;
    uint32_t slices = 0;
    uint64_t prose = 0;
    bool structured = is_structured(b, row);
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &b->values[row->first_value + i];
        h = (h ^ ((uint64_t)v->field << 2 | v->transform)) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
        slices += v->transform != TRANSFORM_NONE;
        if (v->transform == TRANSFORM_NONE || v->text_len == 0) {
            continue;
        }
        count_prose(c, v->field, batch_value_text(b, v), structured);
        if (!is_mined_field(c, v->field)) {
            continue;
        }
        h ^= hash_u64(i); /* shapes from before it was mined do not count */
        if (v->transform == TRANSFORM_SAME) {
            struct mine_text in = {batch_value_text(b, v), (enum charset)row->charset, false, i,
                                   NULL};
            mine_tokenise(&c->miner, &in);

            prose ^= c->miner.group;
        }
    }
    if (slices == 0 && row->charset != CHARSET_BINARY && !is_wide(row)) {
        struct mine_text in = {batch_raw(b, row), (enum charset)row->charset, false, 0, NULL};
        mine_tokenise(&c->miner, &in);

        prose ^= c->miner.group;
    }
    return h ^ prose;
}

static struct shape *cut_from_scratch(struct cutter *c, const struct batch *b,
                                      const struct row *row) {
    struct shape_table *t = &c->shapes;
    c->scratch_rows++;
    make_draft(c, b, row, false);
    relations_apply(&c->relations, &c->draft,
                    c->scratch_rows < ALWAYS_LEARN || c->scratch_rows % LEARN_EVERY == 0);
    bool room = t->keys.count < MAX_SHAPES && t->bytes < MAX_SHAPE_BYTES;
    struct shape *s = shape_table_add(t, &c->draft, room);
    if (s == NULL) {
        make_draft(c, b, row, true);
        s = shape_table_add(t, &c->draft, true);
    }
    MEM_GROW(t->starts, t->start_capacity, (size_t)s->piece_count + 1);
    for (uint32_t i = 0; i < s->piece_count; i++) {
        t->starts[i] = c->draft.pieces[i].start;
    }
    t->starts[s->piece_count] = row->raw_len;
    return s;
}

static void emit(struct cut *out, struct cutter *c, const struct shape *s, const struct batch *b,
                 const struct row *row) {
    MEM_GROW(c->variables, c->variable_capacity, (size_t)s->piece_count + s->value_count + 1);
    const char *raw = b->raw.ptr + row->raw_off;
    const uint32_t *starts = c->shapes.starts;
    struct cut_variable *v = c->variables;
    for (uint32_t i = 0; i < s->piece_count; i++) {
        if (s->pieces[i].kind == PIECE_COLUMN) {
            *v++ = (struct cut_variable){raw + starts[i], starts[i + 1] - starts[i],
                                         s->pieces[i].column};
        }
    }
    for (uint32_t i = 0; i < s->value_count; i++) {
        if (s->values[i].how == TRANSFORM_NONE) {
            struct str text = batch_value_text(b, &b->values[row->first_value + i]);
            *v++ = (struct cut_variable){text.ptr, (uint32_t)text.len, s->values[i].column};
        }
    }
    *out = (struct cut){s->number, (uint32_t)(v - c->variables), c->variables};
}

/* What the row says of where texts stand. */
static void note_mined(struct cutter *c, const struct shape *s, const struct batch *b,
                       const struct row *row) {
    const char *raw = b->raw.ptr + row->raw_off;
    const uint32_t *starts = c->shapes.starts;
    for (uint32_t i = 0; i < s->piece_count; i++) {
        if (s->pieces[i].mined != 0) {
            mine_note(&c->miner, str_make(raw + starts[i], starts[i + 1] - starts[i]),
                      s->pieces[i].mined);
        }
    }
}

void cutter_row(struct cut *out, struct cutter *c, const struct batch *b, const struct row *row) {
    uint64_t signature = row_signature(c, b, row);
    struct shape *s = NULL;
    if (++c->rows % LOOK_AGAIN != 0) {
        s = shape_table_find(&c->shapes, signature, b, row, YOUNG_USES);
    }
    if (s == NULL) {
        s = cut_from_scratch(c, b, row);
        shape_table_note(&c->shapes, signature, s);
    } else if (c->rows % NOTE_EVERY == 0) {
        note_mined(c, s, b, row);
    }
    s->uses += s->uses < UINT32_MAX;
    emit(out, c, s, b, row);
}

/* --- stored forms --- */

uint32_t cutter_shape_count(const struct cutter *c) {
    return c->shapes.keys.count;
}

uint32_t cutter_column_count(const struct cutter *c) {
    return (uint32_t)c->column_count;
}

const struct cut_column *cutter_column(const struct cutter *c, uint32_t column) {
    return &c->columns[column];
}

unsigned cutter_shape_flags(const struct cutter *c, uint32_t shape) {
    return c->shapes.shapes[shape]->flags;
}

static void put_pieces(struct buf *out, const struct shape *s, const uint32_t *column_map) {
    for (uint32_t i = 0; i < s->piece_count; i++) {
        const struct shape_piece *p = &s->pieces[i];
        if (p->kind == PIECE_LITERAL) {
            wire_put_u64(out, TEMPLATE_LITERAL);
            wire_put_str(out, p->text);
        } else if (p->kind == PIECE_FORMULA) {
            wire_put_u64(out, TEMPLATE_FORMULA);
            formula_encode(out, &p->formula->formula);
        } else {
            wire_put_u64(out, TEMPLATE_COLUMN + (uint64_t)column_map[p->column]);
        }
    }
    wire_put_u64(out, TEMPLATE_END);
}

void cutter_put_shape(struct buf *out, const struct cutter *c, uint32_t shape,
                      const uint32_t *column_map, struct intern *fields) {
    const struct shape *s = c->shapes.shapes[shape];
    wire_put_u64(out, s->flags);
    put_pieces(out, s, column_map);
    wire_put_u64(out, s->value_count);
    for (uint32_t i = 0; i < s->value_count; i++) {
        const struct shape_value *v = &s->values[i];
        wire_put_u64(out, intern_add(fields, schema_name(v->field)));
        wire_put_u64(out, v->how);
        if (v->how == VALUE_FORMULA) {
            formula_encode(out, &v->formula->formula);
        } else if (v->how == TRANSFORM_NONE) {
            wire_put_u64(out, column_map[v->column]);
        } else {
            wire_put_u64(out, v->first);
            wire_put_u64(out, v->count);
        }
    }
}

bool cutter_next_literal(struct str *out, const struct cutter *c, uint32_t shape, size_t *at) {
    const struct shape *s = c->shapes.shapes[shape];
    for (; *at < s->piece_count; (*at)++) {
        if (s->pieces[*at].kind == PIECE_LITERAL) {
            *out = s->pieces[(*at)++].text;
            return true;
        }
    }
    return false;
}
