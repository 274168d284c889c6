#include "hash.h"
#include "i18n.h"
#include "mem.h"
#include "sigma_cache.h"
#include "sigma_collection.h"
#include "sigma_filter.h"
#include "sigma_runs.h"
#include "sigma_set.h"
#include "sigma_source.h"

#include <stdlib.h>

enum { TREE_LIMIT = 50000 };

/* What is read before anything is compiled. */
struct loader {
    struct sigma_rules *set;
    bool judge;
    const struct sigma_placeholders *placeholders;
    struct sigma_document *documents;
    uint64_t *hashes; /* of the files the documents came from */
    size_t count;
    size_t capacity;
    struct sigma_filters filters;
};

/* --- documents --- */

static size_t tree_size(const struct sigma_node *n) {
    size_t size = 1;
    for (size_t i = 0; i < n->child_count && size < TREE_LIMIT; i++) {
        size += tree_size(n->children[i]);
    }
    return size;
}

/* Kept in the set: it is told at the end, and goes into the cache. */
static void tell(struct loader *l, const struct sigma_document *d, struct str why) {
    struct sigma_rules *set = l->set;
    MEM_GROW(set->reports, set->report_capacity, set->report_count + 1);
    set->reports[set->report_count++] = (struct sigma_report){d->info, arena_str(&set->arena, why)};
}

static size_t tree_of(const struct sigma_document *d) {
    size_t size = d->root != NULL ? tree_size(d->root) : 0;
    for (size_t i = 0; i < d->part_count; i++) {
        size += tree_size(d->parts[i].root);
    }
    return size;
}

static void keep_document(struct loader *l, const struct sigma_document *d, uint64_t hash) {
    size_t hash_capacity = l->capacity;
    MEM_GROW(l->documents, l->capacity, l->count + 1);
    if (l->capacity != hash_capacity) {
        l->hashes = mem_realloc(l->hashes, l->capacity, sizeof *l->hashes);
    }
    l->hashes[l->count] = hash;
    l->documents[l->count++] = *d;
}

static void keep(struct loader *l, struct sigma_document *d, uint64_t hash) {
    d->info.is_source_known = sigma_logsource_is_known(l->set->mapping, &d->logsource);
    if (tree_of(d) >= TREE_LIMIT) {
        tell(l, d, str_from_c(_("the rule has too many tests after expansion")));
        return;
    }
    if (l->judge && d->root != NULL && d->correlation == NULL && !d->is_filter) {
        d->info.runs = sigma_runs_judge(&l->set->arena, l->set->mapping, d);
    }
    keep_document(l, d, hash);
    for (size_t i = 0; i < d->part_count; i++) {
        d->parts[i].info.is_source_known = d->info.is_source_known;
        keep_document(l, &d->parts[i], hash);
    }
    /* of correlations and filters we know more when all documents are there */
    if (d->correlation == NULL && !d->is_filter) {
        tell(l, d, STR_EMPTY);
    }
}

static void read_documents(struct loader *l, struct str path, struct str bytes) {
    struct sigma_yaml yaml;
    struct sigma_document d = {.info = {.path = path}};
    const sigma_yaml_node *root;
    sigma_yaml_open(&yaml, bytes);
    yaml.placeholders = l->placeholders;
    for (size_t number = 0;; number++) {
        struct err why = ERR_INIT;
        enum status s = sigma_collection_next(&yaml, &root, &why);
        if (s == STATUS_OK && root == NULL) {
            if (number == 0) {
                tell(l, &d, str_from_c(_("the file is empty")));
            }
            break;
        }
        bool readable = s == STATUS_OK;
        s = readable
                ? sigma_document_parse(&d, &l->set->arena, &l->set->trees, &yaml, root, path, &why)
                : s;
        if (s == STATUS_OK) {
            keep(l, &d, hash_str(bytes) + number);
        } else {
            tell(l, &d, str_from_c(why.message));
        }
        if (!readable) {
            break;
        }
    }
    sigma_yaml_close(&yaml);
}

