/*
 * What keeps the house in step: files made from tables, links of the documentation, READMEs, the
 * list of files with messages. KONSEKI_SOURCE names the source root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "input_file.h"
#include "intern.h"
#include "schema.h"

enum { README_LINES_MAX = 40 };

static const char *source_root(void) {
    const char *root = getenv("KONSEKI_SOURCE");
    assert_non_null(root); /* set by meson */
    return root;
}

/* PATH below the source root, NUL-terminated in *out. */
static const char *source_path(struct buf *out, const char *path) {
    buf_clear(out);
    buf_printf(out, "%s/%s", source_root(), path);
    buf_putc(out, '\0');
    return out->ptr;
}

static void read_file(struct buf *out, const char *path) {
    struct input_file file;
    struct err err = ERR_INIT;
    buf_clear(out);
    if (input_file_open(&file, path, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    buf_append(out, file.bytes, file.size_bytes);
    input_file_close(&file);
}

static void read_source(struct buf *out, const char *path) {
    struct buf whole = BUF_INIT;
    read_file(out, source_path(&whole, path));
    buf_fini(&whole);
}

static bool contains(struct str text, struct str wanted) {
    for (size_t i = 0; i + wanted.len <= text.len; i++) {
        if (str_starts(str_skip(text, i), wanted)) {
            return true;
        }
    }
    return false;
}

static bool line_next(struct str *line, struct str *rest) {
    if (rest->len == 0) {
        return false;
    }
    size_t end = str_find_char(*rest, '\n');
    *line = str_head(*rest, end);
    *rest = end == STR_NONE ? STR_EMPTY : str_skip(*rest, end + 1);
    return true;
}

static void no_error(const char *path, const struct err *err, void *ctx) {
    (void)ctx;
    fail_msg("%s: %s", path, err->message);
}

static void walk(const char *folder, input_walk_fn *visit, void *ctx) {
    struct buf path = BUF_INIT;
    assert_int_equal(input_walk(source_path(&path, folder), visit, no_error, ctx), STATUS_OK);
    buf_fini(&path);
}

/* --- tables --- */

/* RFC 4180: a field with a comma or a quote stands in quotes, quotes are doubled. */
static void append_csv(struct buf *out, struct str field, char end) {
    bool quoted = str_find_char(field, ',') != STR_NONE || str_find_char(field, '"') != STR_NONE;
    buf_add(out, quoted ? STR("\"") : STR_EMPTY);
    for (size_t i = 0; i < field.len; i++) {
        buf_add(out, field.ptr[i] == '"' ? STR("\"") : STR_EMPTY);
        buf_putc(out, field.ptr[i]);
    }
    buf_add(out, quoted ? STR("\"") : STR_EMPTY);
    buf_putc(out, end);
}

static void datasets_csv_is_the_table(void **state) {
    (void)state;
    struct buf wanted = BUF_INIT;
    struct buf found = BUF_INIT;
    buf_add(&wanted, STR("name,family,aliases,what\n"));
    for (int id = DATASET_UNKNOWN + 1; id < DATASET_COUNT; id++) {
        const struct dataset_info *info = dataset_info((enum dataset)id);
        append_csv(&wanted, info->name, ',');
        append_csv(&wanted, info->family, ',');
        append_csv(&wanted, info->aliases, ',');
        append_csv(&wanted, info->what, '\n');
    }
    read_source(&found, "datasets.csv");
    buf_putc(&wanted, '\0');
    buf_putc(&found, '\0');
    assert_string_equal(found.ptr, wanted.ptr); /* else: build/konseki datasets > datasets.csv */
    buf_fini(&wanted);
    buf_fini(&found);
}

static void add_name(struct intern *names, struct str name) {
    uint32_t before = names->count;
    if (intern_add(names, name) != before) {
        fail_msg("the name %.*s stands twice", STR_ARG(name));
    }
}

/* A name or alias means one dataset, whatever the order of the table. */
static void dataset_names_are_unique(void **state) {
    (void)state;
    struct intern names = {0};
    for (int id = DATASET_UNKNOWN + 1; id < DATASET_COUNT; id++) {
        const struct dataset_info *info = dataset_info((enum dataset)id);
        struct str rest = info->aliases;
        struct str alias;
        add_name(&names, info->name);
        while (str_word_next(&alias, &rest)) {
            add_name(&names, alias);
        }
    }
    intern_fini(&names);
}

static void field_names_are_unique(void **state) {
    (void)state;
    static const struct str fields[] = {
#define FIELD(id, name, type) STR_INIT(name),
#include "fields.def"
    };
    struct intern names = {0};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        add_name(&names, fields[i]);
        assert_true(str_eq(schema_name((uint32_t)i), fields[i]));
    }
    intern_fini(&names);
}

static void check_manual(const char *path, bool japanese) {
    struct buf table = BUF_INIT;
    struct buf manual = BUF_INIT;
    config_describe(&table, japanese);
    read_source(&manual, path);
    assert_true(table.len > 0);
    if (!contains(buf_str(&manual), buf_str(&table))) {
        fail_msg("%s has not the table of `konseki config`: make it again", path);
    }
    buf_fini(&table);
    buf_fini(&manual);
}

static void manual_has_the_settings(void **state) {
    (void)state;
    check_manual("docs/manual/config.md", false);
    check_manual("docs/manual/config.ja.md", true);
}

/* --- links --- */

struct links {
    const char *document;
    size_t checked;
    size_t broken;
};

/* A target is relative to its document; an address or a place in the same document is not ours. */
static void check_link(struct links *links, struct str target) {
    target = str_head(target, str_find_char(target, '#'));
    if (target.len == 0 || contains(target, STR(":"))) {
        return;
    }
    struct buf path = BUF_INIT;
    const char *slash = strrchr(links->document, '/');
    buf_append(&path, links->document, (size_t)(slash - links->document) + 1);
    buf_add(&path, target);
    buf_putc(&path, '\0');
    links->checked++;
    if (access(path.ptr, F_OK) != 0) {
        print_error("%s: no such file: %.*s\n", links->document, STR_ARG(target));
        links->broken++;
    }
    buf_fini(&path);
}

/* Every [text](target) of a line; what stands in `code` is none. */
static void check_line(struct links *links, struct str line) {
    bool code = false;
    for (size_t i = 0; i < line.len; i++) {
        struct str rest = str_skip(line, i);
        code ^= line.ptr[i] == '`';
        if (!code && str_starts(rest, STR("]("))) {
            struct str target = str_skip(rest, 2);
            check_link(links, str_head(target, str_find_char(target, ')')));
        }
    }
}

static enum status check_document(const char *path, void *ctx) {
    struct links *links = ctx;
    if (!str_ends(str_from_c(path), STR(".md"))) {
        return STATUS_OK;
    }
    struct buf text = BUF_INIT;
    read_file(&text, path);
    links->document = path;
    struct str rest = buf_str(&text);
    struct str line;
    bool fenced = false;
    while (line_next(&line, &rest)) {
        fenced ^= str_starts(line, STR("```"));
        if (!fenced && !str_starts(line, STR("    "))) {
            check_line(links, line);
        }
    }
    buf_fini(&text);
    return STATUS_OK;
}

static void check_root_documents(struct links *links) {
    DIR *root = opendir(source_root());
    assert_non_null(root);
    struct buf path = BUF_INIT;
    for (struct dirent *entry = readdir(root); entry != NULL; entry = readdir(root)) {
        (void)check_document(source_path(&path, entry->d_name), links);
    }
    buf_fini(&path);
    closedir(root);
}

static void links_lead_somewhere(void **state) {
    (void)state;
    static const char *const folders[] = {"docs", "src", "cli", "tests", "demo"};
    struct links links = {0};
    check_root_documents(&links);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        walk(folders[i], check_document, &links);
    }
    assert_true(links.checked > 20);
    assert_int_equal(links.broken, 0);
}

