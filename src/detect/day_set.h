/* A sorted set of day numbers. All zero is empty; release with day_set_fini. Adding days that come
 * nearly in order is O(1). */
#ifndef KONSEKI_DAY_SET_H
#define KONSEKI_DAY_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct day_set {
    int32_t *days; /* ascending */
    size_t count;
    size_t capacity;
};

void day_set_add(struct day_set *set, int32_t day);
void day_set_clear(struct day_set *set);
void day_set_fini(struct day_set *set);

#endif
