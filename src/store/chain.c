#include "chain.h"
#include "i18n.h"

#include "check.h"
#include "hash.h"
#include "mem.h"
#include "wire.h"

/*
 * Record: "KCHK", payload length (le32), low half of the XXH3-64 of these 8 bytes (le32), payload,
 * signature (64 bytes) over SIGN_PREFIX and the payload's SHA-256, XXH3-64 of all before it (le64).
 */
enum {
    CHECKPOINT_VERSION = 1,
    RECORD_HEAD_BYTES = 12,
    RECORD_TAIL_BYTES = ED25519_SIGNATURE_BYTES + 8,
    MAX_PAYLOAD_BYTES = 256 << 20
};

#define SIGN_PREFIX "konseki checkpoint 1\n"

void chain_init(struct chain *c) {
    memset(c, 0, sizeof *c);
    c->next_segment = 1;
}

void chain_fini(struct chain *c) {
    mem_free(c->segments);
    mem_free(c->inputs);
    mem_free(c->sources.last_sequence);
    mem_free(c->sources.changed);
    intern_fini(&c->sources.names);
    arena_fini(&c->arena);
    memset(c, 0, sizeof *c);
}

uint32_t chain_source(struct chain *c, struct str name) {
    struct chain_sources *s = &c->sources;
    uint32_t before = s->names.count;
    uint32_t id = intern_add(&s->names, name);
    if (s->names.count > before) {
        if (id >= s->capacity) {
            s->capacity = mem_next_capacity(s->capacity, (size_t)id + 1);
            s->last_sequence = mem_realloc(s->last_sequence, s->capacity, sizeof *s->last_sequence);
            s->changed = mem_realloc(s->changed, s->capacity, sizeof *s->changed);
        }
        s->last_sequence[id] = 0;
        s->changed[id] = false;
    }
    return id;
}

uint64_t chain_next_sequence(struct chain *c, uint32_t source) {
    c->sources.changed[source] = true;
    return ++c->sources.last_sequence[source];
}

/* --- encoding --- */

static void put_segment(struct buf *out, const struct segment_info *s) {
    wire_put_u64(out, s->number);
    wire_put_str(out, dataset_info(s->dataset)->name);
    wire_put_u64(out, s->rows);
    wire_put_u64(out, s->derived);
    wire_put_u64(out, s->raw_bytes);
    wire_put_u64(out, s->arrival_first);
    wire_put_u64(out, s->arrival_last);
    wire_put_i64(out, s->time_min);
    wire_put_i64(out, s->time_max);
    wire_put_u64(out, s->file_bytes);
    wire_put_u64(out, s->index_bytes);
    wire_put_u64(out, s->filter_offset);
    wire_put_u64(out, s->filter_lines[0]);
    buf_append(out, s->footer_sha256, SHA256_BYTES);
}

static void put_tree(struct buf *out, const struct merkle *tree) {
    wire_put_u64(out, tree->size);
    for (unsigned level = 0; level < 64; level++) {
        if ((tree->size >> level & 1) != 0) {
            buf_append(out, tree->nodes[level], SHA256_BYTES);
        }
    }
}

static void put_sources(struct buf *out, const struct chain_sources *s) {
    uint64_t changed = 0;
    for (uint32_t i = 0; i < s->names.count; i++) {
        changed += s->changed[i];
    }
    wire_put_u64(out, changed);
    for (uint32_t i = 0; i < s->names.count; i++) {
        if (s->changed[i]) {
            wire_put_str(out, intern_text(&s->names, i));
            wire_put_u64(out, s->last_sequence[i]);
        }
    }
}

static void put_inputs(struct buf *out, const struct chain_additions *a) {
    wire_put_u64(out, a->input_count);
    for (size_t i = 0; i < a->input_count; i++) {
        const struct store_input *input = &a->inputs[i];
        buf_append(out, input->sha256, SHA256_BYTES);
        wire_put_str(out, input->path);
        wire_put_u64(out, input->bytes);
        wire_put_u64(out, input->events);
        wire_put_i64(out, input->imported_ns);
    }
}

