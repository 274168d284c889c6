#include "base64_find.h"

#include "base64.h"
#include "inflate.h"
#include "mem.h"
#include "utf8.h"

void base64_finder_fini(struct base64_finder *finder) {
    for (int i = 0; i < BASE64_LEVELS; i++) {
        struct base64_level *level = &finder->levels[i];
        buf_fini(&level->bytes);
        buf_fini(&level->text);
        buf_fini(&level->joined);
        base64_joints_fini(&level->joints);
        mem_free(level->spans);
    }
}

/* --- runs --- */

enum digit { DIGIT_NONE, DIGIT_ANY, DIGIT_STANDARD = 2, DIGIT_URL = 4 };

/* Letters and digits; '+' and '/' of the standard alphabet, '-' and '_' of that for URLs. */
static const uint8_t digits[256] = {['+'] = DIGIT_STANDARD,    ['-'] = DIGIT_URL,
                                    ['_'] = DIGIT_URL,         ['/'] = DIGIT_STANDARD,
                                    ['0' ... '9'] = DIGIT_ANY, ['A' ... 'Z'] = DIGIT_ANY,
                                    ['a' ... 'z'] = DIGIT_ANY};

enum { ALPHABET_STANDARD = DIGIT_ANY | DIGIT_STANDARD, ALPHABETS = ALPHABET_STANDARD | DIGIT_URL };

static bool has_digit(struct str text, size_t at, int alphabet) {
    return (digits[(unsigned char)text.ptr[at]] & alphabet) != 0;
}

/* The next run of at least `least` characters of the alphabets from *at on; steps *at behind it. A
 * run that begins at a place or behind it covers the place `least` - 1 further on: most bytes are
 * not looked at. */
static bool next_run(struct str *run, size_t *at, struct str text, size_t least, int alphabet) {
    size_t from = *at;
    while (from + least <= text.len) {
        size_t last = from + least; /* behind the place that is looked at, going back */
        while (last > from && has_digit(text, last - 1, alphabet)) {
            last--;
        }
        if (last > from) {
            from = last;
            continue;
        }
        size_t to = from + least;
        while (to < text.len && has_digit(text, to, alphabet)) {
            to++;
        }
        *run = str_make(text.ptr + from, to - from);
        *at = to;
        return true;
    }
    *at = text.len;
    return false;
}

/* Digits and letters as hashes, numbers, GUIDs and binary data in hexadecimal have them. */
static bool is_hexadecimal(struct str run) {
    for (size_t i = 0; i < run.len; i++) {
        if (ascii_hex_value(run.ptr[i]) < 0 && !has_digit(run, i, DIGIT_URL)) {
            return false;
        }
    }
    return true;
}

static uint32_t value_of(char c) {
    bool is_of_urls = c == '-' || c == '_';
    return is_of_urls ? (c == '-' ? 62 : 63) : (uint32_t)base64_digit(c);
}

/* A last group that is cut is left out as far as it has no whole byte. */
static void decode_run(struct buf *out, struct str run) {
    uint32_t bits = 0;
    size_t count = 0;
    for (size_t i = 0; i < run.len; i++) {
        bits = bits << 6 | value_of(run.ptr[i]);
        count++;
        if (count == 4) {
            buf_putc(out, (char)(bits >> 16));
            buf_putc(out, (char)(bits >> 8));
            buf_putc(out, (char)bits);
            bits = 0;
            count = 0;
        }
    }
    if (count >= 2) {
        buf_putc(out, (char)(bits >> (count == 2 ? 4 : 10)));
    }
    if (count == 3) {
        buf_putc(out, (char)(bits >> 2));
    }
}

/* --- what the bytes are --- */

static bool is_plain(uint32_t c) {
    return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r';
}

/* At least 19 of 20 characters of a text are plain or letters of other scripts. */
static bool is_text_share(size_t good, size_t all) {
    return all > 0 && good * 20 >= all * 19;
}

