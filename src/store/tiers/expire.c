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

#define UNNAMED_HASHES "expired/new.hashes"

struct expire_act {
    const struct store *view; /* while it is prepared */
    struct expire_options options;
    struct expire_result *result; /* while it is prepared */
    size_t note_count;            /* of the chain that it was made from */
    struct retention rules;
    struct holds holds;
    struct segment_info *due; /* by number */
    size_t due_count;
    size_t due_capacity;
    struct kept_builder kept;
    uint64_t *ends; /* rows of the checkpoints' trees */
    size_t end_count;
    size_t end_capacity;
    uint8_t sha256[SHA256_BYTES]; /* of the file of hashes */
};

static bool is_cancelled(const struct expire_act *e) {
    return e->options.cancel != NULL && atomic_load(e->options.cancel);
}

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

static void tell(struct expire_act *e, const struct segment_info *info,
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
    if (e->options.line != NULL) {
        e->options.line(line, e->options.ctx);
    }
}

/* The chain knows the newest receive time, but of segments of earlier versions. */
static enum status is_past(bool *out, struct segment *s, const struct segment_info *info,
                           int64_t limit, struct err *err) {
    if (info->receive_max == TIME_NONE) {
        return all_received_before(out, s, limit, err);
    }
    *out = info->receive_max < limit;
    return STATUS_OK;
}

/* A segment whose events are all old enough: its receive times, and holds. */
static enum status look_inside(struct expire_act *e, const struct segment_info *info,
                               struct expire_line *line, const char *path, int64_t limit,
                               struct err *err) {
    struct segment *s = NULL;
    bool past = false;
    enum status status = segment_open(&s, path, err);
    if (status == STATUS_OK) {
        status = is_past(&past, s, info, limit, err);
    }
    if (status == STATUS_OK && past) {
        line->hold = holds_find(&e->holds, info, e->options.now_ns, has_source, s);
        line->outcome = line->hold != NULL ? EXPIRE_HELD : EXPIRE_DUE;
        tell(e, info, line);
    }
    segment_close(&s);
    return status == STATUS_NOT_FOUND ? STATUS_DAMAGED : status;
}

static enum status look_at(struct expire_act *e, const struct segment_info *info, struct err *err) {
    const struct retention_class *rule = retention_of(&e->rules, info->dataset);
    struct expire_line line = {.segment = info->number,
                               .dataset = info->dataset,
                               .rows = info->rows,
                               .bytes = info->file_bytes,
                               .time_min = info->time_min,
                               .time_max = info->time_max,
                               .outcome = EXPIRE_OFFLINE,
                               .rule = rule};
    int64_t limit = rule != NULL ? retention_limit(e->options.now_ns, rule->total_days) : 0;
    if (rule == NULL || info->time_max >= limit) {
        return STATUS_OK;
    }
    struct buf name = BUF_INIT;
    const char *path = store_segment_path(&name, e->view, info);
    enum status status = STATUS_OK;
    if (path == NULL) {
        tell(e, info, &line);
    } else {
        status = look_inside(e, info, &line, path, limit, err);
    }
    buf_fini(&name);
    return status;
}

static enum status find_due(struct expire_act *e, struct err *err) {
    const struct chain *c = &e->view->chain;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < c->segment_count && status == STATUS_OK; i++) {
        status = is_cancelled(e) ? STATUS_CANCELLED : look_at(e, &c->segments[i], err);
    }
    return status;
}

/* --- hashes that stay --- */

static void note_end_of_tree(const struct chain_record *r, void *ctx) {
    struct expire_act *e = ctx;
    MEM_GROW(e->ends, e->end_capacity, e->end_count + 1);
    e->ends[e->end_count++] = r->checkpoint->tree.size;
}

static enum status read_ends(struct expire_act *e, struct err *err) {
    struct chain chain;
    chain_init(&chain);
    enum status status = chain_read_on(&chain, e->view->path, note_end_of_tree, e, err);
    chain_fini(&chain);
    e->kept.ends = e->ends;
    e->kept.end_count = e->end_count;
    return status;
}

static enum status take_kept_before(struct expire_act *e, struct err *err) {
    struct kept old;
    enum status status = kept_open(&old, e->view->path, &e->view->chain, true, err);
    for (size_t i = 0; status == STATUS_OK && i < old.count; i++) {
        struct kept_node n = kept_get(&old, i);
        kept_builder_add(&e->kept, n.first, n.level, n.hash);
    }
    kept_close(&old);
    return status;
}

