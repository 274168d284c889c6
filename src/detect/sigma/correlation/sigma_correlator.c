#include "sigma_correlator.h"

#include "hash.h"
#include "mem.h"
#include "sigma_measure.h"
#include "sigma_records.h"
#include "sigma_set.h"
#include "sigma_stretch.h"

enum {
    STATE_BYTES = 96 << 20,
    RECORD_BYTES = 32 << 20,
    ARRIVAL_LIMIT = 65536,
    VALUE_SHOWN_BYTES = 200
};

/* "Events of this rule (or correlation) go to that ref of that correlation." */
struct listener {
    uint32_t correlation;
    uint32_t ref;
};

struct listeners {
    struct listener *items;
    size_t count;
    size_t capacity;
};

/* One rule that matched the event being looked at. */
struct rule_hit {
    uint32_t rule;
    uint32_t value_count;
    size_t first_value;
};

/* The event on its way into a correlation, through one of its refs. */
struct arrival {
    uint32_t correlation;
    uint32_t ref;
    uint32_t source; /* index of the hit, or of the arrival at the inner correlation */
    uint32_t next;   /* of the same correlation, + 1; 0 ends */
};

/* Arrivals of one group together. */
struct entrance {
    uint64_t key[2];
    uint64_t mask;
    uint64_t value;
    uint32_t arrival; /* the first */
};

struct sigma_correlator {
    struct sigma_correlator_options options;
    const struct sigma_correlation *correlations;
    size_t correlation_count;
    struct listeners *listeners; /* by rule, then by correlation */
    size_t rule_count;
    struct sigma_records records;
    struct sigma_windows windows;
    struct sigma_stretches stretches;
    struct sigma_correlator_counts counts;
    int64_t newest_ns; /* of the events that were given */
    int64_t now_ns;    /* of the event that was looked at last */
    /* the event that was given last; the origin's text is the caller's until the next one */
    struct sigma_event_place place;
    int64_t place_ns;
    bool is_timeless;
    bool is_waiting;    /* it has no record yet */
    enum status status; /* of its record; sticky */
    struct err err;
    /* the event being looked at */
    const struct sigma_record *event;
    struct rule_hit *hits;
    size_t hit_count;
    size_t hit_capacity;
    struct str *values;
    size_t value_count;
    size_t value_capacity;
    struct arrival *arrivals;
    size_t arrival_count;
    size_t arrival_capacity;
    uint64_t cut;            /* arrivals beyond the limit, of all events */
    uint32_t *first_arrival; /* by correlation, index + 1 */
    uint32_t *queue;         /* correlations with arrivals, rising */
    size_t queue_count;
    struct entrance *entrances;
    size_t entrance_count;
    size_t entrance_capacity;
    struct str *group_values;
    struct buf key;
};

/* --- life --- */

static void listen(struct sigma_correlator *k, size_t to, uint32_t correlation, uint32_t ref) {
    struct listeners *list = &k->listeners[to];
    MEM_GROW(list->items, list->capacity, list->count + 1);
    list->items[list->count++] = (struct listener){correlation, ref};
}

static void close_stretch(uint32_t correlation, uint32_t group, void *ctx);