static void read_file(struct loader *l, const struct sigma_sources *sources, size_t i) {
    struct str path = arena_str(&l->set->arena, sigma_source_path(sources, i));
    if (sources->files[i].is_too_large) {
        struct sigma_document d = {.info = {.path = path, .id = path}};
        tell(l, &d, str_from_c(_("the file is larger than 4 MiB")));
    } else {
        read_documents(l, path, sigma_source_bytes(sources, i));
    }
}

/* --- order, duplicates --- */

struct sorted {
    const struct sigma_document *document;
    uint64_t hash;
};

static int compare_documents(const void *a, const void *b) {
    const struct sorted *x = a, *y = b;
    int order = str_compare(x->document->info.id, y->document->info.id);
    if (order == 0) {
        order = (x->hash > y->hash) - (x->hash < y->hash);
    }
    return order != 0 ? order : str_compare(x->document->info.path, y->document->info.path);
}

/* Rules by id; a document read twice (overlapping paths) counts once. */
static void sort_rules(struct sigma_rules *set, const struct loader *l) {
    struct sorted *order = mem_calloc(l->count + 1, sizeof *order);
    size_t rules = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (!l->documents[i].is_filter && l->documents[i].root != NULL) {
            order[rules++] = (struct sorted){&l->documents[i], l->hashes[i]};
        }
    }
    qsort(order, rules, sizeof *order, compare_documents);
    set->documents = mem_calloc(rules + 1, sizeof *set->documents);
    for (size_t i = 0; i < rules; i++) {
        bool again = i > 0 && order[i].hash == order[i - 1].hash &&
                     str_eq(order[i].document->info.id, order[i - 1].document->info.id);
        if (!again) {
            set->documents[set->rule_count++] = *order[i].document;
        }
    }
    mem_free(order);
}

/* --- filters --- */

static void collect_filters(struct loader *l) {
    for (size_t i = 0; i < l->count; i++) {
        if (l->documents[i].is_filter) {
            sigma_filters_add(&l->filters, &l->documents[i]);
        }
    }
}

/* Only now is known which of them change something. */
static void tell_filters(struct loader *l) {
    for (size_t i = 0; i < l->filters.count; i++) {
        struct sigma_document filter = *l->filters.rows[i].document;
        if (!l->filters.rows[i].acts) {
            filter.info.hint = arena_str(
                &l->set->arena,
                str_from_c(_("no accepted rule has this id or name and this log source: the filter "
                             "changes nothing")));
        }
        tell(l, &filter, STR_EMPTY);
    }
}

/* --- correlations --- */

static void tell_correlation(const struct sigma_correlation *c, struct str why, void *ctx) {
    const struct sigma_document d = {.info = c->info};
    tell(ctx, &d, why);
}

static bool is_read_before(const struct loader *l, size_t document) {
    for (size_t i = 0; i < document; i++) {
        if (l->documents[i].correlation != NULL && l->hashes[i] == l->hashes[document]) {
            return true;
        }
    }
    return false;
}

static enum status add_correlations(struct sigma_rules *set, struct loader *l, struct err *err) {
    enum status s = STATUS_OK;
    const struct sigma_correlation **given = mem_calloc(l->count + 1, sizeof(void *));
    struct sigma_resolve r = {.arena = &set->arena,
                              .rules = set->documents,
                              .rule_count = set->rule_count,
                              .given = given,
                              .tell = tell_correlation,
                              .ctx = l,
                              .filters = &l->filters};
    for (size_t i = 0; i < l->count; i++) {
        if (l->documents[i].correlation != NULL && !is_read_before(l, i)) {
            given[r.given_count++] = l->documents[i].correlation;
        }
    }
    if (r.given_count > 0) {
        s = sigma_resolve(&r, err);
        set->documents = r.rules;
        set->rule_count = r.rule_count;
        set->correlations = r.correlations;
        set->correlation_count = r.correlation_count;
        set->wants = r.wants;
    }
    mem_free(given);
    return s;
}

