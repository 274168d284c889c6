#include "relation.h"

#include "hash.h"
#include "layout.h"
#include "mem.h"
#include "num.h"

enum {
    INDEX_MAX = 384,    /* texts of a row that are looked at */
    NUMBERS_MAX = 40,   /* ... as numbers */
    SAME_MIN_BYTES = 3, /* shorter texts agree by chance */
    SUM_MIN = 100,      /* likewise sums */
    JOIN_MIN_BYTES = 8,
    TRIALS = 12 /* tries after which a relation that seldom holds makes room */
};

/* Texts by one of their bytes, in their order: chains of index + 1. */
struct text_chains {
    uint16_t heads[256];
    uint16_t next[INDEX_MAX];
};

/* The texts of the row that can be operands. */
struct relation_index {
    uint32_t operands[INDEX_MAX];
    struct str texts[INDEX_MAX];
    uint32_t count;
    struct text_chains by_first;
    struct text_chains by_last;
    uint64_t numbers[NUMBERS_MAX];
    uint32_t number_operands[NUMBERS_MAX];
    uint32_t number_count;
};

void relation_table_init(struct relation_table *t) {
    *t = (struct relation_table){.zone_hint = 0,
                                 .index = mem_calloc(1, sizeof(struct relation_index))};
}

void relation_table_fini(struct relation_table *t) {
    arena_fini(&t->arena);
    mem_free(t->lists);
    mem_free(t->places);
    mem_free(t->index);
    buf_fini(&t->printed);
    *t = (struct relation_table){.lists = NULL};
}

static void reserve_columns(struct relation_table *t, uint32_t column) {
    size_t before = t->list_capacity;
    MEM_GROW(t->lists, t->list_capacity, (size_t)column + 1);
    memset(t->lists + before, 0, (t->list_capacity - before) * sizeof *t->lists);
    before = t->place_capacity;
    MEM_GROW(t->places, t->place_capacity, (size_t)column + 1);
    memset(t->places + before, 0, (t->place_capacity - before) * sizeof *t->places);
}

/* --- the draft as numbered operands --- */

static uint32_t *column_of(struct draft *d, uint32_t operand) {
    return operand < d->piece_count ? &d->pieces[operand].column
                                    : &d->values[operand - d->piece_count].column;
}

/* True if the piece or value would go to a column. */
static bool is_variable(const struct draft *d, uint32_t operand) {
    return operand < d->piece_count ? d->pieces[operand].kind == PIECE_COLUMN
                                    : d->values[operand - d->piece_count].how == TRANSFORM_NONE;
}

static uint32_t operand_count(const struct draft *d) {
    return (uint32_t)(d->piece_count + d->value_count);
}

/* Where each column stands in the row first. */
static void note_places(struct relation_table *t, struct draft *d) {
    for (uint32_t i = 0; i < operand_count(d); i++) {
        if (is_variable(d, i)) {
            uint32_t column = *column_of(d, i);
            if (column >= t->list_capacity || column >= t->place_capacity) {
                reserve_columns(t, column);
            }
            if (t->places[column] == 0) {
                t->places[column] = i + 1;
            }
        }
    }
}

static void forget_places(struct relation_table *t, struct draft *d) {
    for (uint32_t i = 0; i < operand_count(d); i++) {
        bool has_column = i < d->piece_count
                              ? d->pieces[i].kind != PIECE_LITERAL
                              : d->values[i - d->piece_count].how == TRANSFORM_NONE ||
                                    d->values[i - d->piece_count].how == VALUE_FORMULA;
        if (has_column && *column_of(d, i) < t->place_capacity) {
            t->places[*column_of(d, i)] = 0;
        }
    }
}

/* --- testing --- */

