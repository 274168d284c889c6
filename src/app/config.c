#include "config.h"
#include "i18n.h"

#include <stdio.h>

#include "conf.h"
#include "input_file.h"
#include "mem.h"
#include "num.h"

enum config_type { CONFIG_TYPE_TEXT, CONFIG_TYPE_LIST, CONFIG_TYPE_DURATION, CONFIG_TYPE_SIZE };

static const struct config_row {
    struct str name;
    enum config_type type;
    double min;
    double max;
    const char *def;
    const char *en;
    const char *ja;
} rows[] = {
#define CONFIG(id, name, type, min, max, def, en, ja)                                              \
    {STR_INIT(name), CONFIG_TYPE_##type, min, max, def, en, ja},
#include "config.def"
};

/* Reads a DURATION or SIZE. */
static bool parse_number(double *out, enum config_type type, struct str text) {
    int64_t ns;
    uint64_t bytes;
    if (type == CONFIG_TYPE_DURATION && num_parse_duration(&ns, text)) {
        *out = (double)ns;
        return true;
    }
    if (type == CONFIG_TYPE_SIZE && num_parse_size(&bytes, text)) {
        *out = (double)bytes;
        return true;
    }
    return false;
}

void config_init(struct config *out) {
    memset(out, 0, sizeof *out);
    for (int id = 0; id < CONFIG_COUNT; id++) {
        out->values[id].text = "";
        (void)parse_number(&out->values[id].number, rows[id].type, str_from_c(rows[id].def));
    }
}

void config_fini(struct config *config) {
    for (int id = 0; id < CONFIG_COUNT; id++) {
        mem_free(config->values[id].items);
    }
    arena_fini(&config->arena);
    memset(config, 0, sizeof *config);
}

void config_add_item(struct config *config, enum config_id id, const char *item) {
    struct config_value *value = &config->values[id];
    value->items = mem_realloc(value->items, value->item_count + 1, sizeof *value->items);
    value->items[value->item_count++] = arena_str(&config->arena, str_from_c(item)).ptr;
}

struct loader {
    struct config *config;
    const char *path;
    struct err *err;
};

static enum status refuse(const struct loader *loader, const struct conf_node *node,
                          struct str name, const char *what) {
    return err_set(loader->err, STATUS_BAD_INPUT, "%s: line %u: %.*s %s", loader->path, node->line,
                   STR_ARG(name), what);
}

static enum status set_number(const struct loader *loader, enum config_id id,
                              const struct conf_node *node) {
    struct str text = node->text;
    const struct config_row *row = &rows[id];
    double number;
    char what[256];
    if (!parse_number(&number, row->type, text)) {
        (void)snprintf(what, sizeof what, _("is '%.*s'; it wants a %s"), STR_ARG(text),
                       row->type == CONFIG_TYPE_SIZE ? _("size such as 4MiB")
                                                     : _("time span such as 200ms, 30s or 15min"));
        return refuse(loader, node, row->name, what);
    }
    if (number < row->min || number > row->max) {
        double unit = row->type == CONFIG_TYPE_SIZE ? 1 : 1e9;
        (void)snprintf(what, sizeof what, _("is '%.*s'; allowed is %g to %g %s"), STR_ARG(text),
                       row->min / unit, row->max / unit,
                       row->type == CONFIG_TYPE_SIZE ? _("bytes") : _("seconds"));
        return refuse(loader, node, row->name, what);
    }
    loader->config->values[id].number = number;
    return STATUS_OK;
}

static enum status set_value(const struct loader *loader, enum config_id id,
                             const struct conf_node *node) {
    switch (rows[id].type) {
    case CONFIG_TYPE_TEXT:
        loader->config->values[id].text = node->text.ptr;
        return STATUS_OK;
    case CONFIG_TYPE_LIST:
        config_add_item(loader->config, id, node->text.ptr);
        return STATUS_OK;
    default:
        return set_number(loader, id, node);
    }
}

static enum status set_list(const struct loader *loader, enum config_id id, struct str name,
                            const struct conf_node *list) {
    if (rows[id].type != CONFIG_TYPE_LIST) {
        return refuse(loader, list, name, _("takes one value, not a list"));
    }
    enum status status = STATUS_OK;
    for (const struct conf_node *item = list->first; status == STATUS_OK && item != NULL;
         item = item->next) {
        status =
            item->type == CONF_TEXT
                ? set_value(loader, id, item)
                : refuse(loader, item, name, _("takes texts, no sections or lists in the list"));
    }
    return status;
}

static enum status load_section(const struct loader *loader, struct str prefix,
                                const struct conf_node *section);

/* One name: a section to go into, or a setting. */
static enum status load_node(const struct loader *loader, struct str name,
                             const struct conf_node *node) {
    if (node->type == CONF_SECTION) {
        return load_section(loader, name, node);
    }
    int id = 0;
    while (id < CONFIG_COUNT && !str_eq(rows[id].name, name)) {
        id++;
    }
    if (id == CONFIG_COUNT) {
        return refuse(loader, node, name, _("is no setting; docs/manual/config.md lists them"));
    }
    if (node->type == CONF_LIST) {
        return set_list(loader, (enum config_id)id, name, node);
    }
    return set_value(loader, (enum config_id)id, node);
}

static enum status load_section(const struct loader *loader, struct str prefix,
                                const struct conf_node *section) {
    enum status status = STATUS_OK;
    for (const struct conf_node *node = section->first; status == STATUS_OK && node != NULL;
         node = node->next) {
        struct str name = arena_printf(&loader->config->arena, "%.*s%s%.*s", STR_ARG(prefix),
                                       prefix.len > 0 ? "." : "", STR_ARG(node->name));
        status = load_node(loader, name, node);
    }
    return status;
}

enum status config_load(struct config *config, const char *path, struct err *err) {
    struct input_file file;
    enum status status = input_file_open(&file, path, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct conf_node *root;
    struct str text = str_make((const char *)file.bytes, file.size_bytes);
    status = conf_parse(&root, &config->arena, text, path, err);
    if (status == STATUS_OK) {
        status = load_section(&(struct loader){config, path, err}, STR_EMPTY, root);
    }
    input_file_close(&file);
    return status;
}

void config_describe(struct buf *out, bool japanese) {
    static const char *const types[] = {"text", "list", "time span", "size"};
    buf_printf(out, japanese ? "| 名前 | 型 | 既定値 | 意味 |\n"
                             : "| name | type | default | meaning |\n");
    buf_printf(out, "|---|---|---|---|\n");
    for (int id = 0; id < CONFIG_COUNT; id++) {
        const struct config_row *row = &rows[id];
        buf_printf(out, "| `%.*s` | %s | %s | %s |\n", STR_ARG(row->name), types[row->type],
                   row->def[0] != '\0' ? row->def : "-", japanese ? row->ja : row->en);
    }
}
