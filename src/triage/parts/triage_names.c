#include "triage_names.h"

#include "i18n.h"
#include "num.h"

struct title {
    struct str provider;
    struct str channel;
    uint32_t id;
    const char *text;
};

static const struct title titles[] = {
#define EVENT_TITLE(provider, channel, id, text) {STR_INIT(provider), STR_INIT(channel), id, text},
#include "event_titles.def"
};

struct code {
    uint64_t code;
    const char *text;
};

static const struct code logon_types[] = {
#define LOGON_TYPE(type, name) {type, name},
#include "logon_codes.def"
};

static const struct code logon_statuses[] = {
#define LOGON_STATUS(code, meaning) {code, meaning},
#include "logon_codes.def"
};

static const struct code kdc_statuses[] = {
#define KDC_STATUS(code, meaning) {code, meaning},
#include "logon_codes.def"
};

static const struct code ticket_encryptions[] = {
#define TICKET_ENCRYPTION(number, name) {number, name},
#include "logon_codes.def"
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct str triage_event_title(struct str provider, struct str channel, struct str event_id) {
    uint64_t id;
    if (!num_parse_u64(&id, event_id)) {
        return STR_EMPTY;
    }
    for (size_t i = 0; i < COUNT(titles); i++) {
        const struct title *t = &titles[i];
        bool fits = provider.len > 0 ? str_eq_ci(t->provider, provider)
                                     : t->channel.len > 0 && str_eq(t->channel, channel);
        if (t->id == id && fits) {
            return str_from_c(_(t->text));
        }
    }
    return STR_EMPTY;
}

static struct str find_code(const struct code *codes, size_t count, uint64_t code) {
    for (size_t i = 0; i < count; i++) {
        if (codes[i].code == code) {
            return str_from_c(_(codes[i].text));
        }
    }
    return STR_EMPTY;
}

struct str triage_logon_type(struct str type) {
    uint64_t code;
    return num_parse_u64(&code, type) ? find_code(logon_types, COUNT(logon_types), code)
                                      : STR_EMPTY;
}

/* Hexadecimal behind "0x", as events have it. */
static struct str find_hex(const struct code *codes, size_t count, struct str text) {
    uint64_t code;
    bool is_hex = str_starts_ci(text, STR("0x")) && num_parse_hex(&code, str_skip(text, 2));
    return is_hex ? find_code(codes, count, code) : STR_EMPTY;
}

struct str triage_logon_status(struct str status) {
    return find_hex(logon_statuses, COUNT(logon_statuses), status);
}

struct str triage_kdc_status(struct str status) {
    return find_hex(kdc_statuses, COUNT(kdc_statuses), status);
}

struct str triage_ticket_encryption(struct str type) {
    return find_hex(ticket_encryptions, COUNT(ticket_encryptions), type);
}
