/*
 * PX-06: large uploads through the proxy.
 *
 * For each client and destination, requests at most px06.gap apart are one sequence. A sequence in
 * which a POST is followed by at least px06.k_connect CONNECTs and that sent px06.seq_bytes or
 * more is a finding of its last day. So is a day on which the client sent px06.day_bytes or more
 * to the destination and px06.x_p99 times the 99th percentile of what it sends in a day at all
 * (its own days of the baseline, days with this destination left out).
 */
#include <stdlib.h>

#include "mem.h"
#include "web_request.h"

/* One client and destination. */
struct pair {
    struct str client_identity; /* texts live in the state's interns */
    struct str host;
    uint32_t client;
    /* the sequence that runs */
    int64_t first_ns;
    int64_t last_ns;
    bool has_post;
    uint32_t connects; /* after the first POST */
    uint64_t sequence_bytes;
    struct evidence_list sequence_events;
    /* the best sequence that ended on `day` */
    bool hit;
    int64_t hit_first_ns;
    int64_t hit_last_ns;
    uint32_t hit_connects;
    uint64_t hit_bytes;
    struct evidence_list hit_events;
    /* the day's sum */
    int32_t day;
    uint64_t day_bytes;
    uint64_t day_requests;
    struct evidence_list day_events;
    struct ip address; /* the latest */
    uint32_t computer; /* in texts */
    uint32_t user;
};

/* What a client sent on one day, to all destinations. */
struct client_day {
    uint32_t client;
    int32_t day;
    uint64_t bytes;
};

struct px06 {
    struct draft_builder builder;
    struct intern texts;
    struct intern keys; /* client id, host id */
    struct pair *pairs;
    size_t pair_capacity;
    struct client_day *history;
    size_t history_count;
    size_t history_capacity;
    struct intern history_keys; /* client id of the open day -> index */
    uint32_t *history_index;
    size_t history_index_capacity;
    int32_t open_day;
};

static void *create(const struct analysis_context *context) {
    (void)context;
    struct px06 *s = mem_calloc(1, sizeof *s);
    s->open_day = INT32_MIN;
    return s;
}

static void pair_fini(struct pair *p) {
    evidence_list_fini(&p->sequence_events);
    evidence_list_fini(&p->hit_events);
    evidence_list_fini(&p->day_events);
}

static void drop_pairs(struct px06 *s) {
    for (uint32_t i = 0; i < s->keys.count; i++) {
        pair_fini(&s->pairs[i]);
    }
    intern_clear(&s->keys);
}

static void destroy(void *state) {
    struct px06 *s = state;
    drop_pairs(s);
    draft_fini(&s->builder);
    intern_fini(&s->texts);
    intern_fini(&s->keys);
    intern_fini(&s->history_keys);
    mem_free(s->pairs);
    mem_free(s->history);
    mem_free(s->history_index);
    mem_free(s);
}

/* --- counting --- */

static struct pair *find_pair(struct px06 *s, const struct web_request *r) {
    uint32_t key[2] = {intern_add(&s->texts, r->identity), intern_add(&s->texts, r->host)};
    uint32_t known = s->keys.count;
    uint32_t id = intern_add(&s->keys, str_make((const char *)key, sizeof key));
    if (id == known) {
        MEM_GROW(s->pairs, s->pair_capacity, (size_t)id + 1);
        s->pairs[id] = (struct pair){.client_identity = intern_text(&s->texts, key[0]),
                                     .host = intern_text(&s->texts, key[1]),
                                     .client = key[0],
                                     .last_ns = TIME_NONE,
                                     .day = INT32_MIN};
    }
    struct pair *p = &s->pairs[id];
    p->address = r->client;
    p->computer = intern_add(&s->texts, r->computer);
    p->user = intern_add(&s->texts, r->user);
    return p;
}

static void add_history(struct px06 *s, uint32_t client, int32_t day, uint64_t bytes) {
    uint32_t known = s->history_keys.count;
    uint32_t id = intern_add(&s->history_keys, str_make((const char *)&client, sizeof client));
    if (id == known) {
        MEM_GROW(s->history_index, s->history_index_capacity, (size_t)id + 1);
        MEM_GROW(s->history, s->history_capacity, s->history_count + 1);
        s->history_index[id] = (uint32_t)s->history_count;
        s->history[s->history_count++] = (struct client_day){client, day, 0};
    }
    s->history[s->history_index[id]].bytes += bytes;
}

static void copy_events(struct evidence_list *to, const struct evidence_list *from) {
    evidence_list_fini(to);
    *to = *from;
    to->items = mem_calloc(from->capacity, sizeof *to->items);
    memcpy(to->items, from->items, from->capacity * sizeof *to->items);
}

