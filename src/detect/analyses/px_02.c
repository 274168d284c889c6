/*
 * PX-02: a client contacts the same little-used site day after day (beacon).
 *
 * Run of days: consecutive calendar days with at least one contact, ending on the evaluated day; a
 * day off weighs 2. Reported from px02.days on, when the site is not popular. Level: low; medium
 * when the site is rare and the contacts do not follow office hours (days off or nights), go to a
 * bare address, or are regular; high when they are regular and at least px02.min_n.
 *
 * State: contacts by (client, host, day). At the end of a day the hosts that were popular on that
 * day are forgotten but for a mark, so memory holds the rare ones only.
 */
#include <stdlib.h>

#include "mem.h"
#include "web_request.h"

enum { LOOKBACK_DAYS = 14, TIMES_MAX = EVIDENCE_HEAD + EVIDENCE_TAIL };

struct contact_day {
    uint32_t client; /* in texts */
    uint32_t host;
    int32_t day;
    uint32_t off_hours; /* contacts on a day off or outside the (widened) office hours */
    struct ip address;
    uint32_t computer;
    uint32_t user;
    struct evidence_list events;
};

/* Pairs (host, day) that were popular on the day. */
struct popular_mark {
    uint32_t host;
    int32_t day;
};

struct px02 {
    const struct params *params;
    struct draft_builder builder;
    struct intern texts;
    struct intern keys; /* client, host, day */
    struct contact_day *contacts;
    size_t contact_capacity;
    struct intern clients; /* client, day */
    int32_t *client_days;
    size_t client_capacity;
    struct popular_mark *popular;
    size_t popular_count;
    size_t popular_capacity;
};

static void *create(const struct analysis_context *context) {
    struct px02 *s = mem_calloc(1, sizeof *s);
    s->params = context->params;
    return s;
}

static void destroy(void *state) {
    struct px02 *s = state;
    for (uint32_t i = 0; i < s->keys.count; i++) {
        evidence_list_fini(&s->contacts[i].events);
    }
    draft_fini(&s->builder);
    intern_fini(&s->texts);
    intern_fini(&s->keys);
    intern_fini(&s->clients);
    mem_free(s->contacts);
    mem_free(s->client_days);
    mem_free(s->popular);
    mem_free(s);
}

static struct str key_text(const uint32_t *parts, size_t count) {
    return str_make((const char *)parts, count * sizeof *parts);
}

/* Outside the office hours widened by two hours before and four after (overtime), or a day off. */
static bool is_off_hours(const struct analysis_context *context,
                         const struct analysis_event *event) {
    int64_t t = event->row->time_ns;
    return !site_is_office_hours(context->site, t) &&
           !site_is_office_hours(context->site, t + 2 * NS_PER_HOUR) &&
           !site_is_office_hours(context->site, t - 4 * NS_PER_HOUR);
}

static void on_event(void *state, const struct analysis_context *context,
                     const struct analysis_event *event) {
    struct px02 *s = state;
    const struct web_request *r = web_request_of(context, event);
    if (r == NULL || r->forwarded || r->challenge) {
        return;
    }
    uint32_t key[3] = {intern_add(&s->texts, r->identity), intern_add(&s->texts, r->host),
                       (uint32_t)event->day};
    uint32_t client_key[2] = {key[0], key[2]};
    uint32_t client = intern_add(&s->clients, key_text(client_key, 2));
    MEM_GROW(s->client_days, s->client_capacity, (size_t)client + 1);
    s->client_days[client] = event->day;
    uint32_t known = s->keys.count;
    uint32_t id = intern_add(&s->keys, key_text(key, 3));
    if (id == known) {
        MEM_GROW(s->contacts, s->contact_capacity, (size_t)id + 1);
        s->contacts[id] = (struct contact_day){.client = key[0], .host = key[1], .day = event->day};
    }
    struct contact_day *c = &s->contacts[id];
    struct evidence evidence = analysis_evidence(context, event);
    c->address = r->client;
    c->computer = intern_add(&s->texts, r->computer);
    c->user = intern_add(&s->texts, r->user);
    c->off_hours += is_off_hours(context, event);
    evidence_list_add(&c->events, &evidence);
}

