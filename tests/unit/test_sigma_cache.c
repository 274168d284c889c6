/* The cache of compiled rules: what comes back matches like what went in; damaged, cut and forged
 * images are refused or at least do no harm. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bytes.h"
#include "hash.h"
#include "mem.h"
#include "sigma_cache.h"

static const char rule_text[] =
    "title: process\nid: rule-a\nlevel: high\ntags: [attack.t1059]\nlogsource:\n"
    "  product: windows\n  category: process_creation\n"
    "detection:\n  s:\n    Image|endswith: ['\\cmd.exe', '\\powershell.exe', '\\sh.exe', "
    "'\\x.exe', "
    "'\\y.exe']\n    CommandLine|re: 'enc[a-z]*\\s+[A-Z]{2,}'\n"
    "  f:\n    User: bob\n    Hashes: null\n  condition: s and not f\n"
    "---\n"
    "title: words\nid: rule-b\nlogsource:\n  product: windows\n"
    "detection:\n  k:\n    - 'needle'\n  n:\n    ProcessId|gt: 100\n    SourceIp|cidr: 10.0.0.0/8\n"
    "  condition: k or n\n"
    "---\n"
    "title: compares fields\nid: rule-c\nlogsource:\n  category: any-thing\n"
    "detection:\n  s:\n    A|fieldref: B\n    C|exists: true\n  condition: s\n";

struct fixture {
    char folder[64];
    char rules[96];
    char cache[96];
};

static int set_up(void **state) {
    struct fixture *f = mem_calloc(1, sizeof *f);
    (void)snprintf(f->folder, sizeof f->folder, "%s", P_tmpdir "/konseki_cache_XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->rules, sizeof f->rules, "%s/rules.yml", f->folder);
    (void)snprintf(f->cache, sizeof f->cache, "%s/a/b", f->folder);
    FILE *out = fopen(f->rules, "w");
    assert_non_null(out);
    assert_true(fputs(rule_text, out) >= 0 && fputs("---\ntitle: bad\n", out) >= 0);
    assert_int_equal(fclose(out), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    char above[96];
    (void)snprintf(above, sizeof above, "%s/a", f->folder);
    (void)unlink(f->rules);
    (void)rmdir(f->cache);
    (void)rmdir(above);
    (void)rmdir(f->folder);
    mem_free(f);
    return 0;
}

static void count_report(const struct sigma_rule_info *rule, struct str why, void *ctx) {
    (void)rule;
    size_t *counts = ctx;
    counts[why.len > 0 ? 1 : 0]++;
}

static struct sigma_rules *load(const struct fixture *f, const char *cache, size_t counts[2]) {
    const char *paths[] = {f->rules};
    struct sigma_rules *set = NULL;
    struct err err = ERR_INIT;
    const struct sigma_load_options options = {.paths = paths,
                                               .path_count = 1,
                                               .cache_folder = cache,
                                               .report = count_report,
                                               .ctx = counts};
    assert_int_equal(sigma_rules_load(&set, &options, &err), STATUS_OK);
    return set;
}

/* --- what a set matches --- */

struct found {
    char text[200];
};

static void collect(const struct sigma_hit *hit, void *ctx) {
    struct found *found = ctx;
    size_t len = strlen(found->text);
    (void)snprintf(found->text + len, sizeof found->text - len, "%.*s:%zu:%zu ",
                   STR_ARG(hit->rule->id), hit->field_count, hit->rule->tag_count);
}

#define VALUE(name, text)                                                                          \
    { STR(name), STR(text), false, false }
static const struct sigma_event_value process[] = {
    VALUE("Channel", "Microsoft-Windows-Sysmon/Operational"), VALUE("EventID", "1"),
    VALUE("Image", "C:\\Windows\\CMD.exe"), VALUE("CommandLine", "x -encoded ABC"),
    VALUE("User", "alice")};
static const struct sigma_event_value excluded[] = {
    VALUE("Channel", "Microsoft-Windows-Sysmon/Operational"), VALUE("EventID", "1"),
    VALUE("Image", "C:\\cmd.exe"), VALUE("CommandLine", "x -enc ABC"), VALUE("User", "Bob")};
static const struct sigma_event_value words[] = {VALUE("Channel", "Security"),
                                                 VALUE("Text", "a NEEDLE here")};
