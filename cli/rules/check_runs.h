/* What `rules check` says of the events on which a rule can run. */
#ifndef KONSEKI_CHECK_RUNS_H
#define KONSEKI_CHECK_RUNS_H

#include "sigma.h"

/* Appends the members runs, ways, missing, why, needs behind those that stand in `out`. */
void check_runs_json(struct buf *out, const struct sigma_runs *runs);
/* Appends " [way; way without FIELD] (cannot run: why; needs ...)". */
void check_runs_text(struct buf *out, const struct sigma_runs *runs);

#endif
