/*
 * AD-05: special privileges (4672) for an account that is in no register of privileged accounts.
 *
 * Left out by SID: SYSTEM and services, window manager, font driver, app pools, computers of the
 * site (never every name with '$'). On domain controllers and servers high; on a PC of somebody
 * else medium; on the user's own PC low (a local administrator). Additions to privileged groups
 * (4728, 4732, 4756) of the same account are told with it.
 * Without a register: accounts that had special privileges on ad05.learn_days earlier days are
 * taken as known; medium at most, degraded.
 */
#include "mem.h"
#include "windows_event.h"

enum { LOOKBACK_DAYS = 14 };

struct use {
    uint32_t account; /* in texts, lower case */
    uint32_t computer;
    uint32_t sid;
    uint32_t name; /* as logged */
    int32_t day;
    struct evidence_list events;
};

struct addition {
    uint32_t sid; /* of the member */
    uint32_t group;
    uint32_t by;
    int32_t day;
    struct evidence event;
};

struct ad05 {
    struct draft_builder builder;
    struct intern texts;
    struct intern keys; /* account, computer, day */
    struct use *uses;
    size_t use_capacity;
    struct addition *additions;
    size_t addition_count;
    size_t addition_capacity;
};

static void *create(const struct analysis_context *context) {
    (void)context;
    return mem_calloc(1, sizeof(struct ad05));
}

static void destroy(void *state) {
    struct ad05 *s = state;
    for (uint32_t i = 0; i < s->keys.count; i++) {
        evidence_list_fini(&s->uses[i].events);
    }
    draft_fini(&s->builder);
    intern_fini(&s->texts);
    intern_fini(&s->keys);
    mem_free(s->uses);
    mem_free(s->additions);
    mem_free(s);
}

/* Well-known groups that own the domain or the computer. */
static bool is_privileged_group(struct str sid) {
    static const uint64_t rids[] = {512, 516, 518, 519, 520, 526, 527, 544, 548, 549, 550, 551};
    uint64_t rid = windows_sid_rid(sid);
    for (size_t i = 0; i < sizeof rids / sizeof rids[0]; i++) {
        if (rids[i] == rid) {
            return true;
        }
    }
    return false;
}

static void on_addition(struct ad05 *s, const struct analysis_context *context,
                        const struct analysis_event *event) {
    if (!is_privileged_group(windows_data(event, "TargetSid"))) {
        return;
    }
    MEM_GROW(s->additions, s->addition_capacity, s->addition_count + 1);
    s->additions[s->addition_count++] =
        (struct addition){intern_add_lower(&s->texts, windows_data(event, "MemberSid")),
                          intern_add(&s->texts, windows_data(event, "TargetUserName")),
                          intern_add(&s->texts, windows_data(event, "SubjectUserName")), event->day,
                          analysis_evidence(context, event)};
}

static bool is_registered(const struct site *site, struct str account) {
    enum site_account kind = site_account_kind(site, account);
    return kind == ACCOUNT_ADMIN || kind == ACCOUNT_SERVICE || kind == ACCOUNT_HELPDESK;
}

static void on_event(void *state, const struct analysis_context *context,
                     const struct analysis_event *event) {
    struct ad05 *s = state;
    if (event->code != 4672) {
        on_addition(s, context, event);
        return;
    }
    struct str account = windows_data(event, "SubjectUserName");
    struct str sid = windows_data(event, "SubjectUserSid");
    if (!windows_is_account_sid(sid) || account.len == 0 || is_registered(context->site, account) ||
        windows_is_computer_account(context->site, event, account)) {
        return;
    }
    uint32_t key[3] = {intern_add_lower(&s->texts, account), intern_add(&s->texts, event->computer),
                       (uint32_t)event->day};
    uint32_t known = s->keys.count;
    uint32_t id = intern_add(&s->keys, str_make((const char *)key, sizeof key));
    if (id == known) {
        MEM_GROW(s->uses, s->use_capacity, (size_t)id + 1);
        s->uses[id] = (struct use){.account = key[0],
                                   .computer = key[1],
                                   .sid = intern_add_lower(&s->texts, sid),
                                   .name = intern_add(&s->texts, account),
                                   .day = event->day};
    }
    struct evidence evidence = analysis_evidence(context, event);
    evidence_list_add(&s->uses[id].events, &evidence);
}

/* Days before `day` on which the account had special privileges anywhere. */
static uint32_t earlier_days(const struct ad05 *s, uint32_t account, int32_t day) {
    uint64_t days = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->keys.count; i++) {
        int32_t back = day - s->uses[i].day;
        if (s->uses[i].account == account && back > 0 && back <= LOOKBACK_DAYS) {
            days |= UINT64_C(1) << back;
        }
    }
    for (; days; days &= days - 1) {
        count++;
    }
    return count;
}

static enum finding_level level_of(const struct ad05 *s, const struct analysis_context *context,
                                   const struct use *use) {
    const struct site *site = context->site;
    struct str computer = intern_text(&s->texts, use->computer);
    if (windows_is_dc(site, computer) || windows_is_server(site, computer)) {
        return LEVEL_HIGH;
    }
    const struct site_user *owner = site_user_of_pc(site, computer);
    bool own = owner && str_eq_ci(owner->login, intern_text(&s->texts, use->account));
    return own || !owner ? LEVEL_LOW : LEVEL_MEDIUM;
}

static const struct addition *find_addition(const struct ad05 *s, const struct use *use) {
    for (size_t i = 0; i < s->addition_count; i++) {
        if (s->additions[i].sid == use->sid && s->additions[i].day <= use->day) {
            return &s->additions[i];
        }
    }
    return NULL;
}

