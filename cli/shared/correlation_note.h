/* What correlations left out or forgot, told on standard error; nothing if there is nothing. */
#ifndef KONSEKI_CORRELATION_NOTE_H
#define KONSEKI_CORRELATION_NOTE_H

#include "sigma_correlator.h"

void correlation_note(const struct sigma_correlator_counts *counts);

#endif
