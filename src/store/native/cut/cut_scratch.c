#include "cut_priv.h"

#include "escape_match.h"
#include "hash.h"
#include "mem.h"
#include "transform.h"

enum {
    MAX_SLICES = 512,     /* values of one row that are kept as slices; more become extras */
    PROSE_DELIMITERS = 4, /* texts with fewer are no prose */
    SHORT_GAP_BYTES = 12, /* shorter gaps without digits are literal */
    PROSE_SAMPLE = 64,
    MAX_KEY_DIGITS = 3 /* of a name in a JSON record */
};

/* --- slices --- */

/* True if the value's text follows from its slice, which lies in the row. */
static bool is_slice(struct cutter *c, const struct batch *b, const struct row *row,
                     const struct value *v) {
    struct str slice = batch_value_slice(b, v);
    if (slice.ptr == NULL || slice.len == 0 || !str_within(slice, batch_raw(b, row))) {
        return false;
    }
    if (v->transform == TRANSFORM_SAME || v->exact) {
        return true;
    }
    if (v->transform == TRANSFORM_JSON) {
        return escape_match_json(slice, batch_value_text(b, v), &c->decoded);
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
    if (c->column_count > c->max_gap_columns) {
        key %= GAP_SHARED_COLUMNS;
    }
    return cut_find_column(c, COLUMN_OF_GAP, field, key >> 1);
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

/* The end of the quoted text that begins behind the quote at `at`: its closing quote, or the end.
 */
static size_t json_quoted_end(struct str s, size_t at) {
    at++;
    while (at < s.len && s.ptr[at] != '"') {
        at += s.ptr[at] == '\\' ? 2 : 1;
    }
    return at < s.len ? at : s.len;
}

/* A key of many digits is data. */
static bool is_json_name(struct str key) {
    size_t digits = 0;
    for (size_t i = 0; i < key.len; i++) {
        digits += ascii_is_digit(key.ptr[i]);
    }
    return digits <= MAX_KEY_DIGITS;
}

static bool is_json_punctuation(char c) {
    return c == ',' || c == ':' || c == '{' || c == '}' || c == '[' || c == ']' || c == ' ' ||
           c == '\t';
}

/* True if what stands between two values of a JSON record is keys and punctuation only. Which key
 * stands where belongs to the shape: as variables, keys would be stored once a row. */
static bool is_json_keys(struct str gap) {
    for (size_t at = gap.ptr[0] == '"'; at < gap.len; at++) {
        if (is_json_punctuation(gap.ptr[at])) {
            continue;
        }
        if (gap.ptr[at] != '"') {
            return false;
        }
        size_t end = json_quoted_end(gap, at);
        bool opens_value = at + 1 == gap.len;
        bool is_empty = end == at + 1;
        bool is_key = end + 1 < gap.len && gap.ptr[end + 1] == ':' &&
                      is_json_name(str_make(gap.ptr + at + 1, end - at - 1));
        if (!opens_value && !is_empty && !is_key) {
            return false;
        }
        at = end;
    }
    return true;
}

/* What lies between slices: event times become formulas, the rest is mined. */
static void cut_gap(struct cutter *c, uint32_t start, uint32_t end, uint64_t context,
                    const struct row *row, const struct cut_bound *bound) {
    struct formula f;
    size_t span = 0;
    struct str text = str_make(c->draft.raw + start, end - start);
    bool json = row->raw_len > 0 && c->draft.raw[0] == '{';
    if ((text.len < SHORT_GAP_BYTES && !has_digit(text)) || (json && is_json_keys(text))) {
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

bool cut_is_structured(const struct batch *b, const struct row *row) {
    struct str raw = batch_raw(b, row);
    return raw.len > 1 && (raw.ptr[0] == '{' || (raw.ptr[0] == '<' && !ascii_is_digit(raw.ptr[1])));
}

static bool is_mined(const struct cut_prose *p) {
    return p->seen >= PROSE_SAMPLE && p->distinct * 3 > p->seen && p->delimited * 2 > p->seen;
}

static void settle_prose(struct cutter *c, uint32_t field, bool mined) {
    size_t before = c->prose_state_capacity;
    MEM_GROW(c->prose_states, c->prose_state_capacity, (size_t)field + 1);
    memset(c->prose_states + before, PROSE_OPEN, c->prose_state_capacity - before);
    c->prose_states[field] = mined ? PROSE_MINED : PROSE_PLAIN;
}

void cut_count_prose(struct cutter *c, uint32_t field, struct str text, bool structured) {
    if (field >= c->prose_capacity) {
        size_t before = c->prose_capacity;
        MEM_GROW(c->prose, c->prose_capacity, (size_t)field + 1);
        memset(c->prose + before, 0, (c->prose_capacity - before) * sizeof(struct cut_prose *));
    }
    if (c->prose[field] == NULL) {
        c->prose[field] = mem_calloc(1, sizeof **c->prose);
    }
    struct cut_prose *p = c->prose[field];
    uint32_t bit = (uint32_t)hash_str(text) % PROSE_BITS;
    p->seen++;
    p->delimited += is_prose(text, structured);
    p->distinct += (p->bits[bit / 64] >> bit % 64 & 1) == 0;
    p->bits[bit / 64] |= UINT64_C(1) << bit % 64;
    if (p->seen == PROSE_BITS / 2) {
        settle_prose(c, field, is_mined(p));
    }
}

bool cut_is_mined_field(const struct cutter *c, uint32_t field) {
    enum prose_state state = cut_prose_state(c, field);
    if (state == PROSE_OPEN) {
        return field < c->prose_capacity && c->prose[field] != NULL && is_mined(c->prose[field]);
    }
    return state == PROSE_MINED;
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
            uint32_t column = cut_find_column(c, COLUMN_OF_GAP, FIELD_NONE, i < 8 ? i : 8);
            add_column(&c->draft, bound->at, next->at, column, next);
        } else {
            cut_gap(c, bound->at, next->at, field == FIELD_NONE ? 0 : ((uint64_t)field + 1) << 8,
                    row, next);
        }
        return;
    }
    uint32_t field = b->values[row->first_value + c->owners[bound->owner - 1].value].field;
    uint32_t value = c->owners[bound->owner - 1].value;
    if (!coarse && cut_is_mined_field(c, field)) {
        collect_copies(c, b, row, bound->owner - 1);
        mine_stretch(c, bound->at, next->at, field,
                     (enum transform)b->values[row->first_value + value].transform,
                     ((uint64_t)field + 1) << 40, row, next);
    } else {
        add_column(&c->draft, bound->at, next->at, cut_field_column(c, COLUMN_OF_FIELD, field),
                   next);
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
            out->column = cut_field_column(c, COLUMN_OF_EXTRA, v->field);
            out->text = batch_value_text(b, v);
        }
    }
}

bool cut_is_made(const struct row *row) {
    return row->raw_len > 0 && (row->flags & (ROW_IN_CONTAINER | ROW_DERIVED)) != 0;
}

bool cut_is_wide(const struct row *row) {
    return row->charset == CHARSET_UTF16LE || row->charset == CHARSET_UTF16BE ||
           row->charset == CHARSET_ISO_2022_JP;
}

/* Cuts the row from scratch. */
void cut_make_draft(struct cutter *c, const struct batch *b, const struct row *row, bool coarse) {
    struct draft *d = &c->draft;
    cut_draft_clear(d);
    d->raw = b->raw.ptr + row->raw_off;
    d->raw_len = row->raw_len;
    d->time_ns = row->time_ns;
    c->owner_count = 0;
    if (row->raw_len > 0 && row->charset == CHARSET_BINARY) {
        static const struct cut_bound whole = {.rule = END_ROW};
        add_column(d, 0, row->raw_len, cut_find_column(c, COLUMN_OF_BINARY, FIELD_NONE, 0), &whole);
    } else if (row->raw_len > 0) {
        collect_owners(c, b, row);
        collect_bounds(c, row->raw_len);
        cut_pieces(c, b, row, coarse || cut_is_wide(row));
    }
    cut_values(c, b, row);
    if (row->charset != CHARSET_BINARY) {
        set_flags(d);
    }
    bool is_raw = row->charset == CHARSET_UTF8 && !cut_is_made(row);
    d->flags |= is_raw ? 0 : TEMPLATE_ENCODED;
    if (c->shapes.order_count > 0) {
        d->flags |= TEMPLATE_ORDERED;
        d->flags |= c->shapes.order_count << TEMPLATE_ORDER_SHIFT;
    }
}
