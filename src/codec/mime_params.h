/*
 * File names in Content-Type (name=) and Content-Disposition (filename=) values as logged: RFC 2045
 * parameters, RFC 2231 (charset'language'percent, numbered sections), RFC 2047 words in quotes
 * (forbidden, usual), folds printed as '?', missing quotes, any letter case, values cut anywhere.
 *
 * A header may carry different names in different forms (one form for the filter, another for the
 * reader's program): all are reported.
 */
#ifndef KONSEKI_MIME_PARAMS_H
#define KONSEKI_MIME_PARAMS_H

#include "mime_charset.h"

enum { MIME_FILE_NAMES_MAX = 6 };

struct mime_file_name {
    size_t off; /* in the text buffer */
    size_t len; /* 0: there is a name, but nothing of it is readable */
    enum mime_state state;
};

/*
 * Appends the decoded names to `text` and describes up to MIME_FILE_NAMES_MAX of them in `out`;
 * returns how many. `cut`: the value was cut at its end (the writer's length limit was reached).
 * A name with '?' in place of bytes that the writer could not print is MIME_UNDECODABLE; its
 * readable part (often the extension) is given.
 */
size_t mime_file_names(struct mime_file_name out[MIME_FILE_NAMES_MAX], struct buf *text,
                       struct str value, bool cut);

#endif