static bool holds(struct relation_table *t, const struct draft *d, const struct formula *f,
                  struct str text) {
    struct str operands[FORMULA_MAX_OPERANDS];
    for (uint32_t i = 0; i < f->operand_count; i++) {
        operands[i] = cut_draft_operand(d, f->operands[i]);
    }
    buf_clear(&t->printed);
    return formula_print(&t->printed, f, operands, d->time_ns, NULL) &&
           str_eq(buf_str(&t->printed), text);
}

/* The relation's formula with the operands of this row; false if one is missing. */
static bool bind(struct formula *out, const struct relation_table *t, const struct relation *r,
                 const struct draft *d, uint32_t target) {
    *out = r->formula;
    for (uint32_t i = 0; i < r->formula.operand_count; i++) {
        uint32_t place = r->columns[i] < t->place_capacity ? t->places[r->columns[i]] : 0;
        if (place == 0 || place - 1 == target || !is_variable(d, place - 1)) {
            return false;
        }
        out->operands[i] = place - 1;
    }
    return true;
}

static bool is_proven(const struct relation *r) {
    if (r->formula.kind == FORMULA_TIME) {
        return true; /* a whole instant does not agree by chance */
    }
    return r->hits >= 3 && r->changes >= 2 && r->hits * 10 >= r->tries * 9;
}

static void count_try(struct relation *r, bool hit, struct str text) {
    if (r->tries >= UINT32_MAX / 16) { /* the old counts for less */
        r->tries /= 2;
        r->hits /= 2;
    }
    r->tries++;
    r->hits += hit;
    if (hit) {
        uint64_t hash = hash_str(text);
        r->changes += hash != r->last;
        r->last = hash;
    }
}

static void set_formula(struct relation_table *t, struct draft *d, uint32_t target,
                        const struct formula *f, uint8_t *used) {
    cut_draft_set_formula(d, target, f);
    for (uint32_t i = 0; i < f->operand_count; i++) {
        used[f->operands[i]] = 1;
    }
    (void)t;
}

/* Applies what is known of the target's column; true if it became a formula. */
static bool apply_known(struct relation_table *t, struct draft *d, uint32_t target, bool learn,
                        uint8_t *used) {
    struct relation_list *list = &t->lists[*column_of(d, target)];
    struct str text = cut_draft_operand(d, target);
    bool done = false;
    for (uint32_t i = 0; i < list->count && (learn || !done); i++) {
        struct relation *r = list->items[i];
        struct formula f;
        if ((!learn && !is_proven(r)) || text.len == 0 || !bind(&f, t, r, d, target)) {
            continue;
        }
        bool hit = holds(t, d, &f, text);
        bool proven = is_proven(r);
        if (learn) {
            count_try(r, hit, text);
        }
        if (hit && proven && !done && used[target] == 0) {
            set_formula(t, d, target, &f, used);
            done = true;
        }
    }
    return done;
}

/* --- finding new ones --- */

static void index_add(struct relation_index *x, uint32_t operand, struct str text) {
    if (x->count == INDEX_MAX || text.len == 0) {
        return;
    }
    x->operands[x->count] = operand;
    x->texts[x->count++] = text;
    uint64_t number;
    if (x->number_count < NUMBERS_MAX && num_parse_u64(&number, text)) {
        x->numbers[x->number_count] = number;
        x->number_operands[x->number_count++] = operand;
    }
}

static void put_in_chain(struct text_chains *chains, char byte, uint32_t i) {
    uint16_t *head = &chains->heads[(uint8_t)byte];
    chains->next[i] = *head;
    *head = (uint16_t)(i + 1);
}

static void index_row(struct relation_index *x, const struct draft *d) {
    x->count = 0;
    x->number_count = 0;
    for (uint32_t i = 0; i < operand_count(d); i++) {
        if (is_variable(d, i)) {
            index_add(x, i, cut_draft_operand(d, i));
        }
    }
    memset(x->by_first.heads, 0, sizeof x->by_first.heads);
    memset(x->by_last.heads, 0, sizeof x->by_last.heads);
    for (uint32_t i = x->count; i > 0; i--) { /* none is empty */
        struct str text = x->texts[i - 1];
        put_in_chain(&x->by_first, text.ptr[0], i - 1);
        put_in_chain(&x->by_last, text.ptr[text.len - 1], i - 1);
    }
}