/* --- READMEs --- */

static size_t count_lines(struct str text) {
    size_t lines = 0;
    struct str line;
    while (line_next(&line, &text)) {
        lines++;
    }
    return lines;
}

static void check_readme(const char *path) {
    struct buf text = BUF_INIT;
    read_file(&text, path);
    size_t lines = count_lines(buf_str(&text));
    if (lines == 0 || lines > README_LINES_MAX) {
        fail_msg("%s has %zu lines; 1 to %d are allowed", path, lines, README_LINES_MAX);
    }
    buf_fini(&text);
}

/* Once a folder; `ctx` is the folders seen. */
static enum status check_folder_of(const char *path, void *ctx) {
    struct intern *folders = ctx;
    struct str folder = str_make(path, (size_t)(strrchr(path, '/') - path));
    uint32_t before = folders->count;
    if (intern_add(folders, folder) == before) {
        struct buf readme = BUF_INIT;
        buf_printf(&readme, "%.*s/README.md", STR_ARG(folder));
        buf_putc(&readme, '\0');
        check_readme(readme.ptr);
        buf_fini(&readme);
    }
    return STATUS_OK;
}

static void folders_have_readmes(void **state) {
    (void)state;
    struct intern folders = {0};
    struct buf path = BUF_INIT;
    walk("src", check_folder_of, &folders);
    assert_true(folders.count >= 15);
    check_readme(source_path(&path, "cli/README.md"));
    check_readme(source_path(&path, "tests/README.md"));
    buf_fini(&path);
    intern_fini(&folders);
}

