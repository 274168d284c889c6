/*
 * Time stamps of a third party (RFC 3161), by OpenSSL's TS functions. What is stamped is an
 * anchor's line: its words with one blank between, without a newline; the imprint is its SHA-256.
 *
 * The authority's certificate must come with the reply (certReq) and is tested against CA
 * certificates from elsewhere, at the time that the token says: a token outlives its certificate.
 * Revocation is not looked up.
 */
#ifndef KONSEKI_TIMESTAMP_H
#define KONSEKI_TIMESTAMP_H

#include "buf.h"
#include "err.h"

/* Appends a DER TimeStampReq for the line. */
enum status timestamp_query(struct buf *out, struct str line, struct err *err) MUST_CHECK;
/* Tests that a DER TimeStampResp was granted and is for this line; says nothing of who signed it.
 */
enum status timestamp_fits(struct str reply, struct str line, struct err *err) MUST_CHECK;
/* Tests the reply wholly; *time_ns is when the line existed at the latest. DAMAGED: it does not
 * hold; BAD_INPUT: the CA file cannot be used. */
enum status timestamp_check(int64_t *time_ns, struct str reply, struct str line,
                            const char *ca_path, struct err *err) MUST_CHECK;
/* Asks an authority by HTTP POST; appends its reply (tested with timestamp_fits). The URL must be
 * http: the reply needs no secrecy and carries its own signature. */
enum status timestamp_ask(struct buf *reply, const char *url, struct str line,
                          struct err *err) MUST_CHECK;

#endif
