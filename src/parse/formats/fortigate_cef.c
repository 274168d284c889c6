/*
 * Sources: ArcSight "Common Event Format"; Fortinet "FortiOS Log Message Reference, CEF support".
 * A value ends where " key=" begins; FortiOS puts what CEF has no key for behind FTNTFGT (until 6)
 * or FortinetFortiGate.
 */
#include "fortigate_cef.h"

static const struct {
    struct str cef;
    struct str native;
} names[] = {
    {STR_INIT("src"), STR_INIT("srcip")},
    {STR_INIT("dst"), STR_INIT("dstip")},
    {STR_INIT("spt"), STR_INIT("srcport")},
    {STR_INIT("dpt"), STR_INIT("dstport")},
    {STR_INIT("act"), STR_INIT("action")},
    {STR_INIT("app"), STR_INIT("service")},
    {STR_INIT("duser"), STR_INIT("user")},
    {STR_INIT("suser"), STR_INIT("user")},
    {STR_INIT("deviceInboundInterface"), STR_INIT("srcintf")},
    {STR_INIT("deviceOutboundInterface"), STR_INIT("dstintf")},
    {STR_INIT("externalId"), STR_INIT("sessionid")},
    {STR_INIT("out"), STR_INIT("sentbyte")},
    {STR_INIT("in"), STR_INIT("rcvdbyte")},
    {STR_INIT("deviceExternalId"), STR_INIT("devid")},
    {STR_INIT("dvchost"), STR_INIT("devname")},
    {STR_INIT("request"), STR_INIT("url")},
    {STR_INIT("dhost"), STR_INIT("hostname")},
    {STR_INIT("requestMethod"), STR_INIT("httpmethod")},
    {STR_INIT("requestClientApplication"), STR_INIT("agent")},
    {STR_INIT("fname"), STR_INIT("filename")},
    {STR_INIT("smac"), STR_INIT("srcmac")},
    {STR_INIT("sourceTranslatedAddress"), STR_INIT("transip")},
    {STR_INIT("sourceTranslatedPort"), STR_INIT("transport")},
    {STR_INIT("cnt"), STR_INIT("count")},
    {STR_INIT("outcome"), STR_INIT("status")},
    {STR_INIT("sproc"), STR_INIT("ui")},
    {STR_INIT("cat"), STR_INIT("type")},
};

bool fortigate_cef_open(struct str *extension, struct str body) {
    if (str_starts(body, STR("CEF:"))) {
        body = str_skip(body, 4);
    }
    body = str_starts(body, STR(" ")) ? str_skip(body, 1) : body;
    if (!str_starts(body, STR("0|Fortinet|Forti")) && !str_starts(body, STR("1|Fortinet|Forti"))) {
        return false;
    }
    for (int bars = 0; bars < 7; bars++) {
        size_t n = str_find_char(body, '|');
        if (n == STR_NONE) {
            return false;
        }
        body = str_skip(body, n + 1);
    }
    *extension = body;
    return true;
}

static size_t key_size(struct str s) {
    size_t n = 0;
    while (n < s.len &&
           (ascii_is_alnum(s.ptr[n]) || s.ptr[n] == '_' || s.ptr[n] == '.' || s.ptr[n] == '-')) {
        n++;
    }
    return n > 0 && n < s.len && s.ptr[n] == '=' ? n : 0;
}

/* Where the value ends: before " key=", or at the end. */
static size_t value_size(struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == ' ' && key_size(str_skip(s, i + 1)) > 0) {
            return i;
        }
    }
    return s.len;
}

static struct str native_name(struct str key) {
    static const struct str prefixes[] = {STR_INIT("FTNTFGT"), STR_INIT("FortinetFortiGate")};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (str_starts(key, prefixes[i]) && key.len > prefixes[i].len) {
            return str_skip(key, prefixes[i].len);
        }
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_eq(key, names[i].cef)) {
            return names[i].native;
        }
    }
    return key;
}

bool fortigate_cef_next(struct kv *out, struct str *rest) {
    struct str s = str_trim(*rest);
    size_t n = key_size(s);
    if (s.len == 0) {
        return false;
    }
    if (n == 0) { /* a word without '=': what is left of a cut record */
        *out = (struct kv){.key = s, .value = STR_EMPTY};
        *rest = STR_EMPTY;
        return true;
    }
    *out = (struct kv){.key = native_name(str_head(s, n)), .has_value = true, .quoted = true};
    bool category = str_eq(str_head(s, n), STR("cat"));
    s = str_skip(s, n + 1);
    size_t len = value_size(s);
    out->value = str_head(s, len);
    out->escaped = str_find_char(out->value, '\\') != STR_NONE;
    if (category) { /* "utm:virus": the type; the subtype has a key of its own */
        out->value = str_head(out->value, str_find_char(out->value, ':'));
    }
    *rest = str_skip(s, len);
    return true;
}
