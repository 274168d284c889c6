/*
 * On which events a rule can match, judged from its tree and from what the mapping says that
 * events carry: a test on a field that no event of a way has is false there, so some rules can
 * never match that way, others only in part.
 */
#ifndef KONSEKI_SIGMA_RUNS_H
#define KONSEKI_SIGMA_RUNS_H

#include "sigma_logsource.h"

/* Everything lies in the arena or the mapping. */
const struct sigma_runs *sigma_runs_judge(struct arena *arena, const struct sigma_mapping *mapping,
                                          const struct sigma_document *document);

#endif
