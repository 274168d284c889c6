#include "expire.h"

#include <stdlib.h>

#include "block.h"
#include "i18n.h"
#include "kept.h"
#include "mem.h"
#include "merge_read.h"
#include "note_text.h"
#include "store_path.h"
#include "store_priv.h"

struct expiring {
    struct store *store;
    const struct expire_options *options;
    struct expire_result *result;
    struct retention rules;
    struct holds holds;
    struct segment_info *due; /* by number */
    size_t due_count;
    size_t due_capacity;
    struct kept_builder kept;
    uint64_t *ends; /* rows of the checkpoints' trees */
    size_t end_count;
    size_t end_capacity;
};

/* --- what is due --- */

/* Is every row older than `limit` by its receive time too? */
static enum status all_received_before(bool *out, struct segment *s, int64_t limit,
                                       struct err *err) {
    enum status status = STATUS_OK;
    *out = true;
    for (size_t i = 0; i < s->block_count && *out && status == STATUS_OK; i++) {
        struct block b;
        status = block_open(&b, s, i, err);
        if (status != STATUS_OK) {
            break;
        }
        status = block_numbers(&b, NUMBER_RECEIVE, err);
        for (uint32_t row = 0; status == STATUS_OK && row < b.info->rows; row++) {
            *out = *out && b.numbers[NUMBER_RECEIVE][row] < limit;
        }
        block_close(&b);
    }
    return status;
}

static bool has_source(struct str source, void *ctx) {
    const struct segment *s = ctx;
    for (size_t i = 0; i < s->name_count; i++) {
        if (str_eq(s->names[i], source)) {
            return true;
        }
    }
    return false;
}

static void tell(struct expiring *e, const struct segment_info *info,
                 const struct expire_line *line) {
    struct expire_result *r = e->result;
    r->held += line->outcome == EXPIRE_HELD;
    r->offline += line->outcome == EXPIRE_OFFLINE;
    if (line->outcome == EXPIRE_DUE) {
        r->segments++;
        r->rows += line->rows;
        r->bytes += line->bytes;
        MEM_GROW(e->due, e->due_capacity, e->due_count + 1);
        e->due[e->due_count++] = *info;
    }
    if (e->options->line != NULL) {
        e->options->line(line, e->options->ctx);
    }
}

/* A segment whose events are all old enough: its receive times, and holds. */
static enum status look_inside(struct expiring *e, const struct segment_info *info,
                               struct expire_line *line, const char *path, int64_t limit,
                               struct err *err) {
    struct segment *s = NULL;
    bool past = false;
    enum status status = segment_open(&s, path, err);
    if (status == STATUS_OK) {
        status = all_received_before(&past, s, limit, err);
    }
    if (status == STATUS_OK && past) {
        line->hold = holds_find(&e->holds, info, e->options->now_ns, has_source, s);
        line->outcome = line->hold != NULL ? EXPIRE_HELD : EXPIRE_DUE;
        tell(e, info, line);
    }
    segment_close(&s);
    return status == STATUS_NOT_FOUND ? STATUS_DAMAGED : status;
}

static enum status look_at(struct expiring *e, const struct segment_info *info, struct err *err) {
    const struct retention_class *rule = retention_of(&e->rules, info->dataset);
    struct expire_line line = {.segment = info->number,
                               .dataset = info->dataset,
                               .rows = info->rows,
                               .bytes = info->file_bytes,
                               .time_min = info->time_min,
                               .time_max = info->time_max,
                               .outcome = EXPIRE_OFFLINE,
                               .rule = rule};
    int64_t limit = rule != NULL ? retention_limit(e->options->now_ns, rule->total_days) : 0;
    if (rule == NULL || info->time_max >= limit) {
        return STATUS_OK;
    }
    struct buf name = BUF_INIT;
    const char *path = store_segment_path(&name, e->store, info);
    enum status status = STATUS_OK;
    if (path == NULL) {
        tell(e, info, &line);
    } else {
        status = look_inside(e, info, &line, path, limit, err);
    }
    buf_fini(&name);
    return status;
}

static enum status find_due(struct expiring *e, struct err *err) {
    const struct chain *c = &e->store->chain;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < c->segment_count && status == STATUS_OK; i++) {
        status = look_at(e, &c->segments[i], err);
    }
    return status;
}

