#include "sigma_document.h"

#include "buf.h"
#include "i18n.h"
#include "sigma_condition.h"
#include "sigma_correlation.h"
#include "sigma_item.h"
#include "sigma_legacy.h"
#include "sigma_schema.h"

struct reader {
    struct arena *arena;
    struct arena *trees;
    struct sigma_yaml *yaml;
    struct err *err;
};

static struct str text_of(const struct reader *r, const sigma_yaml_node *map, const char *key) {
    const sigma_yaml_node *n = sigma_yaml_get(r->yaml, map, key);
    return sigma_yaml_is_scalar(n) ? arena_str(r->arena, sigma_yaml_text(n)) : STR_EMPTY;
}

/* --- selections --- */

static enum status read_map(const struct reader *r, struct sigma_node **out,
                            const sigma_yaml_node *map) {
    size_t count = sigma_yaml_count(map);
    if (count == 0) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: an empty selection",
                       sigma_yaml_line(map));
    }
    struct sigma_node *all = sigma_node_inner(r->trees, SIGMA_NODE_AND, count);
    for (size_t i = 0; i < count; i++) {
        struct str key;
        const sigma_yaml_node *values = sigma_yaml_entry(r->yaml, &key, map, i);
        enum status s = sigma_item_parse(&all->children[i], r->trees, r->yaml, key, values, r->err);
        if (s != STATUS_OK) {
            return s;
        }
    }
    *out = count == 1 ? all->children[0] : all;
    return STATUS_OK;
}

static enum status read_list(const struct reader *r, struct sigma_node **out,
                             const sigma_yaml_node *list) {
    size_t count = sigma_yaml_count(list);
    if (count == 0) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: an empty selection",
                       sigma_yaml_line(list));
    }
    struct sigma_node *any = sigma_node_inner(r->trees, SIGMA_NODE_OR, count);
    for (size_t i = 0; i < count; i++) {
        const sigma_yaml_node *item = sigma_yaml_item(r->yaml, list, i);
        enum status s;
        if (sigma_yaml_is_map(item)) {
            s = read_map(r, &any->children[i], item);
        } else if (sigma_yaml_is_scalar(item)) {
            s = sigma_item_keyword(&any->children[i], r->trees, item, r->err);
        } else {
            s = err_set(r->err, STATUS_BAD_INPUT, "line %zu: a list inside a list",
                        sigma_yaml_line(item));
        }
        if (s != STATUS_OK) {
            return s;
        }
    }
    *out = count == 1 ? any->children[0] : any;
    return STATUS_OK;
}

static enum status read_selection(const struct reader *r, struct sigma_node **out, struct str name,
                                  const sigma_yaml_node *n) {
    if (sigma_yaml_is_map(n)) {
        return read_map(r, out, n);
    }
    if (sigma_yaml_is_list(n)) {
        return read_list(r, out, n);
    }
    return err_set(r->err, STATUS_BAD_INPUT, "line %zu: '%.*s' must be a list or a map",
                   sigma_yaml_line(n), STR_ARG(str_head(name, 80)));
}

static bool is_reserved(struct str key, bool is_filter) {
    return str_eq(key, STR("condition")) || str_eq(key, STR("timeframe")) ||
           (is_filter && str_eq(key, STR("rules")));
}

static enum status read_selections(const struct reader *r, struct sigma_identifiers *ids,
                                   const sigma_yaml_node *detection, bool is_filter) {
    size_t count = sigma_yaml_count(detection);
    ids->names = arena_array(r->arena, count, sizeof *ids->names);
    ids->nodes = arena_array(r->arena, count, sizeof *ids->nodes);
    for (size_t i = 0; i < count; i++) {
        struct str key;
        const sigma_yaml_node *n = sigma_yaml_entry(r->yaml, &key, detection, i);
        if (is_reserved(key, is_filter)) {
            continue;
        }
        enum status s = read_selection(r, &ids->nodes[ids->count], key, n);
        if (s != STATUS_OK) {
            return s;
        }
        ids->names[ids->count++] = arena_str(r->arena, key);
    }
    return STATUS_OK;
}

static enum status read_condition(const struct reader *r, struct sigma_node **out, struct str *pipe,
                                  const struct sigma_identifiers *ids, const sigma_yaml_node *n) {
    if (!sigma_yaml_is_scalar(n) || sigma_yaml_type(n) == SIGMA_SCALAR_NULL) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: 'condition' must be text",
                       sigma_yaml_line(n));
    }
    enum status s = sigma_condition_parse(out, pipe, r->trees, ids, sigma_yaml_text(n), r->err);
    return s == STATUS_OK ? s : err_wrap(r->err, s, "line %zu", sigma_yaml_line(n));
}