static bool is_utf8_text(struct str bytes) {
    size_t good = 0;
    size_t all = 0;
    size_t ascii = 0;
    while (bytes.len > 0) {
        size_t bad;
        size_t len = utf8_length(&bad, bytes);
        bool is_ascii = len == 1 && is_plain((unsigned char)bytes.ptr[0]);
        ascii += is_ascii;
        good += is_ascii || len > 1;
        all++;
        bytes = str_skip(bytes, len > 0 ? len : bad);
    }
    return is_text_share(good, all) && ascii * 2 >= all;
}

static uint32_t unit_at(struct str bytes, size_t i) {
    return (uint32_t)(unsigned char)bytes.ptr[i] | (uint32_t)(unsigned char)bytes.ptr[i + 1] << 8;
}

static bool is_utf16_text(struct str bytes) {
    size_t good = 0;
    size_t all = bytes.len / 2;
    for (size_t i = 0; i + 1 < bytes.len; i += 2) {
        good += is_plain(unit_at(bytes, i)) || (i == 0 && unit_at(bytes, i) == 0xfeff);
    }
    return is_text_share(good, all);
}

static void add_character(struct buf *out, uint32_t c) {
    if (c < 0x80) {
        buf_putc(out, (char)c);
    } else if (c < 0x800) {
        buf_putc(out, (char)(0xc0 | c >> 6));
        buf_putc(out, (char)(0x80 | (c & 0x3f)));
    } else if (c >= 0xd800 && c < 0xe000) {
        buf_add(out, UTF8_REPLACEMENT);
    } else {
        buf_putc(out, (char)(0xe0 | c >> 12));
        buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_putc(out, (char)(0x80 | (c & 0x3f)));
    }
}

static void add_utf16(struct buf *out, struct str bytes) {
    for (size_t i = 0; i + 1 < bytes.len; i += 2) {
        if (i > 0 || unit_at(bytes, i) != 0xfeff) {
            add_character(out, unit_at(bytes, i));
        }
    }
}

/* Text of either kind, as UTF-8; an empty form if it is none. */
static struct str add_text(struct buf *out, struct str bytes) {
    if (is_utf16_text(bytes)) {
        add_utf16(out, bytes);
        return STR("utf-16le");
    }
    if (is_utf8_text(bytes)) {
        buf_add(out, bytes);
        return STR("utf-8");
    }
    return STR_EMPTY;
}

/* A compressed text, or a compressed program. */
static struct str add_inflated(struct buf *out, struct str bytes) {
    static const struct {
        struct str magic;
        enum inflate_form form;
        struct str name;
    } forms[] = {{STR_INIT("\x1f\x8b"), INFLATE_GZIP, STR_INIT("gzip")},
                 {STR_INIT("\x78"), INFLATE_ZLIB, STR_INIT("zlib")},
                 {STR_INIT(""), INFLATE_RAW, STR_INIT("deflate")}};
    struct buf inflated = BUF_INIT;
    struct str form = STR_EMPTY;
    for (size_t i = 0; i < sizeof forms / sizeof *forms && form.len == 0; i++) {
        if (!str_starts(bytes, forms[i].magic) ||
            !inflate_bytes(&inflated, bytes, forms[i].form, BASE64_OUT_BYTES)) {
            continue;
        }
        bool is_long = inflated.len * 2 >= bytes.len; /* noise inflates to a few bytes */
        if (is_long && add_text(out, buf_str(&inflated)).len > 0) {
            form = forms[i].name;
        }
        buf_clear(&inflated);
    }
    buf_fini(&inflated);
    return form;
}

/* "MZ", and where the header says, "PE\0\0". */
static bool is_program(struct str bytes) {
    if (bytes.len < 64 || !str_starts(bytes, STR("MZ"))) {
        return false;
    }
    size_t at = unit_at(bytes, 60) | (size_t)unit_at(bytes, 62) << 16;
    return at > bytes.len || str_starts(str_skip(bytes, at), str_make("PE\0", 4));
}

static struct str understand(struct buf *out, struct str bytes) {
    if (is_program(bytes)) {
        return STR("pe");
    }
    struct str form = add_text(out, bytes);
    return form.len > 0 ? form : add_inflated(out, bytes);
}

/* --- finding --- */

/* One text on one level. */
struct looking {
    struct base64_finder *finder;
    struct base64_level *level;
    int number;
    size_t least;
    struct str text;
    const struct base64_joints *joints; /* of the text; NULL: it is as it stood */
    base64_find_fn *found;
    void *ctx;
};