/* --- prevalence --- */

static uint32_t all_clients(const struct px02 *s, int32_t day) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->clients.count; i++) {
        count += s->client_days[i] == day;
    }
    return count;
}

static uint32_t popular_limit(const struct params *params, uint32_t clients) {
    double share = param_number(params, PARAM_ID_PX02_POPULAR_SHARE) * clients;
    double least = param_number(params, PARAM_ID_PX02_POPULAR_CLIENTS);
    return (uint32_t)(share > least ? share : least);
}

/* clients[host]: distinct clients of the host in the days [from, to]. Caller frees. */
static uint32_t *count_host_clients(const struct px02 *s, int32_t from, int32_t to) {
    uint32_t *counts = mem_calloc((size_t)s->texts.count + 1, sizeof *counts);
    struct intern pairs = INTERN_INIT;
    for (uint32_t i = 0; i < s->keys.count; i++) {
        const struct contact_day *c = &s->contacts[i];
        if (c->day < from || c->day > to) {
            continue;
        }
        uint32_t key[2] = {c->client, c->host};
        uint32_t known = pairs.count;
        if (intern_add(&pairs, key_text(key, 2)) == known) {
            counts[c->host]++;
        }
    }
    for (size_t i = 0; i < s->popular_count; i++) {
        if (s->popular[i].day >= from && s->popular[i].day <= to) {
            counts[s->popular[i].host] = UINT32_MAX / 2;
        }
    }
    intern_fini(&pairs);
    return counts;
}

/* --- one client and host --- */

struct series {
    const struct contact_day *days[LOOKBACK_DAYS + 1]; /* latest first */
    size_t day_count;
    uint32_t weight;
    uint64_t contacts;
    uint64_t off_hours;
    uint32_t days_off;
    double jitter; /* MAD/median of the pauses; 9 if unknown */
    double median_s;
};

static const struct contact_day *find_contact(const struct px02 *s, const struct contact_day *like,
                                              int32_t day) {
    uint32_t key[3] = {like->client, like->host, (uint32_t)day};
    uint32_t id = intern_find(&s->keys, key_text(key, 3));
    return id == INTERN_NONE ? NULL : &s->contacts[id];
}

