/*
 * FW-03: an internal address keeps trying to reach outside and is refused (connect-back of malware
 * that the firewall stops).
 *
 * Counted are distinct tries: packets of one source port to one destination port within two
 * minutes are one (TCP repeats its SYN). Out-of-state drops are no tries. A destination counts for
 * a source when it was tried fw03.min_deny_day times in 24 h on a focus port, on fw03.min_days
 * distinct days of the last week, or fw03.other_min times in 24 h on another port.
 *
 * One finding a source and day. Level by the worst destination: high when it is listed, or rare
 * (few clients, never seen by a proxy) and tried from a server or regularly or on focus ports;
 * medium when it is rare; low when many clients are refused there (a matter of configuration) or
 * the proxies know it.
 */
#include "fw_03_judge.h"

#include <stdio.h>
#include <stdlib.h>

#include "identity.h"
#include "mem.h"

static void *create(const struct analysis_context *context) {
    (void)context;
    return mem_calloc(1, sizeof(struct fw03));
}

static void pair_fini(struct fw03_pair *p) {
    mem_free(p->tries);
    evidence_list_fini(&p->events);
}

static void destroy(void *state) {
    struct fw03 *s = state;
    for (uint32_t i = 0; i < s->keys.count; i++) {
        pair_fini(&s->pairs[i]);
    }
    draft_fini(&s->builder);
    intern_fini(&s->texts);
    intern_fini(&s->addresses);
    intern_fini(&s->keys);
    intern_fini(&s->clients);
    mem_free(s->pairs);
    mem_free(s->proxied);
    mem_free(s->client_days);
    mem_free(s);
}

/* --- counting --- */

static uint32_t address_id(struct fw03 *s, const struct ip *address) {
    uint32_t id =
        intern_add(&s->addresses, str_make((const char *)address->bytes, sizeof *address));
    size_t old = s->proxied_capacity;
    MEM_GROW(s->proxied, s->proxied_capacity, (size_t)id + 1);
    for (size_t i = old; i < s->proxied_capacity; i++) {
        s->proxied[i] = INT32_MIN;
    }
    return id;
}

static void note_client(struct fw03 *s, uint32_t source, int32_t day) {
    uint32_t key[2] = {source, (uint32_t)day};
    uint32_t id = intern_add(&s->clients, str_make((const char *)key, sizeof key));
    MEM_GROW(s->client_days, s->client_capacity, (size_t)id + 1);
    s->client_days[id] = day;
}

static struct fw03_pair *find_pair(struct fw03 *s, uint32_t source, uint32_t destination,
                                   int32_t day) {
    uint32_t key[3] = {source, destination, (uint32_t)day};
    uint32_t known = s->keys.count;
    uint32_t id = intern_add(&s->keys, str_make((const char *)key, sizeof key));
    if (id == known) {
        MEM_GROW(s->pairs, s->pair_capacity, (size_t)id + 1);
        s->pairs[id] = (struct fw03_pair){.source = source, .destination = destination, .day = day};
    }
    return &s->pairs[id];
}

/* Packets of one connection are one try. */
static bool is_new_try(const struct fw03_pair *p, const struct fw03_try *mark) {
    size_t from = p->try_count > 32 ? p->try_count - 32 : 0;
    for (size_t i = from; i < p->try_count; i++) {
        const struct fw03_try *t = &p->tries[i];
        if (mark->source_port > 0 && t->source_port == mark->source_port && t->port == mark->port &&
            mark->time_ns - t->time_ns < 2 * NS_PER_MINUTE) {
            return false;
        }
    }
    return true;
}

static bool is_out_of_state(const struct analysis_event *event) {
    struct str code = event_get(event, FIELD_EVENT_CODE);
    return str_eq(code, STR("106015")) || str_eq(code, STR("0000000007")) ||
           str_find_ci(event_get(event, FIELD_MESSAGE), STR("no session matched")) != STR_NONE;
}

/* Name resolution and time are other analyses' concern. */
static bool is_housekeeping(uint64_t port) {
    return port == 53 || port == 123 || port == 853 || port == 137 || port == 138 || port == 1900 ||
           port == 5353 || port == 5355;
}

