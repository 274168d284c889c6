/*
 * Indicators of compromise: addresses, networks, domains, URLs, hashes, user agents, mail
 * addresses (docs/formats/ioc.md). Reads lists as people paste them: "value,comment", one a line,
 * '#' comments, hxxp://, [.], (.), full-width text.
 *
 * Threads: immutable after loading. Ownership: the set owns its texts. A line that is no
 * indicator is BAD INPUT: reported with file and line, the rest is read.
 */
#ifndef KONSEKI_IOC_H
#define KONSEKI_IOC_H

#include "civil.h"
#include "err.h"
#include "ip.h"

enum ioc_kind {
    IOC_IP, /* address or network */
    IOC_DOMAIN,
    IOC_URL,
    IOC_HASH,
    IOC_USER_AGENT,
    IOC_MAIL,
    IOC_KIND_COUNT
};

struct ioc {
    enum ioc_kind kind;
    struct str value;   /* normalised */
    struct str comment; /* as in the list */
    struct str file;
    uint32_t line;
    bool weak;            /* shared hosting, CDN: the comment or a column says `weak` */
    int64_t last_seen_ns; /* from a column last_seen=DATE; TIME_NONE: not said */
};

struct ioc_set;
/* Called for lines that are no indicator. */
typedef void ioc_report_fn(const char *file, uint32_t line, struct str value, void *ctx);

struct ioc_set *ioc_set_create(void);
void ioc_set_free(struct ioc_set **set);
/* Reads a file, or every file below a folder. ENVIRONMENT if it cannot be read. */
enum status ioc_set_load(struct ioc_set *set, const char *path, ioc_report_fn *report, void *ctx,
                         struct err *err) MUST_CHECK;
/* Reads a list from memory; `file` is for messages and evidence (and a hint of the kind). */
void ioc_set_read(struct ioc_set *set, struct str text, const char *file, ioc_report_fn *report,
                  void *ctx);
size_t ioc_set_count(const struct ioc_set *set);
const struct ioc *ioc_set_get(const struct ioc_set *set, size_t index);
/* Adds a copy of an indicator of another set. */
void ioc_set_copy(struct ioc_set *set, const struct ioc *ioc);
/* Of all that findings depend on: kind, value, marks. */
uint64_t ioc_hash(const struct ioc *ioc);
/* Of the content, whatever the order it was read in; 0 if empty. */
uint64_t ioc_set_hash(const struct ioc_set *set);

/* The indicator that holds for it; the exact one before the wider. NULL if none. */
const struct ioc *ioc_find_ip(const struct ioc_set *set, const struct ip *address);
/* The name itself or a parent domain ("a.evil.net" by evil.net, never "notevil.net"). */
const struct ioc *ioc_find_domain(const struct ioc_set *set, struct str host);
/* URL as host and path ("/x/y?q"): an indicator that is a prefix ending at a border of a path
 * element, of the query or of the whole. Scheme and port are not compared. */
const struct ioc *ioc_find_url(const struct ioc_set *set, struct str host, struct str path);
/* Is it the host of a listed URL? */
bool ioc_has_url_host(const struct ioc_set *set, struct str host);
/* Does a listed mail address end with "@host"? */
bool ioc_has_mail_host(const struct ioc_set *set, struct str host);
bool ioc_has_kind(const struct ioc_set *set, enum ioc_kind kind);
/* Is an IPv6 address or network listed? */
bool ioc_has_v6(const struct ioc_set *set);
const char *ioc_kind_name(enum ioc_kind kind);
const struct ioc *ioc_find_text(const struct ioc_set *set, enum ioc_kind kind, struct str value);

/* Register in a store: `DIR/ioc.csv` holds what was given with --ioc, so that later imports and
 * a search back over the retention see it. Adds what is new. */
enum status ioc_register_add(const char *store_dir, const struct ioc_set *set, int64_t now_ns,
                             struct err *err) MUST_CHECK;
enum status ioc_register_load(struct ioc_set *set, const char *store_dir,
                              struct err *err) MUST_CHECK;

#endif
