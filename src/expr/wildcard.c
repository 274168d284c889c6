#define _GNU_SOURCE /* memmem */
#include "wildcard.h"

#include "token.h"

static bool is_mark(char c) {
    return (unsigned char)c == WILDCARD_STAR || (unsigned char)c == WILDCARD_ONE;
}

static size_t char_length(char first) {
    unsigned char c = (unsigned char)first;
    return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

bool wildcard_has_wildcard(struct str pattern) {
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.ptr[i] == '\\') {
            i++;
        } else if (pattern.ptr[i] == '*' || pattern.ptr[i] == '?') {
            return true;
        }
    }
    return false;
}

struct str wildcard_fold_pattern(struct arena *arena, struct str pattern) {
    struct buf marked = BUF_INIT;
    struct buf literal = BUF_INIT;
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        if (c == '*' || c == '?') {
            fold_text(&marked, buf_str(&literal));
            buf_clear(&literal);
            buf_putc(&marked, (char)(c == '*' ? WILDCARD_STAR : WILDCARD_ONE));
            continue;
        }
        if (c == '\\' && i + 1 < pattern.len) {
            c = pattern.ptr[++i];
        }
        buf_putc(&literal, c);
    }
    fold_text(&marked, buf_str(&literal));
    struct str out = arena_str(arena, buf_str(&marked));
    buf_fini(&literal);
    buf_fini(&marked);
    return out;
}

/* --- whole values --- */

void wildcard_compile(struct wildcard *out, struct arena *arena, struct str marked) {
    size_t stars = 0;
    for (size_t i = 0; i < marked.len; i++) {
        stars += (unsigned char)marked.ptr[i] == WILDCARD_STAR;
    }
    out->segments = arena_array(arena, stars + 1, sizeof *out->segments);
    out->segment_count = 0;
    size_t start = 0;
    for (size_t i = 0; i <= marked.len; i++) {
        if (i == marked.len || (unsigned char)marked.ptr[i] == WILDCARD_STAR) {
            out->segments[out->segment_count++] = str_make(marked.ptr + start, i - start);
            start = i + 1;
        }
    }
}

/* Length of the text's head that the segment matches, or STR_NONE. */
static size_t match_head(struct str segment, struct str text) {
    size_t at = 0;
    for (size_t i = 0; i < segment.len; i++) {
        if (at >= text.len) {
            return STR_NONE;
        }
        if ((unsigned char)segment.ptr[i] == WILDCARD_ONE) {
            at += char_length(text.ptr[at]);
        } else if (segment.ptr[i] == text.ptr[at]) {
            at++;
        } else {
            return STR_NONE;
        }
    }
    return at <= text.len ? at : STR_NONE;
}

/* Does the text end with the segment? */
static bool match_tail(struct str segment, struct str text) {
    size_t at = text.len;
    for (size_t left = str_characters(segment); left > 0; left--) {
        if (at == 0) {
            return false;
        }
        do {
            at--;
        } while (at > 0 && ((unsigned char)text.ptr[at] & 0xc0) == 0x80);
    }
    return match_head(segment, str_skip(text, at)) == text.len - at;
}

/* Offset behind the first place where the segment matches, or STR_NONE. */
static size_t find_segment(struct str segment, struct str text) {
    if (segment.len == 0) {
        return 0;
    }
    if (memchr(segment.ptr, WILDCARD_ONE, segment.len) == NULL) {
        const char *hit = memmem(text.ptr, text.len, segment.ptr, segment.len);
        return hit == NULL ? STR_NONE : (size_t)(hit - text.ptr) + segment.len;
    }
    for (size_t at = 0; at < text.len; at += char_length(text.ptr[at])) {
        size_t length = match_head(segment, str_skip(text, at));
        if (length != STR_NONE) {
            return at + length;
        }
    }
    return STR_NONE;
}

bool wildcard_match(const struct wildcard *wildcard, struct str folded) {
    struct str first = wildcard->segments[0];
    size_t head = match_head(first, folded);
    if (head == STR_NONE) {
        return false;
    }
    if (wildcard->segment_count == 1) {
        return head == folded.len;
    }
    struct str rest = str_skip(folded, head);
    for (size_t i = 1; i + 1 < wildcard->segment_count; i++) {
        size_t end = find_segment(wildcard->segments[i], rest);
        if (end == STR_NONE) {
            return false;
        }
        rest = str_skip(rest, end);
    }
    return match_tail(wildcard->segments[wildcard->segment_count - 1], rest);
}

