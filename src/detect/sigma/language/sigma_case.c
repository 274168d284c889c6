#include "sigma_case.h"

#include "input_file.h"
#include "json_out.h"
#include "mem.h"
#include "num.h"
#include "sigma_yaml.h"

enum { CASE_FILE_LIMIT = 4 << 20, CASE_LIMIT = 10000, HITS_LIMIT = 1000000000 };

struct case_reader {
    struct sigma_cases *cases;
    struct sigma_yaml *yaml;
    struct str path; /* of the file, in the arena */
    struct err *err;
};

/* --- events: YAML to JSON lines --- */

static void add_json(struct case_reader *r, struct buf *out, const sigma_yaml_node *n);

static void add_scalar(struct buf *out, const sigma_yaml_node *n) {
    switch (sigma_yaml_type(n)) {
    case SIGMA_SCALAR_NULL:
        buf_add(out, STR("null"));
        return;
    case SIGMA_SCALAR_BOOL:
        buf_add(out, sigma_yaml_truth(n) ? STR("true") : STR("false"));
        return;
    default:
        json_out_string(out, sigma_yaml_text(n)); /* a number is compared as it is written */
    }
}

static void add_map(struct case_reader *r, struct buf *out, const sigma_yaml_node *map) {
    buf_putc(out, '{');
    for (size_t i = 0; i < sigma_yaml_count(map); i++) {
        struct str key;
        const sigma_yaml_node *value = sigma_yaml_entry(r->yaml, &key, map, i);
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        json_out_string(out, key);
        buf_putc(out, ':');
        add_json(r, out, value);
    }
    buf_putc(out, '}');
}

static void add_json(struct case_reader *r, struct buf *out, const sigma_yaml_node *n) {
    if (sigma_yaml_is_map(n)) {
        add_map(r, out, n);
    } else if (sigma_yaml_is_list(n)) {
        buf_putc(out, '[');
        for (size_t i = 0; i < sigma_yaml_count(n); i++) {
            buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
            add_json(r, out, sigma_yaml_item(r->yaml, n, i));
        }
        buf_putc(out, ']');
    } else {
        add_scalar(out, n);
    }
}

static struct str kept(const struct case_reader *r, struct str text) {
    return arena_str(&r->cases->arena, text);
}

static enum status read_events(struct case_reader *r, struct sigma_case *c,
                               const sigma_yaml_node *n) {
    if (sigma_yaml_is_scalar(n) && sigma_yaml_text(n).len > 0) {
        c->file = kept(r, sigma_yaml_text(n));
        c->is_bare_file = true;
        return STATUS_OK;
    }
    struct buf lines = BUF_INIT;
    bool are_maps = sigma_yaml_is_list(n) && sigma_yaml_count(n) > 0;
    for (size_t i = 0; are_maps && i < sigma_yaml_count(n); i++) {
        const sigma_yaml_node *event = sigma_yaml_item(r->yaml, n, i);
        are_maps = sigma_yaml_is_map(event);
        add_json(r, &lines, event);
        buf_putc(&lines, '\n');
    }
    c->events = kept(r, buf_str(&lines));
    buf_fini(&lines);
    return are_maps ? STATUS_OK
                    : err_set(r->err, STATUS_BAD_INPUT,
                              "line %zu: events must be a list of maps, or the name of a file "
                              "with one JSON object a line",
                              sigma_yaml_line(n));
}

/* --- own layout --- */

static enum status read_expect(struct case_reader *r, struct sigma_case *c,
                               const sigma_yaml_node *n) {
    struct str text = sigma_yaml_is_scalar(n) ? sigma_yaml_text(n) : STR_EMPTY;
    if (str_eq(text, STR("match"))) {
        return STATUS_OK; /* as it is without `expect` */
    }
    if (str_eq(text, STR("no match"))) {
        c->least = c->most = 0;
        return STATUS_OK;
    }
    if (num_parse_u64(&c->least, text) && c->least <= HITS_LIMIT) {
        c->most = c->least;
        return STATUS_OK;
    }
    return err_set(r->err, STATUS_BAD_INPUT,
                   "line %zu: expect must be 'match', 'no match' or a number of hits",
                   sigma_yaml_line(n));
}

