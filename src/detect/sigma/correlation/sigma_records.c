#include "sigma_records.h"

#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "hash.h"
#include "mem.h"

enum { WRITE_BYTES = 256 << 10, READ_BYTES_MIN = 16 << 10, READ_BYTES_MAX = 256 << 10 };

void sigma_records_init(struct sigma_records *r, size_t limit_bytes) {
    memset(r, 0, sizeof *r);
    r->limit_bytes = limit_bytes;
    r->file = FILE_INIT;
    r->reader.fd = -1;
}

void sigma_records_fini(struct sigma_records *r) {
    for (size_t i = 0; i < r->run_count; i++) {
        buf_fini(&r->runs[i].read);
    }
    if (r->reader.fd >= 0) {
        file_reader_close(&r->reader);
    }
    file_close(&r->file);
    mem_free(r->runs);
    mem_free(r->keys);
    buf_fini(&r->bytes);
}

/* --- writing an event --- */

static struct sigma_record head_at(const struct sigma_records *r, size_t offset) {
    struct sigma_record head;
    memcpy(&head, r->bytes.ptr + offset, sizeof head);
    return head;
}

/* Settles the event that is being written. */
static void end_event(struct sigma_records *r) {
    if (!r->is_open) {
        return;
    }
    r->is_open = false;
    size_t offset = r->keys[r->count - 1].offset;
    struct sigma_record head = head_at(r, offset);
    if (head.hit_count == 0) {
        r->count--;
        r->bytes.len = offset;
        return;
    }
    head.bytes = (uint32_t)(r->bytes.len - offset);
    memcpy(r->bytes.ptr + offset, &head, sizeof head);
}

static enum status spill(struct sigma_records *r, struct err *err);

enum status sigma_records_begin(struct sigma_records *r, const struct sigma_record *head,
                                struct err *err) {
    end_event(r);
    if (sigma_records_bytes(r) > r->limit_bytes) {
        enum status s = spill(r, err);
        if (s != STATUS_OK) {
            return s;
        }
    }
    struct sigma_record fresh = *head;
    fresh.order = r->next_order++;
    fresh.hit_count = 0;
    MEM_GROW(r->keys, r->capacity, r->count + 1);
    r->keys[r->count++] = (struct sigma_record_key){fresh.time_ns, fresh.order, r->bytes.len};
    buf_append(&r->bytes, &fresh, sizeof fresh);
    r->is_open = true;
    return STATUS_OK;
}

static void put_u32(struct buf *out, uint32_t value) {
    buf_append(out, &value, sizeof value);
}

static void put_value(struct buf *out, struct str text) {
    enum { HASH_BYTES = 16 };
    if (text.ptr == NULL) {
        put_u32(out, UINT32_MAX);
    } else if (text.len <= SIGMA_TEXT_MAX) {
        put_u32(out, (uint32_t)text.len);
        buf_add(out, text);
    } else {
        put_u32(out, SIGMA_TEXT_MAX);
        buf_add(out, str_head(text, SIGMA_TEXT_MAX - HASH_BYTES));
        buf_printf(out, "%016llx", (unsigned long long)hash_str(text));
    }
}

void sigma_records_hit(struct sigma_records *r, uint32_t rule, const struct str *values,
                       size_t count) {
    CHECK(r->is_open);
    size_t offset = r->keys[r->count - 1].offset;
    struct sigma_record head = head_at(r, offset);
    head.hit_count++;
    memcpy(r->bytes.ptr + offset, &head, sizeof head);
    put_u32(&r->bytes, rule);
    put_u32(&r->bytes, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        put_value(&r->bytes, values[i]);
    }
}

static uint32_t take_u32(const char **at) {
    uint32_t value;
    memcpy(&value, *at, sizeof value);
    *at += sizeof value;
    return value;
}

struct str sigma_record_value(const char **at) {
    uint32_t len = take_u32(at);
    if (len == UINT32_MAX) {
        return str_make(NULL, 0);
    }
    struct str text = str_make(*at, len);
    *at += len;
    return text;
}

void sigma_record_hit_head(const char **at, uint32_t *rule, uint32_t *value_count) {
    *rule = take_u32(at);
    *value_count = take_u32(at);
}

/* --- order --- */

static int compare_keys(const void *a, const void *b) {
    const struct sigma_record_key *x = a, *y = b;
    if (x->time_ns != y->time_ns) {
        return x->time_ns < y->time_ns ? -1 : 1;
    }
    return (x->order > y->order) - (x->order < y->order);
}

static void sort(struct sigma_records *r) {
    bool in_order = true;
    end_event(r);
    for (size_t i = 1; i < r->count && in_order; i++) {
        in_order = compare_keys(&r->keys[i - 1], &r->keys[i]) < 0;
    }
    if (!in_order) {
        qsort(r->keys, r->count, sizeof *r->keys, compare_keys);
    }
}

/* --- the temporary file --- */

static enum status open_file(struct sigma_records *r, struct err *err) {
    const char *folder = getenv("TMPDIR");
    struct buf path = BUF_INIT;
    enum status s = STATUS_OK;
    for (int try = 0; try < 100; try++) { /* a name left over by another process */
        buf_clear(&path);
        buf_printf(&path, "%s/konseki-records-%ld-%d", folder != NULL ? folder : "/tmp",
                   (long)getpid(), try);
        buf_putc(&path, '\0');
        s = file_open(&r->file, path.ptr, FILE_SECRET, err);
        if (s == STATUS_OK) {
            s = file_reader_open(&r->reader, path.ptr, err);
            enum status removed = file_remove(path.ptr, s == STATUS_OK ? err : NULL);
            s = s == STATUS_OK ? removed : s;
            break;
        }
    }
    buf_fini(&path);
    return s;
}

