#include "archive_list.h"

#include "chain.h"
#include "file_io.h"
#include "mem.h"
#include "note_text.h"
#include "num.h"
#include "store_path.h"

enum { DESCRIPTION_MAX_BYTES = 64 << 10 };

/* --- the description --- */

static bool parse_description(uint64_t *id, struct buf *label, struct buf *store_key,
                              struct str text) {
    struct buf value = BUF_INIT;
    bool good = note_get(&value, text, STR("format")) && str_eq(buf_str(&value), STR("1")) &&
                note_get(&value, text, STR("id")) && num_parse_hex(id, buf_str(&value)) &&
                *id != 0 && *id != UINT64_MAX && note_get(store_key, text, STR("store"));
    (void)note_get(label, text, STR("label"));
    buf_fini(&value);
    return good;
}

enum status archive_identify(uint64_t *id, struct buf *label, struct buf *store_key,
                             const char *folder, struct err *err) {
    struct buf path = BUF_INIT;
    struct file_map map;
    enum status status =
        file_map(&map, store_path(&path, folder, "%s", ARCHIVE_DESCRIPTION), true, err);
    if (status == STATUS_OK) {
        struct str text = str_make((const char *)map.bytes, map.size_bytes);
        if (text.len > DESCRIPTION_MAX_BYTES ||
            !parse_description(id, label, store_key, str_trim(text))) {
            status = err_set(err, STATUS_BAD_INPUT,
                             "%s is no description of a konseki archive that this version reads",
                             path.ptr);
        }
        file_unmap(&map);
    }
    buf_fini(&path);
    return status;
}

const char *archive_segment_path(struct buf *out, const char *folder, uint64_t number) {
    return store_path_segment(out, folder, number);
}

/* --- the list --- */

static struct archive *find(const struct archives *a, uint64_t id) {
    for (size_t i = 0; i < a->count; i++) {
        if (a->items[i].id == id) {
            return &a->items[i];
        }
    }
    return NULL;
}

const struct archive *archives_find(const struct archives *a, uint64_t id) {
    return find(a, id);
}

static struct str keep(struct archives *a, const struct buf *text) {
    return arena_str(&a->arena, buf_str(text));
}

static struct archive *find_or_add(struct archives *a, uint64_t id) {
    struct archive *archive = find(a, id);
    if (archive == NULL) {
        MEM_GROW(a->items, a->capacity, a->count + 1);
        archive = &a->items[a->count++];
        *archive = (struct archive){.id = id,
                                    .label = STR_EMPTY,
                                    .path = STR_EMPTY,
                                    .time_min = TIME_NONE,
                                    .time_max = TIME_NONE};
    }
    return archive;
}

static void take_note(struct archives *a, struct str text) {
    struct buf value = BUF_INIT;
    uint64_t id;
    if (note_get(&value, text, STR("id")) && num_parse_hex(&id, buf_str(&value))) {
        struct archive *archive = find_or_add(a, id);
        if (note_get(&value, text, STR("label"))) {
            archive->label = keep(a, &value);
        }
        if (note_get(&value, text, STR("path"))) {
            archive->path = keep(a, &value);
        }
    }
    buf_fini(&value);
}

static void count_segment(struct archives *a, const struct segment_info *s) {
    if (s->place == 0) {
        return;
    }
    struct archive *archive = find_or_add(a, s->place); /* no note names it: offline, but counted */
    if (archive->segments == 0 || s->time_min < archive->time_min) {
        archive->time_min = s->time_min;
    }
    if (archive->segments == 0 || s->time_max > archive->time_max) {
        archive->time_max = s->time_max;
    }
    archive->segments++;
    archive->rows += s->rows;
    archive->bytes += s->file_bytes;
    archive->datasets |= UINT64_C(1) << s->dataset;
}

static void look(struct archive *archive) {
    struct buf label = BUF_INIT;
    struct buf key = BUF_INIT;
    struct err ignored;
    uint64_t id = 0;
    archive->is_online =
        archive->path.len > 0 &&
        archive_identify(&id, &label, &key, archive->path.ptr, &ignored) == STATUS_OK &&
        id == archive->id;
    buf_fini(&label);
    buf_fini(&key);
}

void archives_load(struct archives *out, const struct chain *chain) {
    archives_fini(out);
    for (size_t i = 0; i < chain->note_count; i++) {
        if (str_eq(chain->notes[i].kind, STR("archive"))) {
            take_note(out, chain->notes[i].text);
        }
    }
    for (size_t i = 0; i < chain->segment_count; i++) {
        count_segment(out, &chain->segments[i]);
    }
    for (size_t i = 0; i < out->count; i++) {
        look(&out->items[i]);
    }
}

void archives_fini(struct archives *a) {
    mem_free(a->items);
    arena_fini(&a->arena);
    memset(a, 0, sizeof *a);
}
