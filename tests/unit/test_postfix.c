/*
 * Postfix lines. Cases are "APP: BODY" -> the values as "field=value" joined by '|', in the order
 * in which the parser adds them, event.category and process.name left out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "postfix.h"

struct fixture {
    struct batch batch;
    struct envelope envelope;
    struct parse_context context;
};

static enum parse_result parse(struct fixture *f, const char *app, struct str body) {
    batch_clear(&f->batch);
    buf_add(&f->batch.raw, body);
    struct row *row = batch_row_begin(&f->batch, 0, f->batch.raw.len);
    row->source = intern_add(&f->batch.names, STR("mx01"));
    struct str text = batch_raw(&f->batch, row);
    f->envelope = (struct envelope){.app = str_from_c(app), .priority = -1, .present = true};
    f->context = (struct parse_context){.envelope = &f->envelope, .line = text};
    return postfix_parser.parse(&f->context, &f->batch, text);
}

static void format_values(struct buf *out, const struct batch *b) {
    const struct row *row = &b->rows[0];
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &b->values[row->first_value + i];
        if (v->field != FIELD_EVENT_CATEGORY && v->field != FIELD_PROCESS_NAME) {
            struct str name = schema_name(v->field);
            struct str text = batch_value_text(b, v);
            buf_printf(out, "%s%.*s=%.*s", out->len > 0 ? "|" : "", STR_ARG(name), STR_ARG(text));
        }
    }
    buf_putc(out, '\0');
}

struct line_case {
    const char *app;
    const char *body;
    const char *values;
};

static void check_cases(const struct line_case *cases, size_t count) {
    struct fixture f;
    batch_init(&f.batch);
    for (size_t i = 0; i < count; i++) {
        struct buf got = BUF_INIT;
        assert_int_equal(parse(&f, cases[i].app, str_from_c(cases[i].body)), PARSE_YES);
        format_values(&got, &f.batch);
        assert_string_equal(got.ptr, cases[i].values);
        buf_fini(&got);
    }
    batch_fini(&f.batch);
}

#define CHECK_CASES(cases) check_cases(cases, sizeof(cases) / sizeof(cases)[0])

static void queue_lines(void **state) {
    (void)state;
    static const struct line_case cases[] = {
        {"postfix/smtpd", "9A31C7F: client=a.example.com[198.51.100.77]",
         "email.local_id=9A31C7F|event.action=accepted|source.domain=a.example.com|"
         "source.ip=198.51.100.77"},
        {"postfix/submission/smtpd",
         "3Pt2mN2VXxznjll: client=unknown[2001:db8::1], sasl_method=PLAIN, sasl_username=taro",
         "email.local_id=3Pt2mN2VXxznjll|event.action=accepted|source.ip=2001:db8::1|"
         "postfix.sasl_method=PLAIN|user.name=taro"},
        {"postfix-in/cleanup", "3BD0271: message-id=<20260302.1@mail.example>",
         "email.local_id=3BD0271|event.action=message-id|"
         "email.message_id=20260302.1@mail.example"},
        {"postfix/qmgr", "2AA2C2E951: from=<b-6@x.com>, size=30910, nrcpt=1 (queue active)",
         "email.local_id=2AA2C2E951|event.action=queued|email.sender.address=b-6@x.com|"
         "email.size=30910|email.recipient_count=1"},
        {"postfix/qmgr", "2E9907A: from=<>, status=expired, returned to sender",
         "email.local_id=2E9907A|event.action=expired|event.outcome=failure|"
         "email.sender.address=|email.delivery.status=expired|event.reason=returned to sender"},
        {"mx-out/qmgr", "3BD0271: removed", "email.local_id=3BD0271|event.action=removed"},
        {"postfix/pickup", "E1B2093A77: uid=0 from=<backup>",
         "email.local_id=E1B2093A77|event.action=pickup|user.id=0|email.sender.address=backup"},
        {"postfix/bounce", "5D0C11A9: sender non-delivery notification: 77AB01C2",
         "email.local_id=5D0C11A9|event.action=notification|"
         "event.reason=sender non-delivery notification|email.next_local_id=77AB01C2"},
    };
    CHECK_CASES(cases);
}

static void deliveries(void **state) {
    (void)state;
    static const struct line_case cases[] = {
        {"postfix/smtp",
         "7C21B0E: to=<ana@example.net>, orig_to=<b@example.com>, relay=m.net[192.0.2.25]:25, "
         "delay=11, delays=5.4/0.06/5.1/0.03, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as "
         "A7C31B20F5)",
         "email.local_id=7C21B0E|email.to.address=ana@example.net|"
         "email.original_to.address=b@example.com|email.delivery.relay=m.net[192.0.2.25]:25|"
         "destination.domain=m.net|destination.ip=192.0.2.25|destination.port=25|"
         "postfix.delay=11|postfix.delays=5.4/0.06/5.1/0.03|email.delivery.dsn=2.0.0|"
         "email.delivery.status=sent|event.action=delivery|event.outcome=success|"
         "event.reason=250 2.0.0 Ok: queued as A7C31B20F5|email.next_local_id=A7C31B20F5"},
        {"postfix/smtp",
         "2AA2C2E951: to=<r@x.jp>, relay=ex01.x.jp[10.10.1.31]:25, delay=1, delays=0/0/0/1, "
         "dsn=2.0.0, status=sent (250 2.6.0 <a@b> [InternalId=170, Hostname=EX01] Queued mail)",
         "email.local_id=2AA2C2E951|email.to.address=r@x.jp|"
         "email.delivery.relay=ex01.x.jp[10.10.1.31]:25|destination.domain=ex01.x.jp|"
         "destination.ip=10.10.1.31|destination.port=25|postfix.delay=1|postfix.delays=0/0/0/1|"
         "email.delivery.dsn=2.0.0|email.delivery.status=sent|event.action=delivery|"
         "event.outcome=success|event.reason=250 2.6.0 <a@b> [InternalId=170, Hostname=EX01] "
         "Queued mail|email.next_local_id=170"},
        {"postfix/local",
         "B11F00D2C4: to=nobody@localhost, relay=local, delay=0.05, delays=0.02/0/0/0.02, "
         "dsn=5.1.1, "
         "status=bounced (unknown user: \"nobody\")",
         "email.local_id=B11F00D2C4|email.to.address=nobody@localhost|email.delivery.relay=local|"
         "postfix.delay=0.05|postfix.delays=0.02/0/0/0.02|email.delivery.dsn=5.1.1|"
         "email.delivery.status=bounced|event.action=delivery|event.outcome=failure|"
         "event.reason=unknown user: \"nobody\""},
    };
    CHECK_CASES(cases);
}

static void header_lines(void **state) {
    (void)state;
    static const struct line_case cases[] = {
        {"postfix/cleanup",
         "1241D795F3: warning: header From: \"ceo@own.jp\" <info@x.info> from "
         "m.com[198.51.100.212];"
         " from=<info@x.info> to=<y@own.jp> proto=ESMTP helo=<m.com>",
         "email.local_id=1241D795F3|event.action=warn|email.header.name=From|"
         "email.header.value=\"ceo@own.jp\" <info@x.info>|"
         "email.from.original=\"ceo@own.jp\" <info@x.info>|email.from.address=info@x.info|"
         "email.from.name=ceo@own.jp|email.from.state=ok|source.domain=m.com|"
         "source.ip=198.51.100.212|email.sender.address=info@x.info|email.to.address=y@own.jp|"
         "postfix.proto=ESMTP|email.helo=m.com"},
        {"postfix/cleanup",
         "C02F7A1B9D44: info: header Subject: =?utf-8?Q?=C3=9Cbung?= =?utf-8?Q?_=E2=80=94?= "
         "test from local; from=<from@example.com> to=<to@example.com>",
         "email.local_id=C02F7A1B9D44|event.action=info|email.header.name=Subject|"
         "email.header.value==?utf-8?Q?=C3=9Cbung?= =?utf-8?Q?_=E2=80=94?= test|"
         "email.subject=Übung — test|email.sender.address=from@example.com|"
         "email.to.address=to@example.com"},
        /* a header that imitates the end of the line */
        {"postfix/cleanup",
         "1241D795F3: warning: header Subject: x from f.com[9.9.9.9]; from=<f@f> to=<f@f> proto=P "
         "helo=<f> from m.com[1.2.3.4]; from=<a@b> to=<c@d> proto=ESMTP helo=<m.com>",
         "email.local_id=1241D795F3|event.action=warn|email.header.name=Subject|"
         "email.header.value=x from f.com[9.9.9.9]; from=<f@f> to=<f@f> proto=P helo=<f>|"
         "email.subject=x from f.com[9.9.9.9]; from=<f@f> to=<f@f> proto=P helo=<f>|"
         "source.domain=m.com|source.ip=1.2.3.4|email.sender.address=a@b|email.to.address=c@d|"
         "postfix.proto=ESMTP|email.helo=m.com"},
        /* the line itself was cut, within its envelope */
        {"postfix/cleanup",
         "1241D795F3: warning: header From: \"Ono\" <o@own.jp> from m.com[198.51.100.1]; "
         "from=<o@own.jp> to=<y@x.jp> proto",
         "email.local_id=1241D795F3|event.action=warn|email.header.name=From|"
         "email.header.value=\"Ono\" <o@own.jp>|email.from.original=\"Ono\" <o@own.jp>|"
         "email.from.address=o@own.jp|email.from.name=Ono|email.from.state=ok|"
         "source.domain=m.com|source.ip=198.51.100.1|email.sender.address=o@own.jp|"
         "email.to.address=y@x.jp"},
        {"postfix/cleanup",
         "1241D795F3: warning: header From: \"Ono\" <o@own.jp> from m.com[198.51.10",
         "email.local_id=1241D795F3|event.action=warn|email.header.name=From|"
         "email.header.value=\"Ono\" <o@own.jp> from m.com[198.51.10|"
         "email.from.original=\"Ono\" <o@own.jp> from m.com[198.51.10|"
         "email.from.address=o@own.jp|email.from.name=Ono|email.from.state=ok"},
        /* cut within the third word: what is there is decoded, and marked */
        {"postfix/cleanup",
         "413D00A7B1: info: header Content-Disposition: attachment;? "
         "filename=\"=?UTF-8?B?6KaL56mN5pu4X+esrOS4ieW3peWgtF8yMDI25bm0M+aciOWIhg==?=? "
         "=?UTF-8?B?X+aUueiogueJiF/mnIDntYJf5om/6KqN5riI?=? "
         "=?UTF-8?B?X+WWtualremDqOesrOS4gOiqsl/mnI from localhost[127.0.0.1]; from=<a@b> to=<c@d> "
         "proto=ESMTP helo=<localhost>",
         "email.local_id=413D00A7B1|event.action=info|email.header.name=Content-Disposition|email."
         "header.value=attachment;? "
         "filename=\"=?UTF-8?B?6KaL56mN5pu4X+esrOS4ieW3peWgtF8yMDI25bm0M+aciOWIhg==?=? "
         "=?UTF-8?B?X+aUueiogueJiF/mnIDntYJf5om/6KqN5riI?=? "
         "=?UTF-8?B?X+WWtualremDqOesrOS4gOiqsl/"
         "mnI|email.attachments.file.name=見積書_第三工場_2026年3月分_改訂版_最終_承認済_"
         "営業部第一課_|email.attachments.state=truncated|source.domain=localhost|source.ip=127.0."
         "0.1|email.sender.address=a@b|email.to.address=c@d|postfix.proto=ESMTP|email.helo="
         "localhost"},
        {"postfix/cleanup",
         "9A31C7F: milter-header-redirect: header X-Spam-Status: Yes, score=39.3 from "
         "x.com[198.51.100.77]; from=<w@c.com> to=<v@e.com> proto=ESMTP helo=<e.com>: tom@e.com",
         "email.local_id=9A31C7F|event.action=redirect|email.header.name=X-Spam-Status|"
         "email.header.value=Yes, score=39.3|source.domain=x.com|source.ip=198.51.100.77|"
         "email.sender.address=w@c.com|email.to.address=v@e.com|postfix.proto=ESMTP|"
         "email.helo=e.com"},
    };
    CHECK_CASES(cases);
}

