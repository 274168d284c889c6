#include "store_zone.h"

#include "buf.h"
#include "file_io.h"

enum { ZONE_FILE_LIMIT_BYTES = 256 };

static const char *file_path(struct buf *path, const char *store_path, const char *suffix) {
    buf_clear(path);
    buf_printf(path, "%s/time_zone%s", store_path, suffix);
    buf_putc(path, '\0');
    return path->ptr;
}

static enum status write_new(const char *path, const struct zone *zone, struct err *err) {
    struct file file = FILE_INIT;
    struct str name = zone_name(zone);
    enum status status = file_remove(path, err);
    if (status == STATUS_OK) {
        status = file_open(&file, path, FILE_CREATE_NEW, err);
    }
    if (status == STATUS_OK) {
        status = file_append(&file, name.ptr, name.len, err);
    }
    if (status == STATUS_OK) {
        status = file_append(&file, "\n", 1, err);
    }
    file_close(&file);
    return status;
}

enum status store_zone_save(const char *store_path, const struct zone *zone, struct err *err) {
    if (str_eq(zone_name(store_zone_load(store_path)), zone_name(zone))) {
        return STATUS_OK;
    }
    struct buf fresh = BUF_INIT;
    struct buf path = BUF_INIT;
    enum status status = write_new(file_path(&fresh, store_path, ".new"), zone, err);
    if (status == STATUS_OK) {
        status = file_rename(fresh.ptr, file_path(&path, store_path, ""), err);
    }
    buf_fini(&fresh);
    buf_fini(&path);
    return status;
}

const struct zone *store_zone_load(const char *store_path) {
    const struct zone *zone = zone_utc();
    struct buf path = BUF_INIT;
    struct file_map map;
    if (file_map(&map, file_path(&path, store_path, ""), true, NULL) == STATUS_OK) {
        struct str text = str_make((const char *)map.bytes, map.size_bytes);
        if (text.len <= ZONE_FILE_LIMIT_BYTES &&
            zone_open(&zone, str_trim(text), NULL) != STATUS_OK) {
            zone = zone_utc();
        }
        file_unmap(&map);
    }
    buf_fini(&path);
    return zone;
}
