/* The parts of a checkpoint's body that also stand in the saved state of the chain, in both
 * directions (docs/formats/checkpoint.md). */
#include "chain_priv.h"

#include "mem.h"
#include "wire.h"

void chain_take_bytes(struct wire *w, uint8_t *out, size_t len) {
    struct str s = wire_bytes(w, len);
    if (s.len == len) {
        memcpy(out, s.ptr, len);
    }
}

/* --- the tree: the roots of its complete subtrees; its size stands in the head --- */

void chain_put_peaks(struct buf *out, const struct merkle *tree) {
    for (unsigned level = 0; level < 64; level++) {
        if ((tree->size >> level & 1) != 0) {
            buf_append(out, tree->nodes[level], SHA256_BYTES);
        }
    }
}

void chain_take_peaks(struct wire *w, struct merkle *tree) {
    for (unsigned level = 0; level < 64; level++) {
        if ((tree->size >> level & 1) != 0) {
            chain_take_bytes(w, tree->nodes[level], SHA256_BYTES);
        }
    }
}

/* --- a segment --- */

enum { MARK_RECEIVED = 2 }; /* beside the effort: the newest receive time stands at the end */

void chain_put_segment(struct buf *out, const struct segment_info *s) {
    wire_put_u64(out, s->number);
    wire_put_str(out, dataset_info(s->dataset)->name);
    bool is_dated = s->receive_max != TIME_NONE;
    wire_put_u64(out, (uint64_t)s->effort | (is_dated ? MARK_RECEIVED : 0));
    wire_put_u64(out, s->rows);
    wire_put_u64(out, s->derived);
    wire_put_u64(out, s->raw_bytes);
    wire_put_u64(out, s->arrival_first);
    wire_put_u64(out, s->arrival_last);
    wire_put_i64(out, s->time_min);
    wire_put_i64(out, s->time_max);
    wire_put_u64(out, s->file_bytes);
    wire_put_u64(out, s->index_bytes);
    wire_put_u64(out, s->filter_offset);
    wire_put_u64(out, s->stripe_count);
    for (uint32_t i = 0; i < s->stripe_count; i++) {
        wire_put_u64(out, s->filter_lines[i]);
    }
    buf_append(out, s->footer_sha256, SHA256_BYTES);
    if (is_dated) {
        wire_put_i64(out, s->receive_max);
    }
}

static void take_stripes(struct wire *w, struct segment_info *s) {
    s->stripe_count = (uint32_t)wire_count(w, SEGMENT_MAX_STRIPES);
    for (uint32_t i = 0; i < s->stripe_count; i++) {
        s->filter_lines[i] = (uint32_t)wire_count(w, UINT32_MAX);
    }
}

void chain_take_segment(struct wire *w, struct segment_info *s) {
    *s = (struct segment_info){.number = wire_u64(w), .receive_max = TIME_NONE};
    struct str name = wire_str(w);
    s->dataset = name.len == 0 ? DATASET_UNKNOWN : dataset_find(name);
    if (s->dataset == DATASET_COUNT) {
        s->dataset = DATASET_UNKNOWN;
    }
    uint64_t marks = wire_count(w, EFFORT_DEEP | MARK_RECEIVED);
    s->effort = (enum segment_effort)(marks & EFFORT_DEEP);
    s->rows = wire_u64(w);
    s->derived = wire_u64(w);
    s->raw_bytes = wire_u64(w);
    s->arrival_first = wire_u64(w);
    s->arrival_last = wire_u64(w);
    s->time_min = wire_i64(w);
    s->time_max = wire_i64(w);
    s->file_bytes = wire_u64(w);
    s->index_bytes = wire_u64(w);
    s->filter_offset = wire_u64(w);
    take_stripes(w, s);
    chain_take_bytes(w, s->footer_sha256, SHA256_BYTES);
    if ((marks & MARK_RECEIVED) != 0) {
        s->receive_max = wire_i64(w);
    }
}

/* --- an input --- */

void chain_put_input(struct buf *out, const struct store_input *input) {
    buf_append(out, input->sha256, SHA256_BYTES);
    wire_put_str(out, input->path);
    wire_put_u64(out, input->bytes);
    wire_put_u64(out, input->events);
    wire_put_i64(out, input->imported_ns);
}

static void take_input(struct wire *w, struct store_input *input, struct arena *arena) {
    chain_take_bytes(w, input->sha256, SHA256_BYTES);
    input->path = arena_str(arena, wire_str(w));
    input->bytes = wire_u64(w);
    input->events = wire_u64(w);
    input->imported_ns = wire_i64(w);
}

void chain_take_inputs(struct wire *w, struct chain *c) {
    uint64_t count = wire_count(w, wire_left(w));
    for (uint64_t i = 0; i < count && !w->failed; i++) {
        struct store_input input;
        take_input(w, &input, &c->arena);
        if (!w->failed) {
            MEM_GROW(c->inputs, c->input_capacity, c->input_count + 1);
            c->inputs[c->input_count++] = input;
        }
    }
}

/* --- sources --- */

void chain_take_sources(struct wire *w, struct chain *c) {
    uint64_t count = wire_count(w, wire_left(w));
    for (uint64_t i = 0; i < count && !w->failed; i++) {
        uint32_t source = chain_source(c, wire_str(w));
        c->sources.last_sequence[source] = wire_u64(w);
    }
}
