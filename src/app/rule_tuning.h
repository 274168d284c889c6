/*
 * The stage between the rules' hits and whoever hears of them: levels changed and hits suppressed
 * as the site file says (site_rules.h). A section acts until the end of its last day by the clock,
 * not by the event's time: an approval that nobody renewed does not act, on old logs either.
 *
 * Cost: nothing for rules that no section is about but a hash lookup a hit. Threads: one thread.
 * The site must outlive it.
 */
#ifndef KONSEKI_RULE_TUNING_H
#define KONSEKI_RULE_TUNING_H

#include "batch.h"
#include "site_rules.h"

struct rule_tuning;

/* NULL if the site (which may be NULL) has nothing to say about rules: that is a valid tuning. */
struct rule_tuning *rule_tuning_create(const struct site *site);
void rule_tuning_destroy(struct rule_tuning **tuning);
/* The section that suppresses the hit, or NULL: it counts. Else hit->rule is replaced where the
 * level is another one (the copy lives as long as the tuning). Without a row (a correlation's hit)
 * sections that look at the event do not act. */
const struct site_rule *rule_tuning_apply(struct rule_tuning *tuning, struct sigma_hit *hit,
                                          const struct batch *batch, const struct row *row);
/* "owner: reason", empty for NULL; borrowed until the next call. */
struct str rule_tuning_reason(struct rule_tuning *tuning, const struct site_rule *section);
/* How often the i-th section of the site file acted. */
uint64_t rule_tuning_count(const struct rule_tuning *tuning, size_t i);
/* Is it past its last day? */
bool rule_tuning_is_expired(const struct site_rule *section, int64_t now_wall_ns);
/* Appends the last day that the section holds, in the site's zone: 2027-03-31, or never. */
void rule_tuning_add_day(struct buf *out, const struct site *site, const struct site_rule *section);
/* One text for each section that no longer acts; `path` is the site file's. */
void rule_tuning_warn(const struct site *site, const char *path,
                      void (*warn)(const char *text, void *ctx), void *ctx);

#endif
