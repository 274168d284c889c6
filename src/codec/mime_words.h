/*
 * Encoded words of mail headers (RFC 2047, language tag of RFC 2231 section 5) as they stand in a
 * log line: folds may be written as '?' or "??" (Postfix prints control bytes so), words may be
 * split inside a character, stand inside quotes, hold blanks, or be cut anywhere.
 *
 * Cost: O(text). Threads: none of its own.
 */
#ifndef KONSEKI_MIME_WORDS_H
#define KONSEKI_MIME_WORDS_H

#include "mime_charset.h"

/* Appends the text with its encoded words decoded, as UTF-8. White space and folds between two
 * words vanish (RFC 2047 section 6.2), a fold elsewhere becomes its blank. */
enum mime_state mime_words_decode(struct buf *out, struct str text);

#endif
