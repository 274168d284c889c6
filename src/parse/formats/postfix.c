#include "postfix.h"

#include "ip.h"
#include "postfix_header.h"
#include "postfix_text.h"

/* One openings table serves all daemons: what a text starts with, and where its peer stands. */
struct opening {
    struct str text;
    const char *action;
    const char *outcome;   /* NULL: nothing said */
    struct str peer_after; /* the peer follows this word; empty: it follows the opening */
    enum postfix_side side;
    bool keep_reason; /* what follows the peer is the reason */
};

#define CLIENT POSTFIX_PEER_CLIENT
#define SERVER POSTFIX_PEER_SERVER

static const struct opening OPENINGS[] = {
    {STR_INIT("connect from "), "connect", NULL, STR_INIT(""), CLIENT, false},
    {STR_INIT("disconnect from "), "disconnect", NULL, STR_INIT(""), CLIENT, false},
    {STR_INIT("lost connection after "), "lost-connection", "failure", STR_INIT(" from "), CLIENT,
     false},
    {STR_INIT("timeout after "), "timeout", "failure", STR_INIT(" from "), CLIENT, false},
    {STR_INIT("too many errors after "), "too-many-errors", "failure", STR_INIT(" from "), CLIENT,
     false},
    {STR_INIT("improper command pipelining after "), "pipelining", "failure", STR_INIT(" from "),
     CLIENT, true},
    {STR_INIT("bare <LF> received after "), "bare-newline", "failure", STR_INIT(" from "), CLIENT,
     false},
    {STR_INIT("SSL_accept error from "), "tls-failed", "failure", STR_INIT(""), CLIENT, true},
    {STR_INIT("SSL_connect error to "), "tls-failed", "failure", STR_INIT(""), SERVER, true},
    {STR_INIT("certificate verification failed for "), "certificate-failed", "failure",
     STR_INIT(""), SERVER, true},
    {STR_INIT("setting up TLS connection from "), "tls-start", NULL, STR_INIT(""), CLIENT, false},
    {STR_INIT("setting up TLS connection to "), "tls-start", NULL, STR_INIT(""), SERVER, false},
    {STR_INIT("connect to "), "connect-failed", "failure", STR_INIT(""), SERVER, true},
    {STR_INIT("lost connection with "), "lost-connection", "failure", STR_INIT(""), SERVER, true},
    {STR_INIT("conversation with "), "timeout", "failure", STR_INIT(""), SERVER, true},
    {STR_INIT("Used TLS for "), "tls", "success", STR_INIT(""), SERVER, false},
    {STR_INIT("SASL authentication failed; server "), "sasl-login", "failure", STR_INIT(""), SERVER,
     true},
    {STR_INIT("host "), "remote-reply", "failure", STR_INIT(""), SERVER, true},
    {STR_INIT("CONNECT from "), "connect", NULL, STR_INIT(""), CLIENT, false},
    {STR_INIT("DISCONNECT "), "disconnect", NULL, STR_INIT(""), CLIENT, false},
    {STR_INIT("PASS OLD "), "postscreen-pass", "success", STR_INIT(""), CLIENT, false},
    {STR_INIT("PASS NEW "), "postscreen-pass", "success", STR_INIT(""), CLIENT, false},
    {STR_INIT("WHITELISTED "), "postscreen-allowlisted", "success", STR_INIT(""), CLIENT, false},
    {STR_INIT("ALLOWLISTED "), "postscreen-allowlisted", "success", STR_INIT(""), CLIENT, false},
    {STR_INIT("BLACKLISTED "), "postscreen-denylisted", "failure", STR_INIT(""), CLIENT, false},
    {STR_INIT("DENYLISTED "), "postscreen-denylisted", "failure", STR_INIT(""), CLIENT, false},
    {STR_INIT("WHITELIST VETO "), "postscreen-veto", "failure", STR_INIT(""), CLIENT, false},
    {STR_INIT("ALLOWLIST VETO "), "postscreen-veto", "failure", STR_INIT(""), CLIENT, false},
    {STR_INIT("PREGREET "), "postscreen-pregreet", "failure", STR_INIT(" from "), CLIENT, true},
    {STR_INIT("DNSBL rank "), "postscreen-dnsbl", "failure", STR_INIT(" for "), CLIENT, false},
    {STR_INIT("HANGUP after "), "postscreen-hangup", NULL, STR_INIT(" from "), CLIENT, false},
    {STR_INIT("NON-SMTP COMMAND from "), "postscreen-command", "failure", STR_INIT(""), CLIENT,
     true},
    {STR_INIT("BARE NEWLINE from "), "postscreen-command", "failure", STR_INIT(""), CLIENT, true},
    {STR_INIT("COMMAND "), "postscreen-command", "failure", STR_INIT(" from "), CLIENT, true},
    {STR_INIT("DATA without "), "postscreen-command", "failure", STR_INIT(" from "), CLIENT, false},
    {STR_INIT("BDAT without "), "postscreen-command", "failure", STR_INIT(" from "), CLIENT, false},
};

