/*
 * An exported store comes back: files that `konseki export --format jsonl` wrote, plain or in zstd
 * frames (docs/formats/export.md). Every row gets its old id, bytes, fields, times and marks.
 *
 * A file is read twice. First it is checked as a whole: head, each line, numbers that rise, and the
 * tail's count and SHA-256; only then its rows go into the store. So a cut or changed file adds
 * nothing. Memory: a few batches; a line may have up to 64 MiB. Threads: one.
 */
#ifndef KONSEKI_RESTORE_H
#define KONSEKI_RESTORE_H

#include "ingest.h"
#include "input.h"
#include "input_file.h"

/* Does the file begin as an export does? */
bool restore_is_export(const struct input_file *file);
/* BAD_INPUT: the file is not whole, was changed, or its numbers are taken: nothing came in. */
enum status restore_file(struct parse_input_counts *out, struct ingest *ingest, struct store *store,
                         const struct input_file *file, struct err *err) MUST_CHECK;

#endif
