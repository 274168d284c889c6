#include "sshd_line.h"

/* The last place: names that attackers choose may hold the words. */
static size_t find_last(struct str text, struct str needle) {
    for (size_t at = text.len; at >= needle.len; at--) {
        if (str_ends(str_head(text, at), needle)) {
            return at - needle.len;
        }
    }
    return STR_NONE;
}

static bool take_prefix(struct str *text, struct str prefix) {
    bool is_there = str_starts(*text, prefix);
    *text = str_skip(*text, is_there ? prefix.len : 0);
    return is_there;
}

bool sshd_line_parse(struct sshd_logon *out, struct str message) {
    struct sshd_logon logon = {.is_success = take_prefix(&message, STR("Accepted "))};
    if (!logon.is_success && !take_prefix(&message, STR("Failed "))) {
        return false;
    }
    size_t at = str_find(message, STR(" for "));
    if (at == STR_NONE) {
        return false;
    }
    logon.method = str_head(message, at);
    message = str_skip(message, at + 5);
    (void)take_prefix(&message, STR("invalid user "));
    size_t port = find_last(message, STR(" port "));
    struct str before = port == STR_NONE ? STR_EMPTY : str_head(message, port);
    size_t from = find_last(before, STR(" from "));
    if (from == STR_NONE) {
        return false;
    }
    logon.user = str_head(before, from);
    logon.address = str_skip(before, from + 6);
    *out = logon;
    return true;
}
