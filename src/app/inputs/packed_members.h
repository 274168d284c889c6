/*
 * The members of a packed file as files, one after the other, archives in archives too: for those
 * who need all bytes of each (import). For rows only, packed_rows.h needs less room.
 *
 * Ownership: a member's bytes are borrowed for the call. Threads: one. Failures: what cannot be
 * read is told to `failed`, by "archive/member" or the archive; a member of which a part is missing
 * is not visited at all.
 */
#ifndef KONSEKI_PACKED_MEMBERS_H
#define KONSEKI_PACKED_MEMBERS_H

#include "input_file.h"
#include "packed.h"

enum { PACKED_MEMBERS_DEPTH = 3 };

/* `name`: the packed file's, a slash, the member's; of a stream (gzip ...) the packed file's. A
 * status other than OK ends the visit and is returned. */
typedef enum status packed_members_fn(const char *name, const struct input_file *file, void *ctx);

enum status packed_members_visit(const struct input_file *file, const char *name,
                                 const struct packed_limits *limits, packed_members_fn *visit,
                                 input_walk_error_fn *failed, void *ctx) MUST_CHECK;

#endif
