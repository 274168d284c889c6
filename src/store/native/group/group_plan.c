#include "group_plan.h"

#include "mem.h"

enum {
    MAX_STEPS = 4096,         /* of looking for the atoms of one value */
    MAX_USES = UINT16_MAX,    /* of a column in a row */
    MAX_USE_CELLS = 16 << 20, /* columns times layouts */
    MAX_LAYOUTS = UINT16_MAX,
    FORMULA_MARK = 1,
    LITERAL_MARK = 2,
    COLUMN_MARK = 3
};

/* Being found out: a recipe of one template. */
struct draft {
    struct group_plan *plan;
    const struct template *template;
    struct group_recipe recipe;
    struct group_atom atoms[GROUP_ATOMS];
    unsigned steps;
    bool fails; /* only the whole row tells */
};

uint32_t group_uses_before(const struct template *t, uint32_t column, uint32_t piece,
                           uint32_t value) {
    uint32_t uses = 0;
    for (uint32_t i = 0; i < piece; i++) {
        uses += t->pieces[i].column == column;
    }
    for (uint32_t i = 0; i < value; i++) {
        const struct template_value *v = &t->values[i];
        uses += v->transform == TRANSFORM_NONE && v->formula == NULL && v->first == column;
    }
    return uses;
}

const struct store_group_field *group_plan_field(const struct group_plan *plan, uint32_t slot) {
    const struct store_group_spec *spec = plan->spec;
    if (slot < spec->key_count) {
        return &spec->keys[slot];
    }
    slot -= (uint32_t)spec->key_count;
    return slot < spec->sum_count ? &spec->sums[slot] : &spec->sets[slot - spec->sum_count];
}

uint32_t group_recipe_atom(const struct group_recipe *r, struct group_atom atom) {
    uint32_t i = 0;
    while (i < r->atom_count &&
           (r->atoms[i].column != atom.column || r->atoms[i].ordinal != atom.ordinal)) {
        i++;
    }
    return i;
}

/* --- atoms --- */

static void add_atom(struct draft *d, struct group_atom atom) {
    for (uint32_t i = 0; i < d->recipe.atom_count; i++) {
        if (d->atoms[i].column == atom.column && d->atoms[i].ordinal == atom.ordinal) {
            return;
        }
    }
    if (d->recipe.atom_count == GROUP_ATOMS) {
        d->fails = true;
        return;
    }
    d->atoms[d->recipe.atom_count++] = atom;
}

static struct group_atom piece_atom(const struct template *t, uint32_t piece) {
    uint32_t column = t->pieces[piece].column;
    return (struct group_atom){column, group_uses_before(t, column, piece, 0)};
}

static struct group_atom value_atom(const struct template *t, uint32_t value) {
    uint32_t column = t->values[value].first;
    return (struct group_atom){column, group_uses_before(t, column, t->piece_count, value)};
}

static void add_formula(struct draft *d, const struct formula *f);

static void add_piece(struct draft *d, uint32_t piece) {
    const struct template_piece *p = &d->template->pieces[piece];
    d->fails = d->fails || ++d->steps > MAX_STEPS;
    if (d->fails) {
        return;
    }
    if (p->formula != NULL) {
        add_formula(d, p->formula);
    } else if (p->column != GROUP_NO_COLUMN) {
        add_atom(d, piece_atom(d->template, piece));
    }
}

static void add_operand(struct draft *d, uint32_t operand) {
    const struct template *t = d->template;
    if (operand < t->piece_count) {
        add_piece(d, operand);
        return;
    }
    const struct template_value *v = &t->values[operand - t->piece_count];
    if (v->formula != NULL) {
        add_formula(d, v->formula);
    } else if (v->transform == TRANSFORM_NONE) {
        add_atom(d, value_atom(t, operand - t->piece_count));
    }
    for (uint32_t i = 0; i < v->count && !d->fails; i++) {
        add_piece(d, v->first + i);
    }
}

