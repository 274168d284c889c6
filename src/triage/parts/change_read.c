#include "change_read.h"

#include "mem.h"
#include "num.h"

enum { CHANGE_DETAILS = 3, VALUE_BYTES = 300, NO_PLACE = 255, EVENT_REPLICATION = 4662 };

enum field {
    FIELD_OF_TARGET,
    FIELD_OF_DOMAIN,
    FIELD_OF_TARGET_ELSE,
    FIELD_OF_MEMBER,
    FIELD_OF_MEMBER_ELSE,
    FIELD_OF_DETAIL,
    FIELD_ALL = FIELD_OF_DETAIL + CHANGE_DETAILS
};

static const struct change_event {
    struct str channel;
    uint32_t id;
    struct str change;
    struct str fields[FIELD_ALL];
} change_events[] = {
#define CHANGE_EVENT(channel, id, change, target, domain, target_else, member, member_else, a, b,  \
                     c)                                                                            \
    {STR_INIT(channel),                                                                            \
     id,                                                                                           \
     STR_INIT(change),                                                                             \
     {STR_INIT(target), STR_INIT(domain), STR_INIT(target_else), STR_INIT(member),                 \
      STR_INIT(member_else), STR_INIT(a), STR_INIT(b), STR_INIT(c)}},
#include "change_events.def"
};

enum way { WAY_IS, WAY_HAS, WAY_STARTS, WAY_ENDS, WAY_NOT_ENDS, WAY_IS_HOST };

struct condition {
    struct str field;
    enum way way;
    struct str text;
};

