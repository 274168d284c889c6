#include "store_zone.h"

#include "buf.h"
#include "file_io.h"

enum { ZONE_FILE_LIMIT_BYTES = 256 };

static const char *file_path(struct buf *path, const char *store_path) {
    buf_clear(path);
    buf_printf(path, "%s/time_zone", store_path);
    buf_putc(path, '\0');
    return path->ptr;
}

enum status store_zone_save(const char *store_path, const struct zone *zone, struct err *err) {
    if (str_eq(zone_name(store_zone_load(store_path)), zone_name(zone))) {
        return STATUS_OK;
    }
    struct buf text = BUF_INIT;
    struct buf path = BUF_INIT;
    buf_printf(&text, "%.*s\n", STR_ARG(zone_name(zone)));
    enum status status =
        file_replace(file_path(&path, store_path), FILE_APPEND, buf_str(&text), err);
    buf_fini(&text);
    buf_fini(&path);
    return status;
}

const struct zone *store_zone_load(const char *store_path) {
    const struct zone *zone = zone_utc();
    struct buf path = BUF_INIT;
    struct file_map map;
    if (file_map(&map, file_path(&path, store_path), true, NULL) == STATUS_OK) {
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
