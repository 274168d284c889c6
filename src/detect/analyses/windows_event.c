#include "windows_event.h"

#include <stdio.h>

#include "num.h"

struct str windows_data(const struct analysis_event *event, const char *name) {
    static const char *const prefixes[] = {"winlog.event_data.", "winlog.user_data."};
    for (size_t i = 0; i < 2; i++) {
        char text[128];
        int len = snprintf(text, sizeof text, "%s%s", prefixes[i], name);
        uint32_t field = schema_find(str_make(text, (size_t)len));
        struct str value;
        if (field != FIELD_NONE && batch_find(&value, event->batch, event->row, field)) {
            return str_eq(value, STR("-")) ? STR_EMPTY : value;
        }
    }
    return STR_EMPTY;
}

bool windows_data_number(uint64_t *out, const struct analysis_event *event, const char *name) {
    struct str text = windows_data(event, name);
    return str_starts_ci(text, STR("0x")) ? num_parse_hex(out, str_skip(text, 2))
                                          : num_parse_u64(out, text);
}

bool windows_is_account_sid(struct str sid) {
    return str_starts_ci(sid, STR("S-1-5-21-")) || str_starts_ci(sid, STR("S-1-12-1-"));
}

uint64_t windows_sid_rid(struct str sid) {
    size_t dash = str_rfind_char(sid, '-');
    uint64_t rid;
    return dash != STR_NONE && num_parse_u64(&rid, str_skip(sid, dash + 1)) ? rid : 0;
}

bool windows_is_computer_account(const struct site *site, const struct analysis_event *event,
                                 struct str account) {
    if (!str_ends(account, STR("$")) || account.len < 2) {
        return false;
    }
    struct str name = str_head(account, account.len - 1);
    return str_eq_ci(name, event->computer) || site_host_named(site, name) != NULL ||
           site_user_of_pc(site, name) != NULL;
}

struct str windows_bare_account(struct str account) {
    return str_head(account, str_find_char(account, '@'));
}

bool windows_is_dc(const struct site *site, struct str computer) {
    const struct site_host *host = site_host_named(site, computer);
    return host && site_host_has_role(host, STR("dc"));
}

bool windows_is_server(const struct site *site, struct str computer) {
    const struct site_host *host = site_host_named(site, computer);
    return host && !host->is_device && !host->is_admin_terminal && host->role_count > 0;
}
