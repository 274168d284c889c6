/*
 * What `konseki scan` says on standard error, in words: rules that were refused, inputs that could
 * not be read, and the numbers of the run at its end. Names out of rules and logs are shown with
 * their controls visible. Threads: one; whoever shows progress takes its line away before.
 */
#ifndef KONSEKI_SCAN_MESSAGES_H
#define KONSEKI_SCAN_MESSAGES_H

#include "scan.h"

/* The rule and why it does not run. */
void scan_message_refused(const struct sigma_rule_info *rule, struct str why);
/* No rule runs: what the user can do. `given`: --rules was. */
void scan_message_no_rules(bool given);
/* Hits, events, files, `rules` that ran, time; then a line for all that was left out. */
void scan_message_counts(const struct scan_counts *counts, size_t rules, int64_t elapsed_ns);

#endif
