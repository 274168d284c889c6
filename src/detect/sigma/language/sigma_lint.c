#include "sigma_lint.h"

#include "hash.h"
#include "i18n.h"
#include "input_file.h"
#include "intern.h"
#include "num.h"
#include "sigma_case.h"
#include "sigma_collection.h"
#include "sigma_document.h"
#include "sigma_lint_work.h"
#include "sigma_placeholders.h"

enum { FILE_LIMIT = 4 << 20 };

static const struct {
    const char *name;
    enum sigma_lint_severity severity;
    const char *what;
} checks[] = {
#define LINT_CHECK(id, name, severity, what) {name, SIGMA_LINT_##severity, what},
#include "sigma_lint_checks.def"
};

struct lint {
    struct sigma_lint_work work;
    struct sigma_placeholders *placeholders;
    struct intern ids;
    struct intern titles;
    const char *argument; /* the path as given: taken whatever its name */
    enum status status;
    struct err *err;
};

const char *sigma_lint_severity_name(enum sigma_lint_severity severity) {
    static const char *const names[] = {"error", "warning", "hint"};
    return names[severity];
}

void sigma_lint_tell(const struct sigma_lint_work *w, enum sigma_lint_check check, size_t line,
                     struct str detail) {
    const struct sigma_lint_finding finding = {.path = w->path,
                                               .line = line,
                                               .severity = checks[check].severity,
                                               .check = checks[check].name,
                                               .message = _(checks[check].what),
                                               .detail = detail};
    w->counts->by_severity[finding.severity]++;
    w->options->found(&finding, w->options->ctx);
}

void sigma_lint_tell_more(const struct sigma_lint_work *w, enum sigma_lint_check check, size_t line,
                          struct str detail, const char *allowed) {
    struct buf text = BUF_INIT;
    buf_add(&text, str_head(detail, 100));
    buf_printf(&text, _("; allowed: %s"), allowed);
    sigma_lint_tell(w, check, line, buf_str(&text));
    buf_fini(&text);
}

bool sigma_lint_is_text(const sigma_yaml_node *n) {
    return sigma_yaml_is_scalar(n) &&
           (sigma_yaml_type(n) == SIGMA_SCALAR_TEXT || sigma_yaml_type(n) == SIGMA_SCALAR_WORD);
}

bool sigma_lint_stands_before(const struct sigma_lint_work *w, const sigma_yaml_node *list,
                              size_t at) {
    struct str text = sigma_yaml_text(sigma_yaml_item(w->yaml, list, at));
    for (size_t i = 0; i < at && at < 1000; i++) {
        const sigma_yaml_node *other = sigma_yaml_item(w->yaml, list, i);
        if (sigma_lint_is_text(other) && str_eq(sigma_yaml_text(other), text)) {
            return true;
        }
    }
    return false;
}

/* --- one document --- */

/* Messages of the parser begin with "line N:". */
static size_t line_of(struct str message, size_t otherwise) {
    uint64_t line;
    struct str rest = str_starts(message, STR("line ")) ? str_skip(message, 5) : message;
    size_t digits = 0;
    while (digits < rest.len && ascii_is_digit(rest.ptr[digits])) {
        digits++;
    }
    return num_parse_u64(&line, str_head(rest, digits)) ? (size_t)line : otherwise;
}

static void check_runs(struct lint *l, const sigma_yaml_node *root) {
    struct arena arena = ARENA_INIT;
    struct sigma_document document;
    struct err err = ERR_INIT;
    enum status s =
        sigma_document_parse(&document, &arena, &arena, l->work.yaml, root, l->work.path, &err);
    if (s != STATUS_OK) {
        struct str why = str_from_c(err.message);
        sigma_lint_tell(&l->work, SIGMA_LINT_REFUSED, line_of(why, sigma_yaml_line(root)), why);
    }
    arena_fini(&arena);
}

static void check_unique(struct lint *l, const sigma_yaml_node *root, const char *key,
                         struct intern *seen, enum sigma_lint_check check) {
    const sigma_yaml_node *n = sigma_yaml_get(l->work.yaml, root, key);
    if (!sigma_yaml_is_scalar(n) || sigma_yaml_text(n).len == 0) {
        return;
    }
    uint32_t before = seen->count;
    (void)intern_add_lower(seen, sigma_yaml_text(n));
    if (seen->count == before) {
        sigma_lint_tell(&l->work, check, sigma_yaml_line(n), sigma_yaml_text(n));
    }
}

