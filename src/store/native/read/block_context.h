/* Codes that are guessed from another column (stripe_context.h): the reader's side. */
#ifndef KONSEKI_BLOCK_CONTEXT_H
#define KONSEKI_BLOCK_CONTEXT_H

#include "block.h"

/* Turns what is stored (0 = as guessed, else code + 1) into codes, in place. DAMAGED if the numbers
 * do not fit the rows; else codes are below the number of entries. */
enum status block_context_resolve(uint32_t *codes, struct block *b, uint32_t column,
                                  struct err *err) MUST_CHECK;

#endif
