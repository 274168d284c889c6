/* References to chunks, and what is in the chunks. */
#include <stdio.h>

#include "hash.h"
#include "i18n.h"
#include "mem.h"
#include "segment_priv.h"

enum { READ_MAX = 16 << 10 /* stored bytes that are read, not mapped */ };

/* --- references --- */

static uint32_t take_checksum(struct wire *w) {
    struct str sum = wire_bytes(w, 4);
    return sum.len == 4 ? bytes_le32(sum.ptr) : 0;
}

/* A chunk that lies before the one at `at`. */
static struct chunk_ref take_base(struct wire *w, uint64_t at) {
    struct chunk_ref base = {.offset = at};
    uint64_t back = wire_count(w, at - SEGMENT_HEADER_BYTES);
    base.stored_len = (uint32_t)wire_count(w, back < UINT32_MAX ? back : UINT32_MAX);
    base.plain_len = (uint32_t)wire_count(w, CHUNK_BASE_BYTES);
    base.checksum = take_checksum(w);
    base.offset -= back;
    return base;
}

static uint32_t take_bases(struct wire *w, struct segment *s, uint64_t at, uint64_t count) {
    struct segment_bases bases = {.count = (uint32_t)count};
    for (uint32_t i = 0; i < bases.count; i++) {
        bases.chunks[i] = take_base(w, at);
    }
    MEM_GROW(s->bases, s->base_capacity, s->base_count + 1);
    s->bases[s->base_count++] = bases;
    return (uint32_t)s->base_count;
}

/* The bytes of a chunk that lies before this place: nothing lies here. */
static void take_place(struct chunk_ref *ref, struct wire *w, uint64_t at) {
    uint64_t back = wire_count(w, at - SEGMENT_HEADER_BYTES);
    w->failed = w->failed || back < ref->stored_len;
    ref->offset = at - back;
}

struct chunk_ref segment_take_ref(struct wire *w, struct segment *s, uint64_t *at, uint64_t end) {
    struct chunk_ref ref = {.offset = *at};
    ref.stored_len = (uint32_t)wire_count(w, UINT32_MAX);
    if (ref.stored_len == 0) {
        struct str bytes = wire_str(w);
        ref.inline_bytes = bytes.ptr;
        ref.plain_len = (uint32_t)bytes.len; /* directories are shorter than 4 GiB */
        return ref;
    }
    uint64_t plain = wire_count(w, (uint64_t)CHUNK_BASES_UNIT * (CHUNK_AGAIN + 1) - 1);
    ref.plain_len = (uint32_t)(plain % CHUNK_BASES_UNIT);
    ref.checksum = take_checksum(w);
    if (plain / CHUNK_BASES_UNIT == CHUNK_AGAIN) {
        take_place(&ref, w, *at);
        return ref;
    }
    w->failed = w->failed || ref.stored_len > end - *at;
    if (plain >= CHUNK_BASES_UNIT && !w->failed) {
        ref.bases = take_bases(w, s, *at, plain / CHUNK_BASES_UNIT);
    }
    *at += w->failed ? 0 : ref.stored_len;
    return ref;
}

/* --- bytes --- */

static enum status check_chunk(const struct segment *s, const struct chunk_ref *ref,
                               struct str stored, struct err *err) {
    if (s->ignore_checksums || (uint32_t)hash_str(stored) == ref->checksum) {
        return STATUS_OK;
    }
    char what[160];
    (void)snprintf(what, sizeof what, _("bytes %llu to %llu fail their checksum"),
                   (unsigned long long)ref->offset,
                   (unsigned long long)(ref->offset + ref->stored_len));
    return segment_damaged(s, err, what);
}

/*
 * The stored bytes. Who reads a small part of the segment reads chunks one by one: a page that is
 * mapped brings fifteen others along, which costs more than reading a few kilobytes. The mapping
 * has the bytes in any case (the file may have lost its name meanwhile).
 */
static struct str stored_bytes(struct segment *s, const struct chunk_ref *ref) {
    /* inside the file: whoever made the reference saw to it */
    struct str mapped = str_make((const char *)s->map.bytes + ref->offset, ref->stored_len);
    if (!s->reads_few || ref->stored_len > READ_MAX) {
        return mapped;
    }
    if (s->file.fd < 0 && file_reader_open(&s->file, s->path, NULL) != STATUS_OK) {
        s->reads_few = false;
        return mapped;
    }
    buf_clear(&s->stored);
    char *room = buf_reserve(&s->stored, ref->stored_len);
    bool read = file_reader_at(&s->file, room, ref->stored_len, ref->offset);
    return read ? str_make(room, ref->stored_len) : mapped;
}

/* Unpacks to `out`, which has room for plain_len bytes. */
static enum status unpack(char *out, struct segment *s, const struct chunk_ref *ref,
                          struct str base, struct err *err) {
    struct str stored = stored_bytes(s, ref);
    enum status status = check_chunk(s, ref, stored, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (!zstd_frame_unpack_beside(s->zstd, out, ref->plain_len, stored, base)) {
        return segment_damaged(s, err, _("a chunk cannot be unpacked"));
    }
    s->bytes_read += ref->stored_len;
    return STATUS_OK;
}

/* The plain bytes of the chunks that one was packed beside, one after the other. */
static enum status unpack_bases(struct buf *out, struct segment *s,
                                const struct segment_bases *bases, struct err *err) {
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < bases->count && status == STATUS_OK; i++) {
        const struct chunk_ref *base = &bases->chunks[i];
        status = unpack(buf_reserve(out, (size_t)base->plain_len + 1), s, base, STR_EMPTY, err);
        out->len += status == STATUS_OK ? base->plain_len : 0;
    }
    return status;
}

enum status segment_chunk(char **out, struct segment *s, const struct chunk_ref *ref,
                          struct err *err) {
    if (ref->inline_bytes != NULL) {
        *out = mem_strdup(ref->inline_bytes, ref->plain_len);
        return STATUS_OK;
    }
    struct buf base = BUF_INIT;
    enum status status =
        ref->bases == 0 ? STATUS_OK : unpack_bases(&base, s, &s->bases[ref->bases - 1], err);
    char *plain = NULL;
    if (status == STATUS_OK) {
        plain = mem_alloc((size_t)ref->plain_len + 1);
        status = unpack(plain, s, ref, buf_str(&base), err);
    }
    buf_fini(&base);
    if (status != STATUS_OK) {
        mem_free(plain);
        return status;
    }
    plain[ref->plain_len] = '\0';
    *out = plain;
    return STATUS_OK;
}
