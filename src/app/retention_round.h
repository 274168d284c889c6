/*
 * One round of keeping the rules of retention: what is no longer at hand goes to the archive, what
 * is past its class and under no hold expires. For the server; by hand: konseki archive, konseki
 * expire.
 *
 * Threads: the writer's; no merge is under way. It takes the time of copying.
 */
#ifndef KONSEKI_RETENTION_ROUND_H
#define KONSEKI_RETENTION_ROUND_H

#include "store.h"

/* `archive_path` "": nothing is archived. Without rules nothing is done. */
enum status retention_round(struct store *store, const char *archive_path,
                            struct err *err) MUST_CHECK;

#endif
