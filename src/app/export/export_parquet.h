/*
 * Events as a Parquet file, written by DuckDB's shared library, which is loaded when it is needed
 * (docs/manual/export.md says how to get it).
 *
 *   create -> survey each row -> begin -> add each row -> publish
 *
 * The survey learns the columns: one a field that occurs. Types follow the schema (LONG: BIGINT,
 * DOUBLE, BOOL, times: TIMESTAMP_NS in UTC; addresses and the rest: VARCHAR); a column with a value
 * that is not what its type says is text, a field that occurs twice in a row is a list. So nothing
 * is lost. With columns named by the query (`fields a, b`) only these.
 *
 * Threads: DuckDB pulls rows in a thread of its own while the caller adds them; between them lie a
 * few chunks of 2,048 rows. Memory: DuckDB is held to 176 MB, row groups are smaller with many
 * columns. Failures: NOT_FOUND (no library; the message says what to install), ENVIRONMENT.
 */
#ifndef KONSEKI_EXPORT_PARQUET_H
#define KONSEKI_EXPORT_PARQUET_H

#include "query.h"

struct export_parquet;

struct export_parquet_options {
    const char *path;
    const char *library; /* NULL: KONSEKI_DUCKDB, else the usual places */
    const struct query_output *output;
};

enum status export_parquet_create(struct export_parquet **out,
                                  const struct export_parquet_options *options,
                                  struct err *err) MUST_CHECK;
void export_parquet_survey(struct export_parquet *parquet, const struct batch *batch,
                           const struct row *row);
enum status export_parquet_begin(struct export_parquet *parquet, struct err *err) MUST_CHECK;
enum status export_parquet_add(struct export_parquet *parquet, const struct batch *batch,
                               const struct row *row, struct err *err) MUST_CHECK;
enum status export_parquet_publish(struct export_parquet *parquet, struct err *err) MUST_CHECK;
/* Of the published file. */
uint64_t export_parquet_bytes(const struct export_parquet *parquet);
/* Stops the thread, removes what was not published. NULL is fine. */
void export_parquet_destroy(struct export_parquet **parquet);

#endif
