/*
 * What an answer lacks because a medium is offline: told on stderr. With jsonl also as objects,
 * {"coverage":{"archive":ID,"label":..,"segments":N,"events":N,"from":..,"to":..}}, on stderr too:
 * stdout has events only.
 */
#ifndef KONSEKI_OFFLINE_H
#define KONSEKI_OFFLINE_H

#include "output.h"
#include "store.h"

/* After the scans. True if something is missing: then the exit code is EXIT_UNREADABLE. */
bool offline_tell(const struct store *store, enum output_format format);

#endif
