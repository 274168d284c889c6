#include "sigma_schema.h"
#include "i18n.h"

enum shape { SHAPE_TEXT, SHAPE_TEXTS, SHAPE_DATE, SHAPE_TAGS, SHAPE_MAP, SHAPE_RELATED };

struct schema_row {
    const char *key;
    enum shape shape;
    size_t max_characters;
    bool required;
    const char *words; /* allowed words, separated by blanks; NULL: any */
};

static const struct schema_row rows[] = {
    {"title", SHAPE_TEXT, 256, true, NULL},
    {"id", SHAPE_TEXT, 256, false, NULL},
    {"name", SHAPE_TEXT, 256, false, NULL},
    {"taxonomy", SHAPE_TEXT, 256, false, NULL},
    {"status", SHAPE_TEXT, 64, false, "stable test experimental deprecated unsupported"},
    {"description", SHAPE_TEXT, 65535, false, NULL},
    {"license", SHAPE_TEXT, 65535, false, NULL},
    {"author", SHAPE_TEXT, 65535, false, NULL},
    {"references", SHAPE_TEXTS, 65535, false, NULL},
    {"date", SHAPE_DATE, 10, false, NULL},
    {"modified", SHAPE_DATE, 10, false, NULL},
    {"logsource", SHAPE_MAP, 65535, true, NULL},
    {"fields", SHAPE_TEXTS, 65535, false, NULL},
    {"falsepositives", SHAPE_TEXTS, 65535, false, NULL},
    {"level", SHAPE_TEXT, 64, false, "informational low medium high critical"},
    {"tags", SHAPE_TAGS, 256, false, NULL},
    {"scope", SHAPE_TEXTS, 65535, false, NULL},
    {"related", SHAPE_RELATED, 0, false, "derived obsolete merged renamed similar"},
};

/* YYYY-MM-DD; the older form with slashes is still common and says the same. */
static bool is_date(struct str s) {
    static const char shape[] = "0000-00-00";
    if (s.len != sizeof shape - 1 || (s.ptr[4] != '-' && s.ptr[4] != '/') || s.ptr[7] != s.ptr[4]) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (shape[i] == '0' && !ascii_is_digit(s.ptr[i])) {
            return false;
        }
    }
    int month = (s.ptr[5] - '0') * 10 + s.ptr[6] - '0';
    int day = (s.ptr[8] - '0') * 10 + s.ptr[9] - '0';
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* ^[a-z0-9_-]+\.[a-z0-9._-]+$ */
static bool is_tag(struct str s) {
    size_t dot = str_find_char(s, '.');
    if (dot == STR_NONE || dot == 0 || dot + 1 == s.len) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !ascii_is_digit(c) && c != '_' && c != '-' && c != '.') {
            return false;
        }
    }
    return true;
}

static enum status wrong(const struct schema_row *row, const sigma_yaml_node *n, const char *wanted,
                         struct err *err) {
    return err_set(err, STATUS_BAD_INPUT, "line %zu: '%s' must be %s", sigma_yaml_line(n), row->key,
                   _(wanted));
}

static enum status check_text(const struct schema_row *row, const sigma_yaml_node *n,
                              struct err *err) {
    if (!sigma_yaml_is_scalar(n) || sigma_yaml_type(n) == SIGMA_SCALAR_NULL) {
        return wrong(row, n, N_("text"), err);
    }
    struct str text = sigma_yaml_text(n);
    if (str_characters(text) > row->max_characters) {
        return err_set(err, STATUS_BAD_INPUT, "line %zu: '%s' is longer than %zu characters",
                       sigma_yaml_line(n), row->key, row->max_characters);
    }
    if (row->shape == SHAPE_DATE && !is_date(text)) {
        return wrong(row, n, N_("a date such as 2026-01-31"), err);
    }
    if (row->shape == SHAPE_TAGS && !is_tag(text)) {
        return wrong(row, n, N_("tags such as attack.t1059 in lower case"), err);
    }
    if (row->shape == SHAPE_TEXT && row->words != NULL && !str_is_word_of(text, row->words)) {
        return err_set(err, STATUS_BAD_INPUT, "line %zu: '%s' is '%.*s'; allowed: %s",
                       sigma_yaml_line(n), row->key, STR_ARG(str_head(text, 60)), row->words);
    }
    return STATUS_OK;
}