static const struct sigma_event_value numbers[] = {
    VALUE("Channel", "Security"), VALUE("ProcessId", "4711"), VALUE("SourceIp", "10.1.2.3")};
static const struct sigma_event_value fields[] = {VALUE("A", "same"), VALUE("B", "SAME"),
                                                  VALUE("C", "")};

static void match_all(const struct sigma_rules *set, char *out, size_t size) {
    static const struct {
        const struct sigma_event_value *values;
        size_t count;
    } events[] = {{process, 5}, {excluded, 5}, {words, 2}, {numbers, 3}, {fields, 3}};
    struct sigma_matcher *m = sigma_matcher_create(set);
    out[0] = '\0';
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        struct found found = {""};
        sigma_match_event(m, events[i].values, events[i].count, collect, &found);
        (void)snprintf(out + strlen(out), size - strlen(out), "%s|", found.text);
    }
    sigma_matcher_destroy(&m);
}

static const char expected[] = "rule-a:2:1 ||rule-b:1:0 |rule-b:2:0 |rule-c:2:0 |";

static void assert_matches(const struct sigma_rules *set) {
    char text[1200];
    match_all(set, text, sizeof text);
    assert_string_equal(text, expected);
}

/* --- images --- */

static const struct sigma_cache_key some_key = {{1, 2, 3}};

static void make_image(struct buf *image, const struct fixture *f) {
    size_t counts[2] = {0};
    struct sigma_rules *set = load(f, NULL, counts);
    assert_true(sigma_image_write(image, set, &some_key));
    sigma_rules_free(&set);
}

static struct sigma_mapping *mapping; /* is not of the image: whoever loads a set adds it */

static int load_mapping(void **state) {
    (void)state;
    struct err err = ERR_INIT;
    return sigma_mapping_load(&mapping, NULL, 0, &err) == STATUS_OK ? 0 : -1;
}

static int free_mapping(void **state) {
    (void)state;
    sigma_mapping_free(&mapping);
    return 0;
}

/* Whether it was taken; what is taken is used, so that a sanitizer sees what it does. */
static bool try_image(struct str image) {
    struct sigma_rules set;
    char text[1200];
    sigma_set_init(&set);
    set.mapping = mapping;
    bool taken = sigma_image_read(&set, image, &some_key);
    assert_ptr_equal(set.mapping, mapping);
    if (taken) {
        match_all(&set, text, sizeof text);
    }
    set.mapping = NULL;
    sigma_set_fini(&set);
    return taken;
}

/* Makes the header fit the body again: a forger can. */
static void reseal(struct str image) {
    char *bytes = (char *)(uintptr_t)image.ptr;
    bytes_put_le64(bytes + 48, image.len - 64);
    bytes_put_le64(bytes + 56, hash_str(str_skip(image, 64)));
}

static void test_image_round_trip(void **state) {
    struct buf image = BUF_INIT;
    struct sigma_rules set;
    make_image(&image, *state);
    sigma_set_init(&set);
    set.mapping = mapping;
    assert_true(sigma_image_read(&set, buf_str(&image), &some_key));
    assert_int_equal(sigma_rules_count(&set), 3);
    assert_matches(&set);
    set.mapping = NULL;
    sigma_set_fini(&set);
    buf_fini(&image);
}

static void test_header_is_checked(void **state) {
    struct buf image = BUF_INIT;
    make_image(&image, *state);
    for (size_t i = 0; i < 64; i++) {
        bool reserved = i >= 12 && i < 16;
        image.ptr[i] ^= 1;
        assert_int_equal(try_image(buf_str(&image)), reserved);
        image.ptr[i] ^= 1;
    }
    assert_true(try_image(buf_str(&image)));
    assert_false(try_image(STR_EMPTY));
    buf_fini(&image);
}

static void test_cut_images_are_refused(void **state) {
    struct buf image = BUF_INIT;
    make_image(&image, *state);
    for (size_t len = 64; len < image.len; len += len < 4096 ? 1 : 61) {
        struct buf cut = BUF_INIT;
        buf_append(&cut, image.ptr, len);
        reseal(buf_str(&cut));
        assert_false(try_image(buf_str(&cut)));
        buf_fini(&cut);
    }
    buf_putc(&image, 0); /* and what is too long */
    reseal(buf_str(&image));
    assert_false(try_image(buf_str(&image)));
    buf_fini(&image);
}

/* One more than there are was taken once: the matcher's expression of that number was never freed.
 */
