#include "wal.h"

#include "batch_wire.h"
#include "bytes.h"
#include "hash.h"
#include "mem.h"
#include "num.h"
#include "store_path.h"
#include "wire.h"

/* Frame: "KWAL", kind (le32), payload length (le32), 0 (le32), synced (le64), XXH3-64 of the 24
 * bytes before and the payload's own XXH3-64 (le64), payload. */
enum { FRAME_BATCH = 1, FRAME_COMMIT = 2, FRAME_HEAD_BYTES = 32, MAX_PAYLOAD_BYTES = 1 << 30 };

enum status wal_create(struct wal *out, const char *store, uint64_t number, struct err *err) {
    struct buf name = BUF_INIT;
    *out = WAL_INIT;
    out->number = number;
    enum status status =
        file_open(&out->file, store_path_log(&name, store, number), FILE_CREATE_NEW, err);
    if (status == STATUS_OK) {
        status = file_sync_dir(store_path(&name, store, "wal"), err);
    }
    buf_fini(&name);
    if (status != STATUS_OK) {
        wal_close(out);
    }
    return status;
}

void wal_close(struct wal *w) {
    file_close(&w->file);
    buf_fini(&w->frame);
    *w = WAL_INIT;
}

static uint64_t frame_checksum(const char *head, struct str payload) {
    char input[32];
    memcpy(input, head, 24);
    bytes_put_le64(input + 24, hash_str(payload));
    return hash_bytes(input, sizeof input);
}

/* w->frame holds room for the head and the payload. */
static enum status write_frame(struct wal *w, uint32_t kind, struct err *err) {
    char *head = w->frame.ptr;
    struct str payload = str_skip(buf_str(&w->frame), FRAME_HEAD_BYTES);
    memcpy(head, "KWAL", 4);
    bytes_put_le32(head + 4, kind);
    bytes_put_le32(head + 8, (uint32_t)payload.len);
    bytes_put_le32(head + 12, 0);
    bytes_put_le64(head + 16, w->synced);
    bytes_put_le64(head + 24, frame_checksum(head, payload));
    return file_append(&w->file, w->frame.ptr, w->frame.len, err);
}

static void begin_frame(struct wal *w) {
    buf_clear(&w->frame);
    memset(buf_reserve(&w->frame, FRAME_HEAD_BYTES), 0, FRAME_HEAD_BYTES);
    w->frame.len = FRAME_HEAD_BYTES;
}

enum status wal_append(struct wal *w, const struct batch *batch, struct err *err) {
    begin_frame(w);
    batch_wire_encode(&w->frame, batch);
    if (w->frame.len - FRAME_HEAD_BYTES > MAX_PAYLOAD_BYTES) {
        return err_set(err, STATUS_BAD_INPUT,
                       "a batch of %zu bytes is too big for the log: at most %d; use smaller"
                       " batches",
                       w->frame.len, MAX_PAYLOAD_BYTES);
    }
    return write_frame(w, FRAME_BATCH, err);
}

enum status wal_commit(struct wal *w, uint64_t arrival_end, struct err *err) {
    begin_frame(w);
    wire_put_u64(&w->frame, arrival_end);
    enum status status = write_frame(w, FRAME_COMMIT, err);
    if (status == STATUS_OK) {
        status = file_sync(&w->file, err);
    }
    if (status == STATUS_OK) {
        w->synced = w->file.size_bytes;
    }
    return status;
}

/* --- reading --- */

struct frame {
    uint32_t kind;
    uint64_t synced;
    struct str payload;
    size_t len; /* of the whole frame */
};

static bool take_frame(struct frame *out, struct str rest) {
    if (rest.len < FRAME_HEAD_BYTES || memcmp(rest.ptr, "KWAL", 4) != 0) {
        return false;
    }
    uint32_t len = bytes_le32(rest.ptr + 8);
    if (len > MAX_PAYLOAD_BYTES || len > rest.len - FRAME_HEAD_BYTES) {
        return false;
    }
    out->kind = bytes_le32(rest.ptr + 4);
    out->synced = bytes_le64(rest.ptr + 16);
    out->payload = str_make(rest.ptr + FRAME_HEAD_BYTES, len);
    out->len = FRAME_HEAD_BYTES + (size_t)len;
    return bytes_le64(rest.ptr + 24) == frame_checksum(rest.ptr, out->payload);
}