static void rejections(void **state) {
    (void)state;
    static const struct line_case cases[] = {
        {"postfix/smtpd",
         "NOQUEUE: reject: RCPT from unknown[1.2.3.4]: 554 5.7.1 Service unavailable; Client host "
         "[1.2.3.4] blocked using zen; https://x/?a; from=<i@o.jp> to=<i@t.jp> proto=ESMTP "
         "helo=<[1.2.3.4]>",
         "event.action=reject|event.outcome=failure|postfix.stage=RCPT|source.ip=1.2.3.4|"
         "event.reason=554 5.7.1 Service unavailable; Client host [1.2.3.4] blocked using zen; "
         "https://x/?a|email.sender.address=i@o.jp|email.to.address=i@t.jp|postfix.proto=ESMTP|"
         "email.helo=[1.2.3.4]"},
        {"postfix/postscreen",
         "NOQUEUE: reject: RCPT from [203.0.113.184]:2413: 550 5.5.1 Protocol error; "
         "from=<l@y.com>, to=<t@e.com>, proto=SMTP, helo=<mx32>",
         "event.action=reject|event.outcome=failure|postfix.stage=RCPT|source.ip=203.0.113.184|"
         "source.port=2413|event.reason=550 5.5.1 Protocol error|email.sender.address=l@y.com|"
         "email.to.address=t@e.com|postfix.proto=SMTP|email.helo=mx32"},
        {"postfix/cleanup",
         "46ACCFEB44: milter-reject: END-OF-MESSAGE from a.b[3.4.5.6]: 5.7.1 virus X detected; "
         "from=<s@a> to=<r@b> proto=ESMTP helo=<a.b>",
         "email.local_id=46ACCFEB44|event.action=milter-reject|event.outcome=failure|"
         "postfix.stage=END-OF-MESSAGE|source.domain=a.b|source.ip=3.4.5.6|"
         "event.reason=5.7.1 virus X detected|email.sender.address=s@a|email.to.address=r@b|"
         "postfix.proto=ESMTP|email.helo=a.b"},
        {"postfix/smtpd",
         "proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as DF66E940333; from=<u@t> to=<v@e> "
         "proto=ESMTP helo=<h>",
         "event.action=proxy-accept|event.outcome=success|postfix.stage=END-OF-MESSAGE|"
         "event.reason=250 2.0.0 Ok: queued as DF66E940333|email.next_local_id=DF66E940333|"
         "email.sender.address=u@t|email.to.address=v@e|postfix.proto=ESMTP|email.helo=h"},
    };
    CHECK_CASES(cases);
}