static void find_at(struct base64_finder *finder, struct str text, size_t least, int number,
                    base64_find_fn *found, void *ctx);

/* Where the run stood. */
static struct base64_span span_of(const struct looking *look, struct str run) {
    size_t from = (size_t)(run.ptr - look->text.ptr);
    if (look->joints == NULL) {
        return (struct base64_span){from, from + run.len};
    }
    return (struct base64_span){base64_joints_origin(look->joints, from),
                                base64_joints_origin(look->joints, from + run.len - 1) + 1};
}

/* Tells of the run if its bytes are something. */
static bool try_run(const struct looking *look, struct str run) {
    struct base64_level *level = look->level;
    if (is_hexadecimal(run)) {
        return false;
    }
    buf_clear(&level->bytes);
    buf_clear(&level->text);
    decode_run(&level->bytes, str_head(run, (size_t)BASE64_OUT_BYTES / 3 * 4));
    struct base64_span span = span_of(look, run);
    struct base64_finding finding = {.offset = span.from,
                                     .length = span.to - span.from,
                                     .form = understand(&level->text, buf_str(&level->bytes)),
                                     .byte_count = level->bytes.len,
                                     .level = look->number};
    if (finding.form.len == 0) {
        return false;
    }
    finding.text = buf_str(&level->text);
    look->found(&finding, look->ctx);
    if (look->number < BASE64_LEVELS) {
        find_at(look->finder, finding.text, look->least, look->number + 1, look->found, look->ctx);
    }
    return true;
}

/* A run of both alphabets: of one as a whole, else the standard runs in it. */
static void try_both(const struct looking *look, struct str run) {
    bool has_url = false;
    bool has_standard = false;
    for (size_t i = 0; i < run.len; i++) {
        has_url = has_url || has_digit(run, i, DIGIT_URL);
        has_standard = has_standard || has_digit(run, i, DIGIT_STANDARD);
    }
    if ((!has_url || !has_standard) && try_run(look, run)) {
        return;
    }
    struct str part;
    for (size_t at = 0; has_url && next_run(&part, &at, run, look->least, ALPHABET_STANDARD);) {
        (void)try_run(look, part);
    }
}

/* Runs that were written in pieces; remembers where they stood. */
static void find_in_pieces(const struct looking *look) {
    struct base64_level *level = look->level;
    struct str run;
    size_t at = 0;
    while (next_run(&run, &at, look->text, look->least, ALPHABETS)) {
        size_t from = (size_t)(run.ptr - look->text.ptr);
        if (base64_joints_within(look->joints, from, from + run.len) > 0 && try_run(look, run)) {
            MEM_GROW(level->spans, level->span_capacity, level->span_count + 1);
            level->spans[level->span_count++] = span_of(look, run);
        }
    }
}

/* The other runs. */
static void find_as_it_stands(const struct looking *look) {
    const struct base64_level *level = look->level;
    struct str run;
    size_t at = 0;
    size_t span = 0;
    while (next_run(&run, &at, look->text, look->least, ALPHABETS)) {
        size_t from = (size_t)(run.ptr - look->text.ptr);
        while (span < level->span_count && level->spans[span].to <= from) {
            span++;
        }
        if (span == level->span_count || level->spans[span].from >= from + run.len) {
            try_both(look, run);
        }
    }
}

static void find_at(struct base64_finder *finder, struct str text, size_t least, int number,
                    base64_find_fn *found, void *ctx) {
    struct base64_level *level = &finder->levels[number - 1];
    struct looking look = {finder, level, number, least, text, NULL, found, ctx};
    level->span_count = 0;
    if (base64_join(&level->joined, &level->joints, text)) {
        struct looking joined = look;
        joined.text = buf_str(&level->joined);
        joined.joints = &level->joints;
        find_in_pieces(&joined);
    }
    find_as_it_stands(&look);
}

void base64_find(struct base64_finder *finder, struct str text, size_t least, base64_find_fn *found,
                 void *ctx) {
    find_at(finder, text, least > 0 ? least : BASE64_LEAST, 1, found, ctx);
}
