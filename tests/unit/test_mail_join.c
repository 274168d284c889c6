/* Postfix lines through the parser into the join; derived rows as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "mail_join.h"
#include "postfix.h"

#define START_NS (INT64_C(1772400000) * NS_PER_SECOND)

struct line {
    int second; /* after START_NS */
    const char *body;
};

struct fixture {
    struct mail_join *join;
    struct batch in;
    struct batch out;
    uint64_t sequence;
    const char *source; /* NULL: the host */
};

static void setup(struct fixture *f, bool live, size_t memory_bytes) {
    struct mail_join_options options = {.live = live, .memory_bytes = memory_bytes};
    f->join = mail_join_create(&options);
    batch_init(&f->in);
    batch_init(&f->out);
    f->sequence = 0;
    f->source = NULL;
}

static void teardown(struct fixture *f) {
    mail_join_destroy(&f->join);
    batch_fini(&f->in);
    batch_fini(&f->out);
}

static void add_line(struct fixture *f, const char *host, const char *file, uint32_t number,
                     const struct line *line) {
    struct batch *b = &f->in;
    size_t off = b->raw.len;
    buf_add(&b->raw, str_from_c(line->body));
    struct row *row = batch_row_begin(b, off, b->raw.len - off);
    row->source = intern_add(&b->names, str_from_c(f->source != NULL ? f->source : host));
    row->origin = intern_add(&b->names, str_from_c(file));
    row->line = number;
    row->sequence = ++f->sequence;
    row->time_ns = START_NS + line->second * NS_PER_SECOND;
    row->receive_ns = row->time_ns + NS_PER_HOUR; /* that host's clock is slow */
    batch_add(b, FIELD_HOST_NAME, str_from_c(host));
    struct envelope envelope = {.app = STR("postfix/smtpd"), .priority = -1, .present = true};
    struct parse_context context = {.envelope = &envelope, .line = batch_raw(b, batch_row(b))};
    if (postfix_parser.parse(&context, b, context.line) == PARSE_YES) {
        batch_row(b)->dataset = DATASET_POSTFIX;
    }
}

static void feed(struct fixture *f, const char *host, const char *file, const struct line *lines,
                 size_t count) {
    batch_clear(&f->in);
    for (size_t i = 0; i < count; i++) {
        add_line(f, host, file, (uint32_t)i + 1, &lines[i]);
    }
    mail_join_feed(f->join, &f->in, &f->out);
}

#define FEED(f, host, file, lines) feed(f, host, file, lines, sizeof(lines) / sizeof(lines)[0])

static void list_field(struct buf *out, const struct batch *b, const struct row *row,
                       uint32_t field) {
    const char *comma = "";
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &b->values[row->first_value + i];
        if (v->field == field) {
            struct str text = batch_value_text(b, v);
            buf_printf(out, "%s%.*s", comma, STR_ARG(text));
            comma = ",";
        }
    }
}

/* "state action sender>recipients members" of each derived row, one a line. */
static void expect_mails(struct fixture *f, const char *expected) {
    static const uint32_t fields[] = {FIELD_EMAIL_JOIN_STATE, FIELD_EVENT_ACTION,
                                      FIELD_EMAIL_QUEUE_ID,   FIELD_EMAIL_SENDER,
                                      FIELD_EMAIL_TO,         FIELD_MEMBER_LINE};
    struct buf got = BUF_INIT;
    for (size_t i = 0; i < f->out.row_count; i++) {
        const struct row *row = &f->out.rows[i];
        assert_int_equal(row->dataset, DATASET_POSTFIX_MAIL);
        assert_true((row->flags & ROW_DERIVED) != 0);
        assert_int_equal(row->raw_len, 0);
        for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++) {
            list_field(&got, &f->out, row, fields[k]);
            buf_putc(&got, k + 1 < sizeof fields / sizeof fields[0] ? ' ' : '\n');
        }
    }
    buf_putc(&got, '\0');
    assert_string_equal(got.ptr, expected);
    buf_fini(&got);
    batch_clear(&f->out);
}