static void session_lines(void **state) {
    (void)state;
    static const struct line_case cases[] = {
        {"postfix/smtpd", "disconnect from unknown[1.1.1.1] ehlo=1 mail=1 rcpt=0/1 commands=3/4",
         "event.action=disconnect|source.ip=1.1.1.1|"
         "postfix.commands=ehlo=1 mail=1 rcpt=0/1 commands=3/4"},
        {"postfix/smtpd", "lost connection after DATA (0 bytes) from unknown[203.0.113.7]",
         "event.action=lost-connection|event.outcome=failure|postfix.stage=DATA (0 bytes)|"
         "source.ip=203.0.113.7"},
        {"postfix/smtpd",
         "warning: mx.e.org[192.168.7.132]: SASL LOGIN authentication failed: authentication "
         "failure, sasl_username=john",
         "event.action=sasl-login|event.outcome=failure|source.domain=mx.e.org|"
         "source.ip=192.168.7.132|postfix.sasl_method=LOGIN|user.name=john|"
         "event.reason=SASL LOGIN authentication failed: authentication failure"},
        {"postfix/smtp", "connect to mail2.x.it[192.0.2.21]:25: No route to host",
         "event.action=connect-failed|event.outcome=failure|destination.domain=mail2.x.it|"
         "destination.ip=192.0.2.21|destination.port=25|event.reason=No route to host"},
        {"postfix/smtpd",
         "Anonymous TLS connection established from j.e.com[10.1.2.3]: TLSv1.2 with cipher A "
         "(256/256 bits)",
         "event.action=tls|event.outcome=success|source.domain=j.e.com|source.ip=10.1.2.3|"
         "postfix.tls=TLSv1.2 with cipher A (256/256 bits)"},
        {"postfix/postscreen", "CONNECT from [198.51.100.77]:50210 to [192.0.2.244]:25",
         "event.action=connect|source.ip=198.51.100.77|source.port=50210|"
         "destination.ip=192.0.2.244|destination.port=25"},
        {"postfix/postscreen", "PREGREET 6 after 1.2 from [203.0.113.72]:40100: RSET\\r\\n",
         "event.action=postscreen-pregreet|event.outcome=failure|postfix.stage=6 after 1.2|"
         "source.ip=203.0.113.72|source.port=40100|event.reason=RSET\\r\\n"},
        {"postfix/dnsblog", "addr 198.51.100.77 listed by domain bl.example as 127.0.0.2",
         "event.action=dnsbl-listed|source.ip=198.51.100.77|"
         "event.reason=listed by domain bl.example as 127.0.0.2"},
        {"postfix/smtpd", "warning: hostname e.com does not resolve to address 1.2.3.4",
         "event.action=message|log.level=warning|"
         "message=hostname e.com does not resolve to address 1.2.3.4"},
        {"postfix/master", "daemon started -- version 2.11.0, configuration /etc/postfix",
         "event.action=message|message=daemon started -- version 2.11.0, configuration "
         "/etc/postfix"},
    };
    CHECK_CASES(cases);
}