static void test_number_of_an_expression_is_bounded(void **state) {
    struct buf image = BUF_INIT;
    size_t counts[2] = {0};
    struct sigma_rules *set = load(*state, NULL, counts);
    uint32_t number = set->tests[0].regex;
    assert_true(set->regex_count > 0);
    set->tests[0].regex = (uint32_t)set->regex_count;
    assert_false(sigma_image_write(&image, set, &some_key));
    set->tests[0].regex = number;
    assert_true(sigma_image_write(&image, set, &some_key));
    sigma_rules_free(&set);
    buf_fini(&image);
}

static void test_flipped_bits_do_no_harm(void **state) {
    struct buf image = BUF_INIT;
    size_t refused = 0;
    size_t tried = 0;
    make_image(&image, *state);
    assert_false((image.ptr[100] ^= 4, try_image(buf_str(&image)))); /* the checksum sees it */
    image.ptr[100] ^= 4;
    srand(7);
    for (size_t i = 64; i < image.len; i += 1 + (size_t)rand() % (i < 8192 ? 3 : 97)) {
        char kept = image.ptr[i];
        image.ptr[i] = (char)(kept ^ (1 << rand() % 8));
        reseal(buf_str(&image));
        refused += !try_image(buf_str(&image));
        tried++;
        image.ptr[i] = kept;
    }
    assert_true(tried > 500);
    assert_true(refused > tried / 20 && refused < tried); /* texts may change, numbers may not */
    buf_fini(&image);
}

/* --- files --- */

struct file_list {
    char path[400];
    size_t count;
};

static void find_file(struct file_list *out, const char *folder) {
    *out = (struct file_list){.count = 0};
    DIR *dir = opendir(folder);
    for (struct dirent *e = dir != NULL ? readdir(dir) : NULL; e != NULL; e = readdir(dir)) {
        if (strstr(e->d_name, ".sigma") != NULL) {
            out->count++;
            (void)snprintf(out->path, sizeof out->path, "%s/%s", folder, e->d_name);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

static void test_second_load_is_the_same(void **state) {
    const struct fixture *f = *state;
    struct file_list files;
    struct stat info;
    for (int i = 0; i < 3; i++) {
        size_t counts[2] = {0};
        struct sigma_rules *set = load(f, f->cache, counts);
        assert_int_equal(set->is_from_cache, i > 0);
        assert_null(set->documents[0].root); /* trees are not kept */
        assert_int_equal(counts[0], 3);
        assert_int_equal(counts[1], 1);
        assert_matches(set);
        sigma_rules_free(&set);
    }
    find_file(&files, f->cache);
    assert_int_equal(files.count, 1);
    assert_int_equal(stat(files.path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(chmod(files.path, 0666), 0); /* others might have written it */
    size_t counts[2] = {0};
    struct sigma_rules *set = load(f, f->cache, counts);
    assert_false(set->is_from_cache);
    sigma_rules_free(&set);
    (void)unlink(files.path);
}

static void append_rule(const char *path, int number) {
    FILE *out = fopen(path, "a");
    assert_non_null(out);
    assert_true(fprintf(out, "# %d\n", number) > 0);
    assert_int_equal(fclose(out), 0);
}

static void test_changed_rules_are_another_set(void **state) {
    const struct fixture *f = *state;
    struct file_list files;
    for (int i = 0; i < SIGMA_CACHE_KEPT + 3; i++) {
        size_t counts[2] = {0};
        append_rule(f->rules, i);
        struct sigma_rules *set = load(f, f->cache, counts);
        assert_false(set->is_from_cache);
        sigma_rules_free(&set);
        find_file(&files, f->cache);
        assert_int_equal(files.count, i < SIGMA_CACHE_KEPT ? i + 1 : SIGMA_CACHE_KEPT);
    }
    for (find_file(&files, f->cache); files.count > 0; find_file(&files, f->cache)) {
        assert_int_equal(unlink(files.path), 0);
    }
}

static void test_no_cache_is_fine(void **state) {
    size_t counts[2] = {0};
    struct sigma_rules *set = load(*state, "/proc/no/such/folder", counts);
    assert_matches(set);
    sigma_rules_free(&set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_image_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_header_is_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cut_images_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_number_of_an_expression_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_flipped_bits_do_no_harm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_second_load_is_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_changed_rules_are_another_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_cache_is_fine, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, load_mapping, free_mapping);
}
