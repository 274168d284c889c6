#include "duckdb_library.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"

/* Below the folder of the program: where `npm install --prefix FOLDER` puts it. */
static const char *const beside_program[] = {
    "libduckdb.so",
    "node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so",
    "node_modules/@duckdb/node-bindings-linux-arm64/libduckdb.so",
};

static const struct {
    const char *name;
    size_t offset;
} functions[] = {
#define API(result, name, arguments) {"duckdb_" #name, offsetof(struct duckdb_library, name)},
#include "duckdb_api.def"
};

static void *open_beside_program(void) {
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program);
    struct str folder = str_make(program, length > 0 ? (size_t)length : 0);
    size_t slash = str_rfind_char(folder, '/');
    void *library = NULL;
    if (slash == STR_NONE || (size_t)length == sizeof program) {
        return NULL;
    }
    struct buf path = BUF_INIT;
    for (size_t i = 0; i < sizeof beside_program / sizeof *beside_program && library == NULL; i++) {
        buf_clear(&path);
        buf_add(&path, str_head(folder, slash + 1));
        buf_printf(&path, "%s", beside_program[i]);
        buf_putc(&path, '\0');
        library = access(path.ptr, R_OK) == 0 ? dlopen(path.ptr, RTLD_NOW | RTLD_LOCAL) : NULL;
    }
    buf_fini(&path);
    return library;
}

/* NULL with *why (of the loader, or NULL) when there is none. */
static void *open_library(const char *path, const char **why) {
    const char *named = path != NULL ? path : getenv("KONSEKI_DUCKDB");
    void *library = NULL;
    *why = NULL;
    if (named != NULL && named[0] != '\0') {
        library = dlopen(named, RTLD_NOW | RTLD_LOCAL);
        *why = library == NULL ? dlerror() : NULL;
        return library;
    }
    library = open_beside_program();
    return library != NULL ? library : dlopen("libduckdb.so", RTLD_NOW | RTLD_LOCAL);
}

enum status duckdb_library_open(struct duckdb_library *out, const char *path, struct err *err) {
    const char *why;
    void *library = open_library(path, &why);
    if (library == NULL && why != NULL) {
        return err_set(err, STATUS_NOT_FOUND, "DuckDB's library cannot be loaded: %s", why);
    }
    if (library == NULL) {
        return err_set(
            err, STATUS_NOT_FOUND,
            "Parquet needs DuckDB's library libduckdb.so, which is not here; get it with"
            " `npm install --prefix DIR @duckdb/node-bindings-linux-x64` and name the file"
            " with --duckdb-library or KONSEKI_DUCKDB (docs/manual/export.md)");
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *function = dlsym(library, functions[i].name);
        if (function == NULL) {
            return err_set(
                err, STATUS_NOT_FOUND,
                "DuckDB's library has no function %s; install a newer one (1.2 or later)",
                functions[i].name);
        }
        memcpy((char *)out + functions[i].offset, &function, sizeof function);
    }
    return STATUS_OK;
}
