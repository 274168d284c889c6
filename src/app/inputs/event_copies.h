/*
 * Has this event been seen before? The same record often lies in several files: backups of logs,
 * archives, exports that overlap. A record is known by channel, computer, EventRecordID and time;
 * what has no EventRecordID (a line of text may well come twice) is never a copy.
 *
 * Memory: 16 bytes an event asked about, at most EVENT_COPIES_MAX of them; beyond that nothing new
 * is remembered, which is counted. Keys are hashes of 64 bits: of a million events two are taken
 * for one with a chance of one in 37 million. Threads: one.
 */
#ifndef KONSEKI_EVENT_COPIES_H
#define KONSEKI_EVENT_COPIES_H

#include "batch.h"

enum { EVENT_COPIES_MAX = 4 << 20 };

struct event_copies;

struct event_copies *event_copies_create(void);
void event_copies_destroy(struct event_copies **copies);
/* True if the event was asked about before; remembers it. */
bool event_copies_has(struct event_copies *copies, const struct batch *batch,
                      const struct row *row);
/* Events that were not remembered. */
uint64_t event_copies_forgotten(const struct event_copies *copies);

#endif
