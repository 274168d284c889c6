/*
 * Hits in the order of time: equal times keep the order in which they came. What does not fit into
 * `memory_bytes` lies as sorted runs in a file without a name (scratch_file.h) and is merged at the
 * end, so memory stays flat however many hits there are.
 *
 * Threads: one. After a failure (ENVIRONMENT: no room for the runs) only destroy may be called.
 */
#ifndef KONSEKI_REPORT_ORDER_H
#define KONSEKI_REPORT_ORDER_H

#include "report_hit.h"

struct report_order;

struct report_order *report_order_create(size_t memory_bytes);
void report_order_destroy(struct report_order **order);
enum status report_order_add(struct report_order *order, const struct report_hit *hit,
                             struct err *err) MUST_CHECK;
/* False ends the walk. */
typedef bool report_order_fn(const struct report_hit *hit, void *ctx);
/* All hits, once; the order is empty afterwards. */
enum status report_order_each(struct report_order *order, report_order_fn *each, void *ctx,
                              struct err *err) MUST_CHECK;

#endif
