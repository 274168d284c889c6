/*
 * AD-02 (tier 1): a logon whose account domain cannot be (forged tickets of old tools carry what
 * their author typed).
 *
 * Fits: the own NetBIOS or DNS name and trusts in any case, the computer's own name, the virtual
 * accounts of Windows. Only accounts with a SID of a domain or computer (S-1-5-21-) are judged,
 * which leaves out localised names of NT AUTHORITY. A blank domain counts with such a SID only.
 * Without a declared domain, domains that several accounts use in the last days fit (degraded).
 */
#include "mem.h"
#include "windows_event.h"

enum { LEARN_ACCOUNTS = 3, LOOKBACK_DAYS = 7 };

struct seen {
    uint32_t domain; /* in texts, lower case */
    uint32_t account;
    int32_t day;
};

/* A logon of the open day that may be forged; judged at the day's end. */
struct doubt {
    uint32_t domain_text; /* as logged */
    uint32_t domain;
    uint32_t account;
    uint32_t computer;
    uint32_t address;
    int32_t day;
    struct evidence_list events;
};

struct ad02 {
    struct draft_builder builder;
    struct intern texts;
    struct intern seen_keys; /* domain, account, day */
    struct seen *seen;
    size_t seen_capacity;
    struct intern doubt_keys; /* domain, account, computer, day */
    struct doubt *doubts;
    size_t doubt_capacity;
};

static void *create(const struct analysis_context *context) {
    (void)context;
    return mem_calloc(1, sizeof(struct ad02));
}

static void drop_doubts(struct ad02 *s) {
    for (uint32_t i = 0; i < s->doubt_keys.count; i++) {
        evidence_list_fini(&s->doubts[i].events);
    }
    intern_clear(&s->doubt_keys);
}

static void destroy(void *state) {
    struct ad02 *s = state;
    drop_doubts(s);
    draft_fini(&s->builder);
    intern_fini(&s->texts);
    intern_fini(&s->seen_keys);
    intern_fini(&s->doubt_keys);
    mem_free(s->seen);
    mem_free(s->doubts);
    mem_free(s);
}

static struct str key_text(const uint32_t *parts, size_t count) {
    return str_make((const char *)parts, count * sizeof *parts);
}

static bool is_system_domain(struct str domain) {
    static const struct str names[] = {
        STR_INIT("NT AUTHORITY"), STR_INIT("Window Manager"),     STR_INIT("Font Driver Host"),
        STR_INIT("NT SERVICE"),   STR_INIT("NT VIRTUAL MACHINE"), STR_INIT("IIS APPPOOL"),
        STR_INIT("AzureAD"),      STR_INIT("MicrosoftAccount"),   STR_INIT("WORKGROUP")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_eq_ci(domain, names[i])) {
            return true;
        }
    }
    return false;
}

static bool is_forger_default(struct str domain) {
    return str_find_ci(domain, STR("eo.oe")) != STR_NONE;
}

static void note_seen(struct ad02 *s, uint32_t domain, uint32_t account, int32_t day) {
    uint32_t key[3] = {domain, account, (uint32_t)day};
    uint32_t known = s->seen_keys.count;
    uint32_t id = intern_add(&s->seen_keys, key_text(key, 3));
    if (id == known) {
        MEM_GROW(s->seen, s->seen_capacity, (size_t)id + 1);
        s->seen[id] = (struct seen){domain, account, day};
    }
}

