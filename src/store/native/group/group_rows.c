#include "group_rows.h"

#include "mem.h"

/* So many rows of one layout are worth a window of their own: at the begin of a window, or behind
 * others. */
enum { SHORT_RUN = 48, LONG_RUN = 128 };

void group_rows_init(struct group_rows *out, const struct group_plan *plan) {
    *out = (struct group_rows){.plan = plan};
    out->layouts = mem_calloc(SEGMENT_BLOCK_ROWS, sizeof *out->layouts);
    out->is_present = mem_calloc((size_t)plan->layout_count + 1, 1);
    out->present = mem_alloc(GROUP_WINDOW_ROWS * sizeof *out->present);
    out->classes = mem_alloc(GROUP_WINDOW_ROWS * sizeof *out->classes);
    out->ends = mem_alloc(GROUP_WINDOW_ROWS * sizeof *out->ends);
    out->places = mem_calloc(plan->class_count + 1, sizeof *out->places);
}

void group_rows_fini(struct group_rows *r) {
    mem_free(r->layouts);
    mem_free(r->is_present);
    mem_free(r->present);
    mem_free(r->classes);
    mem_free(r->ends);
    mem_free(r->places);
    mem_free(r->sorted);
}

void group_rows_block(struct group_rows *r, const uint32_t *templates, uint32_t row_count) {
    uint16_t *restrict layouts = r->layouts;
    const uint16_t *restrict layout_of = r->plan->layout_of;
    for (uint32_t i = 0; templates != NULL && i < row_count; i++) {
        layouts[i] = layout_of[templates[i]];
    }
    r->row_count = row_count;
    r->first = 0;
    r->count = 0;
}

/* --- windows --- */

/* Rows of one layout from `at` on, as far as `end`. */
static uint32_t run_length(const uint16_t *layouts, uint32_t at, uint32_t end) {
    uint16_t layout = layouts[at];
    uint64_t four = layout * UINT64_C(0x0001000100010001);
    uint32_t next = at + 1;
    while (next + 4 <= end) {
        uint64_t these;
        memcpy(&these, layouts + next, sizeof these);
        if (these != four) {
            break;
        }
        next += 4;
    }
    while (next < end && layouts[next] == layout) {
        next++;
    }
    return next - at;
}

static void note_layout(struct group_rows *r, uint32_t layout) {
    if (r->is_present[layout] == 0) {
        r->is_present[layout] = 1;
        r->present[r->present_count++] = layout;
    }
}

/* Rows of several layouts, up to `end`, or to where many rows of one follow. */
static uint32_t mixed_length(struct group_rows *r, uint32_t end) {
    uint32_t at = r->first;
    uint32_t run = 0;
    while (at < end && (run < LONG_RUN || at == r->first)) {
        uint32_t far = end - at < LONG_RUN ? end : at + LONG_RUN;
        run = run_length(r->layouts, at, far);
        if (run < LONG_RUN || at == r->first) {
            note_layout(r, r->layouts[at]);
            at += run;
        }
    }
    return at - r->first;
}

static void list_classes(struct group_rows *r) {
    r->class_count = 0;
    for (uint32_t i = 0; i < r->present_count; i++) {
        uint32_t class = r->plan->class_of[r->present[i]];
        r->is_present[r->present[i]] = 0;
        if (r->places[class] == 0) {
            r->places[class] = 1; /* seen */
            r->classes[r->class_count++] = class;
        }
    }
    for (uint32_t i = 0; i < r->class_count; i++) {
        r->places[r->classes[i]] = 0;
    }
}

bool group_rows_next(struct group_rows *r) {
    r->first += r->count;
    if (r->first == r->row_count) {
        return false;
    }
    uint32_t left = r->row_count - r->first;
    uint32_t end = r->first + (left < GROUP_WINDOW_ROWS ? left : GROUP_WINDOW_ROWS);
    r->present_count = 0;
    r->count = run_length(r->layouts, r->first, end);
    if (r->count >= SHORT_RUN) {
        note_layout(r, r->layouts[r->first]);
    } else {
        r->count = mixed_length(r, end);
    }
    list_classes(r);
    return true;
}

/* --- selected rows --- */

static bool is_selected(const uint64_t *selected, uint32_t row) {
    return (selected[row / 64] >> (row % 64) & 1) != 0;
}

/* The window's rows among the 64 of a word. */
static uint64_t word_mask(const struct group_rows *r, uint32_t word) {
    uint32_t end = r->first + r->count;
    uint64_t mask = UINT64_MAX;
    if (word == r->first / 64) {
        mask <<= r->first % 64;
    }
    if (word == end / 64) {
        mask &= (UINT64_C(1) << (end % 64)) - 1;
    }
    return mask;
}

bool group_rows_all_selected(const struct group_rows *r, const uint64_t *selected) {
    bool all = true;
    for (uint32_t word = r->first / 64; word <= (r->first + r->count - 1) / 64; word++) {
        uint64_t mask = word_mask(r, word);
        all = all && (selected[word] & mask) == mask;
    }
    return all;
}

void group_rows_unselect(const struct group_rows *r, uint64_t *selected) {
    for (uint32_t word = r->first / 64; word <= (r->first + r->count - 1) / 64; word++) {
        selected[word] &= ~word_mask(r, word);
    }
}

/* Puts the numbers of the rows where `places` says. */
static void deal_all(struct group_rows *r) {
    const uint32_t *restrict class_of = r->plan->class_of;
    const uint16_t *restrict layouts = r->layouts + r->first;
    uint32_t *restrict places = r->places;
    uint16_t *restrict sorted = r->sorted;
    for (uint32_t i = 0, count = r->count; i < count; i++) {
        sorted[places[class_of[layouts[i]]]++] = (uint16_t)i;
    }
}

static void deal_selected(struct group_rows *r, const uint64_t *selected) {
    const uint32_t *class_of = r->plan->class_of;
    const uint16_t *layouts = r->layouts + r->first;
    uint32_t first = r->first;
    for (uint32_t i = 0, count = r->count; i < count; i++) {
        uint32_t *place = &r->places[class_of[layouts[i]]];
        r->sorted[*place] = (uint16_t)i; /* the next one overwrites it if it is not selected */
        *place += is_selected(selected, first + i);
    }
}

bool group_rows_sort(struct group_rows *r, const uint64_t *selected) {
    if (r->class_count > GROUP_WINDOW_CLASSES) {
        return false;
    }
    MEM_GROW(r->sorted, r->sorted_capacity, (size_t)r->class_count * GROUP_WINDOW_ROWS + 1);
    for (uint32_t i = 0; i < r->class_count; i++) {
        r->places[r->classes[i]] = i * GROUP_WINDOW_ROWS; /* room for all rows */
    }
    if (group_rows_all_selected(r, selected)) {
        deal_all(r);
    } else {
        deal_selected(r, selected);
    }
    for (uint32_t i = 0; i < r->class_count; i++) {
        r->ends[i] = r->places[r->classes[i]];
        r->places[r->classes[i]] = 0;
    }
    return true;
}

struct group_chunk group_rows_chunk(const struct group_rows *r, uint32_t index) {
    uint32_t start = index * GROUP_WINDOW_ROWS;
    return (struct group_chunk){
        .first = r->first, .rows = r->sorted + start, .count = r->ends[index] - start};
}
