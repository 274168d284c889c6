#include "chain_state.h"
#include "chain_priv.h"

#include "file_io.h"
#include "hash.h"
#include "mem.h"
#include "store_path.h"

/* Of the chain, before its state is written again; and the part of the state's own size. */
static const struct {
    uint64_t bytes;
    uint64_t part;
} least_growth[] = {
    [STATE_AT_CHECKPOINT] = {64 << 10, 2},
    [STATE_AT_CLOSE] = {4 << 10, 16},
};

static const struct str magic = {"KSTATE01", 8};

/* --- encoding --- */

static void put_head(struct buf *out, const struct chain *c) {
    struct buf head = BUF_INIT;
    checkpoint_encode(&head, &c->last);
    wire_put_str(out, buf_str(&head));
    buf_fini(&head);
    chain_put_peaks(out, &c->last.tree);
    buf_append(out, c->first_key, sizeof c->first_key);
}

static void put_segments(struct buf *out, const struct chain *c) {
    wire_put_u64(out, c->segment_count);
    for (size_t i = 0; i < c->segment_count; i++) {
        chain_put_segment(out, &c->segments[i]);
        wire_put_u64(out, c->segments[i].place);
    }
    wire_put_u64(out, c->expired_count);
    for (size_t i = 0; i < c->expired_count; i++) {
        const struct chain_expired *e = &c->expired[i];
        chain_put_segment(out, &e->info);
        wire_put_u64(out, e->info.place);
        wire_put_u64(out, e->note);
        wire_put_u64(out, e->checkpoint);
        wire_put_i64(out, e->time_ns);
    }
}

static void put_rest(struct buf *out, const struct chain *c) {
    wire_put_u64(out, c->note_count);
    for (size_t i = 0; i < c->note_count; i++) {
        wire_put_str(out, c->notes[i].kind);
        wire_put_str(out, c->notes[i].text);
        wire_put_u64(out, c->notes[i].checkpoint);
        wire_put_i64(out, c->notes[i].time_ns);
    }
    wire_put_u64(out, c->sources.names.count);
    for (uint32_t i = 0; i < c->sources.names.count; i++) {
        wire_put_str(out, intern_text(&c->sources.names, i));
        wire_put_u64(out, c->sources.last_sequence[i]);
    }
    wire_put_u64(out, c->input_count);
    for (size_t i = 0; i < c->input_count; i++) {
        chain_put_input(out, &c->inputs[i]);
    }
}

void chain_state_encode(struct buf *out, const struct chain *c) {
    size_t start = out->len;
    buf_add(out, magic);
    wire_put_u64(out, c->last_at);
    wire_put_u64(out, c->valid_bytes);
    put_head(out, c);
    put_segments(out, c);
    put_rest(out, c);
    wire_put_fixed64(out, hash_bytes(out->ptr + start, out->len - start));
}

/* --- decoding --- */

static void take_head(struct wire *w, struct chain *c) {
    struct str head = wire_str(w);
    if (w->failed || !checkpoint_decode(&c->last, head)) {
        w->failed = true;
        return;
    }
    c->last.writer = arena_str(&c->arena, c->last.writer);
    checkpoint_hash(c->last_hash, head);
    chain_take_peaks(w, &c->last.tree);
    chain_take_bytes(w, c->first_key, sizeof c->first_key);
}

static void take_segments(struct wire *w, struct chain *c) {
    uint64_t count = wire_count(w, wire_left(w));
    for (uint64_t i = 0; i < count && !w->failed; i++) {
        MEM_GROW(c->segments, c->segment_capacity, c->segment_count + 1);
        struct segment_info *s = &c->segments[c->segment_count++];
        chain_take_segment(w, s);
        s->place = wire_u64(w);
        w->failed = w->failed || (i > 0 && s->number <= c->segments[i - 1].number);
    }
}

static void take_expired(struct wire *w, struct chain *c) {
    uint64_t count = wire_count(w, wire_left(w));
    for (uint64_t i = 0; i < count && !w->failed; i++) {
        MEM_GROW(c->expired, c->expired_capacity, c->expired_count + 1);
        struct chain_expired *e = &c->expired[c->expired_count++];
        chain_take_segment(w, &e->info);
        e->info.place = wire_u64(w);
        e->note = wire_u64(w);
        e->checkpoint = wire_u64(w);
        e->time_ns = wire_i64(w);
    }
}

static void take_notes(struct wire *w, struct chain *c) {
    uint64_t count = wire_count(w, wire_left(w));
    for (uint64_t i = 0; i < count && !w->failed; i++) {
        MEM_GROW(c->notes, c->note_capacity, c->note_count + 1);
        struct chain_note *note = &c->notes[c->note_count++];
        note->kind = arena_str(&c->arena, wire_str(w));
        note->text = arena_str(&c->arena, wire_str(w));
        note->checkpoint = wire_u64(w);
        note->time_ns = wire_i64(w);
    }
}

