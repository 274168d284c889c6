/* The text of a JSON string (RFC 8259 section 7) from what stands between its quotes. */
#ifndef KONSEKI_JSON_TEXT_H
#define KONSEKI_JSON_TEXT_H

#include "buf.h"

/* Appends the decoded text. Unknown escapes stay as they are; lone surrogates become U+FFFD.
 * Never longer than the slice. */
void json_text_decode(struct buf *out, struct str slice);

#endif
