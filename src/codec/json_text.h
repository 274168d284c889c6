/* The text of a JSON string (RFC 8259 section 7) from what stands between its quotes. */
#ifndef KONSEKI_JSON_TEXT_H
#define KONSEKI_JSON_TEXT_H

#include "buf.h"

/* The byte that the escape "\c" stands for; 0: none, or not one byte (\u). */
char json_simple_escape(char c);
/* Appends the decoded text. Unknown escapes stay as they are (then false); lone surrogates become
 * U+FFFD. Never longer than the slice. */
bool json_text_decode(struct buf *out, struct str slice);

#endif
