#include "triage_fields.h"

#include "check.h"
#include "mem.h"
#include "num.h"
#include "windows_names.h"

void triage_fields_fini(struct triage_fields *fields) {
    mem_free(fields->place_of);
}

size_t triage_fields_add(struct triage_fields *fields, uint32_t field) {
    if (field >= fields->place_count) {
        size_t count = (size_t)field + 64;
        fields->place_of = mem_realloc(fields->place_of, count, 1);
        memset(fields->place_of + fields->place_count, 0, count - fields->place_count);
        fields->place_count = count;
    }
    if (fields->place_of[field] == 0) {
        CHECK(fields->count < TRIAGE_FIELDS);
        fields->place_of[field] = (uint8_t)++fields->count;
    }
    return fields->place_of[field] - 1u;
}

size_t triage_fields_add_name(struct triage_fields *fields, struct str name) {
    bool is_ours = str_find_char(name, '.') != STR_NONE && !str_starts(name, STR("EventData."));
    return triage_fields_add(fields, is_ours || str_eq(name, STR("message")) ? schema_field(name)
                                                                             : windows_field(name));
}

void triage_fields_read(struct triage_fields *fields, const struct batch *batch,
                        const struct row *row) {
    memset(fields->values, 0, fields->count * sizeof fields->values[0]);
    const struct value *v = batch->values + row->first_value;
    for (const struct value *end = v + row->value_count; v < end; v++) {
        size_t place = v->field < fields->place_count ? fields->place_of[v->field] : 0;
        if (place > 0 && fields->values[place - 1].ptr == NULL) {
            fields->values[place - 1] = batch_value_text(batch, v);
        }
    }
}

void triage_host_add(struct triage_host *host, struct triage_fields *fields) {
    static const uint32_t ids[] = {FIELD_WINLOG_COMPUTER, FIELD_HOST_NAME, FIELD_OBSERVER_NAME,
                                   FIELD_SYSLOG_HOSTNAME};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        host->places[i] = triage_fields_add(fields, ids[i]);
    }
}

struct str triage_host_of(const struct triage_host *host, const struct triage_fields *fields,
                          const struct triage_event *event) {
    for (size_t i = event->is_windows ? 0 : 1; i < (event->is_windows ? 1 : 4); i++) {
        struct str text = triage_field(fields, host->places[i]);
        if (text.len > 0) {
            return text;
        }
    }
    return STR_EMPTY;
}

uint32_t triage_event_id(struct str text) {
    uint64_t id = 0;
    return num_parse_u64(&id, text) && id <= UINT32_MAX ? (uint32_t)id : 0;
}
