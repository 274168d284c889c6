/*
 * tests/golden/parse/<format>/input.log against expected.txt. Zone Asia/Tokyo, newest time
 * 2026-11-21. KONSEKI_GOLDEN_UPDATE=1 writes expected.txt anew: read the difference before you
 * commit it.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "input.h"
#include "input_file.h"
#include "row_text.h"

static void parse_all(struct buf *out, const struct input_file *file) {
    struct err err = ERR_INIT;
    struct parse_settings settings = {.newest_ns = INT64_C(1795219200) * NS_PER_SECOND};
    assert_int_equal(zone_open(&settings.zone, STR("Asia/Tokyo"), &err), STATUS_OK);
    struct parse_input_options options = {.source = STR("golden"),
                                          .origin = STR("input.log"),
                                          .host = STR_EMPTY,
                                          .settings = settings,
                                          .receive_ns = settings.newest_ns};
    struct batch batch;
    batch_init(&batch);
    struct parse_input *input = parse_input_open(file->bytes, file->size_bytes, &options);
    while (parse_input_next(input, &batch)) {
        for (size_t i = 0; i < batch.row_count; i++) {
            row_text_add(out, &batch, &batch.rows[i]);
            buf_putc(out, '\n');
        }
        batch_clear(&batch);
    }
    parse_input_close(&input);
    batch_fini(&batch);
}

static void write_expected(const char *path, const struct buf *text) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text->ptr, 1, text->len, f), text->len);
    assert_int_equal(fclose(f), 0);
}

/* Prints the first line that differs. */
static bool compare(const char *name, struct str got, struct str want) {
    struct str a;
    struct str b;
    int line = 0;
    if (str_eq(got, want)) {
        return true;
    }
    for (bool more = true; more;) {
        bool has_a = str_split_next(&a, &got, '\n');
        bool has_b = str_split_next(&b, &want, '\n');
        line++;
        if (has_a != has_b || !has_a || !str_eq(a, b)) {
            print_error("%s: line %d\n  got  %.*s\n  want %.*s\n", name, line,
                        STR_ARG(has_a ? a : STR("(end)")), STR_ARG(has_b ? b : STR("(end)")));
            more = false;
        }
    }
    return false;
}

static bool check_format(const char *folder, const char *name) {
    char path[1200];
    struct err err = ERR_INIT;
    struct input_file input;
    struct input_file expected;
    struct buf got = BUF_INIT;
    snprintf(path, sizeof path, "%s/%s/input.log", folder, name);
    assert_int_equal(input_file_open(&input, path, &err), STATUS_OK);
    parse_all(&got, &input);
    input_file_close(&input);
    snprintf(path, sizeof path, "%s/%s/expected.txt", folder, name);
    if (getenv("KONSEKI_GOLDEN_UPDATE") != NULL) {
        write_expected(path, &got);
    }
    assert_int_equal(input_file_open(&expected, path, &err), STATUS_OK);
    bool same =
        compare(name, buf_str(&got), str_make((const char *)expected.bytes, expected.size_bytes));
    input_file_close(&expected);
    buf_fini(&got);
    return same;
}

static void test_all_formats(void **state) {
    (void)state;
    char folder[900];
    const char *root = getenv("KONSEKI_SOURCE");
    snprintf(folder, sizeof folder, "%s/tests/golden/parse", root != NULL ? root : ".");
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    int formats = 0;
    int failed = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] != '.') {
            formats++;
            failed += !check_format(folder, entry->d_name);
        }
    }
    closedir(dir);
    assert_true(formats >= 10);
    assert_int_equal(failed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_formats)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