/* --- hashes that stay --- */

static void note_end_of_tree(const struct chain_record *r, void *ctx) {
    struct expiring *e = ctx;
    MEM_GROW(e->ends, e->end_capacity, e->end_count + 1);
    e->ends[e->end_count++] = r->checkpoint->tree.size;
}

static enum status read_ends(struct expiring *e, struct err *err) {
    struct chain chain;
    chain_init(&chain);
    enum status status = chain_read_on(&chain, e->store->path, note_end_of_tree, e, err);
    chain_fini(&chain);
    e->kept.ends = e->ends;
    e->kept.end_count = e->end_count;
    return status;
}

static enum status take_kept_before(struct expiring *e, struct err *err) {
    struct kept old;
    enum status status = kept_open(&old, e->store->path, &e->store->chain, true, err);
    for (size_t i = 0; status == STATUS_OK && i < old.count; i++) {
        struct kept_node n = kept_get(&old, i);
        kept_builder_add(&e->kept, n.first, n.level, n.hash);
    }
    kept_close(&old);
    return status;
}

static enum status keep_leaves(const struct batch *batch, void *ctx, struct err *err) {
    struct expiring *e = ctx;
    (void)err;
    for (size_t i = 0; i < batch->row_count; i++) {
        uint8_t leaf[SHA256_BYTES];
        store_leaf(leaf, batch, &batch->rows[i]);
        kept_builder_add(&e->kept, batch->rows[i].arrival, 0, leaf);
    }
    return STATUS_OK;
}

static enum status collect_hashes(struct expiring *e, struct err *err) {
    struct buf name = BUF_INIT;
    enum status status = read_ends(e, err);
    if (status == STATUS_OK) {
        status = take_kept_before(e, err);
    }
    for (size_t i = 0; i < e->due_count && status == STATUS_OK; i++) {
        const char *path;
        status = store_need_segment(&path, &name, e->store, &e->due[i], err);
        if (status == STATUS_OK) {
            status = merge_read(path, &e->due[i], keep_leaves, e, err);
        }
        kept_builder_fold(&e->kept);
    }
    buf_fini(&name);
    return status;
}

static enum status write_hashes(struct expiring *e, struct err *err) {
    struct store *s = e->store;
    struct buf name = BUF_INIT;
    struct buf path = BUF_INIT;
    struct buf text = BUF_INIT;
    uint8_t sha256[SHA256_BYTES];
    uint64_t rows = 0;
    for (size_t i = 0; i < e->kept.count; i++) {
        rows += UINT64_C(1) << (e->kept.items[i].key & 15);
    }
    buf_printf(&name, "expired/%010llu.hashes", (unsigned long long)s->chain.last.number + 1);
    enum status status = file_make_dir(store_path(&path, s->path, "expired"), err);
    if (status == STATUS_OK) {
        status = kept_builder_write(
            &e->kept, store_path(&path, s->path, "%.*s", STR_ARG(buf_str(&name))), sha256, err);
    }
    if (status == STATUS_OK) {
        status = file_sync_dir(store_path(&path, s->path, "expired"), err);
    }
    if (status == STATUS_OK) {
        status = file_sync_dir(s->path, err);
    }
    if (status == STATUS_OK) {
        buf_clear(&path);
        for (size_t i = 0; i < SHA256_BYTES; i++) {
            buf_printf(&path, "%02x", sha256[i]);
        }
        note_put(&text, STR("file"), buf_str(&name));
        note_put(&text, STR("sha256"), buf_str(&path));
        note_put_u64(&text, STR("nodes"), e->kept.count);
        note_put_u64(&text, STR("rows"), rows);
        note_end(&text);
        (void)store_add_note(s, STR("kept"), buf_str(&text));
        e->result->kept_bytes = 8 + 40 * (uint64_t)e->kept.count;
    }
    buf_fini(&name);
    buf_fini(&path);
    buf_fini(&text);
    return status;
}

/* --- the act --- */

struct sum {
    uint64_t segments;
    uint64_t rows;
    uint64_t raw_bytes;
    uint64_t arrival_first;
    uint64_t arrival_last;
    int64_t oldest;
    int64_t newest;
};

