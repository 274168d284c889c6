#include "encoding.h"

#include "intpack.h"
#include "mem.h"

struct text_coder {
    bool (*encode)(struct buf *out, const struct text_array *texts);
    bool (*decode)(struct buf *bytes, uint32_t *offsets, uint32_t count, struct wire *w,
                   uint64_t limit);
};

static struct str text_at(const struct text_array *t, uint32_t i) {
    return str_make(t->bytes + t->offsets[i], t->offsets[i + 1] - t->offsets[i]);
}

/* Packed lengths off the wire, each at most `limit`; NULL if malformed. The caller's. */
static int64_t *take_lengths(uint32_t count, struct wire *w, uint64_t limit) {
    int64_t *lengths = mem_alloc(((size_t)count + 1) * sizeof *lengths);
    bool good = intpack_decode(lengths, count, w);
    for (uint32_t i = 0; good && i < count; i++) {
        good = lengths[i] >= 0 && (uint64_t)lengths[i] <= limit;
    }
    if (!good) {
        mem_free(lengths);
        return NULL;
    }
    return lengths;
}

/* --- plain --- */

static bool encode_plain(struct buf *out, const struct text_array *t) {
    int64_t *lengths = mem_alloc(((size_t)t->count + 1) * sizeof *lengths);
    for (uint32_t i = 0; i < t->count; i++) {
        lengths[i] = t->offsets[i + 1] - t->offsets[i];
    }
    intpack_encode(out, lengths, t->count);
    mem_free(lengths);
    buf_append(out, t->bytes + t->offsets[0], t->offsets[t->count] - t->offsets[0]);
    return true;
}

static bool decode_plain(struct buf *bytes, uint32_t *offsets, uint32_t count, struct wire *w,
                         uint64_t limit) {
    int64_t *lengths = take_lengths(count, w, limit);
    uint64_t total = 0;
    for (uint32_t i = 0; lengths != NULL && i < count && total <= limit; i++) {
        offsets[i] = (uint32_t)total;
        total += (uint64_t)lengths[i];
    }
    bool good = lengths != NULL && total <= limit && total == wire_left(w);
    mem_free(lengths);
    if (good) {
        offsets[count] = (uint32_t)total;
        buf_add(bytes, wire_bytes(w, (size_t)total));
    }
    return good;
}

/* --- front coding --- */

static uint32_t shared_bytes(struct str a, struct str b) {
    size_t shared = 0;
    while (shared < a.len && shared < b.len && a.ptr[shared] == b.ptr[shared]) {
        shared++;
    }
    return (uint32_t)shared;
}

static bool encode_front(struct buf *out, const struct text_array *t) {
    int64_t *shared = mem_alloc(((size_t)t->count + 1) * sizeof *shared);
    int64_t *rests = mem_alloc(((size_t)t->count + 1) * sizeof *rests);
    struct str before = STR_EMPTY;
    for (uint32_t i = 0; i < t->count; i++) {
        struct str text = text_at(t, i);
        shared[i] = shared_bytes(before, text);
        rests[i] = (int64_t)text.len - shared[i];
        before = text;
    }
    intpack_encode(out, shared, t->count);
    intpack_encode(out, rests, t->count);
    for (uint32_t i = 0; i < t->count; i++) {
        buf_add(out, str_skip(text_at(t, i), (size_t)shared[i]));
    }
    mem_free(shared);
    mem_free(rests);
    return true;
}

/* Appends text i: `shared` bytes of the one before, then the rest. */
static bool add_front(struct buf *bytes, uint32_t *offsets, uint32_t i, uint64_t shared,
                      struct str rest, uint64_t limit) {
    uint64_t before = i == 0 ? 0 : offsets[i - 1];
    offsets[i] = (uint32_t)bytes->len;
    if (shared > offsets[i] - before || shared + rest.len > limit - bytes->len) {
        return false;
    }
    (void)buf_reserve(bytes, (size_t)shared + rest.len + 1);
    buf_append(bytes, bytes->ptr + before, (size_t)shared);
    buf_add(bytes, rest);
    return true;
}

static bool decode_front(struct buf *bytes, uint32_t *offsets, uint32_t count, struct wire *w,
                         uint64_t limit) {
    int64_t *shared = take_lengths(count, w, limit);
    int64_t *rests = shared == NULL ? NULL : take_lengths(count, w, limit);
    bool good = rests != NULL;
    for (uint32_t i = 0; good && i < count; i++) {
        struct str rest = wire_bytes(w, (size_t)rests[i]);
        good = !w->failed && add_front(bytes, offsets, i, (uint64_t)shared[i], rest, limit);
    }
    offsets[count] = (uint32_t)bytes->len;
    mem_free(shared);
    mem_free(rests);
    return good;
}

/* --- all of one length --- */

static bool encode_transposed(struct buf *out, const struct text_array *t) {
    uint32_t len = t->count == 0 ? 0 : t->offsets[1] - t->offsets[0];
    for (uint32_t i = 0; i < t->count; i++) {
        if (t->offsets[i + 1] - t->offsets[i] != len) {
            return false;
        }
    }
    wire_put_u64(out, len);
    char *to = buf_reserve(out, (size_t)len * t->count + 1);
    for (uint32_t at = 0; at < len; at++) {
        for (uint32_t i = 0; i < t->count; i++) {
            *to++ = t->bytes[t->offsets[i] + at];
        }
    }
    out->len += (size_t)len * t->count;
    return true;
}

static bool decode_transposed(struct buf *bytes, uint32_t *offsets, uint32_t count, struct wire *w,
                              uint64_t limit) {
    uint64_t len = wire_count(w, limit);
    if (w->failed || len * count > limit || len * count != wire_left(w)) {
        return false;
    }
    const char *from = wire_bytes(w, (size_t)len * count).ptr;
    char *to = buf_reserve(bytes, (size_t)len * count + 1);
    for (uint32_t i = 0; i < count; i++) {
        offsets[i] = (uint32_t)(len * i);
        for (uint64_t at = 0; at < len; at++) {
            *to++ = from[at * count + i];
        }
    }
    offsets[count] = (uint32_t)(len * count);
    bytes->len = (size_t)len * count;
    return true;
}

/* --- the table --- */

static const struct text_coder coders[TEXT_ENCODING_COUNT] = {
    [TEXT_PLAIN] = {encode_plain, decode_plain},
    [TEXT_FRONT] = {encode_front, decode_front},
    [TEXT_TRANSPOSED] = {encode_transposed, decode_transposed},
};

bool text_encode(struct buf *out, const struct text_array *texts, enum text_encoding encoding) {
    size_t start = out->len;
    buf_putc(out, (char)encoding);
    if (!coders[encoding].encode(out, texts)) {
        out->len = start;
        return false;
    }
    return true;
}

bool text_decode(struct buf *bytes, uint32_t *offsets, uint32_t count, struct wire *w,
                 uint64_t limit) {
    buf_clear(bytes);
    struct str tag = wire_bytes(w, 1);
    if (w->failed || (uint8_t)tag.ptr[0] >= TEXT_ENCODING_COUNT) {
        return false;
    }
    return coders[(uint8_t)tag.ptr[0]].decode(bytes, offsets, count, w, limit);
}
