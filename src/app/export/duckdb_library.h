/*
 * DuckDB's shared library (libduckdb.so, MIT licence), loaded when it is needed: konseki itself is
 * neither built nor linked with it. Looked for, in this order: the given file, the environment
 * variable KONSEKI_DUCKDB, node_modules beside the program, the system's library folders.
 *
 * The current folder is never searched: a library is code. Threads: any, after it is open. A
 * library stays loaded to the end of the process.
 */
#ifndef KONSEKI_DUCKDB_LIBRARY_H
#define KONSEKI_DUCKDB_LIBRARY_H

#include "err.h"

/* As the C interface lays it out; only the library looks inside. */
struct duckdb_result {
    uint64_t counts[3];
    void *pointers[3];
};

/* Numbers of the C interface's enum duckdb_type. */
enum duckdb_type {
    DUCKDB_BOOLEAN = 1,
    DUCKDB_BIGINT = 5,
    DUCKDB_DOUBLE = 11,
    DUCKDB_VARCHAR = 17,
    DUCKDB_TIMESTAMP_NS = 22
};

/* Place of a list in its child vector. */
struct duckdb_list_entry {
    uint64_t offset;
    uint64_t length;
};

struct duckdb_library {
#define API(result, name, arguments) result(*name) arguments;
#include "duckdb_api.def"
};

/* NOT_FOUND: no library, or it lacks a function; the message says what to install. `path` may be
 * NULL. */
enum status duckdb_library_open(struct duckdb_library *out, const char *path,
                                struct err *err) MUST_CHECK;

#endif
