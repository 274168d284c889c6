#include "json_framer.h"

#include "str.h"

enum {
    SNIFF_BYTES = 65536,
    WRAPPER_BYTES = 4096, /* from the brace of a wrapper to its list */
    NAME_CHARS = 64,
    OTHER = 0x100 /* any character that is no ASCII */
};

/* --- characters --- */

static size_t unit_of(const struct framer *f) {
    return f->charset == TEXT_UTF8 ? 1 : 2;
}

/* The character at `at`, which is inside of the bytes; an odd byte at the end is OTHER. */
static int char_at(const struct framer *f, size_t at) {
    const uint8_t *p = f->bytes + at;
    if (f->charset == TEXT_UTF8) {
        return p[0] < 0x80 ? p[0] : OTHER;
    }
    if (f->size_bytes - at < 2) {
        return OTHER;
    }
    size_t low = f->charset == TEXT_UTF16LE ? 0 : 1;
    return p[1 - low] == 0 && p[low] < 0x80 ? p[low] : OTHER;
}

static size_t step(const struct framer *f, size_t at) {
    size_t left = f->size_bytes - at;
    size_t unit = unit_of(f);
    return at + (left < unit ? left : unit);
}

static bool is_blank(int c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_blanks(const struct framer *f, size_t at) {
    while (at < f->size_bytes && is_blank(char_at(f, at))) {
        at = step(f, at);
    }
    return at;
}

/* Behind a byte order mark at the start of the input. */
static size_t skip_mark(const struct framer *f, size_t at) {
    static const uint8_t marks[3][3] = {{0xEF, 0xBB, 0xBF}, {0xFF, 0xFE}, {0xFE, 0xFF}};
    size_t len = f->charset == TEXT_UTF8 ? 3 : 2;
    const uint8_t *mark = marks[f->charset == TEXT_UTF8 ? 0 : f->charset == TEXT_UTF16LE ? 1 : 2];
    bool has_mark = !f->begun && f->size_bytes - at >= len && memcmp(f->bytes + at, mark, len) == 0;
    return has_mark ? at + len : at;
}

/* --- wrappers --- */

/* The string at `at` as ASCII into `out` (what is no ASCII, or too long, gives a name that nobody
 * looks for); returns where it ends, or the size. */
static size_t read_name(char out[NAME_CHARS + 1], const struct framer *f, size_t at, size_t end) {
    size_t len = 0;
    for (at = step(f, at); at < end && char_at(f, at) != '"'; at = step(f, at)) {
        int c = char_at(f, at);
        out[len] = (char)(c == OTHER || c == '\\' ? '?' : c);
        len += len < NAME_CHARS ? 1 : 0;
    }
    out[len] = '\0';
    return at < end ? step(f, at) : f->size_bytes;
}

static bool is_list_name(const char *name) {
    static const char *const names[] = {"Records",   "records", "Events", "events", "value",
                                        "logEvents", "Logs",    "logs",   "hits"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Members that stand before the list in such answers. */
static bool is_head_name(const char *name) {
    static const char *const names[] = {"nextLink", "NextToken", "nextToken", "count",
                                        "total",    "$schema",   "$id",       "took",
                                        "_shards",  "timed_out", "max_score", "_scroll_id"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return strncmp(name, "@odata.", 7) == 0;
}

/* Behind a text or number; `end` if it is neither. */
static size_t skip_scalar(const struct framer *f, size_t at, size_t end) {
    char ignored[NAME_CHARS + 1];
    if (at < end && char_at(f, at) == '"') {
        return read_name(ignored, f, at, end);
    }
    size_t from = at;
    while (at < end && (ascii_is_alnum((char)char_at(f, at)) || char_at(f, at) == '.' ||
                        char_at(f, at) == '-')) {
        at = step(f, at);
    }
    return at == from ? end : at;
}

/* Behind an object of texts and numbers, as answers of Elasticsearch have; `end` if it is another.
 */
static size_t skip_small_object(const struct framer *f, size_t at, size_t end) {
    char ignored[NAME_CHARS + 1];
    at = skip_blanks(f, step(f, at));
    while (at < end && char_at(f, at) == '"') {
        at = skip_blanks(f, read_name(ignored, f, at, end));
        if (at >= end || char_at(f, at) != ':') {
            return end;
        }
        at = skip_blanks(f, skip_scalar(f, skip_blanks(f, step(f, at)), end));
        at = at < end && char_at(f, at) == ',' ? skip_blanks(f, step(f, at)) : at;
    }
    return at < end && char_at(f, at) == '}' ? step(f, at) : end;
}

/* Behind the '[' of the wrapper whose '{' is at `at`; 0: it is no wrapper. */
static size_t wrapper_list(const struct framer *f, size_t at) {
    size_t left = f->size_bytes - at;
    size_t end = at + (left < WRAPPER_BYTES ? left : (size_t)WRAPPER_BYTES);
    char name[NAME_CHARS + 1];
    if (f->more_follows && left < WRAPPER_BYTES) {
        return 0; /* asked again when the rest is here */
    }
    at = skip_blanks(f, step(f, at));
    while (at < end && char_at(f, at) == '"') {
        at = skip_blanks(f, read_name(name, f, at, end));
        if (at >= end || char_at(f, at) != ':') {
            return 0;
        }
        at = skip_blanks(f, step(f, at));
        if (at < end && char_at(f, at) == '[' && is_list_name(name)) {
            size_t list = step(f, at);
            at = skip_blanks(f, list);
            int c = at < f->size_bytes ? char_at(f, at) : 0;
            return c == '{' || c == ']' ? list : 0;
        }
        if (at < end && char_at(f, at) == '{' && strcmp(name, "hits") == 0) {
            at = skip_blanks(f, step(f, at)); /* the list is one deeper */
            continue;
        }
        if (!is_head_name(name)) {
            return 0;
        }
        bool is_object = at < end && char_at(f, at) == '{';
        at = skip_blanks(f, is_object ? skip_small_object(f, at, end) : skip_scalar(f, at, end));
        at = at < end && char_at(f, at) == ',' ? skip_blanks(f, step(f, at)) : end;
    }
    return 0;
}

/* --- telling documents from lines --- */

/* "Record 1" and a line end, as evtx_dump writes before each object: where it ends, else `at`. */
static size_t skip_record_line(const struct framer *f, size_t at) {
    static const char word[] = "Record ";
    size_t here = at;
    for (size_t i = 0; i < sizeof word - 1; i++, here = step(f, here)) {
        if (here >= f->size_bytes || char_at(f, here) != word[i]) {
            return at;
        }
    }
    while (here < f->size_bytes && ascii_is_digit((char)char_at(f, here))) {
        here = step(f, here);
    }
    here = here < f->size_bytes && char_at(f, here) == '\r' ? step(f, here) : here;
    return here < f->size_bytes && char_at(f, here) == '\n' ? step(f, here) : at;
}

/* One character inside of an object. */
static void pass_char(struct json_place *place, int c) {
    if (place->escaped) {
        place->escaped = false;
    } else if (place->in_string && c == '\\') {
        place->escaped = true;
    } else if (c == '"') {
        place->in_string = !place->in_string;
    } else if (!place->in_string) {
        place->depth += c == '{' || c == '[';
        place->depth -= (c == '}' || c == ']') && place->depth > 0;
    }
}

/* Does another object begin on the line of the one that ends at `at`, or a comma stand there?
 * Macintosh line ends (a lone CR) are blanks here. */
static bool is_followed_on_line(const struct framer *f, size_t at, size_t end) {
    while (at < end && char_at(f, at) != '\n' && is_blank(char_at(f, at))) {
        at = step(f, at);
    }
    int c = at < end ? char_at(f, at) : 0;
    return c == '{' || c == ',';
}

/* Does the object go on behind the line end where JSON allows one (a line that was cut does not),
 * or another one follow on its line? */
static bool is_no_line(const struct framer *f, size_t at, size_t end) {
    struct json_place place = {.depth = 0};
    int last = 0;
    for (; at < end; at = step(f, at)) {
        int c = char_at(f, at);
        if (c == '\n' && !place.in_string) {
            return last == '{' || last == '[' || last == ',' || last == ':';
        }
        pass_char(&place, c);
        if (place.depth == 0) {
            return is_followed_on_line(f, step(f, at), end);
        }
        last = is_blank(c) ? last : c;
    }
    return false;
}

bool json_framer_is_document(const struct framer *f) {
    size_t end = f->size_bytes < SNIFF_BYTES ? f->size_bytes : SNIFF_BYTES;
    size_t at = skip_blanks(f, skip_mark(f, 0));
    size_t object = skip_blanks(f, skip_record_line(f, at));
    if (object > at) {
        return object < end && char_at(f, object) == '{';
    }
    if (at >= end) {
        return false;
    }
    if (char_at(f, at) == '[') {
        at = skip_blanks(f, step(f, at));
        return at < f->size_bytes && (char_at(f, at) == '{' || char_at(f, at) == ']');
    }
    return char_at(f, at) == '{' && (wrapper_list(f, at) != 0 || is_no_line(f, at, end));
}

/* --- frames --- */

/* Goes on with the object up to its end or `limit`; place->depth is 0 at its end. */
static size_t scan_object(const struct framer *f, size_t at, size_t limit,
                          struct json_place *place) {
    do {
        pass_char(place, char_at(f, at));
        at = step(f, at);
    } while (at < limit && place->depth > 0);
    return at;
}

/* Opens or closes what begins or ends at `at`; false if an event begins there. */
static bool take_bracket(const struct framer *f, size_t *at, struct json_place *place) {
    int c = char_at(f, *at);
    bool is_top = place->level == JSON_LEVEL_TOP;
    size_t list = c == '{' && is_top ? wrapper_list(f, *at) : 0;
    if (list != 0) {
        place->level = JSON_LEVEL_WRAPPED;
        *at = list;
        return true;
    }
    if (c == '[' && is_top) {
        place->level = JSON_LEVEL_ARRAY;
    } else if (c == ']' && place->level == JSON_LEVEL_WRAPPED) {
        *place = (struct json_place){.level = JSON_LEVEL_TAIL, .depth = 1};
    } else if (c == ']') {
        place->level = JSON_LEVEL_TOP;
    } else if (c != ',' && c != '}' && !is_blank(c)) {
        return false;
    }
    *at = step(f, *at);
    return true;
}

/* Moves *at to the start of the next event, at most to `limit`; false if there is none before. */
static bool skip_separators(const struct framer *f, size_t *at, size_t limit,
                            struct json_place *place) {
    while (*at < limit) {
        size_t from = *at;
        if (place->level == JSON_LEVEL_TAIL) {
            *at = scan_object(f, *at, limit, place);
            place->level = place->depth == 0 ? JSON_LEVEL_TOP : JSON_LEVEL_TAIL;
            continue;
        }
        if (take_bracket(f, at, place)) {
            continue;
        }
        *at = place->level == JSON_LEVEL_TOP ? skip_record_line(f, *at) : *at;
        if (*at == from) {
            return true;
        }
    }
    return false;
}

/* `from` + the limit of a record, or the end of the bytes. */
static size_t limit_from(const struct framer *f, size_t from) {
    size_t left = f->size_bytes - from;
    return from + (left < f->limit_bytes ? left : f->limit_bytes);
}

/* What is no JSON: to the end of its line. */
static size_t scan_junk(const struct framer *f, size_t at, size_t limit) {
    while (at < limit && char_at(f, at) != '\n') {
        at = step(f, at);
    }
    return at < limit ? step(f, at) : at;
}

static uint32_t lines_in(const struct framer *f, size_t from, size_t to) {
    uint32_t lines = 0;
    while (from < to) {
        const uint8_t *lf = memchr(f->bytes + from, '\n', to - from);
        if (lf == NULL) {
            break;
        }
        size_t at = (size_t)(lf - f->bytes);
        lines += char_at(f, at - (at - f->pos) % unit_of(f)) == '\n' ? 1 : 0;
        from = at + 1;
    }
    return lines;
}

/* Frame f->pos .. end with its text at text..text_end. */
static void finish(struct framer *f, struct frame *out, size_t text, size_t text_end, size_t end) {
    uint32_t lead_lines = lines_in(f, f->pos, text);
    *out = (struct frame){.off = f->pos,
                          .len = end - f->pos,
                          .text_off = text - f->pos,
                          .text_len = text_end - text,
                          .line = f->line + lead_lines,
                          .first = true};
    uint64_t line = (uint64_t)f->line + lead_lines + lines_in(f, text, end);
    f->line = line < UINT32_MAX ? (uint32_t)line : UINT32_MAX;
    f->begun = true;
    f->pos = end;
}

/* The object at f->pos is longer than the limit: another part of it. */
static void next_part(struct framer *f, struct frame *out) {
    size_t from = f->pos;
    size_t end = scan_object(f, from, limit_from(f, from), &f->json);
    f->inside = f->json.depth > 0;
    size_t behind = end;
    if (!f->inside) {
        (void)skip_separators(f, &behind, limit_from(f, end), &f->json);
    }
    finish(f, out, from, end, behind);
    out->part = true;
    out->first = false;
}

/* Behind the event at `at`; *is_whole is false if it ends behind the limit (or is cut). */
static size_t scan_event(const struct framer *f, size_t at, struct json_place *place,
                         bool *is_whole) {
    int c = char_at(f, at);
    place->depth = 0;
    size_t end = c == '{' || c == '[' ? scan_object(f, at, limit_from(f, at), place)
                                      : scan_junk(f, at, limit_from(f, at));
    *is_whole = place->depth == 0;
    return end;
}

bool json_framer_next(struct framer *f, struct frame *out) {
    size_t left = f->size_bytes - f->pos;
    if (left == 0 || (f->more_follows && left < f->limit_bytes)) {
        return false;
    }
    if (f->inside) {
        next_part(f, out);
        return true;
    }
    struct json_place place = f->json;
    size_t at = skip_mark(f, f->pos);
    bool is_whole = true;
    bool has_event = skip_separators(f, &at, limit_from(f, at), &place);
    size_t end = has_event ? scan_event(f, at, &place, &is_whole) : at;
    bool at_end = end == f->size_bytes;
    if (!is_whole && at_end && f->more_follows && end - at < f->limit_bytes) {
        return false;
    }
    size_t behind = end;
    if (is_whole && has_event) {
        (void)skip_separators(f, &behind, limit_from(f, end), &place);
    }
    f->json = place;
    f->inside = !is_whole && (!at_end || f->more_follows);
    finish(f, out, at, end, behind);
    out->part = f->inside;
    out->meta = !has_event;
    return true;
}
