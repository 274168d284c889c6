#include "ioc_filter.h"

#include "check.h"
#include "ioc_scan.h"
#include "web_request.h"

/* Longer hosts are cut by web_request_of: what the rest of it matches is not known here. */
enum { LONGEST_HOST = sizeof((struct web_request *)NULL)->host_text };

static bool is_listed_address(const void *ctx, struct str text) {
    struct ip address;
    return ip_parse(&address, text) && ioc_find_ip(ctx, &address) != NULL;
}

static bool is_listed_host(const void *ctx, struct str text) {
    return text.len > LONGEST_HOST || ioc_find_domain(ctx, text) != NULL ||
           ioc_has_url_host(ctx, text) || is_listed_address(ctx, text);
}

static bool is_listed_agent(const void *ctx, struct str text) {
    return ioc_find_text(ctx, IOC_USER_AGENT, text) != NULL;
}

/* On the search text if there is no field. */
static struct expr *make_leaf(struct expr_set *set, const struct expr_list *list,
                              struct str field) {
    struct expr *leaf = NULL;
    struct err ignored = ERR_INIT;
    struct expr_leaf_spec spec = {
        .on_text = field.len == 0, .field = field, .test = EXPR_LISTED, .list = list};
    enum status status = expr_make_leaf(&leaf, set, &spec, &ignored);
    CHECK(status == STATUS_OK); /* only patterns can be refused */
    return leaf;
}

struct expr *ioc_filter_contacts(struct expr_set *set, const struct ioc_set *iocs) {
    struct expr_list addresses = {.has = is_listed_address, .ctx = iocs};
    struct expr_list hosts = {.has = is_listed_host, .ctx = iocs};
    struct expr *leaves[] = {make_leaf(set, &addresses, STR("destination.ip")),
                             make_leaf(set, &addresses, STR("server.ip")),
                             make_leaf(set, &hosts, STR("url.domain"))};
    return expr_make_group(set, EXPR_OR, leaves, sizeof leaves / sizeof leaves[0]);
}

struct expr *ioc_filter_text(struct expr_set *set, const struct ioc_set *iocs) {
    struct expr_list texts = ioc_scan_list(iocs);
    struct expr_list agents = {.has = is_listed_agent, .ctx = iocs};
    struct expr *leaves[] = {make_leaf(set, &texts, STR_EMPTY),
                             make_leaf(set, &agents, schema_name(FIELD_USER_AGENT))};
    return expr_make_group(set, EXPR_OR, leaves, ioc_has_kind(iocs, IOC_USER_AGENT) ? 2 : 1);
}