static enum status check_texts(struct sigma_yaml *yaml, const struct schema_row *row,
                               const sigma_yaml_node *n, struct err *err) {
    if (!sigma_yaml_is_list(n)) {
        /* "falsepositives: Unknown" and the like describe only: read as a list of one */
        return sigma_yaml_is_scalar(n) && row->shape != SHAPE_TAGS
                   ? STATUS_OK
                   : wrong(row, n, N_("a list"), err);
    }
    for (size_t i = 0; i < sigma_yaml_count(n); i++) {
        enum status s = check_text(row, sigma_yaml_item(yaml, n, i), err);
        if (s != STATUS_OK) {
            return s;
        }
    }
    return STATUS_OK;
}

static enum status check_map(struct sigma_yaml *yaml, const struct schema_row *row,
                             const sigma_yaml_node *n, struct err *err) {
    if (!sigma_yaml_is_map(n)) {
        return wrong(row, n, N_("a map"), err);
    }
    for (size_t i = 0; i < sigma_yaml_count(n); i++) {
        struct str key;
        const sigma_yaml_node *value = sigma_yaml_entry(yaml, &key, n, i);
        bool known = str_is_word_of(key, "category product service definition");
        if (known &&
            (!sigma_yaml_is_scalar(value) || sigma_yaml_type(value) == SIGMA_SCALAR_NULL)) {
            return err_set(err, STATUS_BAD_INPUT, "line %zu: '%s: %.*s' must be text",
                           sigma_yaml_line(value), row->key, STR_ARG(str_head(key, 60)));
        }
    }
    return STATUS_OK;
}

static enum status check_related(struct sigma_yaml *yaml, const struct schema_row *row,
                                 const sigma_yaml_node *n, struct err *err) {
    if (!sigma_yaml_is_list(n)) {
        return wrong(row, n, N_("a list"), err);
    }
    for (size_t i = 0; i < sigma_yaml_count(n); i++) {
        const sigma_yaml_node *item = sigma_yaml_item(yaml, n, i);
        const sigma_yaml_node *id =
            sigma_yaml_is_map(item) ? sigma_yaml_get(yaml, item, "id") : NULL;
        const sigma_yaml_node *type = id != NULL ? sigma_yaml_get(yaml, item, "type") : NULL;
        if (!sigma_yaml_is_scalar(id) || !sigma_yaml_is_scalar(type)) {
            return wrong(row, item, N_("a list of maps with 'id' and 'type'"), err);
        }
        if (!str_is_word_of(sigma_yaml_text(type), row->words)) {
            return err_set(err, STATUS_BAD_INPUT, "line %zu: related type '%.*s'; allowed: %s",
                           sigma_yaml_line(type), STR_ARG(str_head(sigma_yaml_text(type), 60)),
                           row->words);
        }
    }
    return STATUS_OK;
}

static enum status check_row(struct sigma_yaml *yaml, const struct schema_row *row,
                             const sigma_yaml_node *n, struct err *err) {
    switch (row->shape) {
    case SHAPE_TEXT:
    case SHAPE_DATE:
        return check_text(row, n, err);
    case SHAPE_TEXTS:
    case SHAPE_TAGS:
        return check_texts(yaml, row, n, err);
    case SHAPE_MAP:
        return check_map(yaml, row, n, err);
    default:
        return check_related(yaml, row, n, err);
    }
}

/* "tags:" with nothing behind it is common and says no more than no tags at all. */
static bool is_left_empty(const sigma_yaml_node *n) {
    return sigma_yaml_is_scalar(n) && sigma_yaml_type(n) == SIGMA_SCALAR_NULL;
}

enum status sigma_schema_check(struct sigma_yaml *yaml, const sigma_yaml_node *root,
                               struct err *err) {
    /* a correlation has no log source of its own: its rules have */
    bool is_correlation = sigma_yaml_get(yaml, root, "correlation") != NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const sigma_yaml_node *n = sigma_yaml_get(yaml, root, rows[i].key);
        if (n == NULL && rows[i].required && !(is_correlation && rows[i].shape == SHAPE_MAP)) {
            return err_set(err, STATUS_BAD_INPUT, "line %zu: '%s' is missing",
                           sigma_yaml_line(root), rows[i].key);
        }
        if (n == NULL || (!rows[i].required && is_left_empty(n))) {
            continue;
        }
        enum status s = check_row(yaml, &rows[i], n, err);
        if (s != STATUS_OK) {
            return s;
        }
    }
    return STATUS_OK;
}
