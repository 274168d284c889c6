#include "offline.h"

#include "civil.h"
#include "i18n.h"

static void tell_json(const struct store_missing *m, struct str from, struct str to) {
    struct buf id = BUF_INIT;
    struct buf segments = BUF_INIT;
    struct buf events = BUF_INIT;
    struct buf line = BUF_INIT;
    buf_printf(&id, "%016llx", (unsigned long long)m->id);
    buf_printf(&segments, "%llu", (unsigned long long)m->segments);
    buf_printf(&events, "%llu", (unsigned long long)m->rows);
    struct output_json_entry entries[] = {
        {.name = STR("coverage.archive"), .text = buf_str(&id), .type = JSON_STRING},
        {.name = STR("coverage.label"), .text = m->label, .type = JSON_STRING},
        {.name = STR("coverage.segments"), .text = buf_str(&segments), .type = JSON_NUMBER},
        {.name = STR("coverage.events"), .text = buf_str(&events), .type = JSON_NUMBER},
        {.name = STR("coverage.from"), .text = from, .type = JSON_STRING},
        {.name = STR("coverage.to"), .text = to, .type = JSON_STRING}};
    output_json(&line, entries, sizeof entries / sizeof *entries);
    fprintf(stderr, "%.*s\n", STR_ARG(buf_str(&line)));
    buf_fini(&id);
    buf_fini(&segments);
    buf_fini(&events);
    buf_fini(&line);
}

bool offline_tell(const struct store *store, enum output_format format) {
    struct store_missing m;
    size_t i = 0;
    for (; store_get_missing(store, i, &m); i++) {
        char from[CIVIL_RFC3339_BYTES];
        char to[CIVIL_RFC3339_BYTES];
        struct buf label = BUF_INIT;
        size_t from_len = civil_format_rfc3339(from, m.time_min);
        size_t to_len = civil_format_rfc3339(to, m.time_max);
        output_append_visible(&label, m.label);
        fprintf(stderr,
                _("konseki: warning: the answer is not complete: %llu events from %.*s to %.*s lie"
                  " in the archive \"%.*s\" (%016llx), which is offline; mount it, or konseki"
                  " archive attach\n"),
                (unsigned long long)m.rows, (int)from_len, from, (int)to_len, to,
                STR_ARG(buf_str(&label)), (unsigned long long)m.id);
        if (format == OUTPUT_JSONL) {
            tell_json(&m, str_make(from, from_len), str_make(to, to_len));
        }
        buf_fini(&label);
    }
    return i > 0;
}
