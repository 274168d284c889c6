/*
 * Packed inputs, told by their first bytes: gzip, zstd, xz, bzip2 and lz4 streams; zip, 7z and tar
 * (also packed by one of the former). Members are read one after the other, never unpacked to a
 * place with a name. docs/formats/inputs.md says what their events' `file` and `line` are.
 *
 * Everything in an archive is hostile. Bounds: bytes unpacked from one file (most_bytes), their
 * ratio to the packed bytes once they are many (RATIO_LIMIT), members (MEMBERS_LIMIT), length of a
 * name. What is beyond one ends the archive with a message, never silently.
 *
 * Source: libarchive 3.6 (archive_read(3), archive_read_data(3)); no filter that runs a program, no
 * format but these is enabled. It decrypts zip (PKWARE and AES), not 7z.
 *
 * Ownership: borrows the input until closed. Threads: one an object. Memory: some 1 MiB and what
 * the packer's window needs (zstd: at most 128 MiB, xz: what the stream says).
 */
#ifndef KONSEKI_PACKED_H
#define KONSEKI_PACKED_H

#include "input_file.h"

struct packed_limits {
    const char *password; /* NULL: none; without one "infected" is tried too */
    uint64_t most_bytes;  /* unpacked, of one file on disk; 0: 256 GiB */
};

struct packed_member {
    struct str name;          /* UTF-8, empty for a stream; until the next member */
    int64_t modified_wall_ns; /* of the member, else of the file that holds it */
};

enum packed_step {
    PACKED_MEMBER,
    PACKED_END,
    PACKED_BROKEN /* the rest cannot be read: err says why */
};

struct packed;

bool packed_is(const uint8_t *bytes, size_t size_bytes);
/* `spent_bytes`: what was unpacked so far to get at `file` (an archive in an archive), counted on.
 */
enum status packed_open(struct packed **out, const struct input_file *file,
                        const struct packed_limits *limits, uint64_t *spent_bytes,
                        struct err *err) MUST_CHECK;
void packed_close(struct packed **packed);
/* The next member that is a file. */
enum packed_step packed_next(struct packed *packed, struct packed_member *out, struct err *err);
/* Bytes of the packed file that were taken so far. */
uint64_t packed_position(const struct packed *packed);
/* Bytes of the member: *size is how many are wanted, then how many came; 0 at its end. After a
 * failure (damaged, encrypted, over a bound) the member is over; packed_next tells of the rest. */
enum status packed_read(struct packed *packed, void *out, size_t *size, struct err *err) MUST_CHECK;

#endif
