#include "sigma_stretch.h"

#include "buf.h"
#include "hash.h"
#include "mem.h"
#include "sigma_measure.h"
#include "sigma_set.h"

enum { FIRST_EVENTS = 4, EVENTS_MAX = 2 * SIGMA_MEMBERS_MAX };

void sigma_stretches_init(struct sigma_stretches *s) {
    memset(s, 0, sizeof *s);
    sigma_pool_init(&s->pool, sizeof(struct sigma_stretch));
}

void sigma_stretches_fini(struct sigma_stretches *s) {
    for (size_t i = 0; i < s->open_count; i++) {
        mem_free(sigma_stretch_at(s, s->open[i])->events);
        mem_free(sigma_stretch_at(s, s->open[i])->texts);
        mem_free(sigma_stretch_at(s, s->open[i])->ref_events);
    }
    sigma_pool_fini(&s->pool);
    mem_free(s->open);
}

/* --- what it holds --- */

static uint32_t value_of(const struct sigma_correlation *c, const struct sigma_windows *w,
                         const struct sigma_node_event *event) {
    bool is_text = c->field_count > 0 && !sigma_measure_takes_numbers(c->type);
    return is_text ? sigma_recent_name(&w->recent, event->value) : 0;
}

static void hold(struct sigma_windows *w, struct sigma_stretch_event *out,
                 const struct sigma_correlation *c, const struct sigma_node_event *event) {
    *out = (struct sigma_stretch_event){.time_ns = event->time_ns,
                                        .refs = sigma_refs_of(c, event),
                                        .record = event->record,
                                        .line = event->line,
                                        .origin = event->origin,
                                        .value = value_of(c, w, event)};
    memcpy(&out->number, &event->value, sizeof out->number);
    sigma_names_hold(&w->names, out->origin);
    sigma_names_hold(&w->names, out->value);
}

static void drop(struct sigma_windows *w, const struct sigma_stretch_event *event) {
    sigma_names_drop(&w->names, event->origin);
    sigma_names_drop(&w->names, event->value);
}

static size_t kept_count(const struct sigma_stretch *st) {
    return st->count < EVENTS_MAX ? (size_t)st->count : EVENTS_MAX;
}

static void count_refs(struct sigma_stretch *st, uint64_t refs) {
    for (; refs != 0; refs &= refs - 1) {
        st->ref_events[__builtin_ctzll(refs)]++;
    }
}

static void add_event(struct sigma_stretch *st, struct sigma_windows *w,
                      const struct sigma_node_event *event) {
    const struct sigma_correlation *c = &w->correlations[st->correlation];
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
    if (at < kept_count(st)) {
        drop(w, &st->events[at]);
    }
    hold(w, &st->events[at], c, event);
    count_refs(st, st->events[at].refs);
    st->first_ns = st->count == 0 ? event->time_ns : st->first_ns;
    st->last_ns = event->time_ns;
    st->count++;
}

/* --- life --- */

/* Rule, group and first event: the same whether or not all events before were seen. Of several
 * stretches with one first event (the condition held, did not, and holds again) the later ones are
 * told apart by the event that they begin at. */
static uint64_t id_of(const struct sigma_stretch *st, const struct sigma_correlation *c,
                      const struct sigma_node_event *begin, bool is_first) {
    uint64_t id =
        hash_u64(hash_str(c->info.id) ^ hash_u64((uint64_t)st->first_ns) ^
                 hash_u64(hash_bytes(st->texts != NULL ? st->texts : "", st->text_bytes) + 1));
    uint64_t place = hash_u64(begin->record + 1) ^ hash_u64(begin->line);
    return is_first ? id : hash_u64(id ^ hash_u64((uint64_t)begin->time_ns) ^ place);
}

static size_t fixed_bytes(const struct sigma_stretch *st, const struct sigma_correlation *c) {
    return sizeof *st + st->text_bytes + c->ref_count * sizeof *st->ref_events;
}

