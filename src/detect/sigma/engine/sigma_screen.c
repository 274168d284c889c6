#include "sigma_screen.h"

#include <pthread.h>

#include "check.h"
#include "mem.h"
#include "sigma_binding.h"
#include "sigma_classes.h"

enum {
    LANE_LIMIT = 16,
    ORIGIN_CELLS = 8,     /* of a kind; more of them are looked at as text */
    PLAN_BYTES = 16 << 20 /* of a part; then its plans are made anew */
};

/* A matcher, and who may use it. */
struct screen_lane {
    pthread_mutex_t lock;
    struct sigma_matcher *matcher;
};

struct sigma_screen {
    struct row_screen rows;
    struct screen_lane lanes[LANE_LIMIT];
    unsigned lane_count;
    atomic_uint next_lane;
    atomic_size_t budget;
};

/* One slot that a cell's values go to. */
struct screen_item {
    uint32_t cell;
    uint32_t field;
    uint32_t slot;
    uint32_t codes;
    uint32_t *classes; /* by code; NULL: by text */
    bool is_last_part;
    uint8_t uses; /* SIGMA_USES_PRESENCE ... */
};

/* What is looked at of rows of a kind and a group. */
struct screen_plan {
    uint64_t group;
    bool wants_all;
    bool wants_none;
    bool wants_line; /* keywords look into it */
    struct screen_item *items;
    size_t item_count;
};

struct screen_kind {
    bool is_known;
    bool is_windows;
    bool has_origin_codes; /* all origin cells have places */
    enum dataset dataset;
    enum charset charset;
    uint32_t origin_cells[ORIGIN_CELLS];
    uint32_t origin_codes[ORIGIN_CELLS]; /* of the row before */
    size_t origin_count;
    bool has_group; /* of the row before */
    uint64_t group;
    struct screen_plan **plans; /* by group, as far as it is one of this kind's; in the arena */
    size_t plan_capacity;
};

struct screen_part {
    struct sigma_screen *screen;
    struct screen_lane *lane;
    struct sigma_matcher *matcher; /* the lane's */
    struct screen_kind *kinds;     /* by number */
    size_t kind_capacity;
    struct sigma_classes classes;
    struct arena plans;
    size_t plan_bytes;
    struct arena texts; /* of the row: those that are compared */
    struct buf text;    /* of cell `text_cell` - 1 */
    uint32_t text_cell;
    struct screen_item *items; /* scratch: of the plan that is being made */
    size_t item_count;
    size_t item_capacity;
};

/* --- what a kind's rows have --- */

static bool is_origin(uint32_t field) {
    return field == FIELD_WINLOG_CHANNEL || field == FIELD_WINLOG_EVENT_ID ||
           field == FIELD_WINLOG_PROVIDER;
}

static void learn_kind(struct screen_kind *k, const struct row_cells *row) {
    mem_free(k->plans);
    *k = (struct screen_kind){.is_known = true,
                              .is_windows =
                                  str_eq(dataset_info(row->dataset)->family, STR("windows")),
                              .has_origin_codes = true,
                              .dataset = row->dataset,
                              .charset = row->charset};
    for (uint32_t i = 0; k->is_windows && i < row->kind->cell_count; i++) {
        const struct row_cell *cell = &row->kind->cells[i];
        if (!is_origin(cell->field)) {
            continue;
        }
        bool fits = k->origin_count < ORIGIN_CELLS && cell->place != CELL_BY_TEXT;
        k->has_origin_codes = k->has_origin_codes && fits;
        if (fits) {
            k->origin_cells[k->origin_count++] = i;
        }
    }
}

static struct screen_kind *kind_of(struct screen_part *p, const struct row_cells *row) {
    uint32_t number = row->kind->number;
    if (number >= p->kind_capacity) {
        size_t before = p->kind_capacity;
        MEM_GROW(p->kinds, p->kind_capacity, (size_t)number + 1);
        memset(p->kinds + before, 0, (p->kind_capacity - before) * sizeof *p->kinds);
    }
    struct screen_kind *k = &p->kinds[number];
    if (!k->is_known || k->dataset != row->dataset || k->charset != row->charset) {
        learn_kind(k, row);
    }
    return k;
}