/* Programs of Postfix (postfix-files, master.cf); a configured syslog_name may stand before. */
static const struct str DAEMONS[] = {
    STR_INIT("anvil"),      STR_INIT("bounce"),          STR_INIT("cleanup"),
    STR_INIT("defer"),      STR_INIT("discard"),         STR_INIT("dnsblog"),
    STR_INIT("error"),      STR_INIT("flush"),           STR_INIT("lmtp"),
    STR_INIT("local"),      STR_INIT("master"),          STR_INIT("nqmgr"),
    STR_INIT("oqmgr"),      STR_INIT("pickup"),          STR_INIT("pipe"),
    STR_INIT("postdrop"),   STR_INIT("postfix"),         STR_INIT("postlog"),
    STR_INIT("postmap"),    STR_INIT("postmulti"),       STR_INIT("postqueue"),
    STR_INIT("postscreen"), STR_INIT("postsuper"),       STR_INIT("proxymap"),
    STR_INIT("qmgr"),       STR_INIT("qmqpd"),           STR_INIT("scache"),
    STR_INIT("sendmail"),   STR_INIT("showq"),           STR_INIT("smtp"),
    STR_INIT("smtpd"),      STR_INIT("spawn"),           STR_INIT("tlsmgr"),
    STR_INIT("tlsproxy"),   STR_INIT("trace"),           STR_INIT("verify"),
    STR_INIT("virtual"),    STR_INIT("trivial-rewrite"), STR_INIT("postfix-script"),
};

static bool is_daemon(struct str name) {
    for (size_t i = 0; i < sizeof DAEMONS / sizeof DAEMONS[0]; i++) {
        if (str_eq(name, DAEMONS[i])) {
            return true;
        }
    }
    return false;
}

/* "postfix/smtpd", "postfix/submission/smtpd", "postfix-in/smtpd", "mx-out/qmgr": *daemon is the
 * last part. False for other programs, also for those that only hang on to Postfix (policyd). */
static bool parse_app(struct str *daemon, struct str app) {
    size_t slash = str_rfind_char(app, '/');
    if (slash == STR_NONE) {
        *daemon = app;
        return str_eq(app, STR("postfix")) || str_eq(app, STR("postfix-script"));
    }
    *daemon = str_skip(app, slash + 1);
    bool other = str_starts(app, STR("cyrus")) || str_starts(app, STR("dovecot"));
    return is_daemon(*daemon) && !other;
}

static void add_action(struct batch *batch, const char *action, const char *outcome) {
    batch_add_constant(batch, FIELD_EVENT_ACTION, action);
    if (outcome != NULL) {
        batch_add_constant(batch, FIELD_EVENT_OUTCOME, outcome);
    }
}

static void add_reason(struct batch *batch, struct str reason) {
    while (reason.len > 0 && strchr(" :;,", reason.ptr[0]) != NULL) {
        reason = str_skip(reason, 1);
    }
    if (reason.len > 0) {
        batch_add(batch, FIELD_EVENT_REASON, reason);
    }
}

/* "queued as X" of the next Postfix, or Exchange's "InternalId=N", in the reply of the next hop. */
static void add_next_hop(struct batch *batch, struct str reply) {
    size_t at = str_find_ci(reply, STR("queued as "));
    size_t skip = sizeof "queued as " - 1;
    if (at == STR_NONE) {
        at = str_find(reply, STR("InternalId="));
        skip = sizeof "InternalId=" - 1;
    }
    if (at == STR_NONE) {
        return;
    }
    struct str id = str_skip(reply, at + skip);
    size_t len = 0;
    while (len < id.len && ascii_is_alnum(id.ptr[len])) {
        len++;
    }
    if (len > 0) {
        batch_add(batch, FIELD_EMAIL_NEXT_QUEUE_ID, str_head(id, len));
    }
}

