#include "group_rows.h"

#include "mem.h"

void group_rows_init(struct group_rows *out, const struct group_plan *plan) {
    *out = (struct group_rows){.plan = plan};
    out->is_present = mem_calloc((size_t)plan->segment->template_count + sizeof(uint64_t), 1);
    out->present = mem_alloc(GROUP_WINDOW_ROWS * sizeof *out->present);
    out->classes = mem_alloc(GROUP_WINDOW_ROWS * sizeof *out->classes);
    out->ends = mem_alloc(GROUP_WINDOW_ROWS * sizeof *out->ends);
    out->places = mem_calloc(plan->class_count + 1, sizeof *out->places);
}

void group_rows_fini(struct group_rows *r) {
    mem_free(r->is_present);
    mem_free(r->present);
    mem_free(r->classes);
    mem_free(r->ends);
    mem_free(r->places);
    mem_free(r->sorted);
}

static void list_templates(struct group_rows *r) {
    uint8_t *is_present = r->is_present;
    uint32_t limit = r->plan->segment->template_count;
    const uint32_t *templates = r->templates; /* bytes that are written could be part of *r */
    for (uint32_t i = 0, count = r->count; i < count; i++) {
        is_present[templates[i]] = 1;
    }
    r->present_count = 0;
    for (uint32_t t = 0; t < limit; t++) {
        uint64_t eight;
        memcpy(&eight, is_present + t, sizeof eight);
        if (eight == 0) { /* most are not there */
            t += (uint32_t)sizeof eight - 1;
        } else if (is_present[t] != 0) {
            is_present[t] = 0;
            r->present[r->present_count++] = t;
        }
    }
}

static void list_classes(struct group_rows *r) {
    r->class_count = 0;
    for (uint32_t i = 0; i < r->present_count; i++) {
        uint32_t class = r->plan->class_of[r->present[i]];
        if (r->places[class] == 0) {
            r->places[class] = 1; /* seen */
            r->classes[r->class_count++] = class;
        }
    }
    for (uint32_t i = 0; i < r->class_count; i++) {
        r->places[r->classes[i]] = 0;
    }
}

void group_rows_window(struct group_rows *r, const uint32_t *templates, uint32_t first,
                       uint32_t count) {
    r->templates = templates + first;
    r->first = first;
    r->count = count;
    list_templates(r);
    list_classes(r);
}

static bool is_selected(const uint64_t *selected, uint32_t row) {
    return (selected[row / 64] >> (row % 64) & 1) != 0;
}

bool group_rows_all_selected(const struct group_rows *r, const uint64_t *selected) {
    uint32_t row = r->first; /* a multiple of 64 */
    uint32_t end = r->first + r->count;
    while (row + 64 <= end && selected[row / 64] == UINT64_MAX) {
        row += 64;
    }
    while (row < end && is_selected(selected, row)) {
        row++;
    }
    return row == end;
}

bool group_rows_sort(struct group_rows *r, const uint64_t *selected) {
    if (r->class_count > GROUP_WINDOW_CLASSES) {
        return false;
    }
    MEM_GROW(r->sorted, r->sorted_capacity, (size_t)r->class_count * GROUP_WINDOW_ROWS);
    for (uint32_t i = 0; i < r->class_count; i++) {
        r->places[r->classes[i]] = i * GROUP_WINDOW_ROWS; /* room for all rows */
    }
    const uint32_t *class_of = r->plan->class_of;
    const uint32_t *templates = r->templates;
    uint32_t first = r->first;
    for (uint32_t i = 0, count = r->count; i < count; i++) {
        uint32_t *place = &r->places[class_of[templates[i]]];
        r->sorted[*place] = (uint16_t)i; /* the next one overwrites it if it is not selected */
        *place += is_selected(selected, first + i);
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
