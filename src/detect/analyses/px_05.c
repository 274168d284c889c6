/*
 * PX-05: a user agent that the organisation does not use.
 *
 * Approved: prefixes of the site file, and products (versions left out) learned from the days
 * before: at least px05.learn_share of the clients and px05.learn_min_clients, on px05.learn_days
 * days. Script tools, malformed and obsolete user agents are never learned by that, only approved
 * by prefix. Missing user agents count from px05.empty_day requests on; CONNECT says little about
 * them and is left out there.
 */
#include "mem.h"
#include "user_agent.h"
#include "web_request.h"

enum { LOOKBACK_DAYS = 28 };

/* One client and product on one day. */
struct use {
    uint32_t client; /* in texts */
    uint32_t product;
    int32_t day;
};

/* What is reported, of the open day: one client and family. */
struct odd {
    uint32_t client;
    uint32_t product;
    uint32_t family;
    uint32_t agent; /* as logged, the latest */
    uint32_t destination;
    uint32_t computer;
    uint32_t user;
    int32_t day;
    enum agent_fault fault;
    struct ip address;
    struct evidence_list events;
};

struct px05 {
    struct draft_builder builder;
    struct buf scratch;
    struct intern texts;
    struct intern uses_keys;
    struct use *uses;
    size_t use_capacity;
    struct intern odd_keys;
    struct odd *odds;
    size_t odd_capacity;
    int32_t first_day; /* oldest day seen */
};

static void *create(const struct analysis_context *context) {
    (void)context;
    struct px05 *s = mem_calloc(1, sizeof *s);
    s->first_day = INT32_MAX;
    return s;
}

static void drop_odds(struct px05 *s) {
    for (uint32_t i = 0; i < s->odd_keys.count; i++) {
        evidence_list_fini(&s->odds[i].events);
    }
    intern_clear(&s->odd_keys);
}

static void destroy(void *state) {
    struct px05 *s = state;
    drop_odds(s);
    draft_fini(&s->builder);
    buf_fini(&s->scratch);
    intern_fini(&s->texts);
    intern_fini(&s->uses_keys);
    intern_fini(&s->odd_keys);
    mem_free(s->uses);
    mem_free(s->odds);
    mem_free(s);
}

static struct str key_text(const uint32_t *parts, size_t count) {
    return str_make((const char *)parts, count * sizeof *parts);
}

static uint32_t product_id(struct px05 *s, struct str agent) {
    buf_clear(&s->scratch);
    agent_product(&s->scratch, agent);
    return intern_add(&s->texts, buf_str(&s->scratch));
}

static void note_use(struct px05 *s, uint32_t client, uint32_t product, int32_t day) {
    uint32_t key[3] = {client, product, (uint32_t)day};
    uint32_t known = s->uses_keys.count;
    uint32_t id = intern_add(&s->uses_keys, key_text(key, 3));
    if (id == known) {
        MEM_GROW(s->uses, s->use_capacity, (size_t)id + 1);
        s->uses[id] = (struct use){client, product, day};
    }
}

static struct odd *find_odd(struct px05 *s, uint32_t client, struct str agent, int32_t day) {
    buf_clear(&s->scratch);
    agent_family(&s->scratch, agent);
    uint32_t key[3] = {client, intern_add(&s->texts, buf_str(&s->scratch)), (uint32_t)day};
    uint32_t known = s->odd_keys.count;
    uint32_t id = intern_add(&s->odd_keys, key_text(key, 3));
    if (id == known) {
        MEM_GROW(s->odds, s->odd_capacity, (size_t)id + 1);
        s->odds[id] = (struct odd){.client = client, .family = key[1], .day = day};
    }
    return &s->odds[id];
}

