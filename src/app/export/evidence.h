/*
 * The part of an exported JSON line that makes it evidence again (docs/formats/export.md): what the
 * fields of an event do not tell, so that a row can be restored with the same bytes, numbers, times
 * and marks. Written as the last member of the line's object:
 *
 *   {"@timestamp":..., ...,"konseki.evidence":{"end":"\n"}}
 *
 * Reading trusts nothing: a line that is not what the format says is BAD_INPUT with the reason and
 * leaves the batch as it was (but for bytes behind its last row). Threads: one an object.
 */
#ifndef KONSEKI_EVIDENCE_H
#define KONSEKI_EVIDENCE_H

#include "batch.h"
#include "err.h"

/* --- writing --- */

struct evidence_writer;
struct evidence_writer *evidence_writer_create(void);
void evidence_writer_destroy(struct evidence_writer **writer);
/* Puts the member into the object at the end of `out` (which ends in '}'); the row's batch must
 * have its raw bytes and all values. */
void evidence_append(struct buf *out, struct evidence_writer *writer, const struct batch *batch,
                     const struct row *row);

/* --- reading --- */

struct evidence_reader;
struct evidence_reader *evidence_reader_create(void);
void evidence_reader_destroy(struct evidence_reader **reader);
/* Adds the line's row (sequence set, arrival 0) to the batch. `line` without its end. */
enum status evidence_read(struct batch *batch, struct evidence_reader *reader, struct str line,
                          struct err *err) MUST_CHECK;

#endif
