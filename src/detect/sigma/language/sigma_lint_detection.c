#include <math.h>

#include "buf.h"
#include "i18n.h"
#include "num.h"
#include "sigma_expand.h"
#include "sigma_lint_work.h"
#include "sigma_modifier.h"
#include "sigma_text.h"

enum { VALUE_LIMIT = 2000 }; /* longer lists are not looked through for what stands twice */

static bool is_value(const sigma_yaml_node *n) {
    return sigma_yaml_is_scalar(n) && sigma_yaml_type(n) != SIGMA_SCALAR_NULL;
}

/* --- conditions --- */

static bool next_token(struct str *token, struct str *rest) {
    *rest = str_trim(*rest);
    size_t len = 0;
    while (len < rest->len && !ascii_is_space(rest->ptr[len]) &&
           memchr("()|", rest->ptr[len], 3) == NULL) {
        len++;
    }
    len += len == 0 && rest->len > 0;
    *token = str_head(*rest, len);
    *rest = str_skip(*rest, len);
    return token->len > 0;
}

static bool fits(struct str selector, struct str name) {
    if (str_eq_ci(selector, STR("them"))) {
        selector = STR("*");
    }
    struct buf pattern = BUF_INIT;
    for (size_t i = 0; i < selector.len; i++) {
        char c = selector.ptr[i];
        buf_putc(&pattern, (char)(c == '*' ? SIGMA_STAR : c));
    }
    bool good = name.len > 0 && name.ptr[0] != '_' && sigma_pattern_match(buf_str(&pattern), name);
    buf_fini(&pattern);
    return good;
}

static bool is_identifier(struct str key, bool is_filter) {
    return !str_eq(key, STR("condition")) && !str_eq(key, STR("timeframe")) &&
           !(is_filter && str_eq(key, STR("rules")));
}

/* Does the condition name it, by itself or by `of`? */
static bool uses(struct str condition, struct str name) {
    struct str token;
    bool after_of = false;
    while (next_token(&token, &condition)) {
        if (str_eq(token, name) || (after_of && fits(token, name))) {
            return true;
        }
        after_of = str_eq_ci(token, STR("of"));
    }
    return false;
}

static bool is_used(const struct sigma_lint_work *w, const sigma_yaml_node *condition,
                    struct str name) {
    if (!sigma_yaml_is_list(condition)) {
        return !is_value(condition) || uses(sigma_yaml_text(condition), name);
    }
    for (size_t i = 0; i < sigma_yaml_count(condition); i++) {
        const sigma_yaml_node *n = sigma_yaml_item(w->yaml, condition, i);
        if (!is_value(n) || uses(sigma_yaml_text(n), name)) {
            return true;
        }
    }
    return false;
}

static size_t count_fitting(const struct sigma_lint_work *w, const sigma_yaml_node *detection,
                            bool is_filter, struct str selector) {
    size_t count = 0;
    for (size_t i = 0; i < sigma_yaml_count(detection); i++) {
        struct str key;
        (void)sigma_yaml_entry(w->yaml, &key, detection, i);
        count += is_identifier(key, is_filter) && fits(selector, key);
    }
    return count;
}

static void check_operator(const struct sigma_lint_work *w, size_t line, struct str token) {
    static const char *const words[] = {"and", "or", "not", "of", "all", "any", "them"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct str word = str_from_c(words[i]);
        if (str_eq_ci(token, word) && !str_eq(token, word)) {
            sigma_lint_tell(w, SIGMA_LINT_OPERATOR_CASE, line, token);
        }
    }
}

struct condition {
    const sigma_yaml_node *detection;
    bool is_filter;
    bool counts; /* behind a pipe */
};

static void check_condition(const struct sigma_lint_work *w, struct condition *c,
                            const sigma_yaml_node *n) {
    struct str rest = is_value(n) ? sigma_yaml_text(n) : STR_EMPTY;
    struct str token, before = STR_EMPTY, before_that = STR_EMPTY;
    size_t line = sigma_yaml_line(n);
    while (next_token(&token, &rest)) {
        check_operator(w, line, token);
        if (str_eq(token, STR("|"))) {
            c->counts = true;
            sigma_lint_tell(w, SIGMA_LINT_LEGACY, line, str_trim(rest));
            return;
        }
        if (str_eq_ci(before, STR("of"))) {
            if (str_eq_ci(before_that, STR("any"))) {
                sigma_lint_tell(w, SIGMA_LINT_ANY_OF, line, STR_EMPTY);
            }
            if (str_eq_ci(before_that, STR("all")) && str_eq_ci(token, STR("them"))) {
                sigma_lint_tell(w, SIGMA_LINT_ALL_OF_THEM, line, STR_EMPTY);
            }
            if (str_eq_ci(token, STR("them")) &&
                count_fitting(w, c->detection, c->is_filter, token) == 1) {
                sigma_lint_tell(w, SIGMA_LINT_ONE_OF_ONE, line, STR_EMPTY);
            }
        }
        before_that = before;
        before = token;
    }
}