static void describe(struct draft_builder *b, const struct ad05 *s,
                     const struct analysis_context *context, const struct use *use,
                     const struct addition *addition) {
    struct str account = intern_text(&s->texts, use->name);
    struct str computer = intern_text(&s->texts, use->computer);
    char time[17];
    (void)event_time_text(time, context->site, evidence_list_get(&use->events, 0)->time_ns);
    buf_printf(&b->en,
               "%.*s, who is in no register of privileged accounts, got special privileges on %.*s "
               "%llu time(s), first at %s.",
               STR_ARG(account), STR_ARG(computer), (unsigned long long)use->events.count, time);
    buf_printf(
        &b->ja,
        "特権アカウントの台帳にない %.*s に、%.*s で特権が %llu 回割り当てられました(最初は %s)。",
        STR_ARG(account), STR_ARG(computer), (unsigned long long)use->events.count, time);
    if (addition) {
        struct str by = intern_text(&s->texts, addition->by);
        struct str group = intern_text(&s->texts, addition->group);
        buf_printf(&b->en, " Before, %.*s added the account to %.*s.", STR_ARG(by), STR_ARG(group));
        buf_printf(&b->ja, "その前に %.*s がこのアカウントを %.*s に追加しています。", STR_ARG(by),
                   STR_ARG(group));
    }
}

static void emit(struct ad05 *s, const struct analysis_context *context, const struct use *use) {
    struct draft_builder *b = &s->builder;
    struct evidence events[EVIDENCE_HEAD + EVIDENCE_TAIL + 1];
    const struct addition *addition = find_addition(s, use);
    bool declared = site_declares_admins(context->site);
    draft_begin(b);
    draft_key(b, intern_text(&s->texts, use->account));
    draft_key(b, intern_text(&s->texts, use->computer));
    draft_entity(b, ENTITY_USER, intern_text(&s->texts, use->name));
    draft_entity(b, ENTITY_HOST, intern_text(&s->texts, use->computer));
    describe(b, s, context, use, addition);
    enum finding_level level = declared ? level_of(s, context, use) : LEVEL_MEDIUM;
    struct finding_draft draft = draft_take(b, level);
    size_t count = 0;
    if (addition && addition->day == use->day) {
        events[count++] = addition->event;
    }
    for (size_t i = 0; i < evidence_list_shown(&use->events); i++) {
        events[count++] = *evidence_list_get(&use->events, i);
    }
    draft.events = events;
    draft.event_count = count;
    draft.count = use->events.count + (addition && addition->day == use->day);
    if (!declared) {
        draft.evaluable = EVALUABLE_DEGRADED;
        draft.missing = (struct text2){STR("the site file names no privileged accounts"),
                                       STR("サイトファイルに特権アカウントの記載がありません")};
    }
    analysis_emit(context, use->day, &draft);
}

static void evaluate(void *state, const struct analysis_context *context, int32_t day) {
    struct ad05 *s = state;
    bool declared = site_declares_admins(context->site);
    uint32_t learn = (uint32_t)param_count(context->params, PARAM_ID_AD05_LEARN_DAYS);
    for (uint32_t i = 0; i < s->keys.count; i++) {
        const struct use *use = &s->uses[i];
        if (use->day == day && (declared || earlier_days(s, use->account, day) < learn)) {
            emit(s, context, use);
        }
    }
}

static void evict(void *state, int32_t before_day) {
    struct ad05 *s = state;
    struct intern keys = INTERN_INIT;
    size_t kept = 0;
    for (uint32_t i = 0; i < s->keys.count; i++) {
        if (s->uses[i].day < before_day) {
            evidence_list_fini(&s->uses[i].events);
            continue;
        }
        uint32_t id = intern_add(&keys, intern_text(&s->keys, i));
        s->uses[id] = s->uses[i];
    }
    for (size_t i = 0; i < s->addition_count; i++) {
        if (s->additions[i].day >= before_day) {
            s->additions[kept++] = s->additions[i];
        }
    }
    s->addition_count = kept;
    intern_fini(&s->keys);
    s->keys = keys;
}

static const struct analysis_field fields[] = {{"winlog.event_id", true},
                                               {"winlog.computer_name", true},
                                               {"winlog.event_data.SubjectUserName", true},
                                               {"winlog.event_data.SubjectUserSid", true},
                                               {"winlog.event_data.TargetSid", false},
                                               {"winlog.event_data.TargetUserName", false},
                                               {"winlog.event_data.MemberSid", false},
                                               {NULL, false}};
static const uint32_t codes[] = {4672, 4728, 4732, 4756, 0};

const struct analysis analysis_ad_05 = {
    .id = "AD-05",
    .name_en = "Special privileges without a role",
    .name_ja = "特権割当の妥当性",
    .attack = "T1078.002",
    .families = "windows",
    .fields = fields,
    .codes = codes,
    .lookback_days = LOOKBACK_DAYS,
    .join_gap_days = 7,
    .next =
        {{"Find out who granted the privilege (4728, 4732, 4756, 4704) and whether it was ordered.",
          "誰が特権を付与したか(4728・4732・4756・4704)、承認されたものか確認してください。"},
         {"Remove the privilege if it is not needed, after keeping the evidence.",
          "不要な特権であれば、証跡を保全した上で削除してください。"}},
    .do_not = {{"Do not remove the account before the evidence is kept.",
                "証跡を保全する前にアカウントを削除しないでください。"}},
    .create = create,
    .destroy = destroy,
    .event = on_event,
    .evaluate = evaluate,
    .evict = evict,
};
