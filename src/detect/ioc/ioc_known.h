/* Which indicators the findings file knows: those that its parts were made with. */
#ifndef KONSEKI_IOC_KNOWN_H
#define KONSEKI_IOC_KNOWN_H

#include "findings_db.h"
#include "ioc.h"

/* Copies those that are not known to `added` (empty). *only_added false: a known one is gone, or
 * its marks changed. */
enum status ioc_known_compare(struct ioc_set *added, bool *only_added, struct findings_db *db,
                              const struct ioc_set *iocs, struct err *err) MUST_CHECK;
enum status ioc_known_save(struct findings_db *db, const struct ioc_set *iocs,
                           struct err *err) MUST_CHECK;

#endif
