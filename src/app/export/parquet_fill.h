/*
 * Rows into DuckDB's vectors: a data chunk has one vector a column, a vector typed cells, a mask of
 * those that are NULL, and for lists a child vector with the items of all rows one behind another.
 * Cost: one pass over the rows' values. Threads: one (DuckDB's).
 */
#ifndef KONSEKI_PARQUET_FILL_H
#define KONSEKI_PARQUET_FILL_H

#include "duckdb_library.h"
#include "parquet_columns.h"

struct parquet_fill;

/* Both must live as long as the object; the columns are finished. */
struct parquet_fill *parquet_fill_create(const struct duckdb_library *duck,
                                         const struct parquet_columns *columns);
void parquet_fill_destroy(struct parquet_fill **fill);
/* Fills all columns; the batch has at most as many rows as a vector. */
void parquet_fill_chunk(struct parquet_fill *fill, void *chunk, const struct batch *batch);

#endif