/* The template's formulas are known to end (segment_templates). */
static void add_formula(struct draft *d, const struct formula *f) {
    bool timed = f->kind == FORMULA_TIME || f->kind == FORMULA_START;
    d->fails = d->fails || timed || ++d->steps > MAX_STEPS;
    for (uint32_t i = 0; i < f->operand_count && !d->fails; i++) {
        add_operand(d, f->operands[i]);
    }
}

/* --- recipes --- */

static void draft_value(struct draft *d, uint32_t value) {
    const struct template *t = d->template;
    const struct template_value *v = &t->values[value];
    struct group_recipe *r = &d->recipe;
    bool extra = v->transform == TRANSFORM_NONE;
    r->transform = extra ? TRANSFORM_SAME : v->transform;
    r->piece_count = extra ? 1 : v->count;
    r->pieces = arena_array(&d->plan->arena, (size_t)r->piece_count + 1, sizeof *r->pieces);
    for (uint32_t i = 0; i < v->count && !d->fails; i++) {
        const struct template_piece *p = &t->pieces[v->first + i];
        r->pieces[i] = (struct group_piece){{GROUP_NO_COLUMN, 0}, 0, p->literal, p->formula};
        if (p->column != GROUP_NO_COLUMN) {
            r->pieces[i].atom = piece_atom(t, v->first + i);
        }
        add_piece(d, v->first + i);
    }
    if (extra && v->formula != NULL) {
        r->pieces[0] = (struct group_piece){{GROUP_NO_COLUMN, 0}, 0, STR_EMPTY, v->formula};
        add_formula(d, v->formula);
    } else if (extra) {
        r->pieces[0].atom = value_atom(t, value);
        add_atom(d, r->pieces[0].atom);
    }
}

/* Equal recipes have equal signatures. Operands of formulas mean pieces of their template, so such
 * recipes are equal only within it. */
static void put_signature(struct buf *out, const struct group_recipe *r) {
    uint32_t head[] = {r->slot, r->is_dataset, r->transform, r->piece_count};
    buf_append(out, head, sizeof head);
    for (uint32_t i = 0; i < r->piece_count; i++) {
        const struct group_piece *p = &r->pieces[i];
        uint32_t kind = p->formula != NULL                  ? FORMULA_MARK
                        : p->atom.column == GROUP_NO_COLUMN ? LITERAL_MARK
                                                            : COLUMN_MARK;
        uint64_t parts[] = {kind,
                            p->atom.column,
                            p->atom.ordinal,
                            p->literal.len,
                            kind == FORMULA_MARK ? r->template : 0,
                            kind == FORMULA_MARK ? (uint64_t)(uintptr_t)p->formula : 0};
        buf_append(out, parts, sizeof parts);
        buf_add(out, p->literal);
    }
}

/* Number of the recipe, + 1. */
static uint32_t keep_recipe(struct group_plan *plan, struct intern *known, struct draft *d) {
    struct buf signature = BUF_INIT;
    struct group_recipe *r = &d->recipe;
    put_signature(&signature, r);
    uint32_t before = known->count;
    uint32_t number = intern_add(known, buf_str(&signature));
    buf_fini(&signature);
    if (number == before) {
        r->atoms = arena_array(&plan->arena, (size_t)r->atom_count + 1, sizeof *r->atoms);
        memcpy(r->atoms, d->atoms, r->atom_count * sizeof *r->atoms);
        for (uint32_t i = 0; i < r->piece_count; i++) {
            r->pieces[i].atom_index = group_recipe_atom(r, r->pieces[i].atom);
        }
        MEM_GROW(plan->recipes, plan->recipe_capacity, plan->recipe_count + 1);
        plan->recipes[plan->recipe_count++] = *r;
    }
    return number + 1;
}

/* The recipe of the slot in the template: of its one value, in the first of the fields that the
 * template has. False: only the whole row tells. */
