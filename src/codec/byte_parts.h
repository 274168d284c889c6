/*
 * Where bytes change their nature. zstd codes the literals of a block with one table; arrays in
 * byte planes, one after the other in a chunk, want one each. A part is a run of bytes that is
 * cheaper with a table of its own than with that of its neighbours, by the entropy of its bytes.
 *
 * Cost: one look at each byte, and 256 logarithms a KiB. Threads: pure. No failures.
 */
#ifndef KONSEKI_BYTE_PARTS_H
#define KONSEKI_BYTE_PARTS_H

#include "str.h"

/* How many bytes the part has that `bytes` begin with: all of them, or a multiple of 1,024. */
size_t byte_part(struct str bytes);

#endif
