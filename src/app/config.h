/*
 * The configuration file of `konseki serve` (UCL syntax, codec/conf.h) checked against
 * tables/config.def. Unknown names and values out of range are errors that name the file, the line,
 * the value and what is allowed.
 */
#ifndef KONSEKI_CONFIG_H
#define KONSEKI_CONFIG_H

#include "arena.h"
#include "buf.h"
#include "err.h"

enum config_id {
#define CONFIG(id, name, type, min, max, def, en, ja) CONFIG_##id,
#include "config.def"
    CONFIG_COUNT
};

struct config_value {
    double number;      /* DURATION: ns; SIZE: bytes */
    const char *text;   /* TEXT: "" if unset */
    const char **items; /* LIST */
    size_t item_count;
};

struct config {
    struct arena arena;
    struct config_value values[CONFIG_COUNT];
};

/* All defaults. Release with config_fini. */
void config_init(struct config *out);
void config_fini(struct config *config);
/* Reads the file over what is there. On failure the configuration is half set: drop it. */
enum status config_load(struct config *config, const char *path, struct err *err) MUST_CHECK;
/* One more item for a LIST. */
void config_add_item(struct config *config, enum config_id id, const char *item);
/* The table as Markdown for the manual; `japanese` chooses the language of the descriptions. */
void config_describe(struct buf *out, bool japanese);

static inline int64_t config_ns(const struct config *config, enum config_id id) {
    return (int64_t)config->values[id].number;
}

static inline uint64_t config_bytes(const struct config *config, enum config_id id) {
    return (uint64_t)config->values[id].number;
}

static inline const char *config_text(const struct config *config, enum config_id id) {
    return config->values[id].text;
}

#endif