static int compare_i64(const void *a, const void *b) {
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static double median_of(int64_t *values, size_t count) {
    qsort(values, count, sizeof *values, compare_i64);
    return (double)values[count / 2];
}

static size_t list_times(int64_t *out, const struct series *series) {
    size_t count = 0;
    for (size_t d = series->day_count; d-- > 0;) {
        const struct evidence_list *events = &series->days[d]->events;
        size_t shown = evidence_list_shown(events);
        for (size_t i = 0; i < shown; i++) {
            out[count++] = evidence_list_get(events, i)->time_ns;
        }
    }
    return count;
}

/* Contacts within a minute (a page and its parts, a retry) are one. */
static void measure_regularity(struct series *series) {
    size_t room = series->day_count * TIMES_MAX + 1;
    int64_t *times = mem_calloc(room, sizeof *times);
    size_t count = list_times(times, series);
    size_t gaps = 0;
    for (size_t i = 1; i < count; i++) {
        int64_t gap = times[i] - times[i - 1];
        if (gap > NS_PER_MINUTE) {
            times[gaps++] = gap;
        }
    }
    series->jitter = 9;
    series->median_s = 0;
    if (gaps >= 2) {
        double middle = median_of(times, gaps);
        for (size_t i = 0; i < gaps; i++) {
            times[i] = times[i] > (int64_t)middle ? times[i] - (int64_t)middle
                                                  : (int64_t)middle - times[i];
        }
        series->jitter = median_of(times, gaps) / middle;
        series->median_s = middle / (double)NS_PER_SECOND;
    }
    mem_free(times);
}

static void collect_series(struct series *out, const struct px02 *s,
                           const struct analysis_context *context,
                           const struct contact_day *latest) {
    memset(out, 0, sizeof *out);
    const struct contact_day *c = latest;
    while (c && out->day_count <= LOOKBACK_DAYS) {
        bool off = site_is_day_off(context->site, c->day);
        out->days[out->day_count++] = c;
        out->weight += off ? 2 : 1;
        out->days_off += off;
        out->contacts += c->events.count;
        out->off_hours += c->off_hours;
        c = latest->day - c->day < LOOKBACK_DAYS ? find_contact(s, latest, c->day - 1) : NULL;
    }
    measure_regularity(out);
}

static enum finding_level level_of(const struct series *series, const struct params *params,
                                   uint32_t clients, struct str host) {
    struct ip address;
    bool rare = clients <= param_count(params, PARAM_ID_PX02_RARE_CLIENTS);
    bool regular = series->jitter <= param_number(params, PARAM_ID_PX02_JITTER);
    bool many = series->contacts >= param_count(params, PARAM_ID_PX02_MIN_N);
    bool odd_time = series->off_hours * 2 >= series->contacts;
    if (!rare) {
        return LEVEL_LOW;
    }
    if (regular && many && (odd_time || series->days_off > 0 || series->off_hours > 0)) {
        return LEVEL_HIGH;
    }
    return odd_time || ip_parse(&address, host) || (regular && many) ? LEVEL_MEDIUM : LEVEL_LOW;
}

/* --- telling it --- */

static size_t take_events(struct evidence **out, const struct series *series) {
    struct evidence *events = mem_calloc(series->day_count * TIMES_MAX + 1, sizeof *events);
    size_t count = 0;
    for (size_t d = series->day_count; d-- > 0;) {
        size_t shown = evidence_list_shown(&series->days[d]->events);
        for (size_t i = 0; i < shown; i++) {
            events[count++] = *evidence_list_get(&series->days[d]->events, i);
        }
    }
    *out = events;
    return count;
}

static void describe(struct draft_builder *b, const struct px02 *s, const struct series *series,
                     uint32_t clients) {
    const struct contact_day *last = series->days[0];
    struct str client = intern_text(&s->texts, last->client);
    struct str host = intern_text(&s->texts, last->host);
    double share = (double)series->off_hours * 100 / (double)series->contacts;
    buf_printf(&b->en,
               "%.*s contacted %.*s %llu times on %zu consecutive days (%u of them days off), "
               "%.0f %% outside working time; %u client(s) use this site.",
               STR_ARG(client), STR_ARG(host), (unsigned long long)series->contacts,
               series->day_count, series->days_off, share, clients);
    buf_printf(&b->ja,
               "%.*s が %.*s に %zu 日連続(うち休日 %u 日)で計 %llu 回アクセスしました。%.0f %% "
               "は勤務時間外で、"
               "この宛先を使う端末は %u 台です。",
               STR_ARG(client), STR_ARG(host), series->day_count, series->days_off,
               (unsigned long long)series->contacts, share, clients);
    if (series->jitter < 1) {
        buf_printf(&b->en, " The median pause is %.0f s, its spread (MAD/median) %.2f.",
                   series->median_s, series->jitter);
        buf_printf(&b->ja, "間隔の中央値は %.0f 秒、ばらつき(MAD/中央値)は %.2f です。",
                   series->median_s, series->jitter);
    }
}

static void emit(struct px02 *s, const struct analysis_context *context,
                 const struct series *series, uint32_t clients, int32_t day) {
    struct draft_builder *b = &s->builder;
    struct day_count days[LOOKBACK_DAYS + 1];
    struct evidence *events;
    const struct contact_day *last = series->days[0];
    struct str host = intern_text(&s->texts, last->host);
    draft_begin(b);
    draft_key(b, intern_text(&s->texts, last->client));
    draft_key(b, host);
    for (size_t d = 0; d < series->day_count; d++) {
        const struct contact_day *c = series->days[d];
        draft_address(b, ENTITY_CLIENT, &c->address);
        draft_entity(b, ENTITY_HOST, intern_text(&s->texts, c->computer));
        draft_entity(b, ENTITY_USER, intern_text(&s->texts, c->user));
        days[d] = (struct day_count){c->day, c->events.count};
    }
    draft_entity(b, ENTITY_DESTINATION, host);
    describe(b, s, series, clients);
    struct finding_draft draft = draft_take(b, level_of(series, context->params, clients, host));
    draft.event_count = take_events(&events, series);
    draft.events = events;
    draft.days = days;
    draft.day_count = series->day_count;
    analysis_emit(context, day, &draft);
    mem_free(events);
}

static void evaluate(void *state, const struct analysis_context *context, int32_t day) {
    struct px02 *s = state;
    const struct params *params = context->params;
    uint32_t limit = popular_limit(params, all_clients(s, day));
    uint32_t *clients = count_host_clients(s, day - LOOKBACK_DAYS, day);
    for (uint32_t i = 0; i < s->keys.count; i++) {
        const struct contact_day *c = &s->contacts[i];
        struct series series;
        if (c->day != day || clients[c->host] >= limit) {
            continue;
        }
        collect_series(&series, s, context, c);
        if (series.weight >= param_count(params, PARAM_ID_PX02_DAYS) && series.day_count >= 2) {
            emit(s, context, &series, clients[c->host], day);
        }
    }
    mem_free(clients);
}

/* --- forgetting --- */

/* Hosts with this many clients on one day alone are popular, whatever the other days say. */
static void mark_popular(struct px02 *s, const uint32_t *clients, uint32_t limit, int32_t day) {
    for (uint32_t host = 0; host < s->texts.count; host++) {
        if (clients[host] >= limit && clients[host] < UINT32_MAX / 2) {
            MEM_GROW(s->popular, s->popular_capacity, s->popular_count + 1);
            s->popular[s->popular_count++] = (struct popular_mark){host, day};
        }
    }
}

static void evict(void *state, int32_t before_day) {
    struct px02 *s = state;
    struct intern keys = INTERN_INIT;
    struct intern client_keys = INTERN_INIT;
    int32_t closed = before_day + LOOKBACK_DAYS - 1;
    uint32_t limit = popular_limit(s->params, all_clients(s, closed));
    uint32_t *clients = count_host_clients(s, closed, closed);
    for (uint32_t i = 0; i < s->keys.count; i++) {
        struct contact_day *c = &s->contacts[i];
        if (c->day < before_day || (c->day == closed && clients[c->host] >= limit)) {
            evidence_list_fini(&c->events);
            continue;
        }
        uint32_t id = intern_add(&keys, intern_text(&s->keys, i));
        s->contacts[id] = *c;
    }
    mark_popular(s, clients, limit, closed);
    for (uint32_t i = 0; i < s->clients.count; i++) {
        if (s->client_days[i] >= before_day) {
            uint32_t id = intern_add(&client_keys, intern_text(&s->clients, i));
            s->client_days[id] = s->client_days[i];
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < s->popular_count; i++) {
        if (s->popular[i].day >= before_day) {
            s->popular[kept++] = s->popular[i];
        }
    }
    s->popular_count = kept;
    intern_fini(&s->keys);
    intern_fini(&s->clients);
    s->keys = keys;
    s->clients = client_keys;
    mem_free(clients);
}

static const struct analysis_field fields[] = {WEB_REQUEST_FIELDS, {NULL, false}};

const struct analysis analysis_px_02 = {
    .id = "PX-02",
    .name_en = "Contact with a rare site day after day",
    .name_ja = "複数日反復通信",
    .attack = "T1071.001",
    .families = "proxy",
    .fields = fields,
    .lookback_days = LOOKBACK_DAYS,
    .join_gap_days = 4,
    .next =
        {{"Let the person in charge explain what contacts this site; register it if it is fine.",
          "この宛先への通信の理由を担当者が説明できるか確認し、正当なら登録してください。"},
         {"If nobody can explain it, find the process on the terminal and isolate the terminal.",
          "説明できない場合は端末上のプロセスを特定し、端末を隔離してください。"},
         {"Look for other clients of the site over the whole retention.",
          "保存期間全体で同じ宛先を使った端末を検索してください。"}},
    .do_not = {{"Do not register a site as explained because it is busy.",
                "回数が多いという理由だけで正当な通信として登録しないでください。"}},
    .create = create,
    .destroy = destroy,
    .event = on_event,
    .evaluate = evaluate,
    .evict = evict,
};
