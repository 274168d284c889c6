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
 * level is another one (the copy lives as long as the tuning). */
const struct site_rule *rule_tuning_apply(struct rule_tuning *tuning, struct sigma_hit *hit,
                                          const struct batch *batch, const struct row *row);
/* The same for the hit of a correlation: sections that look at the event see what it is grouped by,
 * names and values side by side, and nothing else. */
const struct site_rule *rule_tuning_apply_group(struct rule_tuning *tuning, struct sigma_hit *hit,
                                                const struct str *names, const struct str *values,
                                                size_t count);
/* "owner: reason", empty for NULL; borrowed until the next call. */
struct str rule_tuning_reason(struct rule_tuning *tuning, const struct site_rule *section);
/* Is it past its last day? */
bool rule_tuning_is_expired(const struct site_rule *section, int64_t now_wall_ns);
/* Appends the last day that the section holds, in the site's zone: 2027-03-31, or never. */
void rule_tuning_add_day(struct buf *out, const struct site *site, const struct site_rule *section);
/* One text for each section that does not act: expired, or about no rule of those loaded (NULL:
 * nobody asks). `path` is the site file's. */
void rule_tuning_warn(const struct site *site, const struct sigma_rules *rules, const char *path,
                      void (*warn)(const char *text, void *ctx), void *ctx);
/* One text for each section that acted, with how often. */
void rule_tuning_tell(const struct rule_tuning *tuning, const char *path,
                      void (*tell)(const char *text, void *ctx), void *ctx);

#endif
