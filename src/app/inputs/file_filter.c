#include "file_filter.h"

static bool fits(const struct event_words *words, struct str name) {
    size_t slash = str_rfind_char(name, '/');
    struct str last = slash == STR_NONE ? name : str_skip(name, slash + 1);
    return event_words_fit(words, name) || event_words_fit(words, last);
}

bool file_filter_admits(const struct file_filter *filter, struct str name) {
    return filter == NULL || ((filter->files.count == 0 || fits(&filter->files, name)) &&
                              !fits(&filter->other_files, name));
}
