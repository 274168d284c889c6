#include "restore.h"

#include "evidence.h"
#include "export_lines.h"
#include "json_shim.h"
#include "json_text.h"
#include "mem.h"
#include "num.h"
#include "restore_lines.h"
#include "sha256.h"
#include "store_restore.h"

enum { BATCH_ROWS = 4096, BATCH_BYTES = 8 << 20 };

/* What the tail says. */
struct tail {
    struct json_reader *json;
    struct buf text;
    uint64_t lines;
    bool has_lines;
    struct buf sha256;
};

struct restore {
    const struct input_file *file;
    struct ingest *ingest; /* NULL: only checking */
    struct store *store;
    struct evidence_reader *reader;
    struct batch batch;
    struct sha256 hash;
    struct tail tail;
    struct intern sources; /* checking: last number by id */
    uint64_t *last;
    size_t last_capacity;
    uint64_t lines;
    struct parse_input_counts *counts;
    struct err *err;
};

bool restore_is_export(const struct input_file *file) {
    struct str bytes = str_make((const char *)file->bytes, file->size_bytes);
    if (str_starts(bytes, STR(EXPORT_HEAD_START))) {
        return true;
    }
    if (!str_starts(bytes, STR("\x28\xb5\x2f\xfd"))) {
        return false;
    }
    struct restore_lines *lines = restore_lines_open(bytes);
    struct str line = STR_EMPTY;
    bool more = false;
    struct err ignored = ERR_INIT;
    bool found = restore_lines_next(lines, &line, &more, &ignored) == STATUS_OK && more &&
                 str_starts(line, STR(EXPORT_HEAD_START));
    restore_lines_close(&lines);
    return found;
}

/* --- head and tail --- */

static void take_tail(void *ctx, const struct json_leaf *leaf) {
    struct tail *tail = ctx;
    if (str_eq(leaf->path, STR("konseki.export.end.events"))) {
        tail->has_lines = num_parse_u64(&tail->lines, leaf->slice);
    } else if (str_eq(leaf->path, STR("konseki.export.end.sha256"))) {
        buf_clear(&tail->sha256);
        buf_add(&tail->sha256, leaf->slice);
    }
}

static bool read_object(struct restore *r, struct str line, json_leaf_fn *leaf, void *ctx) {
    buf_clear(&r->tail.text);
    buf_add(&r->tail.text, line);
    memset(buf_reserve(&r->tail.text, JSON_PADDING_BYTES), 0, JSON_PADDING_BYTES);
    return json_reader_read(r->tail.json, buf_str(&r->tail.text), leaf, ctx) == JSON_OK;
}

static enum status check_head(struct restore *r, struct str line) {
    struct str version = str_skip(line, STR(EXPORT_HEAD_START).len);
    if (!str_starts(line, STR(EXPORT_HEAD_START))) {
        return err_set(r->err, STATUS_BAD_INPUT, "it has no head line of an export");
    }
    if (version.len < 2 || version.ptr[0] != '0' + EXPORT_FORMAT || version.ptr[1] != ',') {
        return err_set(r->err, STATUS_BAD_INPUT,
                       "it is an export of a version that this program does not know");
    }
    return STATUS_OK;
}

/* `hash`: of all bytes before the line. */
static enum status check_tail(struct restore *r, struct str line, struct sha256 hash) {
    struct tail *tail = &r->tail;
    uint8_t digest[SHA256_BYTES];
    char hex[SHA256_HEX_BYTES];
    tail->has_lines = false;
    sha256_finish(&hash, digest);
    sha256_hex(hex, digest);
    if (!read_object(r, line, take_tail, tail) || !tail->has_lines || tail->lines != r->lines ||
        !str_eq(buf_str(&tail->sha256), str_make(hex, sizeof hex))) {
        return err_set(r->err, STATUS_BAD_INPUT,
                       "its last line names other lines than it has: it was changed or cut");
    }
    return STATUS_OK;
}

/* --- imported files --- */

struct input_line {
    struct store_input input;
    struct buf path;
    unsigned seen; /* members, as bits */
};

static void take_input_member(void *ctx, const struct json_leaf *leaf) {
    struct input_line *l = ctx;
    bool has_zone = false;
    struct str name = str_skip(leaf->path, STR("konseki.export.input.").len);
    if (str_eq(name, STR("sha256"))) {
        l->seen |= sha256_from_hex(l->input.sha256, leaf->slice) ? 1 : 0;
    } else if (str_eq(name, STR("path"))) {
        buf_clear(&l->path);
        (void)json_text_decode(&l->path, leaf->slice);
        l->seen |= 2;
    } else if (str_eq(name, STR("bytes"))) {
        l->seen |= num_parse_u64(&l->input.bytes, leaf->slice) ? 4 : 0;
    } else if (str_eq(name, STR("events"))) {
        l->seen |= num_parse_u64(&l->input.events, leaf->slice) ? 8 : 0;
    } else if (str_eq(name, STR("time"))) {
        l->seen |= civil_parse_rfc3339(&l->input.imported_ns, &has_zone, leaf->slice) ? 16 : 0;
    }
}

