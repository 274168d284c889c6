#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ioc.h"

struct refused {
    uint32_t lines[8];
    size_t count;
};

static void take_refused(const char *file, uint32_t line, struct str value, void *ctx) {
    struct refused *r = ctx;
    (void)file;
    (void)value;
    if (r->count < 8) {
        r->lines[r->count++] = line;
    }
}

static struct ioc_set *read_list(const char *text) {
    struct ioc_set *set = ioc_set_create();
    ioc_set_read(set, str_from_c(text), "list.txt", NULL, NULL);
    return set;
}

static const struct ioc *find_ip(const struct ioc_set *set, const char *text) {
    struct ip ip;
    assert_true(ip_parse(&ip, str_from_c(text)));
    return ioc_find_ip(set, &ip);
}

static void pasted_forms(void **state) {
    (void)state;
    struct ioc_set *set =
        read_list("\xef\xbb\xbf# comment\n"
                  "value,comment\n"
                  "192.0.2[.]1,C2\n"
                  "evil[dot]example;phish\n"
                  "hxxps://bad(.)example/a/b\n"
                  "\xef\xbc\x91\xef\xbc\x99\xef\xbc\x92\xef\xbc\x8e\xef\xbc\x90\xef\xbc\x8e"
                  "\xef\xbc\x92\xef\xbc\x8e\xef\xbc\x99\n" /* 192.0.2.9 in full width */
                  "198.51.100.0/24\r\n"
                  "\"spy@mail.example\",\"comment, with comma\"\n"
                  "d41d8cd98f00b204e9800998ecf8427e\n"
                  "ua:BadBot/1.0\n"
                  "*.wild.example\n");
    assert_int_equal(ioc_set_count(set), 9);
    assert_non_null(find_ip(set, "192.0.2.1"));
    assert_non_null(find_ip(set, "192.0.2.9"));
    assert_non_null(find_ip(set, "198.51.100.77"));
    assert_null(find_ip(set, "198.51.101.1"));
    assert_non_null(ioc_find_domain(set, STR("www.Evil.example")));
    assert_non_null(ioc_find_domain(set, STR("a.wild.example.")));
    assert_non_null(ioc_find_text(set, IOC_MAIL, STR("Spy@mail.example")));
    assert_non_null(ioc_find_text(set, IOC_HASH, STR("D41D8CD98F00B204E9800998ECF8427E")));
    assert_non_null(ioc_find_text(set, IOC_USER_AGENT, STR("BadBot/1.0")));
    assert_int_equal(find_ip(set, "192.0.2.1")->line, 3);
    ioc_set_free(&set);
}

/* Bytes 65 and 97 are an 'A' and an 'a' to text functions. */
static void addresses_are_no_text(void **state) {
    (void)state;
    struct ioc_set *set = read_list("65.66.67.68\n");
    assert_non_null(find_ip(set, "65.66.67.68"));
    assert_null(find_ip(set, "97.98.99.100"));
    ioc_set_free(&set);
}

static void domains_and_urls_do_not_overreach(void **state) {
    (void)state;
    struct ioc_set *set =
        read_list("evil.example\nhttp://files.example/bad\nhttp://host.example:8080/\n");
    assert_null(ioc_find_domain(set, STR("notevil.example")));
    assert_null(ioc_find_domain(set, STR("evil.example.com")));
    assert_null(ioc_find_domain(set, STR("example")));
    assert_null(ioc_find_domain(set, STR("files.example")));
    assert_non_null(ioc_find_url(set, STR("FILES.example"), STR("/bad")));
    assert_non_null(ioc_find_url(set, STR("files.example"), STR("/bad/x.exe")));
    assert_non_null(ioc_find_url(set, STR("files.example"), STR("/bad?x=1")));
    assert_null(ioc_find_url(set, STR("files.example"), STR("/badge")));
    assert_null(ioc_find_url(set, STR("files.example"), STR("/BAD")));
    assert_null(ioc_find_url(set, STR("www.files.example"), STR("/bad")));
    assert_non_null(ioc_find_url(set, STR("host.example"), STR("/anything")));
    ioc_set_free(&set);
}

