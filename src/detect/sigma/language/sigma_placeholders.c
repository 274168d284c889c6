#include "sigma_placeholders.h"

#include "input_file.h"
#include "intern.h"
#include "mem.h"
#include "sigma_yaml.h"

enum { FILE_LIMIT = 16 << 20, VALUE_LIMIT = 100000 };

struct list {
    struct str *items;
    size_t count;
    size_t capacity;
};

struct sigma_placeholders {
    struct arena arena;
    struct intern names;
    struct list *lists; /* by name */
    size_t capacity;
};

static struct list *list_of(struct sigma_placeholders *p, struct str name) {
    uint32_t before = p->names.count;
    uint32_t id = intern_add(&p->names, name);
    MEM_GROW(p->lists, p->capacity, (size_t)id + 1);
    if (id == before) {
        memset(&p->lists[id], 0, sizeof p->lists[id]);
    }
    return &p->lists[id];
}

static enum status add_value(struct sigma_placeholders *p, struct list *list, struct str name,
                             const sigma_yaml_node *n, struct err *err) {
    if (!sigma_yaml_is_scalar(n) || sigma_yaml_type(n) == SIGMA_SCALAR_NULL) {
        return err_set(err, STATUS_BAD_INPUT,
                       "line %zu: a value of the placeholder '%.*s' must be text or a number",
                       sigma_yaml_line(n), STR_ARG(str_head(name, 60)));
    }
    if (list->count == VALUE_LIMIT) {
        return err_set(err, STATUS_BAD_INPUT,
                       "line %zu: the placeholder '%.*s' has more than %d values",
                       sigma_yaml_line(n), STR_ARG(str_head(name, 60)), VALUE_LIMIT);
    }
    MEM_GROW(list->items, list->capacity, list->count + 1);
    list->items[list->count++] = arena_str(&p->arena, sigma_yaml_text(n));
    return STATUS_OK;
}

static enum status add_name(struct sigma_placeholders *p, struct sigma_yaml *yaml, struct str name,
                            const sigma_yaml_node *n, struct err *err) {
    if (sigma_yaml_is_list(n) && sigma_yaml_count(n) == 0) {
        return err_set(err, STATUS_BAD_INPUT, "line %zu: the placeholder '%.*s' has no values",
                       sigma_yaml_line(n), STR_ARG(str_head(name, 60)));
    }
    struct list *list = list_of(p, name);
    if (!sigma_yaml_is_list(n)) {
        return add_value(p, list, name, n, err);
    }
    for (size_t i = 0; i < sigma_yaml_count(n); i++) {
        enum status s = add_value(p, list, name, sigma_yaml_item(yaml, n, i), err);
        if (s != STATUS_OK) {
            return s;
        }
    }
    return STATUS_OK;
}

static enum status add_document(struct sigma_placeholders *p, struct sigma_yaml *yaml,
                                const sigma_yaml_node *root, struct err *err) {
    const sigma_yaml_node *map = root;
    if (sigma_yaml_is_map(root) && sigma_yaml_is_map(sigma_yaml_get(yaml, root, "vars"))) {
        map = sigma_yaml_get(yaml, root, "vars");
    }
    if (!sigma_yaml_is_map(map)) {
        return err_set(err, STATUS_BAD_INPUT,
                       "line %zu: placeholders are a map of names to lists of values",
                       sigma_yaml_line(map));
    }
    for (size_t i = 0; i < sigma_yaml_count(map); i++) {
        struct str name;
        const sigma_yaml_node *values = sigma_yaml_entry(yaml, &name, map, i);
        enum status s = add_name(p, yaml, name, values, err);
        if (s != STATUS_OK) {
            return s;
        }
    }
    return STATUS_OK;
}

static enum status add_text(struct sigma_placeholders *p, struct str bytes, struct err *err) {
    struct sigma_yaml yaml;
    const sigma_yaml_node *root;
    sigma_yaml_open(&yaml, bytes);
    enum status s = sigma_yaml_next(&yaml, &root, err);
    while (s == STATUS_OK && root != NULL) {
        s = add_document(p, &yaml, root, err);
        s = s == STATUS_OK ? sigma_yaml_next(&yaml, &root, err) : s;
    }
    sigma_yaml_close(&yaml);
    return s;
}

static enum status add_file(struct sigma_placeholders *p, const char *path, struct err *err) {
    struct input_file file;
    enum status s = input_file_open(&file, path, err);
    if (s != STATUS_OK) {
        return s;
    }
    if (file.size_bytes > FILE_LIMIT) {
        s = err_set(err, STATUS_BAD_INPUT, "%s: larger than %d bytes", path, FILE_LIMIT);
    } else {
        s = add_text(p, str_make((const char *)file.bytes, file.size_bytes), err);
        s = s == STATUS_OK ? s : err_wrap(err, s, "%s", path);
    }
    input_file_close(&file);
    return s;
}

enum status sigma_placeholders_load(struct sigma_placeholders **out, const char *const *paths,
                                    size_t count, struct err *err) {
    struct sigma_placeholders *p = mem_calloc(1, sizeof *p);
    enum status s = STATUS_OK;
    for (size_t i = 0; i < count && s == STATUS_OK; i++) {
        s = add_file(p, paths[i], err);
    }
    if (s != STATUS_OK) {
        sigma_placeholders_free(&p);
        return s;
    }
    *out = p;
    return STATUS_OK;
}

void sigma_placeholders_free(struct sigma_placeholders **placeholders) {
    struct sigma_placeholders *p = *placeholders;
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < p->names.count; i++) {
        mem_free(p->lists[i].items);
    }
    mem_free(p->lists);
    intern_fini(&p->names);
    arena_fini(&p->arena);
    mem_free(p);
    *placeholders = NULL;
}

size_t sigma_placeholders_find(const struct str **values,
                               const struct sigma_placeholders *placeholders, struct str name) {
    uint32_t id = placeholders == NULL ? INTERN_NONE : intern_find(&placeholders->names, name);
    if (id == INTERN_NONE) {
        return 0;
    }
    *values = placeholders->lists[id].items;
    return placeholders->lists[id].count;
}

static void describe_text(struct buf *out, struct str text) {
    buf_append(out, &text.len, sizeof text.len);
    buf_add(out, text);
}

void sigma_placeholders_describe(struct buf *out, const struct sigma_placeholders *placeholders) {
    for (uint32_t i = 0; placeholders != NULL && i < placeholders->names.count; i++) {
        const struct list *list = &placeholders->lists[i];
        describe_text(out, intern_text(&placeholders->names, i));
        buf_append(out, &list->count, sizeof list->count);
        for (size_t j = 0; j < list->count; j++) {
            describe_text(out, list->items[j]);
        }
    }
}