/* False: the line was cut before its status. */
static bool add_delivery(struct batch *batch, struct str text) {
    struct str status = STR_EMPTY;
    struct str key;
    struct str value;
    while (postfix_take_pair(&key, &value, &text)) {
        postfix_add_pair(batch, key, value);
        if (str_eq(key, STR("status"))) {
            status = value;
            break; /* what follows is the other side's text */
        }
    }
    bool sent = str_eq(status, STR("sent")) || str_eq(status, STR("deliverable"));
    add_action(batch, "delivery", sent ? "success" : status.len > 0 ? "failure" : NULL);
    if (text.len >= 2 && text.ptr[0] == '(') {
        bool closed = text.ptr[text.len - 1] == ')';
        struct str reply = str_make(text.ptr + 1, text.len - (closed ? 2 : 1));
        batch_add(batch, FIELD_EVENT_REASON, reply);
        add_next_hop(batch, reply);
    } else {
        add_reason(batch, text);
    }
    return status.len > 0;
}

/* "from=<s>, size=1, nrcpt=1 (queue active)", "from=<s>, status=expired, returned to sender" */
static void add_queue_entry(struct batch *batch, struct str text) {
    bool expired = str_find(text, STR("status=")) != STR_NONE;
    add_action(batch, expired ? "expired" : "queued", expired ? "failure" : NULL);
    struct str rest = postfix_add_pairs(batch, text);
    add_reason(batch, expired ? rest : STR_EMPTY);
}

/* Where the envelope of "...: reason; from=<s> to=<r> ..." begins; the length if it has none. The
 * reason may quote an address of the sender that imitates one: the first that ends the line. */
static size_t find_envelope_mark(struct str text) {
    enum { CANDIDATES_MAX = 16 };
    size_t last = text.len;
    size_t from = 0;
    for (int i = 0; i < CANDIDATES_MAX; i++) {
        size_t found = str_find(str_skip(text, from), STR("; "));
        if (found == STR_NONE) {
            break;
        }
        size_t at = from + found;
        struct str rest = str_skip(text, at + 2);
        struct str key;
        struct str value;
        size_t pairs = 0;
        while (postfix_take_pair(&key, &value, &rest)) {
            pairs++;
        }
        if (pairs > 0 && rest.len == 0) {
            return at;
        }
        last = pairs > 0 ? at : last;
        from = at + 2;
    }
    return last;
}

/* "RCPT from host[ip]: 550 5.1.1 text; from=<s> to=<r> proto=P helo=<h>" */
static void add_restriction(struct batch *batch, struct str text) {
    size_t mark = find_envelope_mark(text);
    struct str head = str_head(text, mark);
    size_t stage = 0;
    while (stage < head.len && head.ptr[stage] != ' ' && head.ptr[stage] != ':') {
        stage++;
    }
    batch_add(batch, FIELD_POSTFIX_STAGE, str_head(head, stage));
    struct str rest = str_skip(head, stage);
    if (str_starts(rest, STR(" from "))) {
        rest = str_skip(rest, 6);
        rest = str_skip(rest, postfix_add_peer(batch, rest, POSTFIX_PEER_CLIENT));
    }
    add_reason(batch, rest);
    add_next_hop(batch, rest); /* a proxy filter has passed it on */
    if (mark < text.len) {
        (void)postfix_add_pairs(batch, str_skip(text, mark + 2));
    }
}

/* "ACTION: ..." of header_checks, access maps, milters and proxies. */
static const struct check {
    struct str word;
    const char *action;
    const char *outcome;
} CHECKS[] = {
    {STR_INIT("warning"), "warn", NULL},
    {STR_INIT("info"), "info", NULL},
    {STR_INIT("reject"), "reject", "failure"},
    {STR_INIT("reject_warning"), "reject-warning", NULL},
    {STR_INIT("hold"), "hold", NULL},
    {STR_INIT("discard"), "discard", "failure"},
    {STR_INIT("redirect"), "redirect", NULL},
    {STR_INIT("filter"), "filter", NULL},
    {STR_INIT("prepend"), "prepend", NULL},
    {STR_INIT("replace"), "replace", NULL},
    {STR_INIT("strip"), "strip", NULL},
    {STR_INIT("bcc"), "bcc", NULL},
    {STR_INIT("delay"), "delay", NULL},
    {STR_INIT("trigger"), "trigger", NULL},
    {STR_INIT("milter-reject"), "milter-reject", "failure"},
    {STR_INIT("milter-discard"), "milter-discard", "failure"},
    {STR_INIT("milter-hold"), "milter-hold", NULL},
    {STR_INIT("milter-header-redirect"), "redirect", NULL},
    {STR_INIT("milter-header-reject"), "milter-reject", "failure"},
    {STR_INIT("milter-header-discard"), "milter-discard", "failure"},
    {STR_INIT("milter-header-hold"), "milter-hold", NULL},
    {STR_INIT("proxy-accept"), "proxy-accept", "success"},
    {STR_INIT("proxy-reject"), "proxy-reject", "failure"},
};