static void on_denied(struct fw03 *s, const struct analysis_context *context,
                      const struct analysis_event *event, const struct ip *source,
                      const struct ip *destination) {
    uint64_t port = 0;
    uint64_t source_port = 0;
    (void)event_get_u64(&port, event, FIELD_DESTINATION_PORT);
    (void)event_get_u64(&source_port, event, FIELD_SOURCE_PORT);
    if (is_housekeeping(port) || is_out_of_state(event)) {
        return;
    }
    struct str computer = identity_host(context->identity, source, event->row->time_ns);
    uint32_t who =
        intern_add(&s->texts, computer.len > 0 ? computer : event_get(event, FIELD_SOURCE_IP));
    struct fw03_pair *p = find_pair(s, who, address_id(s, destination), event->day);
    bool udp = str_eq_ci(event_get(event, FIELD_NETWORK_TRANSPORT), STR("udp"));
    struct fw03_try mark = {event->row->time_ns, (uint32_t)source_port, (uint16_t)port,
                            !udp &&
                                params_has_port(context->params, PARAM_ID_FW03_FOCUS_PORTS, port)};
    struct evidence evidence = analysis_evidence(context, event);
    p->address = *source;
    evidence_list_add(&p->events, &evidence);
    if (!is_new_try(p, &mark)) {
        return;
    }
    p->tries_total++;
    if (p->try_count < FW03_TRIES_MAX) {
        MEM_GROW(p->tries, p->try_capacity, p->try_count + 1);
        p->tries[p->try_count++] = mark;
    }
}

static void on_proxy(struct fw03 *s, const struct analysis_event *event) {
    struct ip server;
    if (event_get_ip(&server, event, FIELD_SERVER_IP) ||
        event_get_ip(&server, event, FIELD_DESTINATION_IP)) {
        uint32_t id = address_id(s, &server); /* first: it may move s->proxied */
        s->proxied[id] = event->day;
    }
}

static void on_event(void *state, const struct analysis_context *context,
                     const struct analysis_event *event) {
    struct fw03 *s = state;
    struct ip source;
    struct ip destination;
    if (str_eq(dataset_info((enum dataset)event->row->dataset)->family, STR("proxy"))) {
        on_proxy(s, event);
        return;
    }
    if (!event_get_ip(&source, event, FIELD_SOURCE_IP) ||
        !event_get_ip(&destination, event, FIELD_DESTINATION_IP) ||
        !site_is_internal(context->site, &source)) {
        return;
    }
    struct str computer = identity_host(context->identity, &source, event->row->time_ns);
    note_client(
        s, intern_add(&s->texts, computer.len > 0 ? computer : event_get(event, FIELD_SOURCE_IP)),
        event->day);
    if (str_eq(event_get(event, FIELD_EVENT_TYPE), STR("denied")) &&
        site_is_external(context->site, &destination)) {
        on_denied(s, context, event, &source, &destination);
    }
}

/* --- explanations --- */

/* A device that calls where the site file says it does, or an allow section for the pair. */
static bool is_explained(struct fw03 *s, const struct analysis_context *context,
                         const struct fw03_pair *p, struct buf *why) {
    struct ip destination = fw03_address(s, p->destination);
    char to[IP_TEXT_BYTES];
    char from[IP_TEXT_BYTES];
    struct str to_text = str_make(to, ip_format(to, &destination));
    const struct site_host *host = site_host_at(context->site, &p->address);
    if (host && host->is_device && site_is_known_contact(context->site, host, to_text)) {
        buf_printf(why, "device %.*s: phones_home in the site file", STR_ARG(host->name));
        return true;
    }
    struct entity entities[4 + 8];
    size_t count = 0;
    char ports[8][8];
    entities[count++] =
        (struct entity){ENTITY_CLIENT, str_make(from, ip_format(from, &p->address))};
    entities[count++] = (struct entity){ENTITY_DESTINATION, to_text};
    entities[count++] = (struct entity){ENTITY_HOST, intern_text(&s->texts, p->source)};
    for (size_t i = 0; i < p->try_count && i < 8; i++) {
        int len = snprintf(ports[i], sizeof ports[i], "%u", p->tries[i].port);
        entities[count++] = (struct entity){ENTITY_PORT, str_make(ports[i], (size_t)len)};
    }
    const struct site_allow *allow =
        site_find_allow(context->site, STR("FW-03"), entities, count, p->tries[0].time_ns);
    if (allow) {
        buf_printf(why, "%.*s: %.*s", STR_ARG(allow->owner), STR_ARG(allow->reason));
    }
    return allow != NULL;
}

/* --- one finding a source and day --- */

