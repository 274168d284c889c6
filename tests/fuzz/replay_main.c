/*
 * Runs a fuzz target over files: the committed corpus in the tests, or a crash to look at.
 *     fuzz_NAME PATH...      files or folders
 * Each input is handed over in a buffer of exactly its size, so that a sanitizer sees any access
 * beyond it.
 */
#include <stdio.h>

#include "input_file.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status run_one(const char *path, void *ctx) {
    size_t *count = ctx;
    struct input_file file;
    struct err err = ERR_INIT;
    if (input_file_open(&file, path, &err) != STATUS_OK) {
        return err.status;
    }
    uint8_t *copy = mem_alloc(file.size_bytes);
    if (file.size_bytes > 0) {
        memcpy(copy, file.bytes, file.size_bytes);
    }
    (void)LLVMFuzzerTestOneInput(copy, file.size_bytes);
    mem_free(copy);
    input_file_close(&file);
    (*count)++;
    return STATUS_OK;
}

static void report(const char *path, const struct err *err, void *ctx) {
    (void)path;
    (void)ctx;
    fprintf(stderr, "%s\n", err->message);
}

int main(int argc, char **argv) {
    size_t count = 0;
    bool good = argc > 1;
    for (int i = 1; i < argc; i++) {
        good = input_walk(argv[i], run_one, report, &count) == STATUS_OK && good;
    }
    printf("%zu inputs replayed\n", count);
    printf("%zu passed, %d failed\n", count, good && count > 0 ? 0 : 1);
    return good && count > 0 ? 0 : 1;
}
