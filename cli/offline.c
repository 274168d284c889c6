#include "offline.h"

#include "civil.h"
#include "i18n.h"

bool offline_tell(const struct store *store) {
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
        buf_fini(&label);
    }
    return i > 0;
}