static void note_doubt(struct ad02 *s, const struct analysis_context *context,
                       const struct analysis_event *event, struct str domain, struct str account) {
    uint32_t key[4] = {intern_add_lower(&s->texts, domain), intern_add_lower(&s->texts, account),
                       intern_add(&s->texts, event->computer), (uint32_t)event->day};
    uint32_t known = s->doubt_keys.count;
    uint32_t id = intern_add(&s->doubt_keys, key_text(key, 4));
    if (id == known) {
        MEM_GROW(s->doubts, s->doubt_capacity, (size_t)id + 1);
        s->doubts[id] = (struct doubt){.domain_text = intern_add(&s->texts, domain),
                                       .domain = key[0],
                                       .account = intern_add(&s->texts, account),
                                       .computer = key[2],
                                       .address = intern_add(&s->texts, STR_EMPTY),
                                       .day = event->day};
    }
    struct str address = windows_data(event, "IpAddress");
    if (address.len > 0) {
        s->doubts[id].address = intern_add(&s->texts, address);
    }
    struct evidence evidence = analysis_evidence(context, event);
    evidence_list_add(&s->doubts[id].events, &evidence);
}

static void on_event(void *state, const struct analysis_context *context,
                     const struct analysis_event *event) {
    struct ad02 *s = state;
    bool subject = event->code == 4672;
    struct str domain = windows_data(event, subject ? "SubjectDomainName" : "TargetDomainName");
    struct str account = windows_data(event, subject ? "SubjectUserName" : "TargetUserName");
    struct str sid = windows_data(event, subject ? "SubjectUserSid" : "TargetUserSid");
    bool account_sid = windows_is_account_sid(sid);
    if (str_eq_ci(domain, event->computer) || is_system_domain(domain) ||
        site_is_own_windows_domain(context->site, domain) ||
        (!account_sid && (sid.len > 0 || domain.len == 0) && !is_forger_default(domain))) {
        return;
    }
    if (event->code == 4624) {
        note_seen(s, intern_add_lower(&s->texts, domain), intern_add_lower(&s->texts, account),
                  event->day);
    }
    note_doubt(s, context, event, domain, account);
}

/* Accounts that used the domain in the last days, up to LEARN_ACCOUNTS. */
static uint32_t count_accounts(const struct ad02 *s, uint32_t domain, int32_t day) {
    uint32_t accounts[LEARN_ACCOUNTS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->seen_keys.count && count < LEARN_ACCOUNTS; i++) {
        const struct seen *seen = &s->seen[i];
        bool fits = seen->domain == domain && seen->day <= day && seen->day >= day - LOOKBACK_DAYS;
        for (uint32_t k = 0; k < count && fits; k++) {
            fits = accounts[k] != seen->account;
        }
        if (fits) {
            accounts[count++] = seen->account;
        }
    }
    return count;
}

static void emit(struct ad02 *s, const struct analysis_context *context, const struct doubt *d,
                 bool declared) {
    struct draft_builder *b = &s->builder;
    struct evidence events[EVIDENCE_HEAD + EVIDENCE_TAIL];
    struct str domain = intern_text(&s->texts, d->domain_text);
    struct str account = intern_text(&s->texts, d->account);
    struct str computer = intern_text(&s->texts, d->computer);
    struct str address = intern_text(&s->texts, d->address);
    bool known_forgery = is_forger_default(domain);
    draft_begin(b);
    draft_key(b, intern_text(&s->texts, d->domain));
    draft_key(b, account);
    draft_key(b, computer);
    draft_entity(b, ENTITY_HOST, computer);
    draft_entity(b, ENTITY_USER, account);
    draft_entity(b, ENTITY_DOMAIN, domain);
    draft_entity(b, ENTITY_ADDRESS, address);
    buf_printf(
        &b->en,
        "%.*s logged on to %.*s from %.*s with the account domain \"%.*s\", which %s: a sign "
        "of a forged Kerberos ticket.",
        STR_ARG(account), STR_ARG(computer),
        STR_ARG(address.len > 0 ? address : STR("an unknown address")), STR_ARG(domain),
        known_forgery ? "is the default of a ticket forging tool"
                      : "is no domain of the site, no trust and not the computer");
    buf_printf(&b->ja,
               "%.*s が %.*s から %.*s "
               "にログオンした際のアカウントドメイン「%.*s」は%s。Kerberosチケット偽造の兆候です。",
               STR_ARG(account), STR_ARG(address.len > 0 ? address : STR("不明なアドレス")),
               STR_ARG(computer), STR_ARG(domain),
               known_forgery ? "チケット偽造ツールの既定値です"
                             : "組織のドメインでも信頼先でもコンピューター名でもありません");
    struct finding_draft draft = draft_take(b, known_forgery ? LEVEL_CRITICAL
                                               : declared    ? LEVEL_HIGH
                                                             : LEVEL_MEDIUM);
    draft.event_count = evidence_list_shown(&d->events);
    for (size_t i = 0; i < draft.event_count; i++) {
        events[i] = *evidence_list_get(&d->events, i);
    }
    draft.events = events;
    draft.count = d->events.count;
    if (!declared) {
        draft.evaluable = EVALUABLE_DEGRADED;
        draft.missing = (struct text2){STR("the site file names no domain"),
                                       STR("サイトファイルにドメインの記載がありません")};
    }
    analysis_emit(context, d->day, &draft);
}