/* Walks over the texts that have the byte there: *at is 0 before the first. False at the end. */
static bool next_in_chain(uint32_t *out, uint32_t *at, const struct text_chains *chains,
                          char byte) {
    *at = *at == 0 ? chains->heads[(uint8_t)byte] : chains->next[*at - 1];
    *out = *at - 1;
    return *at != 0;
}

static bool same_relation(const struct relation *r, const struct formula *f,
                          const uint32_t *columns) {
    return r->formula.kind == f->kind && r->formula.k == f->k &&
           r->formula.zone_seconds == f->zone_seconds &&
           r->formula.operand_count == f->operand_count && str_eq(r->formula.pattern, f->pattern) &&
           memcmp(r->columns, columns, f->operand_count * sizeof *columns) == 0;
}

/* A place in the target's list: a free one, or that of a relation that has seldom held. */
static struct relation **list_slot(struct relation_list *list) {
    if (list->count < RELATIONS_A_COLUMN) {
        return &list->items[list->count++];
    }
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i]->tries >= TRIALS && !is_proven(list->items[i])) {
            return &list->items[i];
        }
    }
    return NULL;
}

/* Remembers the formula, which holds for this row, as a relation of columns. */
static struct relation *remember(struct relation_table *t, struct draft *d, uint32_t target,
                                 const struct formula *f) {
    uint32_t columns[RELATION_OPERANDS] = {0};
    for (uint32_t i = 0; i < f->operand_count; i++) {
        columns[i] = *column_of(d, f->operands[i]);
    }
    uint32_t column = *column_of(d, target);
    struct relation_list *list = &t->lists[column];
    for (uint32_t i = 0; i < list->count; i++) {
        if (same_relation(list->items[i], f, columns)) {
            return list->items[i];
        }
    }
    struct relation **slot = t->count < RELATION_MAX ? list_slot(list) : NULL;
    if (slot == NULL || f->pattern.len > FORMULA_MAX_PATTERN) {
        return NULL;
    }
    struct relation *r = arena_alloc(&t->arena, sizeof *r);
    *r = (struct relation){.target = column, .formula = *f};
    memcpy(r->columns, columns, sizeof columns);
    if (f->pattern.len > 0) {
        memcpy(r->pattern, f->pattern.ptr, f->pattern.len);
    }
    r->formula.pattern = str_make(r->pattern, f->pattern.len);
    count_try(r, true, cut_draft_operand(d, target));
    t->count++;
    *slot = r;
    return r;
}

/* Values of fields stay in columns of their own, where searches find them: text between fields is
 * printed from fields, wherever they stand, and not the other way round. */
static bool may_be_operand(const struct draft *d, uint32_t operand, uint32_t target) {
    if (operand == UINT32_MAX || operand == target || !is_variable(d, operand)) {
        return false;
    }
    bool operand_is_gap = operand < d->piece_count && d->pieces[operand].mined != 0;
    bool target_is_gap = target < d->piece_count && d->pieces[target].mined != 0;
    return operand_is_gap == target_is_gap ? operand < target : target_is_gap;
}

static void try_one(struct relation_table *t, struct draft *d, uint32_t target, struct formula *f,
                    uint32_t operand) {
    f->operand_count = 1;
    f->operands[0] = operand;
    if (may_be_operand(d, operand, target) && holds(t, d, f, cut_draft_operand(d, target))) {
        (void)remember(t, d, target, f);
    }
}