static void on_event(void *state, const struct analysis_context *context,
                     const struct analysis_event *event) {
    struct px05 *s = state;
    const struct web_request *r = web_request_of(context, event);
    if (r == NULL || r->forwarded || !r->has_user_agent ||
        site_is_approved_user_agent(context->site, r->user_agent)) {
        return;
    }
    enum agent_fault fault = agent_judge(r->user_agent);
    if (fault == AGENT_EMPTY && (r->is_connect || r->challenge)) {
        return;
    }
    s->first_day = event->day < s->first_day ? event->day : s->first_day;
    uint32_t client = intern_add(&s->texts, r->identity);
    uint32_t product = product_id(s, r->user_agent);
    if (fault == AGENT_FINE) {
        note_use(s, client, product, event->day);
    }
    struct odd *odd = find_odd(s, client, r->user_agent, event->day);
    struct evidence evidence = analysis_evidence(context, event);
    odd->product = product;
    odd->agent = intern_add(&s->texts, r->user_agent);
    odd->destination = intern_add(&s->texts, r->host);
    odd->computer = intern_add(&s->texts, r->computer);
    odd->user = intern_add(&s->texts, r->user);
    odd->fault = fault;
    odd->address = r->client;
    evidence_list_add(&odd->events, &evidence);
}

/* --- learning --- */

/* Adds to the sets of clients and days; true if it was new. */
static bool add_to_set(struct intern *set, uint32_t a, uint32_t b) {
    uint32_t key[2] = {a, b};
    uint32_t known = set->count;
    return intern_add(set, key_text(key, 2)) == known;
}

struct learned {
    uint32_t *clients; /* by text id of the product: distinct clients before the day */
    uint32_t *days;
    uint32_t all_clients;
};

static struct learned learn(const struct px05 *s, int32_t day) {
    struct learned out;
    struct intern clients = INTERN_INIT;
    struct intern days = INTERN_INIT;
    struct intern all = INTERN_INIT;
    out.clients = mem_calloc((size_t)s->texts.count + 1, sizeof *out.clients);
    out.days = mem_calloc((size_t)s->texts.count + 1, sizeof *out.days);
    out.all_clients = 0;
    for (uint32_t i = 0; i < s->uses_keys.count; i++) {
        const struct use *u = &s->uses[i];
        if (u->day >= day || u->day < day - LOOKBACK_DAYS) {
            continue;
        }
        out.clients[u->product] += add_to_set(&clients, u->client, u->product);
        out.days[u->product] += add_to_set(&days, (uint32_t)u->day, u->product);
        out.all_clients += add_to_set(&all, u->client, 0);
    }
    intern_fini(&clients);
    intern_fini(&days);
    intern_fini(&all);
    return out;
}

static bool is_learned(const struct learned *l, const struct params *params, uint32_t product) {
    return l->clients[product] >= param_count(params, PARAM_ID_PX05_LEARN_CLIENTS) &&
           l->clients[product] >=
               param_number(params, PARAM_ID_PX05_LEARN_SHARE) * l->all_clients &&
           l->days[product] >= param_count(params, PARAM_ID_PX05_LEARN_DAYS);
}

/* --- telling it --- */

static const char *const fault_en[] = {
    "which nobody else here uses", "that is empty", "of a script or command line tool",
    "that imitates a browser badly", "of a browser that no supported system runs"};
static const char *const fault_ja[] = {
    "組織内で使われていないものです", "空です", "スクリプトやコマンドラインツールのものです",
    "ブラウザーを装った不正な形式です", "サポート対象のシステムにはない古いブラウザーのものです"};

