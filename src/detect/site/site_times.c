/* Site file: working hours, holidays, maintenance. */
#include "num.h"
#include "site_section.h"

/* "09:00" or "9": seconds of the day. */
static enum status read_clock(struct site_reader *r, const struct conf_node *node, void *target) {
    uint64_t hour;
    uint64_t minute = 0;
    size_t colon = str_find_char(node->text, ':');
    bool ok = node->type == CONF_TEXT && num_parse_u64(&hour, str_head(node->text, colon)) &&
              (colon == STR_NONE || num_parse_u64(&minute, str_skip(node->text, colon + 1)));
    if (!ok || hour > 24 || minute > 59 || (hour == 24 && minute > 0)) {
        return site_fault(r, node, "must be a time of the day such as \"09:00\"");
    }
    *(int32_t *)target = (int32_t)(hour * 3600 + minute * 60);
    return STATUS_OK;
}

static enum status add_weekday(struct site_reader *r, const struct conf_node *node, void *target) {
    static const char names[7][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (size_t i = 0; i < 7; i++) {
        if (node->text.len >= 3 && str_starts_ci(node->text, str_from_c(names[i]))) {
            ((bool *)target)[i] = true;
            return STATUS_OK;
        }
    }
    return site_fault(r, node, "must be mon, tue, wed, thu, fri, sat or sun");
}

static enum status read_weekdays(struct site_reader *r, const struct conf_node *node,
                                 void *target) {
    memset(target, 0, sizeof r->site->workday);
    return site_each_text(r, node, add_weekday, target);
}

enum status site_read_hours(struct site_reader *r, const struct conf_node *node, void *target) {
    static const struct site_key keys[] = {
        {"start", read_clock, offsetof(struct site, start_second)},
        {"end", read_clock, offsetof(struct site, end_second)},
        {"days", read_weekdays, offsetof(struct site, workday)},
        {NULL, NULL, 0},
    };
    return site_read_section(r, node, keys, target);
}

static enum status read_country(struct site_reader *r, const struct conf_node *node, void *target) {
    struct site *site = target;
    bool japan = node->type == CONF_TEXT && str_eq_ci(node->text, STR("JP"));
    if (!japan && (node->type != CONF_TEXT || node->text.len > 0)) {
        return site_fault(r, node, "must be \"JP\" or \"\" (none)");
    }
    site->japanese_holidays = japan;
    site->year_end = japan;
    return STATUS_OK;
}

static enum status add_date(struct site_reader *r, const struct conf_node *node, void *target) {
    struct day_list *list = target;
    int64_t ns;
    bool has_zone;
    if (node->text.len != 10 || !civil_parse_rfc3339(&ns, &has_zone, node->text)) {
        return site_fault(r, node, "must be a date such as 2026-12-29");
    }
    MEM_GROW(list->items, list->capacity, list->count + 1);
    list->items[list->count++] = (int32_t)(ns / NS_PER_DAY);
    return STATUS_OK;
}

static enum status read_dates(struct site_reader *r, const struct conf_node *node, void *target) {
    return site_each_text(r, node, add_date, &((struct site *)target)->holidays);
}

enum status site_read_holidays(struct site_reader *r, const struct conf_node *node, void *target) {
    static const struct site_key keys[] = {
        {"country", read_country, 0},
        {"dates", read_dates, 0},
        {"year_end", site_read_bool, offsetof(struct site, year_end)},
        {NULL, NULL, 0},
    };
    return site_read_section(r, node, keys, target);
}

struct maintenance_text {
    struct str from, to, owner, reason;
};

enum status site_read_maintenance(struct site_reader *r, const struct conf_node *node,
                                  void *target) {
    static const struct site_key keys[] = {
        {"from", site_read_text, offsetof(struct maintenance_text, from)},
        {"to", site_read_text, offsetof(struct maintenance_text, to)},
        {"owner", site_read_text, offsetof(struct maintenance_text, owner)},
        {"reason", site_read_text, offsetof(struct maintenance_text, reason)},
        {NULL, NULL, 0},
    };
    (void)target;
    struct site *site = r->site;
    struct maintenance_text t = {STR_EMPTY, STR_EMPTY, STR_EMPTY, STR_EMPTY};
    struct maintenance m;
    enum status status = site_read_section(r, node, keys, &t);
    if (status != STATUS_OK) {
        return status;
    }
    if (!site_parse_time(&m.from_ns, site->zone, t.from) ||
        !site_parse_time(&m.to_ns, site->zone, t.to) || m.to_ns <= m.from_ns) {
        return site_fault(r, node,
                          "needs from and to, such as \"2026-03-02T19:00\", from before to");
    }
    if (t.owner.len == 0 || t.reason.len == 0) {
        return site_fault(r, node, "needs owner and reason");
    }
    m.why = arena_printf(&site->arena, "%.*s: %.*s", STR_ARG(t.owner), STR_ARG(t.reason));
    MEM_GROW(site->maintenance, site->maintenance_capacity, site->maintenance_count + 1);
    site->maintenance[site->maintenance_count++] = m;
    return STATUS_OK;
}
