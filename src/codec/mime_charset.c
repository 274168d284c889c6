#include "mime_charset.h"

#include <errno.h>
#include <iconv.h>

/* Labels in lower case and what they mean to iconv. Only these reach iconv: it would load any
 * module that an attacker names. Sources: IANA charset registry, WHATWG encoding standard. */
static const struct label {
    const char *label;
    const char *iconv_name;
} LABELS[] = {
    {"shift_jis", "CP932"},
    {"shift-jis", "CP932"},
    {"sjis", "CP932"},
    {"x-sjis", "CP932"},
    {"cp932", "CP932"},
    {"ms932", "CP932"},
    {"ms_kanji", "CP932"},
    {"windows-31j", "CP932"},
    {"windows-932", "CP932"},
    {"euc-jp", "EUC-JP-MS"},
    {"x-euc-jp", "EUC-JP-MS"},
    {"eucjp", "EUC-JP-MS"},
    {"eucjp-ms", "EUC-JP-MS"},
    {"euc-jisx0213", "EUC-JISX0213"},
    {"euc-jis-2004", "EUC-JISX0213"},
    {"gb2312", "GB18030"},
    {"gb_2312-80", "GB18030"},
    {"x-gbk", "GB18030"},
    {"gbk", "GB18030"},
    {"gb18030", "GB18030"},
    {"cp936", "GB18030"},
    {"big5", "BIG5-HKSCS"},
    {"big5-hkscs", "BIG5-HKSCS"},
    {"cp950", "BIG5-HKSCS"},
    {"ks_c_5601-1987", "CP949"},
    {"ks_c_5601", "CP949"},
    {"euc-kr", "CP949"},
    {"cp949", "CP949"},
    {"windows-949", "CP949"},
    {"iso-8859-1", "CP1252"},
    {"latin1", "CP1252"},
    {"windows-1252", "CP1252"},
    {"cp1252", "CP1252"},
    {"iso-8859-2", "ISO-8859-2"},
    {"iso-8859-3", "ISO-8859-3"},
    {"iso-8859-4", "ISO-8859-4"},
    {"iso-8859-5", "ISO-8859-5"},
    {"iso-8859-6", "ISO-8859-6"},
    {"iso-8859-7", "ISO-8859-7"},
    {"iso-8859-8", "ISO-8859-8"},
    {"iso-8859-8-i", "ISO-8859-8"},
    {"iso-8859-9", "CP1254"},
    {"iso-8859-10", "ISO-8859-10"},
    {"iso-8859-13", "ISO-8859-13"},
    {"iso-8859-14", "ISO-8859-14"},
    {"iso-8859-15", "ISO-8859-15"},
    {"iso-8859-16", "ISO-8859-16"},
    {"windows-874", "CP874"},
    {"tis-620", "CP874"},
    {"iso-8859-11", "CP874"},
    {"windows-1250", "CP1250"},
    {"windows-1251", "CP1251"},
    {"cp1251", "CP1251"},
    {"windows-1253", "CP1253"},
    {"windows-1254", "CP1254"},
    {"windows-1255", "CP1255"},
    {"windows-1256", "CP1256"},
    {"windows-1257", "CP1257"},
    {"windows-1258", "CP1258"},
    {"koi8-r", "KOI8-R"},
    {"koi8-u", "KOI8-U"},
    {"ibm437", "CP437"},
    {"cp437", "CP437"},
    {"ibm850", "CP850"},
    {"cp850", "CP850"},
    {"cp866", "CP866"},
    {"macintosh", "MACINTOSH"},
    {"utf-16", "UTF-16"},
    {"utf-16le", "UTF-16LE"},
    {"utf-16be", "UTF-16BE"},
    {"utf-7", "UTF-7"},
    {"unicode-1-1-utf-7", "UTF-7"},
};

enum { LABEL_COUNT = sizeof LABELS / sizeof LABELS[0], LABEL_BYTES_MAX = 24 };

static const struct str REPLACEMENT = STR_INIT("\xEF\xBF\xBD");

const char *mime_state_name(enum mime_state state) {
    switch (state) {
    case MIME_OK:
        return "ok";
    case MIME_TRUNCATED:
        return "truncated";
    default:
        return "undecodable";
    }
}

