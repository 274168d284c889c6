/*
 * The sections `correlation` and `filter`, key by key as the JSON schemas of the specification have
 * them (sigma-correlation-rules-schema.json, sigma-filters-schema.json). What konseki runs beyond
 * them is a warning, so that the author knows that others may refuse it.
 */
#include "i18n.h"
#include "sigma_lint_work.h"

enum shape {
    SHAPE_TEXT,
    SHAPE_TEXTS, /* a list of different texts */
    SHAPE_MAPS,  /* a map of maps of texts */
    SHAPE_MAP,
    SHAPE_SELECTION /* a list or a map */
};

struct row {
    const char *key;
    enum shape shape;
    bool is_required;
    size_t max_characters; /* of a text */
    const char *words;     /* allowed ones; NULL: any */
    const char *beyond;    /* words, or the one text in place of a list, that only konseki knows */
};

static const struct row correlation_rows[] = {
    {"type", SHAPE_TEXT, true, 16,
     "event_count value_count temporal temporal_ordered value_sum value_avg value_percentile",
     "value_median"},
    {"rules", SHAPE_TEXTS, true, 0, NULL, NULL},
    {"aliases", SHAPE_MAPS, false, 0, NULL, NULL},
    {"group-by", SHAPE_TEXTS, true, 0, NULL, NULL},
    {"timespan", SHAPE_TEXT, true, 10, NULL, NULL},
    {"condition", SHAPE_MAP, true, 0, NULL, NULL}};

static const struct row filter_rows[] = {{"rules", SHAPE_TEXTS, true, 0, NULL, "any"},
                                         {"selection", SHAPE_SELECTION, true, 0, NULL, NULL},
                                         {"condition", SHAPE_TEXT, true, SIZE_MAX, NULL, NULL}};

static void tell_type(const struct sigma_lint_work *w, const sigma_yaml_node *n, const char *key,
                      const char *wanted) {
    sigma_lint_tell_more(w, SIGMA_LINT_TYPE, sigma_yaml_line(n), str_from_c(key), wanted);
}

static bool is_beyond(const struct row *row, const sigma_yaml_node *n) {
    return row->beyond != NULL && sigma_lint_is_text(n) &&
           str_is_word_of(sigma_yaml_text(n), row->beyond);
}

static void check_text(const struct sigma_lint_work *w, const struct row *row,
                       const sigma_yaml_node *n) {
    if (!sigma_lint_is_text(n)) {
        tell_type(w, n, row->key, _("text"));
        return;
    }
    struct str text = sigma_yaml_text(n);
    if (str_characters(text) > row->max_characters) {
        sigma_lint_tell(w, SIGMA_LINT_LENGTH, sigma_yaml_line(n), str_from_c(row->key));
    } else if (is_beyond(row, n)) {
        sigma_lint_tell(w, SIGMA_LINT_EXTENSION, sigma_yaml_line(n), text);
    } else if (row->words != NULL && !str_is_word_of(text, row->words)) {
        sigma_lint_tell_more(w, SIGMA_LINT_WORD, sigma_yaml_line(n), text, row->words);
    }
}

static void check_texts(const struct sigma_lint_work *w, const struct row *row,
                        const sigma_yaml_node *list) {
    if (is_beyond(row, list)) {
        sigma_lint_tell(w, SIGMA_LINT_EXTENSION, sigma_yaml_line(list), sigma_yaml_text(list));
        return;
    }
    if (!sigma_yaml_is_list(list) || sigma_yaml_count(list) == 0) {
        tell_type(w, list, row->key, _("a list of texts"));
        return;
    }
    for (size_t i = 0; i < sigma_yaml_count(list); i++) {
        const sigma_yaml_node *n = sigma_yaml_item(w->yaml, list, i);
        if (!sigma_lint_is_text(n)) {
            tell_type(w, n, row->key, _("a list of texts"));
        } else if (sigma_lint_stands_before(w, list, i)) {
            sigma_lint_tell(w, SIGMA_LINT_DUPLICATE_ENTRY, sigma_yaml_line(n), sigma_yaml_text(n));
        }
    }
}

static void check_maps(const struct sigma_lint_work *w, const struct row *row,
                       const sigma_yaml_node *map) {
    struct str name;
    if (!sigma_yaml_is_map(map)) {
        tell_type(w, map, row->key, _("a map"));
        return;
    }
    for (size_t i = 0; i < sigma_yaml_count(map); i++) {
        const sigma_yaml_node *fields = sigma_yaml_entry(w->yaml, &name, map, i);
        if (!sigma_yaml_is_map(fields)) {
            tell_type(w, fields, row->key, _("a map"));
        }
    }
}

static void check_row(const struct sigma_lint_work *w, const struct row *row,
                      const sigma_yaml_node *n) {
    switch (row->shape) {
    case SHAPE_TEXT:
        check_text(w, row, n);
        break;
    case SHAPE_TEXTS:
        check_texts(w, row, n);
        break;
    case SHAPE_MAPS:
        check_maps(w, row, n);
        break;
    case SHAPE_MAP:
        if (!sigma_yaml_is_map(n)) {
            tell_type(w, n, row->key, _("a map"));
        }
        break;
    default:
        if (!sigma_yaml_is_map(n) && !sigma_yaml_is_list(n)) {
            tell_type(w, n, row->key, _("a list or a map"));
        }
    }
}

static void check_rows(const struct sigma_lint_work *w, const struct row *rows, size_t count,
                       const sigma_yaml_node *section) {
    for (size_t i = 0; i < count; i++) {
        const sigma_yaml_node *n = sigma_yaml_get(w->yaml, section, rows[i].key);
        if (n != NULL) {
            check_row(w, &rows[i], n);
        } else if (rows[i].is_required) {
            sigma_lint_tell(w, SIGMA_LINT_MISSING, sigma_yaml_line(section),
                            str_from_c(rows[i].key));
        }
    }
}

/* Only the temporal types may do without a condition; a boolean one is not in the schema. */
static void check_correlation(const struct sigma_lint_work *w, const sigma_yaml_node *section) {
    enum { CONDITION = sizeof correlation_rows / sizeof correlation_rows[0] - 1 };
    const sigma_yaml_node *type = sigma_yaml_get(w->yaml, section, "type");
    const sigma_yaml_node *condition = sigma_yaml_get(w->yaml, section, "condition");
    bool is_temporal = sigma_yaml_is_scalar(type) &&
                       str_is_word_of(sigma_yaml_text(type), "temporal temporal_ordered");
    check_rows(w, correlation_rows, CONDITION, section);
    if (condition != NULL && is_temporal && sigma_lint_is_text(condition)) {
        sigma_lint_tell(w, SIGMA_LINT_EXTENSION, sigma_yaml_line(condition),
                        sigma_yaml_text(condition));
    } else if (condition != NULL || !is_temporal) {
        check_rows(w, &correlation_rows[CONDITION], 1, section);
    }
}

void sigma_lint_sections(const struct sigma_lint_work *w, const sigma_yaml_node *root) {
    const sigma_yaml_node *correlation = sigma_yaml_get(w->yaml, root, "correlation");
    const sigma_yaml_node *filter = sigma_yaml_get(w->yaml, root, "filter");
    if (sigma_yaml_is_map(correlation)) { /* anything else is refused */
        check_correlation(w, correlation);
    } else if (sigma_yaml_is_map(filter)) {
        check_rows(w, filter_rows, sizeof filter_rows / sizeof filter_rows[0], filter);
    }
}
