#include "report_copy.h"

#include "check.h"
#include "wire.h"

/* The bytes are our own: a fault in them is a bug, and CHECK tells. */

static void put_text(struct buf *out, struct str text, size_t max) {
    size_t length = text.len;
    if (max > 0 && length > max) {
        length = max;
        while (length > 0 && ((unsigned char)text.ptr[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    wire_put_str(out, str_head(text, length));
}

static void put_fields(struct buf *out, const struct report_field *fields, size_t count,
                       size_t max) {
    wire_put_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        put_text(out, fields[i].name, max);
        put_text(out, fields[i].value, max);
    }
}

static void put_place(struct buf *out, const struct report_place *place) {
    wire_put_str(out, place->file);
    wire_put_i64(out, place->time_ns);
    wire_put_u64(out, place->record_id);
    wire_put_u64(out, place->line);
    wire_put_u64(out, place->idx);
}

static void put_rule(struct buf *out, const struct sigma_rule_info *rule) {
    wire_put_u64(out, (uint64_t)(uintptr_t)rule);
}

static void put_texts(struct buf *out, const struct str *texts, size_t count, size_t max) {
    wire_put_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        put_text(out, texts[i], max);
    }
}

static void put_about(struct buf *out, const struct report_correlation *c, size_t max) {
    put_texts(out, c->fields, c->field_count, max);
    wire_put_u64(out, c->rule_count);
    for (size_t i = 0; i < c->rule_count; i++) {
        put_rule(out, c->rules[i].info);
        wire_put_u64(out, c->rules[i].events);
    }
    wire_put_u64(out, c->alias_count);
    for (size_t i = 0; i < c->alias_count; i++) {
        put_text(out, c->aliases[i].name, max);
        put_rule(out, c->aliases[i].rule);
        put_text(out, c->aliases[i].field, max);
    }
}

static void put_correlation(struct buf *out, const struct report_correlation *c, size_t max) {
    wire_put_u64(out, c != NULL);
    if (c == NULL) {
        return;
    }
    wire_put_str(out, c->type);
    put_about(out, c, max);
    put_fields(out, c->groups, c->group_count, max);
    wire_put_u64(out, c->event_count);
    for (size_t i = 0; i < c->event_count; i++) {
        put_place(out, &c->events[i].place);
        wire_put_u64(out, c->events[i].rules);
        put_texts(out, c->events[i].values, c->events[i].value_count, max);
    }
    wire_put_i64(out, c->first_ns);
    wire_put_i64(out, c->last_ns);
    wire_put_i64(out, c->timespan_ns);
    wire_put_u64(out, c->count);
    wire_put_str(out, c->value);
}

void report_copy_write(struct buf *out, const struct report_hit *hit, size_t text_max) {
    wire_put_u64(out, (uint64_t)(uintptr_t)hit->rule);
    wire_put_u64(out, hit->level);
    wire_put_i64(out, hit->time_ns);
    put_place(out, &hit->place);
    const struct str texts[] = {hit->suppressed_by, hit->dataset,     hit->computer, hit->channel,
                                hit->provider,      hit->event_id,    hit->user,     hit->process,
                                hit->details,       hit->detail_names};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put_text(out, texts[i], text_max);
    }
    wire_put_u64(out, hit->is_recovered);
    wire_put_u64(out, hit->is_time_received);
    put_fields(out, hit->fields, hit->field_count, text_max);
    put_fields(out, hit->all, hit->all_count, text_max);
    put_correlation(out, hit->correlation, text_max);
}

static const struct report_field *take_fields(size_t *count, struct wire *w, struct arena *arena) {
    *count = (size_t)wire_count(w, wire_left(w));
    struct report_field *fields = arena_array(arena, *count, sizeof *fields);
    for (size_t i = 0; i < *count; i++) {
        fields[i].name = wire_str(w);
        fields[i].value = wire_str(w);
    }
    return fields;
}

static struct report_place take_place(struct wire *w) {
    struct report_place place = {.file = wire_str(w)};
    place.time_ns = wire_i64(w);
    place.record_id = wire_u64(w);
    place.line = (uint32_t)wire_count(w, UINT32_MAX);
    place.idx = (uint32_t)wire_count(w, UINT32_MAX);
    return place;
}

static const struct sigma_rule_info *take_rule(struct wire *w) {
    return (const struct sigma_rule_info *)(uintptr_t)wire_u64(w);
}

static const struct str *take_texts(size_t *count, struct wire *w, struct arena *arena) {
    *count = (size_t)wire_count(w, wire_left(w));
    struct str *texts = arena_array(arena, *count, sizeof *texts);
    for (size_t i = 0; i < *count; i++) {
        texts[i] = wire_str(w);
    }
    return texts;
}

static void take_about(struct report_correlation *c, struct wire *w, struct arena *arena) {
    c->fields = take_texts(&c->field_count, w, arena);
    c->rule_count = (size_t)wire_count(w, wire_left(w));
    struct report_correlated_rule *rules = arena_array(arena, c->rule_count, sizeof *rules);
    for (size_t i = 0; i < c->rule_count; i++) {
        rules[i].info = take_rule(w);
        rules[i].events = wire_u64(w);
    }
    c->rules = rules;
    c->alias_count = (size_t)wire_count(w, wire_left(w));
    struct report_alias *aliases = arena_array(arena, c->alias_count, sizeof *aliases);
    for (size_t i = 0; i < c->alias_count; i++) {
        aliases[i].name = wire_str(w);
        aliases[i].rule = take_rule(w);
        aliases[i].field = wire_str(w);
    }
    c->aliases = aliases;
}

static const struct report_correlation *take_correlation(struct wire *w, struct arena *arena) {
    if (wire_u64(w) == 0) {
        return NULL;
    }
    struct report_correlation *c = arena_alloc(arena, sizeof *c);
    c->type = wire_str(w);
    take_about(c, w, arena);
    c->groups = take_fields(&c->group_count, w, arena);
    c->event_count = (size_t)wire_count(w, wire_left(w));
    struct report_member *events = arena_array(arena, c->event_count, sizeof *events);
    for (size_t i = 0; i < c->event_count; i++) {
        events[i].place = take_place(w);
        events[i].rules = wire_u64(w);
        events[i].values = take_texts(&events[i].value_count, w, arena);
    }
    c->events = events;
    c->first_ns = wire_i64(w);
    c->last_ns = wire_i64(w);
    c->timespan_ns = wire_i64(w);
    c->count = wire_u64(w);
    c->value = wire_str(w);
    return c;
}

void report_copy_read(struct report_hit *out, struct str bytes, struct arena *arena) {
    struct wire w = wire_make(bytes.ptr, bytes.len);
    *out = (struct report_hit){.rule = take_rule(&w)};
    out->level = (enum sigma_level)wire_count(&w, SIGMA_CRITICAL);
    out->time_ns = wire_i64(&w);
    out->place = take_place(&w);
    struct str *const texts[] = {
        &out->suppressed_by, &out->dataset, &out->computer, &out->channel, &out->provider,
        &out->event_id,      &out->user,    &out->process,  &out->details, &out->detail_names};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = wire_str(&w);
    }
    out->is_recovered = wire_u64(&w) != 0;
    out->is_time_received = wire_u64(&w) != 0;
    out->fields = take_fields(&out->field_count, &w, arena);
    out->all = take_fields(&out->all_count, &w, arena);
    out->correlation = take_correlation(&w, arena);
    CHECK(!w.failed);
}
