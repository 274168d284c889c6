/* How much memory the process has used. No failures. */
#ifndef KONSEKI_MEMORY_PEAK_H
#define KONSEKI_MEMORY_PEAK_H

#include <stdint.h>

/* The most memory this program had resident at one time, in bytes (VmHWM of proc_pid_status(5));
 * where that is not to be had, getrusage(2)'s. 0: unknown. */
uint64_t memory_peak_bytes(void);

#endif