static const struct check *find_check(struct str word) {
    for (size_t i = 0; i < sizeof CHECKS / sizeof CHECKS[0]; i++) {
        if (str_eq(word, CHECKS[i].word)) {
            return &CHECKS[i];
        }
    }
    return NULL;
}

static bool try_check(struct batch *batch, struct str text) {
    enum { WORD_MAX = 24 };
    size_t colon = str_find_char(str_head(text, WORD_MAX), ':');
    if (colon == STR_NONE) {
        return false;
    }
    const struct check *check = find_check(str_head(text, colon));
    if (check == NULL) {
        return false;
    }
    struct str rest = str_trim(str_skip(text, colon + 1));
    add_action(batch, check->action, check->outcome);
    if (!postfix_header_add(batch, rest)) {
        add_restriction(batch, rest);
    }
    return true;
}

/* "warning: host[ip]: SASL LOGIN authentication failed: text, sasl_username=u" */
static void add_sasl_failure(struct batch *batch, struct str text) {
    add_action(batch, "sasl-login", "failure");
    struct str rest = str_skip(text, postfix_add_peer(batch, text, POSTFIX_PEER_CLIENT));
    size_t user = str_find(rest, STR("sasl_username="));
    size_t method = str_find(rest, STR("SASL "));
    if (method != STR_NONE) {
        struct str words = str_skip(rest, method + 5);
        struct str word;
        if (str_word_next(&word, &words)) {
            batch_add(batch, FIELD_POSTFIX_SASL_METHOD, word);
        }
    }
    if (user != STR_NONE) {
        (void)postfix_add_pairs(batch, str_skip(rest, user));
        rest = str_head(rest, user);
    }
    while (rest.len > 0 && strchr(", ", rest.ptr[rest.len - 1]) != NULL) {
        rest.len--;
    }
    add_reason(batch, rest);
}

/* anvil: "max connection rate 1/60s for (smtpd:192.0.2.1) at Mar  2 09:02:00" */
static void add_statistics(struct batch *batch, struct str text) {
    add_action(batch, "statistics", NULL);
    batch_add(batch, FIELD_MESSAGE, text);
    size_t open_at = str_find(text, STR(" for ("));
    struct str client = str_skip(text, open_at == STR_NONE ? text.len : open_at + 6);
    size_t colon = str_find_char(client, ':');
    size_t close_at = str_find_char(client, ')');
    if (colon != STR_NONE && close_at != STR_NONE && colon < close_at) {
        struct ip ip;
        struct str address = str_make(client.ptr + colon + 1, close_at - colon - 1);
        if (!ip_parse(&ip, address)) { /* the service may be "127.0.0.1:2525" */
            size_t last = str_find_char(address, ':');
            address = last == STR_NONE ? address : str_skip(address, last + 1);
        }
        if (ip_parse(&ip, address)) {
            batch_add(batch, FIELD_SOURCE_IP, address);
        }
    }
}

/* "warning: ...", "fatal: ..." of the program itself. */
static bool try_message(struct batch *batch, struct str text) {
    static const char *const levels[] = {"warning", "error", "fatal", "panic", "statistics"};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        struct str level = str_from_c(levels[i]);
        if (!str_starts(text, level) || !str_starts(str_skip(text, level.len), STR(": "))) {
            continue;
        }
        struct str rest = str_skip(text, level.len + 2);
        if (str_find(rest, STR(" authentication failed")) != STR_NONE &&
            str_find(rest, STR("]: SASL ")) != STR_NONE) {
            add_sasl_failure(batch, rest);
            return true;
        }
        if (str_eq(level, STR("statistics"))) {
            add_statistics(batch, rest);
            return true;
        }
        add_action(batch, "message", NULL);
        batch_add_constant(batch, FIELD_LOG_LEVEL, levels[i]);
        batch_add(batch, FIELD_MESSAGE, rest);
        return true;
    }
    return false;
}