/* --- the row's origin --- */

static struct str text_of(struct screen_part *p, struct row_cells *row, uint32_t cell) {
    if (p->text_cell != cell + 1) {
        buf_clear(&p->text);
        row->text(&p->text, row, cell);
        p->text_cell = cell + 1;
    }
    return buf_str(&p->text);
}

/* The first of each that is not empty, as sigma_match_row does. */
static struct sigma_origin origin_of(struct screen_part *p, const struct screen_kind *k,
                                     struct row_cells *row) {
    struct sigma_origin origin = {.dataset = row->dataset, .is_windows = k->is_windows};
    for (uint32_t i = 0; k->is_windows && i < row->kind->cell_count; i++) {
        uint32_t field = row->kind->cells[i].field;
        struct str *part = field == FIELD_WINLOG_CHANNEL    ? &origin.channel
                           : field == FIELD_WINLOG_EVENT_ID ? &origin.event_id
                           : field == FIELD_WINLOG_PROVIDER ? &origin.provider
                                                            : NULL;
        if (part != NULL && part->len == 0) {
            *part = arena_str(&p->texts, text_of(p, row, i));
        }
    }
    return origin;
}

/* True if the origin's codes are those of the row before. */
static bool has_same_origin(struct screen_kind *k, struct row_cells *row) {
    bool same = k->has_group && k->has_origin_codes;
    for (size_t i = 0; i < k->origin_count; i++) {
        uint32_t cell = k->origin_cells[i];
        uint32_t code = row->kind->cells[cell].codes > 1 ? row->code(row, cell) : 0;
        same = same && code == k->origin_codes[i];
        k->origin_codes[i] = code;
    }
    return same;
}

static void begin(struct screen_part *p, struct screen_kind *k, struct row_cells *row) {
    if (has_same_origin(k, row) && sigma_match_begin_in(p->matcher, k->group)) {
        return;
    }
    struct sigma_origin origin = origin_of(p, k, row);
    sigma_match_begin(p->matcher, &origin);
    k->group = sigma_match_group(p->matcher);
    k->has_group = true;
}

/* --- plans --- */

static void add_item(struct screen_part *p, const struct row_cells *row, uint32_t cell,
                     uint32_t slot, bool is_last_part) {
    const struct row_cell *c = &row->kind->cells[cell];
    if (!sigma_match_wants(p->matcher, slot)) {
        return;
    }
    MEM_GROW(p->items, p->item_capacity, p->item_count + 1);
    struct screen_item *item = &p->items[p->item_count++];
    *item = (struct screen_item){.cell = cell,
                                 .field = c->field,
                                 .slot = slot,
                                 .codes = c->codes,
                                 .is_last_part = is_last_part,
                                 .uses = sigma_match_group_of(p->matcher)->uses[slot]};
    if (c->place != CELL_BY_TEXT && (item->uses & SIGMA_USES_TEXT) == 0) {
        const struct sigma_class_column column = {c->place, sigma_match_slot_key(p->matcher, slot),
                                                  is_last_part};
        item->classes = sigma_classes_column(&p->classes, &column, c->codes);
    }
}

/* As in sigma_match_row: what came from the device. */
static bool is_keyword(const struct screen_part *p, const struct screen_kind *k,
                       const struct row_cell *cell, const struct sigma_bound_field *bound) {
    bool by_name = k->is_windows || k->charset != CHARSET_UTF8;
    bool may_pass = !cell->is_numeric || sigma_match_group_of(p->matcher)->numbers_are_keywords;
    return may_pass && (by_name ? bound->is_native : cell->is_slice);
}

/* As in sigma_match_row: what has slices is looked at as a line, too. */
static bool wants_line(const struct screen_part *p, const struct screen_kind *k) {
    return !k->is_windows && k->charset == CHARSET_UTF8 && k->dataset != DATASET_JSON &&
           sigma_match_wants(p->matcher, SIGMA_KEYWORD_SLOT);
}

