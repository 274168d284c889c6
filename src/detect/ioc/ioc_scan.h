/*
 * Indicators in the text of events, whatever its format: addresses, names of hosts, hashes and mail
 * addresses between characters that cannot be part of them, URLs as host and the path behind it (or
 * in the fields of the row), user agents in their field. docs/formats/ioc.md says what matches.
 *
 * "\n" and "\t" of JSON and "%2F" of URLs do not hide what follows them.
 *
 * Cost: about 1 ns a byte of text, and a lookup a label of each name. Threads: any; nothing is
 * kept.
 */
#ifndef KONSEKI_IOC_SCAN_H
#define KONSEKI_IOC_SCAN_H

#include "expr.h"
#include "ioc.h"

/* Called for each place; the same indicator may come several times. `text` is what stands there. */
typedef void ioc_hit_fn(const struct ioc *ioc, struct str text, void *ctx);

/* False: no row with this text, alone or as a part that begins and ends between words, names an
 * indicator. True: it may (of URLs and mail addresses only the host was looked at). */
bool ioc_scan_may(const struct ioc_set *set, struct str text);
/* The same as a test for the store (expr.h); borrows the set. */
struct expr_list ioc_scan_list(const struct ioc_set *set);
/* The indicators that the row names. `scratch` holds the search text if it has to be made. */
void ioc_scan_row(const struct ioc_set *set, const struct batch *batch, const struct row *row,
                  struct buf *scratch, ioc_hit_fn *hit, void *ctx);

#endif