/* The highest offset that a whole frame in `bytes` (from `at` on) knew to be on disk. */
static uint64_t find_synced(struct str bytes, size_t at) {
    uint64_t synced = 0;
    for (;;) {
        struct str rest = str_skip(bytes, at);
        size_t next = str_find(rest, STR("KWAL"));
        if (next == STR_NONE) {
            return synced;
        }
        at += next;
        struct frame f;
        bool whole = take_frame(&f, str_skip(bytes, at));
        if (whole && f.synced > synced) {
            synced = f.synced;
        }
        at += whole ? f.len : 1;
    }
}

/* End of the last group: walks over whole frames. */
static size_t find_end(struct str bytes, size_t *bad_at) {
    size_t at = 0;
    size_t end = 0;
    struct frame f;
    while (take_frame(&f, str_skip(bytes, at))) {
        at += f.len;
        end = f.kind == FRAME_COMMIT ? at : end;
    }
    *bad_at = at;
    return end;
}

static enum status replay_bytes(struct str bytes, const char *path, wal_visit_fn *visit, void *ctx,
                                struct err *err) {
    struct batch batch;
    batch_init(&batch);
    enum status status = STATUS_OK;
    struct frame f;
    for (size_t at = 0; at < bytes.len && status == STATUS_OK; at += f.len) {
        if (!take_frame(&f, str_skip(bytes, at))) {
            break; /* cannot be: find_end walked over it */
        }
        if (f.kind != FRAME_BATCH) {
            continue;
        }
        if (!batch_wire_decode(&batch, f.payload)) {
            status =
                err_set(err, STATUS_DAMAGED, "%s: the batch at byte %zu is malformed", path, at);
        } else {
            status = visit(&batch, ctx, err);
        }
    }
    batch_fini(&batch);
    return status;
}

enum status wal_replay(uint64_t *torn_bytes, const char *path, wal_visit_fn *visit, void *ctx,
                       struct err *err) {
    struct file_map map;
    enum status status = file_map(&map, path, true, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct str bytes = str_make((const char *)map.bytes, map.size_bytes);
    size_t bad_at = 0;
    size_t end = find_end(bytes, &bad_at);
    *torn_bytes = bytes.len - end;
    if (bad_at < bytes.len && find_synced(bytes, bad_at) > bad_at) {
        status = err_set(err, STATUS_DAMAGED,
                         "the log %s is damaged at byte %zu, before rows that were acknowledged;"
                         " restore it from a backup",
                         path, bad_at);
    } else {
        status = replay_bytes(str_head(bytes, end), path, visit, ctx, err);
    }
    file_unmap(&map);
    return status;
}

struct number_list {
    uint64_t *numbers;
    size_t count;
    size_t capacity;
    uint64_t from;
};

static void add_number(const char *name, void *ctx) {
    struct number_list *list = ctx;
    struct str text = str_from_c(name);
    uint64_t number;
    if (str_ends(text, STR(".wal")) && num_parse_u64(&number, str_head(text, text.len - 4)) &&
        number >= list->from) {
        MEM_GROW(list->numbers, list->capacity, list->count + 1);
        list->numbers[list->count++] = number;
    }
}

enum status wal_list(uint64_t **out, size_t *count, const char *store, uint64_t from,
                     struct err *err) {
    struct buf dir = BUF_INIT;
    struct number_list list = {.from = from};
    enum status status = file_list(store_path(&dir, store, "wal"), add_number, &list, err);
    buf_fini(&dir);
    if (status != STATUS_OK) {
        mem_free(list.numbers);
        return status;
    }
    *out = list.numbers; /* names have ten digits or more: bytewise order is that of numbers */
    *count = list.count;
    return STATUS_OK;
}
