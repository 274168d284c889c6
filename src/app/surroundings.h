/*
 * What import and serve both set up before the first event: the store, the site file, the time
 * zone, the indicators, the Sigma rules, the findings file. Released in one call.
 */
#ifndef KONSEKI_SURROUNDINGS_H
#define KONSEKI_SURROUNDINGS_H

#include "findings_db.h"
#include "ioc.h"
#include "sigma.h"
#include "site.h"
#include "store.h"

struct surroundings_options {
    const char *store_path;
    enum store_mode mode;
    bool no_create;         /* the store must be there already */
    uint64_t memory_bytes;  /* 0: the store's default */
    uint64_t reserve_bytes; /* store_options */
    const char *site_path;  /* NULL: none */
    const char *zone_name;  /* --tz; NULL: not given */
    const char *const *iocs;
    size_t ioc_count;
    const char *const *rules;
    size_t rule_count;
    const char *const *placeholders; /* files with values for the rules */
    size_t placeholder_count;
    const char *const *mappings; /* files of log sources and fields */
    size_t mapping_count;
};

struct surroundings {
    struct store *store;
    struct site *site;
    struct ioc_set *iocs;
    struct sigma_rules *rules; /* NULL: none asked for */
    struct findings_db *db;
    const struct zone *zone; /* for times without one, where the site file says nothing else */
    bool zone_is_guess;
    size_t rules_refused;
    size_t iocs_refused; /* lines that are no indicator */
};

/* Problems that do not stop the work (refused rules, lines that are no indicator). */
typedef void surroundings_warn_fn(const char *text, void *ctx);

/* On failure nothing is left open. */
enum status surroundings_open(struct surroundings *out, const struct surroundings_options *options,
                              surroundings_warn_fn *warn, void *ctx, struct err *err) MUST_CHECK;
/* The rules alone, once more; *out stays NULL when none are asked for. Any thread. */
enum status surroundings_load_rules(struct sigma_rules **out, size_t *refused,
                                    const struct surroundings_options *options,
                                    surroundings_warn_fn *warn, void *ctx,
                                    struct err *err) MUST_CHECK;
void surroundings_close(struct surroundings *s);

#endif
