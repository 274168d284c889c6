/*
 * One-shot zstd frames (RFC 8878) with reused contexts. A frame says nothing we trust: the caller
 * knows how many bytes must come out.
 *
 * Threads: a struct zstd_frame belongs to one thread at a time.
 */
#ifndef KONSEKI_ZSTD_FRAME_H
#define KONSEKI_ZSTD_FRAME_H

#include "buf.h"

struct zstd_frame;

struct zstd_frame *zstd_frame_create(void);
void zstd_frame_destroy(struct zstd_frame **z);
/* Appends the compressed form of `plain`; when that is not smaller, `plain` itself (then stored
 * length == plain length, which is how it is recognised). */
void zstd_frame_pack(struct zstd_frame *z, struct buf *out, struct str plain, int level);
/* The same, in blocks that end where the bytes change their nature (byte_parts.h): for arrays in
 * planes. */
void zstd_frame_pack_parts(struct zstd_frame *z, struct buf *out, struct str plain, int level);
/* As zstd_frame_pack, beside `base`, bytes that the reader has, too: what stands in them costs next
 * to nothing. It is borrowed for the call, and lies apart from `plain` in memory. */
void zstd_frame_pack_beside(struct zstd_frame *z, struct buf *out, struct str plain, int level,
                            struct str base);
/* Writes exactly plain_len bytes to `out`; false if `stored` does not give exactly that many. */
bool zstd_frame_unpack(struct zstd_frame *z, void *out, size_t plain_len, struct str stored);
/* What zstd_frame_pack_beside made, with the same base; an empty base is none. */
bool zstd_frame_unpack_beside(struct zstd_frame *z, void *out, size_t plain_len, struct str stored,
                              struct str base);

#endif