static enum status read_text(struct case_reader *r, struct str *out, struct str key,
                             const sigma_yaml_node *n) {
    if (!sigma_yaml_is_scalar(n) || sigma_yaml_text(n).len == 0) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: %.*s must be a text",
                       sigma_yaml_line(n), STR_ARG(str_head(key, 80)));
    }
    *out = kept(r, sigma_yaml_text(n));
    return STATUS_OK;
}

static enum status read_everywhere(struct case_reader *r, struct sigma_case *c,
                                   const sigma_yaml_node *n) {
    if (!sigma_yaml_is_scalar(n) ||
        (sigma_yaml_type(n) != SIGMA_SCALAR_BOOL && sigma_yaml_type(n) != SIGMA_SCALAR_WORD)) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: ignore_logsource must be true or false",
                       sigma_yaml_line(n));
    }
    c->everywhere = sigma_yaml_truth(n);
    return STATUS_OK;
}

static enum status read_case_key(struct case_reader *r, struct sigma_case *c, struct str key,
                                 const sigma_yaml_node *n) {
    if (str_eq(key, STR("name"))) {
        return read_text(r, &c->name, key, n);
    }
    if (str_eq(key, STR("rule"))) {
        return read_text(r, &c->rule, key, n);
    }
    if (str_eq(key, STR("expect"))) {
        return read_expect(r, c, n);
    }
    if (str_eq(key, STR("events"))) {
        return read_events(r, c, n);
    }
    if (str_eq(key, STR("file"))) {
        c->is_bare_file = false;
        return read_text(r, &c->file, key, n);
    }
    if (str_eq(key, STR("ignore_logsource"))) {
        return read_everywhere(r, c, n);
    }
    return err_set(r->err, STATUS_BAD_INPUT,
                   "line %zu: '%.*s' is not known here; allowed: name rule expect events file "
                   "ignore_logsource",
                   sigma_yaml_line(n), STR_ARG(str_head(key, 80)));
}

static enum status read_case(struct case_reader *r, struct sigma_case *c,
                             const sigma_yaml_node *n) {
    enum status s = STATUS_OK;
    if (!sigma_yaml_is_map(n)) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: a case must be a map",
                       sigma_yaml_line(n));
    }
    const sigma_yaml_node *name = sigma_yaml_get(r->yaml, n, "name");
    bool has_events = sigma_yaml_get(r->yaml, n, "events") != NULL;
    c->name = sigma_yaml_is_scalar(name) ? kept(r, sigma_yaml_text(name)) : STR_EMPTY;
    if (has_events == (sigma_yaml_get(r->yaml, n, "file") != NULL)) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: a case needs either events or a file",
                       sigma_yaml_line(n));
    }
    for (size_t i = 0; i < sigma_yaml_count(n) && s == STATUS_OK; i++) {
        struct str key;
        const sigma_yaml_node *value = sigma_yaml_entry(r->yaml, &key, n, i);
        s = read_case_key(r, c, key, value);
    }
    return s;
}

static struct sigma_case *add_case(struct case_reader *r) {
    struct sigma_cases *cases = r->cases;
    MEM_GROW(cases->items, cases->capacity, cases->count + 1);
    struct sigma_case *c = &cases->items[cases->count++];
    *c = (struct sigma_case){.path = r->path, .least = 1, .most = UINT64_MAX};
    return c;
}

/* A case that nothing runs for: it fails with the message. */
static void add_fault(struct case_reader *r) {
    struct sigma_case *c = add_case(r);
    c->name = STR("(unreadable)");
    c->fault = kept(r, str_from_c(r->err->message));
}

/* "a/b/NAME.test.yml": the rule is a/b/NAME.yml; that of "a/tests/NAME.test.yml" also a/NAME.yml.
 */