static void put_payload(struct buf *out, const struct checkpoint *p, const struct chain *c,
                        const struct chain_additions *a) {
    wire_put_u64(out, CHECKPOINT_VERSION);
    wire_put_u64(out, p->number);
    buf_append(out, p->previous, SHA256_BYTES);
    wire_put_i64(out, p->time_ns);
    wire_put_str(out, p->writer);
    buf_append(out, p->public_key, ED25519_PUBLIC_BYTES);
    put_tree(out, &p->tree);
    buf_append(out, p->root, SHA256_BYTES);
    wire_put_u64(out, p->log_number);
    wire_put_u64(out, a->segment_count);
    for (size_t i = 0; i < a->segment_count; i++) {
        put_segment(out, &a->segments[i]);
    }
    wire_put_u64(out, 0); /* segments replaced by these (merges, expiry): none yet */
    put_sources(out, &c->sources);
    put_inputs(out, a);
}

static void make_signed(char *message, const uint8_t hash[SHA256_BYTES]) {
    memcpy(message, SIGN_PREFIX, sizeof SIGN_PREFIX - 1);
    memcpy(message + sizeof SIGN_PREFIX - 1, hash, SHA256_BYTES);
}

void chain_encode(struct buf *out, struct checkpoint *p, const struct chain *c,
                  const struct chain_additions *additions, const struct ed25519_key *key) {
    p->number = c->last.number + 1;
    memcpy(p->previous, c->last_hash, SHA256_BYTES);
    memcpy(p->public_key, key->public_key, ED25519_PUBLIC_BYTES);
    merkle_root(&p->tree, p->root);
    size_t start = out->len;
    buf_append(out, "KCHK", 4);
    wire_put_fixed32(out, 0);
    wire_put_fixed32(out, 0);
    put_payload(out, p, c, additions);
    size_t payload_len = out->len - start - RECORD_HEAD_BYTES;
    CHECK(payload_len <= MAX_PAYLOAD_BYTES);
    bytes_put_le32(out->ptr + start + 4, (uint32_t)payload_len);
    bytes_put_le32(out->ptr + start + 8, (uint32_t)hash_bytes(out->ptr + start, 8));
    uint8_t hash[SHA256_BYTES];
    sha256_of(hash, str_make(out->ptr + start + RECORD_HEAD_BYTES, payload_len));
    char message[sizeof SIGN_PREFIX - 1 + SHA256_BYTES];
    make_signed(message, hash);
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    ed25519_sign(signature, str_make(message, sizeof message), key);
    buf_append(out, signature, sizeof signature);
    wire_put_fixed64(out, hash_bytes(out->ptr + start, out->len - start));
}

/* --- decoding --- */

static void take_bytes(struct wire *w, uint8_t *out, size_t len) {
    struct str s = wire_bytes(w, len);
    if (s.len == len) {
        memcpy(out, s.ptr, len);
    }
}

static void take_tree(struct wire *w, struct merkle *tree) {
    memset(tree, 0, sizeof *tree);
    tree->size = wire_u64(w);
    for (unsigned level = 0; level < 64; level++) {
        if ((tree->size >> level & 1) != 0) {
            take_bytes(w, tree->nodes[level], SHA256_BYTES);
        }
    }
}

static void take_segment(struct wire *w, struct chain *c) {
    struct segment_info s = {.number = wire_u64(w)};
    struct str name = wire_str(w);
    s.dataset = name.len == 0 ? DATASET_UNKNOWN : dataset_find(name);
    if (s.dataset == DATASET_COUNT) {
        s.dataset = DATASET_UNKNOWN;
    }
    s.rows = wire_u64(w);
    s.derived = wire_u64(w);
    s.raw_bytes = wire_u64(w);
    s.arrival_first = wire_u64(w);
    s.arrival_last = wire_u64(w);
    s.time_min = wire_i64(w);
    s.time_max = wire_i64(w);
    s.file_bytes = wire_u64(w);
    s.index_bytes = wire_u64(w);
    s.filter_offset = wire_u64(w);
    s.stripe_count = 1;
    s.filter_lines[0] = (uint32_t)wire_count(w, UINT32_MAX);
    take_bytes(w, s.footer_sha256, SHA256_BYTES);
    if (w->failed) {
        return;
    }
    MEM_GROW(c->segments, c->segment_capacity, c->segment_count + 1);
    c->segments[c->segment_count++] = s;
    if (s.number >= c->next_segment) {
        c->next_segment = s.number + 1;
    }
}

