/*
 * AD-01: MS14-068 tried. A patched domain controller refuses the forged PAC with
 * KDC_ERR_SUMTYPE_NOSUPP (0xF, RFC 4120 7.5.9); 0x3C on krbtgt with the tool's ticket options
 * counts when the user gets special privileges soon after. A special logon (4672) of the same
 * user within ad01.window makes it critical: the forgery worked.
 *
 * A DC that audits successes only shows none of this: it is not evaluable until it logged a 4769
 * with any other status than 0.
 */
#include "mem.h"
#include "windows_event.h"

enum { LOOKBACK_DAYS = 7 };

struct refusal {
    uint32_t user; /* in texts, lower case */
    uint32_t client;
    uint32_t computer;
    uint64_t status;
    int32_t day;
    struct evidence event;
};

struct special_logon {
    uint32_t user;
    int32_t day;
    struct evidence event;
};

/* A DC and day: what of 4769 it audits. */
struct dc_day {
    uint32_t computer;
    int32_t day;
    uint64_t requests;
    uint64_t failures;
};

struct ad01 {
    struct draft_builder builder;
    struct intern texts;
    struct refusal *refusals;
    size_t refusal_count;
    size_t refusal_capacity;
    struct special_logon *logons; /* of accounts that are no admins */
    size_t logon_count;
    size_t logon_capacity;
    struct intern dc_keys;
    struct dc_day *dcs;
    size_t dc_capacity;
};

static void *create(const struct analysis_context *context) {
    (void)context;
    return mem_calloc(1, sizeof(struct ad01));
}

static void destroy(void *state) {
    struct ad01 *s = state;
    draft_fini(&s->builder);
    intern_fini(&s->texts);
    intern_fini(&s->dc_keys);
    mem_free(s->refusals);
    mem_free(s->logons);
    mem_free(s->dcs);
    mem_free(s);
}

static void count_dc(struct ad01 *s, const struct analysis_event *event, bool failed) {
    uint32_t key[2] = {intern_add(&s->texts, event->computer), (uint32_t)event->day};
    uint32_t known = s->dc_keys.count;
    uint32_t id = intern_add(&s->dc_keys, str_make((const char *)key, sizeof key));
    if (id == known) {
        MEM_GROW(s->dcs, s->dc_capacity, (size_t)id + 1);
        s->dcs[id] = (struct dc_day){key[0], event->day, 0, 0};
    }
    s->dcs[id].requests++;
    s->dcs[id].failures += failed;
}

static void on_request(struct ad01 *s, const struct analysis_context *context,
                       const struct analysis_event *event) {
    uint64_t status = 0;
    uint64_t options = 0;
    if (!windows_data_number(&status, event, "Status")) {
        return;
    }
    count_dc(s, event, status != 0);
    (void)windows_data_number(&options, event, "TicketOptions");
    bool tool = status == 0x3c && options == 0x40810000 &&
                str_starts_ci(windows_data(event, "ServiceName"), STR("krbtgt"));
    if (status != 0xf && !tool) {
        return;
    }
    struct str client = windows_data(event, "IpAddress");
    if (str_starts_ci(client, STR("::ffff:"))) {
        client = str_skip(client, 7);
    }
    MEM_GROW(s->refusals, s->refusal_capacity, s->refusal_count + 1);
    s->refusals[s->refusal_count++] = (struct refusal){
        intern_add_lower(&s->texts, windows_bare_account(windows_data(event, "TargetUserName"))),
        intern_add(&s->texts, client),
        intern_add(&s->texts, event->computer),
        status,
        event->day,
        analysis_evidence(context, event)};
}

static void on_special_logon(struct ad01 *s, const struct analysis_context *context,
                             const struct analysis_event *event) {
    struct str user = windows_data(event, "SubjectUserName");
    if (!windows_is_account_sid(windows_data(event, "SubjectUserSid")) ||
        windows_is_computer_account(context->site, event, user) ||
        site_account_kind(context->site, user) == ACCOUNT_ADMIN ||
        site_account_kind(context->site, user) == ACCOUNT_SERVICE) {
        return;
    }
    MEM_GROW(s->logons, s->logon_capacity, s->logon_count + 1);
    s->logons[s->logon_count++] = (struct special_logon){
        intern_add_lower(&s->texts, user), event->day, analysis_evidence(context, event)};
}