static void emit(struct px05 *s, const struct analysis_context *context, const struct odd *odd,
                 enum finding_level level, bool learning) {
    struct draft_builder *b = &s->builder;
    struct evidence events[EVIDENCE_HEAD + EVIDENCE_TAIL];
    struct str client = intern_text(&s->texts, odd->client);
    struct str agent = intern_text(&s->texts, odd->agent);
    struct str destination = intern_text(&s->texts, odd->destination);
    draft_begin(b);
    draft_key(b, client);
    draft_key(b, intern_text(&s->texts, odd->family));
    draft_address(b, ENTITY_CLIENT, &odd->address);
    draft_entity(b, ENTITY_HOST, intern_text(&s->texts, odd->computer));
    draft_entity(b, ENTITY_USER, intern_text(&s->texts, odd->user));
    draft_entity(b, ENTITY_DESTINATION, destination);
    unsigned long long count = odd->events.count;
    buf_printf(&b->en, "%.*s made %llu request(s), e.g. to %.*s, with a user agent %s: \"%.*s\".",
               STR_ARG(client), count, STR_ARG(destination), fault_en[odd->fault], STR_ARG(agent));
    buf_printf(
        &b->ja,
        "%.*s が %.*s などへ %llu 回、User-Agent「%.*s」でアクセスしました。このUser-Agentは%s。",
        STR_ARG(client), STR_ARG(destination), count, STR_ARG(agent), fault_ja[odd->fault]);
    struct finding_draft draft = draft_take(b, level);
    draft.event_count = evidence_list_shown(&odd->events);
    for (size_t i = 0; i < draft.event_count; i++) {
        events[i] = *evidence_list_get(&odd->events, i);
    }
    draft.events = events;
    draft.count = odd->events.count;
    if (learning) {
        draft.evaluable = EVALUABLE_DEGRADED;
        draft.missing =
            (struct text2){STR("no approved user agents in the site file, and still learning"),
                           STR("サイトファイルに承認済みUser-Agentがなく、学習中です")};
    }
    analysis_emit(context, odd->day, &draft);
}

static void evaluate(void *state, const struct analysis_context *context, int32_t day) {
    struct px05 *s = state;
    const struct params *params = context->params;
    struct learned learned = learn(s, day);
    bool learning = !site_declares_user_agents(context->site) &&
                    day - s->first_day < (int32_t)param_count(params, PARAM_ID_BASELINE_MIN_DAYS);
    for (uint32_t i = 0; i < s->odd_keys.count; i++) {
        const struct odd *odd = &s->odds[i];
        if (odd->day != day ||
            (odd->fault == AGENT_FINE && is_learned(&learned, params, odd->product)) ||
            (odd->fault == AGENT_EMPTY &&
             odd->events.count < param_count(params, PARAM_ID_PX05_EMPTY))) {
            continue;
        }
        bool unsure = learning && odd->fault == AGENT_FINE;
        enum finding_level level = odd->fault == AGENT_TOOL ? LEVEL_HIGH
                                   : unsure                 ? LEVEL_INFORMATIONAL
                                                            : LEVEL_MEDIUM;
        emit(s, context, odd, level, unsure);
    }
    mem_free(learned.clients);
    mem_free(learned.days);
}

static void evict(void *state, int32_t before_day) {
    struct px05 *s = state;
    struct intern keys = INTERN_INIT;
    for (uint32_t i = 0; i < s->uses_keys.count; i++) {
        if (s->uses[i].day >= before_day) {
            uint32_t id = intern_add(&keys, intern_text(&s->uses_keys, i));
            s->uses[id] = s->uses[i];
        }
    }
    intern_fini(&s->uses_keys);
    s->uses_keys = keys;
    drop_odds(s);
}

static const struct analysis_field fields[] = {
    WEB_REQUEST_FIELDS, {"user_agent.original", true}, {NULL, false}};

const struct analysis analysis_px_05 = {
    .id = "PX-05",
    .name_en = "Unusual user agent",
    .name_ja = "非標準User-Agent",
    .attack = "T1071.001",
    .families = "proxy",
    .fields = fields,
    .lookback_days = LOOKBACK_DAYS,
    .join_gap_days = 7,
    .next = {{"Find the process on the terminal that sent it.",
              "端末上で送信元のプロセスを特定してください。"},
             {"If it is software in use, have it approved and add its prefix to the site file.",
              "業務用ソフトであれば承認手続きの上、サイトファイルに接頭辞を追加してください。"}},
    .do_not =
        {{"Do not allow it by a part of the text: use a prefix of product and version family.",
          "部分一致で許可せず、製品と版の系統の接頭辞で登録してください。"}},
    .create = create,
    .destroy = destroy,
    .event = on_event,
    .evaluate = evaluate,
    .evict = evict,
};
