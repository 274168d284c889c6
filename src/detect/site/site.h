/*
 * The site model: what the operator knows and wrote into the site file (docs/formats/site.md,
 * UCL syntax). Without a file: site_create_default, with which some analyses are degraded.
 *
 * Ownership: the site owns all its memory; texts are borrowed until site_free. Immutable once
 * loaded: may be shared by threads. Names are compared without case; host names by their first
 * label ("FS01.ad.example.jp" is "fs01").
 * Errors: BAD_INPUT with file, line (of the section), value, what is allowed and what to do.
 */
#ifndef KONSEKI_SITE_H
#define KONSEKI_SITE_H

#include "civil.h"
#include "err.h"
#include "finding.h"
#include "ip.h"
#include "params.h"
#include "zone.h"

struct site;

/* No file: RFC 1918 and the like are internal, hours Mon-Fri 08:00-19:00, Japanese holidays, the
 * zone UTC, no register of anything. */
struct site *site_create_default(void);
enum status site_load(struct site **out, const char *path, struct err *err) MUST_CHECK;
/* The same from memory; `name` is for messages. */
enum status site_parse(struct site **out, struct str text, const char *name,
                       struct err *err) MUST_CHECK;
void site_free(struct site **site);
/* False for site_create_default: registers (admins, user agents ...) say nothing then. */
bool site_is_declared(const struct site *site);
/* Hash of the file's content (0 for the default): a change makes stored findings stale. */
uint64_t site_hash(const struct site *site);
const struct params *site_params(const struct site *site);
const struct zone *site_zone(const struct site *site);

/* --- networks --- */

bool site_is_internal(const struct site *site, const struct ip *address);
/* Internal or one of the site's public addresses. */
bool site_is_own(const struct site *site, const struct ip *address);
/* Neither own, nor private, nor multicast. */
bool site_is_external(const struct site *site, const struct ip *address);

/* --- servers, proxies, devices --- */

struct site_host {
    struct str name;
    struct ip ip;
    bool has_ip;
    const struct str *roles; /* dc, file, mail, proxy, web, firewall ... (free words) */
    size_t role_count;
    struct str owner;          /* business owner */
    struct str classification; /* of the data on it */
    struct str parent;         /* proxies: the proxy it forwards to; else empty */
    bool logged;               /* proxies: its own log comes here */
    bool is_device;            /* printer, camera ... from `device` */
    bool is_admin_terminal;
};

/* By address or by name; NULL if it is not registered. */
const struct site_host *site_host_at(const struct site *site, const struct ip *address);
const struct site_host *site_host_named(const struct site *site, struct str name);
bool site_host_has_role(const struct site_host *host, struct str role);
/* A destination (name or address) that the device is declared to call home to. */
bool site_is_known_contact(const struct site *site, const struct site_host *device,
                           struct str destination);
/* True if the address is a proxy of the site (its X-Forwarded-For is believed). */
bool site_is_proxy(const struct site *site, const struct ip *address);
bool site_has_role(const struct site *site, struct str role);

/* --- domain, accounts --- */

/* NetBIOS or DNS name of the own domain or of a trusted one. */
bool site_is_own_windows_domain(const struct site *site, struct str name);
bool site_declares_windows_domain(const struct site *site);
bool site_is_own_mail_domain(const struct site *site, struct str domain);
bool site_is_partner_domain(const struct site *site, struct str domain);
bool site_is_mailing_list(const struct site *site, struct str address);

enum site_account {
    ACCOUNT_UNKNOWN, /* in no register */
    ACCOUNT_USER,
    ACCOUNT_ADMIN,
    ACCOUNT_SERVICE,
    ACCOUNT_HELPDESK,
    ACCOUNT_DISABLED
};
enum site_account site_account_kind(const struct site *site, struct str login);
/* True if the file names any admin account. */
bool site_declares_admins(const struct site *site);

struct site_user {
    struct str login;
    struct str name;
    struct str mail;
    struct str department;
    const struct str *pcs;
    size_t pc_count;
};
const struct site_user *site_user_of_pc(const struct site *site, struct str pc);

/* --- calendar --- */

/* True on a day (local day number) that is no working day: weekend, holiday. */
bool site_is_day_off(const struct site *site, int32_t local_day);
bool site_is_office_hours(const struct site *site, int64_t time_ns);
/* In an announced maintenance window; *why says whose. */
bool site_in_maintenance(const struct site *site, int64_t time_ns, struct str *why);
int32_t site_local_day(const struct site *site, int64_t time_ns);
/* First instant of a local day. */
int64_t site_day_start(const struct site *site, int32_t local_day);
/* National holiday of Japan (law in force since 2007, with the moves of 2019-2021), computed. */
bool site_is_japanese_holiday(int32_t year, int32_t month, int32_t day);

/* --- sources and paths --- */

struct site_path {
    struct str source; /* empty: derive from the path */
    struct str host;
    struct str zone; /* "Asia/Tokyo"; empty: not said */
    struct str kind; /* --source KIND; empty: detect */
    struct str logformat;
};
/* First `path` whose glob matches the path or a tail of it that begins after a '/', joined with
 * the section of its source. False if none does. */
bool site_find_path(struct site_path *out, const struct site *site, struct str path);
/* The `source` section of that name. */
bool site_find_source(struct site_path *out, const struct site *site, struct str source);

/* --- explanations --- */

/* A user agent that begins with an approved prefix. */
bool site_is_approved_user_agent(const struct site *site, struct str user_agent);
bool site_declares_user_agents(const struct site *site);

struct site_allow {
    struct str analysis;
    struct str owner;
    struct str reason;
    int64_t until_ns; /* end of the day; INT64_MAX: forever */
};
/* The first allow section, in force at `time_ns`, that explains a finding with these entities:
 * every key it names is there and each of the finding's values of that key is covered. NULL if
 * none does. */
const struct site_allow *site_find_allow(const struct site *site, struct str analysis,
                                         const struct entity *entities, size_t count,
                                         int64_t time_ns);

#endif
