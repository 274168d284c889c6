#include "postfix_text.h"

#include "bytescan.h"

enum { QUEUE_ID_SHORT_MIN = 6, QUEUE_ID_LONG_MIN = 10, QUEUE_ID_MAX = 32 };

/* Long ids have 52 digits: no vowels, so that no words arise (mail_queue.h, SAFE_UINT). */
static bool is_safe_digit(char c) {
    static const uint32_t vowels = 1U << 1 | 1U << 5 | 1U << 9 | 1U << 15 | 1U << 21; /* A E ... */
    return ascii_is_digit(c) || (ascii_is_alpha(c) && (vowels >> (c & 31) & 1) == 0);
}

static bool is_queue_id(struct str s) {
    bool hex = true;
    bool safe = true;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        hex = hex && (ascii_is_digit(c) || (c >= 'A' && c <= 'F'));
        safe = safe && is_safe_digit(c);
    }
    return s.len <= QUEUE_ID_MAX &&
           ((hex && s.len >= QUEUE_ID_SHORT_MIN) || (safe && s.len >= QUEUE_ID_LONG_MIN));
}

bool postfix_take_queue_id(struct str *id, struct str *text) {
    size_t colon = str_find_char(str_head(*text, QUEUE_ID_MAX + 1), ':');
    if (colon == STR_NONE || colon + 1 >= text->len || text->ptr[colon + 1] != ' ') {
        return false;
    }
    struct str word = str_head(*text, colon);
    bool none = str_eq(word, STR("NOQUEUE"));
    if (!none && !is_queue_id(word)) {
        return false;
    }
    *id = none ? STR_EMPTY : word;
    *text = str_skip(*text, colon + 2);
    return true;
}

struct peer_fields {
    uint32_t domain;
    uint32_t ip;
    uint32_t port;
};

static const struct peer_fields PEER_FIELDS[] = {
    [POSTFIX_PEER_CLIENT] = {FIELD_SOURCE_DOMAIN, FIELD_SOURCE_IP, FIELD_SOURCE_PORT},
    [POSTFIX_PEER_SERVER] = {FIELD_DESTINATION_DOMAIN, FIELD_DESTINATION_IP,
                             FIELD_DESTINATION_PORT},
};

static bool is_host_char(char c) {
    return ascii_is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '/';
}

static bool is_address_char(char c) {
    return ascii_hex_value(c) >= 0 || c == '.' || c == ':';
}

static size_t span(struct str s, bool (*accept)(char)) {
    size_t len = 0;
    while (len < s.len && s.ptr[len] != '\0' && accept(s.ptr[len])) {
        len++;
    }
    return len;
}

size_t postfix_add_peer(struct batch *batch, struct str s, enum postfix_side side) {
    const struct peer_fields *fields = &PEER_FIELDS[side];
    size_t host_len = span(s, is_host_char);
    if (host_len >= s.len || s.ptr[host_len] != '[') {
        return 0;
    }
    struct str inside = str_skip(s, host_len + 1);
    if (str_starts_ci(inside, STR("IPv6:"))) {
        inside = str_skip(inside, 5);
    }
    size_t address_len = span(inside, is_address_char);
    struct str address = str_head(inside, address_len);
    size_t close = str_find_char(inside, ']');
    if (close == STR_NONE) {
        return 0;
    }
    struct str host = str_head(s, host_len);
    if (host_len > 0 && !str_eq(host, STR("unknown"))) {
        batch_add(batch, fields->domain, host);
    }
    if (address_len > 0 && address_len == close) { /* else "unknown" or a socket's path */
        batch_add(batch, fields->ip, address);
    }
    size_t used = (size_t)(inside.ptr - s.ptr) + close + 1;
    struct str rest = str_skip(s, used);
    if (rest.len > 1 && rest.ptr[0] == ':' && ascii_is_digit(rest.ptr[1])) {
        size_t digits = 1;
        while (digits < rest.len && ascii_is_digit(rest.ptr[digits])) {
            digits++;
        }
        batch_add(batch, fields->port, str_make(rest.ptr + 1, digits - 1));
        used += digits;
    }
    return used;
}

static bool is_key_char(char c) {
    return ascii_is_alnum(c) || c == '_' || c == '-';
}