/* "Anonymous TLS connection established from host[ip]: TLSv1.3 with cipher ..." */
static bool try_tls(struct batch *batch, struct str text) {
    size_t at = str_find(str_head(text, 80), STR(" TLS connection established "));
    if (at == STR_NONE) {
        return false;
    }
    struct str rest = str_skip(text, at + sizeof " TLS connection established " - 1);
    enum postfix_side side = str_starts(rest, STR("to ")) ? SERVER : CLIENT;
    rest = str_skip(rest, side == SERVER ? 3 : 5);
    add_action(batch, "tls", "success");
    rest = str_skip(rest, postfix_add_peer(batch, rest, side));
    if (str_starts(rest, STR(": "))) {
        batch_add(batch, FIELD_POSTFIX_TLS, str_skip(rest, 2));
    }
    return true;
}

/* " said: 450 ..." -> "450 ...": who said it is the peer. */
static struct str without_speaker(struct str text) {
    static const struct str words[] = {STR_INIT(" said: "), STR_INIT(" refused to talk to me: ")};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_starts(text, words[i])) {
            return str_skip(text, words[i].len);
        }
    }
    return text;
}

static void add_opening(struct batch *batch, const struct opening *o, struct str stage,
                        struct str rest) {
    add_action(batch, o->action, o->outcome);
    if (stage.len > 0) {
        batch_add(batch, FIELD_POSTFIX_STAGE, stage);
    }
    rest = str_skip(rest, postfix_add_peer(batch, rest, o->side));
    if (o->keep_reason) {
        add_reason(batch, without_speaker(rest));
    } else if (str_eq(o->text, STR("disconnect from ")) && rest.len > 1) {
        batch_add(batch, FIELD_POSTFIX_COMMANDS, str_trim(rest));
    } else if (str_starts(rest, STR(" to ["))) {
        (void)postfix_add_peer(batch, str_skip(rest, 4), SERVER);
    }
}

static bool try_opening(struct batch *batch, struct str text) {
    for (size_t i = 0; i < sizeof OPENINGS / sizeof OPENINGS[0]; i++) {
        const struct opening *o = &OPENINGS[i];
        if (!str_starts(text, o->text)) {
            continue;
        }
        struct str rest = str_skip(text, o->text.len);
        if (o->peer_after.len == 0) {
            add_opening(batch, o, STR_EMPTY, rest);
            return true;
        }
        /* the peer's word may begin with the blank that ends the opening */
        size_t at = str_find(str_skip(text, o->text.len - 1), o->peer_after);
        if (at != STR_NONE) {
            struct str stage = str_head(rest, at > 0 ? at - 1 : 0);
            size_t peer_at = o->text.len - 1 + at + o->peer_after.len;
            add_opening(batch, o, stage, str_skip(text, peer_at));
            return true;
        }
    }
    return false;
}

/* "sender non-delivery notification: ID" of bounce: a new mail carries the report. */
static bool try_notification(struct batch *batch, struct str text) {
    size_t at = str_find(str_head(text, 80), STR(" notification: "));
    if (at == STR_NONE) {
        return false;
    }
    add_action(batch, "notification", NULL);
    batch_add(batch, FIELD_EVENT_REASON, str_head(text, at + sizeof " notification" - 1));
    batch_add(batch, FIELD_EMAIL_NEXT_QUEUE_ID, str_skip(text, at + sizeof " notification: " - 1));
    return true;
}

/* "addr 192.0.2.1 listed by domain zen.example as 127.0.0.2" of dnsblog */
static bool try_dnsblog(struct batch *batch, struct str text) {
    size_t listed = str_find(text, STR(" listed by domain "));
    if (!str_starts(text, STR("addr ")) || listed == STR_NONE || listed < 5) {
        return false;
    }
    add_action(batch, "dnsbl-listed", NULL);
    batch_add(batch, FIELD_SOURCE_IP, str_make(text.ptr + 5, listed - 5));
    add_reason(batch, str_skip(text, listed));
    return true;
}