/* Several conditions in a list are several queries: one of them is enough. */
static enum status read_conditions(const struct reader *r, struct sigma_node **out,
                                   struct str *pipe, const struct sigma_identifiers *ids,
                                   const sigma_yaml_node *n) {
    if (!sigma_yaml_is_list(n)) {
        return read_condition(r, out, pipe, ids, n);
    }
    size_t count = sigma_yaml_count(n);
    if (count == 0) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: an empty list of conditions",
                       sigma_yaml_line(n));
    }
    *out = sigma_node_inner(r->trees, SIGMA_NODE_OR, count);
    for (size_t i = 0; i < count; i++) {
        enum status s =
            read_condition(r, &(*out)->children[i], NULL, ids, sigma_yaml_item(r->yaml, n, i));
        if (s != STATUS_OK) {
            return s;
        }
    }
    return STATUS_OK;
}

static enum status read_detection(const struct reader *r, struct sigma_document *out,
                                  const sigma_yaml_node *root) {
    const char *key = out->is_filter ? "filter" : "detection";
    const sigma_yaml_node *detection = sigma_yaml_get(r->yaml, root, key);
    if (!sigma_yaml_is_map(detection)) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: '%s' is missing or no map",
                       sigma_yaml_line(detection != NULL ? detection : root), key);
    }
    const sigma_yaml_node *condition = sigma_yaml_get(r->yaml, detection, "condition");
    if (condition == NULL) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: '%s' has no 'condition'",
                       sigma_yaml_line(detection), key);
    }
    struct sigma_identifiers ids = {NULL, NULL, 0};
    struct str pipe = STR_EMPTY;
    enum status s = read_selections(r, &ids, detection, out->is_filter);
    if (s == STATUS_OK) {
        s = read_conditions(r, &out->root, out->is_filter ? NULL : &pipe, &ids, condition);
    }
    if (s != STATUS_OK || pipe.len == 0) {
        return s;
    }
    const struct sigma_legacy legacy = {&ids, pipe, text_of(r, detection, "timeframe")};
    s = sigma_legacy_read(out, r->arena, &legacy, r->err);
    return s == STATUS_OK ? s : err_wrap(r->err, s, "line %zu", sigma_yaml_line(condition));
}

/* --- the describing keys --- */

static size_t read_texts(const struct reader *r, const struct str **out,
                         const sigma_yaml_node *list) {
    size_t count = sigma_yaml_is_list(list) ? sigma_yaml_count(list) : 0;
    struct str *texts = arena_array(r->arena, count + 1, sizeof *texts);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const sigma_yaml_node *item = sigma_yaml_item(r->yaml, list, i);
        if (sigma_yaml_is_scalar(item)) {
            texts[kept++] = arena_str(r->arena, sigma_yaml_text(item));
        }
    }
    *out = texts;
    return kept;
}

static size_t texts_of(const struct reader *r, const struct str **out, const sigma_yaml_node *map,
                       const char *key) {
    return read_texts(r, out, sigma_yaml_get(r->yaml, map, key));
}

static struct str stem_of(struct str path) {
    size_t slash = str_rfind_char(path, '/');
    struct str name = str_skip(path, slash == STR_NONE ? 0 : slash + 1);
    size_t dot = str_rfind_char(name, '.');
    return str_head(name, dot);
}

static void read_info(const struct reader *r, struct sigma_document *out,
                      const sigma_yaml_node *root) {
    struct sigma_rule_info *info = &out->info;
    struct str id = text_of(r, root, "id");
    info->id = id.len > 0 ? id : stem_of(info->path);
    info->title = text_of(r, root, "title");
    info->status = text_of(r, root, "status");
    info->description = text_of(r, root, "description");
    info->author = text_of(r, root, "author");
    info->date = text_of(r, root, "date");
    info->modified = text_of(r, root, "modified");
    info->tag_count = texts_of(r, &info->tags, root, "tags");
    info->reference_count = texts_of(r, &info->references, root, "references");
    info->false_positive_count = texts_of(r, &info->false_positives, root, "falsepositives");
    if (!sigma_level_parse(&info->level, text_of(r, root, "level"))) {
        info->level = SIGMA_MEDIUM; /* the level is optional */
    }
    out->name = text_of(r, root, "name");
    out->is_filter = info->is_filter = sigma_yaml_get(r->yaml, root, "filter") != NULL;
}