bool chain_state_decode(struct chain *c, struct str bytes) {
    if (bytes.len < magic.len + 8 || !str_eq(str_head(bytes, magic.len), magic) ||
        bytes_le64(bytes.ptr + bytes.len - 8) != hash_bytes(bytes.ptr, bytes.len - 8)) {
        return false;
    }
    struct wire w = wire_make(bytes.ptr + magic.len, bytes.len - magic.len - 8);
    c->last_at = wire_u64(&w);
    c->valid_bytes = wire_u64(&w);
    take_head(&w, c);
    take_segments(&w, c);
    take_expired(&w, c);
    take_notes(&w, c);
    chain_take_sources(&w, c);
    chain_take_inputs(&w, c);
    return !w.failed && wire_left(&w) == 0 && c->last_at < c->valid_bytes;
}

/* --- reading --- */

static bool read_state(struct chain *c, const char *path) {
    struct buf name = BUF_INIT;
    struct file_map map;
    struct err ignored;
    bool holds = false;
    if (file_map(&map, store_path(&name, path, "chain.state"), true, &ignored) == STATUS_OK) {
        holds = chain_state_decode(c, str_make((const char *)map.bytes, map.size_bytes));
        file_unmap(&map);
    }
    buf_fini(&name);
    return holds;
}

/* Does the chain, from the state's last record on, begin with that record? Through the hashes of
 * those before that one record stands for all of them. */
static bool belongs_to(const struct chain *c, struct str bytes) {
    uint64_t len = chain_record_length(bytes);
    if (len == 0 || len != c->valid_bytes - c->last_at) {
        return false;
    }
    struct wire w = wire_make(bytes.ptr + RECORD_HEAD_BYTES,
                              (size_t)len - RECORD_HEAD_BYTES - RECORD_TAIL_BYTES);
    uint8_t hash[SHA256_BYTES];
    checkpoint_hash(hash, wire_str(&w));
    return !w.failed && memcmp(hash, c->last_hash, sizeof hash) == 0;
}

enum status chain_load(struct chain *c, const char *path, struct err *err) {
    struct buf name = BUF_INIT;
    struct file_map map;
    bool saved = read_state(c, path);
    enum status status =
        file_copy_from(&map, store_path(&name, path, "chain"), saved ? c->last_at : 0, err);
    buf_fini(&name);
    if (status != STATUS_OK) {
        return status;
    }
    struct str bytes = str_make((const char *)map.bytes, map.size_bytes);
    if (saved && belongs_to(c, bytes)) {
        bytes = str_skip(bytes, (size_t)(c->valid_bytes - c->last_at));
        status = chain_fold(c, bytes, CHAIN_UNSIGNED, NULL, NULL, err);
    } else {
        chain_fini(c);
        chain_init(c);
        status = chain_read_on(c, path, NULL, NULL, err);
    }
    file_unmap(&map);
    return status;
}

bool chain_state_is_right(const char *path, struct str bytes) {
    struct buf name = BUF_INIT;
    struct buf made = BUF_INIT;
    struct file_map map = {NULL, 0, false};
    struct err ignored;
    struct chain saved;
    struct chain folded;
    chain_init(&saved);
    chain_init(&folded);
    bool is_right = true;
    if (file_map(&map, store_path(&name, path, "chain.state"), true, &ignored) == STATUS_OK) {
        struct str state = str_make((const char *)map.bytes, map.size_bytes);
        is_right = chain_state_decode(&saved, state) && saved.valid_bytes <= bytes.len &&
                   chain_fold(&folded, str_head(bytes, (size_t)saved.valid_bytes), CHAIN_UNSIGNED,
                              NULL, NULL, &ignored) == STATUS_OK;
        chain_state_encode(&made, &folded);
        is_right = is_right && str_eq(buf_str(&made), state);
        file_unmap(&map);
    }
    chain_fini(&folded);
    chain_fini(&saved);
    buf_fini(&made);
    buf_fini(&name);
    return is_right;
}

/* --- saving --- */

void chain_save_state(const struct chain *c, const char *path, uint64_t *saved_bytes,
                      enum state_moment moment) {
    uint64_t growth = c->valid_bytes - *saved_bytes;
    if (c->valid_bytes < *saved_bytes || growth < least_growth[moment].bytes) {
        return;
    }
    struct buf state = BUF_INIT;
    chain_state_encode(&state, c);
    if (growth >= state.len / least_growth[moment].part) {
        struct err ignored;
        struct buf name = BUF_INIT;
        (void)!file_replace(store_path(&name, path, "chain.state"), FILE_APPEND, buf_str(&state),
                            &ignored);
        buf_fini(&name);
        *saved_bytes = c->valid_bytes;
    }
    buf_fini(&state);
}

uint64_t chain_state_covers(const char *path) {
    char head[64]; /* the magic and the first two numbers, at most 28 bytes */
    struct buf name = BUF_INIT;
    struct file_reader file;
    struct err ignored;
    uint64_t covers = 0;
    if (file_reader_open(&file, store_path(&name, path, "chain.state"), &ignored) == STATUS_OK) {
        if (file_reader_at(&file, head, sizeof head, 0) &&
            memcmp(head, magic.ptr, magic.len) == 0) {
            struct wire w = wire_make(head + magic.len, sizeof head - magic.len);
            (void)wire_u64(&w);
            covers = wire_u64(&w);
        }
        file_reader_close(&file);
    }
    buf_fini(&name);
    return covers;
}