struct sigma_correlator *sigma_correlator_create(const struct sigma_correlator_options *options) {
    const struct sigma_rules *rules = options->rules;
    if (rules == NULL || rules->correlation_count == 0) {
        return NULL;
    }
    struct sigma_correlator *k = mem_calloc(1, sizeof *k);
    size_t record_bytes = options->record_bytes != 0 ? options->record_bytes : RECORD_BYTES;
    size_t group_fields = 0;
    k->options = *options;
    k->options.record_bytes = record_bytes;
    k->correlations = rules->correlations;
    k->correlation_count = rules->correlation_count;
    k->rule_count = rules->rule_count;
    k->listeners = mem_calloc(k->rule_count + k->correlation_count, sizeof *k->listeners);
    for (uint32_t c = 0; c < k->correlation_count; c++) {
        const struct sigma_correlation *from = &k->correlations[c];
        for (uint32_t r = 0; r < from->ref_count; r++) {
            size_t base = from->refs[r].is_correlation ? k->rule_count : 0;
            listen(k, base + from->refs[r].target, c, r);
        }
        group_fields = from->group_count > group_fields ? from->group_count : group_fields;
    }
    /* live events wait for the watermark in memory: advance() empties it in time */
    sigma_records_init(&k->records, options->is_live ? SIZE_MAX : record_bytes);
    sigma_windows_init(&k->windows, k->correlations, k->correlation_count,
                       options->state_bytes != 0 ? options->state_bytes : STATE_BYTES);
    k->windows.closing = close_stretch;
    k->windows.ctx = k;
    sigma_stretches_init(&k->stretches);
    k->first_arrival = mem_calloc(k->correlation_count, sizeof *k->first_arrival);
    k->queue = mem_calloc(k->correlation_count, sizeof *k->queue);
    k->group_values = mem_calloc(group_fields + 1, sizeof *k->group_values);
    k->newest_ns = k->now_ns = INT64_MIN;
    return k;
}

void sigma_correlator_destroy(struct sigma_correlator **correlator) {
    struct sigma_correlator *k = *correlator;
    if (k == NULL) {
        return;
    }
    for (size_t i = 0; i < k->rule_count + k->correlation_count; i++) {
        mem_free(k->listeners[i].items);
    }
    mem_free(k->listeners);
    sigma_records_fini(&k->records);
    sigma_stretches_fini(&k->stretches);
    sigma_windows_fini(&k->windows);
    mem_free(k->hits);
    mem_free(k->values);
    mem_free(k->arrivals);
    mem_free(k->first_arrival);
    mem_free(k->queue);
    mem_free(k->entrances);
    mem_free(k->group_values);
    buf_fini(&k->key);
    mem_free(k);
    *correlator = NULL;
}

struct sigma_correlator_counts sigma_correlator_counts(const struct sigma_correlator *k) {
    struct sigma_correlator_counts counts = k->counts;
    counts.evicted = k->windows.evicted + k->cut;
    counts.state_bytes = sigma_windows_bytes(&k->windows);
    counts.spilled_bytes = k->records.file.size_bytes;
    return counts;
}

/* --- values of the event --- */

/* What the field is in the event as it came to this arrival's correlation; ptr NULL: missing. */
static struct str field_text(const struct sigma_correlator *k, const struct arrival *a,
                             struct str name) {
    for (;;) {
        const struct sigma_correlation *c = &k->correlations[a->correlation];
        name = sigma_correlation_field(c, a->ref, name);
        if (!c->refs[a->ref].is_correlation) {
            break;
        }
        a = &k->arrivals[a->source];
    }
    const struct rule_hit *hit = &k->hits[a->source];
    size_t at = sigma_want_find(&k->options.rules->wants[hit->rule], name);
    return at < hit->value_count ? k->values[hit->first_value + at] : str_make(NULL, 0);
}

static void add_to_key(struct buf *key, struct str text) {
    buf_append(key, &text.len, sizeof text.len);
    buf_add(key, text);
}

/* False: a field of group-by is missing. */
static bool group_key(struct sigma_correlator *k, const struct arrival *a, uint64_t key[2]) {
    const struct sigma_correlation *c = &k->correlations[a->correlation];
    buf_clear(&k->key);
    buf_append(&k->key, &a->correlation, sizeof a->correlation);
    for (size_t i = 0; i < c->group_count; i++) {
        struct str text = field_text(k, a, c->group_by[i]);
        if (text.ptr == NULL) {
            k->counts.without_group++;
            return false;
        }
        add_to_key(&k->key, text);
    }
    key[0] = hash_str(buf_str(&k->key));
    buf_putc(&k->key, '+');
    key[1] = hash_str(buf_str(&k->key));
    return true;
}

/* As much of it as people want to read; whole characters. */
static struct str shown(struct str text) {
    size_t len = text.len < VALUE_SHOWN_BYTES ? text.len : VALUE_SHOWN_BYTES;
    while (len > 0 && len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) {
        len--;
    }
    return str_head(text, len);
}

