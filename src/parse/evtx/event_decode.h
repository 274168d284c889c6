/*
 * One chunk's records -> values of batch rows. Holds what the records of a chunk share: compiled
 * templates and their plans, found by the offset of their definition.
 *
 * Work and output of a chunk are bounded (a budget): templates may be referred to by thousands of
 * records and values may hold fragments, so a small file could otherwise ask for hours of work.
 */
#ifndef KONSEKI_EVENT_DECODE_H
#define KONSEKI_EVENT_DECODE_H

#include "batch.h"
#include "binxml.h"

struct event_decoder;

struct event_decoder *event_decoder_create(void);
void event_decoder_destroy(struct event_decoder **decoder);
/* Forgets the templates of the chunk before. The bytes stay borrowed until the next call. */
void event_decoder_begin_chunk(struct event_decoder *decoder, const uint8_t *chunk, size_t size);
/* A batch was cleared or is another one: texts kept in the last one are gone. */
void event_decoder_begin_batch(struct event_decoder *decoder);

/*
 * Adds the values of the record's BinXML at chunk[at, end) to the row being built and sets its
 * record_id and time_ns where the event has them. With a fault: what was readable was added.
 */
struct binxml_fault event_decode(struct event_decoder *decoder, struct batch *batch, size_t at,
                                 size_t end);

#endif
