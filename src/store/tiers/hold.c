#include "hold.h"

#include "chain.h"
#include "mem.h"
#include "note_text.h"

/* --- reading --- */

struct reading {
    struct hold *hold;
    struct arena *arena;
};

/* A bit for each name; false: one of them is unknown. */
static bool parse_datasets(uint64_t *out, struct str names) {
    struct str name;
    *out = 0;
    while (names.len > 0) {
        (void)str_split_next(&name, &names, ',');
        name = str_trim(name);
        enum dataset d = str_eq(name, STR("unknown")) ? DATASET_UNKNOWN : dataset_find(name);
        if (name.len == 0 || d == DATASET_COUNT) {
            return false;
        }
        *out |= UINT64_C(1) << d;
    }
    return true;
}

static void take_pair(struct str name, struct str value, void *ctx) {
    struct reading *r = ctx;
    struct hold *h = r->hold;
    struct str text = arena_str(r->arena, value);
    if (str_eq(name, STR("case"))) {
        h->case_name = text;
    } else if (str_eq(name, STR("by"))) {
        h->by = text;
    } else if (str_eq(name, STR("reason"))) {
        h->reason = text;
    } else if (str_eq(name, STR("sources"))) {
        h->sources = text;
    } else if (str_eq(name, STR("datasets"))) {
        h->is_readable = parse_datasets(&h->datasets, value) && h->is_readable;
    }
}

static struct hold read_hold(struct arena *arena, const struct chain_note *note, uint64_t number) {
    struct hold h = {.number = number,
                     .from_ns = INT64_MIN,
                     .to_ns = INT64_MAX,
                     .until_ns = INT64_MAX,
                     .made_ns = note->time_ns,
                     .is_readable = true};
    struct reading r = {&h, arena};
    int64_t from;
    int64_t to;
    int64_t until;
    h.is_readable = note_read(note->text, take_pair, &r) && h.is_readable &&
                    note_get_time(&from, note->text, STR("from")) &&
                    note_get_time(&to, note->text, STR("to")) &&
                    note_get_time(&until, note->text, STR("until"));
    if (h.is_readable) { /* TIME_NONE is INT64_MIN: no lower bound as it is */
        h.from_ns = from;
        h.to_ns = to == TIME_NONE ? INT64_MAX : to;
        h.until_ns = until == TIME_NONE ? INT64_MAX : until;
    }
    return h;
}

static void release(struct holds *h, const struct chain_note *note) {
    uint64_t number = 0;
    if (!note_get_u64(&number, note->text, STR("hold"))) {
        return;
    }
    for (size_t i = 0; i < h->count; i++) {
        if (h->items[i].number == number) {
            h->count--;
            memmove(&h->items[i], &h->items[i + 1], (h->count - i) * sizeof *h->items);
            return;
        }
    }
}

void holds_load(struct holds *out, const struct chain *chain) {
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < chain->note_count; i++) {
        const struct chain_note *note = &chain->notes[i];
        if (str_eq(note->kind, STR("hold"))) {
            MEM_GROW(out->items, out->capacity, out->count + 1);
            out->items[out->count++] = read_hold(&out->arena, note, (uint64_t)i + 1);
        } else if (str_eq(note->kind, STR("release"))) {
            release(out, note);
        }
    }
}

void holds_fini(struct holds *h) {
    mem_free(h->items);
    arena_fini(&h->arena);
    memset(h, 0, sizeof *h);
}

/* --- making --- */

static enum status check(const struct hold_request *q, struct err *err) {
    uint64_t datasets;
    if (q->case_name.len == 0 || q->reason.len == 0 || q->by.len == 0) {
        return err_set(err, STATUS_BAD_INPUT,
                       "a hold needs --case NAME, --reason TEXT and --by NAME");
    }
    if (!parse_datasets(&datasets, q->datasets)) {
        return err_set(err, STATUS_BAD_INPUT,
                       "'%.*s' names an unknown dataset; konseki datasets lists them",
                       STR_ARG(str_head(q->datasets, 200)));
    }
    if (q->to_ns != TIME_NONE && q->to_ns <= q->from_ns) {
        return err_set(err, STATUS_BAD_INPUT, "a hold's end must come after its beginning");
    }
    return STATUS_OK;
}

enum status hold_encode(struct buf *out, const struct hold_request *q, struct err *err) {
    enum status status = check(q, err);
    if (status == STATUS_OK) {
        note_put(out, STR("by"), q->by);
        note_put(out, STR("case"), q->case_name);
        note_put(out, STR("reason"), q->reason);
        note_put(out, STR("datasets"), q->datasets);
        note_put(out, STR("sources"), q->sources);
        note_put_time(out, STR("from"), q->from_ns);
        note_put_time(out, STR("to"), q->to_ns);
        note_put_time(out, STR("until"), q->until_ns);
        note_end(out);
    }
    return status;
}

/* --- asking --- */

static bool has_a_source(struct str names, hold_source_fn *has_source, void *ctx) {
    struct str name;
    while (names.len > 0) {
        (void)str_split_next(&name, &names, ',');
        if (has_source(str_trim(name), ctx)) {
            return true;
        }
    }
    return false;
}

const struct hold *holds_find(const struct holds *h, const struct segment_info *info,
                              int64_t now_ns, hold_source_fn *has_source, void *ctx) {
    for (size_t i = 0; i < h->count; i++) {
        const struct hold *hold = &h->items[i];
        /* rows of other datasets can lie with those that they were made from */
        bool dataset =
            hold->datasets == 0 || (hold->datasets >> info->dataset & 1) != 0 || info->derived > 0;
        if (!hold->is_readable ||
            (now_ns < hold->until_ns && dataset && info->time_max >= hold->from_ns &&
             (info->time_min < hold->to_ns || hold->to_ns == INT64_MAX) &&
             (hold->sources.len == 0 || has_a_source(hold->sources, has_source, ctx)))) {
            return hold;
        }
    }
    return NULL;
}
