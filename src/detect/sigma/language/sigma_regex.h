/*
 * Regular expressions of rules: PCRE2 in UTF mode, newline = LF, with limits on matching, so that
 * a value cannot make it run long: when a limit is hit the value does not match and it is counted.
 * Threads: a compiled expression is immutable; a matcher belongs to one thread.
 */
#ifndef KONSEKI_SIGMA_REGEX_H
#define KONSEKI_SIGMA_REGEX_H

#include "err.h"

struct sigma_regex;

/* `flags` are SIGMA_RE_*. The message says what is wrong with the expression and where. */
enum status sigma_regex_compile(struct sigma_regex **out, struct str pattern, unsigned flags,
                                struct err *err) MUST_CHECK;
/* Machine code for an expression that is going to be used: not worth it to see whether it is valid.
 */
void sigma_regex_speed_up(struct sigma_regex *regex, struct str pattern, unsigned flags);
void sigma_regex_free(struct sigma_regex **regex);

struct sigma_regex_matcher;
struct sigma_regex_matcher *sigma_regex_matcher_create(void);
void sigma_regex_matcher_destroy(struct sigma_regex_matcher **matcher);
bool sigma_regex_match(struct sigma_regex_matcher *matcher, const struct sigma_regex *regex,
                       struct str text);
/* How often a limit ended a match. */
uint64_t sigma_regex_limit_hits(const struct sigma_regex_matcher *matcher);

#endif
