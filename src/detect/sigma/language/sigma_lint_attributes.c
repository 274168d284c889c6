#include "i18n.h"
#include "sigma_lint_work.h"

enum shape {
    SHAPE_TEXT,
    SHAPE_DATE,
    SHAPE_LIST,
    SHAPE_SET,         /* a list without doubles */
    SHAPE_SET_OR_TEXT, /* or one text of it alone */
    SHAPE_TAGS,
    SHAPE_RELATED,
    SHAPE_OTHER
};
enum kind { RULE = 1, FILTER = 2, CORRELATION = 4, EVERY = 7 };

struct row {
    const char *key;
    unsigned kinds; /* of documents that may have it */
    bool is_required;
    bool is_wanted; /* absent: a warning */
    enum shape shape;
    size_t max_characters;
    const char *words; /* allowed ones; NULL: any */
};

static const char statuses[] = "stable test experimental deprecated unsupported";
static const char levels[] = "informational low medium high critical";
static const char relations[] = "derived obsolete merged renamed similar";

/* specification/json-schema, in its order */
static const struct row rows[] = {
    {"title", EVERY, true, false, SHAPE_TEXT, 256, NULL},
    {"id", EVERY, false, true, SHAPE_TEXT, 256, NULL},
    {"related", RULE | CORRELATION, false, false, SHAPE_RELATED, 0, NULL},
    {"name", EVERY, false, false, SHAPE_TEXT, 256, NULL},
    {"taxonomy", EVERY, false, false, SHAPE_TEXT, 256, NULL},
    {"status", RULE | CORRELATION, false, false, SHAPE_TEXT, 64, statuses},
    {"description", EVERY, false, false, SHAPE_TEXT, 65535, NULL},
    {"license", EVERY, false, false, SHAPE_TEXT, 65535, NULL},
    {"author", EVERY, false, false, SHAPE_TEXT, 65535, NULL},
    {"references", EVERY, false, false, SHAPE_SET, 65535, NULL},
    {"date", EVERY, false, false, SHAPE_DATE, 64, NULL},
    {"modified", EVERY, false, false, SHAPE_DATE, 64, NULL},
    {"logsource", RULE | FILTER, true, false, SHAPE_OTHER, 0, NULL},
    {"detection", RULE, true, false, SHAPE_OTHER, 0, NULL},
    {"filter", FILTER, true, false, SHAPE_OTHER, 0, NULL},
    {"correlation", CORRELATION, true, false, SHAPE_OTHER, 0, NULL},
    {"generate", CORRELATION, false, false, SHAPE_OTHER, 0, NULL},
    {"fields", RULE | CORRELATION, false, false, SHAPE_SET, 65535, NULL},
    {"falsepositives", RULE, false, false, SHAPE_SET, 65535, NULL},
    {"falsepositives", CORRELATION, false, false, SHAPE_SET_OR_TEXT, 65535, NULL},
    {"level", RULE | CORRELATION, false, true, SHAPE_TEXT, 64, levels},
    {"tags", RULE | CORRELATION, false, false, SHAPE_TAGS, 256, NULL},
    {"scope", RULE | CORRELATION, false, false, SHAPE_LIST, 65535, NULL},
    /* in no schema, but in hundreds of SigmaHQ's rules: what tries them, where their cases are */
    {"simulation", RULE | CORRELATION, false, false, SHAPE_OTHER, 0, NULL},
    {"regression_tests_path", RULE | CORRELATION, false, false, SHAPE_TEXT, 65535, NULL},
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

/* `shape` has 0 for a digit, x for a hexadecimal one, anything else for itself. */
static bool has_shape(struct str text, const char *shape) {
    struct str wanted = str_from_c(shape);
    bool fits = text.len == wanted.len;
    for (size_t i = 0; fits && i < text.len; i++) {
        char c = text.ptr[i];
        fits = wanted.ptr[i] == '0'   ? ascii_is_digit(c)
               : wanted.ptr[i] == 'x' ? ascii_hex_value(c) >= 0
                                      : c == wanted.ptr[i];
    }
    return fits;
}

static bool is_date(struct str s) {
    if (!has_shape(s, "0000-00-00")) {
        return false;
    }
    int month = (s.ptr[5] - '0') * 10 + s.ptr[6] - '0';
    int day = (s.ptr[8] - '0') * 10 + s.ptr[9] - '0';
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static bool is_uuid(struct str s) {
    return has_shape(s, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
}

/* --- one attribute --- */

static void check_text(const struct sigma_lint_work *w, const struct row *row,
                       const sigma_yaml_node *n) {
    size_t line = sigma_yaml_line(n);
    struct str text = sigma_lint_is_text(n) ? sigma_yaml_text(n) : STR_EMPTY;
    if (!sigma_lint_is_text(n)) {
        sigma_lint_tell_more(w, SIGMA_LINT_TYPE, line, str_from_c(row->key), _("text"));
        return;
    }
    if (str_characters(text) > row->max_characters) {
        sigma_lint_tell(w, SIGMA_LINT_LENGTH, line, str_from_c(row->key));
    }
    if (row->shape == SHAPE_DATE && !is_date(text)) {
        sigma_lint_tell(w, SIGMA_LINT_DATE, line, text);
    }
    if (row->words != NULL && !str_is_word_of(text, row->words)) {
        sigma_lint_tell_more(w, SIGMA_LINT_WORD, line, text, row->words);
    }
    if (str_eq(str_from_c(row->key), STR("taxonomy")) && !str_eq(text, STR("sigma"))) {
        sigma_lint_tell(w, SIGMA_LINT_TAXONOMY, line, text);
    }
    if (str_eq(str_from_c(row->key), STR("id")) && !is_uuid(text)) {
        sigma_lint_tell(w, SIGMA_LINT_UUID, line, text);
    }
}

/* ^[a-z0-9_-]+\.[a-z0-9._-]+$ */
static void check_tag(const struct sigma_lint_work *w, size_t line, struct str tag) {
    size_t dot = str_find_char(tag, '.');
    bool good = dot != STR_NONE && dot > 0 && dot + 1 < tag.len;
    for (size_t i = 0; i < tag.len && good; i++) {
        char c = tag.ptr[i];
        good = (c >= 'a' && c <= 'z') || ascii_is_digit(c) || memchr("_-.", c, 3) != NULL;
    }
    if (!good) {
        sigma_lint_tell(w, SIGMA_LINT_TAG, line, tag);
    } else if (!str_is_word_of(str_head(tag, dot), "attack car cve d3fend detection stp tlp")) {
        sigma_lint_tell(w, SIGMA_LINT_NAMESPACE, line, tag);
    }
}

static void check_item(const struct sigma_lint_work *w, const struct row *row,
                       const sigma_yaml_node *n) {
    bool wants_length =
        str_is_word_of(str_from_c(row->key), "falsepositives scope"); /* minLength of the schema */
    size_t line = sigma_yaml_line(n);
    if (!sigma_lint_is_text(n)) {
        sigma_lint_tell_more(w, SIGMA_LINT_TYPE, line, str_from_c(row->key), _("a list of texts"));
        return;
    }
    if (wants_length && str_characters(sigma_yaml_text(n)) < 2) {
        sigma_lint_tell(w, SIGMA_LINT_SHORT, line, sigma_yaml_text(n));
    }
    if (row->shape == SHAPE_TAGS) {
        check_tag(w, line, sigma_yaml_text(n));
    }
}

static void check_list(const struct sigma_lint_work *w, const struct row *row,
                       const sigma_yaml_node *list) {
    if (!sigma_yaml_is_list(list)) {
        sigma_lint_tell_more(w, SIGMA_LINT_TYPE, sigma_yaml_line(list), str_from_c(row->key),
                             _("a list of texts"));
        return;
    }
    for (size_t i = 0; i < sigma_yaml_count(list); i++) {
        const sigma_yaml_node *n = sigma_yaml_item(w->yaml, list, i);
        check_item(w, row, n);
        if (row->shape != SHAPE_LIST && sigma_lint_is_text(n) &&
            sigma_lint_stands_before(w, list, i)) {
            sigma_lint_tell(w, SIGMA_LINT_DUPLICATE_ENTRY, sigma_yaml_line(n), sigma_yaml_text(n));
        }
    }
}

static void check_relation(const struct sigma_lint_work *w, const sigma_yaml_node *n) {
    const sigma_yaml_node *id = sigma_yaml_is_map(n) ? sigma_yaml_get(w->yaml, n, "id") : NULL;
    const sigma_yaml_node *type = id != NULL ? sigma_yaml_get(w->yaml, n, "type") : NULL;
    if (id == NULL || type == NULL || !sigma_lint_is_text(id) || !sigma_lint_is_text(type)) {
        sigma_lint_tell_more(w, SIGMA_LINT_TYPE, sigma_yaml_line(n), STR("related"),
                             _("a list of maps with 'id' and 'type'"));
        return;
    }
    if (!str_is_word_of(sigma_yaml_text(type), relations)) {
        sigma_lint_tell_more(w, SIGMA_LINT_WORD, sigma_yaml_line(type), sigma_yaml_text(type),
                             relations);
    }
    if (!is_uuid(sigma_yaml_text(id))) {
        sigma_lint_tell(w, SIGMA_LINT_UUID, sigma_yaml_line(id), sigma_yaml_text(id));
    }
}

static void check_related(const struct sigma_lint_work *w, const sigma_yaml_node *list) {
    if (!sigma_yaml_is_list(list)) {
        sigma_lint_tell_more(w, SIGMA_LINT_TYPE, sigma_yaml_line(list), STR("related"),
                             _("a list of maps with 'id' and 'type'"));
        return;
    }
    for (size_t i = 0; i < sigma_yaml_count(list); i++) {
        check_relation(w, sigma_yaml_item(w->yaml, list, i));
    }
}

static void check_attribute(const struct sigma_lint_work *w, const struct row *row,
                            const sigma_yaml_node *n) {
    switch (row->shape) {
    case SHAPE_TEXT:
    case SHAPE_DATE:
        check_text(w, row, n);
        break;
    case SHAPE_LIST:
    case SHAPE_SET:
    case SHAPE_TAGS:
        check_list(w, row, n);
        break;
    case SHAPE_SET_OR_TEXT:
        if (sigma_lint_is_text(n)) {
            check_item(w, row, n);
        } else {
            check_list(w, row, n);
        }
        break;
    case SHAPE_RELATED:
        check_related(w, n);
        break;
    default:
        break; /* what cannot be read is refused */
    }
}

/* --- the document --- */

/* Without capitals and blanks. */
static bool is_source_word(struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        if ((text.ptr[i] >= 'A' && text.ptr[i] <= 'Z') || text.ptr[i] == ' ') {
            return false;
        }
    }
    return true;
}

static void check_source(const struct sigma_lint_work *w, const sigma_yaml_node *root) {
    static const char *const keys[] = {"category", "product", "service", "definition"};
    enum { DEFINITION = 3 }; /* free text, which names no source */
    const sigma_yaml_node *map = sigma_yaml_get(w->yaml, root, "logsource");
    size_t given = 0;
    for (size_t i = 0; sigma_yaml_is_map(map) && i <= DEFINITION; i++) {
        const sigma_yaml_node *n = sigma_yaml_get(w->yaml, map, keys[i]);
        if (n == NULL) {
            continue;
        }
        if (!sigma_lint_is_text(n)) {
            sigma_lint_tell_more(w, SIGMA_LINT_TYPE, sigma_yaml_line(n), str_from_c(keys[i]),
                                 _("text"));
        } else if (i < DEFINITION) {
            given += sigma_yaml_text(n).len > 0;
            if (!is_source_word(sigma_yaml_text(n))) {
                sigma_lint_tell(w, SIGMA_LINT_SOURCE_CASE, sigma_yaml_line(n), sigma_yaml_text(n));
            }
        }
    }
    if (sigma_yaml_is_map(map) && given == 0) {
        sigma_lint_tell(w, SIGMA_LINT_NO_SOURCE, sigma_yaml_line(map), STR_EMPTY);
    }
}

static void check_dates(const struct sigma_lint_work *w, const sigma_yaml_node *root) {
    const sigma_yaml_node *date = sigma_yaml_get(w->yaml, root, "date");
    const sigma_yaml_node *modified = sigma_yaml_get(w->yaml, root, "modified");
    if (date != NULL && modified != NULL && sigma_lint_is_text(date) &&
        sigma_lint_is_text(modified) && is_date(sigma_yaml_text(date)) &&
        is_date(sigma_yaml_text(modified)) &&
        str_compare(sigma_yaml_text(modified), sigma_yaml_text(date)) < 0) {
        sigma_lint_tell(w, SIGMA_LINT_MODIFIED, sigma_yaml_line(modified),
                        sigma_yaml_text(modified));
    }
}

static unsigned kind_of(const struct sigma_lint_work *w, const sigma_yaml_node *root) {
    return sigma_yaml_get(w->yaml, root, "correlation") != NULL ? CORRELATION
           : sigma_yaml_get(w->yaml, root, "filter") != NULL    ? FILTER
                                                                : RULE;
}

static bool is_known(struct str key, unsigned kind) {
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if ((rows[i].kinds & kind) != 0 && str_eq(key, str_from_c(rows[i].key))) {
            return true;
        }
    }
    return false;
}

void sigma_lint_attributes(const struct sigma_lint_work *w, const sigma_yaml_node *root) {
    unsigned kind = kind_of(w, root);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const sigma_yaml_node *n = sigma_yaml_get(w->yaml, root, rows[i].key);
        if ((rows[i].kinds & kind) == 0) {
            continue;
        }
        if (n != NULL) {
            check_attribute(w, &rows[i], n);
        } else if (rows[i].is_required || rows[i].is_wanted) {
            sigma_lint_tell(w, rows[i].is_required ? SIGMA_LINT_MISSING : SIGMA_LINT_ABSENT,
                            sigma_yaml_line(root), str_from_c(rows[i].key));
        }
    }
    for (size_t i = 0; i < sigma_yaml_count(root); i++) {
        struct str key;
        const sigma_yaml_node *n = sigma_yaml_entry(w->yaml, &key, root, i);
        if (!is_known(key, kind)) {
            sigma_lint_tell(w, SIGMA_LINT_ATTRIBUTE, sigma_yaml_line(n), key);
        }
    }
    check_source(w, root);
    check_dates(w, root);
}