/* What columns do not tell. */
static bool wants_all(struct screen_part *p, const struct screen_kind *k) {
    const struct sigma_attribute *attributes = sigma_binding_of(p->matcher)->attributes;
    bool all = false;
    for (size_t i = 0; k->is_windows && i < SIGMA_ATTRIBUTE_COUNT; i++) {
        uint32_t slot = attributes[i].slot;
        all = all || (slot != INTERN_NONE && sigma_match_wants(p->matcher, slot));
    }
    return all;
}

static void add_cell(struct screen_part *p, const struct screen_kind *k,
                     const struct row_cells *row, uint32_t cell) {
    const struct row_cell *c = &row->kind->cells[cell];
    const struct sigma_origin origin = {.dataset = k->dataset, .is_windows = k->is_windows};
    const struct sigma_bound_field *bound = sigma_binding_field(
        sigma_binding_of(p->matcher), sigma_matcher_rules(p->matcher), &origin, c->field);
    for (size_t i = 0; i < bound->slots.count; i++) {
        add_item(p, row, cell, bound->slots.ids[i], false);
    }
    for (size_t i = 0; i < bound->last_part_slots.count; i++) {
        add_item(p, row, cell, bound->last_part_slots.ids[i], true);
    }
    if (is_keyword(p, k, c, bound)) {
        add_item(p, row, cell, SIGMA_KEYWORD_SLOT, false);
    }
}

static struct screen_plan *make_plan(struct screen_part *p, const struct screen_kind *k,
                                     const struct row_cells *row) {
    const struct sigma_group *g = sigma_match_group_of(p->matcher);
    struct screen_plan *plan = arena_alloc(&p->plans, sizeof *plan);
    plan->group = k->group;
    plan->wants_none = g->is_idle;
    plan->wants_all = !g->is_idle && wants_all(p, k);
    plan->wants_line = !g->is_idle && wants_line(p, k);
    p->item_count = 0;
    for (uint32_t i = 0; !plan->wants_none && !plan->wants_all && i < row->kind->cell_count; i++) {
        add_cell(p, k, row, i);
    }
    plan->item_count = p->item_count;
    plan->items = arena_array(&p->plans, p->item_count + 1, sizeof *plan->items);
    for (size_t i = 0; i < p->item_count; i++) {
        plan->items[i] = p->items[i];
    }
    p->plan_bytes += sizeof *plan + p->item_count * sizeof *plan->items;
    return plan;
}

static void forget_plans(struct screen_part *p) {
    for (size_t i = 0; i < p->kind_capacity; i++) {
        mem_free(p->kinds[i].plans);
        p->kinds[i] = (struct screen_kind){.is_known = false};
    }
    arena_fini(&p->plans);
    p->plans = (struct arena)ARENA_INIT;
    p->plan_bytes = 0;
}

static const struct screen_plan *plan_of(struct screen_part *p, struct screen_kind *k,
                                         const struct row_cells *row) {
    size_t id = k->group % SIGMA_GROUP_LIMIT;
    if (id >= k->plan_capacity) {
        size_t before = k->plan_capacity;
        MEM_GROW(k->plans, k->plan_capacity, id + 1);
        memset(k->plans + before, 0, (k->plan_capacity - before) * sizeof *k->plans);
        p->plan_bytes += (k->plan_capacity - before) * sizeof *k->plans;
    }
    if (k->plans[id] == NULL || k->plans[id]->group != k->group) {
        k->plans[id] = make_plan(p, k, row);
    }
    return k->plans[id];
}

/* --- rows --- */

/* By what the value's class passes. */
static void add_known(struct screen_part *p, const struct screen_item *item,
                      struct row_cells *row) {
    uint32_t code = item->codes > 1 ? row->code(row, item->cell) : 0;
    CHECK(code < item->codes);
    uint32_t class = item->classes[code];
    if (class == SIGMA_CLASS_UNKNOWN) {
        struct str text = text_of(p, row, item->cell);
        text = item->is_last_part ? sigma_last_part(text) : text;
        class = sigma_classes_add(&p->classes, sigma_match_tests(p->matcher, item->slot, text));
        item->classes[code] = class;
    }
    const struct sigma_ids *tests = sigma_classes_tests(&p->classes, class);
    if (tests->count > 0 || item->uses != 0) {
        sigma_match_known(p->matcher, item->slot, tests, item->field);
    }
}

