#include "system_facts.h"

#include "num.h"
#include "windows_names.h"

enum { UPTIME_DATA = 4, ZONE_DATA = 6, REQUEST_HOW_DATA = 4, REQUEST_BY_DATA = 6 };

static const struct {
    struct str provider;
    uint32_t id;
    enum system_fact_kind kind;
} system_events[] = {
#define SYSTEM_EVENT(provider, id, kind) {STR_INIT(provider), id, SYSTEM_##kind},
#include "system_facts.def"
};

static const struct str words[SYSTEM_FACT_COUNT] = {
    [SYSTEM_BOOT] = STR_INIT("boot"),
    [SYSTEM_SHUTDOWN] = STR_INIT("shutdown"),
    [SYSTEM_UNEXPECTED] = STR_INIT("unexpected"),
    [SYSTEM_UNCLEAN] = STR_INIT("unclean"),
    [SYSTEM_REQUEST] = STR_INIT("request"),
    [SYSTEM_LOG_START] = STR_INIT("log-start"),
    [SYSTEM_LOG_STOP] = STR_INIT("log-stop"),
    [SYSTEM_UPTIME] = STR_INIT("uptime"),
    [SYSTEM_CLOCK] = STR_INIT("clock"),
    [SYSTEM_VERSION] = STR_INIT("version"),
    [SYSTEM_NAME] = STR_INIT("name"),
    [SYSTEM_SLEEP] = STR_INIT("sleep"),
    [SYSTEM_WAKE] = STR_INIT("wake"),
    [SYSTEM_ZONE] = STR_INIT("zone"),
};

struct str system_fact_word(enum system_fact_kind kind) {
    return words[kind];
}

void system_facts_init(struct system_facts *facts) {
    *facts = (struct system_facts){0};
    struct triage_fields *f = &facts->fields;
    triage_host_add(&facts->host, f);
    facts->channel = triage_fields_add(f, FIELD_WINLOG_CHANNEL);
    facts->id = triage_fields_add(f, FIELD_WINLOG_EVENT_ID);
    facts->provider = triage_fields_add(f, FIELD_WINLOG_PROVIDER);
    facts->old_time = triage_fields_add_name(f, STR("OldTime"));
    facts->new_time = triage_fields_add_name(f, STR("NewTime"));
    facts->old_clock = triage_fields_add_name(f, STR("PreviousTime"));
    facts->major = triage_fields_add_name(f, STR("MajorVersion"));
    facts->minor = triage_fields_add_name(f, STR("MinorVersion"));
    facts->build = triage_fields_add_name(f, STR("BuildVersion"));
    facts->how = triage_fields_add_name(f, STR("param5"));
    facts->by = triage_fields_add_name(f, STR("param7"));
    facts->data = windows_field(STR("Data"));
}

void system_facts_fini(struct system_facts *facts) {
    triage_fields_fini(&facts->fields);
    buf_fini(&facts->value);
    buf_fini(&facts->zone);
}

/* The n-th unnamed Data, from 0; empty if there is none. */
static struct str data_at(const struct system_facts *facts, const struct triage_event *event,
                          size_t n) {
    const struct value *v = event->batch->values + event->row->first_value;
    for (uint32_t i = 0; i < event->row->value_count; i++) {
        if (v[i].field == facts->data && n-- == 0) {
            return batch_value_text(event->batch, &v[i]);
        }
    }
    return STR_EMPTY;
}

/* --- values --- */

/* "480 Pacific Standard Time": minutes to be added to local time for UTC. */
static void add_zone(struct buf *out, struct str text) {
    struct str bias_text;
    struct str rest = text;
    int64_t bias;
    if (!str_word_next(&bias_text, &rest) || !num_parse_i64(&bias, bias_text) || bias < -1440 ||
        bias > 1440) {
        return;
    }
    int64_t minutes = bias < 0 ? -bias : bias;
    buf_printf(out, "UTC%c%02d:%02d ", bias <= 0 ? '+' : '-', (int)(minutes / 60),
               (int)(minutes % 60));
    buf_add(out, str_trim(rest));
}

