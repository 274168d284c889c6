#include "sigma_runs.h"

#include "num.h"
#include "sigma_text.h"
#include "sigma_way.h"
#include "windows_names.h"

enum { MISSING_LIMIT = 32, ID_LIMIT = 64 };

/* Stands for the event ids that neither the way nor the rule names: equal to none of them. */
#define OTHER_ID STR("other")

/* Of a condition that is judged without an event. */
enum truth { NEVER, MAYBE, ALWAYS };

/* One kind of events: the rows of a dataset, or the events of a channel with one id. */
struct kind {
    const struct sigma_mapping *mapping;
    bool is_windows;
    struct str event_id;               /* empty: not of Windows */
    const struct sigma_event_row *row; /* NULL: may carry anything */
    const struct dataset_info *info;   /* of the dataset; NULL for lines without a format */
    const struct sigma_way_row *only;  /* its renames and names in ECS are all there is; or NULL */
    struct str missing[MISSING_LIMIT]; /* fields that were asked for and are not there */
    size_t missing_count;
};

/* --- what events carry --- */

static bool has_name(struct sigma_words words, struct str name) {
    for (size_t i = 0; i < words.count; i++) {
        if (str_eq(words.items[i], name) || str_eq(words.items[i], STR("*"))) {
            return true;
        }
    }
    return false;
}

static bool is_row_of_kind(const struct kind *kind, const struct sigma_field_row *row) {
    if (kind->is_windows) {
        return row->families[0] != '*' && sigma_field_row_is_of(row, STR_EMPTY, STR("windows"));
    }
    return sigma_field_row_is_of(row, kind->info != NULL ? kind->info->name : STR("?"),
                                 kind->info != NULL ? kind->info->family : STR_EMPTY);
}

/* System parts of an event: every event of Windows has them, or may. */
static bool is_system_part(struct str name) {
    struct str part;
    uint32_t field = windows_field_find(name);
    return field != FIELD_NONE && windows_part_of(&part, field) == WINDOWS_SYSTEM;
}

static bool carries_native(const struct kind *kind, struct str name) {
    struct str body = STR("winlog.event_data.");
    struct str inner = str_starts(name, body) ? str_skip(name, body.len) : name;
    return has_name(kind->row->fields, inner) || is_system_part(name) ||
           str_eq(name, STR("Message"));
}

static bool carries_mapped(const struct kind *kind, struct str name) {
    for (size_t i = 0; i < kind->mapping->field_count; i++) {
        const struct sigma_field_row *row = &kind->mapping->fields[i];
        struct str rest = str_from_c(row->fields);
        struct str field;
        enum sigma_meaning meaning;
        if (!str_eq(str_from_c(row->name), name) || !is_row_of_kind(kind, row)) {
            continue;
        }
        while (sigma_field_row_next(&field, &meaning, &rest)) {
            if (!kind->is_windows || carries_native(kind, field)) {
                return true;
            }
        }
    }
    return false;
}

/* A text of it can be written: all its fields are there, but for those that have an "instead". */
static bool carries_text(const struct kind *kind, const struct sigma_composed *composed,
                         const struct sigma_text *text) {
    for (size_t i = 0; i < text->condition_count; i++) {
        if (!carries_native(kind, text->conditions[i].field)) {
            return false;
        }
    }
    for (size_t i = 0; i < text->piece_count; i++) {
        const struct sigma_piece *piece = &text->pieces[i];
        if (piece->part != SIGMA_NO_PART && !piece->has_instead &&
            !carries_native(kind, composed->parts.items[piece->part])) {
            return false;
        }
    }
    return true;
}

static bool carries_composed(const struct kind *kind, struct str name) {
    const struct sigma_composed *composed = sigma_mapping_composed(kind->mapping, name);
    for (size_t i = 0; composed != NULL && i < composed->text_count; i++) {
        if (carries_text(kind, composed, &composed->texts[i])) {
            return true;
        }
    }
    return false;
}

/* Named by a rename, by the mapping's fields, or in ECS, which joins its names with dots. */
static bool is_told(const struct kind *kind, struct str name) {
    const struct sigma_way_row *row = kind->only;
    for (size_t i = 0; i < row->rename_count; i++) {
        if (has_name(row->renames[i].natives, name)) {
            return true;
        }
    }
    return str_find_char(name, '.') != STR_NONE || carries_mapped(kind, name);
}

static bool carries(const struct kind *kind, struct str name) {
    uint32_t field = schema_find(name);
    return name.len == 0 || kind->row == NULL || carries_native(kind, name) ||
           carries_mapped(kind, name) || carries_composed(kind, name) ||
           (field != FIELD_NONE && field < FIELD_STATIC_COUNT);
}

static bool is_there(struct kind *kind, struct str name) {
    bool is_open = kind->only == NULL || name.len == 0 || is_told(kind, name);
    if (is_open && carries(kind, name)) {
        return true;
    }
    for (size_t i = 0; i < kind->missing_count; i++) {
        if (str_eq(kind->missing[i], name)) {
            return false;
        }
    }
    if (kind->missing_count < MISSING_LIMIT) {
        kind->missing[kind->missing_count++] = name;
    }
    return false;
}