static bool plan_slot(uint32_t *recipe, struct group_plan *plan, struct intern *known,
                      uint32_t template, uint32_t slot) {
    const struct template *t = &plan->segment->templates[template];
    const struct store_group_field *field = group_plan_field(plan, slot);
    struct draft d = {.plan = plan, .template = t};
    d.recipe = (struct group_recipe){.slot = slot, .template = template};
    unsigned found = 0;
    for (size_t f = 0; f < field->count && found == 0; f++) {
        d.recipe.is_dataset = field->fields[f] == FIELD_EVENT_DATASET;
        found = d.recipe.is_dataset;
        for (uint32_t v = 0; v < t->value_count && !d.recipe.is_dataset; v++) {
            if (t->values[v].field == field->fields[f] && found++ == 0) {
                draft_value(&d, v);
            }
        }
    }
    plan->reads_dataset = plan->reads_dataset || d.recipe.is_dataset;
    bool single = found <= 1 && !d.fails; /* several values are a list */
    *recipe = single && found == 1 ? keep_recipe(plan, known, &d) : 0;
    return single;
}

/* --- classes --- */

static struct group_class classify(struct group_plan *plan, struct intern *known,
                                   uint32_t template) {
    struct group_class c;
    memset(&c, 0, sizeof c); /* compared as bytes */
    for (uint32_t slot = 0; slot < plan->slot_count; slot++) {
        if (!plan_slot(&c.recipes[slot], plan, known, template, slot)) {
            c.action = GROUP_LEAVE;
        } else if (c.action == GROUP_TAKE && c.recipes[slot] == 0 && slot < plan->spec->key_count) {
            c.action = GROUP_WITHOUT_KEY;
        }
    }
    if (c.action != GROUP_TAKE) {
        memset(c.recipes, 0, sizeof c.recipes);
    }
    return c;
}

/* Where no values are asked for, all templates are of the class of the first. */
static uint32_t told_apart(const struct group_plan *plan) {
    uint32_t count = plan->segment->template_count;
    return count > 1 && plan->slot_count == 0 ? 1 : count;
}

/* `class_of`: by template. */
static void make_classes(struct group_plan *plan, uint32_t *class_of) {
    struct intern recipes = INTERN_INIT;
    struct intern classes = INTERN_INIT;
    for (uint32_t t = 0, count = told_apart(plan); t < count; t++) {
        struct group_class c = classify(plan, &recipes, t);
        uint32_t before = classes.count;
        class_of[t] = intern_add(&classes, str_make((const char *)&c, sizeof c));
        if (class_of[t] == before) {
            MEM_GROW(plan->classes, plan->class_capacity, plan->class_count + 1);
            plan->classes[plan->class_count++] = c;
        }
    }
    intern_fini(&recipes);
    intern_fini(&classes);
}

/* --- columns --- */

static void list_columns(struct group_plan *plan) {
    for (size_t i = 0; i < plan->recipe_count; i++) {
        const struct group_recipe *r = &plan->recipes[i];
        for (uint32_t k = 0; k < r->atom_count; k++) {
            uint32_t *place = &plan->place_of[r->atoms[k].column];
            if (*place == 0) {
                plan->columns[plan->column_count].column = r->atoms[k].column;
                *place = ++plan->column_count;
            }
        }
    }
}

static bool count_use(uint16_t *uses, const struct group_plan *plan, uint32_t column) {
    uint32_t place = column == GROUP_NO_COLUMN ? 0 : plan->place_of[column];
    return place == 0 || ++uses[place - 1] < MAX_USES;
}

/* How often a row of the template uses each column that is read; false: absurdly often. */
static bool count_uses(uint16_t *uses, const struct group_plan *plan, const struct template *t) {
    bool good = true;
    for (uint32_t k = 0; k < t->piece_count && good; k++) {
        good = count_use(uses, plan, t->pieces[k].column);
    }
    for (uint32_t k = 0; k < t->value_count && good; k++) {
        const struct template_value *v = &t->values[k];
        good =
            v->transform != TRANSFORM_NONE || v->formula != NULL || count_use(uses, plan, v->first);
    }
    return good;
}

/* --- layouts --- */