static void take_additions(struct wire *w, struct chain *c) {
    uint64_t count = wire_count(w, wire_left(w));
    for (uint64_t i = 0; i < count && !w->failed; i++) {
        take_segment(w, c);
    }
    (void)wire_count(w, 0);
    count = wire_count(w, wire_left(w));
    for (uint64_t i = 0; i < count && !w->failed; i++) {
        uint32_t source = chain_source(c, wire_str(w));
        c->sources.last_sequence[source] = wire_u64(w);
    }
    count = wire_count(w, wire_left(w));
    for (uint64_t i = 0; i < count && !w->failed; i++) {
        struct store_input input;
        take_bytes(w, input.sha256, SHA256_BYTES);
        input.path = arena_str(&c->arena, wire_str(w));
        input.bytes = wire_u64(w);
        input.events = wire_u64(w);
        input.imported_ns = wire_i64(w);
        MEM_GROW(c->inputs, c->input_capacity, c->input_count + 1);
        c->inputs[c->input_count++] = input;
    }
}

static void take_head(struct wire *w, struct checkpoint *p) {
    if (wire_u64(w) != CHECKPOINT_VERSION) {
        w->failed = true;
    }
    p->number = wire_u64(w);
    take_bytes(w, p->previous, SHA256_BYTES);
    p->time_ns = wire_i64(w);
    p->writer = wire_str(w);
    take_bytes(w, p->public_key, ED25519_PUBLIC_BYTES);
    take_tree(w, &p->tree);
    take_bytes(w, p->root, SHA256_BYTES);
    p->log_number = wire_u64(w);
}

/* What is wrong with the checkpoint's place in the chain and its signature; "" if nothing. */
static const char *find_problem(const struct chain *c, const struct checkpoint *p,
                                const uint8_t hash[SHA256_BYTES], const char *signature) {
    if (p->number != c->last.number + 1) {
        return _("its number does not follow the one before (a checkpoint was removed or moved)");
    }
    if (memcmp(p->previous, c->last_hash, SHA256_BYTES) != 0) {
        return _("it does not name the hash of the checkpoint before (the chain was edited)");
    }
    if (p->tree.size < c->last.tree.size) {
        return _("its tree is smaller than the one before");
    }
    uint8_t root[SHA256_BYTES];
    merkle_root(&p->tree, root);
    if (memcmp(root, p->root, SHA256_BYTES) != 0) {
        return _("its root does not follow from its tree");
    }
    if (signature == NULL) {
        return "";
    }
    char message[sizeof SIGN_PREFIX - 1 + SHA256_BYTES];
    make_signed(message, hash);
    uint8_t bytes[ED25519_SIGNATURE_BYTES];
    memcpy(bytes, signature, sizeof bytes);
    if (!ed25519_is_valid(bytes, str_make(message, sizeof message), p->public_key)) {
        return _("its signature is wrong");
    }
    return "";
}

/* Folds one record's payload; returns the problem found, "" if none, NULL if it is malformed. */
static const char *fold_record(struct chain *c, struct str payload, const char *signature,
                               uint8_t hash[SHA256_BYTES]) {
    struct wire w = wire_make(payload.ptr, payload.len);
    struct checkpoint p = {.number = 0};
    take_head(&w, &p);
    if (w.failed) {
        return NULL;
    }
    sha256_of(hash, payload);
    const char *problem = find_problem(c, &p, hash, signature);
    take_additions(&w, c);
    if (w.failed || wire_left(&w) > 0) {
        return NULL;
    }
    p.writer = arena_str(&c->arena, p.writer);
    c->last = p;
    memcpy(c->last_hash, hash, SHA256_BYTES);
    return problem;
}

/* Length that the head of the record at the start of `rest` says; 0 if it is no head. */
static size_t announced_length(struct str rest) {
    if (rest.len < RECORD_HEAD_BYTES || memcmp(rest.ptr, "KCHK", 4) != 0 ||
        bytes_le32(rest.ptr + 8) != (uint32_t)hash_bytes(rest.ptr, 8)) {
        return 0;
    }
    size_t len = bytes_le32(rest.ptr + 4);
    return len <= MAX_PAYLOAD_BYTES ? RECORD_HEAD_BYTES + len + RECORD_TAIL_BYTES : 0;
}