static void bad_lines_are_told(void **state) {
    (void)state;
    struct ioc_set *set = ioc_set_create();
    struct refused refused = {{0}, 0};
    ioc_set_read(set, STR("good.example\nnot an indicator\n999.1.1.1\nlocalhost\nhttp:///x\n"),
                 "l.txt", take_refused, &refused);
    assert_int_equal(ioc_set_count(set), 1);
    assert_int_equal(refused.count, 4);
    assert_int_equal(refused.lines[0], 2);
    ioc_set_free(&set);
}

static void marks_and_hash(void **state) {
    (void)state;
    struct ioc_set *a = read_list("1.2.3.4,CDN weak\n1.2.3.5,old last_seen=2025-01-01\n");
    struct ioc_set *b =
        read_list("1.2.3.5,old last_seen=2025-01-01\n1.2.3.4,CDN weak\n1.2.3.4,again\n");
    struct ioc_set *c = read_list("1.2.3.4\n");
    assert_true(find_ip(a, "1.2.3.4")->weak);
    assert_true(find_ip(a, "1.2.3.5")->last_seen_ns != TIME_NONE);
    assert_int_equal(ioc_set_count(b), 2);
    assert_true(ioc_set_hash(a) == ioc_set_hash(b));
    assert_true(ioc_set_hash(a) != ioc_set_hash(c));
    ioc_set_free(&a);
    ioc_set_free(&b);
    ioc_set_free(&c);
}

/* The narrowest of the networks that hold an address, whatever their order and family. */
static void the_narrowest_network_holds(void **state) {
    (void)state;
    struct ioc_set *set = read_list("198.51.0.0/16,wide\n2001:db8::/33,v6\n198.51.100.0/25,narrow\n"
                                    "198.51.100.64/26,narrower\n0.0.0.0/0,all\n"
                                    "198.51.100.65/25,same as narrow\n");
    static const struct {
        const char *address;
        const char *comment;
    } cases[] = {{"198.51.100.65", "narrower"},
                 {"198.51.100.63", "narrow"},
                 {"198.51.100.128", "wide"},
                 {"198.52.0.0", "all"},
                 {"2001:db8:7fff::1", "v6"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct ioc *ioc = find_ip(set, cases[i].address);
        assert_non_null(ioc);
        assert_true(str_eq(ioc->comment, str_from_c(cases[i].comment)));
    }
    assert_null(find_ip(set, "2001:db8:8000::1"));
    ioc_set_free(&set);
}

/* A copy finds and counts the same; marks make another indicator, comments do not. */
static void copies_are_equal(void **state) {
    (void)state;
    struct ioc_set *set = read_list("198.51.0.0/16,wide weak\n192.0.2.1\nhttp://Host.example/A\n"
                                    "spy@mail.example\n");
    struct ioc_set *copy = ioc_set_create();
    for (size_t i = 0; i < ioc_set_count(set); i++) {
        ioc_set_copy(copy, ioc_set_get(set, i));
        assert_true(ioc_hash(ioc_set_get(set, i)) == ioc_hash(ioc_set_get(copy, i)));
    }
    assert_true(ioc_set_hash(set) == ioc_set_hash(copy));
    assert_true(find_ip(copy, "198.51.7.7")->weak);
    assert_non_null(ioc_find_url(copy, STR("host.example"), STR("/A/b")));
    assert_true(ioc_has_url_host(copy, STR("HOST.example")));
    assert_false(ioc_has_url_host(copy, STR("mail.example")));
    ioc_set_free(&set);
    ioc_set_free(&copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pasted_forms),
        cmocka_unit_test(addresses_are_no_text),
        cmocka_unit_test(domains_and_urls_do_not_overreach),
        cmocka_unit_test(bad_lines_are_told),
        cmocka_unit_test(marks_and_hash),
        cmocka_unit_test(the_narrowest_network_holds),
        cmocka_unit_test(copies_are_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
