/* Codes that are guessed from another column (stripe_context.h): the reader's side. */
#ifndef KONSEKI_BLOCK_CONTEXT_H
#define KONSEKI_BLOCK_CONTEXT_H

#include "block.h"

/* Turns what is stored (0 = as guessed, else code + 1) into codes, in place. DAMAGED if the numbers
 * do not fit the rows; codes are to be tested by the caller. */
enum status block_context_resolve(int64_t *numbers, struct block *b, uint32_t column,
                                  struct err *err) MUST_CHECK;

#endif
