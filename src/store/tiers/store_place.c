/* Where a segment's file is: in the store's folder, or in an archive that may be offline. */
#include "mem.h"
#include "segment.h"
#include "store_path.h"
#include "store_priv.h"

const char *store_segment_path(struct buf *out, const struct store *s,
                               const struct segment_info *info) {
    if (info->place == 0) {
        return store_path_segment(out, s->path, info->number);
    }
    const struct archive *a = archives_find(&s->archives, info->place);
    return a != NULL && a->is_online ? archive_segment_path(out, a->path.ptr, info->number) : NULL;
}

enum status store_need_segment(const char **path, struct buf *out, const struct store *s,
                               const struct segment_info *info, struct err *err) {
    *path = store_segment_path(out, s, info);
    if (*path != NULL) {
        return STATUS_OK;
    }
    const struct archive *a = archives_find(&s->archives, info->place);
    struct str label = a != NULL ? a->label : STR("?");
    return err_set(err, STATUS_ENVIRONMENT,
                   "rows %llu to %llu lie in the archive \"%.*s\" (%016llx), which is offline;"
                   " mount it, or tell where it is with konseki archive attach",
                   (unsigned long long)info->arrival_first, (unsigned long long)info->arrival_last,
                   STR_ARG(label), (unsigned long long)info->place);
}

enum status store_open_segment(struct segment **out, const struct store *s,
                               const struct segment_info *info, struct err *err) {
    struct buf name = BUF_INIT;
    const char *path;
    enum status status = store_need_segment(&path, &name, s, info, err);
    if (status == STATUS_OK) {
        status = segment_open(out, path, err);
        status = status == STATUS_NOT_FOUND ? STATUS_DAMAGED : status;
    }
    buf_fini(&name);
    return status;
}

/* --- what scans could not look at --- */

void store_note_missing(struct store *s, const struct segment_info *info) {
    for (size_t i = 0; i < s->missing_count; i++) {
        if (s->missing[i] == info->number) {
            return;
        }
    }
    MEM_GROW(s->missing, s->missing_capacity, s->missing_count + 1);
    s->missing[s->missing_count++] = info->number;
}

static void add_missing(struct store_missing *out, const struct segment_info *info) {
    if (out->segments == 0 || info->time_min < out->time_min) {
        out->time_min = info->time_min;
    }
    if (out->segments == 0 || info->time_max > out->time_max) {
        out->time_max = info->time_max;
    }
    out->segments++;
    out->rows += info->rows;
    out->datasets |= UINT64_C(1) << info->dataset;
}

bool store_get_missing(const struct store *s, size_t index, struct store_missing *out) {
    size_t seen = 0;
    for (size_t i = 0; i < s->archives.count; i++) {
        const struct archive *a = &s->archives.items[i];
        *out = (struct store_missing){.id = a->id, .label = a->label, .path = a->path};
        for (size_t k = 0; k < s->missing_count; k++) {
            const struct segment_info *info = chain_find_segment(&s->chain, s->missing[k]);
            if (info != NULL && info->place == a->id) {
                add_missing(out, info);
            }
        }
        if (out->segments > 0 && seen++ == index) {
            return true;
        }
    }
    return false;
}
