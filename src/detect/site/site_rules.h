/*
 * The site file's `rules` section (docs/formats/site.md): levels of Sigma rules changed, hits
 * suppressed, rules disabled, each with an owner, a reason and a last day.
 *
 * Ownership: everything belongs to the site; immutable, any thread may read. Nothing here looks at
 * a clock: the caller compares until_ns with now. No failures.
 */
#ifndef KONSEKI_SITE_RULES_H
#define KONSEKI_SITE_RULES_H

#include "sigma.h"
#include "site.h"

enum site_rule_action {
    SITE_RULE_LEVEL,    /* hits have another level */
    SITE_RULE_SUPPRESS, /* hits that match are counted and shown when asked for only */
    SITE_RULE_DISABLE   /* the same for every hit of the rule */
};

struct site_rule_match;

struct site_rule {
    enum site_rule_action action;
    unsigned line;          /* of the site file */
    const struct str *ids;  /* of rules */
    size_t id_count;        /* 0: any */
    const struct str *tags; /* one of the rule's tags is one of these, or below it */
    size_t tag_count;
    const struct str *titles; /* patterns with * and ? */
    size_t title_count;
    const struct site_rule_match *matches; /* what the event must hold: all of them */
    size_t match_count;                    /* 0: any event */
    enum sigma_level level;                /* SITE_RULE_LEVEL */
    struct str owner;
    struct str reason;
    int64_t until_ns; /* end of the last day; INT64_MAX: forever */
};

/* In the order of the file. */
size_t site_rule_count(const struct site *site);
const struct site_rule *site_rule_at(const struct site *site, size_t i);
/* Is the rule one that the section is about? */
bool site_rule_names(const struct site_rule *section, const struct sigma_rule_info *rule);
/* Name of the i-th field that must match: a native Windows name or that of an event field. */
struct str site_rule_field(const struct site_rule *section, size_t i);
/* Is this value of that field one of those that the section names? */
bool site_rule_covers(const struct site_rule *section, size_t i, struct str value);
/* level, suppress, disable */
struct str site_rule_action_name(enum site_rule_action action);

#endif
