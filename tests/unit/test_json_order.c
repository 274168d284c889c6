/*
 * Objects whose members come in any order: sorting finds one form, restoring gives the bytes back,
 * places of texts are known, and neither believes its input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "json_order.h"
#include "mem.h"

struct random {
    uint64_t state;
};

static uint32_t random_below(struct random *r, uint32_t limit) {
    r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(r->state >> 33) % limit;
}

static int setup(void **state) {
    *state = mem_calloc(2, sizeof(struct json_order));
    return 0;
}

static int teardown(void **state) {
    struct json_order *orders = *state;
    json_order_fini(&orders[0]);
    json_order_fini(&orders[1]);
    mem_free(orders);
    return 0;
}

static void check_places(const struct json_order *o, struct str text) {
    struct str sorted = buf_str(&o->text);
    for (uint32_t at = 0; at < text.len; at++) {
        uint32_t place;
        uint32_t len = at % 7 + 1;
        if (json_order_place(&place, o, at, len)) {
            assert_true(place <= sorted.len && len <= sorted.len - place);
            assert_memory_equal(text.ptr + at, sorted.ptr + place, len);
        }
    }
}

/* Sorts and restores; the sorted form is borrowed from orders[0]. */
static struct str there_and_back(struct json_order *orders, struct str text) {
    struct json_order *o = &orders[0];
    struct json_order *back = &orders[1];
    assert_true(json_order_sort(o, text));
    assert_int_equal(o->text.len, text.len);
    check_places(o, text);
    assert_true(json_order_restore(back, buf_str(&o->text), o->numbers, o->number_count));
    assert_int_equal(back->text.len, text.len);
    assert_memory_equal(back->text.ptr, text.ptr, text.len);
    check_places(back, buf_str(&o->text));
    return buf_str(&o->text);
}

static void test_sorted_form(void **state) {
    struct json_order *orders = *state;
    struct str sorted = there_and_back(
        orders,
        STR("{\"b\":[3,{\"z\":1,\"a\":2}], \"a\" : {\"y\":\"},\\\"\",\"x\":null} ,\"\":{}}\n"));
    static const char expected[] =
        "{\"\":{}, \"a\" : {\"x\":null,\"y\":\"},\\\"\"} ,\"b\":[3,{\"z\":1,\"a\":2}]}\n";
    assert_int_equal(sorted.len, sizeof expected - 1);
    assert_memory_equal(sorted.ptr, expected, sorted.len);
    /* outer object: b a "" = digits 2 1, radices 3 2; inner y x = digit 1, radix 2 */
    assert_int_equal(orders[0].number_count, 1);
    assert_int_equal(orders[0].numbers[0], 2 + 1 * 3 + 1 * 6);
    there_and_back(orders, STR("{\"a\":1,\"a\":2,\"a\":3}"));
    there_and_back(orders, STR("{\"only\":1}"));
}

/* An object of `keys` members in a random order, some of them objects. */
static void put_object(struct buf *out, struct random *r, uint32_t keys, uint32_t depth) {
    uint32_t order[64] = {0};
    for (uint32_t i = 0; i < keys; i++) {
        uint32_t at = random_below(r, i + 1);
        order[i] = order[at];
        order[at] = i;
    }
    for (uint32_t i = 0; i < keys; i++) {
        char text[80];
        (void)snprintf(text, sizeof text, "%c\"key%u\":", i == 0 ? '{' : ',', order[i]);
        buf_add(out, str_from_c(text));
        if (depth > 0 && order[i] % 5 == 0) {
            put_object(out, r, 1 + order[i] % 9, depth - 1);
        } else {
            (void)snprintf(text, sizeof text, "\"value \\\\ %u\"", random_below(r, 1000));
            buf_add(out, str_from_c(text));
        }
    }
    buf_putc(out, '}');
}

static void test_random_orders(void **state) {
    struct json_order *orders = *state;
    struct random r = {3};
    uint64_t keys_hash = 0;
    for (uint32_t i = 0; i < 3000; i++) {
        struct buf text = BUF_INIT;
        uint32_t keys = i < 1000 ? 20 : 1 + random_below(&r, 40);
        put_object(&text, &r, keys, 1);
        buf_putc(&text, '\n');
        there_and_back(orders, buf_str(&text));
        assert_true(i == 0 || i >= 1000 || keys_hash == orders[0].keys_hash);
        keys_hash = orders[0].keys_hash;
        buf_fini(&text);
    }
}

static void test_refused(void **state) {
    struct json_order *orders = *state;
    static const char *const bad[] = {"",
                                      "{",
                                      "{}",
                                      "[1]",
                                      "{\"a\"}",
                                      "{\"a\":1",
                                      "{\"a\":",
                                      "{\"a:1}",
                                      "{\"a\":1,}",
                                      "{\"a\":1]}",
                                      "{\"a\":{\"b\":1}",
                                      "{\"a\":\"\\\"}",
                                      "x",
                                      "{\"a\":1,2}",
                                      "{\"a\":[1}",
                                      "{a:1,\"b\":2}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(json_order_sort(&orders[0], str_from_c(bad[i])));
        assert_false(json_order_restore(&orders[0], str_from_c(bad[i]), NULL, 0));
    }
    struct buf many = BUF_INIT;
    for (int i = 0; i < 600; i++) {
        buf_add(&many, i == 0 ? STR("{\"a\":1") : STR(",\"a\":1"));
    }
    buf_putc(&many, '}');
    assert_false(json_order_sort(&orders[0], buf_str(&many)));
    buf_clear(&many);
    for (int i = 0; i < 4000; i++) { /* deeper than objects are taken apart: a value like others */
        buf_add(&many, STR("{\"a\":"));
    }
    assert_false(json_order_sort(&orders[0], buf_str(&many)));
    buf_fini(&many);
    const uint64_t numbers[2] = {UINT64_MAX, UINT64_MAX};
    assert_true(json_order_restore(&orders[0], STR("{\"a\":1,\"b\":2}"), numbers, 1));
    assert_false(json_order_restore(&orders[0], STR("{\"a\":1,\"b\":2}"), numbers, 2));
    assert_false(json_order_restore(&orders[0], STR("{\"a\":1,\"b\":2}"), numbers, 0));
}

/* Changed bytes: refused, or restored to the text that they are. */
static void test_hostile(void **state) {
    struct json_order *orders = *state;
    struct random r = {4};
    for (int i = 0; i < 20000; i++) {
        static const char alphabet[] = "{}[]\",:\\a1 ";
        char text[60];
        uint32_t len = 1 + random_below(&r, sizeof text - 1);
        for (uint32_t k = 0; k < len; k++) {
            text[k] = alphabet[random_below(&r, sizeof alphabet - 1)];
        }
        memcpy(text, "{\"a\":", len < 5 ? len : 5);
        if (json_order_sort(&orders[0], str_make(text, len))) {
            there_and_back(orders, str_make(text, len));
        }
    }
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_sorted_form),
        CASE(test_random_orders),
        CASE(test_refused),
        CASE(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
