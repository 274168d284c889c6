/* What threads need to know of the machine. No failures. */
#ifndef KONSEKI_CPU_H
#define KONSEKI_CPU_H

/* Cores that this process may use (sched_getaffinity(2)): `taskset` counts. At least 1. */
unsigned cpu_count(void);
/* The calling thread works only when nobody else wants the core, as far as the system can do that
 * (nice 10 for this thread alone). */
void cpu_lower_priority(void);

#endif
