/*
 * A hit as bytes, so that it can wait: to be sorted, or to be shown as a sample. The bytes mean
 * something in this process only (the rule is its address). Cost: one pass over the texts.
 */
#ifndef KONSEKI_REPORT_COPY_H
#define KONSEKI_REPORT_COPY_H

#include "report_hit.h"

/* Texts longer than `text_max` are cut there at a character's end; 0: whole. */
void report_copy_write(struct buf *out, const struct report_hit *hit, size_t text_max);
/* The way back: texts lie in `bytes`, arrays in the arena. */
void report_copy_read(struct report_hit *out, struct str bytes, struct arena *arena);

#endif
