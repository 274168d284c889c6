/* Field names: aliases, columns, and the nearest name to a wrong one. */
#include "mem.h"
#include "query_priv.h"

static const struct {
    struct str alias;
    struct str fields;
} aliases[] = {
#define FIELD_ALIAS(alias, fields) {STR_INIT(alias), STR_INIT(fields)},
#include "field_aliases.def"
};

enum { ALIAS_COUNT = sizeof aliases / sizeof *aliases, NAME_MAX_BYTES = 512 };

struct str name_resolve(struct str name) {
    for (size_t i = 0; i < ALIAS_COUNT; i++) {
        if (str_eq_ci(aliases[i].alias, name)) {
            return aliases[i].fields;
        }
    }
    return name;
}

bool name_hides_field(struct str name) {
    struct str first = name_resolve(name);
    struct str field;
    bool is_alias = first.ptr != name.ptr && str_word_next(&field, &first);
    return is_alias && schema_find(field) != FIELD_NONE &&
           schema_type(schema_find(field)) != FIELD_TYPE_TIME && !name_is_full_text(field);
}

static uint32_t find_static(struct str name) {
    for (uint32_t id = 0; id < FIELD_STATIC_COUNT; id++) {
        if (str_eq_ci(schema_name(id), name)) {
            return id;
        }
    }
    return FIELD_NONE;
}

bool name_is_known(struct str name) {
    return name_resolve(name).ptr != name.ptr || find_static(name) != FIELD_NONE;
}

bool name_is_full_text(struct str field) {
    return str_eq_ci(field, STR("message")) || str_eq_ci(field, STR("event.original")) ||
           str_eq_ci(field, STR("error.message"));
}

/* --- the nearest name --- */

enum { DISTANCE_MAX_BYTES = 64, DISTANCE_FAR = 1000 };

/* Edit distance (insert, delete, replace, swap of neighbours), ASCII case ignored. */
static int distance(struct str a, struct str b) {
    int rows[3][DISTANCE_MAX_BYTES + 1];
    if (a.len > DISTANCE_MAX_BYTES || b.len > DISTANCE_MAX_BYTES) {
        return DISTANCE_FAR;
    }
    for (size_t j = 0; j <= b.len; j++) {
        rows[0][j] = (int)j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        int *row = rows[i % 3];
        const int *above = rows[(i - 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= b.len; j++) {
            char x = ascii_lower(a.ptr[i - 1]);
            char y = ascii_lower(b.ptr[j - 1]);
            int best = above[j - 1] + (x != y);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            bool swap =
                i > 1 && j > 1 && x == ascii_lower(b.ptr[j - 2]) && y == ascii_lower(a.ptr[i - 2]);
            if (swap && rows[(i - 2) % 3][j - 2] + 1 < best) {
                best = rows[(i - 2) % 3][j - 2] + 1;
            }
            row[j] = best;
        }
    }
    return rows[a.len % 3][b.len];
}

struct nearest {
    struct str name;
    struct str best;
    int distance;
};

static void consider(struct nearest *n, struct str candidate) {
    int d = distance(n->name, candidate);
    if (d < n->distance && (size_t)d < n->name.len) {
        n->distance = d;
        n->best = candidate;
    }
    /* "EventID" means "winlog.event_data.EventID": the same last part */
    bool tail = candidate.len > n->name.len + 1 &&
                candidate.ptr[candidate.len - n->name.len - 1] == '.' &&
                str_ends_ci(candidate, n->name);
    if (tail && n->distance > 1) {
        n->distance = 1;
        n->best = candidate;
    }
}

static struct nearest start_nearest(struct str name) {
    int limit = name.len < 4 ? 2 : name.len < 9 ? 3 : 4;
    return (struct nearest){.name = name, .best = STR_EMPTY, .distance = limit};
}

static struct str nearest_field(struct str name) {
    struct nearest n = start_nearest(name);
    for (size_t i = 0; i < ALIAS_COUNT; i++) {
        consider(&n, aliases[i].alias);
    }
    uint32_t count = schema_count();
    for (uint32_t id = 0; id < count; id++) {
        if (!str_eq_ci(schema_name(id), name)) {
            consider(&n, schema_name(id));
        }
    }
    return n.best;
}

struct str name_nearest(struct parser *p, struct str name) {
    struct nearest n = start_nearest(name);
    for (size_t i = 0; i < p->column_count; i++) {
        consider(&n, p->columns[i].name);
    }
    return n.best;
}

/* --- columns --- */

static bool table_column(struct query_column *out, struct parser *p, struct str name,
                         size_t offset) {
    for (size_t i = 0; i < p->column_count; i++) {
        if (str_eq_ci(p->columns[i].name, name) ||
            str_eq_ci(p->columns[i].name, name_resolve(name))) {
            *out = p->columns[i];
            return true;
        }
    }
    struct str nearest = name_nearest(p, name);
    if (nearest.len > 0) {
        return parser_fail(p, offset, _("no column \"%.*s\" here; did you mean \"%.*s\"?"),
                           STR_ARG(name), STR_ARG(nearest));
    }
    return parser_fail(p, offset, _("the stage before has no column \"%.*s\""), STR_ARG(name));
}

static size_t count_words(struct str text) {
    struct str word;
    size_t count = 0;
    while (str_word_next(&word, &text)) {
        count++;
    }
    return count;
}

bool column_init(struct query_column *out, struct parser *p, struct str name, size_t offset) {
    struct arena *arena = &p->query->arena;
    if (name.len == 0 || name.len > NAME_MAX_BYTES) {
        return parser_fail(p, offset, _("expected the name of a field"));
    }
    if (p->is_table) {
        return table_column(out, p, name, offset);
    }
    *out = (struct query_column){.name = arena_str(arena, name)};
    if (memchr(name.ptr, '*', name.len) != NULL || memchr(name.ptr, '?', name.len) != NULL) {
        out->is_pattern = true;
        return true;
    }
    struct str rest = name_resolve(name);
    uint32_t *fields = arena_array(arena, count_words(rest) + 1, sizeof *fields);
    struct str field;
    while (str_word_next(&field, &rest)) {
        uint32_t id = find_static(field);
        fields[out->field_count++] = id != FIELD_NONE ? id : schema_field(field);
    }
    out->fields = fields;
    out->type = schema_type(fields[0]);
    if (out->field_count == 1) {
        out->name = schema_name(fields[0]); /* the ECS name is the column's name */
    }
    if (name_hides_field(name)) {
        fields[out->field_count++] = schema_field(name);
    }
    return true;
}

bool query_column_get(struct str *out, const struct query_column *column, const struct batch *batch,
                      const struct row *row, struct buf *scratch) {
    for (size_t i = 0; i < column->field_count; i++) {
        if (batch_get(out, batch, row, column->fields[i], scratch)) {
            return true;
        }
    }
    return false;
}

/* --- names nobody has --- */

static bool schema_has(struct str name) {
    uint32_t count = schema_count();
    for (uint32_t id = 0; id < count; id++) {
        if (str_eq_ci(schema_name(id), name)) {
            return true;
        }
    }
    return false;
}

void query_unknown_fields(const struct query *query, query_unknown_fn *note, void *ctx) {
    for (size_t i = 0; i < query->name_count; i++) {
        struct str name = query->names[i].name;
        bool pattern = memchr(name.ptr, '*', name.len) != NULL;
        if (!pattern && !name_is_known(name) && !schema_has(name)) {
            note(name, nearest_field(name), ctx);
        }
    }
}