#define CLIENT(id)     id ": client=a.example[198.51.100.7]"
#define MESSAGE_ID(id) id ": message-id=<1@example>"
#define QUEUED(id)     id ": from=<s@example>, size=300, nrcpt=2 (queue active)"
#define SENT(id, to)                                                                               \
    id ": to=<" to ">, relay=ex[10.0.0.1]:25, delay=1, dsn=2.0.0, status=sent (250 ok)"
#define REMOVED(id) id ": removed"

static void one_mail_of_two_recipients(void **state) {
    (void)state;
    static const struct line lines[] = {
        {0, "connect from a.example[198.51.100.7]"},
        {0, CLIENT("4104E3D")},
        {1, MESSAGE_ID("4104E3D")},
        {1, "4104E3D: warning: header From: \"b@x\" <a@y> from a.example[198.51.100.7]; "
            "from=<s@example> to=<r1@own> proto=ESMTP helo=<a.example>"},
        {1, "4104E3D: warning: header Content-Type: x/y; name=\"1.exe\" from "
            "a.example[198.51.100.7]; from=<s@example> to=<r1@own> proto=ESMTP helo=<a.example>"},
        {1, "4104E3D: warning: header Content-Type: x/y; name=\"2.pdf\" from "
            "a.example[198.51.100.7]; from=<s@example> to=<r1@own> proto=ESMTP helo=<a.example>"},
        {1, QUEUED("4104E3D")},
        {2, "disconnect from a.example[198.51.100.7] quit=1 commands=1"},
        {2, SENT("4104E3D", "r1@own")},
        {2, REMOVED("4104E3D")},
        {2, SENT("4104E3D", "r2@own")}, /* logged late */
        {100, CLIENT("4104E3D")},       /* the id is used again */
    };
    struct fixture f;
    setup(&f, false, 0);
    FEED(&f, "mx01", "maillog", lines);
    const struct row *row = &f.out.rows[0];
    struct buf text = BUF_INIT;
    static const uint32_t fields[] = {FIELD_EMAIL_FROM,       FIELD_EMAIL_FROM_NAME,
                                      FIELD_EMAIL_ATTACHMENT, FIELD_EMAIL_ATTACHMENT_STATE,
                                      FIELD_EMAIL_SIZE,       FIELD_SOURCE_IP,
                                      FIELD_EMAIL_HELO,       FIELD_EMAIL_MESSAGE_ID,
                                      FIELD_MEMBER,           FIELD_EVENT_END};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        list_field(&text, &f.out, row, fields[i]);
        buf_putc(&text, ' ');
    }
    buf_putc(&text, '\0');
    assert_string_equal(text.ptr,
                        "a@y b@x 1.exe,2.pdf ok,ok 300 198.51.100.7 a.example 1@example "
                        "mx01-2,mx01-3,mx01-4,mx01-5,mx01-6,mx01-7,mx01-9,mx01-10,mx01-11 "
                        "2026-03-01T21:20:02.000000000Z ");
    assert_true(str_eq(intern_text(&f.out.names, row->source), STR("mx01/mail")));
    assert_true(row->time_ns == START_NS);
    buf_fini(&text);
    expect_mails(&f, "complete delivered 4104E3D s@example r1@own,r2@own 2,3,4,5,6,7,9,10,11\n");
    mail_join_flush(f.join, &f.out);
    expect_mails(&f, "incomplete open 4104E3D   12\n");
    teardown(&f);
}

