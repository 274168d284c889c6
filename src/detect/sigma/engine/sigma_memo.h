/*
 * Which tests a value passes, remembered: most values of most fields repeat. Bounded: when it is
 * full it starts anew. Long values are not kept. Not thread-safe.
 */
#ifndef KONSEKI_SIGMA_MEMO_H
#define KONSEKI_SIGMA_MEMO_H

#include "sigma_slot.h"

struct sigma_memo;

struct sigma_memo *sigma_memo_create(void);
void sigma_memo_destroy(struct sigma_memo **memo);
/* NULL if unknown. Valid until the next call of any function here. `field` is where the value came
 * from: what stood there in the last event is found without hashing. */
struct sigma_ids *sigma_memo_find(struct sigma_memo *memo, uint32_t slot, uint32_t field,
                                  struct str value);
/* An empty list to fill; sigma_memo_keep then remembers it. */
struct sigma_ids *sigma_memo_begin(struct sigma_memo *memo);
void sigma_memo_keep(struct sigma_memo *memo, uint32_t slot, uint32_t field, struct str value);

#endif