/* The store knows the file from now on, so that its content is not taken twice. */
static enum status take_input(struct restore *r, struct str line) {
    struct input_line l = {.path = BUF_INIT};
    struct store_input known;
    enum status status = STATUS_OK;
    bool good = read_object(r, line, take_input_member, &l) && l.seen == 31;
    if (!good) {
        status = err_set(r->err, STATUS_BAD_INPUT, "a line about an imported file is malformed");
    } else if (r->ingest != NULL && !store_find_input(r->store, l.input.sha256, &known)) {
        l.input.path = buf_str(&l.path);
        status = store_note_input(r->store, &l.input, r->err);
    }
    buf_fini(&l.path);
    return status;
}

/* --- rows --- */

/* Checking: the numbers of each source rise, from those that the store has. */
static enum status check_numbers(struct restore *r) {
    for (size_t i = 0; i < r->batch.row_count; i++) {
        const struct row *row = &r->batch.rows[i];
        struct str source = intern_text(&r->batch.names, row->source);
        uint32_t known = r->sources.count;
        uint32_t id = intern_add(&r->sources, source);
        MEM_GROW(r->last, r->last_capacity, (size_t)id + 1);
        if (id == known) {
            r->last[id] = store_last_sequence(r->store, source);
        }
        if (row->sequence <= r->last[id]) {
            return err_set(r->err, STATUS_BAD_INPUT,
                           "event %.*s-%llu cannot come back: the store, or an earlier line, has"
                           " numbers of this source up to %llu; restore into a new store, parts in"
                           " their order",
                           STR_ARG(source), (unsigned long long)row->sequence,
                           (unsigned long long)r->last[id]);
        }
        r->last[id] = row->sequence;
    }
    return STATUS_OK;
}

static void count_rows(struct restore *r) {
    struct parse_input_counts *c = r->counts;
    for (size_t i = 0; i < r->batch.row_count; i++) {
        uint32_t flags = r->batch.rows[i].flags;
        c->events++;
        c->unparsed += (flags & ROW_UNPARSED) != 0;
        c->blank += (flags & ROW_BLANK) != 0;
        c->meta += (flags & ROW_META) != 0;
        c->damaged += (flags & ROW_DAMAGED) != 0;
        c->continued += (flags & ROW_CONTINUED) != 0;
    }
}

/* The rows read so far are checked, or go into the store. */
static enum status flush(struct restore *r) {
    enum status status = STATUS_OK;
    if (r->ingest == NULL) {
        status = check_numbers(r);
    } else {
        count_rows(r);
        status = ingest_restored(r->ingest, &r->batch, r->err);
    }
    batch_clear(&r->batch);
    return status;
}

static enum status take_line(struct restore *r, struct str line) {
    if (str_starts(line, STR(EXPORT_INPUT_START))) {
        return take_input(r, line);
    }
    enum status status = evidence_read(&r->batch, r->reader, line, r->err);
    if (status != STATUS_OK) {
        return err_wrap(r->err, status, "line %llu", (unsigned long long)r->lines + 2);
    }
    r->lines++;
    bool full =
        r->batch.row_count >= BATCH_ROWS || r->batch.raw.len + r->batch.text.len >= BATCH_BYTES;
    return full ? flush(r) : STATUS_OK;
}

/* --- one pass over the file --- */

static void hash_line(struct restore *r, struct str line) {
    sha256_add(&r->hash, line.ptr, line.len);
    sha256_add(&r->hash, "\n", 1);
}

static enum status read_lines(struct restore *r, struct restore_lines *lines) {
    struct str line = STR_EMPTY;
    bool more = true;
    bool ended = false;
    enum status status = restore_lines_next(lines, &line, &more, r->err);
    if (status == STATUS_OK) {
        status = check_head(r, line);
    }
    while (status == STATUS_OK && more) {
        hash_line(r, line);
        status = restore_lines_next(lines, &line, &more, r->err);
        if (status != STATUS_OK || !more) {
            break;
        }
        if (ended) {
            status = err_set(r->err, STATUS_BAD_INPUT, "something stands behind its last line");
        } else if (str_starts(line, STR(EXPORT_TAIL_START))) {
            ended = true;
            status = check_tail(r, line, r->hash);
        } else {
            status = take_line(r, line);
            input_file_release(r->file, restore_lines_used(lines));
        }
    }
    if (status == STATUS_OK && !ended) {
        status = err_set(r->err, STATUS_BAD_INPUT, "its last line is missing: it was cut");
    }
    return status == STATUS_OK ? flush(r) : status;
}

static enum status pass(struct restore *r, struct ingest *ingest) {
    struct restore_lines *lines =
        restore_lines_open(str_make((const char *)r->file->bytes, r->file->size_bytes));
    r->ingest = ingest;
    r->lines = 0;
    sha256_init(&r->hash);
    batch_clear(&r->batch);
    enum status status = read_lines(r, lines);
    restore_lines_close(&lines);
    return status;
}

enum status restore_file(struct parse_input_counts *out, struct ingest *ingest, struct store *store,
                         const struct input_file *file, struct err *err) {
    *out = (struct parse_input_counts){0};
    struct restore r = {.file = file, .store = store, .counts = out, .err = err};
    r.reader = evidence_reader_create();
    r.tail.json = json_reader_create();
    batch_init(&r.batch);
    enum status status = pass(&r, NULL);
    if (status == STATUS_OK) {
        status = pass(&r, ingest);
    }
    json_reader_destroy(r.tail.json);
    buf_fini(&r.tail.text);
    buf_fini(&r.tail.sha256);
    evidence_reader_destroy(&r.reader);
    intern_fini(&r.sources);
    mem_free(r.last);
    batch_fini(&r.batch);
    return status;
}
