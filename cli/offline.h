/* What an answer lacks because a medium is offline: told on stderr, and as an object in jsonl. */
#ifndef KONSEKI_OFFLINE_H
#define KONSEKI_OFFLINE_H

#include "output.h"
#include "store.h"

/* After the scans. True if something is missing: then the exit code is EXIT_UNREADABLE. */
bool offline_tell(const struct store *store);

#endif