static void check_conditions(const struct sigma_lint_work *w, struct condition *c) {
    const sigma_yaml_node *n = sigma_yaml_get(w->yaml, c->detection, "condition");
    const sigma_yaml_node *timeframe = sigma_yaml_get(w->yaml, c->detection, "timeframe");
    if (n == NULL) {
        return; /* refused */
    }
    if (!sigma_yaml_is_list(n)) {
        check_condition(w, c, n);
    }
    if (sigma_yaml_is_list(n)) {
        sigma_lint_tell(w, SIGMA_LINT_CONDITIONS, sigma_yaml_line(n), STR_EMPTY);
    }
    for (size_t i = 0; sigma_yaml_is_list(n) && i < sigma_yaml_count(n); i++) {
        check_condition(w, c, sigma_yaml_item(w->yaml, n, i));
    }
    if (timeframe != NULL && !c->counts) {
        sigma_lint_tell(w, SIGMA_LINT_TIMEFRAME, sigma_yaml_line(timeframe), STR_EMPTY);
    }
    for (size_t i = 0; i < sigma_yaml_count(c->detection); i++) {
        struct str key;
        const sigma_yaml_node *selection = sigma_yaml_entry(w->yaml, &key, c->detection, i);
        if (is_identifier(key, c->is_filter) && !is_used(w, n, key)) {
            sigma_lint_tell(w, SIGMA_LINT_UNUSED, sigma_yaml_line(selection), key);
        }
    }
}

/* --- values --- */

static void check_regex(const struct sigma_lint_work *w, size_t line, struct str text) {
    static const struct str foreign[] = {STR_INIT("(?="), STR_INIT("(?!"), STR_INIT("(?<"),
                                         STR_INIT("(?>"), STR_INIT("*+"),  STR_INIT("++"),
                                         STR_INIT("\\1"), STR_INIT("\\2")};
    bool special = false;
    for (size_t i = 0; i < text.len; i++) {
        special = special || memchr(".^$*+?{}[]|()\\", text.ptr[i], 14) != NULL;
    }
    if (!special && text.len > 0) {
        sigma_lint_tell(w, SIGMA_LINT_PLAIN_REGEX, line, text);
    }
    if (str_starts(text, STR(".*")) ||
        (str_ends(text, STR(".*")) && !str_ends(text, STR("\\.*")))) {
        sigma_lint_tell(w, SIGMA_LINT_REGEX_STAR, line, text);
    }
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        if (str_find(text, foreign[i]) != STR_NONE) {
            sigma_lint_tell(w, SIGMA_LINT_REGEX_FLAVOUR, line, text);
            break;
        }
    }
}

/* "dir\*" where the author wants anything below: backslashes of odd number before the last star. */
static bool ends_in_escape(struct str text) {
    size_t backslashes = 0;
    size_t at = text.len;
    if (at < 2 || (text.ptr[at - 1] != '*' && text.ptr[at - 1] != '?')) {
        return false;
    }
    for (at--; at > 0 && text.ptr[at - 1] == '\\'; at--) {
        backslashes++;
    }
    return backslashes % 2 == 1;
}

static void check_text(const struct sigma_lint_work *w, const struct sigma_key *key, size_t line,
                       struct str text) {
    bool begins = sigma_key_has(key, SIGMA_MOD_CONTAINS) || sigma_key_has(key, SIGMA_MOD_ENDSWITH);
    bool ends = sigma_key_has(key, SIGMA_MOD_CONTAINS) || sigma_key_has(key, SIGMA_MOD_STARTSWITH);
    bool star_first = text.len > 1 && text.ptr[0] == '*';
    bool star_last = text.len > 1 && text.ptr[text.len - 1] == '*' && !ends_in_escape(text);
    if (ends_in_escape(text)) {
        sigma_lint_tell(w, SIGMA_LINT_ESCAPED_STAR, line, text);
    }
    if ((begins && star_first) || (ends && star_last)) {
        sigma_lint_tell(w, SIGMA_LINT_REDUNDANT_STAR, line, text);
    }
    if (key->count == 0 && key->field.len > 0 && (star_first || star_last)) {
        sigma_lint_tell(w, SIGMA_LINT_USE_MODIFIER, line, text);
    }
}

static void check_value(const struct sigma_lint_work *w, const struct sigma_key *key,
                        const sigma_yaml_node *n) {
    if (!is_value(n)) {
        return;
    }
    struct str text = sigma_yaml_text(n);
    struct str lacks = sigma_expand_lacks(text, w->yaml->placeholders);
    if (lacks.len > 0 && sigma_key_has(key, SIGMA_MOD_EXPAND)) {
        sigma_lint_tell(w, SIGMA_LINT_PLACEHOLDER, sigma_yaml_line(n), lacks);
    }
    if (sigma_key_has(key, SIGMA_MOD_RE)) {
        check_regex(w, sigma_yaml_line(n), text);
    } else {
        check_text(w, key, sigma_yaml_line(n), text);
    }
}

