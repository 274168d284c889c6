#include "escape_match.h"

#include "bytescan.h"
#include "json_text.h"
#include "transform.h"

static size_t first_marked(uint64_t marks) {
    return marks == 0 ? 8 : (size_t)__builtin_ctzll(marks) >> 3;
}

/* Takes what is equal in both off, up to the slice's next backslash or end; false: they differ
 * before that. */
static bool take_plain(struct str *slice, struct str *text) {
    const uint64_t backslashes = bytescan_broadcast('\\');
    size_t most = slice->len < text->len ? slice->len : text->len;
    size_t n = 0;
    for (; n + 8 <= most; n += 8) {
        uint64_t bytes = bytes_le64(slice->ptr + n);
        uint64_t other = bytes ^ bytes_le64(text->ptr + n);
        uint64_t marks = bytescan_zero_marks(bytes ^ backslashes);
        if ((other | marks) != 0) {
            n += first_marked(marks);
            bool same = first_marked(other) >= first_marked(marks);
            *slice = str_skip(*slice, n);
            *text = str_skip(*text, n);
            return same;
        }
    }
    while (n < most && slice->ptr[n] != '\\' && slice->ptr[n] == text->ptr[n]) {
        n++;
    }
    *slice = str_skip(*slice, n);
    *text = str_skip(*text, n);
    return slice->len == 0 || slice->ptr[0] == '\\';
}

bool escape_match_json(struct str slice, struct str text, struct buf *scratch) {
    while (take_plain(&slice, &text)) {
        if (slice.len == 0) {
            return text.len == 0;
        }
        if (slice.len > 1 && slice.ptr[1] == 'u') {
            buf_clear(scratch);
            return transform_decode(scratch, slice, TRANSFORM_JSON) &&
                   str_eq(buf_str(scratch), text);
        }
        char byte = slice.len > 1 ? json_simple_escape(slice.ptr[1]) : '\0';
        if (byte == '\0' || text.len == 0 || text.ptr[0] != byte) {
            return false;
        }
        slice = str_skip(slice, 2);
        text = str_skip(text, 1);
    }
    return false;
}
