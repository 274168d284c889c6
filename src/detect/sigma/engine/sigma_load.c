#include "check.h"
#include "hash.h"
#include "input_file.h"
#include "mem.h"
#include "sigma_case.h"
#include "sigma_set.h"

#include <stdlib.h>

enum { RULE_FILE_LIMIT = 4 << 20, TREE_LIMIT = 50000 };

/* What is read before anything is compiled. */
struct loader {
    struct arena *arena;
    struct sigma_document *documents;
    uint64_t *hashes; /* of the files the documents came from */
    size_t count;
    size_t capacity;
    const char *argument; /* the path as given: taken whatever its name */
    sigma_load_fn *report;
    void *ctx;
    struct err *err;
    bool failed;
};

/* --- reading --- */

static size_t tree_size(const struct sigma_node *n) {
    size_t size = 1;
    for (size_t i = 0; i < n->child_count && size < TREE_LIMIT; i++) {
        size += tree_size(n->children[i]);
    }
    return size;
}

static void tell(const struct loader *l, const struct sigma_document *d, struct str why) {
    if (l->report != NULL) {
        l->report(&d->info, why, l->ctx);
    }
}

static void keep(struct loader *l, struct sigma_document *d, uint64_t hash) {
    d->info.is_source_known = sigma_logsource_is_known(&d->logsource);
    if (tree_size(d->root) >= TREE_LIMIT) {
        tell(l, d, STR("the rule has too many tests after expansion"));
        return;
    }
    size_t hash_capacity = l->capacity;
    MEM_GROW(l->documents, l->capacity, l->count + 1);
    if (l->capacity != hash_capacity) {
        l->hashes = mem_realloc(l->hashes, l->capacity, sizeof *l->hashes);
    }
    l->hashes[l->count] = hash;
    l->documents[l->count++] = *d;
    tell(l, d, STR_EMPTY);
}

static void read_documents(struct loader *l, struct str path, struct str bytes) {
    struct sigma_yaml yaml;
    struct sigma_document d = {.info = {.path = path}};
    const sigma_yaml_node *root;
    sigma_yaml_open(&yaml, bytes);
    for (size_t number = 0;; number++) {
        struct err why = ERR_INIT;
        enum status s = sigma_yaml_next(&yaml, &root, &why);
        if (s == STATUS_OK && root == NULL) {
            if (number == 0) {
                tell(l, &d, STR("the file is empty"));
            }
            break;
        }
        bool readable = s == STATUS_OK;
        s = readable ? sigma_document_parse(&d, l->arena, &yaml, root, path, &why) : s;
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

static bool is_rule_name(const char *path) {
    struct str s = str_from_c(path);
    return (str_ends_ci(s, STR(".yml")) || str_ends_ci(s, STR(".yaml"))) && !sigma_case_is_name(s);
}

static enum status visit(const char *path, void *ctx) {
    struct loader *l = ctx;
    if (!is_rule_name(path) && strcmp(path, l->argument) != 0) {
        return STATUS_OK;
    }
    struct input_file file;
    struct str kept = arena_str(l->arena, str_from_c(path));
    enum status s = input_file_open(&file, path, l->err);
    if (s != STATUS_OK) {
        return s;
    }
    if (file.size_bytes > RULE_FILE_LIMIT) {
        struct sigma_document d = {.info = {.path = kept, .id = kept}};
        tell(l, &d, STR("the file is larger than 4 MiB"));
    } else {
        read_documents(l, kept, str_make((const char *)file.bytes, file.size_bytes));
    }
    input_file_close(&file);
    return STATUS_OK;
}

static void unreadable(const char *path, const struct err *err, void *ctx) {
    struct loader *l = ctx;
    (void)path; /* the message names it */
    if (!l->failed) {
        l->failed = true;
        (void)err_set(l->err, STATUS_ENVIRONMENT, "%s", err->message);
    }
}

/* --- order, duplicates, filters --- */

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
        if (!l->documents[i].is_filter) {
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

static bool is_target(const struct sigma_document *filter, const struct sigma_document *rule) {
    for (size_t i = 0; i < filter->target_count; i++) {
        struct str target = filter->targets[i];
        if (str_eq(target, STR("any")) || str_eq_ci(target, rule->info.id) ||
            (rule->name.len > 0 && str_eq(target, rule->name))) {
            return sigma_logsource_has(&filter->logsource, &rule->logsource);
        }
    }
    return false;
}

/* A filter's condition is ANDed to the rules that it names. */
static void apply_filters(struct sigma_rules *set, const struct loader *l) {
    for (size_t f = 0; f < l->count; f++) {
        for (size_t r = 0; l->documents[f].is_filter && r < set->rule_count; r++) {
            struct sigma_document *rule = &set->documents[r];
            if (is_target(&l->documents[f], rule)) {
                struct sigma_node *both = sigma_node_inner(&set->arena, SIGMA_NODE_AND, 2);
                both->children[0] = rule->root;
                both->children[1] = l->documents[f].root;
                rule->root = both;
            }
        }
    }
}

static enum status compile(struct sigma_rules *set, bool everywhere, struct err *err) {
    for (size_t i = 0; i < set->rule_count; i++) {
        enum status s = sigma_set_add(set, (uint32_t)i, everywhere, err);
        if (s != STATUS_OK) {
            return err_wrap(err, s, "%.*s", STR_ARG(set->documents[i].info.path));
        }
    }
    return sigma_set_finish(set, err);
}

enum status sigma_rules_load(struct sigma_rules **out, const struct sigma_load_options *options,
                             struct err *err) {
    struct sigma_rules *set = mem_calloc(1, sizeof *set);
    struct loader l = {
        .arena = &set->arena, .report = options->report, .ctx = options->ctx, .err = err};
    enum status s = STATUS_OK;
    sigma_set_init(set);
    for (size_t i = 0; i < options->path_count && s == STATUS_OK; i++) {
        l.argument = options->paths[i];
        s = input_walk(options->paths[i], visit, unreadable, &l);
        s = s == STATUS_OK && l.failed ? STATUS_ENVIRONMENT : s;
    }
    if (s == STATUS_OK) {
        sort_rules(set, &l);
        apply_filters(set, &l);
        s = compile(set, options->everywhere, err);
    }
    mem_free(l.documents);
    mem_free(l.hashes);
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
    return rules->rule_count;
}
