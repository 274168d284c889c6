/* Well-formed UTF-8 (Unicode 15, table 3-7). */
#ifndef KONSEKI_UTF8_H
#define KONSEKI_UTF8_H

#include "str.h"

/*
 * Length (1..4) of the character that s (not empty) begins with; 0 if ill-formed, then *bad is the
 * length of the maximal subpart that U+FFFD stands for.
 */
size_t utf8_length(size_t *bad, struct str s);

#define UTF8_REPLACEMENT STR("\xef\xbf\xbd")

#endif