static void evaluate(void *state, const struct analysis_context *context, int32_t day) {
    struct ad02 *s = state;
    bool declared = site_declares_windows_domain(context->site);
    for (uint32_t i = 0; i < s->doubt_keys.count; i++) {
        const struct doubt *d = &s->doubts[i];
        bool forged = is_forger_default(intern_text(&s->texts, d->domain_text));
        if (d->day == day &&
            (declared || forged || count_accounts(s, d->domain, day) < LEARN_ACCOUNTS)) {
            emit(s, context, d, declared);
        }
    }
}

static void evict(void *state, int32_t before_day) {
    struct ad02 *s = state;
    struct intern keys = INTERN_INIT;
    for (uint32_t i = 0; i < s->seen_keys.count; i++) {
        if (s->seen[i].day >= before_day) {
            uint32_t id = intern_add(&keys, intern_text(&s->seen_keys, i));
            s->seen[id] = s->seen[i];
        }
    }
    intern_fini(&s->seen_keys);
    s->seen_keys = keys;
    drop_doubts(s);
}

static const struct analysis_field fields[] = {{"winlog.event_id", true},
                                               {"winlog.computer_name", true},
                                               {"winlog.event_data.TargetDomainName", false},
                                               {"winlog.event_data.TargetUserName", false},
                                               {"winlog.event_data.TargetUserSid", false},
                                               {"winlog.event_data.SubjectDomainName", false},
                                               {"winlog.event_data.SubjectUserName", false},
                                               {"winlog.event_data.SubjectUserSid", false},
                                               {"winlog.event_data.IpAddress", false},
                                               {NULL, false}};
static const uint32_t codes[] = {4624, 4634, 4672, 0};

const struct analysis analysis_ad_02 = {
    .id = "AD-02",
    .name_en = "Forged Kerberos ticket (account domain)",
    .name_ja = "Golden/Silver Ticket",
    .attack = "T1558.001",
    .families = "windows",
    .fields = fields,
    .codes = codes,
    .lookback_days = LOOKBACK_DAYS,
    .join_gap_days = 2,
    .next =
        {{"Isolate the source terminal and the computer from the network and investigate both.",
          "接続元の端末と対象のコンピューターをネットワークから隔離し、両方を調査してください。"},
         {"Plan the double change of krbtgt with replication in between, and of all domain admins.",
          "krbtgtの2回変更(間に複製を待つ)と全ドメイン管理者のパスワード変更を計画してください。"},
         {"Find out how the domain controller's secrets were taken.",
          "ドメインコントローラーの秘密情報が奪われた経路を調べてください。"}},
    .do_not = {{"Do not change krbtgt only once.",
                "krbtgtの変更を1回だけで終わらせないでください。"},
               {"Do not power the computers off.", "コンピューターの電源を切らないでください。"}},
    .create = create,
    .destroy = destroy,
    .event = on_event,
    .evaluate = evaluate,
    .evict = evict,
};
