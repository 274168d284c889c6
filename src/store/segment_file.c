#include "segment_file.h"

#include "file_io.h"

enum status segment_file_write(const char *path, struct str bytes, struct err *err) {
    struct file f = FILE_INIT;
    enum status status = file_open(&f, path, FILE_CREATE_NEW, err);
    if (status == STATUS_OK) {
        status = file_append(&f, bytes.ptr, bytes.len, err);
    }
    if (status == STATUS_OK) {
        status = file_sync(&f, err);
    }
    bool made = f.fd >= 0;
    file_close(&f);
    struct err ignored; /* gives the space back; if it fails, the next opening does it */
    if (status != STATUS_OK && made && file_remove(path, &ignored) != STATUS_OK) {
        status = STATUS_ENVIRONMENT;
    }
    return status;
}