static void on_event(void *state, const struct analysis_context *context,
                     const struct analysis_event *event) {
    if (event->code == 4769) {
        on_request(state, context, event);
    } else {
        on_special_logon(state, context, event);
    }
}

/* The first special logon of the user within the window behind the refusal. */
static const struct special_logon *find_success(const struct ad01 *s, const struct refusal *r,
                                                int64_t window_ns) {
    for (size_t i = 0; i < s->logon_count; i++) {
        const struct special_logon *l = &s->logons[i];
        if (l->user == r->user && l->event.time_ns >= r->event.time_ns &&
            l->event.time_ns - r->event.time_ns <= window_ns) {
            return l;
        }
    }
    return NULL;
}

static bool is_first_of_group(const struct ad01 *s, size_t index) {
    const struct refusal *r = &s->refusals[index];
    for (size_t i = 0; i < index; i++) {
        const struct refusal *o = &s->refusals[i];
        if (o->day == r->day && o->user == r->user && o->client == r->client) {
            return false;
        }
    }
    return true;
}

struct group {
    struct evidence events[EVIDENCE_HEAD + EVIDENCE_TAIL];
    size_t shown;
    uint64_t count;
    const struct special_logon *success;
    bool plain; /* at least one 0xF */
};

/* All refusals of the day with the user and client of the one at `index`. */
static struct group collect(const struct ad01 *s, size_t index, int64_t window_ns) {
    const struct refusal *r = &s->refusals[index];
    struct group g = {.shown = 0};
    for (size_t i = index; i < s->refusal_count; i++) {
        const struct refusal *o = &s->refusals[i];
        if (o->day != r->day || o->user != r->user || o->client != r->client) {
            continue;
        }
        if (g.shown + 1 < EVIDENCE_HEAD + EVIDENCE_TAIL) {
            g.events[g.shown++] = o->event;
        }
        g.count++;
        g.plain = g.plain || o->status == 0xf;
        if (!g.success) {
            g.success = find_success(s, o, window_ns);
        }
    }
    return g;
}

static void emit(struct ad01 *s, const struct analysis_context *context, const struct refusal *r,
                 struct group *g) {
    struct draft_builder *b = &s->builder;
    struct str user = intern_text(&s->texts, r->user);
    struct str client = intern_text(&s->texts, r->client);
    struct str computer = intern_text(&s->texts, r->computer);
    char time[17];
    (void)event_time_text(time, context->site, r->event.time_ns);
    draft_begin(b);
    draft_key(b, user);
    draft_key(b, client);
    draft_entity(b, ENTITY_CLIENT, client);
    draft_entity(b, ENTITY_HOST, computer);
    draft_entity(b, ENTITY_USER, user);
    buf_printf(
        &b->en,
        "%.*s refused %llu ticket request(s) of %.*s from %.*s with status 0x%llx from %s on "
        "(MS14-068)%s.",
        STR_ARG(computer), (unsigned long long)g->count, STR_ARG(user), STR_ARG(client),
        (unsigned long long)r->status, time,
        g->success ? "; soon after, this user got special privileges (4672)" : "");
    buf_printf(&b->ja,
               "%.*s が %.*s (%.*s) のチケット要求 %llu 件をステータス 0x%llx で拒否しました(%s "
               "から、MS14-068の兆候)。%s",
               STR_ARG(computer), STR_ARG(user), STR_ARG(client), (unsigned long long)g->count,
               (unsigned long long)r->status, time,
               g->success ? "直後に同じ利用者へ特権が割り当てられました(4672)。" : "");
    if (g->success) {
        g->events[g->shown++] = g->success->event;
        g->count++;
    }
    struct finding_draft draft = draft_take(b, g->success ? LEVEL_CRITICAL : LEVEL_HIGH);
    draft.events = g->events;
    draft.event_count = g->shown;
    draft.count = g->count;
    analysis_emit(context, r->day, &draft);
}

static void evaluate(void *state, const struct analysis_context *context, int32_t day) {
    struct ad01 *s = state;
    int64_t window_ns =
        (int64_t)param_number(context->params, PARAM_ID_AD01_WINDOW) * NS_PER_SECOND;
    for (size_t i = 0; i < s->refusal_count; i++) {
        if (s->refusals[i].day == day && is_first_of_group(s, i)) {
            struct group g = collect(s, i, window_ns);
            if (g.plain || g.success) {
                emit(s, context, &s->refusals[i], &g);
            }
        }
    }
}

