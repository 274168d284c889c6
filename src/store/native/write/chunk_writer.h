/*
 * Choosing how the values of a chunk are coded. FAST takes what a rough estimate says; DEEP codes
 * them in every way that can hold them, compresses each quickly, and compresses the best with all
 * effort.
 *
 * Part of segment_writer.c's work. Threads: one at a time.
 */
#ifndef KONSEKI_CHUNK_WRITER_H
#define KONSEKI_CHUNK_WRITER_H

#include "encoding.h"
#include "segment_writer.h"

/* Appends packed numbers to w->plain, in the form that becomes smallest. */
void chunk_add_numbers(struct segment_writer *w, const int64_t *numbers, size_t count);
/* Likewise all numbers of a chunk. Those of a field are read by aggregations: where zstd
 * makes them hardly smaller than a few bits each, these are taken, and chunk_put leaves them as
 * they are: reading them is much faster. Other chunks repeat each other rather in whole bytes. */
void chunk_add_only_numbers(struct segment_writer *w, const int64_t *numbers, size_t count,
                            bool is_field);
/* Appends codes of a column that has a context (stripe_context.h): the codes themselves, or the
 * `residuals` if these take less (NULL: the context is not in this stripe). */
void chunk_add_guessed(struct segment_writer *w, const int64_t *codes, const int64_t *residuals,
                       size_t count, bool is_field);
/* Appends texts to w->plain. */
void chunk_add_texts(struct segment_writer *w, const struct text_array *texts);

enum chunk_kind { CHUNK_OF_CODES, CHUNK_OF_NUMBERS, CHUNK_OF_TEXT };

/* Compresses w->plain (cleared then) to the segment; its reference goes to `directory`. */
void chunk_put(struct segment_writer *w, struct buf *directory, enum chunk_kind kind,
               struct chunk_habit *habit);

#endif