static void name_rule_file(struct case_reader *r, struct sigma_case *c) {
    size_t end = c->path.len;
    while (end > 0 && c->path.ptr[end - 1] != '.') {
        end--;
    }
    struct str stem = str_head(c->path, end - sizeof ".test");
    size_t slash = str_rfind_char(stem, '/');
    c->rule_stem = stem;
    if (slash != STR_NONE) {
        struct str folder = str_head(stem, slash);
        struct str name = str_skip(stem, slash + 1);
        bool is_relative = str_eq(folder, STR("tests"));
        if (is_relative || str_ends(folder, STR("/tests"))) {
            folder = str_head(folder, folder.len - (sizeof "tests" - 1));
            c->rule_stem_above =
                arena_printf(&r->cases->arena, "%.*s%.*s", STR_ARG(folder), STR_ARG(name));
        }
    }
}

static enum status read_cases(struct case_reader *r, struct str rule, const sigma_yaml_node *list) {
    if (!sigma_yaml_is_list(list) || sigma_yaml_count(list) == 0 ||
        sigma_yaml_count(list) > CASE_LIMIT) {
        return err_set(r->err, STATUS_BAD_INPUT, "line %zu: cases must be a list of 1 to %d cases",
                       sigma_yaml_line(list), CASE_LIMIT);
    }
    for (size_t i = 0; i < sigma_yaml_count(list); i++) {
        struct err why = ERR_INIT;
        struct case_reader one = *r;
        struct sigma_case *c = add_case(r);
        one.err = &why;
        c->rule = rule;
        if (read_case(&one, c, sigma_yaml_item(r->yaml, list, i)) != STATUS_OK) {
            c->fault = kept(r, str_from_c(why.message));
        }
        if (c->name.len == 0) {
            c->name = arena_printf(&r->cases->arena, "case %zu", i + 1);
        }
        if (c->rule.len == 0) {
            name_rule_file(r, c);
        }
    }
    return STATUS_OK;
}

static enum status read_own(struct case_reader *r, const sigma_yaml_node *root) {
    struct str rule = STR_EMPTY;
    const sigma_yaml_node *list = NULL;
    enum status s = STATUS_OK;
    for (size_t i = 0; sigma_yaml_is_map(root) && i < sigma_yaml_count(root); i++) {
        struct str key;
        const sigma_yaml_node *value = sigma_yaml_entry(r->yaml, &key, root, i);
        if (str_eq(key, STR("cases"))) {
            list = value;
        } else if (str_eq(key, STR("rule"))) {
            s = read_text(r, &rule, key, value);
        } else {
            s = err_set(r->err, STATUS_BAD_INPUT,
                        "line %zu: '%.*s' is not known here; allowed: rule cases",
                        sigma_yaml_line(value), STR_ARG(str_head(key, 80)));
        }
        if (s != STATUS_OK) {
            return s;
        }
    }
    if (list == NULL) {
        return err_set(r->err, STATUS_BAD_INPUT, "the file has no list 'cases'");
    }
    return read_cases(r, rule, list);
}

/* --- SigmaHQ's regression data --- */

static struct str text_at(struct case_reader *r, const sigma_yaml_node *map, const char *key) {
    const sigma_yaml_node *n = sigma_yaml_is_map(map) ? sigma_yaml_get(r->yaml, map, key) : NULL;
    return sigma_yaml_is_scalar(n) ? sigma_yaml_text(n) : STR_EMPTY;
}

static void read_regression_case(struct case_reader *r, struct str rule, const sigma_yaml_node *n) {
    struct sigma_case *c = add_case(r);
    struct str count = text_at(r, n, "match_count");
    struct str name = text_at(r, n, "name");
    c->rule = rule;
    c->name = name.len > 0 ? kept(r, name) : STR("Positive Detection Test");
    c->file = kept(r, text_at(r, n, "path"));
    if (c->file.len == 0) {
        c->fault = STR("the case names no file (path)");
    } else if (count.len > 0 && (!num_parse_u64(&c->least, count) || c->least > HITS_LIMIT)) {
        c->fault = STR("match_count must be a number");
    } else if (count.len > 0 && c->least == 0) {
        c->most = 0; /* at least that many, as SigmaHQ's own check; none is none */
    }
}

