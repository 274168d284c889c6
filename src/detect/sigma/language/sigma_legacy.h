/*
 * Conditions of Sigma 1 that count: what stands behind the pipe of
 *
 *   selection | count() by Host > 10        selection | count(User) by Host >= 5
 *   selection | min|max|avg|sum(Field) by Host > 100
 *   selection | near other and third and not fourth
 *
 * with `timeframe` beside the condition. It becomes the correlation that says the same (Sigma 2.1):
 * event_count, value_count, value_sum ..., temporal. Without a timeframe the window is all time.
 * Source: Sigma 1.0 specification, "Aggregation expression", "Near"; rules with it are still
 * common.
 *
 * Ownership: everything lives in the arena. Threads: pure but for the arena.
 */
#ifndef KONSEKI_SIGMA_LEGACY_H
#define KONSEKI_SIGMA_LEGACY_H

#include "sigma_condition.h"
#include "sigma_document.h"

struct sigma_legacy {
    const struct sigma_identifiers *identifiers;
    struct str pipe;      /* the text behind '|' */
    struct str timeframe; /* as written; empty: none */
};

/* Fills in correlation, parts and the hint of a document that is complete otherwise. Messages have
 * no line number: the caller adds it. */
enum status sigma_legacy_read(struct sigma_document *out, struct arena *arena,
                              const struct sigma_legacy *legacy, struct err *err) MUST_CHECK;

#endif