static void add_text(struct screen_part *p, const struct screen_item *item, struct row_cells *row) {
    struct str text = text_of(p, row, item->cell);
    text = item->is_last_part ? sigma_last_part(text) : text;
    text = (item->uses & SIGMA_USES_TEXT) != 0 ? arena_str(&p->texts, text) : text;
    sigma_match_value(p->matcher, item->slot, text, item->field);
}

static void add_line(struct screen_part *p, struct row_cells *row) {
    p->text_cell = 0;
    buf_clear(&p->text);
    row->raw(&p->text, row);
    struct str line = sigma_row_line(buf_str(&p->text));
    sigma_match_known(p->matcher, SIGMA_KEYWORD_SLOT,
                      sigma_match_tests(p->matcher, SIGMA_KEYWORD_SLOT, line),
                      FIELD_EVENT_ORIGINAL);
}

static bool wants(void *part, struct row_cells *row) {
    struct screen_part *p = part;
    if (p->plan_bytes > PLAN_BYTES) {
        forget_plans(p);
    }
    p->text_cell = 0;
    struct screen_kind *k = kind_of(p, row);
    begin(p, k, row);
    const struct screen_plan *plan = plan_of(p, k, row);
    for (size_t i = 0; i < plan->item_count; i++) {
        if (plan->items[i].classes != NULL) {
            add_known(p, &plan->items[i], row);
        } else {
            add_text(p, &plan->items[i], row);
        }
    }
    if (plan->wants_line && !plan->wants_all) {
        add_line(p, row);
    }
    bool any = plan->wants_all || (!plan->wants_none && sigma_match_any(p->matcher));
    arena_reset(&p->texts);
    return any;
}

/* --- life --- */

static void *open_part(void *ctx) {
    struct sigma_screen *s = ctx;
    struct screen_part *p = mem_calloc(1, sizeof *p);
    p->screen = s;
    p->lane = &s->lanes[atomic_fetch_add(&s->next_lane, 1) % s->lane_count];
    p->matcher = p->lane->matcher;
    sigma_classes_init(&p->classes, &s->budget);
    return p;
}

static void close_part(void *part) {
    struct screen_part *p = part;
    forget_plans(p);
    sigma_classes_fini(&p->classes);
    arena_fini(&p->texts);
    buf_fini(&p->text);
    mem_free(p->kinds);
    mem_free(p->items);
    mem_free(p);
}

static void enter(void *part) {
    struct screen_part *p = part;
    CHECK(pthread_mutex_lock(&p->lane->lock) == 0);
}

static void leave(void *part) {
    struct screen_part *p = part;
    CHECK(pthread_mutex_unlock(&p->lane->lock) == 0);
}

struct sigma_screen *sigma_screen_create(const struct sigma_rules *rules, unsigned lanes) {
    struct sigma_screen *s = mem_calloc(1, sizeof *s);
    s->rows = (struct row_screen){.open = open_part,
                                  .close = close_part,
                                  .enter = enter,
                                  .leave = leave,
                                  .wants = wants,
                                  .ctx = s};
    s->lane_count = lanes < 1 ? 1 : lanes > LANE_LIMIT ? LANE_LIMIT : lanes;
    atomic_init(&s->budget, SIGMA_SCREEN_BYTES);
    for (unsigned i = 0; i < s->lane_count; i++) {
        CHECK(pthread_mutex_init(&s->lanes[i].lock, NULL) == 0);
        s->lanes[i].matcher = sigma_matcher_create(rules);
    }
    return s;
}

void sigma_screen_destroy(struct sigma_screen **screen) {
    struct sigma_screen *s = *screen;
    if (s == NULL) {
        return;
    }
    for (unsigned i = 0; i < s->lane_count; i++) {
        sigma_matcher_destroy(&s->lanes[i].matcher);
        CHECK(pthread_mutex_destroy(&s->lanes[i].lock) == 0);
    }
    mem_free(s);
    *screen = NULL;
}

const struct row_screen *sigma_screen_rows(const struct sigma_screen *screen) {
    return &screen->rows;
}
