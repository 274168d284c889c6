/*
 * Writing one stripe: its blocks, then what is new in its dictionaries; says in `directory` where
 * everything is, and adds its words to the segment's. Part of segment_writer.c's work.
 */
#ifndef KONSEKI_STRIPE_WRITER_H
#define KONSEKI_STRIPE_WRITER_H

#include "segment_writer.h"

void stripe_write(struct buf *directory, struct segment_writer *w, struct stripe *s);

#endif