static void check_document(struct lint *l, const sigma_yaml_node *root) {
    l->work.counts->documents++;
    check_runs(l, root);
    if (!sigma_yaml_is_map(root)) {
        return;
    }
    sigma_lint_attributes(&l->work, root);
    sigma_lint_sections(&l->work, root);
    const sigma_yaml_node *filter = sigma_yaml_get(l->work.yaml, root, "filter");
    const sigma_yaml_node *detection = sigma_yaml_get(l->work.yaml, root, "detection");
    sigma_lint_detection(&l->work, filter != NULL ? filter : detection, filter != NULL);
    check_unique(l, root, "id", &l->ids, SIGMA_LINT_DUPLICATE_ID);
    check_unique(l, root, "title", &l->titles, SIGMA_LINT_DUPLICATE_TITLE);
}

/* --- one file --- */

static void check_name(struct lint *l) {
    size_t slash = str_rfind_char(l->work.path, '/');
    struct str name = str_skip(l->work.path, slash == STR_NONE ? 0 : slash + 1);
    bool good = name.len >= 10 && name.len <= 70 && str_ends(name, STR(".yml"));
    for (size_t i = 0; good && i + 4 < name.len; i++) {
        char c = name.ptr[i];
        good = (c >= 'a' && c <= 'z') || ascii_is_digit(c) || c == '_';
    }
    if (!good) {
        sigma_lint_tell(&l->work, SIGMA_LINT_FILE_NAME, 1, name);
    }
}

static void check_bytes(struct lint *l, struct str bytes) {
    struct sigma_yaml yaml;
    const sigma_yaml_node *root = NULL;
    struct err err = ERR_INIT;
    check_name(l);
    if (str_find(bytes, STR("\r\n")) != STR_NONE) {
        sigma_lint_tell(&l->work, SIGMA_LINT_LINE_BREAK, 1, STR_EMPTY);
    }
    sigma_yaml_open(&yaml, bytes);
    yaml.placeholders = l->placeholders;
    yaml.takes_any_placeholder = true;
    l->work.yaml = &yaml;
    enum status s = sigma_collection_next(&yaml, &root, &err);
    if (s == STATUS_OK && root == NULL) {
        sigma_lint_tell(&l->work, SIGMA_LINT_REFUSED, 1, str_from_c(_("the file is empty")));
    }
    while (s == STATUS_OK && root != NULL) {
        check_document(l, root);
        s = sigma_collection_next(&yaml, &root, &err);
    }
    if (s != STATUS_OK) {
        struct str why = str_from_c(err.message);
        sigma_lint_tell(&l->work, SIGMA_LINT_REFUSED, line_of(why, 1), why);
    }
    sigma_yaml_close(&yaml);
}

static void unreadable(const char *path, const struct err *err, void *ctx) {
    struct lint *l = ctx;
    (void)path; /* the message names it */
    l->status = err_set(l->err, STATUS_ENVIRONMENT, "%s", err->message);
}

static enum status visit(const char *path, void *ctx) {
    struct lint *l = ctx;
    struct str name = str_from_c(path);
    bool is_rule = (str_ends_ci(name, STR(".yml")) || str_ends_ci(name, STR(".yaml"))) &&
                   !sigma_case_is_name(name);
    if (!is_rule && strcmp(path, l->argument) != 0) {
        return STATUS_OK;
    }
    struct input_file file;
    struct err err = ERR_INIT;
    if (input_file_open(&file, path, &err) != STATUS_OK) {
        unreadable(path, &err, l);
        return STATUS_OK;
    }
    l->work.path = name;
    l->work.counts->files++;
    if (file.size_bytes > FILE_LIMIT) {
        sigma_lint_tell(&l->work, SIGMA_LINT_REFUSED, 1,
                        str_from_c(_("the file is larger than 4 MiB")));
    } else {
        check_bytes(l, str_make((const char *)file.bytes, file.size_bytes));
    }
    input_file_close(&file);
    return STATUS_OK;
}

enum status sigma_lint(struct sigma_lint_counts *out, const struct sigma_lint_options *options,
                       struct err *err) {
    struct sigma_lint_counts counts = {0};
    struct lint l = {.work = {.options = options, .counts = &counts}, .err = err};
    enum status s = sigma_placeholders_load(&l.placeholders, options->placeholders,
                                            options->placeholder_count, err);
    for (size_t i = 0; i < options->path_count && s == STATUS_OK; i++) {
        l.argument = options->paths[i];
        s = input_walk(options->paths[i], visit, unreadable, &l);
    }
    sigma_placeholders_free(&l.placeholders);
    intern_fini(&l.ids);
    intern_fini(&l.titles);
    *out = counts;
    return s == STATUS_OK ? l.status : s;
}