static void find_scale(struct relation_table *t, struct draft *d, uint32_t target, uint64_t value) {
    const struct relation_index *x = t->index;
    for (uint32_t i = 0; i < x->number_count && value != 0; i++) {
        uint64_t small = x->numbers[i];
        uint64_t large = value;
        int sign = small > large ? -1 : 1;
        if (sign < 0) {
            small = value;
            large = x->numbers[i];
        }
        int k = 0;
        for (; k < FORMULA_MAX_SCALE && large > small && large % 10 == 0; k++) {
            large /= 10;
        }
        if (large == small && small != 0 && k > 0) {
            struct formula f = {.kind = FORMULA_SCALE, .k = sign * k};
            try_one(t, d, target, &f, x->number_operands[i]);
        }
    }
}

static uint32_t find_number(const struct relation_index *x, uint64_t value, uint32_t not_this) {
    for (uint32_t i = 0; i < x->number_count; i++) {
        if (x->numbers[i] == value && i != not_this) {
            return i;
        }
    }
    return UINT32_MAX;
}

static void try_two(struct relation_table *t, struct draft *d, uint32_t target,
                    enum formula_kind kind, uint32_t a, uint32_t b) {
    const struct relation_index *x = t->index;
    if (a == UINT32_MAX || b == UINT32_MAX || x->numbers[a] == 0 || x->numbers[b] == 0) {
        return;
    }
    struct formula f = {.kind = kind, .operand_count = 2};
    f.operands[0] = x->number_operands[a];
    f.operands[1] = x->number_operands[b];
    if (f.operands[0] != target && f.operands[1] != target && is_variable(d, f.operands[0]) &&
        is_variable(d, f.operands[1]) && holds(t, d, &f, cut_draft_operand(d, target))) {
        (void)remember(t, d, target, &f);
    }
}

static void find_sums(struct relation_table *t, struct draft *d, uint32_t target, uint64_t value) {
    const struct relation_index *x = t->index;
    for (uint32_t i = 0; i < x->number_count && value >= SUM_MIN; i++) {
        if (x->numbers[i] <= value / 2) {
            try_two(t, d, target, FORMULA_SUM, i, find_number(x, value - x->numbers[i], i));
        }
        if (x->numbers[i] > value) {
            try_two(t, d, target, FORMULA_DIFFERENCE, i, find_number(x, x->numbers[i] - value, i));
        }
    }
}

/* The event time minus one of the row's numbers. */
static void find_start(struct relation_table *t, struct draft *d, uint32_t target,
                       struct str text) {
    const struct relation_index *x = t->index;
    static const struct {
        int32_t k;
        int64_t ns;
    } units[] = {{9, 1000000000}, {6, 1000000}, {3, 1000}, {0, 1}};
    for (uint32_t i = 0; i < x->number_count; i++) {
        for (size_t u = 0; u < 4 && x->numbers[i] != 0; u++) {
            int64_t back;
            int64_t start;
            char pattern[TIME_PATTERN_BYTES];
            struct formula f = {.kind = FORMULA_START, .k = units[u].k};
            if (x->numbers[i] > INT64_MAX ||
                __builtin_mul_overflow((int64_t)x->numbers[i], units[u].ns, &back) ||
                __builtin_sub_overflow(d->time_ns, back, &start) ||
                !time_text_learn(pattern, &f.zone_seconds, text, start, t->zone_hint)) {
                continue;
            }
            f.pattern = str_from_c(pattern);
            try_one(t, d, target, &f, x->number_operands[i]);
        }
    }
}

static void find_time(struct relation_table *t, struct draft *d, uint32_t target, struct str text,
                      uint8_t *used) {
    struct formula f = {.kind = FORMULA_TIME};
    char pattern[TIME_PATTERN_BYTES];
    if (time_text_learn(pattern, &f.zone_seconds, text, d->time_ns, t->zone_hint)) {
        f.pattern = str_from_c(pattern);
        struct relation *r = remember(t, d, target, &f);
        if (r != NULL && used[target] == 0) {
            set_formula(t, d, target, &r->formula, used);
        }
    } else if (time_text_span(text) == text.len) {
        find_start(t, d, target, text);
    }
}