static int compare_judged(const void *a, const void *b) {
    const struct fw03_judged *x = a;
    const struct fw03_judged *y = b;
    if (x->pair->source != y->pair->source) {
        return x->pair->source < y->pair->source ? -1 : 1;
    }
    if (x->level != y->level) {
        return x->level > y->level ? -1 : 1;
    }
    return x->tries != y->tries ? (x->tries > y->tries ? -1 : 1)
                                : (x->pair->destination > y->pair->destination) -
                                      (x->pair->destination < y->pair->destination);
}

static int compare_evidence(const void *a, const void *b) {
    const struct evidence *x = a;
    const struct evidence *y = b;
    return x->time_ns != y->time_ns ? (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns)
                                    : (x->line > y->line) - (x->line < y->line);
}

struct event_array {
    struct evidence *items;
    size_t count;
    size_t capacity;
    uint64_t total;
};

static void add_pair_events(struct event_array *out, const struct fw03_pair *p) {
    size_t shown = evidence_list_shown(&p->events);
    MEM_GROW(out->items, out->capacity, out->count + shown);
    for (size_t i = 0; i < shown; i++) {
        out->items[out->count++] = *evidence_list_get(&p->events, i);
    }
    out->total += p->events.count;
}

static void describe(struct draft_builder *b, const struct fw03 *s,
                     const struct analysis_context *context, const struct fw03_judged *worst,
                     size_t destinations) {
    const struct fw03_pair *p = worst->pair;
    struct ip destination = fw03_address(s, p->destination);
    struct str who = intern_text(&s->texts, p->source);
    char to[IP_TEXT_BYTES];
    char first[17];
    (void)event_time_text(first, context->site, p->tries[0].time_ns);
    struct str to_text = str_make(to, ip_format(to, &destination));
    buf_printf(
        &b->en,
        "%.*s tried %llu times in 24 h (on %u days of the last 7) to reach %.*s port %u from "
        "%s on and was refused; %u client(s) tried this destination%s%s%s.",
        STR_ARG(who), (unsigned long long)worst->tries, worst->days, STR_ARG(to_text),
        p->tries[0].port, first, worst->clients,
        worst->known ? ", which the proxies know" : ", which no proxy went to",
        worst->regular ? ", at regular intervals" : "",
        worst->listed ? ", and it is a listed indicator" : "");
    buf_printf(&b->ja,
               "%.*s が %s 以降、%.*s ポート %u への通信を24時間に %llu 回(直近7日のうち %u "
               "日)試み、拒否されました。"
               "この宛先を試行した端末は %u 台で、%s%s%s。",
               STR_ARG(who), first, STR_ARG(to_text), p->tries[0].port,
               (unsigned long long)worst->tries, worst->days, worst->clients,
               worst->known ? "プロキシー経由の利用実績があります"
                            : "プロキシー経由の利用実績がありません",
               worst->regular ? "。間隔は規則的です" : "",
               worst->listed ? "。指標に載っています" : "");
    if (destinations > 1) {
        buf_printf(&b->en, " %zu destinations in all.", destinations);
        buf_printf(&b->ja, "宛先は全部で %zu 件です。", destinations);
    }
}

static void add_pair_entities(struct draft_builder *b, const struct fw03 *s,
                              const struct fw03_pair *p) {
    struct ip destination = fw03_address(s, p->destination);
    draft_address(b, ENTITY_CLIENT, &p->address);
    draft_address(b, ENTITY_DESTINATION, &destination);
    for (size_t i = 0; i < p->try_count; i++) {
        char port[8];
        int len = snprintf(port, sizeof port, "%u", p->tries[i].port);
        draft_entity(b, ENTITY_PORT, str_make(port, (size_t)len));
    }
}

/* `list` are the destinations of one source, worst first; those of the worst level are told. */
static void emit_source(struct fw03 *s, const struct analysis_context *context,
                        const struct fw03_judged *list, size_t count, struct str explained_by,
                        int32_t day) {
    struct draft_builder *b = &s->builder;
    struct event_array events = {NULL, 0, 0, 0};
    struct str who = intern_text(&s->texts, list[0].pair->source);
    draft_begin(b);
    draft_key(b, who);
    struct ip address;
    if (!ip_parse(&address, who)) {
        draft_entity(b, ENTITY_HOST, who);
        draft_entity(b, ENTITY_USER, identity_user(context->identity, who));
    }
    size_t told = 0;
    while (told < count && list[told].level == list[0].level) {
        add_pair_entities(b, s, list[told].pair);
        add_pair_events(&events, list[told].pair);
        told++;
    }
    describe(b, s, context, &list[0], told);
    qsort(events.items, events.count, sizeof *events.items, compare_evidence);
    struct finding_draft draft = draft_take(b, list[0].level);
    draft.events = events.items;
    draft.event_count = events.count;
    draft.count = events.total;
    draft.suppress = explained_by.len > 0;
    draft.suppressed_by = explained_by;
    analysis_emit(context, day, &draft);
    mem_free(events.items);
}