static void other_programs_are_refused(void **state) {
    (void)state;
    static const char *const lines[][2] = {
        {"dovecot", "imap-login: Login: user=<a>"},
        {"cyrus/lmtp", "accepted connection"},
        {"postfix/policyd-spf", "Pass; identity=mailfrom"},
        {"postgrey", "action=pass, reason=client AWL"},
        {"", "spamd: connection from mx.example.org [127.0.0.1]:33620"},
        {"", "connect from unknown[1.2.3.4]"},
        {"", "warning: something"},
        {"", ""},
    };
    struct fixture f;
    batch_init(&f.batch);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(parse(&f, lines[i][0], str_from_c(lines[i][1])), PARSE_NO);
    }
    assert_int_equal(parse(&f, "", STR("9A31C7F: client=a.b[1.2.3.4]")), PARSE_YES);
    assert_int_equal(parse(&f, "", STR("postfix/smtpd[12]: connect from a.b[1.2.3.4]")), PARSE_YES);
    batch_fini(&f.batch);
}

/* Each prefix of each line: no read past the end (the sanitizers look), always an answer. */
static void any_cut_is_survived(void **state) {
    (void)state;
    static const char *const lines[] = {
        "413E164734: info: header Content-Disposition: attachment;? filename=\"=?UTF-8?B?SU5W?=\" "
        "from localhost[127.0.0.1]; from=<a@b> to=<c@d> proto=ESMTP helo=<localhost>: text",
        "7C21B0E: to=<jos@e.com>, relay=m.net[192.0.2.25]:25, delay=11, dsn=2.0.0, status=sent "
        "(250 2.0.0 Ok: queued as A7C31B20F5)",
        "NOQUEUE: reject: RCPT from unknown[1.2.3.4]: 554 5.7.1 x; from=<i@o.jp> to=<i@t.jp>",
        "warning: mx[1.2.3.4]: SASL LOGIN authentication failed: x, sasl_username=john"};
    struct fixture f;
    batch_init(&f.batch);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        for (size_t len = 0; len <= strlen(lines[i]); len++) {
            (void)parse(&f, "postfix/smtpd", str_make(lines[i], len));
        }
    }
    batch_fini(&f.batch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_lines),         cmocka_unit_test(deliveries),
        cmocka_unit_test(header_lines),        cmocka_unit_test(rejections),
        cmocka_unit_test(session_lines),       cmocka_unit_test(other_programs_are_refused),
        cmocka_unit_test(any_cut_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
