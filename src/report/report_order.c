/*
 * A record is [time 8][sequence 8][length 4][bytes of report_copy.h], little-endian. In memory
 * records lie one behind the other and `entries` names them; a run is the same, sorted.
 */
#include "report_order.h"

#include <stdlib.h>

#include "bytes.h"
#include "mem.h"
#include "report_copy.h"
#include "scratch_file.h"
#include "wire.h"

enum { HEAD_BYTES = 20, WINDOW_BYTES = 1 << 16 };

struct entry {
    int64_t time_ns;
    uint64_t sequence;
    size_t offset;
};

/* A run that is being read: a window of it, growing to the longest record. */
struct run {
    uint64_t next; /* offset in the file of what is not in the window yet */
    uint64_t end;
    struct buf window;
    size_t at; /* of the record in front, in the window */
    bool is_over;
};

struct report_order {
    size_t memory_bytes;
    uint64_t sequence;
    struct buf bytes;
    struct entry *entries;
    size_t entry_count;
    size_t entry_capacity;
    struct run *runs;
    size_t run_count;
    size_t run_capacity;
    struct scratch_file file;
    struct arena arena; /* of the hit being handed out */
};

struct report_order *report_order_create(size_t memory_bytes) {
    struct report_order *order = mem_calloc(1, sizeof *order);
    order->memory_bytes = memory_bytes;
    order->file = SCRATCH_FILE_INIT;
    return order;
}

static void clear(struct report_order *order) {
    for (size_t i = 0; i < order->run_count; i++) {
        buf_fini(&order->runs[i].window);
    }
    order->run_count = 0;
    order->entry_count = 0;
    buf_clear(&order->bytes);
    scratch_file_close(&order->file);
}

void report_order_destroy(struct report_order **order) {
    struct report_order *gone = *order;
    if (gone == NULL) {
        return;
    }
    clear(gone);
    arena_fini(&gone->arena);
    buf_fini(&gone->bytes);
    mem_free(gone->entries);
    mem_free(gone->runs);
    mem_free(gone);
    *order = NULL;
}

/* --- taking in --- */

static int compare_keys(int64_t time_a, uint64_t sequence_a, int64_t time_b, uint64_t sequence_b) {
    if (time_a != time_b) {
        return time_a < time_b ? -1 : 1;
    }
    return (sequence_a > sequence_b) - (sequence_a < sequence_b);
}

static int compare_entries(const void *a, const void *b) {
    const struct entry *x = a;
    const struct entry *y = b;
    return compare_keys(x->time_ns, x->sequence, y->time_ns, y->sequence);
}

static void sort_entries(struct report_order *order) {
    if (order->entry_count > 1) {
        qsort(order->entries, order->entry_count, sizeof *order->entries, compare_entries);
    }
}

static struct str record_at(const char *bytes) {
    return str_make(bytes, HEAD_BYTES + bytes_le32(bytes + 16));
}

static enum status write_run(struct report_order *order, struct err *err) {
    enum status s = order->file.fd < 0 ? scratch_file_open(&order->file, err) : STATUS_OK;
    struct buf out = BUF_INIT;
    struct run run = {.next = order->file.size_bytes};
    sort_entries(order);
    for (size_t i = 0; i < order->entry_count && s == STATUS_OK; i++) {
        buf_add(&out, record_at(order->bytes.ptr + order->entries[i].offset));
        if (out.len >= WINDOW_BYTES || i + 1 == order->entry_count) {
            s = scratch_file_append(&order->file, buf_str(&out), err);
            buf_clear(&out);
        }
    }
    buf_fini(&out);
    run.end = order->file.size_bytes;
    MEM_GROW(order->runs, order->run_capacity, order->run_count + 1);
    order->runs[order->run_count++] = run;
    order->entry_count = 0;
    buf_clear(&order->bytes);
    return s;
}