uint32_t sigma_stretch_begin(struct sigma_stretches *s, struct sigma_windows *w,
                             uint32_t correlation, struct sigma_group *g,
                             const struct str *group_values) {
    const struct sigma_correlation *c = &w->correlations[correlation];
    uint32_t index = sigma_pool_take(&s->pool);
    struct sigma_stretch *st = sigma_stretch_at(s, index);
    struct buf texts = BUF_INIT;
    for (size_t i = 0; i < c->group_count; i++) {
        sigma_texts_add(&texts, group_values[i]);
    }
    st->correlation = correlation;
    st->texts = texts.ptr;
    st->text_bytes = texts.len;
    st->ref_events = mem_calloc(c->ref_count, sizeof *st->ref_events);
    w->bytes += fixed_bytes(st, c);
    for (uint32_t e = g->head; e != 0; e = sigma_window_event(w, e)->next) {
        add_event(st, w, sigma_window_event(w, e));
    }
    st->id = id_of(st, c, sigma_window_event(w, g->tail), !g->has_begun);
    g->has_begun = 1;
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

/* --- told as a hit --- */

static const struct sigma_rule_info *info_of(const struct sigma_rules *rules,
                                             const struct sigma_correlation_ref *ref) {
    return ref->is_correlation ? &rules->correlations[ref->target].info
                               : &rules->documents[ref->target].info;
}

static const struct sigma_correlated_rule *rules_of(struct arena *arena,
                                                    const struct sigma_stretch *st,
                                                    const struct sigma_rules *rules,
                                                    const struct sigma_correlation *c) {
    struct sigma_correlated_rule *list = arena_array(arena, c->ref_count, sizeof *list);
    for (size_t i = 0; i < c->ref_count; i++) {
        list[i] = (struct sigma_correlated_rule){info_of(rules, &c->refs[i]), st->ref_events[i]};
    }
    return list;
}

static const struct sigma_correlated_alias *aliases_of(struct arena *arena,
                                                       const struct sigma_rules *rules,
                                                       const struct sigma_correlation *c) {
    struct sigma_correlated_alias *list = arena_array(arena, c->alias_count + 1, sizeof *list);
    for (size_t i = 0; i < c->alias_count; i++) {
        const struct sigma_correlation_alias *a = &c->aliases[i];
        list[i] =
            (struct sigma_correlated_alias){a->name, info_of(rules, &c->refs[a->ref]), a->field};
    }
    return list;
}

static const struct str *texts_of(struct arena *arena, struct str encoded, size_t count) {
    struct str *texts = arena_array(arena, count + 1, sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        texts[i] = sigma_texts_next(&encoded);
    }
    return texts;
}

/* Whole numbers without a point. */
static struct str number_text(struct arena *arena, double number) {
    if (number > -9e15 && number < 9e15 && (double)(int64_t)number == number) {
        return arena_printf(arena, "%lld", (long long)number);
    }
    return arena_printf(arena, "%.15g", number);
}

static struct sigma_correlation_member member_of(struct arena *arena,
                                                 const struct sigma_stretch_event *event,
                                                 const struct sigma_correlation *c,
                                                 const struct sigma_windows *w) {
    bool is_index = (event->line & SIGMA_IS_INDEX) != 0;
    struct sigma_correlation_member member = {.time_ns = event->time_ns,
                                              .origin = sigma_names_text(&w->names, event->origin),
                                              .record = event->record,
                                              .line = is_index ? 0 : event->line,
                                              .idx = is_index ? event->line & ~SIGMA_IS_INDEX : 0,
                                              .rules = event->refs};
    if (event->value != 0) {
        member.values = texts_of(arena, sigma_names_text(&w->names, event->value), c->field_count);
        member.value_count = c->field_count;
    } else if (sigma_measure_takes_numbers(c->type)) {
        struct str *text = arena_alloc(arena, sizeof *text);
        *text = number_text(arena, event->number);
        member.values = text;
        member.value_count = 1;
    }
    return member;
}

static struct sigma_correlation_member *members_of(struct arena *arena,
                                                   const struct sigma_stretch *st,
                                                   const struct sigma_correlation *c,
                                                   const struct sigma_windows *w) {
    size_t kept = kept_count(st);
    size_t oldest = st->count < EVENTS_MAX ? 0 : (size_t)(st->count % SIGMA_MEMBERS_MAX);
    struct sigma_correlation_member *members = arena_array(arena, kept, sizeof *members);
    for (size_t i = 0; i < kept; i++) {
        size_t at =
            i < SIGMA_MEMBERS_MAX ? i : SIGMA_MEMBERS_MAX + (i + oldest) % SIGMA_MEMBERS_MAX;
        members[i] = member_of(arena, &st->events[at], c, w);
    }
    return members;
}

void sigma_stretch_tell(const struct sigma_stretch *st, const struct sigma_rules *rules,
                        const struct sigma_windows *w, bool is_open, sigma_correlated_fn *fn,
                        void *ctx) {
    const struct sigma_correlation *c = &w->correlations[st->correlation];
    struct arena arena = ARENA_INIT;
    const struct sigma_correlation_member *members = members_of(&arena, st, c, w);
    size_t kept = kept_count(st);
    size_t head = kept < SIGMA_MEMBERS_MAX ? kept : SIGMA_MEMBERS_MAX;
    struct str texts = str_make(st->texts, st->text_bytes);
    const struct sigma_correlation_hit hit = {.rule = &c->info,
                                              .type = sigma_correlation_type_name(c->type),
                                              .timespan_ns = c->timespan_ns,
                                              .group_fields = c->group_by,
                                              .group_values =
                                                  texts_of(&arena, texts, c->group_count),
                                              .group_count = c->group_count,
                                              .fields = c->fields,
                                              .field_count = c->field_count,
                                              .rules = rules_of(&arena, st, rules, c),
                                              .rule_count = c->ref_count,
                                              .aliases = aliases_of(&arena, rules, c),
                                              .alias_count = c->alias_count,
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
    arena_fini(&arena);
}

void sigma_stretch_end(struct sigma_stretches *s, struct sigma_windows *w, uint32_t stretch) {
    struct sigma_stretch *st = sigma_stretch_at(s, stretch);
    const struct sigma_correlation *c = &w->correlations[st->correlation];
    for (size_t i = 0; i < kept_count(st); i++) {
        drop(w, &st->events[i]);
    }
    w->bytes -= fixed_bytes(st, c) + st->capacity * sizeof *st->events;
    mem_free(st->events);
    mem_free(st->texts);
    mem_free(st->ref_events);
    s->open[st->place] = s->open[--s->open_count];
    sigma_stretch_at(s, s->open[st->place])->place = st->place;
    sigma_pool_give(&s->pool, stretch);
}