/* Length of the whole record at the start of `rest`; 0 if it is cut or fails its checksum. */
static size_t record_length(struct str rest) {
    size_t len = announced_length(rest);
    bool whole = len > 0 && len <= rest.len &&
                 bytes_le64(rest.ptr + len - 8) == hash_bytes(rest.ptr, len - 8);
    return whole ? len : 0;
}

/* True if a whole record starts somewhere in `rest`: then what came before it is no torn tail. */
static bool has_record(struct str rest) {
    for (;;) {
        size_t at = str_find(rest, STR("KCHK"));
        if (at == STR_NONE) {
            return false;
        }
        rest = str_skip(rest, at);
        if (record_length(rest) > 0) {
            return true;
        }
        rest = str_skip(rest, 1);
    }
}

/*
 * What follows the last whole record: an append that a crash cut short (the record ends beyond the
 * file, or its end was never written and reads as zeros), or a changed record? Only the first may
 * be dropped.
 */
static bool is_torn_append(struct str rest) {
    static const char zeros[RECORD_TAIL_BYTES];
    if (rest.len < RECORD_HEAD_BYTES) { /* only an append that was cut is that short */
        return memcmp(rest.ptr, "KCHK", rest.len < 4 ? rest.len : 4) == 0 ||
               memcmp(rest.ptr, zeros, rest.len) == 0;
    }
    if (memcmp(rest.ptr, zeros, RECORD_HEAD_BYTES) == 0) {
        return true; /* nothing but the new length reached the disk */
    }
    size_t len = announced_length(rest);
    return len > 0 &&
           (rest.len < len || (rest.len == len && memcmp(rest.ptr + len - RECORD_TAIL_BYTES, zeros,
                                                         RECORD_TAIL_BYTES) == 0));
}

static enum status damaged(struct err *err, uint64_t at, const char *what) {
    return err_set(err, STATUS_DAMAGED,
                   "the chain of checkpoints is damaged at byte %llu: %s; run konseki verify, and"
                   " restore the store from a backup",
                   (unsigned long long)at, what);
}

enum status chain_fold(struct chain *c, struct str bytes, chain_visit_fn *visit, void *ctx,
                       struct err *err) {
    struct str rest = bytes;
    size_t len;
    while ((len = record_length(rest)) > 0) {
        struct str payload =
            str_make(rest.ptr + RECORD_HEAD_BYTES, len - RECORD_HEAD_BYTES - RECORD_TAIL_BYTES);
        const char *signature = visit != NULL ? payload.ptr + payload.len : NULL;
        uint64_t at = bytes.len - rest.len;
        uint8_t hash[SHA256_BYTES];
        const char *problem = fold_record(c, payload, signature, hash);
        if (problem == NULL) {
            return damaged(err, at, _("a record is malformed"));
        }
        if (visit != NULL) {
            visit(&c->last, hash, at, problem, ctx);
        } else if (problem[0] != '\0') {
            return damaged(err, at, problem);
        }
        rest = str_skip(rest, len);
    }
    c->valid_bytes = bytes.len - rest.len;
    c->torn_bytes = rest.len;
    if (rest.len > 0 && (has_record(rest) || !is_torn_append(rest))) {
        return damaged(err, c->valid_bytes, _("a record fails its checksum"));
    }
    return STATUS_OK;
}

void chain_take(struct chain *c, struct str record) {
    CHECK(record_length(record) == record.len);
    uint8_t hash[SHA256_BYTES];
    struct str payload = str_make(record.ptr + RECORD_HEAD_BYTES,
                                  record.len - RECORD_HEAD_BYTES - RECORD_TAIL_BYTES);
    const char *problem = fold_record(c, payload, NULL, hash);
    CHECK(problem != NULL && problem[0] == '\0');
    c->valid_bytes += record.len;
    for (uint32_t i = 0; i < c->sources.names.count; i++) {
        c->sources.changed[i] = false;
    }
}