static enum status keep_leaves(const struct batch *batch, void *ctx, struct err *err) {
    struct expire_act *e = ctx;
    (void)err;
    if (is_cancelled(e)) {
        return STATUS_CANCELLED;
    }
    for (size_t i = 0; i < batch->row_count; i++) {
        uint8_t leaf[SHA256_BYTES];
        store_leaf(leaf, batch, &batch->rows[i]);
        kept_builder_add(&e->kept, batch->rows[i].arrival, 0, leaf);
    }
    return STATUS_OK;
}

static enum status collect_hashes(struct expire_act *e, struct err *err) {
    struct buf name = BUF_INIT;
    enum status status = read_ends(e, err);
    if (status == STATUS_OK) {
        status = take_kept_before(e, err);
    }
    for (size_t i = 0; i < e->due_count && status == STATUS_OK; i++) {
        const char *path;
        status = store_need_segment(&path, &name, e->view, &e->due[i], err);
        if (status == STATUS_OK) {
            status = merge_read(path, &e->due[i], keep_leaves, e, err);
        }
        kept_builder_fold(&e->kept);
    }
    buf_fini(&name);
    return status;
}

/* The file gets its name with the act. Until then the next act, or sweep, removes it. */
static enum status write_hashes(struct expire_act *e, struct err *err) {
    struct buf path = BUF_INIT;
    enum status status = file_make_dir(store_path(&path, e->view->path, "expired"), err);
    if (status == STATUS_OK) {
        (void)store_path(&path, e->view->path, UNNAMED_HASHES);
        status = kept_builder_write(&e->kept, path.ptr, e->sha256, err);
    }
    buf_fini(&path);
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

static uint64_t note_dataset(const struct expire_act *e, struct store *s, enum dataset dataset,
                             const struct sum *sum) {
    const struct retention_class *rule = retention_of(&e->rules, dataset);
    struct str name = dataset_info(dataset)->name;
    struct buf text = BUF_INIT;
    note_put(&text, STR("by"), e->options.by);
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
    uint64_t number = store_add_note(s, STR("expire"), buf_str(&text));
    buf_fini(&text);
    return number;
}

/* A note for each dataset, and the fates that name it. */
static void say_why(const struct expire_act *e, struct store *s) {
    for (int d = 0; d < DATASET_COUNT; d++) {
        struct sum sum = {.segments = 0};
        for (size_t i = 0; i < e->due_count; i++) {
            if (e->due[i].dataset == (enum dataset)d) {
                add_to_sum(&sum, &e->due[i]);
            }
        }
        uint64_t note = sum.segments > 0 ? note_dataset(e, s, (enum dataset)d, &sum) : 0;
        for (size_t i = 0; i < e->due_count; i++) {
            if (e->due[i].dataset == (enum dataset)d) {
                store_add_fate(s, e->due[i].number, SEGMENT_EXPIRED, note);
            }
        }
    }
}

static void note_hashes(struct expire_act *e, struct store *s, struct str name) {
    struct buf text = BUF_INIT;
    char hex[SHA256_HEX_BYTES];
    uint64_t rows = 0;
    for (size_t i = 0; i < e->kept.count; i++) {
        rows += UINT64_C(1) << (e->kept.items[i].key & 15);
    }
    sha256_hex(hex, e->sha256);
    note_put(&text, STR("file"), name);
    note_put(&text, STR("sha256"), str_make(hex, sizeof hex));
    note_put_u64(&text, STR("nodes"), e->kept.count);
    note_put_u64(&text, STR("rows"), rows);
    note_end(&text);
    (void)store_add_note(s, STR("kept"), buf_str(&text));
    buf_fini(&text);
}

/* Notes and fates, and the file's name: that of the checkpoint which names it. */
static enum status name_act(struct expire_act *e, struct store *s, struct err *err) {
    struct buf name = BUF_INIT;
    struct buf from = BUF_INIT;
    struct buf to = BUF_INIT;
    buf_printf(&name, "expired/%010llu.hashes", (unsigned long long)s->chain.last.number + 1);
    enum status status =
        file_rename(store_path(&from, s->path, UNNAMED_HASHES),
                    store_path(&to, s->path, "%.*s", STR_ARG(buf_str(&name))), err);
    if (status == STATUS_OK) {
        status = file_sync_dir(store_path(&to, s->path, "expired"), err);
    }
    if (status == STATUS_OK) {
        status = file_sync_dir(s->path, err);
    }
    if (status == STATUS_OK) {
        say_why(e, s);
        note_hashes(e, s, buf_str(&name));
    }
    buf_fini(&name);
    buf_fini(&from);
    buf_fini(&to);
    return status;
}

/* Files in archives: what lies on a medium that cannot be written stays there. */
static void remove_archived(const struct expire_act *e, const struct store *s,
                            struct expire_result *result) {
    struct buf path = BUF_INIT;
    struct err ignored;
    for (size_t i = 0; i < e->due_count; i++) {
        if (e->due[i].place != 0) {
            const char *name = store_segment_path(&path, s, &e->due[i]);
            result->on_media += name == NULL || file_remove(name, &ignored) != STATUS_OK;
        }
    }
    buf_fini(&path);
}

void expire_discard(struct expire_act **act) {
    struct expire_act *e = *act;
    if (e == NULL) {
        return;
    }
    retention_fini(&e->rules);
    holds_fini(&e->holds);
    kept_builder_fini(&e->kept);
    mem_free(e->due);
    mem_free(e->ends);
    mem_free(e);
    *act = NULL;
}

static enum status prepare(struct expire_act *e, struct err *err) {
    retention_load(&e->rules, &e->view->chain);
    holds_load(&e->holds, &e->view->chain);
    e->note_count = e->view->chain.note_count;
    e->result->has_rules = e->rules.note > 0;
    enum status status = find_due(e, err);
    if (status == STATUS_OK && e->due_count > 0 && !e->options.dry_run) {
        status = collect_hashes(e, err);
        if (status == STATUS_OK) {
            status = write_hashes(e, err);
        }
    }
    return status;
}

enum status expire_prepare(struct expire_act **out, const struct store *view,
                           const struct expire_options *options, struct expire_result *result,
                           struct err *err) {
    struct expire_act *e = mem_calloc(1, sizeof *e);
    *result = (struct expire_result){.segments = 0};
    *out = NULL;
    e->view = view;
    e->options = *options;
    e->result = result;
    enum status status = prepare(e, err);
    e->view = NULL;
    e->result = NULL;
    if (status == STATUS_OK && e->due_count > 0 && !options->dry_run) {
        *out = e;
        return STATUS_OK;
    }
    expire_discard(&e);
    return status;
}

/* Is everything as it was when the act was prepared: the segments where they were, and no rule or
 * hold more? */
static bool is_still_right(const struct expire_act *e, const struct store *s) {
    bool right = s->chain.note_count + s->note_count == e->note_count && s->fate_count == 0;
    for (size_t i = 0; i < e->due_count && right; i++) {
        const struct segment_info *info = chain_find_segment(&s->chain, e->due[i].number);
        right = info != NULL && info->place == e->due[i].place;
    }
    return right;
}

enum status expire_commit(struct expire_act **act, struct store *s, struct expire_result *result,
                          struct err *err) {
    struct expire_act *e = *act;
    enum status status = store_seal(s, err); /* what waits is no part of this act */
    bool right = status == STATUS_OK && is_still_right(e, s);
    if (right) {
        status = name_act(e, s, err);
    }
    if (right && status == STATUS_OK) {
        result->kept_bytes = 8 + 40 * (uint64_t)e->kept.count;
        status = store_seal(s, err);
    } else if (status == STATUS_OK) {
        *result = (struct expire_result){.has_rules = result->has_rules};
    }
    if (right && status == STATUS_OK) {
        remove_archived(e, s, result);
    } else {
        s->fate_count = 0;
        s->note_count = 0;
    }
    expire_discard(act);
    return status;
}

enum status store_expire(struct store *s, const struct expire_options *options,
                         struct expire_result *result, struct err *err) {
    struct expire_act *act = NULL;
    enum status status = store_seal(s, err); /* what waits is no part of this act */
    *result = (struct expire_result){.segments = 0};
    if (status == STATUS_OK) {
        status = expire_prepare(&act, s, options, result, err);
    }
    return status == STATUS_OK && act != NULL ? expire_commit(&act, s, result, err) : status;
}
