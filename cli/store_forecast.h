/* konseki store forecast: how long the disk lasts. */
#ifndef KONSEKI_STORE_FORECAST_H
#define KONSEKI_STORE_FORECAST_H

#include "output.h"

/* `days`: growth of how many days (0: 30). The exit code: NEGATIVE if the rules cannot be kept. */
int store_forecast_print(const char *path, enum output_format format, uint64_t days,
                         uint64_t reserve_bytes);

#endif
