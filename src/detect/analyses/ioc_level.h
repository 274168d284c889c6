/* The level of a hit on an indicator: weak ones (shared hosting, CDN) at most medium, expired ones
 * low. */
#ifndef KONSEKI_IOC_LEVEL_H
#define KONSEKI_IOC_LEVEL_H

#include "analysis.h"
#include "ioc.h"
#include "mem.h"

static inline enum finding_level ioc_level(const struct ioc *ioc, const struct params *params,
                                           int64_t time_ns, enum finding_level strong) {
    double age = ioc->last_seen_ns == TIME_NONE
                     ? 0
                     : (double)(time_ns - ioc->last_seen_ns) / (double)NS_PER_SECOND;
    if (age > param_number(params, PARAM_ID_FW02_WEAK_EXPIRY)) {
        return LEVEL_LOW;
    }
    return ioc->weak && strong > LEVEL_MEDIUM ? LEVEL_MEDIUM : strong;
}

#endif
