/*
 * Reading one section of a site file (docs/formats/site.md): a table of the names it may hold, so
 * that an unknown name is an error with its line. For site_*.c that parse, only.
 *
 * Failures are STATUS_BAD_INPUT with file, line, name, value and what is allowed; what was read
 * before stays in the site, which the caller drops. Texts are copied into the site's arena.
 */
#ifndef KONSEKI_SITE_SECTION_H
#define KONSEKI_SITE_SECTION_H

#include "conf.h"
#include "site_priv.h"

struct site_reader {
    struct site *site;
    const char *path;
    struct err *err;
};

typedef enum status site_node_fn(struct site_reader *r, const struct conf_node *node, void *target);

struct site_key {
    const char *name;
    site_node_fn *read;
    size_t offset; /* of the member in the target that `read` fills */
};

/* An error about the node: what it must be. Always STATUS_BAD_INPUT. */
enum status site_fault(struct site_reader *r, const struct conf_node *node, const char *allowed);
/* Reads every child of a section by the table, which ends with a NULL name. */
enum status site_read_section(struct site_reader *r, const struct conf_node *section,
                              const struct site_key *keys, void *target) MUST_CHECK;
/* Calls `item` for a text, or for each text of a list. */
enum status site_each_text(struct site_reader *r, const struct conf_node *node, site_node_fn *item,
                           void *target) MUST_CHECK;

/* Values; the type of the target stands behind each. */
site_node_fn site_read_text;      /* struct str */
site_node_fn site_read_bool;      /* bool */
site_node_fn site_read_texts;     /* struct str_list: added to */
site_node_fn site_read_names;     /* struct intern: added to, in lower case */
site_node_fn site_read_networks;  /* struct network_list: replaced */
site_node_fn site_read_zone_name; /* struct str: a zone that exists */
site_node_fn site_read_until;     /* int64_t: the end of the day in the site's zone */
/* Adds to a list in the arena: (*items, *count) of a struct site_host or site_user. */
enum status site_read_arena_texts(struct site_reader *r, const struct conf_node *node,
                                  const struct str **items, size_t *count) MUST_CHECK;
/* Local date-time or RFC 3339 to UTC. */
bool site_parse_time(int64_t *out, const struct zone *zone, struct str text);

/* Sections, each into r->site; the target is not used. */
site_node_fn site_read_server, site_read_proxy, site_read_device, site_read_admin_terminals;
site_node_fn site_read_user, site_read_accounts;
site_node_fn site_read_hours, site_read_holidays, site_read_maintenance; /* target: the site */
site_node_fn site_read_source, site_read_path;
site_node_fn site_read_allow, site_read_rules;

#endif