/* One open handle per thread and conversion; they live as long as the thread. */
static iconv_t handle_of(const char *iconv_name) {
    enum { KEPT = 8 };
    static _Thread_local struct {
        const char *name;
        iconv_t handle;
    } kept[KEPT];
    static _Thread_local size_t oldest;

    for (size_t i = 0; i < KEPT; i++) {
        if (kept[i].name != NULL && strcmp(kept[i].name, iconv_name) == 0) {
            (void)iconv(kept[i].handle, NULL, NULL, NULL, NULL);
            return kept[i].handle;
        }
    }
    iconv_t handle = iconv_open("UTF-8", iconv_name);
    if (handle == (iconv_t)-1) {
        return handle;
    }
    if (kept[oldest].name != NULL) {
        (void)iconv_close(kept[oldest].handle);
    }
    kept[oldest].name = iconv_name;
    kept[oldest].handle = handle;
    oldest = (oldest + 1) % KEPT;
    return handle;
}

static enum mime_state decode_by_iconv(struct buf *out, const char *iconv_name, struct str bytes) {
    iconv_t handle = handle_of(iconv_name);
    if (handle == (iconv_t)-1) {
        buf_add(out, REPLACEMENT);
        return MIME_UNDECODABLE;
    }
    enum mime_state state = MIME_OK;
    /* iconv does not write to the input; its prototype predates const. */
    char *in = (char *)(uintptr_t)bytes.ptr;
    size_t in_left = bytes.len;
    while (in_left > 0) {
        size_t room = in_left * 4 + 16;
        char *place = buf_reserve(out, room);
        char *to = place;
        size_t result = iconv(handle, &in, &in_left, &to, &room);
        int error = errno;
        out->len += (size_t)(to - place);
        if (result != (size_t)-1 || error == E2BIG) {
            continue;
        }
        if (error == EINVAL) {
            return mime_state_worse(state, MIME_TRUNCATED);
        }
        buf_add(out, REPLACEMENT);
        state = MIME_UNDECODABLE;
        in++;
        in_left--;
    }
    return state;
}

/* Length of the UTF-8 character at the start of s (RFC 3629), 0 if it is none, -1 if it is cut. */
static int utf8_length(struct str s) {
    unsigned char lead = (unsigned char)s.ptr[0];
    if (lead < 0x80) {
        return 1;
    }
    size_t len = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if (i >= s.len) {
            return -1;
        }
        unsigned char c = (unsigned char)s.ptr[i];
        unsigned char low = i > 1 ? 0x80 : lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        unsigned char high = i > 1 ? 0xBF : lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        if (c < low || c > high) {
            return 0;
        }
    }
    return (int)len;
}

static enum mime_state decode_utf8(struct buf *out, struct str bytes) {
    enum mime_state state = MIME_OK;
    while (bytes.len > 0) {
        int len = utf8_length(bytes);
        if (len < 0) {
            return mime_state_worse(state, MIME_TRUNCATED);
        }
        if (len == 0) {
            buf_add(out, REPLACEMENT);
            state = MIME_UNDECODABLE;
            len = 1;
        } else {
            buf_append(out, bytes.ptr, (size_t)len);
        }
        bytes = str_skip(bytes, (size_t)len);
    }
    return state;
}

/* --- ISO-2022-JP --- */

enum jis_set { JIS_ASCII, JIS_KANA, JIS_0208, JIS_0212, JIS_0213_1, JIS_0213_2 };

static const struct jis_escape {
    struct str bytes;
    enum jis_set set;
} JIS_ESCAPES[] = {
    {STR_INIT("\033(B"), JIS_ASCII},   {STR_INIT("\033(J"), JIS_ASCII},
    {STR_INIT("\033(H"), JIS_ASCII},   {STR_INIT("\033(I"), JIS_KANA},
    {STR_INIT("\033$@"), JIS_0208},    {STR_INIT("\033$B"), JIS_0208},
    {STR_INIT("\033$(@"), JIS_0208},   {STR_INIT("\033$(B"), JIS_0208},
    {STR_INIT("\033&@"), JIS_0208},    {STR_INIT("\033$(D"), JIS_0212},
    {STR_INIT("\033$(O"), JIS_0213_1}, {STR_INIT("\033$(Q"), JIS_0213_1},
    {STR_INIT("\033$(P"), JIS_0213_2},
};

static const struct jis_escape *find_escape(struct str s) {
    for (size_t i = 0; i < sizeof JIS_ESCAPES / sizeof JIS_ESCAPES[0]; i++) {
        if (str_starts(s, JIS_ESCAPES[i].bytes)) {
            return &JIS_ESCAPES[i];
        }
    }
    return NULL;
}

/* A pair of 7-bit JIS X 0208 bytes as Shift_JIS. */
static void put_shift_jis(char out[2], unsigned char row, unsigned char cell) {
    unsigned lead = (row - 0x21u) / 2 + 0x81;
    unsigned trail = row % 2 == 1 ? cell + (cell >= 0x60 ? 0x20u : 0x1Fu) : cell + 0x7Eu;
    out[0] = (char)(lead > 0x9F ? lead + 0x40 : lead);
    out[1] = (char)trail;
}

