#define _GNU_SOURCE /* sched_getaffinity, gettid */
#include "cpu.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BACKGROUND_NICE = 10 };

unsigned cpu_count(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 0 ? (unsigned)count : 1;
}

void cpu_lower_priority(void) {
    /* Linux keeps a nice value for each thread; failing is harmless. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), BACKGROUND_NICE);
}