enum status report_order_add(struct report_order *order, const struct report_hit *hit,
                             struct err *err) {
    size_t offset = order->bytes.len;
    wire_put_fixed64(&order->bytes, (uint64_t)hit->time_ns);
    wire_put_fixed64(&order->bytes, order->sequence);
    wire_put_fixed32(&order->bytes, 0);
    report_copy_write(&order->bytes, hit, 0);
    bytes_put_le32(order->bytes.ptr + offset + 16,
                   (uint32_t)(order->bytes.len - offset - HEAD_BYTES));
    MEM_GROW(order->entries, order->entry_capacity, order->entry_count + 1);
    order->entries[order->entry_count++] = (struct entry){hit->time_ns, order->sequence++, offset};
    bool is_full =
        order->bytes.len + order->entry_count * sizeof(struct entry) >= order->memory_bytes;
    return is_full ? write_run(order, err) : STATUS_OK;
}

/* --- handing out --- */

/* Makes sure that `len` bytes from the front record on are in the window. */
static enum status fill(const struct report_order *order, struct run *run, size_t len,
                        struct err *err) {
    size_t held = run->window.len - run->at;
    if (held >= len) {
        return STATUS_OK;
    }
    if (held > 0) {
        memmove(run->window.ptr, run->window.ptr + run->at, held);
    }
    run->window.len = held;
    run->at = 0;
    uint64_t left = run->end - run->next;
    size_t wanted = len - held > WINDOW_BYTES ? len - held : WINDOW_BYTES;
    size_t more = left < wanted ? (size_t)left : wanted;
    char *to = buf_reserve(&run->window, more);
    enum status s = scratch_file_read(&order->file, to, more, run->next, err);
    run->window.len += s == STATUS_OK ? more : 0;
    run->next += more;
    return s;
}

/* Brings the record at `at` into the window, or notes the end of the run. */
static enum status front(const struct report_order *order, struct run *run, struct err *err) {
    if (run->at == run->window.len && run->next == run->end) {
        run->is_over = true;
        return STATUS_OK;
    }
    enum status s = fill(order, run, HEAD_BYTES, err);
    if (s == STATUS_OK) {
        s = fill(order, run, record_at(run->window.ptr + run->at).len, err);
    }
    return s;
}

static struct run *earliest(const struct report_order *order) {
    struct run *best = NULL;
    for (size_t i = 0; i < order->run_count; i++) {
        struct run *run = &order->runs[i];
        if (run->is_over) {
            continue;
        }
        const char *a = run->window.ptr + run->at;
        const char *b = best != NULL ? best->window.ptr + best->at : NULL;
        if (best == NULL || compare_keys((int64_t)bytes_le64(a), bytes_le64(a + 8),
                                         (int64_t)bytes_le64(b), bytes_le64(b + 8)) < 0) {
            best = run;
        }
    }
    return best;
}

static bool hand_out(struct report_order *order, struct str record, report_order_fn *each,
                     void *ctx) {
    struct report_hit hit;
    arena_reset(&order->arena);
    report_copy_read(&hit, str_skip(record, HEAD_BYTES), &order->arena);
    return each(&hit, ctx);
}

static enum status merge_runs(struct report_order *order, report_order_fn *each, void *ctx,
                              struct err *err) {
    enum status s = order->entry_count > 0 ? write_run(order, err) : STATUS_OK;
    for (size_t i = 0; i < order->run_count && s == STATUS_OK; i++) {
        s = front(order, &order->runs[i], err);
    }
    bool goes_on = true;
    while (s == STATUS_OK && goes_on) {
        struct run *run = earliest(order);
        if (run == NULL) {
            break;
        }
        struct str record = record_at(run->window.ptr + run->at);
        goes_on = hand_out(order, record, each, ctx);
        run->at += record.len;
        s = front(order, run, err);
    }
    return s;
}

enum status report_order_each(struct report_order *order, report_order_fn *each, void *ctx,
                              struct err *err) {
    enum status s = STATUS_OK;
    if (order->run_count > 0) {
        s = merge_runs(order, each, ctx, err);
    } else {
        sort_entries(order);
        bool goes_on = true;
        for (size_t i = 0; i < order->entry_count && goes_on; i++) {
            goes_on =
                hand_out(order, record_at(order->bytes.ptr + order->entries[i].offset), each, ctx);
        }
    }
    clear(order);
    return s;
}
