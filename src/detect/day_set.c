#include "day_set.h"

#include <string.h>

#include "mem.h"

/* Index of the first day that is not before `day`. */
static size_t find_place(const struct day_set *set, int32_t day) {
    size_t low = 0;
    size_t high = set->count;
    if (high > 0 && set->days[high - 1] < day) {
        return high;
    }
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (set->days[middle] < day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void day_set_add(struct day_set *set, int32_t day) {
    if (set->count > 0 && set->days[set->count - 1] == day) {
        return;
    }
    size_t at = find_place(set, day);
    if (at < set->count && set->days[at] == day) {
        return;
    }
    MEM_GROW(set->days, set->capacity, set->count + 1);
    memmove(set->days + at + 1, set->days + at, (set->count - at) * sizeof *set->days);
    set->days[at] = day;
    set->count++;
}

void day_set_clear(struct day_set *set) {
    set->count = 0;
}

void day_set_fini(struct day_set *set) {
    mem_free(set->days);
    *set = (struct day_set){NULL, 0, 0};
}