static bool stands_before(const struct sigma_lint_work *w, const struct sigma_key *key,
                          const sigma_yaml_node *list, size_t at) {
    bool cased = sigma_key_has(key, SIGMA_MOD_CASED) || sigma_key_has(key, SIGMA_MOD_RE) ||
                 sigma_key_has(key, SIGMA_MOD_BASE64) || sigma_key_has(key, SIGMA_MOD_BASE64OFFSET);
    struct str text = sigma_yaml_text(sigma_yaml_item(w->yaml, list, at));
    for (size_t i = 0; i < at && at < VALUE_LIMIT; i++) {
        const sigma_yaml_node *other = sigma_yaml_item(w->yaml, list, i);
        if (is_value(other) && (cased ? str_eq(sigma_yaml_text(other), text)
                                      : str_eq_ci(sigma_yaml_text(other), text))) {
            return true;
        }
    }
    return false;
}

static void check_values(const struct sigma_lint_work *w, const struct sigma_key *key,
                         const sigma_yaml_node *values) {
    if (!sigma_yaml_is_list(values)) {
        check_value(w, key, values);
        return;
    }
    size_t count = sigma_yaml_count(values);
    if (count == 1 && key->field.len > 0) {
        sigma_lint_tell(w, SIGMA_LINT_SINGLE_VALUE, sigma_yaml_line(values), key->field);
    }
    for (size_t i = 0; i < count; i++) {
        const sigma_yaml_node *n = sigma_yaml_item(w->yaml, values, i);
        check_value(w, key, n);
        if (is_value(n) && stands_before(w, key, values, i)) {
            sigma_lint_tell(w, SIGMA_LINT_DUPLICATE_VALUE, sigma_yaml_line(n), sigma_yaml_text(n));
        }
    }
}

/* --- search identifiers --- */

/* In a list of the schemas: text, a whole number or a map. */
static bool is_entry(const sigma_yaml_node *n) {
    double number = 0.5;
    if (sigma_yaml_is_scalar(n) && sigma_yaml_type(n) == SIGMA_SCALAR_NUMBER) {
        struct str text = sigma_yaml_text(n);
        bool is_based = text.len > 1 && text.ptr[0] == '0' && memchr("xo", text.ptr[1], 2) != NULL;
        return is_based || (num_parse_double(&number, text) && floor(number) == number);
    }
    return sigma_lint_is_text(n) || sigma_yaml_is_map(n);
}

static void check_map(const struct sigma_lint_work *w, const sigma_yaml_node *map) {
    for (size_t i = 0; i < sigma_yaml_count(map); i++) {
        struct str text;
        struct sigma_key key;
        const sigma_yaml_node *values = sigma_yaml_entry(w->yaml, &text, map, i);
        if (sigma_key_parse(&key, text, sigma_yaml_line(values), NULL) == STATUS_OK) {
            check_values(w, &key, values);
        }
    }
}

static void check_selection(const struct sigma_lint_work *w, const sigma_yaml_node *n) {
    if (sigma_yaml_is_map(n)) {
        check_map(w, n);
    }
    const struct sigma_key keyword = {.field = STR_EMPTY};
    for (size_t i = 0; sigma_yaml_is_list(n) && i < sigma_yaml_count(n); i++) {
        const sigma_yaml_node *item = sigma_yaml_item(w->yaml, n, i);
        if (!is_entry(item)) {
            sigma_lint_tell_more(w, SIGMA_LINT_TYPE, sigma_yaml_line(item), STR_EMPTY,
                                 _("text, a whole number or a map"));
        } else if (sigma_yaml_is_map(item)) {
            check_map(w, item);
        } else if (is_value(item) && stands_before(w, &keyword, n, i)) {
            sigma_lint_tell(w, SIGMA_LINT_DUPLICATE_VALUE, sigma_yaml_line(item),
                            sigma_yaml_text(item));
        }
    }
}

void sigma_lint_detection(const struct sigma_lint_work *w, const sigma_yaml_node *detection,
                          bool is_filter) {
    struct condition c = {.detection = detection, .is_filter = is_filter};
    if (!sigma_yaml_is_map(detection)) {
        return; /* refused */
    }
    check_conditions(w, &c);
    for (size_t i = 0; i < sigma_yaml_count(detection); i++) {
        struct str key;
        const sigma_yaml_node *n = sigma_yaml_entry(w->yaml, &key, detection, i);
        if (is_identifier(key, is_filter)) {
            check_selection(w, n);
        }
    }
}
