/*
 * The columns of a Parquet file, learned from the rows that will stand in it (export_parquet.h).
 * Survey each row, then finish once; after that the list is constant and may be read by any thread.
 *
 * A column shows the first of its fields that a row has. Its type is the schema's; text columns are
 * lists if some row has several values. What does not fit goes to the column "konseki.other" (texts
 * NAME=VALUE): values that are not what their type says, second values of typed columns, and fields
 * beyond the 1,000 that occur most often, so that no log can make the file as wide as it likes.
 */
#ifndef KONSEKI_PARQUET_COLUMNS_H
#define KONSEKI_PARQUET_COLUMNS_H

#include "query.h"

struct parquet_column {
    char *name; /* unique, also without regard to case */
    const uint32_t *fields;
    size_t field_count;
    enum field_type type; /* IP and KEYWORD: text */
    bool is_list;
    bool is_other; /* konseki.other */
};

struct parquet_columns;

struct parquet_columns *parquet_columns_create(const struct query_output *output);
void parquet_columns_destroy(struct parquet_columns **columns);
void parquet_columns_survey(struct parquet_columns *columns, const struct batch *batch,
                            const struct row *row);
void parquet_columns_finish(struct parquet_columns *columns);
const struct parquet_column *parquet_columns_get(const struct parquet_columns *columns,
                                                 size_t *count);
/* Bytes of text in a row on average. */
uint64_t parquet_columns_row_bytes(const struct parquet_columns *columns);
#define PARQUET_NO_COLUMN SIZE_MAX
/* The column of a field that is a value and the only one of its column; "konseki.other" for fields
 * without one. NO_COLUMN: the field is not wanted, or its column needs parquet_field_values. */
size_t parquet_columns_find(const struct parquet_columns *columns, uint32_t field);
/* The index of "konseki.other", or NO_COLUMN. */
size_t parquet_columns_other(const struct parquet_columns *columns);

/* The values of one field in a row, in order, attributes too: calls `take` for each. */
typedef void parquet_value_fn(struct str text, void *ctx);
void parquet_field_values(const struct batch *batch, const struct row *row, uint32_t field,
                          struct buf *scratch, parquet_value_fn *take, void *ctx);
/* Is the text what the type says? Anything is text. */
bool parquet_keeps_type(struct str text, enum field_type type);

#endif