/* For those who read a hit; windows keep the hash only. */
static void remember_value(struct sigma_correlator *k, const struct arrival *a, uint64_t hash) {
    const struct sigma_correlation *c = &k->correlations[a->correlation];
    if (sigma_recent_has(&k->windows.recent, hash)) {
        return;
    }
    buf_clear(&k->key);
    for (size_t i = 0; i < c->field_count; i++) {
        struct str text = field_text(k, a, c->fields[i]);
        sigma_texts_add(&k->key, shown(text));
    }
    sigma_recent_put(&k->windows.recent, &k->windows.names, hash, buf_str(&k->key));
}

/* False: the event has no value that the correlation can take. */
static bool measured_value(struct sigma_correlator *k, const struct arrival *a, uint64_t *out) {
    const struct sigma_correlation *c = &k->correlations[a->correlation];
    buf_clear(&k->key);
    for (size_t i = 0; i < c->field_count; i++) {
        struct str text = field_text(k, a, c->fields[i]);
        if (text.ptr == NULL ||
            (sigma_measure_takes_numbers(c->type) && !sigma_measure_number(out, text))) {
            k->counts.without_value++;
            return false;
        }
        add_to_key(&k->key, text);
    }
    if (c->field_count > 0 && !sigma_measure_takes_numbers(c->type)) {
        *out = hash_str(buf_str(&k->key));
        remember_value(k, a, *out);
    }
    return true;
}

/* --- arrivals --- */

static void enqueue(struct sigma_correlator *k, uint32_t correlation) {
    size_t at = k->queue_count++;
    while (at > 0 && k->queue[at - 1] < correlation) { /* the smallest stands last */
        k->queue[at] = k->queue[at - 1];
        at--;
    }
    k->queue[at] = correlation;
}

static void arrive(struct sigma_correlator *k, const struct listeners *list, uint32_t source) {
    for (size_t i = 0; i < list->count; i++) {
        uint32_t correlation = list->items[i].correlation;
        if (k->arrival_count == ARRIVAL_LIMIT) { /* told like everything that memory ends */
            k->cut += list->count - i;
            return;
        }
        if (k->first_arrival[correlation] == 0) {
            enqueue(k, correlation);
        }
        MEM_GROW(k->arrivals, k->arrival_capacity, k->arrival_count + 1);
        k->arrivals[k->arrival_count++] = (struct arrival){correlation, list->items[i].ref, source,
                                                           k->first_arrival[correlation]};
        k->first_arrival[correlation] = (uint32_t)k->arrival_count;
    }
}

static void add_entrance(struct sigma_correlator *k, uint32_t arrival) {
    const struct arrival *a = &k->arrivals[arrival];
    struct entrance e = {.mask = UINT64_C(1) << a->ref, .arrival = arrival};
    if (!group_key(k, a, e.key) || !measured_value(k, a, &e.value)) {
        return;
    }
    for (size_t i = 0; i < k->entrance_count; i++) {
        struct entrance *other = &k->entrances[i];
        if (other->key[0] == e.key[0] && other->key[1] == e.key[1]) {
            other->mask |= e.mask;
            return;
        }
    }
    MEM_GROW(k->entrances, k->entrance_capacity, k->entrance_count + 1);
    k->entrances[k->entrance_count++] = e;
}

/* --- stretches --- */

static void tell(struct sigma_correlator *k, struct sigma_stretch *st, bool is_open) {
    const struct sigma_correlation *c = &k->correlations[st->correlation];
    k->counts.hits += st->version == 0 && !c->is_quiet;
    st->version++;
    st->is_dirty = false;
    if (k->options.hit != NULL && !c->is_quiet) {
        sigma_stretch_tell(st, k->options.rules, &k->windows, is_open, k->options.hit,
                           k->options.ctx);
    }
}

static void close_stretch(uint32_t correlation, uint32_t group, void *ctx) {
    struct sigma_correlator *k = ctx;
    struct sigma_group *g = sigma_window_at(&k->windows, group);
    (void)correlation;
    struct sigma_stretch *st = sigma_stretch_at(&k->stretches, g->stretch);
    if (st->is_dirty) { /* else it was told as it is */
        tell(k, st, false);
    }
    sigma_stretch_end(&k->stretches, &k->windows, g->stretch);
    g->stretch = 0;
}

