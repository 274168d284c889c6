/*
 * Indicators as predicates that the store evaluates per distinct value (expr.h), so that of a whole
 * retention only the rows that may name one are put together.
 *
 * Ownership: nodes belong to the expr_set; the indicators must outlive it. Threads: as expr.h.
 */
#ifndef KONSEKI_IOC_FILTER_H
#define KONSEKI_IOC_FILTER_H

#include "expr_build.h"
#include "ioc.h"

/* Rows in which an analysis can find an indicator: a value of destination.ip or server.ip is a
 * listed address, or one of url.domain a listed address or name, or below one, or the host of a
 * listed URL. Which indicator holds, and for what, stays the analyses' business. */
struct expr *ioc_filter_contacts(struct expr_set *set, const struct ioc_set *iocs);

/* Rows of any format that may name an indicator anywhere; ioc_scan_row says whether they do. */
struct expr *ioc_filter_text(struct expr_set *set, const struct ioc_set *iocs);

#endif