/* --- messages --- */

static bool is_part_of_name(char c) {
    return ascii_is_alnum(c) || c == '_';
}

/* _("...") or N_("...") anywhere in the text, or a call that translates its format. */
static bool has_messages(struct str text) {
    static const char *const calls[] = {" err_set(", " err_wrap(", " verify_damage(",
                                        " verify_note("};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (contains(text, str_from_c(calls[i]))) {
            return true;
        }
    }
    for (size_t i = 1; i < text.len; i++) {
        bool marks = str_starts(str_skip(text, i), STR("_(\""));
        size_t before = text.ptr[i - 1] == 'N' && i > 1 ? i - 2 : i - 1;
        if (marks && !is_part_of_name(text.ptr[before])) {
            return true;
        }
    }
    return false;
}

struct catalogue {
    struct intern listed; /* lines of po/POTFILES */
    size_t missing;
};

static enum status check_listed(const char *path, void *ctx) {
    struct catalogue *catalogue = ctx;
    struct str name = str_from_c(path);
    if (!str_ends(name, STR(".c")) && !str_ends(name, STR(".def"))) {
        return STATUS_OK;
    }
    struct buf text = BUF_INIT;
    read_file(&text, path);
    uint32_t before = catalogue->listed.count;
    struct str below = str_skip(name, strlen(source_root()) + 1);
    bool own = !str_eq(below, STR("src/base/err.c")); /* there err_set itself is */
    if (own && has_messages(buf_str(&text)) && intern_add(&catalogue->listed, below) == before) {
        print_error("%s has messages and is not in po/POTFILES\n", path);
        catalogue->missing++;
    }
    buf_fini(&text);
    return STATUS_OK;
}

static void files_with_messages_are_listed(void **state) {
    (void)state;
    struct catalogue catalogue = {0};
    struct buf text = BUF_INIT;
    read_source(&text, "po/POTFILES");
    struct str rest = buf_str(&text);
    struct str line;
    while (line_next(&line, &rest)) {
        (void)intern_add(&catalogue.listed, line);
    }
    walk("cli", check_listed, &catalogue);
    walk("src", check_listed, &catalogue);
    assert_int_equal(catalogue.missing, 0);
    buf_fini(&text);
    intern_fini(&catalogue.listed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datasets_csv_is_the_table),
        cmocka_unit_test(dataset_names_are_unique),
        cmocka_unit_test(field_names_are_unique),
        cmocka_unit_test(manual_has_the_settings),
        cmocka_unit_test(links_lead_somewhere),
        cmocka_unit_test(folders_have_readmes),
        cmocka_unit_test(files_with_messages_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
