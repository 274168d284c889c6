#include "sigma_stretch.h"

#include "buf.h"
#include "hash.h"
#include "mem.h"

enum { FIRST_EVENTS = 4, EVENTS_MAX = 2 * SIGMA_MEMBERS_MAX };

void sigma_stretches_init(struct sigma_stretches *s) {
    memset(s, 0, sizeof *s);
    sigma_pool_init(&s->pool, sizeof(struct sigma_stretch));
}

void sigma_stretches_fini(struct sigma_stretches *s) {
    for (size_t i = 0; i < s->open_count; i++) {
        mem_free(sigma_stretch_at(s, s->open[i])->events);
        mem_free(sigma_stretch_at(s, s->open[i])->texts);
    }
    sigma_pool_fini(&s->pool);
    mem_free(s->open);
}

static void add_event(struct sigma_stretch *st, struct sigma_windows *w,
                      const struct sigma_node_event *event) {
    size_t at = st->count < EVENTS_MAX
                    ? (size_t)st->count
                    : SIGMA_MEMBERS_MAX + (size_t)(st->count % SIGMA_MEMBERS_MAX);
    if (at >= st->capacity) {
        size_t capacity = st->capacity == 0 ? FIRST_EVENTS : st->capacity * 2;
        capacity = capacity < EVENTS_MAX ? capacity : EVENTS_MAX;
        st->events = mem_realloc(st->events, capacity, sizeof *st->events);
        w->bytes += (capacity - st->capacity) * sizeof *st->events;
        st->capacity = capacity;
    }
    st->events[at] = *event;
    st->first_ns = st->count == 0 ? event->time_ns : st->first_ns;
    st->last_ns = event->time_ns;
    st->count++;
}

/* Lengths and bytes, so that ("a", "b") and ("ab", "") differ. */
static void encode_texts(struct sigma_stretch *st, const struct str *values, size_t count) {
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        uint32_t len = (uint32_t)values[i].len;
        buf_append(&out, &len, sizeof len);
        buf_add(&out, values[i]);
    }
    st->texts = out.ptr;
    st->text_bytes = out.len;
}

static uint64_t id_of(const struct sigma_stretch *st, const struct sigma_correlation *c) {
    return hash_u64(hash_str(c->info.id) ^ hash_u64((uint64_t)st->first_ns) ^
                    hash_u64(hash_bytes(st->texts != NULL ? st->texts : "", st->text_bytes) + 1));
}

uint32_t sigma_stretch_begin(struct sigma_stretches *s, struct sigma_windows *w,
                             uint32_t correlation, const struct sigma_group *g,
                             const struct str *group_values) {
    const struct sigma_correlation *c = &w->correlations[correlation];
    uint32_t index = sigma_pool_take(&s->pool);
    struct sigma_stretch *st = sigma_stretch_at(s, index);
    st->correlation = correlation;
    encode_texts(st, group_values, c->group_count);
    w->bytes += sizeof *st + st->text_bytes;
    for (uint32_t e = g->head; e != 0; e = sigma_window_event(w, e)->next) {
        add_event(st, w, sigma_window_event(w, e));
    }
    st->id = id_of(st, c);
    st->is_dirty = true;
    MEM_GROW(s->open, s->open_capacity, s->open_count + 1);
    st->place = (uint32_t)s->open_count;
    s->open[s->open_count++] = index;
    return index;
}

void sigma_stretch_extend(struct sigma_stretches *s, struct sigma_windows *w,
                          const struct sigma_group *g) {
    struct sigma_stretch *st = sigma_stretch_at(s, g->stretch);
    add_event(st, w, sigma_window_event(w, g->tail));
    st->is_dirty = true;
}

static struct sigma_correlation_member member_of(const struct sigma_node_event *event,
                                                 const struct intern *origins) {
    bool is_index = (event->line & SIGMA_IS_INDEX) != 0;
    return (struct sigma_correlation_member){.time_ns = event->time_ns,
                                             .origin = intern_text(origins, event->origin),
                                             .record = event->record,
                                             .line = is_index ? 0 : event->line,
                                             .idx = is_index ? event->line & ~SIGMA_IS_INDEX : 0};
}

static size_t fill_members(struct sigma_correlation_member *out, const struct sigma_stretch *st,
                           const struct intern *origins) {
    size_t kept = st->count < EVENTS_MAX ? (size_t)st->count : EVENTS_MAX;
    size_t oldest = st->count < EVENTS_MAX ? 0 : (size_t)(st->count % SIGMA_MEMBERS_MAX);
    for (size_t i = 0; i < kept; i++) {
        size_t at =
            i < SIGMA_MEMBERS_MAX ? i : SIGMA_MEMBERS_MAX + (i + oldest) % SIGMA_MEMBERS_MAX;
        out[i] = member_of(&st->events[at], origins);
    }
    return kept;
}

void sigma_stretch_tell(const struct sigma_stretch *st, const struct sigma_correlation *c,
                        const struct intern *origins, bool is_open, sigma_correlated_fn *fn,
                        void *ctx) {
    struct sigma_correlation_member members[EVENTS_MAX];
    struct str *values = mem_calloc(c->group_count + 1, sizeof *values);
    size_t kept = fill_members(members, st, origins);
    const char *at = st->texts;
    for (size_t i = 0; i < c->group_count; i++) {
        uint32_t len;
        memcpy(&len, at, sizeof len);
        values[i] = str_make(at + sizeof len, len);
        at += sizeof len + len;
    }
    size_t head = kept < SIGMA_MEMBERS_MAX ? kept : SIGMA_MEMBERS_MAX;
    const struct sigma_correlation_hit hit = {.rule = &c->info,
                                              .type = sigma_correlation_type_name(c->type),
                                              .timespan_ns = c->timespan_ns,
                                              .group_fields = c->group_by,
                                              .group_values = values,
                                              .group_count = c->group_count,
                                              .first_ns = st->first_ns,
                                              .last_ns = st->last_ns,
                                              .count = st->count,
                                              .value = st->value,
                                              .head = members,
                                              .head_count = head,
                                              .tail = members + head,
                                              .tail_count = kept - head,
                                              .id = st->id,
                                              .version = st->version,
                                              .is_open = is_open};
    fn(&hit, ctx);
    mem_free(values);
}

void sigma_stretch_end(struct sigma_stretches *s, struct sigma_windows *w, uint32_t stretch) {
    struct sigma_stretch *st = sigma_stretch_at(s, stretch);
    w->bytes -= sizeof *st + st->text_bytes + st->capacity * sizeof *st->events;
    mem_free(st->events);
    mem_free(st->texts);
    s->open[st->place] = s->open[--s->open_count];
    sigma_stretch_at(s, s->open[st->place])->place = st->place;
    sigma_pool_give(&s->pool, stretch);
}