/* Length of the value at the start of s, in <>: to the '>' that ends it. */
static size_t bracketed_length(struct str s) {
    size_t at = 1;
    while (at < s.len) {
        struct str rest = str_skip(s, at);
        size_t close = str_find_char(rest, '>');
        if (close == STR_NONE) {
            return s.len;
        }
        at += close + 1;
        if (at >= s.len || strchr(" ,:;", s.ptr[at]) != NULL) {
            return at;
        }
    }
    return s.len;
}

bool postfix_take_pair(struct str *key, struct str *value, struct str *text) {
    size_t key_len = span(*text, is_key_char);
    if (key_len == 0 || key_len >= text->len || text->ptr[key_len] != '=') {
        return false;
    }
    struct str rest = str_skip(*text, key_len + 1);
    size_t len = 0;
    if (rest.len > 0 && rest.ptr[0] == '<') {
        len = bracketed_length(rest);
        bool closed = len >= 2 && rest.ptr[len - 1] == '>';
        *value = str_make(rest.ptr + 1, len - (closed ? 2 : 1));
    } else {
        len = bytescan_two(rest.ptr, rest.len, ' ', ',');
        len = bytescan_two(rest.ptr, len, '\0', '\0');
        *value = str_head(rest, len);
    }
    *key = str_head(*text, key_len);
    rest = str_skip(rest, len);
    if (rest.len > 0 && (rest.ptr[0] == ',' || rest.ptr[0] == ' ')) {
        rest = str_skip(rest, rest.ptr[0] == ',' && rest.len > 1 && rest.ptr[1] == ' ' ? 2 : 1);
    }
    *text = rest;
    return true;
}

static const struct pair_field {
    struct str key;
    uint32_t field;
} PAIR_FIELDS[] = {
    {STR_INIT("to"), FIELD_EMAIL_TO},
    {STR_INIT("from"), FIELD_EMAIL_SENDER},
    {STR_INIT("proto"), FIELD_POSTFIX_PROTO},
    {STR_INIT("helo"), FIELD_EMAIL_HELO},
    {STR_INIT("delay"), FIELD_POSTFIX_DELAY},
    {STR_INIT("delays"), FIELD_POSTFIX_DELAYS},
    {STR_INIT("dsn"), FIELD_EMAIL_DSN},
    {STR_INIT("status"), FIELD_EMAIL_STATUS},
    {STR_INIT("orig_to"), FIELD_EMAIL_ORIGINAL_TO},
    {STR_INIT("size"), FIELD_EMAIL_SIZE},
    {STR_INIT("nrcpt"), FIELD_EMAIL_RECIPIENT_COUNT},
    {STR_INIT("message-id"), FIELD_EMAIL_MESSAGE_ID},
    {STR_INIT("sasl_username"), FIELD_USER_NAME},
    {STR_INIT("sasl_method"), FIELD_POSTFIX_SASL_METHOD},
    {STR_INIT("uid"), FIELD_USER_ID},
    {STR_INIT("tls"), FIELD_POSTFIX_TLS},
};

void postfix_add_pair(struct batch *batch, struct str key, struct str value) {
    if (str_eq(key, STR("relay"))) {
        batch_add(batch, FIELD_EMAIL_RELAY, value);
        (void)postfix_add_peer(batch, value, POSTFIX_PEER_SERVER);
        return;
    }
    if (str_eq(key, STR("client"))) {
        (void)postfix_add_peer(batch, value, POSTFIX_PEER_CLIENT);
        return;
    }
    for (size_t i = 0; i < sizeof PAIR_FIELDS / sizeof PAIR_FIELDS[0]; i++) {
        if (str_eq(key, PAIR_FIELDS[i].key)) {
            batch_add(batch, PAIR_FIELDS[i].field, value);
            return;
        }
    }
    enum { KEY_MAX = 40 };
    char name[sizeof "postfix." + KEY_MAX] = "postfix.";
    if (key.len <= KEY_MAX) {
        memcpy(name + 8, key.ptr, key.len);
        batch_add(batch, schema_field(str_make(name, 8 + key.len)), value);
    }
}

struct str postfix_add_pairs(struct batch *batch, struct str text) {
    struct str key;
    struct str value;
    while (postfix_take_pair(&key, &value, &text)) {
        postfix_add_pair(batch, key, value);
    }
    return text;
}