/* Keeps the running sequence as the day's hit if it is one and the biggest so far. */
static void note_hit(struct pair *p, const struct params *params) {
    if (!p->has_post || p->connects < param_count(params, PARAM_ID_PX06_K_CONNECT) ||
        p->sequence_bytes < param_count(params, PARAM_ID_PX06_SEQ_BYTES) ||
        (p->hit && p->hit_bytes > p->sequence_bytes)) {
        return;
    }
    p->hit = true;
    p->hit_first_ns = p->first_ns;
    p->hit_last_ns = p->last_ns;
    p->hit_connects = p->connects;
    p->hit_bytes = p->sequence_bytes;
    copy_events(&p->hit_events, &p->sequence_events);
}

static void begin_day(struct pair *p, int32_t day) {
    p->day = day;
    p->hit = false;
    p->day_bytes = 0;
    p->day_requests = 0;
    evidence_list_fini(&p->day_events);
}

static void begin_sequence(struct pair *p, int64_t time_ns) {
    p->first_ns = time_ns;
    p->has_post = false;
    p->connects = 0;
    p->sequence_bytes = 0;
    evidence_list_fini(&p->sequence_events);
}

static void on_event(void *state, const struct analysis_context *context,
                     const struct analysis_event *event) {
    struct px06 *s = state;
    const struct web_request *r = web_request_of(context, event);
    if (r == NULL || r->forwarded || r->challenge || !r->has_sent) {
        return;
    }
    int64_t time_ns = event->row->time_ns;
    int64_t gap = (int64_t)param_number(context->params, PARAM_ID_PX06_GAP) * NS_PER_SECOND;
    struct evidence evidence = analysis_evidence(context, event);
    struct pair *p = find_pair(s, r);
    if (p->day != event->day) {
        begin_day(p, event->day);
    }
    if (p->last_ns == TIME_NONE || time_ns - p->last_ns > gap) {
        begin_sequence(p, time_ns);
    }
    p->last_ns = time_ns;
    p->connects += p->has_post && r->is_connect;
    p->has_post =
        p->has_post || str_eq_ci(r->method, STR("POST")) || str_eq_ci(r->method, STR("PUT"));
    p->sequence_bytes += r->sent_bytes;
    p->day_bytes += r->sent_bytes;
    p->day_requests++;
    evidence_list_add(&p->sequence_events, &evidence);
    evidence_list_add(&p->day_events, &evidence);
    note_hit(p, context->params);
    if (s->open_day != event->day) {
        intern_clear(&s->history_keys);
        s->open_day = event->day;
    }
    add_history(s, p->client, event->day, r->sent_bytes);
}

/* --- the day --- */

