/* The bytes of a segment: header, extents (blocks and shared parts), footer, trailer, no gap. */
#include "bytes.h"
#include "i18n.h"
#include "segment.h"
#include "verify_priv.h"

static void check_extent(struct verify *v, const struct segment *s, const char *what,
                         uint64_t number, uint64_t offset, uint64_t len, const uint8_t *expected,
                         uint64_t *end) {
    uint8_t hash[SHA256_BYTES];
    if (offset != *end) {
        verify_damage(v, "%s: bytes %llu to %llu belong to nothing", s->path,
                      (unsigned long long)*end, (unsigned long long)offset);
    }
    *end = offset + len;
    sha256_of(hash, str_make((const char *)s->map.bytes + offset, (size_t)len));
    if (memcmp(hash, expected, SHA256_BYTES) != 0) {
        verify_damage(v, "%s: %s %llu (bytes %llu to %llu) was changed: its SHA-256 differs",
                      s->path, what, (unsigned long long)number, (unsigned long long)offset,
                      (unsigned long long)*end);
    }
}

static void check_bytes(struct verify *v, const struct segment *s) {
    static const char header[SEGMENT_HEADER_BYTES] = "KSEG0002";
    if (memcmp(s->map.bytes, header, sizeof header) != 0) {
        verify_damage(v, "%s: its header was changed", s->path);
    }
    uint64_t end = SEGMENT_HEADER_BYTES;
    for (size_t i = 0; i < s->stripe_count; i++) {
        const struct segment_stripe *t = &s->stripes[i];
        check_extent(v, s, _("stripe"), i, t->offset, t->len, t->sha256, &end);
    }
    check_extent(v, s, _("shared part"), 0, s->shared_offset, s->shared_len, s->shared_sha256,
                 &end);
    uint64_t footer = bytes_le64(s->map.bytes + s->map.size_bytes - SEGMENT_TRAILER_BYTES);
    if (end != footer) {
        verify_damage(v, "%s: bytes %llu to %llu belong to nothing", s->path,
                      (unsigned long long)end, (unsigned long long)footer);
    }
}

static void check_against_chain(struct verify *v, const struct segment *s,
                                const struct segment_info *info) {
    if (s->map.size_bytes != info->file_bytes) {
        verify_damage(v, "%s has %llu bytes; its checkpoint says %llu", s->path,
                      (unsigned long long)s->map.size_bytes, (unsigned long long)info->file_bytes);
    }
    if (!segment_has_footer(s, info->footer_sha256)) {
        verify_damage(v, "%s is not the segment that its checkpoint names (swapped or rewritten)",
                      s->path);
    }
    bool same = s->filter_offset == info->filter_offset && s->row_count == info->rows &&
                s->stripe_count == info->stripe_count;
    for (size_t i = 0; i < s->stripe_count && same; i++) {
        same = s->stripes[i].filter_lines == info->filter_lines[i];
    }
    if (!same) {
        verify_damage(v, "%s: rows or index are not those that its checkpoint names", s->path);
    }
}

void verify_segment(struct verify *v, const char *path, const struct segment_info *info) {
    struct segment *s = NULL;
    struct err err = ERR_INIT;
    enum status status = segment_open(&s, path, &err);
    if (status == STATUS_NOT_FOUND) {
        verify_damage(v, "%s is missing: rows %llu to %llu are gone", path,
                      (unsigned long long)info->arrival_first,
                      (unsigned long long)info->arrival_last);
        return;
    }
    if (status != STATUS_OK) {
        verify_damage(v, "%s", err.message);
        return;
    }
    check_against_chain(v, s, info);
    check_bytes(v, s);
    segment_close(&s);
}
