/*
 * What could not be looked at in a run, for its reports: refused rules, rules without a source,
 * inputs that could not be read. The first of each kind are kept, all are counted. All zero is
 * empty; texts are copied. Threads: one.
 */
#ifndef KONSEKI_SCAN_NOTES_H
#define KONSEKI_SCAN_NOTES_H

#include "intern.h"
#include "report_stats.h"

struct scan_notes {
    struct arena arena;
    struct str *refusals; /* "path: why" */
    size_t refusal_count;
    size_t refused; /* all of them */
    struct str *failures;
    size_t failure_count;
    struct intern blind_sources;       /* "macos process_creation" */
    struct report_source_count *blind; /* by id: rules of log sources that no event can be of */
    size_t blind_capacity;
};

/* A rule as it was loaded (sigma_load_fn): `why` is empty when it was accepted. */
void scan_notes_rule(struct scan_notes *notes, const struct sigma_rule_info *rule, struct str why);
void scan_notes_failed(struct scan_notes *notes, struct str message);
void scan_notes_fini(struct scan_notes *notes);

#endif
