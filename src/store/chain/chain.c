#include "chain.h"
#include "chain_priv.h"
#include "i18n.h"

#include "check.h"
#include "file_io.h"
#include "hash.h"
#include "mem.h"
#include "store_path.h"
#include "wire.h"

void chain_init(struct chain *c) {
    memset(c, 0, sizeof *c);
    c->next_segment = 1;
}

void chain_fini(struct chain *c) {
    mem_free(c->segments);
    mem_free(c->expired);
    mem_free(c->notes);
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

/* Index of the live segment, or of where it would stand. */
static size_t segment_index(const struct chain *c, uint64_t number) {
    size_t low = 0;
    size_t high = c->segment_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->segments[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct segment_info *chain_find_segment(const struct chain *c, uint64_t number) {
    size_t i = segment_index(c, number);
    return i < c->segment_count && c->segments[i].number == number ? &c->segments[i] : NULL;
}

/* --- the body of a record --- */

static void take_segment(struct wire *w, struct chain *c) {
    struct segment_info s;
    chain_take_segment(w, &s);
    size_t count = c->segment_count;
    w->failed = w->failed || (count > 0 && s.number <= c->segments[count - 1].number);
    if (w->failed) {
        return;
    }
    MEM_GROW(c->segments, c->segment_capacity, count + 1);
    c->segments[c->segment_count++] = s;
    if (s.number >= c->next_segment) {
        c->next_segment = s.number < UINT64_MAX ? s.number + 1 : s.number;
    }
}

/* A segment that left the store, until the end of its record. */
enum { PLACE_GONE = -1 };

static void expire_segment(struct chain *c, const struct segment_info *s, uint64_t note,
                           const struct checkpoint *p) {
    MEM_GROW(c->expired, c->expired_capacity, c->expired_count + 1);
    c->expired[c->expired_count++] = (struct chain_expired){*s, note, p->number, p->time_ns};
}

static void take_fate(struct wire *w, struct chain *c, const struct checkpoint *p) {
    uint64_t number = wire_u64(w);
    uint64_t fate = wire_u64(w);
    uint64_t by = wire_u64(w);
    size_t i = segment_index(c, number);
    if (w->failed || i >= c->segment_count || c->segments[i].number != number ||
        c->segments[i].place == (uint64_t)PLACE_GONE) {
        w->failed = true;
        return;
    }
    struct segment_info *s = &c->segments[i];
    switch (fate) {
    case SEGMENT_MERGED:
        w->failed = by == number || chain_find_segment(c, by) == NULL;
        s->place = (uint64_t)PLACE_GONE;
        break;
    case SEGMENT_ARCHIVED:
        w->failed = by == 0 || by == (uint64_t)PLACE_GONE;
        s->place = by;
        break;
    case SEGMENT_RECALLED:
        s->place = 0;
        break;
    case SEGMENT_EXPIRED:
        expire_segment(c, s, by, p);
        s->place = (uint64_t)PLACE_GONE;
        break;
    default:
        w->failed = true;
        break;
    }
}

static void take_fates(struct wire *w, struct chain *c, const struct checkpoint *p) {
    uint64_t count = wire_count(w, wire_left(w));
    for (uint64_t i = 0; i < count && !w->failed; i++) {
        take_fate(w, c, p);
    }
    size_t live = 0;
    for (size_t i = 0; count > 0 && i < c->segment_count; i++) {
        if (c->segments[i].place != (uint64_t)PLACE_GONE) {
            c->segments[live++] = c->segments[i];
        }
    }
    c->segment_count = count > 0 ? live : c->segment_count;
}

static void take_notes(struct wire *w, struct chain *c, const struct checkpoint *p) {
    uint64_t count = wire_count(w, wire_left(w));
    for (uint64_t i = 0; i < count && !w->failed; i++) {
        struct chain_note note = {.checkpoint = p->number, .time_ns = p->time_ns};
        note.kind = arena_str(&c->arena, wire_str(w));
        note.text = arena_str(&c->arena, wire_str(w));
        MEM_GROW(c->notes, c->note_capacity, c->note_count + 1);
        c->notes[c->note_count++] = note;
    }
}

static void take_segments(struct wire *w, struct chain *c) {
    uint64_t count = wire_count(w, wire_left(w));
    for (uint64_t i = 0; i < count && !w->failed; i++) {
        take_segment(w, c);
    }
}

/* --- folding --- */

/* What is wrong with the checkpoint's place in the chain; "" if nothing. */
static const char *find_place_problem(const struct chain *c, const struct checkpoint *p) {
    if (p->number != c->last.number + 1) {
        return _("its number does not follow the one before (a checkpoint was removed or moved)");
    }
    if (memcmp(p->previous, c->last_hash, SHA256_BYTES) != 0) {
        return _("it does not name the hash of the checkpoint before (the chain was edited)");
    }
    if (p->number > 1 && memcmp(p->public_key, c->last.next_key, ED25519_PUBLIC_BYTES) != 0) {
        return _("its key is not the one that the checkpoint before named (signed again with"
                 " another key)");
    }
    if (p->tree.size < c->last.tree.size) {
        return _("its tree is smaller than the one before");
    }
    uint8_t root[SHA256_BYTES];
    merkle_root(&p->tree, root);
    if (memcmp(root, p->root, SHA256_BYTES) != 0) {
        return _("its root does not follow from its tree");
    }
    return "";
}

static const char *find_problem(const struct chain *c, const struct checkpoint *p, struct str body,
                                const uint8_t hash[SHA256_BYTES], const uint8_t *signature) {
    const char *problem = find_place_problem(c, p);
    uint8_t body_hash[SHA256_BYTES];
    sha256_of(body_hash, body);
    if (problem[0] == '\0' && memcmp(body_hash, p->body, SHA256_BYTES) != 0) {
        problem = _("what it adds to the store is not what was signed");
    }
    if (problem[0] == '\0' && signature != NULL &&
        !checkpoint_is_signed(signature, hash, p->public_key)) {
        problem = _("its signature is wrong");
    }
    return problem;
}

/* A record, taken apart; the texts are borrowed. */
struct parts {
    struct str head;
    struct str body;
    struct checkpoint checkpoint;
    uint8_t hash[SHA256_BYTES];
    uint8_t signature[ED25519_SIGNATURE_BYTES];
};

static bool take_apart(struct parts *out, struct str record) {
    struct wire w = wire_make(record.ptr + RECORD_HEAD_BYTES,
                              record.len - RECORD_HEAD_BYTES - RECORD_TAIL_BYTES);
    out->head = wire_str(&w);
    out->body = str_make((const char *)w.at, wire_left(&w));
    memcpy(out->signature, record.ptr + record.len - RECORD_TAIL_BYTES, sizeof out->signature);
    if (w.failed || !checkpoint_decode(&out->checkpoint, out->head)) {
        return false;
    }
    checkpoint_hash(out->hash, out->head);
    return true;
}

/* Folds one record; returns the problem found, "" if none, NULL if it is malformed. */
static const char *fold_record(struct chain *c, struct parts *r, enum chain_depth depth) {
    struct checkpoint *p = &r->checkpoint;
    struct wire w = wire_make(r->body.ptr, r->body.len);
    chain_take_peaks(&w, &p->tree);
    const char *problem =
        find_problem(c, p, r->body, r->hash, depth == CHAIN_SIGNED ? r->signature : NULL);
    take_segments(&w, c);
    take_fates(&w, c, p);
    take_notes(&w, c, p);
    chain_take_sources(&w, c);
    chain_take_inputs(&w, c);
    if (w.failed || wire_left(&w) > 0) {
        return NULL;
    }
    p->writer = arena_str(&c->arena, p->writer);
    if (c->last.number == 0) {
        memcpy(c->first_key, p->public_key, ED25519_PUBLIC_BYTES);
    }
    c->last = *p;
    memcpy(c->last_hash, r->hash, SHA256_BYTES);
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

size_t chain_record_length(struct str rest) {
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
        if (chain_record_length(rest) > 0) {
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

enum status chain_fold(struct chain *c, struct str bytes, enum chain_depth depth,
                       chain_visit_fn *visit, void *ctx, struct err *err) {
    struct str rest = bytes;
    uint64_t start = c->valid_bytes;
    size_t len;
    while ((len = chain_record_length(rest)) > 0) {
        uint64_t at = start + bytes.len - rest.len;
        struct parts parts;
        const char *problem =
            take_apart(&parts, str_head(rest, len)) ? fold_record(c, &parts, depth) : NULL;
        if (problem == NULL) {
            return damaged(err, at, _("a record is malformed"));
        }
        if (visit != NULL) {
            struct chain_record record = {&c->last,   parts.hash, parts.signature,
                                          parts.head, at,         problem};
            visit(&record, ctx);
        } else if (problem[0] != '\0') {
            return damaged(err, at, problem);
        }
        rest = str_skip(rest, len);
        c->last_at = at;
        c->valid_bytes = at + len;
    }
    c->torn_bytes = rest.len;
    if (rest.len > 0 && (has_record(rest) || !is_torn_append(rest))) {
        return damaged(err, c->valid_bytes, _("a record fails its checksum"));
    }
    return STATUS_OK;
}

enum status chain_read_on(struct chain *c, const char *path, chain_visit_fn *visit, void *ctx,
                          struct err *err) {
    struct buf name = BUF_INIT;
    struct file_map map;
    enum status status =
        file_copy_from(&map, store_path(&name, path, "chain"), c->valid_bytes, err);
    buf_fini(&name);
    if (status == STATUS_OK) {
        status = chain_fold(c, str_make((const char *)map.bytes, map.size_bytes), CHAIN_UNSIGNED,
                            visit, ctx, err);
        file_unmap(&map);
    }
    return status;
}

void chain_take(struct chain *c, struct str record) {
    struct parts parts;
    CHECK(chain_record_length(record) == record.len && take_apart(&parts, record));
    const char *problem = fold_record(c, &parts, CHAIN_UNSIGNED);
    CHECK(problem != NULL && problem[0] == '\0');
    c->last_at = c->valid_bytes;
    c->valid_bytes += record.len;
    for (uint32_t i = 0; i < c->sources.names.count; i++) {
        c->sources.changed[i] = false;
    }
}