static enum status compile(struct sigma_rules *set, const struct sigma_load_options *options,
                           struct err *err) {
    for (size_t i = 0; i < set->rule_count; i++) {
        enum status s = sigma_set_add(set, (uint32_t)i, options->everywhere, err);
        if (s != STATUS_OK) {
            return err_wrap(err, s, "%.*s", STR_ARG(set->documents[i].info.path));
        }
    }
    set->is_for_reading = options->judge;
    sigma_set_forget_trees(set);
    if (options->judge) {
        return STATUS_OK;
    }
    mem_trim(); /* before the databases take much */
    enum status s = sigma_set_finish(set, err);
    mem_trim();
    return s;
}

static enum status build(struct sigma_rules *set, struct sigma_sources *sources,
                         const struct sigma_load_options *options, struct err *err) {
    struct loader l = {.set = set, .judge = options->judge, .placeholders = sources->placeholders};
    for (size_t i = 0; i < sources->count; i++) {
        read_file(&l, sources, i);
    }
    sigma_sources_release_bytes(sources); /* what compiling needs is in the arena */
    sort_rules(set, &l);
    collect_filters(&l);
    sigma_filters_apply(&l.filters, &set->trees, set->documents, set->rule_count);
    enum status s = add_correlations(set, &l, err);
    tell_filters(&l);
    sigma_filters_fini(&l.filters);
    mem_free(l.documents);
    mem_free(l.hashes);
    return s == STATUS_OK ? compile(set, options, err) : s;
}

/* From the cache, or built and put there. */
static enum status get_set(struct sigma_rules *set, struct sigma_sources *sources,
                           const struct sigma_load_options *options, struct err *err) {
    struct sigma_cache_key key;
    bool cached = !options->judge && sigma_cache_key(&key, sources, set->mapping, options);
    if (cached && sigma_cache_get(set, options->cache_folder, &key)) {
        set->is_from_cache = true;
        return STATUS_OK;
    }
    enum status s = build(set, sources, options, err);
    if (s == STATUS_OK && cached) {
        sigma_cache_put(set, options->cache_folder, &key);
    }
    return s;
}

static void report(struct sigma_rules *set, const struct sigma_load_options *options) {
    for (size_t i = 0; options->report != NULL && i < set->report_count; i++) {
        options->report(&set->reports[i].info, set->reports[i].why, options->ctx);
    }
    mem_free(set->reports);
    set->reports = NULL;
    set->report_count = 0;
    set->report_capacity = 0;
}

enum status sigma_rules_load(struct sigma_rules **out, const struct sigma_load_options *options,
                             struct err *err) {
    struct sigma_rules *set = mem_calloc(1, sizeof *set);
    struct sigma_sources sources = {.files = NULL};
    sigma_set_init(set);
    enum status s =
        sigma_mapping_load(&set->mapping, options->mappings, options->mapping_count, err);
    if (s == STATUS_OK) {
        s = sigma_placeholders_load(&sources.placeholders, options->placeholders,
                                    options->placeholder_count, err);
    }
    if (s == STATUS_OK) {
        s = sigma_sources_read(&sources, options->paths, options->path_count, err);
    }
    if (s == STATUS_OK) {
        s = get_set(set, &sources, options, err);
    }
    report(set, options);
    sigma_sources_fini(&sources);
    if (s != STATUS_OK) {
        sigma_rules_free(&set);
        return s;
    }
    *out = set;
    return STATUS_OK;
}

void sigma_rules_free(struct sigma_rules **rules) {
    if (*rules != NULL) {
        sigma_set_fini(*rules);
        mem_free(*rules);
        *rules = NULL;
    }
}

size_t sigma_rules_count(const struct sigma_rules *rules) {
    return rules->rule_count + rules->correlation_count;
}

size_t sigma_rules_written(const struct sigma_rules *rules) {
    size_t written = 0;
    for (size_t i = 0; i < sigma_rules_count(rules); i++) {
        written += !sigma_rules_info(rules, i)->is_made;
    }
    return written;
}

const struct sigma_rule_info *sigma_rules_info(const struct sigma_rules *rules, size_t rule) {
    return rule < rules->rule_count ? &rules->documents[rule].info
                                    : &rules->correlations[rule - rules->rule_count].info;
}

size_t sigma_rules_correlation_count(const struct sigma_rules *rules) {
    return rules->correlation_count;
}