static void add_to_sum(struct sum *sum, const struct segment_info *s) {
    bool first = sum->segments == 0;
    sum->oldest = first || s->time_min < sum->oldest ? s->time_min : sum->oldest;
    sum->newest = first || s->time_max > sum->newest ? s->time_max : sum->newest;
    sum->arrival_first =
        first || s->arrival_first < sum->arrival_first ? s->arrival_first : sum->arrival_first;
    sum->arrival_last = s->arrival_last > sum->arrival_last ? s->arrival_last : sum->arrival_last;
    sum->segments++;
    sum->rows += s->rows;
    sum->raw_bytes += s->raw_bytes;
}

static uint64_t note_dataset(struct expiring *e, enum dataset dataset, const struct sum *sum) {
    const struct retention_class *rule = retention_of(&e->rules, dataset);
    struct str name = dataset_info(dataset)->name;
    struct buf text = BUF_INIT;
    note_put(&text, STR("by"), e->options->by);
    note_put(&text, STR("class"), rule->name);
    note_put_u64(&text, STR("days"), rule->total_days);
    note_put(&text, STR("dataset"), name.len > 0 ? name : STR("unknown"));
    note_put_u64(&text, STR("segments"), sum->segments);
    note_put_u64(&text, STR("rows"), sum->rows);
    note_put_u64(&text, STR("raw_bytes"), sum->raw_bytes);
    note_put_u64(&text, STR("arrival_first"), sum->arrival_first);
    note_put_u64(&text, STR("arrival_last"), sum->arrival_last);
    note_put_time(&text, STR("oldest"), sum->oldest);
    note_put_time(&text, STR("newest"), sum->newest);
    note_put_u64(&text, STR("rules"), e->rules.note);
    note_end(&text);
    uint64_t number = store_add_note(e->store, STR("expire"), buf_str(&text));
    buf_fini(&text);
    return number;
}

/* A note for each dataset, and the fates that name it. */
static void say_why(struct expiring *e) {
    for (int d = 0; d < DATASET_COUNT; d++) {
        struct sum sum = {.segments = 0};
        for (size_t i = 0; i < e->due_count; i++) {
            if (e->due[i].dataset == (enum dataset)d) {
                add_to_sum(&sum, &e->due[i]);
            }
        }
        uint64_t note = sum.segments > 0 ? note_dataset(e, (enum dataset)d, &sum) : 0;
        for (size_t i = 0; i < e->due_count; i++) {
            if (e->due[i].dataset == (enum dataset)d) {
                store_add_fate(e->store, e->due[i].number, SEGMENT_EXPIRED, note);
            }
        }
    }
}

/* Files in archives: what lies on a medium that cannot be written stays there. */
static void remove_archived(struct expiring *e) {
    struct buf path = BUF_INIT;
    struct err ignored;
    for (size_t i = 0; i < e->due_count; i++) {
        if (e->due[i].place != 0) {
            const char *name = store_segment_path(&path, e->store, &e->due[i]);
            e->result->on_media += name == NULL || file_remove(name, &ignored) != STATUS_OK;
        }
    }
    buf_fini(&path);
}

static enum status act(struct expiring *e, struct err *err) {
    enum status status = collect_hashes(e, err);
    if (status == STATUS_OK) {
        say_why(e);
        status = write_hashes(e, err);
    }
    if (status != STATUS_OK) {
        e->store->fate_count = 0;
        e->store->note_count = 0;
        return status;
    }
    status = store_seal(e->store, err);
    if (status == STATUS_OK) {
        remove_archived(e);
    }
    return status;
}

enum status store_expire(struct store *s, const struct expire_options *options,
                         struct expire_result *result, struct err *err) {
    struct expiring *e = mem_calloc(1, sizeof *e);
    *result = (struct expire_result){.segments = 0};
    e->store = s;
    e->options = options;
    e->result = result;
    enum status status = store_seal(s, err); /* what waits is no part of this act */
    if (status == STATUS_OK) {
        retention_load(&e->rules, &s->chain);
        holds_load(&e->holds, &s->chain);
        result->has_rules = e->rules.note > 0;
        status = find_due(e, err);
    }
    if (status == STATUS_OK && e->due_count > 0 && !options->dry_run) {
        status = act(e, err);
    }
    retention_fini(&e->rules);
    holds_fini(&e->holds);
    kept_builder_fini(&e->kept);
    mem_free(e->due);
    mem_free(e->ends);
    mem_free(e);
    return status;
}