/* --- judging a tree --- */

static bool is_event_id(struct str field) {
    return str_eq(field, STR("EventID")) || str_eq(field, STR("event.code")) ||
           str_eq(field, STR("winlog.event_id"));
}

static enum truth judge_test(struct kind *kind, const struct sigma_node *n) {
    if (!is_there(kind, n->field)) {
        return NEVER;
    }
    bool literal = n->test.kind == SIGMA_TEST_NUMBER || (n->test.kind == SIGMA_TEST_PATTERN &&
                                                         !sigma_pattern_has_wildcard(n->test.text));
    if (kind->event_id.len == 0 || !literal || !is_event_id(n->field)) {
        return MAYBE;
    }
    return str_eq(n->test.text, kind->event_id) ? ALWAYS : NEVER;
}

static enum truth judge(struct kind *kind, const struct sigma_node *n) {
    enum truth all = n->op == SIGMA_NODE_AND ? ALWAYS : NEVER;
    switch (n->op) {
    case SIGMA_NODE_TEST:
        return judge_test(kind, n);
    case SIGMA_NODE_NULL:
        return is_there(kind, n->field) ? MAYBE : ALWAYS;
    case SIGMA_NODE_EXISTS:
        return is_there(kind, n->field) ? MAYBE : NEVER;
    case SIGMA_NODE_FIELDREF:
        return is_there(kind, n->field) && is_there(kind, n->other) ? MAYBE : NEVER;
    case SIGMA_NODE_NOT:
        return (enum truth)(ALWAYS - judge(kind, n->children[0]));
    default:
        break;
    }
    for (size_t i = 0; i < n->child_count; i++) {
        enum truth one = judge(kind, n->children[i]);
        bool decides = n->op == SIGMA_NODE_AND ? one < all : one > all;
        all = decides ? one : all;
    }
    return all;
}

/* --- the ways of a rule --- */

struct judging {
    struct arena *arena;
    const struct sigma_mapping *mapping;
    const struct sigma_node *tree;    /* in the words of the way */
    const struct sigma_way_row *only; /* the way, if it has no fields but those it renames */
    struct sigma_runs_way *out;
};

/* The rule's tree goes before what is said of it. */
static void keep_missing(struct judging *j, const struct kind *kind) {
    struct str *missing = arena_array(j->arena, kind->missing_count + 1, sizeof *missing);
    for (size_t i = 0; i < kind->missing_count; i++) {
        missing[i] = arena_str(j->arena, kind->missing[i]);
    }
    j->out->missing = missing;
    j->out->missing_count = kind->missing_count;
}

/* The best of the kinds of events that a way leads to counts. */
static void judge_kind(struct judging *j, struct kind *kind) {
    bool possible = judge(kind, j->tree) != NEVER;
    enum sigma_runs_how how = !possible                 ? SIGMA_RUNS_NOT
                              : kind->missing_count > 0 ? SIGMA_RUNS_DEGRADED
                                                        : SIGMA_RUNS_FULLY;
    bool fewer = kind->missing_count < j->out->missing_count;
    bool tells_more = how == SIGMA_RUNS_NOT ? kind->missing_count > j->out->missing_count : fewer;
    if (j->out->missing == NULL || how > j->out->how || (how == j->out->how && tells_more)) {
        j->out->how = how;
        keep_missing(j, kind);
    }
    if (possible && j->out->needs.len == 0 && kind->row != NULL) {
        j->out->needs = kind->row->needs;
    }
}

struct ids {
    struct str items[ID_LIMIT];
    size_t count;
};

static void add_id(struct ids *ids, struct str id) {
    for (size_t i = 0; i < ids->count; i++) {
        if (str_eq(ids->items[i], id)) {
            return;
        }
    }
    if (ids->count < ID_LIMIT) {
        ids->items[ids->count++] = id;
    }
}

/* The event ids that the rule itself asks for. */
static void collect_ids(struct ids *ids, const struct sigma_node *n) {
    uint64_t number;
    if (n->op == SIGMA_NODE_TEST && is_event_id(n->field) && num_parse_u64(&number, n->test.text)) {
        add_id(ids, n->test.text);
    }
    for (size_t i = 0; i < n->child_count; i++) {
        collect_ids(ids, n->children[i]);
    }
}

static void judge_id(struct judging *j, struct str channel, struct str id) {
    struct kind kind = {.mapping = j->mapping, .is_windows = true, .event_id = id};
    const struct sigma_event_row *any = sigma_mapping_event(j->mapping, channel, STR("*"));
    kind.row = sigma_mapping_event(j->mapping, channel, id);
    kind.row = kind.row != NULL ? kind.row : any;
    judge_kind(j, &kind);
}