static int compare_u64(const void *a, const void *b) {
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* 99th percentile of what the client sent on the days before; 0 without history. */
static uint64_t usual_day(const struct px06 *s, uint32_t client, int32_t day, int32_t from_day) {
    uint64_t days[64];
    size_t count = 0;
    for (size_t i = 0; i < s->history_count && count < 64; i++) {
        const struct client_day *h = &s->history[i];
        if (h->client == client && h->day < day && h->day >= from_day) {
            days[count++] = h->bytes;
        }
    }
    if (count == 0) {
        return 0;
    }
    qsort(days, count, sizeof days[0], compare_u64);
    return days[(count * 99 + 99) / 100 - 1];
}

static size_t take_events(struct evidence *out, const struct evidence_list *list) {
    size_t shown = evidence_list_shown(list);
    for (size_t i = 0; i < shown; i++) {
        out[i] = *evidence_list_get(list, i);
    }
    return shown;
}

static void begin_draft(struct px06 *s, const struct pair *p) {
    struct draft_builder *b = &s->builder;
    draft_begin(b);
    draft_key(b, p->client_identity);
    draft_key(b, p->host);
    draft_address(b, ENTITY_CLIENT, &p->address);
    draft_entity(b, ENTITY_HOST, intern_text(&s->texts, p->computer));
    draft_entity(b, ENTITY_USER, intern_text(&s->texts, p->user));
    draft_entity(b, ENTITY_DESTINATION, p->host);
}

static void emit_sequence(struct px06 *s, const struct analysis_context *context,
                          const struct pair *p, int32_t day) {
    struct draft_builder *b = &s->builder;
    struct evidence events[EVIDENCE_HEAD + EVIDENCE_TAIL];
    char from[17];
    char to[17];
    struct buf size = BUF_INIT;
    begin_draft(s, p);
    (void)event_time_text(from, context->site, p->hit_first_ns);
    (void)event_time_text(to, context->site, p->hit_last_ns);
    draft_bytes_text(&size, p->hit_bytes);
    buf_printf(&b->en,
               "%.*s sent %.*s to %.*s between %s and %s: a POST and then %u CONNECTs in one "
               "sequence.",
               STR_ARG(p->client_identity), STR_ARG(buf_str(&size)), STR_ARG(p->host), from, to,
               p->hit_connects);
    buf_printf(&b->ja,
               "%.*s が %s から %s の間に %.*s へ %.*s を送信しました(POSTに続けてCONNECT %u 回)。",
               STR_ARG(p->client_identity), from, to, STR_ARG(p->host), STR_ARG(buf_str(&size)),
               p->hit_connects);
    struct finding_draft draft = draft_take(b, LEVEL_HIGH);
    draft.events = events;
    draft.event_count = take_events(events, &p->hit_events);
    draft.count = p->hit_events.count;
    analysis_emit(context, day, &draft);
    buf_fini(&size);
}

static void emit_day(struct px06 *s, const struct analysis_context *context, const struct pair *p,
                     int32_t day, uint64_t usual) {
    struct draft_builder *b = &s->builder;
    struct evidence events[EVIDENCE_HEAD + EVIDENCE_TAIL];
    struct buf size = BUF_INIT;
    struct buf normal = BUF_INIT;
    begin_draft(s, p);
    draft_bytes_text(&size, p->day_bytes);
    draft_bytes_text(&normal, usual);
    buf_printf(&b->en,
               "%.*s sent %.*s to %.*s in one day with %llu requests; on its days before it sent "
               "at most about %.*s in all.",
               STR_ARG(p->client_identity), STR_ARG(buf_str(&size)), STR_ARG(p->host),
               (unsigned long long)p->day_requests, STR_ARG(buf_str(&normal)));
    buf_printf(&b->ja,
               "%.*s が1日に %.*s へ %.*s を送信しました(要求 %llu "
               "件)。これまでの1日の総送信量は多くて %.*s 程度でした。",
               STR_ARG(p->client_identity), STR_ARG(p->host), STR_ARG(buf_str(&size)),
               (unsigned long long)p->day_requests, STR_ARG(buf_str(&normal)));
    struct finding_draft draft = draft_take(b, LEVEL_HIGH);
    draft.events = events;
    draft.event_count = take_events(events, &p->day_events);
    draft.count = p->day_events.count;
    analysis_emit(context, day, &draft);
    buf_fini(&size);
    buf_fini(&normal);
}

static void evaluate(void *state, const struct analysis_context *context, int32_t day) {
    struct px06 *s = state;
    const struct params *params = context->params;
    int32_t from = day - (int32_t)param_count(params, PARAM_ID_BASELINE_DAYS);
    for (uint32_t i = 0; i < s->keys.count; i++) {
        const struct pair *p = &s->pairs[i];
        if (p->day != day) {
            continue;
        }
        if (p->hit) {
            emit_sequence(s, context, p, day);
            continue;
        }
        if (p->day_bytes < param_count(params, PARAM_ID_PX06_DAY_BYTES)) {
            continue;
        }
        uint64_t usual = usual_day(s, p->client, day, from);
        if ((double)p->day_bytes >= (double)usual * param_number(params, PARAM_ID_PX06_X_P99)) {
            emit_day(s, context, p, day, usual);
        }
    }
}

/* Pairs whose sequence may still go on after midnight are kept; all others start afresh. */
static void evict(void *state, int32_t before_day) {
    struct px06 *s = state;
    size_t kept = 0;
    for (size_t i = 0; i < s->history_count; i++) {
        if (s->history[i].day >= before_day) {
            s->history[kept++] = s->history[i];
        }
    }
    s->history_count = kept;
    intern_clear(&s->history_keys);
    int64_t newest = TIME_NONE;
    for (uint32_t i = 0; i < s->keys.count; i++) {
        newest = s->pairs[i].last_ns > newest ? s->pairs[i].last_ns : newest;
    }
    struct pair *old = s->pairs;
    uint32_t count = s->keys.count;
    struct intern keys = INTERN_INIT;
    s->pairs = NULL;
    s->pair_capacity = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (newest - old[i].last_ns > NS_PER_DAY) {
            pair_fini(&old[i]);
            continue;
        }
        uint32_t id = intern_add(&keys, intern_text(&s->keys, i));
        MEM_GROW(s->pairs, s->pair_capacity, (size_t)id + 1);
        s->pairs[id] = old[i];
    }
    intern_fini(&s->keys);
    s->keys = keys;
    mem_free(old);
}

static const struct analysis_field fields[] = {
    WEB_REQUEST_FIELDS, {"http.request.bytes", true}, {NULL, false}};

const struct analysis analysis_px_06 = {
    .id = "PX-06",
    .name_en = "Large upload: POST, then CONNECTs",
    .name_ja = "POST→CONNECT連続 大量送信",
    .attack = "T1048",
    .families = "proxy",
    .fields = fields,
    .lookback_days = 28,
    .join_gap_days = 7,
    .next = {{"List the files that the user and the terminal read before (file server logs).",
              "その前に利用者・端末が読んだファイルを洗い出してください(ファイルサーバーのログ)。"},
             {"Preserve the proxy log and packet captures, and isolate the terminal.",
              "プロキシーのログとパケットを保全し、端末を隔離してください。"},
             {"Ask the user and the business owner what was sent.",
              "利用者と業務責任者に送信内容を確認してください。"}},
    .do_not = {{"Do not conclude that nothing leaked because no file name is in the log.",
                "ログにファイル名がないことを理由に、漏えいなしと判断しないでください。"}},
    .create = create,
    .destroy = destroy,
    .event = on_event,
    .evaluate = evaluate,
    .evict = evict,
};
