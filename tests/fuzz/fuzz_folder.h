/* A folder of the process for targets whose reader opens files; removed at the end. */
#ifndef KONSEKI_FUZZ_FOLDER_H
#define KONSEKI_FUZZ_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "buf.h"
#include "check.h"
#include "file_io.h"

static char fuzz_folder_path[64];

static inline int fuzz_remove_entry(const char *path, const struct stat *st, int type,
                                    struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline void fuzz_folder_remove(void) {
    (void)nftw(fuzz_folder_path, fuzz_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Its path; made by the first call. */
static inline const char *fuzz_folder(void) {
    if (fuzz_folder_path[0] == '\0') {
        (void)snprintf(fuzz_folder_path, sizeof fuzz_folder_path, "%s", "/tmp/konseki-fuzz-XXXXXX");
        CHECK(mkdtemp(fuzz_folder_path) != NULL);
        CHECK(atexit(fuzz_folder_remove) == 0);
    }
    return fuzz_folder_path;
}

/* The file FOLDER/name is `bytes` from now on. */
static inline void fuzz_folder_write(const char *name, struct str bytes) {
    struct buf path = BUF_INIT;
    struct err err = ERR_INIT;
    buf_printf(&path, "%s/%s", fuzz_folder(), name);
    buf_putc(&path, '\0');
    CHECK(file_remove(path.ptr, &err) == STATUS_OK);
    CHECK(file_write_whole(path.ptr, FILE_APPEND, bytes, &err) == STATUS_OK);
    buf_fini(&path);
}

#endif