/* `closed`: the way is for these ids only. */
static void judge_channel(struct judging *j, struct str channel, const struct ids *ids,
                          bool closed) {
    for (size_t i = 0; i < ids->count; i++) {
        judge_id(j, channel, ids->items[i]);
    }
    if (!closed) {
        judge_id(j, channel, OTHER_ID);
    }
}

static void judge_windows(struct judging *j, const struct sigma_gate *gate) {
    struct ids ids = {.count = 0};
    struct str rest = str_from_c(gate->ids);
    struct str id;
    while (str_word_next(&id, &rest)) {
        add_id(&ids, id);
    }
    bool closed = ids.count > 0;
    if (!closed) {
        collect_ids(&ids, j->tree);
    }
    for (size_t i = 0; i < gate->channel_count; i++) {
        judge_channel(j, str_from_c(gate->channels[i]), &ids, closed);
    }
    if (gate->channel_count == 0) {
        judge_channel(j, STR_EMPTY, &ids, closed);
    }
}

static void judge_dataset(struct judging *j, struct str word, const struct dataset_info *info) {
    struct kind kind = {
        .mapping = j->mapping, .event_id = STR_EMPTY, .info = info, .only = j->only};
    kind.row = sigma_mapping_event(j->mapping, word, STR("*"));
    if (kind.row == NULL && info != NULL) {
        kind.row = sigma_mapping_event(j->mapping, info->family, STR("*"));
    }
    judge_kind(j, &kind);
}

static void judge_datasets(struct judging *j, const struct sigma_gate *gate) {
    for (int i = DATASET_UNKNOWN; i < DATASET_COUNT; i++) {
        const struct dataset_info *info = dataset_info((enum dataset)i);
        if (i == DATASET_UNKNOWN) {
            if (str_is_word_of(STR("?"), gate->datasets)) {
                judge_dataset(j, STR("?"), NULL);
            }
        } else if (str_is_word_of(info->name, gate->datasets) ||
                   str_is_word_of(info->family, gate->datasets)) {
            judge_dataset(j, info->name, info);
        }
    }
}

/* "Security 4688", "provider X", "json with eventSource, eventName", "proxy" */
static struct str name_of(struct arena *arena, const struct sigma_way *way) {
    struct buf name = BUF_INIT;
    const struct sigma_gate *gate = &way->gate;
    for (size_t i = 0; i < gate->channel_count; i++) {
        buf_printf(&name, "%s%s", i > 0 ? " or " : "", gate->channels[i]);
    }
    if (gate->kind == SIGMA_GATE_WINDOWS && gate->channel_count == 0) {
        buf_add(&name, STR("Windows"));
    }
    if (gate->kind == SIGMA_GATE_ANY) {
        buf_add(&name, STR("*"));
    }
    buf_printf(&name, "%s%s%s%s%s", gate->ids[0] != '\0' ? " " : "", gate->ids,
               gate->provider[0] != '\0' ? " provider " : "", gate->provider, gate->datasets);
    for (size_t i = 0; way->row != NULL && i < way->row->condition_count; i++) {
        buf_printf(&name, "%s%.*s", i > 0 ? ", " : " with ",
                   STR_ARG(way->row->conditions[i].field));
    }
    struct str kept = arena_str(arena, buf_str(&name));
    buf_fini(&name);
    return kept;
}

static void judge_way(struct judging *j, const struct sigma_way *way, struct sigma_node *root) {
    j->tree = sigma_way_tree(j->arena, way, root);
    j->only = way->row != NULL && way->row->is_only ? way->row : NULL;
    *j->out = (struct sigma_runs_way){.name = name_of(j->arena, way)};
    j->out->needs = way->row != NULL ? way->row->needs : STR_EMPTY;
    switch (way->gate.kind) {
    case SIGMA_GATE_WINDOWS:
        judge_windows(j, &way->gate);
        break;
    case SIGMA_GATE_DATASETS:
        judge_datasets(j, &way->gate);
        break;
    default:
        j->out->how = SIGMA_RUNS_FULLY;
        break;
    }
}

const struct sigma_runs *sigma_runs_judge(struct arena *arena, const struct sigma_mapping *mapping,
                                          const struct sigma_document *document) {
    struct sigma_way ways[SIGMA_WAY_LIMIT];
    size_t count = sigma_logsource_ways(ways, mapping, &document->logsource);
    struct sigma_runs *runs = arena_alloc(arena, sizeof *runs);
    struct sigma_runs_way *out = arena_array(arena, count + 1, sizeof *out);
    struct judging j = {.arena = arena, .mapping = mapping};
    for (size_t i = 0; i < count; i++) {
        if (sigma_gate_is_closed(&ways[i].gate)) {
            continue;
        }
        j.out = &out[runs->way_count++];
        judge_way(&j, &ways[i], document->root);
        runs->how = j.out->how > runs->how ? j.out->how : runs->how;
    }
    runs->ways = out;
    runs->needs = sigma_logsource_needs(mapping, &document->logsource);
    return runs;
}