/* How far the clock moved, where both times have a zone. */
static void add_clock(struct buf *out, const struct system_facts *facts) {
    struct str old_text = triage_field(&facts->fields, facts->old_time);
    int64_t from_ns;
    int64_t to_ns;
    bool has_zone;
    if (old_text.len == 0) {
        old_text = triage_field(&facts->fields, facts->old_clock);
    }
    struct str new_text = triage_field(&facts->fields, facts->new_time);
    if (civil_parse_rfc3339(&from_ns, &has_zone, old_text) && has_zone &&
        civil_parse_rfc3339(&to_ns, &has_zone, new_text) && has_zone) {
        double seconds = ((double)to_ns - (double)from_ns) / (double)NS_PER_SECOND;
        buf_printf(out, "%.3f", seconds);
    }
}

static void add_pair(struct buf *out, struct str a, const char *between, struct str b) {
    buf_add(out, a);
    buf_add(out, b.len > 0 ? str_from_c(between) : STR_EMPTY);
    buf_add(out, b);
}

static void add_request(struct buf *out, const struct system_facts *facts,
                        const struct triage_event *event) {
    struct str how = triage_field(&facts->fields, facts->how);
    struct str by = triage_field(&facts->fields, facts->by);
    bool is_named = how.len > 0;
    add_pair(out, is_named ? how : data_at(facts, event, REQUEST_HOW_DATA), ", ",
             is_named ? by : data_at(facts, event, REQUEST_BY_DATA));
}

static void add_version(struct buf *out, const struct system_facts *facts) {
    struct str build = triage_field(&facts->fields, facts->build);
    if (build.len > 0) {
        add_pair(out, triage_field(&facts->fields, facts->major), ".",
                 triage_field(&facts->fields, facts->minor));
        add_pair(out, STR_EMPTY, ".", build);
    }
}

static void add_value(struct system_facts *facts, enum system_fact_kind kind,
                      const struct triage_event *event) {
    struct buf *out = &facts->value;
    if (kind == SYSTEM_UPTIME) {
        uint64_t seconds;
        struct str text = data_at(facts, event, UPTIME_DATA);
        buf_add(out, num_parse_u64(&seconds, text) ? text : STR_EMPTY);
        add_zone(&facts->zone, data_at(facts, event, ZONE_DATA));
    } else if (kind == SYSTEM_CLOCK) {
        add_clock(out, facts);
    } else if (kind == SYSTEM_REQUEST) {
        add_request(out, facts, event);
    } else if (kind == SYSTEM_BOOT) {
        add_version(out, facts);
    } else if (kind == SYSTEM_VERSION) {
        add_pair(out, data_at(facts, event, 0), "", data_at(facts, event, 1));
    } else if (kind == SYSTEM_NAME) {
        add_pair(out, data_at(facts, event, 0), " -> ", data_at(facts, event, 1));
    }
}

/* SYSTEM_FACT_COUNT: none. */
static enum system_fact_kind find_kind(struct str provider, uint32_t id) {
    for (size_t i = 0; i < sizeof system_events / sizeof *system_events; i++) {
        if (system_events[i].id == id && str_eq_ci(system_events[i].provider, provider)) {
            return system_events[i].kind;
        }
    }
    return SYSTEM_FACT_COUNT;
}

bool system_facts_read(struct system_fact *out, struct system_facts *facts,
                       const struct triage_event *event) {
    triage_fields_read(&facts->fields, event->batch, event->row);
    *out = (struct system_fact){.computer = triage_host_of(&facts->host, &facts->fields, event),
                                .event = triage_field(&facts->fields, facts->id)};
    enum system_fact_kind kind = SYSTEM_FACT_COUNT;
    if (event->is_windows) {
        kind =
            find_kind(triage_field(&facts->fields, facts->provider), triage_event_id(out->event));
    }
    if (kind == SYSTEM_FACT_COUNT) {
        return false;
    }
    buf_clear(&facts->value);
    buf_clear(&facts->zone);
    add_value(facts, kind, event);
    out->kind = kind;
    out->value = buf_str(&facts->value);
    out->zone = buf_str(&facts->zone);
    return true;
}
