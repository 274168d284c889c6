/* The clocks of the machine. Wall: UTC ns since 1970 (may step). Mono: ns, never goes back. */
#ifndef KONSEKI_CLOCK_H
#define KONSEKI_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ns(void);
int64_t clock_mono_ns(void);

#endif
