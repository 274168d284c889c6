/*
 * Merges as the store sees them: choosing the segments, taking the result in. Everything here runs
 * in the writer's thread; store_merge_run (merge.c) touches nothing of the store.
 */
#include "merge.h"

#include "check.h"
#include "mem.h"
#include "merge_plan.h"
#include "store_path.h"
#include "store_priv.h"

static bool is_in_merge(const struct store *s, uint64_t number) {
    for (const struct store_merge *m = s->merges; m != NULL; m = m->next) {
        for (size_t i = 0; i < m->input_count; i++) {
            if (m->inputs[i].number == number) {
                return true;
            }
        }
    }
    for (size_t i = 0; i < s->fate_count; i++) {
        if (s->fates[i].number == number) {
            return true;
        }
    }
    for (size_t i = 0; i < s->unmergeable_count; i++) {
        if (s->unmergeable[i] == number) {
            return true;
        }
    }
    return false;
}

static struct merge_candidate *list_candidates(const struct store *s) {
    size_t count = s->chain.segment_count;
    struct merge_candidate *out = mem_calloc(count + 1, sizeof *out);
    for (size_t i = 0; i < count; i++) {
        const struct segment_info *info = &s->chain.segments[i];
        out[i] =
            (struct merge_candidate){.info = info,
                                     .fill = merge_fill(info),
                                     .merged = info->effort == EFFORT_DEEP,
                                     .is_fixed = info->place != 0 || is_in_merge(s, info->number)};
    }
    merge_sort(out, count);
    return out;
}

struct store_merge *store_merge_begin(struct store *s, bool everything) {
    CHECK(s->mode != STORE_READ);
    if (s->failed.status != STATUS_OK) {
        return NULL;
    }
    struct merge_candidate *candidates = list_candidates(s);
    struct merge_run run = merge_choose(candidates, s->chain.segment_count, everything);
    struct store_merge *m = NULL;
    if (run.count > 0) {
        m = merge_create(s->path, run.count, ++s->merge_count);
        for (size_t i = 0; i < run.count; i++) {
            m->inputs[i] = *candidates[run.first + i].info;
        }
        m->next = s->merges;
        s->merges = m;
    }
    mem_free(candidates);
    return m;
}

static void unlink_merge(struct store *s, const struct store_merge *m) {
    struct store_merge **at = &s->merges;
    while (*at != m) {
        at = &(*at)->next;
    }
    *at = m->next;
}

/* Are the inputs in the store as they were when the merge began? */
static bool inputs_are_live(const struct store *s, const struct store_merge *m) {
    size_t live = 0;
    for (size_t i = 0; i < s->chain.segment_count; i++) {
        for (size_t k = 0; k < m->input_count; k++) {
            live += s->chain.segments[i].number == m->inputs[k].number;
        }
    }
    return live == m->input_count;
}

/* Gives the outputs their numbers and names. */
static enum status name_outputs(struct store *s, struct store_merge *m, struct err *err) {
    struct buf from = BUF_INIT;
    struct buf to = BUF_INIT;
    enum status status = STATUS_OK;
    size_t i = 0;
    for (; i < m->output_count && status == STATUS_OK; i++) {
        m->outputs[i].number = s->chain.next_segment++;
        status = file_rename(merge_output_path(&from, m, i),
                             store_path_segment(&to, s->path, m->outputs[i].number), err);
    }
    for (size_t k = 0; status != STATUS_OK && k + 1 < i; k++) {
        struct err ignored; /* the next opening for writing removes it */
        (void)!file_remove(store_path_segment(&to, s->path, m->outputs[k].number), &ignored);
    }
    buf_fini(&from);
    buf_fini(&to);
    return status;
}

static void take_result(struct store *s, const struct store_merge *m) {
    MEM_GROW(s->pending, s->pending_capacity, s->pending_count + m->output_count);
    memcpy(s->pending + s->pending_count, m->outputs, m->output_count * sizeof *m->outputs);
    s->pending_count += m->output_count;
    MEM_GROW(s->fates, s->fate_capacity, s->fate_count + m->input_count);
    for (size_t i = 0; i < m->input_count; i++) {
        s->fates[s->fate_count++] = (struct chain_fate){
            .number = m->inputs[i].number, .fate = SEGMENT_MERGED, .by = m->outputs[0].number};
    }
}

/* Trying again would fail again: leave these alone until the store is opened anew. */
static void give_up(struct store *s, const struct store_merge *m) {
    MEM_GROW(s->unmergeable, s->unmergeable_capacity, s->unmergeable_count + m->input_count);
    for (size_t i = 0; i < m->input_count; i++) {
        s->unmergeable[s->unmergeable_count++] = m->inputs[i].number;
    }
}

enum status store_merge_end(struct store *s, struct store_merge **merge, struct err *err) {
    struct store_merge *m = *merge;
    enum status status = STATUS_OK;
    unlink_merge(s, m);
    bool taken = m->status == STATUS_OK && inputs_are_live(s, m);
    if (taken) {
        status = name_outputs(s, m, err);
        taken = status == STATUS_OK;
    }
    if (taken) {
        take_result(s, m);
    } else {
        merge_discard(m);
    }
    if (m->status == STATUS_DAMAGED) {
        give_up(s, m);
    }
    merge_destroy(merge);
    return status;
}