static void cover(void *state, const struct analysis_context *context, int32_t day) {
    struct ad01 *s = state;
    for (uint32_t i = 0; i < s->dc_keys.count; i++) {
        uint64_t failures = 0;
        if (s->dcs[i].day != day) {
            continue;
        }
        for (uint32_t k = 0; k < s->dc_keys.count; k++) {
            failures += s->dcs[k].computer == s->dcs[i].computer ? s->dcs[k].failures : 0;
        }
        struct coverage_note note = {intern_text(&s->texts, s->dcs[i].computer),
                                     failures > 0 ? EVALUABLE_FULL : EVALUABLE_NO,
                                     {STR_EMPTY, STR_EMPTY},
                                     {STR_EMPTY, STR_EMPTY}};
        if (failures == 0) {
            note.missing =
                (struct text2){STR("4769 with a status other than 0x0 (failure auditing)"),
                               STR("失敗の4769(ステータスが0x0以外)")};
            note.setting = (struct text2){
                STR("auditpol /set /subcategory:{0CCE9240-69AE-11D9-BED3-505054503030} "
                    "/success:enable /failure:enable"),
                STR("auditpol /set /subcategory:{0CCE9240-69AE-11D9-BED3-505054503030} "
                    "/success:enable /failure:enable")};
        }
        analysis_cover(context, day, &note);
    }
}

static void evict(void *state, int32_t before_day) {
    struct ad01 *s = state;
    size_t refusals = 0;
    size_t logons = 0;
    struct intern keys = INTERN_INIT;
    for (size_t i = 0; i < s->refusal_count; i++) {
        if (s->refusals[i].day >= before_day) {
            s->refusals[refusals++] = s->refusals[i];
        }
    }
    int32_t last = before_day + LOOKBACK_DAYS - 1;
    for (size_t i = 0; i < s->logon_count; i++) {
        if (s->logons[i].day >= last) {
            s->logons[logons++] = s->logons[i];
        }
    }
    for (uint32_t i = 0; i < s->dc_keys.count; i++) {
        if (s->dcs[i].day >= before_day) {
            uint32_t id = intern_add(&keys, intern_text(&s->dc_keys, i));
            s->dcs[id] = s->dcs[i];
        }
    }
    s->refusal_count = refusals;
    s->logon_count = logons;
    intern_fini(&s->dc_keys);
    s->dc_keys = keys;
}

static const struct analysis_field fields[] = {{"winlog.event_id", true},
                                               {"winlog.computer_name", true},
                                               {"winlog.event_data.Status", false},
                                               {"winlog.event_data.TargetUserName", false},
                                               {"winlog.event_data.ServiceName", false},
                                               {"winlog.event_data.TicketOptions", false},
                                               {"winlog.event_data.IpAddress", false},
                                               {"winlog.event_data.SubjectUserName", false},
                                               {"winlog.event_data.SubjectUserSid", false},
                                               {NULL, false}};
static const uint32_t codes[] = {4769, 4672, 0};

const struct analysis analysis_ad_01 = {
    .id = "AD-01",
    .name_en = "MS14-068 tried",
    .name_ja = "MS14-068",
    .attack = "T1068",
    .families = "windows",
    .fields = fields,
    .codes = codes,
    .lookback_days = LOOKBACK_DAYS,
    .join_gap_days = 2,
    .next = {{"Investigate the client computer: it may be compromised.",
              "要求元の端末が侵害されている可能性があるため、調査してください。"},
             {"Check that every domain controller has the fix (KB3011780 or later).",
              "すべてのドメインコントローラーに修正(KB3011780以降)"
              "が適用されているか確認してください。"},
             {"Look at everything the user and the client did before and after.",
              "利用者と端末の前後の行動を確認してください。"}},
    .do_not = {{"Do not only patch the domain controller.",
                "ドメインコントローラーへの修正適用だけで終わらせないでください。"}},
    .create = create,
    .destroy = destroy,
    .event = on_event,
    .evaluate = evaluate,
    .evict = evict,
    .coverage = cover,
};