/* Writes what is in memory as one sorted run. */
static enum status spill(struct sigma_records *r, struct err *err) {
    sort(r);
    enum status s = r->file.fd < 0 ? open_file(r, err) : STATUS_OK;
    struct sigma_run run = {.offset = r->file.size_bytes};
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < r->count && s == STATUS_OK; i++) {
        struct sigma_record head = head_at(r, r->keys[i].offset);
        buf_append(&out, r->bytes.ptr + r->keys[i].offset, head.bytes);
        if (out.len >= WRITE_BYTES || i + 1 == r->count) {
            s = file_append(&r->file, out.ptr, out.len, err);
            buf_clear(&out);
        }
    }
    buf_fini(&out);
    if (s == STATUS_OK && r->count > 0) {
        run.end = r->file.size_bytes;
        MEM_GROW(r->runs, r->run_capacity, r->run_count + 1);
        r->runs[r->run_count++] = run;
        r->count = 0;
        buf_clear(&r->bytes);
    }
    return s;
}

/* All runs together stay within the bound, unless there are thousands. */
static size_t read_bytes(const struct sigma_records *r, size_t record_bytes) {
    size_t share = r->limit_bytes / r->run_count;
    share = share > READ_BYTES_MAX   ? READ_BYTES_MAX
            : share < READ_BYTES_MIN ? READ_BYTES_MIN
                                     : share;
    return share > record_bytes ? share : record_bytes;
}

/* Makes the run's next record whole in memory; NULL at its end. */
static enum status run_next(const struct sigma_records *r, struct sigma_run *run,
                            const char **record, struct err *err) {
    struct sigma_record head = {.bytes = sizeof head};
    *record = NULL;
    for (int round = 0; round < 2; round++) { /* the head tells how long it is */
        size_t have = run->read.len - run->at;
        if (have >= sizeof head) {
            memcpy(&head, run->read.ptr + run->at, sizeof head);
        }
        if (have >= sizeof head && have >= head.bytes) {
            *record = run->read.ptr + run->at;
            return STATUS_OK;
        }
        uint64_t left = run->end - run->offset;
        if (left == 0) {
            return STATUS_OK;
        }
        if (have > 0) {
            memmove(run->read.ptr, run->read.ptr + run->at, have);
        }
        run->read.len = have;
        run->at = 0;
        size_t wanted = read_bytes(r, head.bytes);
        size_t more = left < wanted ? (size_t)left : wanted;
        if (!file_reader_at(&r->reader, buf_reserve(&run->read, more), more, run->offset)) {
            return err_set(err, STATUS_ENVIRONMENT, "the temporary file cannot be read back");
        }
        run->read.len += more;
        run->offset += more;
    }
    return STATUS_OK;
}

static enum status merge(struct sigma_records *r, sigma_record_fn *fn, void *ctx, struct err *err) {
    for (;;) {
        struct sigma_run *first = NULL;
        const char *first_bytes = NULL;
        struct sigma_record best = {0};
        for (size_t i = 0; i < r->run_count; i++) {
            const char *bytes;
            enum status s = run_next(r, &r->runs[i], &bytes, err);
            if (s != STATUS_OK) {
                return s;
            }
            struct sigma_record head = {0};
            if (bytes == NULL) {
                continue;
            }
            memcpy(&head, bytes, sizeof head);
            if (first == NULL || head.time_ns < best.time_ns ||
                (head.time_ns == best.time_ns && head.order < best.order)) {
                first = &r->runs[i];
                first_bytes = bytes;
                best = head;
            }
        }
        if (first == NULL) {
            return STATUS_OK;
        }
        fn(&best, first_bytes + sizeof best, ctx);
        first->at += best.bytes;
    }
}

/* --- reading --- */

/* Takes the first `done` keys out; the bytes of the others move down. */
static void forget(struct sigma_records *r, size_t done) {
    struct buf rest = BUF_INIT;
    size_t kept = 0;
    for (size_t i = done; i < r->count; i++) {
        struct sigma_record_key key = r->keys[i];
        struct sigma_record head = head_at(r, key.offset);
        size_t offset = rest.len;
        buf_append(&rest, r->bytes.ptr + key.offset, head.bytes);
        key.offset = offset;
        r->keys[kept++] = key;
    }
    r->count = kept;
    buf_fini(&r->bytes);
    r->bytes = rest;
}

enum status sigma_records_drain(struct sigma_records *r, int64_t until_ns, sigma_record_fn *fn,
                                void *ctx, struct err *err) {
    if (r->run_count > 0) {
        CHECK(until_ns == INT64_MAX);
        end_event(r);
        enum status s = r->count > 0 ? spill(r, err) : STATUS_OK;
        return s == STATUS_OK ? merge(r, fn, ctx, err) : s;
    }
    sort(r);
    size_t done = 0;
    for (; done < r->count && r->keys[done].time_ns <= until_ns; done++) {
        struct sigma_record head = head_at(r, r->keys[done].offset);
        fn(&head, r->bytes.ptr + r->keys[done].offset + sizeof head, ctx);
    }
    if (done > 0) {
        forget(r, done);
    }
    return STATUS_OK;
}