static void try_part(struct relation_table *t, struct draft *d, uint32_t target,
                     enum formula_kind kind, char delimiter, uint32_t operand) {
    struct formula f = {.kind = kind, .k = (uint8_t)delimiter};
    if ((uint8_t)delimiter < 128 && !ascii_is_alnum(delimiter)) {
        try_one(t, d, target, &f, operand);
    }
}

/* A part of another text, cut off at its first delimiter. */
static void find_part(struct relation_table *t, struct draft *d, uint32_t target, struct str text) {
    const struct relation_index *x = t->index;
    uint32_t i;
    for (uint32_t at = 0; next_in_chain(&i, &at, &x->by_first, text.ptr[0]);) {
        struct str whole = x->texts[i];
        if (whole.len > text.len + 1 && str_starts(whole, text)) {
            try_part(t, d, target, FORMULA_BEFORE, whole.ptr[text.len], x->operands[i]);
        }
    }
    for (uint32_t at = 0; next_in_chain(&i, &at, &x->by_last, text.ptr[text.len - 1]);) {
        struct str whole = x->texts[i];
        if (whole.len > text.len + 1 && str_ends(whole, text) && !str_starts(whole, text)) {
            try_part(t, d, target, FORMULA_AFTER, whole.ptr[whole.len - text.len - 1],
                     x->operands[i]);
        }
    }
}

/* Among the texts that begin with this byte. */
static void find_case_of(struct relation_table *t, struct draft *d, uint32_t target,
                         struct str text, char first) {
    const struct relation_index *x = t->index;
    uint32_t i;
    for (uint32_t at = 0; next_in_chain(&i, &at, &x->by_first, first);) {
        if (x->texts[i].len == text.len && str_eq_ci(x->texts[i], text)) {
            struct formula f = {.kind = FORMULA_LOWER};
            try_one(t, d, target, &f, x->operands[i]);
            f.kind = FORMULA_UPPER;
            try_one(t, d, target, &f, x->operands[i]);
        }
    }
}

static void find_case(struct relation_table *t, struct draft *d, uint32_t target, struct str text) {
    find_case_of(t, d, target, text, text.ptr[0]);
    if (ascii_is_alpha(text.ptr[0])) {
        find_case_of(t, d, target, text, (char)(text.ptr[0] ^ 0x20));
    }
}

static void find_same(struct relation_table *t, struct draft *d, uint32_t target, struct str text) {
    const struct relation_index *x = t->index;
    uint32_t i;
    for (uint32_t at = 0; next_in_chain(&i, &at, &x->by_first, text.ptr[0]);) {
        struct formula f = {.kind = FORMULA_SAME};
        if (str_eq(x->texts[i], text) && may_be_operand(d, x->operands[i], target)) {
            try_one(t, d, target, &f, x->operands[i]);
            return;
        }
    }
}

/* A text that stands in the raw bytes with JSON escapes. */
static void find_decoded(struct relation_table *t, struct draft *d, uint32_t target,
                         struct str text) {
    const struct relation_index *x = t->index;
    uint32_t i;
    for (uint32_t at = 0; next_in_chain(&i, &at, &x->by_first, text.ptr[0]);) {
        struct formula f = {.kind = FORMULA_JSON};
        if (x->texts[i].len > text.len && str_find_char(x->texts[i], '\\') != STR_NONE) {
            try_one(t, d, target, &f, x->operands[i]);
        }
    }
}

/* The longest operand's text at the start of `rest`. */
static uint32_t longest_part(const struct relation_index *x, const struct draft *d, uint32_t target,
                             struct str rest) {
    uint32_t best = UINT32_MAX;
    uint32_t i;
    for (uint32_t at = 0; next_in_chain(&i, &at, &x->by_first, rest.ptr[0]);) {
        if (x->texts[i].len >= SAME_MIN_BYTES && str_starts(rest, x->texts[i]) &&
            may_be_operand(d, x->operands[i], target) &&
            (best == UINT32_MAX || x->texts[i].len > x->texts[best].len)) {
            best = i;
        }
    }
    return best;
}

