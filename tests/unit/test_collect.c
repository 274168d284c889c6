/* Real sockets on loopback, bounded in time by a timer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "collect.h"
#include "mem.h"

enum { LIMIT_MS = 5000 };

struct seen {
    uv_loop_t loop;
    uv_timer_t deadline;
    struct buf text; /* records, each closed by '|' */
    size_t records;
    size_t wanted;
    size_t longest;
    char peer[64];
};

static void on_record(struct str record, struct str peer, int64_t receive_ns, void *ctx) {
    struct seen *seen = ctx;
    assert_true(receive_ns > 0);
    if (record.len < 4096) {
        buf_add(&seen->text, record);
    }
    buf_putc(&seen->text, '|');
    seen->longest = record.len > seen->longest ? record.len : seen->longest;
    snprintf(seen->peer, sizeof seen->peer, "%.*s", STR_ARG(peer));
    if (++seen->records == seen->wanted) {
        uv_stop(&seen->loop);
    }
}

static void on_deadline(uv_timer_t *timer) {
    uv_stop(timer->loop);
}

static void seen_init(struct seen *seen, size_t wanted) {
    memset(seen, 0, sizeof *seen);
    seen->wanted = wanted;
    assert_int_equal(uv_loop_init(&seen->loop), 0);
    assert_int_equal(uv_timer_init(&seen->loop, &seen->deadline), 0);
    assert_int_equal(uv_timer_start(&seen->deadline, on_deadline, LIMIT_MS, 0), 0);
}

static void seen_fini(struct seen *seen, struct collector **collector) {
    collector_close(collector);
    uv_close((uv_handle_t *)&seen->deadline, NULL);
    (void)uv_run(&seen->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&seen->loop), 0);
    buf_fini(&seen->text);
}

/* Listens on the first free port from `first` on; the port goes to *port. */
static struct collector *listen_somewhere(struct seen *seen, const char *scheme, int *port) {
    for (*port = 42100 + (int)(getpid() % 1000); *port < 45000; (*port)++) {
        char url[64];
        struct err err = ERR_INIT;
        struct collector *collector = NULL;
        snprintf(url, sizeof url, "%s://127.0.0.1:%d", scheme, *port);
        if (collector_open(&collector, &seen->loop, url, on_record, seen, &err) == STATUS_OK) {
            return collector;
        }
    }
    fail_msg("no free port");
    return NULL;
}

static int connect_to(int type, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, type, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void send_text(int fd, struct str text) {
    assert_int_equal(send(fd, text.ptr, text.len, 0), (ssize_t)text.len);
}

static void datagrams_are_records(void **state) {
    (void)state;
    struct seen seen;
    int port;
    seen_init(&seen, 2);
    struct collector *collector = listen_somewhere(&seen, "syslog+udp", &port);
    int fd = connect_to(SOCK_DGRAM, port);
    send_text(fd, STR("<34>one\ntwo"));
    send_text(fd, STR("<34>three"));
    (void)uv_run(&seen.loop, UV_RUN_DEFAULT);
    assert_true(str_eq(buf_str(&seen.text), STR("<34>one\ntwo|<34>three|")));
    assert_string_equal(seen.peer, "127.0.0.1");
    close(fd);
    seen_fini(&seen, &collector);
}

static void streams_mix_both_framings(void **state) {
    (void)state;
    struct seen seen;
    int port;
    seen_init(&seen, 5);
    struct collector *collector = listen_somewhere(&seen, "syslog+tcp", &port);
    int fd = connect_to(SOCK_STREAM, port);
    send_text(fd, STR("<1>lf\n10 <2>co"));
    (void)uv_run(&seen.loop, UV_RUN_NOWAIT);
    send_text(fd, STR("unt\nx<3>crlf\r\n12 lines of text\n\nlast without end"));
    shutdown(fd, SHUT_WR);
    (void)uv_run(&seen.loop, UV_RUN_DEFAULT);
    if (seen.records < 6) {
        seen.wanted = 6;
        (void)uv_run(&seen.loop, UV_RUN_DEFAULT);
    }
    assert_true(
        str_eq(buf_str(&seen.text),
               STR("<1>lf\n|<2>count\nx|<3>crlf\r\n|12 lines of text\n|\n|last without end|")));
    assert_int_equal(collector_get_counters(collector)->truncated, 1);
    close(fd);
    seen_fini(&seen, &collector);
}

static void long_records_become_parts(void **state) {
    (void)state;
    struct seen seen;
    int port;
    seen_init(&seen, 3);
    struct collector *collector = listen_somewhere(&seen, "syslog+tcp", &port);
    int fd = connect_to(SOCK_STREAM, port);
    size_t size = 2 * COLLECT_RECORD_LIMIT_BYTES + 1000;
    char *text = mem_alloc(size);
    memset(text, 'x', size);
    text[size - 1] = '\n';
    for (size_t sent = 0; sent < size;) {
        ssize_t got = send(fd, text + sent, size - sent, MSG_DONTWAIT);
        sent += got > 0 ? (size_t)got : 0;
        (void)uv_run(&seen.loop, UV_RUN_NOWAIT);
    }
    if (seen.records < 3) {
        (void)uv_run(&seen.loop, UV_RUN_DEFAULT);
    }
    assert_int_equal(seen.records, 3);
    assert_int_equal(seen.longest, COLLECT_RECORD_LIMIT_BYTES);
    assert_int_equal(collector_get_counters(collector)->bytes, size);
    mem_free(text);
    close(fd);
    seen_fini(&seen, &collector);
}

static void wrong_urls_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"127.0.0.1:514",
                                      "gopher://127.0.0.1:70",
                                      "syslog+udp://127.0.0.1",
                                      "syslog+udp://127.0.0.1:99999",
                                      "syslog+tcp://localhost:514",
                                      "syslog+tcp://[::1:5514"};
    struct seen seen;
    struct collector *collector = NULL;
    seen_init(&seen, 1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err err = ERR_INIT;
        assert_int_equal(collector_open(&collector, &seen.loop, bad[i], on_record, &seen, &err),
                         STATUS_BAD_INPUT);
        assert_non_null(strstr(err.message, bad[i]));
    }
    seen_fini(&seen, &collector);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_are_records),
        cmocka_unit_test(streams_mix_both_framings),
        cmocka_unit_test(long_records_become_parts),
        cmocka_unit_test(wrong_urls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