/* Lines about one queue file that are not about a peer. */
/* Sets *cut if the line ends before what its kind always has. */
static bool try_queue_line(struct batch *batch, struct str text, bool *cut) {
    if (str_eq(text, STR("removed"))) {
        add_action(batch, "removed", NULL);
    } else if (str_starts(text, STR("client="))) {
        add_action(batch, "accepted", NULL);
        (void)postfix_add_pairs(batch, text);
    } else if (str_starts(text, STR("message-id=")) ||
               str_starts(text, STR("resent-message-id="))) {
        struct str id = str_skip(text, str_find_char(text, '=') + 1);
        bool bracketed = id.len >= 2 && id.ptr[0] == '<' && id.ptr[id.len - 1] == '>';
        add_action(batch, "message-id", NULL);
        batch_add(batch, FIELD_EMAIL_MESSAGE_ID, bracketed ? str_make(id.ptr + 1, id.len - 2) : id);
    } else if (str_starts(text, STR("from=<"))) {
        *cut =
            str_find(text, STR("nrcpt=")) == STR_NONE && str_find(text, STR("status=")) == STR_NONE;
        add_queue_entry(batch, text);
    } else if (str_starts(text, STR("to=")) || (str_find(text, STR(", relay=")) != STR_NONE &&
                                                str_find(text, STR("status=")) != STR_NONE)) {
        size_t comma = str_find(text, STR(", relay="));
        bool bare = !str_starts(text, STR("to=")); /* old releases: "user@host, relay=..." */
        if (bare) {
            batch_add(batch, FIELD_EMAIL_TO, str_head(text, comma));
        }
        *cut = !add_delivery(batch, bare ? str_skip(text, comma + 2) : text);
    } else if (str_starts(text, STR("uid="))) {
        add_action(batch, "pickup", NULL);
        (void)postfix_add_pairs(batch, text);
    } else {
        return false;
    }
    return true;
}

/* False: the line was cut. */
static bool parse_text(struct batch *batch, struct str text, bool has_queue_id) {
    bool cut = false;
    if (has_queue_id && (try_queue_line(batch, text, &cut) || try_notification(batch, text) ||
                         try_check(batch, text))) {
        return !cut;
    }
    if (str_starts(text, STR("proxy-")) && try_check(batch, text)) {
        return true; /* before-queue filters have no queue id yet */
    }
    if (try_opening(batch, text) || try_tls(batch, text) || try_message(batch, text) ||
        try_dnsblog(batch, text)) {
        return !cut;
    }
    add_action(batch, "message", NULL);
    batch_add(batch, FIELD_MESSAGE, text);
    return true;
}

/* Without a syslog header only texts that no other program writes are taken. */
static bool is_unmistakable(struct str text, bool has_queue_id) {
    static const struct str forms[] = {
        STR_INIT("client="),
        STR_INIT("message-id="),
        STR_INIT("from=<"),
        STR_INIT("to=<"),
        STR_INIT("warning: header "),
        STR_INIT("info: header "),
        STR_INIT("reject: "),
        STR_INIT("milter-reject: "),
        STR_INIT("filter: "),
        STR_INIT("removed"),
        STR_INIT("uid="),
        STR_INIT("prepend: header "),
        STR_INIT("replace: header "),
        STR_INIT("hold: header "),
        STR_INIT("host "),
    };
    for (size_t i = 0; has_queue_id && i < sizeof forms / sizeof forms[0]; i++) {
        if (str_starts(text, forms[i])) {
            return true;
        }
    }
    return false;
}

/* "postfix/smtpd[123]: " at the start of a body whose header knows no program. */
static bool take_app(struct str *app, struct str *text) {
    enum { APP_MAX = 64 };
    size_t end = str_find(str_head(*text, APP_MAX), STR(": "));
    if (end == STR_NONE || !str_starts(*text, STR("postfix"))) {
        return false;
    }
    size_t bracket = str_find_char(str_head(*text, end), '[');
    *app = str_head(*text, bracket == STR_NONE ? end : bracket);
    *text = str_skip(*text, end + 2);
    return true;
}

static enum parse_result postfix_parse(struct parse_context *context, struct batch *batch,
                                       struct str body) {
    struct str app = context->envelope->app;
    struct str daemon = STR_EMPTY;
    struct str text = str_trim(body);
    if (app.len > 0 || take_app(&app, &text)) {
        if (!parse_app(&daemon, app)) {
            return PARSE_NO;
        }
    }
    struct str id = STR_EMPTY;
    bool has_queue_id = postfix_take_queue_id(&id, &text);
    if (daemon.len == 0 && !is_unmistakable(text, has_queue_id)) {
        return PARSE_NO;
    }
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, "email");
    if (daemon.len > 0) {
        batch_add(batch, FIELD_PROCESS_NAME, daemon);
    }
    if (id.len > 0) {
        batch_add(batch, FIELD_EMAIL_QUEUE_ID, id);
    }
    return parse_text(batch, text, has_queue_id) ? PARSE_YES : PARSE_DAMAGED;
}

const struct parser postfix_parser = {
    .name = "postfix", .dataset = DATASET_POSTFIX, .parse = postfix_parse};
