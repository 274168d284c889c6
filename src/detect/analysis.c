#include "analysis.h"

#include "mem.h"
#include "num.h"

#define ANALYSIS(symbol) extern const struct analysis analysis_##symbol;
#include "analyses.def"

const struct analysis *const analyses_all[] = {
#define ANALYSIS(symbol) &analysis_##symbol,
#include "analyses.def"
    NULL};

const struct analysis *analysis_find(struct str id) {
    for (size_t i = 0; analyses_all[i]; i++) {
        if (str_eq_ci(id, str_from_c(analyses_all[i]->id))) {
            return analyses_all[i];
        }
    }
    return NULL;
}

const struct analysis **analyses_choose(const struct analysis *const *list, unsigned uses) {
    size_t count = 0;
    while (list[count]) {
        count++;
    }
    const struct analysis **chosen = mem_calloc(count + 1, sizeof *chosen);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if ((uses >> list[i]->ioc_use & 1) != 0) {
            chosen[used++] = list[i];
        }
    }
    return chosen;
}

struct str event_get(const struct analysis_event *event, uint32_t field) {
    struct str value;
    return batch_find(&value, event->batch, event->row, field) ? value : STR_EMPTY;
}

bool event_get_u64(uint64_t *out, const struct analysis_event *event, uint32_t field) {
    return num_parse_u64(out, event_get(event, field));
}

bool event_get_ip(struct ip *out, const struct analysis_event *event, uint32_t field) {
    struct str text = event_get(event, field);
    return text.len > 0 && ip_parse(out, text);
}

size_t event_time_text(char out[17], const struct site *site, int64_t time_ns) {
    char full[CIVIL_RFC3339_BYTES];
    (void)civil_format_rfc3339(full, zone_to_local(site_zone(site), time_ns));
    memcpy(out, full, 16);
    out[10] = ' ';
    out[16] = '\0';
    return 16;
}