/* Literal text and other texts of the row, one behind the other. */
static void find_join(struct relation_table *t, struct draft *d, uint32_t target, struct str text) {
    const struct relation_index *x = t->index;
    char pattern[FORMULA_MAX_PATTERN];
    size_t len = 0;
    size_t covered = 0;
    struct formula f = {.kind = FORMULA_JOIN};
    for (size_t at = 0; at < text.len && len < sizeof pattern;) {
        uint32_t part = f.operand_count < FORMULA_MAX_OPERANDS
                            ? longest_part(x, d, target, str_skip(text, at))
                            : UINT32_MAX;
        if (part == UINT32_MAX) {
            if (text.ptr[at] == '\0') {
                return;
            }
            pattern[len++] = text.ptr[at++];
            continue;
        }
        f.operands[f.operand_count++] = x->operands[part];
        pattern[len++] = '\0';
        at += x->texts[part].len;
        covered += x->texts[part].len;
    }
    f.pattern = str_make(pattern, len);
    if (covered * 2 >= text.len && covered + len - f.operand_count == text.len &&
        holds(t, d, &f, text)) {
        (void)remember(t, d, target, &f);
    }
}

static void discover(struct relation_table *t, struct draft *d, uint32_t target, uint8_t *used) {
    struct str text = cut_draft_operand(d, target);
    if (text.len < SAME_MIN_BYTES) {
        return;
    }
    if (ascii_is_digit(text.ptr[0]) || text.len >= 15) {
        find_time(t, d, target, text, used);
        if (!is_variable(d, target)) {
            return;
        }
    }
    find_same(t, d, target, text);
    uint64_t number;
    if (num_parse_u64(&number, text)) {
        find_scale(t, d, target, number);
        find_sums(t, d, target, number);
        return;
    }
    find_case(t, d, target, text);
    find_part(t, d, target, text);
    if (target >= d->piece_count && text.len >= JOIN_MIN_BYTES) {
        find_decoded(t, d, target, text);
        find_join(t, d, target, text);
    }
}

void relations_apply(struct relation_table *t, struct draft *d, bool learn) {
    uint8_t *used = mem_calloc((size_t)operand_count(d) + 1, 1);
    note_places(t, d);
    if (learn) {
        index_row(t->index, d);
    }
    for (uint32_t i = 0; i < operand_count(d); i++) {
        if (is_variable(d, i) && !apply_known(t, d, i, learn, used) && learn) {
            discover(t, d, i, used);
        }
    }
    forget_places(t, d);
    mem_free(used);
}

bool relation_time(struct formula *out, struct relation_table *t, struct str text,
                   int64_t time_ns) {
    for (uint32_t i = 0; i < t->form_count; i++) {
        struct relation_form *form = &t->forms[i];
        buf_clear(&t->printed);
        time_text_print(&t->printed, str_from_c(form->pattern), form->zone_seconds, time_ns,
                        &form->cache);
        if (str_eq(buf_str(&t->printed), text)) {
            *out = (struct formula){.kind = FORMULA_TIME,
                                    .zone_seconds = form->zone_seconds,
                                    .pattern = str_from_c(form->pattern)};
            return true;
        }
    }
    struct relation_form *form = &t->forms[t->form_count];
    if (t->form_count == RELATION_FORMS ||
        !time_text_learn(form->pattern, &form->zone_seconds, text, time_ns, t->zone_hint)) {
        return false;
    }
    t->zone_hint = form->zone_seconds != 0 ? form->zone_seconds : t->zone_hint;
    t->form_count++;
    return relation_time(out, t, text, time_ns);
}