static void match(struct sigma_correlator *k, uint32_t correlation, struct sigma_group *g,
                  const struct entrance *e, double value) {
    const struct sigma_correlation *c = &k->correlations[correlation];
    if (g->stretch != 0) {
        sigma_stretch_extend(&k->stretches, &k->windows, g);
    } else {
        for (size_t i = 0; i < c->group_count; i++) {
            k->group_values[i] = field_text(k, &k->arrivals[e->arrival], c->group_by[i]);
        }
        uint32_t begun =
            sigma_stretch_begin(&k->stretches, &k->windows, correlation, g, k->group_values);
        g->stretch = begun & INT32_MAX; /* memory ends long before */
    }
    sigma_stretch_at(&k->stretches, g->stretch)->value = value;
}

/* True if the correlation matches at this event in this group. */
static bool enter(struct sigma_correlator *k, uint32_t correlation, const struct entrance *e) {
    struct sigma_windows *w = &k->windows;
    const struct sigma_record *event = k->event;
    const struct sigma_correlation *from = &k->correlations[correlation];
    const struct sigma_node_event node = {.time_ns = event->time_ns,
                                          .value = from->field_count == 0 ? e->mask : e->value,
                                          .record = event->record,
                                          .line = event->line,
                                          .origin = event->origin,
                                          .refs = sigma_refs_pack(e->mask, from->ref_count)};
    double value = 0;
    uint32_t group = sigma_window_group(w, correlation, e->key);
    sigma_window_slide(w, correlation, group, event->time_ns);
    sigma_window_push(w, correlation, group, &node);
    struct sigma_group *g = sigma_window_at(w, group);
    bool holds = sigma_measure_holds(w, correlation, g, &value);
    if (holds) {
        match(k, correlation, g, e, value);
    } else if (g->stretch != 0) {
        close_stretch(correlation, group, k);
    }
    sigma_windows_shrink(w, group);
    return holds;
}

/* --- an event --- */

static void visit_correlation(struct sigma_correlator *k, uint32_t correlation) {
    const struct listeners *outer = &k->listeners[k->rule_count + correlation];
    bool matched = false;
    sigma_windows_expire(&k->windows, correlation, k->event->time_ns);
    k->entrance_count = 0;
    for (uint32_t a = k->first_arrival[correlation]; a != 0; a = k->arrivals[a - 1].next) {
        add_entrance(k, a - 1);
    }
    k->first_arrival[correlation] = 0;
    for (size_t i = 0; i < k->entrance_count; i++) {
        if (enter(k, correlation, &k->entrances[i])) {
            matched = true;
            arrive(k, outer, k->entrances[i].arrival);
        }
    }
    const struct sigma_correlation *c = &k->correlations[correlation];
    if (matched && !c->is_quiet && k->options.matched != NULL) {
        k->options.matched(&c->info, k->event->number, k->options.ctx);
    }
}

static void read_hits(struct sigma_correlator *k, const char *at) {
    k->hit_count = k->value_count = 0;
    for (uint32_t i = 0; i < k->event->hit_count; i++) {
        struct rule_hit hit = {.first_value = k->value_count};
        sigma_record_hit_head(&at, &hit.rule, &hit.value_count);
        MEM_GROW(k->values, k->value_capacity, k->value_count + hit.value_count);
        for (uint32_t v = 0; v < hit.value_count; v++) {
            k->values[k->value_count++] = sigma_record_value(&at);
        }
        MEM_GROW(k->hits, k->hit_capacity, k->hit_count + 1);
        k->hits[k->hit_count++] = hit;
    }
}