static void read_logsource(const struct reader *r, struct sigma_document *out,
                           const sigma_yaml_node *root) {
    const sigma_yaml_node *map = sigma_yaml_get(r->yaml, root, "logsource");
    out->logsource.category = out->info.category = text_of(r, map, "category");
    out->logsource.product = out->info.product = text_of(r, map, "product");
    out->logsource.service = out->info.service = text_of(r, map, "service");
}

static enum status read_targets(const struct reader *r, struct sigma_document *out,
                                const sigma_yaml_node *root) {
    const sigma_yaml_node *filter = sigma_yaml_get(r->yaml, root, "filter");
    const sigma_yaml_node *rules =
        sigma_yaml_is_map(filter) ? sigma_yaml_get(r->yaml, filter, "rules") : NULL;
    if (sigma_yaml_is_scalar(rules)) { /* "any", or one rule */
        struct str *one = arena_alloc(r->arena, sizeof *one);
        *one = arena_str(r->arena, sigma_yaml_text(rules));
        out->targets = one;
        out->target_count = 1;
    } else {
        out->target_count = read_texts(r, &out->targets, rules);
    }
    if (out->target_count == 0) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: the filter names no 'rules'",
                       sigma_yaml_line(filter));
    }
    return STATUS_OK;
}

static enum status read_correlation(const struct reader *r, struct sigma_document *out,
                                    const sigma_yaml_node *root) {
    struct sigma_correlation *c = arena_alloc(r->arena, sizeof *c);
    enum status s = sigma_correlation_parse(c, r->arena, r->yaml, root, r->err);
    c->info = out->info;
    c->name = out->name;
    out->correlation = c;
    return s;
}

/* Unless there is more to say. */
static void hint_collection(const struct reader *r, struct sigma_document *out) {
    if (r->yaml->is_collection && out->info.hint.len == 0) {
        out->info.hint = arena_str(
            r->arena, str_from_c(_("'action' is of Sigma 1: write each rule of the file whole")));
    }
}

/* Names of another taxonomy would have to be translated (specification, "Taxonomy"). */
static void hint_taxonomy(const struct reader *r, struct sigma_document *out,
                          const sigma_yaml_node *root) {
    struct str taxonomy = text_of(r, root, "taxonomy");
    if (taxonomy.len == 0 || str_eq(taxonomy, STR("sigma")) || out->info.hint.len > 0) {
        return;
    }
    struct buf hint = BUF_INIT;
    buf_printf(&hint,
               _("taxonomy '%.*s': konseki knows 'sigma' only, fields are taken as they stand"),
               STR_ARG(str_head(taxonomy, 60)));
    out->info.hint = arena_str(r->arena, buf_str(&hint));
    buf_fini(&hint);
}

/* Behind a condition that counts (sigma_legacy.h) there is more to say. */
static void hint_timeframe(const struct reader *r, struct sigma_document *out,
                           const sigma_yaml_node *root) {
    const sigma_yaml_node *detection = sigma_yaml_get(r->yaml, root, "detection");
    if (sigma_yaml_is_map(detection) && out->info.hint.len == 0 &&
        sigma_yaml_get(r->yaml, detection, "timeframe") != NULL) {
        out->info.hint = arena_str(
            r->arena, str_from_c(_("'timeframe' does nothing without a count: write a correlation "
                                   "rule with 'timespan'")));
    }
}

enum status sigma_document_parse(struct sigma_document *out, struct arena *arena,
                                 struct arena *trees, struct sigma_yaml *yaml,
                                 const sigma_yaml_node *root, struct str path, struct err *err) {
    struct reader r = {.arena = arena, .trees = trees, .yaml = yaml, .err = err};
    memset(out, 0, sizeof *out);
    out->info.path = path;
    out->info.id = stem_of(path);
    if (!sigma_yaml_is_map(root)) {
        return err_set(err, STATUS_BAD_INPUT, "line %zu: a rule must be a map",
                       sigma_yaml_line(root));
    }
    read_info(&r, out, root);
    hint_collection(&r, out);
    hint_taxonomy(&r, out, root);
    hint_timeframe(&r, out, root);
    enum status s = sigma_schema_check(yaml, root, err);
    if (s == STATUS_OK && out->is_filter) {
        s = read_targets(&r, out, root);
    }
    if (s == STATUS_OK && sigma_yaml_get(yaml, root, "correlation") != NULL) {
        return read_correlation(&r, out, root);
    }
    if (s == STATUS_OK) {
        read_logsource(&r, out, root);
        s = read_detection(&r, out, root);
    }
    return s;
}
