/* Numbers and times inside values. All functions are pure. */
#ifndef KONSEKI_SIGMA_NUMBER_H
#define KONSEKI_SIGMA_NUMBER_H

#include "buf.h"
#include "sigma_ast.h"

/* A double that stands for one number only (below 2^53): equality by value is safe. */
bool sigma_number_is_exact(double number);
bool sigma_number_compares(double value, enum sigma_compare compare, double limit);
/* Passes the value, an ISO 8601 time as it is written (no zone is applied), the TIME test? */
bool sigma_time_compares(struct str value, const struct sigma_test *test);
/* CIDR; an IPv4 address is in no IPv6 network; one written ::ffff:a.b.c.d is in those of both. */
bool sigma_address_is_in(struct str value, const struct sigma_test *test);

/* A plain number of YAML 1.2. One written 0x1f or 0o17 is that integer, not its text, which becomes
 * decimal: "0x1f" of an event is text. False: out of range. */
bool sigma_number_read(double *out, struct buf *text);

#endif