static void rotated_files_in_any_order(void **state) {
    (void)state;
    static const struct line older[] = {
        {0, CLIENT("4104E3D")}, {1, MESSAGE_ID("4104E3D")}, {2, QUEUED("4104E3D")}};
    static const struct line newer[] = {{9, SENT("4104E3D", "r@own")},  {9, REMOVED("4104E3D")},
                                        {20, CLIENT("4104E3D")},        {21, QUEUED("4104E3D")},
                                        {22, SENT("4104E3D", "q@own")}, {22, REMOVED("4104E3D")}};
    static const char expected[] = "complete delivered 4104E3D s@example r@own 1,2,3,1,2\n"
                                   "complete delivered 4104E3D s@example q@own 3,4,5,6\n";
    struct fixture f;
    setup(&f, false, 0);
    FEED(&f, "mx01", "maillog.1", older);
    FEED(&f, "mx01", "maillog", newer);
    mail_join_flush(f.join, &f.out);
    expect_mails(&f, expected);
    teardown(&f);

    setup(&f, false, 0);
    f.source = "maillog"; /* without a site file each file is a source */
    FEED(&f, "mx01", "maillog", newer);
    f.source = "maillog.1";
    FEED(&f, "mx01", "maillog.1", older);
    mail_join_flush(f.join, &f.out);
    expect_mails(&f, expected);
    assert_int_equal(mail_join_get_counts(f.join)->incomplete, 0);
    teardown(&f);
}

static void hosts_and_reused_ids_stay_apart(void **state) {
    (void)state;
    static const struct line first[] = {{0, CLIENT("4104E3D")}, {1, QUEUED("4104E3D")}};
    static const struct line second[] = {{1, SENT("4104E3D", "z@own")}, {1, REMOVED("4104E3D")}};
    static const struct line again[] = {
        {5, CLIENT("4104E3D")}, {6, SENT("4104E3D", "r@own")}, {6, REMOVED("4104E3D")}};
    struct fixture f;
    setup(&f, false, 0);
    FEED(&f, "mx01", "a", first);
    FEED(&f, "mx02", "b", second);
    FEED(&f, "mx01", "a", again);
    mail_join_flush(f.join, &f.out);
    expect_mails(&f, "incomplete open 4104E3D s@example  1,2\n"
                     "complete delivered 4104E3D  r@own 1,2,3\n"
                     "incomplete delivered 4104E3D  z@own 1,2\n");
    teardown(&f);
}

static void a_filtered_mail_is_one(void **state) {
    (void)state;
    static const char handed_on[] =
        "4104E3D: to=<r@own>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, dsn=2.0.0, status=sent "
        "(250 2.0.0 from MTA: 250 2.0.0 Ok: queued as 5104E3D)";
    static const struct line open_first[] = {{0, CLIENT("4104E3D")},
                                             {0, QUEUED("4104E3D")},
                                             {1, "5104E3D: client=localhost[127.0.0.1]"},
                                             {1, QUEUED("5104E3D")},
                                             {1, handed_on},
                                             {1, REMOVED("4104E3D")},
                                             {2, SENT("5104E3D", "r@own")},
                                             {2, REMOVED("5104E3D")}};
    static const struct line closed_first[] = {{0, CLIENT("4104E3D")},
                                               {0, QUEUED("4104E3D")},
                                               {1, "5104E3D: client=localhost[127.0.0.1]"},
                                               {1, QUEUED("5104E3D")},
                                               {1, SENT("5104E3D", "r@own")},
                                               {1, REMOVED("5104E3D")},
                                               {1, handed_on},
                                               {1, REMOVED("4104E3D")}};
    static const struct line later[] = {{7200, CLIENT("9104E3D")}};
    static const struct line *const orders[] = {open_first, closed_first};
    for (int i = 0; i < 4; i++) {
        struct fixture f;
        setup(&f, false, 0);
        feed(&f, "mx01", "maillog", orders[i % 2], 8);
        assert_int_equal(f.out.row_count, 0);
        if (i < 2) { /* by the clock, else by the end of the import */
            FEED(&f, "mx01", "maillog", later);
        } else {
            mail_join_flush(f.join, &f.out);
        }
        assert_int_equal(f.out.row_count, 1);
        assert_int_equal(mail_join_get_counts(f.join)->chained, 1);
        struct str ip;
        assert_true(batch_find(&ip, &f.out, &f.out.rows[0], FIELD_SOURCE_IP));
        assert_true(str_eq(ip, STR("198.51.100.7"))); /* of the first half */
        expect_mails(&f, "complete delivered 4104E3D,5104E3D s@example r@own 1,2,3,4,5,6,7,8\n");
        teardown(&f);
    }
}