/* info.yml: other files of that name, without the two lists, hold no cases. */
static enum status read_regression(struct case_reader *r, const sigma_yaml_node *root) {
    const sigma_yaml_node *tests =
        sigma_yaml_is_map(root) ? sigma_yaml_get(r->yaml, root, "regression_tests_info") : NULL;
    const sigma_yaml_node *rules =
        sigma_yaml_is_map(root) ? sigma_yaml_get(r->yaml, root, "rule_metadata") : NULL;
    if (tests == NULL && rules == NULL) {
        return STATUS_OK;
    }
    bool are_lists = tests != NULL && rules != NULL && sigma_yaml_is_list(tests) &&
                     sigma_yaml_is_list(rules) && sigma_yaml_count(rules) > 0 &&
                     sigma_yaml_count(tests) > 0 && sigma_yaml_count(tests) <= CASE_LIMIT;
    struct str id = are_lists ? text_at(r, sigma_yaml_item(r->yaml, rules, 0), "id") : STR_EMPTY;
    if (id.len == 0) {
        return err_set(r->err, STATUS_BAD_INPUT,
                       "needs rule_metadata with an id and regression_tests_info with a case");
    }
    for (size_t i = 0; i < sigma_yaml_count(tests); i++) {
        read_regression_case(r, kept(r, id), sigma_yaml_item(r->yaml, tests, i));
    }
    return STATUS_OK;
}

/* --- files --- */

bool sigma_case_is_name(struct str path) {
    return str_ends_ci(path, STR(".test.yml")) || str_ends_ci(path, STR(".test.yaml"));
}

static bool is_regression_name(struct str path) {
    return str_eq(str_skip(path, str_rfind_char(path, '/') + 1), STR("info.yml"));
}

static void read_file(struct sigma_cases *cases, struct str path, struct str bytes) {
    struct sigma_yaml yaml;
    struct err err = ERR_INIT;
    const sigma_yaml_node *root = NULL;
    struct case_reader r = {cases, &yaml, arena_str(&cases->arena, path), &err};
    if (bytes.len > CASE_FILE_LIMIT) {
        (void)err_set(&err, STATUS_BAD_INPUT, "the file is larger than 4 MiB");
        add_fault(&r);
        return;
    }
    sigma_yaml_open(&yaml, bytes);
    enum status s = sigma_yaml_next(&yaml, &root, &err);
    if (s == STATUS_OK && root == NULL) {
        s = err_set(&err, STATUS_BAD_INPUT, "the file is empty");
    }
    if (s == STATUS_OK) {
        s = sigma_case_is_name(path) ? read_own(&r, root) : read_regression(&r, root);
    }
    if (s != STATUS_OK) {
        add_fault(&r);
    }
    sigma_yaml_close(&yaml);
}

struct case_walk {
    struct sigma_cases *cases;
    struct err *err;
    bool failed;
};

static enum status visit(const char *path, void *ctx) {
    struct case_walk *walk = ctx;
    struct str name = str_from_c(path);
    struct input_file file;
    if (!sigma_case_is_name(name) && !is_regression_name(name)) {
        return STATUS_OK;
    }
    enum status s = input_file_open(&file, path, walk->err);
    if (s == STATUS_OK) {
        read_file(walk->cases, name, str_make((const char *)file.bytes, file.size_bytes));
        input_file_close(&file);
    }
    return s;
}

static void unreadable(const char *path, const struct err *err, void *ctx) {
    struct case_walk *walk = ctx;
    (void)path; /* the message names it */
    if (!walk->failed) {
        walk->failed = true;
        *walk->err = *err;
    }
}

enum status sigma_cases_load(struct sigma_cases *cases, const char *const *paths, size_t path_count,
                             struct err *err) {
    struct case_walk walk = {.cases = cases, .err = err};
    enum status s = STATUS_OK;
    for (size_t i = 0; i < path_count && s == STATUS_OK; i++) {
        s = input_walk(paths[i], visit, unreadable, &walk);
        s = s == STATUS_OK && walk.failed ? STATUS_ENVIRONMENT : s;
    }
    return s;
}

void sigma_cases_fini(struct sigma_cases *cases) {
    mem_free(cases->items);
    arena_fini(&cases->arena);
    *cases = (struct sigma_cases){0};
}
