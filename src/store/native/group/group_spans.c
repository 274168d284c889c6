#include "group_spans.h"

#include "mem.h"

enum { PIECE_SHIFT = 34 }; /* 2^34 ns = 17 s */

void group_spans_fini(struct group_spans *s) {
    id_table_fini(&s->ids);
    mem_free(s->starts);
}

static bool holds(const struct group_span *span, int64_t time_ns) {
    return time_ns >= span->start && time_ns < span->end;
}

static struct group_span ask(struct group_spans *s, int64_t time_ns) {
    struct group_span span;
    span.start = s->spec->span(time_ns, &span.end, s->spec->span_ctx);
    uint32_t before = s->ids.count;
    span.id = id_table_add(&s->ids, (uint64_t)span.start)->id_plus_1 - 1;
    if (s->ids.count != before) {
        MEM_GROW(s->starts, s->start_capacity, s->ids.count);
        s->starts[span.id] = span.start;
    }
    return span;
}

static void find(struct group_spans *s, int64_t time_ns) {
    struct group_span *kept = &s->kept[((uint64_t)time_ns >> PIECE_SHIFT) % GROUP_SPANS_KEPT];
    if (!holds(kept, time_ns)) {
        *kept = ask(s, time_ns);
    }
    s->last = *kept;
}

void group_spans_ids(uint32_t *ids, struct group_spans *s, const int64_t *times_ns,
                     uint32_t count) {
    struct group_span last = s->last;
    uint64_t length = (uint64_t)last.end - (uint64_t)last.start;
    for (uint32_t i = 0; i < count; i++) {
        if ((uint64_t)times_ns[i] - (uint64_t)last.start >= length) {
            find(s, times_ns[i]);
            last = s->last;
            length = (uint64_t)last.end - (uint64_t)last.start;
        }
        ids[i] = last.id;
    }
}