static void emit_all(struct fw03 *s, const struct analysis_context *context,
                     struct fw03_judged *list, size_t count, struct str explained_by, int32_t day) {
    size_t from = 0;
    qsort(list, count, sizeof *list, compare_judged);
    for (size_t i = 1; i <= count; i++) {
        if (i == count || list[i].pair->source != list[from].pair->source) {
            emit_source(s, context, list + from, i - from, explained_by, day);
            from = i;
        }
    }
}

static void evaluate(void *state, const struct analysis_context *context, int32_t day) {
    struct fw03 *s = state;
    size_t open_count = 0;
    size_t explained_count = 0;
    struct fw03_judged *open = mem_calloc((size_t)s->keys.count + 1, sizeof *open);
    struct fw03_judged *explained = mem_calloc((size_t)s->keys.count + 1, sizeof *explained);
    struct fw03_facts facts = fw03_facts_of(s, day);
    struct buf why = BUF_INIT;
    struct buf last_why = BUF_INIT;
    for (uint32_t i = 0; i < s->keys.count; i++) {
        struct fw03_judged judged;
        if (s->pairs[i].day != day || s->pairs[i].try_count == 0 ||
            !fw03_judge(&judged, s, context, &s->pairs[i], &facts)) {
            continue;
        }
        buf_clear(&why);
        if (is_explained(s, context, &s->pairs[i], &why)) {
            explained[explained_count++] = judged;
            buf_clear(&last_why);
            buf_add(&last_why, buf_str(&why));
        } else {
            open[open_count++] = judged;
        }
    }
    emit_all(s, context, open, open_count, STR_EMPTY, day);
    emit_all(s, context, explained, explained_count, buf_str(&last_why), day);
    buf_fini(&why);
    buf_fini(&last_why);
    mem_free(facts.clients);
    mem_free(open);
    mem_free(explained);
}

static void evict(void *state, int32_t before_day) {
    struct fw03 *s = state;
    struct intern keys = INTERN_INIT;
    struct intern clients = INTERN_INIT;
    for (uint32_t i = 0; i < s->keys.count; i++) {
        if (s->pairs[i].day < before_day) {
            pair_fini(&s->pairs[i]);
            continue;
        }
        uint32_t id = intern_add(&keys, intern_text(&s->keys, i));
        s->pairs[id] = s->pairs[i];
    }
    for (uint32_t i = 0; i < s->clients.count; i++) {
        if (s->client_days[i] >= before_day) {
            uint32_t id = intern_add(&clients, intern_text(&s->clients, i));
            s->client_days[id] = s->client_days[i];
        }
    }
    intern_fini(&s->keys);
    intern_fini(&s->clients);
    s->keys = keys;
    s->clients = clients;
}

static const struct analysis_field fields[] = {
    {"source.ip", true},          {"source.port", false},
    {"destination.ip", true},     {"destination.port", false},
    {"event.type", false},        {"event.code", false},
    {"network.transport", false}, {"message", false},
    {"server.ip", false},         {NULL, false}};

const struct analysis analysis_fw_03 = {
    .id = "FW-03",
    .name_en = "Refused connections to the outside",
    .name_ja = "業務外・拒否された外向き通信",
    .attack = "T1571",
    .families = "firewall router proxy",
    .fields = fields,
    .ioc_use = IOC_USE_DAY,
    .lookback_days = FW03_LOOKBACK_DAYS,
    .join_gap_days = 3,
    .next = {{"Find the process on the terminal that tries (netstat, EDR).",
              "端末上で通信を試みているプロセスを特定してください(netstat、EDR)。"},
             {"Look for sessions of the same terminal that were allowed, by proxy or directly.",
              "同じ端末の許可された通信(プロキシー経由・直接)を確認してください。"},
             {"If it is a device or a setting, register it with owner, reason and end.",
              "機器や設定によるものなら、責任者・理由・期限付きで登録してください。"}},
    .do_not = {{"Do not open the port to see what happens.",
                "様子を見るためにポートを開放しないでください。"}},
    .create = create,
    .destroy = destroy,
    .event = on_event,
    .evaluate = evaluate,
    .evict = evict,
};
