#include "base64_join.h"

#include "mem.h"

enum { WRAPPED_LEAST = 48 }; /* characters of a line that is wrapped, not ended */

void base64_joints_fini(struct base64_joints *joints) {
    mem_free(joints->items);
    *joints = (struct base64_joints){0};
}

enum sort { SORT_OTHER, SORT_DIGIT, SORT_JOINT /* a joint may begin with it */ };

static const uint8_t sorts[256] = {
    ['+'] = SORT_DIGIT,         ['-'] = SORT_DIGIT,         ['_'] = SORT_DIGIT,
    ['/' ... '9'] = SORT_DIGIT, ['A' ... 'Z'] = SORT_DIGIT, ['a' ... 'z'] = SORT_DIGIT,
    ['\''] = SORT_JOINT,        ['"'] = SORT_JOINT,         ['\r'] = SORT_JOINT,
    ['\n'] = SORT_JOINT,        ['^'] = SORT_JOINT};

static enum sort sort_of(char c) {
    return (enum sort)sorts[(unsigned char)c];
}

/* --- joints --- */

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Behind blanks, and the signs with which a statement goes on in the next line: "_", "`". */
static size_t skip_blanks(struct str text, size_t at) {
    while (at < text.len && (is_blank(text.ptr[at]) ||
                             ((text.ptr[at] == '_' || text.ptr[at] == '`') && at + 1 < text.len &&
                              (text.ptr[at + 1] == '\r' || text.ptr[at + 1] == '\n')))) {
        at++;
    }
    return at;
}

/* `' + '` and the like at *at: behind it. 0: none. */
static size_t behind_plus(struct str text, size_t at) {
    size_t sign = skip_blanks(text, at + 1);
    if (sign >= text.len || (text.ptr[sign] != '+' && text.ptr[sign] != '&')) {
        return 0;
    }
    size_t quote = skip_blanks(text, sign + 1);
    bool is_quote = quote < text.len && (text.ptr[quote] == '\'' || text.ptr[quote] == '"');
    return is_quote ? quote + 1 : 0;
}

/* The end of a line of whole groups, and the next one's indentation. */
static size_t behind_wrap(struct str text, size_t at, size_t line) {
    bool is_whole = line >= WRAPPED_LEAST && line % 4 == 0;
    size_t end = at + (text.ptr[at] == '\r');
    if (!is_whole || end >= text.len || text.ptr[end] != '\n') {
        return 0;
    }
    end++;
    while (end < text.len && (text.ptr[end] == ' ' || text.ptr[end] == '\t')) {
        end++;
    }
    return end;
}

/* Where the next piece begins, if there is a joint behind a piece; 0: none. */
static size_t behind_joint(struct str text, size_t at, size_t line) {
    size_t end = 0;
    switch (text.ptr[at]) {
    case '\'':
    case '"':
        end = behind_plus(text, at);
        break;
    case '\r':
    case '\n':
        end = behind_wrap(text, at, line);
        break;
    case '^':
        end = at + 1;
        break;
    default:
        break;
    }
    return end < text.len && sort_of(text.ptr[end]) == SORT_DIGIT ? end : 0;
}

bool base64_join(struct buf *out, struct base64_joints *joints, struct str text) {
    size_t from = 0; /* of the piece */
    size_t line = 0; /* digits before, without a break */
    joints->count = 0;
    buf_clear(out);
    for (size_t i = 0; i < text.len; i++) {
        enum sort sort = sort_of(text.ptr[i]);
        if (sort == SORT_DIGIT) {
            line++;
            continue;
        }
        size_t end = sort == SORT_JOINT && line > 0 ? behind_joint(text, i, line) : 0;
        line = 0;
        if (end > 0) {
            buf_append(out, text.ptr + from, i - from);
            MEM_GROW(joints->items, joints->capacity, joints->count + 1);
            joints->items[joints->count++] = (struct base64_joint){out->len, end - out->len};
            from = end;
            i = end - 1;
        }
    }
    if (joints->count > 0) {
        buf_append(out, text.ptr + from, text.len - from);
    }
    return joints->count > 0;
}

/* --- places --- */

/* How many joints begin at the place or before. */
static size_t joints_until(const struct base64_joints *joints, size_t at) {
    size_t low = 0;
    for (size_t high = joints->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (joints->items[middle].at <= at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

size_t base64_joints_within(const struct base64_joints *joints, size_t from, size_t to) {
    return to > from ? joints_until(joints, to - 1) - joints_until(joints, from) : 0;
}

size_t base64_joints_origin(const struct base64_joints *joints, size_t at) {
    size_t count = joints_until(joints, at);
    return count > 0 ? at + joints->items[count - 1].removed : at;
}