static enum mime_state decode_pair(struct buf *out, enum jis_set set, const char *pair) {
    unsigned char row = (unsigned char)(pair[0] & 0x7F);
    unsigned char cell = (unsigned char)(pair[1] & 0x7F);
    if (row < 0x21 || row > 0x7E || cell < 0x21 || cell > 0x7E) {
        buf_add(out, REPLACEMENT);
        return MIME_UNDECODABLE;
    }
    char euc[3] = {(char)0x8F, (char)(row | 0x80), (char)(cell | 0x80)};
    char sjis[2];
    switch (set) {
    case JIS_0212:
        return decode_by_iconv(out, "EUC-JP", str_make(euc, 3));
    case JIS_0213_1:
        return decode_by_iconv(out, "EUC-JISX0213", str_make(euc + 1, 2));
    case JIS_0213_2:
        return decode_by_iconv(out, "EUC-JISX0213", str_make(euc, 3));
    default:
        put_shift_jis(sjis, row, cell);
        return decode_by_iconv(out, "CP932", str_make(sjis, 2));
    }
}

/* The next character of s in `set`; *used gets its length. */
static enum mime_state decode_jis_char(struct buf *out, size_t *used, enum jis_set set,
                                       struct str s) {
    unsigned char c = (unsigned char)s.ptr[0];
    *used = 1;
    if (set == JIS_KANA && c > 0x20 && c < 0x60) {
        char kana = (char)(c | 0x80);
        return decode_by_iconv(out, "CP932", str_make(&kana, 1));
    }
    if (c >= 0x80) { /* no ISO-2022 at all: mailers that send Shift_JIS under this label */
        *used = s.len > 1 && (c < 0xA0 || c >= 0xE0) ? 2 : 1;
        return decode_by_iconv(out, "CP932", str_head(s, *used));
    }
    if (set == JIS_ASCII || set == JIS_KANA || c <= 0x20) {
        buf_putc(out, (char)c);
        return MIME_OK;
    }
    if (s.len < 2) {
        return MIME_TRUNCATED;
    }
    *used = 2;
    return decode_pair(out, set, s.ptr);
}

static enum mime_state decode_jis(struct buf *out, struct str bytes) {
    enum mime_state state = MIME_OK;
    enum jis_set set = JIS_ASCII;
    while (bytes.len > 0) {
        size_t used = 1;
        if (bytes.ptr[0] == '\033') {
            const struct jis_escape *escape = find_escape(bytes);
            if (escape == NULL) {
                return mime_state_worse(state, bytes.len < 4 ? MIME_TRUNCATED : MIME_UNDECODABLE);
            }
            set = escape->set;
            used = escape->bytes.len;
        } else {
            state = mime_state_worse(state, decode_jis_char(out, &used, set, bytes));
        }
        bytes = str_skip(bytes, used);
    }
    return state;
}

/* --- by label --- */

static enum mime_state decode_unlabelled(struct buf *out, struct str bytes) {
    size_t start = out->len;
    enum mime_state state = decode_utf8(out, bytes);
    if (state == MIME_UNDECODABLE) {
        out->len = start;
        state = decode_by_iconv(out, "CP932", bytes);
    }
    return state;
}

enum mime_state mime_charset_decode(struct buf *out, struct str label, struct str bytes) {
    char lower[LABEL_BYTES_MAX];
    if (label.len == 0) {
        return decode_unlabelled(out, bytes);
    }
    size_t len = 0;
    for (; len < label.len && len < sizeof lower; len++) {
        lower[len] = ascii_lower(label.ptr[len]);
    }
    struct str name = str_make(lower, len);
    if (str_eq(name, STR("utf-8")) || str_eq(name, STR("utf8")) || str_eq(name, STR("us-ascii")) ||
        str_eq(name, STR("ascii")) || str_eq(name, STR("unknown-8bit"))) {
        return decode_unlabelled(out, bytes);
    }
    if (str_starts(name, STR("iso-2022-jp")) || str_eq(name, STR("csiso2022jp")) ||
        str_eq(name, STR("jis")) || str_eq(name, STR("cp50220")) || str_eq(name, STR("cp50221"))) {
        return decode_jis(out, bytes);
    }
    for (size_t i = 0; i < LABEL_COUNT; i++) {
        if (str_eq(name, str_from_c(LABELS[i].label))) {
            return decode_by_iconv(out, LABELS[i].iconv_name, bytes);
        }
    }
    (void)decode_unlabelled(out, bytes);
    return MIME_UNDECODABLE;
}