static void refused_and_local_mails_end(void **state) {
    (void)state;
    static const struct line lines[] = {
        {0, CLIENT("4104E3D")},
        {0, MESSAGE_ID("4104E3D")},
        {0, "4104E3D: milter-reject: END-OF-MESSAGE from a.example[198.51.100.7]: 5.7.1 virus; "
            "from=<s@example> to=<r@own> proto=ESMTP helo=<a>"},
        {1, MESSAGE_ID("5104E3D")}, /* a bounce: cleanup is its first line */
        {1, "5104E3D: from=<>, size=300, nrcpt=1 (queue active)"},
        {2, SENT("5104E3D", "s@example")},
        {2, REMOVED("5104E3D")},
        {900, "6104E3D: uid=0 from=<root>"},
    };
    struct fixture f;
    setup(&f, false, 0);
    FEED(&f, "mx01", "maillog", lines);
    expect_mails(&f, "complete rejected 4104E3D s@example r@own 1,2,3\n"
                     "complete delivered 5104E3D  s@example 4,5,6,7\n");
    teardown(&f);
}

static void live_mails_end_after_the_timeout(void **state) {
    (void)state;
    static const struct line lines[] = {{0, CLIENT("4104E3D")}, {1, QUEUED("4104E3D")}};
    static const struct line later[] = {{6 * 86400, CLIENT("5104E3D")}};
    static const struct line headless[] = {{6 * 86400 + 60, REMOVED("6104E3D")},
                                           {6 * 86400 + 900, CLIENT("7104E3D")}};
    struct fixture f;
    setup(&f, true, 0);
    FEED(&f, "mx01", "peer", lines);
    expect_mails(&f, "");
    FEED(&f, "mx01", "peer", later);
    expect_mails(&f, "incomplete open 4104E3D s@example  1,2\n");
    FEED(&f, "mx01", "peer", headless);
    expect_mails(&f, "incomplete open 6104E3D   1\n");
    static const struct line whole[] = {{6 * 86400 + 901, CLIENT("8104E3D")},
                                        {6 * 86400 + 902, REMOVED("8104E3D")}};
    static const struct line other[] = {{6 * 86400 + 990, "no line of Postfix"}};
    FEED(&f, "mx01", "peer", whole);
    expect_mails(&f, "");
    FEED(&f, "fw01", "peer", other);
    expect_mails(&f, "complete open 8104E3D   1,2\n");
    teardown(&f);
}

static void memory_is_bounded(void **state) {
    (void)state;
    struct fixture f;
    setup(&f, false, 32 * 1024);
    for (int i = 0; i < 500; i++) {
        char body[64];
        (void)snprintf(body, sizeof body, "%07X: client=a.example[198.51.100.7]", 0x4000000 + i);
        struct line line = {i, body};
        feed(&f, "mx01", "maillog", &line, 1);
    }
    const struct mail_join_counts *counts = mail_join_get_counts(f.join);
    assert_true(counts->evicted > 400);
    assert_int_equal(counts->evicted, counts->incomplete);
    mail_join_flush(f.join, &f.out);
    assert_int_equal(f.out.row_count, 500);
    teardown(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_mail_of_two_recipients),
        cmocka_unit_test(rotated_files_in_any_order),
        cmocka_unit_test(hosts_and_reused_ids_stay_apart),
        cmocka_unit_test(a_filtered_mail_is_one),
        cmocka_unit_test(refused_and_local_mails_end),
        cmocka_unit_test(live_mails_end_after_the_timeout),
        cmocka_unit_test(memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