static void look_at_event(struct sigma_correlator *k, const struct sigma_record *record,
                          const char *hits) {
    k->counts.events++;
    k->now_ns = record->time_ns;
    k->event = record;
    k->arrival_count = k->queue_count = 0;
    read_hits(k, hits);
    for (size_t i = 0; i < k->hit_count; i++) {
        arrive(k, &k->listeners[k->hits[i].rule], (uint32_t)i);
    }
    while (k->queue_count > 0) { /* outer ones have larger indexes: they are visited later */
        visit_correlation(k, k->queue[--k->queue_count]);
    }
}

/* Windows and hits hold the origin from here on. */
static void look_at(const struct sigma_record *record, const char *hits, void *ctx) {
    struct sigma_correlator *k = ctx;
    if (record->time_ns < k->now_ns) {
        k->counts.late++;
    } else {
        look_at_event(k, record, hits);
    }
    sigma_names_drop(&k->windows.names, record->origin);
}

/* --- the door --- */

/* What went wrong where nobody could be told. */
static enum status failed_before(const struct sigma_correlator *k, struct err *err) {
    if (k->status != STATUS_OK && err != NULL) {
        *err = k->err;
    }
    return k->status;
}

enum status sigma_correlator_event(struct sigma_correlator *k, int64_t time_ns,
                                   const struct sigma_event_place *place, struct err *err) {
    enum status s = failed_before(k, err);
    k->newest_ns = time_ns > k->newest_ns ? time_ns : k->newest_ns;
    if (s == STATUS_OK && k->options.is_live &&
        sigma_records_bytes(&k->records) > k->options.record_bytes) {
        s = sigma_records_drain(&k->records, k->newest_ns, look_at, k, err);
    }
    k->place = *place;
    k->place_ns = time_ns;
    k->is_waiting = true;
    k->is_timeless = false;
    return s;
}

void sigma_correlator_timeless_event(struct sigma_correlator *k) {
    k->is_waiting = true;
    k->is_timeless = true;
}

/* Most events are of no rule that counts: a record begins with the first hit. */
static void begin_record(struct sigma_correlator *k) {
    const struct sigma_event_place *p = &k->place;
    uint32_t line = p->line != 0 ? p->line & ~SIGMA_IS_INDEX : p->idx | SIGMA_IS_INDEX;
    const struct sigma_record head = {.time_ns = k->place_ns,
                                      .record = p->record,
                                      .number = p->number,
                                      .line = line,
                                      .origin = sigma_names_take(&k->windows.names, p->origin)};
    k->is_waiting = false;
    k->status = sigma_records_begin(&k->records, &head, &k->err);
}

void sigma_correlator_take(const struct sigma_feed *feed, void *ctx) {
    struct sigma_correlator *k = ctx;
    if (k->is_timeless) {
        k->counts.timeless += k->is_waiting;
        k->is_waiting = false;
        return;
    }
    if (k->is_waiting && k->status == STATUS_OK) {
        begin_record(k);
    }
    if (k->status == STATUS_OK) {
        sigma_records_hit(&k->records, feed->rule, feed->values, feed->value_count);
    }
}

int64_t sigma_correlator_newest(const struct sigma_correlator *k) {
    return k->newest_ns;
}

enum status sigma_correlator_advance(struct sigma_correlator *k, int64_t until_ns,
                                     struct err *err) {
    enum status s = failed_before(k, err);
    s = s == STATUS_OK ? sigma_records_drain(&k->records, until_ns, look_at, k, err) : s;
    if (s != STATUS_OK) {
        return s;
    }
    for (uint32_t c = 0; c < k->correlation_count; c++) {
        sigma_windows_expire(&k->windows, c, until_ns);
    }
    for (size_t i = 0; i < k->stretches.open_count && k->options.is_live; i++) {
        struct sigma_stretch *st = sigma_stretch_at(&k->stretches, k->stretches.open[i]);
        if (st->is_dirty) {
            tell(k, st, true);
        }
    }
    return STATUS_OK;
}

enum status sigma_correlator_finish(struct sigma_correlator *k, struct err *err) {
    enum status s = failed_before(k, err);
    s = s == STATUS_OK ? sigma_records_drain(&k->records, INT64_MAX, look_at, k, err) : s;
    if (s == STATUS_OK) {
        sigma_windows_close_all(&k->windows);
    }
    return s;
}