/* A layout as bytes that are compared: its class, and the uses of each column. */
static size_t layout_bytes(const struct group_plan *plan) {
    return sizeof(uint32_t) + plan->column_count * sizeof(uint16_t);
}

static void take_layouts(struct group_plan *plan, const struct intern *layouts) {
    plan->layout_count = layouts->count;
    plan->class_of = arena_array(&plan->arena, (size_t)layouts->count + 1, sizeof *plan->class_of);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        plan->columns[c].uses =
            arena_array(&plan->arena, (size_t)layouts->count + 1, sizeof(uint16_t));
    }
    for (uint32_t i = 0; i < layouts->count; i++) {
        const char *at = intern_text(layouts, i).ptr;
        memcpy(&plan->class_of[i], at, sizeof plan->class_of[i]);
        at += sizeof plan->class_of[i];
        for (uint32_t c = 0; c < plan->column_count; c++) {
            memcpy(&plan->columns[c].uses[i], at + c * sizeof(uint16_t), sizeof(uint16_t));
        }
    }
}

static bool intern_layouts(struct intern *layouts, struct group_plan *plan,
                           const uint32_t *class_of) {
    struct buf key = BUF_INIT;
    char *bytes = buf_reserve(&key, layout_bytes(plan));
    uint16_t *uses = mem_calloc((size_t)plan->column_count + 1, sizeof *uses);
    size_t use_bytes = plan->column_count * sizeof *uses;
    bool good = true;
    for (uint32_t t = 0, count = told_apart(plan); t < count && good; t++) {
        memset(uses, 0, use_bytes);
        good = plan->column_count == 0 || count_uses(uses, plan, &plan->segment->templates[t]);
        memcpy(bytes, &class_of[t], sizeof class_of[t]);
        memcpy(bytes + sizeof class_of[t], uses, use_bytes);
        plan->layout_of[t] = (uint16_t)intern_add(layouts, str_make(bytes, layout_bytes(plan)));
        good = good && layouts->count <= MAX_LAYOUTS &&
               (size_t)layouts->count * (plan->column_count + 1) < MAX_USE_CELLS;
    }
    mem_free(uses);
    buf_fini(&key);
    return good;
}

/* Hostile or odd: all rows are left. */
static void leave_all(struct group_plan *plan) {
    plan->class_count = 1;
    plan->classes[0] = (struct group_class){.action = GROUP_LEAVE};
    plan->column_count = 0;
    plan->layout_count = 1;
    plan->class_of = arena_array(&plan->arena, 1, sizeof *plan->class_of);
    memset(plan->layout_of, 0, plan->segment->template_count * sizeof *plan->layout_of);
}

static void make_layouts(struct group_plan *plan, const uint32_t *class_of) {
    struct intern layouts = INTERN_INIT;
    list_columns(plan);
    if (intern_layouts(&layouts, plan, class_of)) {
        take_layouts(plan, &layouts);
    } else {
        leave_all(plan);
    }
    intern_fini(&layouts);
}

void group_plan_init(struct group_plan *out, const struct store_group_spec *spec,
                     struct segment *segment) {
    *out = (struct group_plan){.spec = spec, .segment = segment};
    size_t columns = segment->column_count + 1;
    out->slot_count = (uint32_t)(spec->key_count + spec->sum_count + spec->set_count);
    out->layout_of = mem_calloc((size_t)segment->template_count + 1, sizeof *out->layout_of);
    out->columns = mem_calloc(columns, sizeof *out->columns);
    out->place_of = mem_calloc(columns, sizeof *out->place_of);
    uint32_t *class_of = mem_calloc((size_t)segment->template_count + 1, sizeof *class_of);
    make_classes(out, class_of);
    make_layouts(out, class_of);
    mem_free(class_of);
}

void group_plan_fini(struct group_plan *plan) {
    mem_free(plan->recipes);
    mem_free(plan->classes);
    mem_free(plan->layout_of);
    mem_free(plan->columns);
    mem_free(plan->place_of);
    arena_fini(&plan->arena);
}
