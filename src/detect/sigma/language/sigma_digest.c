#include "sigma_digest.h"

#include <stdlib.h>

#include "hash.h"
#include "i18n.h"
#include "input_file.h"
#include "mem.h"
#include "sigma_case.h"
#include "sigma_collection.h"

enum { DIGEST_FILE_LIMIT = 4 << 20 };

struct digest_reader {
    struct sigma_digests *out;
    struct sigma_yaml *yaml;
    struct str root; /* the path as given */
    struct err *err;
    bool failed;
};

/* --- hash of a value --- */

static uint64_t hash_node(struct sigma_yaml *y, const sigma_yaml_node *n);

/* Order of keys does not count: the hashes of the entries are added up. */
static uint64_t hash_map(struct sigma_yaml *y, const sigma_yaml_node *map) {
    uint64_t sum = 1;
    for (size_t i = 0; i < sigma_yaml_count(map); i++) {
        struct str key;
        const sigma_yaml_node *value = sigma_yaml_entry(y, &key, map, i);
        const uint64_t pair[2] = {hash_str(key), hash_node(y, value)};
        sum += hash_str(str_make((const char *)pair, sizeof pair));
    }
    return sum;
}

static uint64_t hash_list(struct sigma_yaml *y, const sigma_yaml_node *list) {
    uint64_t hash = 2;
    for (size_t i = 0; i < sigma_yaml_count(list); i++) {
        const uint64_t pair[2] = {hash, hash_node(y, sigma_yaml_item(y, list, i))};
        hash = hash_str(str_make((const char *)pair, sizeof pair));
    }
    return hash;
}

static uint64_t hash_node(struct sigma_yaml *y, const sigma_yaml_node *n) {
    if (sigma_yaml_is_map(n)) {
        return hash_map(y, n);
    }
    if (sigma_yaml_is_list(n)) {
        return hash_list(y, n);
    }
    return hash_str(sigma_yaml_text(n)) + (uint64_t)sigma_yaml_type(n);
}

/* --- documents --- */

static bool is_meaning(struct str key) {
    static const struct str keys[] = {STR_INIT("logsource"), STR_INIT("detection"),
                                      STR_INIT("correlation"), STR_INIT("filter")};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (str_eq(key, keys[i])) {
            return true;
        }
    }
    return false;
}

static int compare_keys(const void *a, const void *b) {
    const struct sigma_digest_key *x = a, *y = b;
    return str_compare(x->name, y->name);
}

static void read_keys(struct digest_reader *r, struct sigma_digest *d, const sigma_yaml_node *map) {
    struct arena *arena = &r->out->arena;
    size_t count = sigma_yaml_count(map);
    struct sigma_digest_key *keys = arena_array(arena, count + 1, sizeof *keys);
    for (size_t i = 0; i < count; i++) {
        struct str name;
        const sigma_yaml_node *value = sigma_yaml_entry(r->yaml, &name, map, i);
        struct str text = sigma_yaml_is_scalar(value) ? sigma_yaml_text(value) : STR_EMPTY;
        keys[i] = (struct sigma_digest_key){.name = arena_str(arena, name),
                                            .text = arena_str(arena, text),
                                            .hash = hash_node(r->yaml, value),
                                            .is_meaning = is_meaning(name)};
        if (str_eq(name, STR("id"))) {
            d->id = keys[i].text;
        } else if (str_eq(name, STR("title"))) {
            d->title = keys[i].text;
        }
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    d->keys = keys;
    d->key_count = count;
}

static void add_document(struct digest_reader *r, struct str path, size_t number,
                         const sigma_yaml_node *root) {
    struct sigma_digests *out = r->out;
    struct sigma_digest d = {.id = STR_EMPTY, .title = STR_EMPTY, .path = path};
    d.place = str_skip(path, r->root.len + 1);
    read_keys(r, &d, root);
    if (d.id.len == 0) {
        struct str name = str_skip(path, str_rfind_char(path, '/') + 1);
        name = str_head(name, str_rfind_char(name, '.'));
        d.id =
            number == 0 ? name : arena_printf(&out->arena, "%.*s#%zu", STR_ARG(name), number + 1);
    }
    MEM_GROW(out->items, out->capacity, out->count + 1);
    out->items[out->count++] = d;
}

static void add_failure(struct digest_reader *r, struct str path, struct str why) {
    struct sigma_digests *out = r->out;
    MEM_GROW(out->failures, out->failure_capacity, out->failure_count + 1);
    out->failures[out->failure_count++] =
        (struct sigma_digest_failure){.path = path, .why = arena_str(&out->arena, why)};
}

static void read_documents(struct digest_reader *r, struct str path, struct str bytes) {
    struct sigma_yaml yaml;
    struct err why = ERR_INIT;
    const sigma_yaml_node *root = NULL;
    sigma_yaml_open(&yaml, bytes);
    r->yaml = &yaml;
    for (size_t number = 0;; number++) {
        if (sigma_collection_next(&yaml, &root, &why) != STATUS_OK) {
            add_failure(r, path, str_from_c(why.message));
            break;
        }
        if (root == NULL) {
            break;
        }
        if (sigma_yaml_is_map(root)) {
            add_document(r, path, number, root);
        }
    }
    sigma_yaml_close(&yaml);
}

/* --- files --- */

static enum status visit(const char *path, void *ctx) {
    struct digest_reader *r = ctx;
    struct str name = str_from_c(path);
    struct input_file file;
    bool is_rule = str_ends_ci(name, STR(".yml")) || str_ends_ci(name, STR(".yaml"));
    if ((!is_rule && !str_eq(name, r->root)) || sigma_case_is_name(name)) {
        return STATUS_OK;
    }
    enum status s = input_file_open(&file, path, r->err);
    if (s != STATUS_OK) {
        return s;
    }
    struct str kept = arena_str(&r->out->arena, name);
    if (file.size_bytes > DIGEST_FILE_LIMIT) {
        add_failure(r, kept, str_from_c(_("the file is larger than 4 MiB")));
    } else {
        read_documents(r, kept, str_make((const char *)file.bytes, file.size_bytes));
    }
    input_file_close(&file);
    return STATUS_OK;
}

static void unreadable(const char *path, const struct err *err, void *ctx) {
    struct digest_reader *r = ctx;
    (void)path; /* the message names it */
    if (!r->failed) {
        r->failed = true;
        *r->err = *err;
    }
}

static int compare_digests(const void *a, const void *b) {
    const struct sigma_digest *x = a, *y = b;
    int order = str_compare(x->id, y->id);
    return order != 0 ? order : str_compare(x->place, y->place);
}

enum status sigma_digests_load(struct sigma_digests *out, const char *path, struct err *err) {
    struct digest_reader r = {.out = out, .root = str_from_c(path), .err = err};
    while (r.root.len > 1 && r.root.ptr[r.root.len - 1] == '/') {
        r.root.len--;
    }
    enum status s = input_walk(path, visit, unreadable, &r);
    if (s == STATUS_OK && r.failed) {
        s = STATUS_ENVIRONMENT;
    }
    if (s == STATUS_OK && out->count > 1) {
        qsort(out->items, out->count, sizeof *out->items, compare_digests);
    }
    return s;
}

void sigma_digests_fini(struct sigma_digests *digests) {
    mem_free(digests->items);
    mem_free(digests->failures);
    arena_fini(&digests->arena);
    *digests = (struct sigma_digests){0};
}
