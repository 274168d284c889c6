/* The story of an entity over a store in memory: who is meant, and in which order it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "fake_store.h"
#include "timeline.h"

static struct store fake;

static void add_line(int64_t second, const char *raw, const char *source_ip) {
    struct batch *b = &fake.batch;
    size_t off = b->raw.len;
    buf_add(&b->raw, str_from_c(raw));
    struct row *row = batch_row_begin(b, off, b->raw.len - off);
    row->time_ns = second * NS_PER_SECOND;
    row->receive_ns = 0;
    row->sequence = b->row_count;
    row->line = (uint32_t)b->row_count;
    row->source = intern_add(&b->names, STR("s"));
    if (source_ip != NULL) {
        batch_add(b, FIELD_SOURCE_IP, str_from_c(source_ip));
    }
}

static int setup(void **state) {
    (void)state;
    batch_init(&fake.batch);
    add_line(500, "login of tanaka from 10.1.2.3\n", NULL);
    add_line(100, "src=10.1.2.30 tanaka.y\n", "10.1.2.30");
    add_line(300, "src=10.1.2.3, out\n", "10.1.2.3");
    add_line(200, "version 10.1.2.3.4 of evil.example\n", NULL);
    add_line(400, "mapped address\n", "::ffff:10.1.2.3");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    batch_fini(&fake.batch);
    return 0;
}

static bool take_entry(const struct timeline_entry *entry, void *ctx) {
    struct buf *out = ctx;
    if (entry->kind == TIMELINE_FINDING) {
        buf_printf(out, "%.*s ", STR_ARG(entry->source));
    } else {
        buf_printf(out, "%llu ", (unsigned long long)entry->line);
    }
    return true;
}

static void expect_limited(const char *entity, uint64_t limit, const char *want) {
    struct query_settings settings = {.now_ns = 0, .zone = zone_utc()};
    struct str who = str_from_c(entity);
    struct timeline_options options = {.store = &fake,
                                       .entities = &who,
                                       .entity_count = 1,
                                       .from_ns = INT64_MIN,
                                       .to_ns = INT64_MAX,
                                       .limit = limit,
                                       .settings = &settings};
    struct timeline_stats stats;
    struct err err = ERR_INIT;
    struct buf out = BUF_INIT;
    assert_int_equal(timeline_run(&options, &stats, take_entry, &out, &err), STATUS_OK);
    assert_int_equal(stats.limited, limit > 0);
    buf_putc(&out, '\0');
    assert_string_equal(out.ptr, want);
    buf_fini(&out);
}

static void finds_who_is_meant(void **state) {
    (void)state;
    expect_limited("10.1.2.3", 0, "3 5 1 "); /* not 10.1.2.30, not 10.1.2.3.4 */
    expect_limited("10.1.2.0/24", 0, "2 3 5 ");
    expect_limited("tanaka", 0, "2 1 ");
    expect_limited("EVIL.example", 0, "4 ");
    expect_limited("nobody", 0, "");
    expect_limited("10.1.2.3", 2, "3 5 ");
}

static void refuses_empty_entities(void **state) {
    (void)state;
    struct query_settings settings = {.now_ns = 0, .zone = zone_utc()};
    struct str who = STR("\"\\--");
    struct timeline_options options = {.store = &fake,
                                       .entities = &who,
                                       .entity_count = 1,
                                       .from_ns = INT64_MIN,
                                       .to_ns = INT64_MAX,
                                       .settings = &settings};
    struct timeline_stats stats;
    struct err err = ERR_INIT;
    assert_int_equal(timeline_run(&options, &stats, take_entry, NULL, &err), STATUS_BAD_INPUT);
    assert_true(err.message[0] != '\0');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_who_is_meant, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_empty_entities, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