static const struct change_sign {
    uint32_t id;
    struct str sign;
    struct condition conditions[2];
} change_signs[] = {
#define CHANGE_SIGN(id, sign, field, way, text, more_field, more_way, more_text)                   \
    {id,                                                                                           \
     STR_INIT(sign),                                                                               \
     {{STR_INIT(field), WAY_##way, STR_INIT(text)},                                                \
      {STR_INIT(more_field), WAY_##more_way, STR_INIT(more_text)}}},
#include "change_events.def"
};

static const struct {
    struct str code;
    struct str words;
} change_codes[] = {
#define CHANGE_CODE(code, words) {STR_INIT(code), STR_INIT(words)},
#include "change_events.def"
};

static const struct {
    uint32_t bit;
    struct str word;
} account_flags[] = {
#define ACCOUNT_FLAG(bit, word) {bit, STR_INIT(word)},
#include "change_events.def"
};

static const uint32_t privileged_groups[] = {
#define PRIVILEGED_GROUP(rid) rid,
#include "change_events.def"
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct change_places {
    uint8_t events[COUNT(change_events)][FIELD_ALL];
    uint8_t signs[COUNT(change_signs)][2];
};

/* --- opening --- */

static uint8_t add_field(struct change_reader *r, struct str name) {
    return name.len > 0 ? (uint8_t)triage_fields_add_name(&r->fields, name) : (uint8_t)NO_PLACE;
}

void change_reader_init(struct change_reader *r) {
    *r = (struct change_reader){0};
    struct triage_fields *f = &r->fields;
    r->places = mem_calloc(1, sizeof *r->places);
    triage_host_add(&r->host, f);
    r->id = triage_fields_add(f, FIELD_WINLOG_EVENT_ID);
    r->channel = triage_fields_add(f, FIELD_WINLOG_CHANNEL);
    r->by = triage_fields_add_name(f, STR("SubjectUserName"));
    r->by_domain = triage_fields_add_name(f, STR("SubjectDomainName"));
    r->by_sid = triage_fields_add_name(f, STR("SubjectUserSid"));
    r->old_flags = triage_fields_add_name(f, STR("OldUacValue"));
    r->new_flags = triage_fields_add_name(f, STR("NewUacValue"));
    r->group_sid = triage_fields_add_name(f, STR("TargetSid"));
    r->properties = triage_fields_add_name(f, STR("Properties"));
    for (size_t i = 0; i < COUNT(change_events); i++) {
        for (size_t k = 0; k < FIELD_ALL; k++) {
            r->places->events[i][k] = add_field(r, change_events[i].fields[k]);
        }
    }
    for (size_t i = 0; i < COUNT(change_signs); i++) {
        r->places->signs[i][0] = add_field(r, change_signs[i].conditions[0].field);
        r->places->signs[i][1] = add_field(r, change_signs[i].conditions[1].field);
    }
}

void change_reader_fini(struct change_reader *r) {
    triage_fields_fini(&r->fields);
    mem_free(r->places);
    for (size_t i = 0; i < CHANGE_PARTS; i++) {
        buf_fini(&r->texts[i]);
    }
}

/* --- texts --- */

static struct str at(const struct change_reader *r, uint8_t place) {
    return place == NO_PLACE ? STR_EMPTY : str_trim(triage_field(&r->fields, place));
}

static struct str with_domain(struct buf *out, struct str domain, struct str name) {
    buf_clear(out);
    if (domain.len > 0 && name.len > 0) {
        buf_add(out, domain);
        buf_putc(out, '\\');
    }
    buf_add(out, name);
    return buf_str(out);
}

/* Between blanks and ends of lines. */
static bool next_word(struct str *word, struct str *rest) {
    *rest = str_trim(*rest);
    size_t len = 0;
    while (len < rest->len && !ascii_is_space(rest->ptr[len])) {
        len++;
    }
    *word = str_head(*rest, len);
    *rest = str_skip(*rest, len);
    return len > 0;
}

/* One word of a value; codes as what they stand for. */
static void add_word(struct buf *out, struct str word) {
    bool has_comma = str_ends(word, STR(","));
    struct str code = str_head(word, word.len - has_comma);
    for (size_t i = 0; i < COUNT(change_codes); i++) {
        if (str_eq_ci(change_codes[i].code, code)) {
            buf_add(out, change_codes[i].words);
            buf_add(out, has_comma ? STR(",") : STR_EMPTY);
            return;
        }
    }
    buf_add(out, word);
}

/* "%%1793" and "%%1792": not set. */
static bool is_nothing(struct str value) {
    return value.len == 0 || str_eq(value, STR("%%1793")) || str_eq(value, STR("%%1792"));
}

static void add_detail(struct buf *out, struct str name, struct str value) {
    struct str rest = str_head(value, value.len < VALUE_BYTES ? value.len : VALUE_BYTES);
    struct str word;
    if (is_nothing(value)) {
        return;
    }
    buf_add(out, out->len > 0 ? STR("; ") : STR_EMPTY);
    buf_add(out, name);
    buf_putc(out, ':');
    while (next_word(&word, &rest)) {
        buf_putc(out, ' ');
        add_word(out, word);
    }
    buf_add(out, value.len > VALUE_BYTES ? STR(" ...") : STR_EMPTY);
}

static uint32_t flags_of(struct str text) {
    uint64_t flags;
    bool is_hex = str_starts_ci(text, STR("0x")) && num_parse_hex(&flags, str_skip(text, 2));
    return is_hex ? (uint32_t)flags : 0;
}

/* "account: +disabled -password-never-expires". */
static void add_flags(struct buf *out, const struct change_reader *r) {
    struct str now = at(r, (uint8_t)r->new_flags);
    uint32_t changed = flags_of(at(r, (uint8_t)r->old_flags)) ^ flags_of(now);
    if (now.len == 0 || changed == 0) {
        return;
    }
    buf_add(out, out->len > 0 ? STR("; account:") : STR("account:"));
    for (size_t i = 0; i < COUNT(account_flags); i++) {
        if ((changed & account_flags[i].bit) != 0) {
            bool is_set = (flags_of(now) & account_flags[i].bit) != 0;
            buf_add(out, is_set ? STR(" +") : STR(" -"));
            buf_add(out, account_flags[i].word);
        }
    }
}

static struct str member_of(const struct change_reader *r, const uint8_t *places) {
    struct str member = at(r, places[FIELD_OF_MEMBER]);
    return member.len > 0 ? member : at(r, places[FIELD_OF_MEMBER_ELSE]);
}

static struct str detail_of(struct change_reader *r, size_t event) {
    struct buf *out = &r->texts[CHANGE_DETAIL];
    const uint8_t *places = r->places->events[event];
    struct str member = member_of(r, places);
    buf_clear(out);
    for (size_t i = FIELD_OF_DETAIL; i < FIELD_ALL; i++) {
        struct str value = at(r, places[i]);
        if (!str_eq(value, member)) {
            add_detail(out, change_events[event].fields[i], value);
        }
    }
    add_flags(out, r);
    return buf_str(out);
}

/* --- signs --- */

/* "DC1$" on dc1.example. */
static bool is_host(struct str account, struct str computer) {
    size_t dot = str_find_char(computer, '.');
    struct str name = str_head(computer, dot == STR_NONE ? computer.len : dot);
    return name.len > 0 && account.len == name.len + 1 && str_starts_ci(account, name) &&
           str_ends(account, STR("$"));
}

static bool holds(const struct condition *condition, struct str value, struct str computer) {
    switch (condition->way) {
    case WAY_IS:
        return str_eq_ci(value, condition->text);
    case WAY_HAS:
        return str_find_ci(value, condition->text) != STR_NONE;
    case WAY_STARTS:
        return str_starts_ci(value, condition->text);
    case WAY_ENDS:
        return str_ends_ci(value, condition->text);
    case WAY_NOT_ENDS:
        return !str_ends_ci(value, condition->text);
    case WAY_IS_HOST:
        return is_host(value, computer);
    }
    return false;
}

/* Somebody was put into a group whose members rule a domain or a machine. */
static bool is_privileged_group(struct str sid) {
    size_t from = sid.len;
    uint64_t rid;
    while (from > 0 && ascii_is_digit(sid.ptr[from - 1])) {
        from--;
    }
    if (!str_starts_ci(sid, STR("S-1-5-")) || !num_parse_u64(&rid, str_skip(sid, from))) {
        return false;
    }
    for (size_t i = 0; i < COUNT(privileged_groups); i++) {
        if (privileged_groups[i] == rid) {
            return true;
        }
    }
    return false;
}

static struct str sign_of_flags(const struct change_reader *r) {
    uint32_t set = flags_of(at(r, (uint8_t)r->new_flags)) & ~flags_of(at(r, (uint8_t)r->old_flags));
    if ((set & 0x10000) != 0) {
        return STR("no-preauthentication");
    }
    return (set & 0x42000) != 0 ? STR("delegation") : STR_EMPTY;
}

static struct str sign_of(const struct change_reader *r, const struct change_event *event,
                          struct str computer) {
    for (size_t i = 0; i < COUNT(change_signs); i++) {
        const struct change_sign *sign = &change_signs[i];
        const uint8_t *places = r->places->signs[i];
        if (sign->id == event->id && holds(&sign->conditions[0], at(r, places[0]), computer) &&
            (places[1] == NO_PLACE || holds(&sign->conditions[1], at(r, places[1]), computer))) {
            return sign->sign;
        }
    }
    if (str_eq(event->change, STR("member-added")) &&
        is_privileged_group(at(r, (uint8_t)r->group_sid))) {
        return STR("privileged-group");
    }
    return sign_of_flags(r);
}

/* --- reading --- */

static const struct change_event *find_event(const struct change_reader *r) {
    uint32_t id = triage_event_id(triage_field(&r->fields, r->id));
    struct str channel = triage_field(&r->fields, r->channel);
    for (size_t i = 0; i < COUNT(change_events); i++) {
        if (change_events[i].id == id && str_eq_ci(change_events[i].channel, channel)) {
            return &change_events[i];
        }
    }
    return NULL;
}

/* Most 4662 are everyday work with objects: only those that ask for replication are told. */
static bool is_told(const struct change_reader *r, const struct change_event *event) {
    static const struct str rights[] = {STR_INIT("1131f6aa-9c07-11d1-f79f-00c04fc2dcd2"),
                                        STR_INIT("1131f6ad-9c07-11d1-f79f-00c04fc2dcd2"),
                                        STR_INIT("89e95b76-444d-4c62-991a-0facbeda640c")};
    bool is_one = event->id != EVENT_REPLICATION;
    for (size_t i = 0; i < COUNT(rights) && !is_one; i++) {
        is_one = str_find_ci(at(r, (uint8_t)r->properties), rights[i]) != STR_NONE;
    }
    return is_one;
}

static struct str either(struct str a, struct str b) {
    return a.len > 0 ? a : b;
}

/* DOMAIN\name; a code as its words; else what names it otherwise. */
static struct str target_of(struct change_reader *r, const uint8_t *places) {
    struct buf *out = &r->texts[CHANGE_TARGET];
    struct str name = at(r, places[FIELD_OF_TARGET]);
    if (name.len > 0 && !str_starts(name, STR("%%"))) {
        return with_domain(out, at(r, places[FIELD_OF_DOMAIN]), name);
    }
    buf_clear(out);
    add_word(out, either(name, at(r, places[FIELD_OF_TARGET_ELSE])));
    return buf_str(out);
}

bool change_read(struct change *out, struct change_reader *r, const struct triage_event *event) {
    if (!event->is_windows) {
        return false;
    }
    triage_fields_read(&r->fields, event->batch, event->row);
    const struct change_event *known = find_event(r);
    if (known == NULL || !is_told(r, known)) {
        return false;
    }
    size_t i = (size_t)(known - change_events);
    const uint8_t *places = r->places->events[i];
    struct str by = either(at(r, (uint8_t)r->by), at(r, (uint8_t)r->by_sid));
    struct str computer = triage_host_of(&r->host, &r->fields, event);
    out->parts[CHANGE_COMPUTER] = computer;
    out->parts[CHANGE_WHAT] = known->change;
    out->parts[CHANGE_EVENT_ID] = triage_field(&r->fields, r->id);
    out->parts[CHANGE_SIGN_WORD] = sign_of(r, known, computer);
    out->parts[CHANGE_BY] = with_domain(&r->texts[CHANGE_BY], at(r, (uint8_t)r->by_domain), by);
    out->parts[CHANGE_TARGET] = target_of(r, places);
    out->parts[CHANGE_MEMBER] = member_of(r, places);
    out->parts[CHANGE_DETAIL] = detail_of(r, i);
    return true;
}