/* --- inside the search text --- */

/* Length of the word piece at the start of s: token characters and marks. */
static size_t word_length(struct str s) {
    size_t at = 0;
    while (at < s.len) {
        struct str rest = str_skip(s, at);
        struct str run;
        if (is_mark(s.ptr[at])) {
            at++;
        } else if (token_run_next(&run, &rest) && run.ptr == s.ptr + at) {
            at += run.len;
        } else {
            break;
        }
    }
    return at;
}

static size_t separator_length(struct str s) {
    size_t at = 0;
    while (at < s.len && word_length(str_skip(s, at)) == 0) {
        at += char_length(s.ptr[at]);
    }
    return at < s.len ? at : s.len;
}

static bool is_stars(struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] != WILDCARD_STAR) {
            return false;
        }
    }
    return true;
}

static void note_literal(struct wildcard_text *out, struct str text) {
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && !is_mark(text.ptr[i])) {
            continue;
        }
        if (i - start > out->longest_literal.len) {
            out->longest_literal = str_make(text.ptr + start, i - start);
        }
        start = i + 1;
    }
}

void wildcard_text_compile(struct wildcard_text *out, struct arena *arena, struct str marked) {
    *out = (struct wildcard_text){.pieces = arena_array(arena, marked.len + 1, sizeof *out->pieces),
                                  .longest_literal = STR_EMPTY};
    struct str rest = marked;
    while (rest.len > 0) {
        size_t length = word_length(rest);
        bool is_word = length > 0;
        length = is_word ? length : separator_length(rest);
        struct str text = str_head(rest, length);
        bool at_end = out->piece_count == 0 || length == rest.len;
        rest = str_skip(rest, length);
        if (is_word && at_end && is_stars(text)) {
            continue; /* anything, also nothing, before or behind: no condition */
        }
        struct wildcard_piece *piece = &out->pieces[out->piece_count++];
        *piece = (struct wildcard_piece){.is_word = is_word, .text = text};
        wildcard_compile(&piece->wildcard, arena, text);
        note_literal(out, text);
    }
}

/* A walk over the runs of a text: `gap` is what separates `run` from the run before. */
struct run_walk {
    struct str gap;
    struct str run;
    struct str rest;
};

static bool walk_next(struct run_walk *walk) {
    struct str before = walk->rest;
    if (!token_run_next(&walk->run, &walk->rest)) {
        return false;
    }
    walk->gap = str_head(before, (size_t)(walk->run.ptr - before.ptr));
    return true;
}

/* The separators at the start of the rest of the text. */
static struct str gap_behind(struct str rest) {
    struct str run;
    struct str behind = rest;
    return token_run_next(&run, &behind) ? str_head(rest, (size_t)(run.ptr - rest.ptr)) : rest;
}

/* Do the pieces from the first word on match from the walk's run on? */
static bool match_pieces(const struct wildcard_text *wildcard, size_t first_word,
                         struct run_walk walk) {
    for (size_t i = first_word; i < wildcard->piece_count; i++) {
        const struct wildcard_piece *piece = &wildcard->pieces[i];
        if (piece->is_word) {
            if (!wildcard_match(&piece->wildcard, walk.run)) {
                return false;
            }
        } else if (i + 1 == wildcard->piece_count) {
            return str_starts(gap_behind(walk.rest), piece->text);
        } else if (!walk_next(&walk) || !str_eq(walk.gap, piece->text)) {
            return false;
        }
    }
    return true;
}

bool wildcard_text_match(const struct wildcard_text *wildcard, struct str folded) {
    struct str literal = wildcard->longest_literal;
    if (literal.len > 0 && memmem(folded.ptr, folded.len, literal.ptr, literal.len) == NULL) {
        return false;
    }
    size_t first_word = wildcard->piece_count > 0 && !wildcard->pieces[0].is_word ? 1 : 0;
    if (first_word >= wildcard->piece_count) {
        return true; /* separators only (found above), or stars only */
    }
    struct run_walk walk = {.rest = folded};
    while (walk_next(&walk)) {
        if (first_word == 1 && !str_ends(walk.gap, wildcard->pieces[0].text)) {
            continue;
        }
        if (match_pieces(wildcard, first_word, walk)) {
            return true;
        }
    }
    return false;
}
