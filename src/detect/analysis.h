/*
 * What an analysis is: one file in detect/analyses/ that defines one const struct analysis, and
 * one row in tables/analyses.def.
 *
 * The runner (runner.h) feeds events of the datasets and event ids that the analysis names, in
 * event-time order, and asks it day by day for its findings. THE LAW that makes findings equal
 * whatever the order and number of the imports:
 *
 *     what is emitted for local day D is a function of the events of the days
 *     [D - lookback_days, D], of the site file, the indicators and the parameters only.
 *
 * So state is kept by day, days before D - lookback_days are dropped in evict(), and evaluate()
 * must not change what a later evaluate() says (live, a day is evaluated many times).
 *
 * Two ways to emit:
 *   - from event(): one draft about this event. Drafts of one key and day are joined by the
 *     runner: counts and evidence add up, the highest level (the latest among equals) gives the
 *     reason. Enough for analyses whose every hit stands alone (no state at all).
 *   - from evaluate(): whole drafts about the day.
 *
 * Threads: one instance belongs to one thread.
 */
#ifndef KONSEKI_ANALYSIS_H
#define KONSEKI_ANALYSIS_H

#include "batch.h"
#include "finding.h"
#include "ip.h"
#include "params.h"
#include "site.h"

struct ioc_set;
struct identity;
struct web_request_memo;
struct analysis_run; /* the runner's side; opaque to analyses */

/* What an analysis may use; borrowed for its life. */
struct analysis_context {
    const struct site *site;
    const struct ioc_set *iocs;      /* never NULL; may be empty */
    const struct params *params;     /* never NULL */
    const struct identity *identity; /* address -> host -> user at a time (identity.h) */
    struct analysis_run *run;
};

struct analysis_event {
    const struct batch *batch;
    const struct row *row;
    int32_t day;         /* local day: days since 1970-01-01 in the site's zone */
    int32_t second;      /* of the local day, 0..86399 */
    uint32_t code;       /* Windows: event id; else 0 */
    struct str computer; /* Windows: short name of the computer in lower case; else empty */
    struct web_request_memo *web; /* of a proxy's row: web_request_of */
};

/* A field that the analysis reads. `needed`: without it (in < 95 % of the rows) the source is
 * degraded, without any it is not evaluable. */
struct analysis_field {
    const char *name; /* event field, e.g. "source.ip", "winlog.event_data.Status" */
    bool needed;
};

/* How much of the source could be evaluated on one day, said by an analysis itself. */
struct coverage_note {
    struct str source; /* device or computer */
    enum evaluable state;
    struct text2 missing;
    struct text2 setting; /* the device setting that would provide it */
};

enum { ANALYSIS_ADVICE_MAX = 6 };

struct analysis_advice {
    const char *en;
    const char *ja;
};

/*
 * Where indicators come in. When only indicators were added, rows without any of them are not fed
 * again (hunt.h); looked for are the fields of ioc_filter.h. An analysis that reads context->iocs
 * must say how.
 */
enum ioc_use {
    IOC_USE_NONE,
    IOC_USE_EVENT, /* drafts come from event() only, of events that name an indicator, and depend on
                      nothing else but leases */
    IOC_USE_DAY    /* evaluate() says another thing of a day if rows of that day name a listed
                      address; whether it says anything of these rows depends on them alone */
};

struct analysis {
    const char *id; /* "PX-06" */
    const char *name_en;
    const char *name_ja;
    const char *attack;   /* MITRE ATT&CK technique, "T1048" */
    const char *families; /* dataset families (datasets.def), separated by blanks */
    /* Ends with a NULL name. */
    const struct analysis_field *fields;
    /* Windows event ids fed, ends with 0; NULL: all (and other families are not filtered). */
    const uint32_t *codes;
    bool include_derived; /* also derived rows (postfix.mail) */
    bool only_derived;    /* derived rows and nothing else; coverage names the lines' source */
    int lookback_days;    /* upper limit, see THE LAW */
    enum ioc_use ioc_use;
    int join_gap_days; /* findings of one key this many days apart are one; 1 = next day */
    struct analysis_advice next[ANALYSIS_ADVICE_MAX];   /* ends with a NULL en */
    struct analysis_advice do_not[ANALYSIS_ADVICE_MAX]; /* ends with a NULL en */

    /* All may be NULL but event. `state` is what create returned. */
    void *(*create)(const struct analysis_context *context);
    void (*destroy)(void *state);
    void (*event)(void *state, const struct analysis_context *context,
                  const struct analysis_event *event);
    void (*evaluate)(void *state, const struct analysis_context *context, int32_t day);
    void (*evict)(void *state, int32_t before_day);
    /* Says what could not be evaluated on the day, beyond the needed fields. */
    void (*coverage)(void *state, const struct analysis_context *context, int32_t day);
};

/* All analyses, in the order of tables/analyses.def; ends with NULL. */
extern const struct analysis *const analyses_all[];
/* By id ("PX-06", any case); NULL if there is none. */
const struct analysis *analysis_find(struct str id);

/* Those of a list (ends with NULL) whose ioc_use is a bit of the mask; the caller frees the array.
 */
const struct analysis **analyses_choose(const struct analysis *const *list, unsigned uses);

/* --- what analyses call --- */

/* From event() only: the draft's events and counts are ignored, the event itself is taken (the
 * members of a derived row). */
void analysis_emit_event(const struct analysis_context *context, const struct analysis_event *event,
                         const struct finding_draft *draft);
/* From evaluate() only: a statement about `day`. */
void analysis_emit(const struct analysis_context *context, int32_t day,
                   const struct finding_draft *draft);
void analysis_cover(const struct analysis_context *context, int32_t day,
                    const struct coverage_note *note);
/* The evidence record of an event, to be kept in the analysis' state. */
struct evidence analysis_evidence(const struct analysis_context *context,
                                  const struct analysis_event *event);

/* The same for a derived row: its members (those whose fields the analysis reads: konseki.member,
 * .member_file, .member_line), at most `max`; returns how many there are in `out`. The first member
 * has the row's time, the last its event.end, those between count as at the row's time. */
size_t analysis_members(struct evidence *out, size_t max, const struct analysis_context *context,
                        const struct analysis_event *event);

/* First value of a field as text (empty if absent). */
struct str event_get(const struct analysis_event *event, uint32_t field);
/* False if absent or not a number. */
bool event_get_u64(uint64_t *out, const struct analysis_event *event, uint32_t field);
bool event_get_ip(struct ip *out, const struct analysis_event *event, uint32_t field);
/* "2026-03-02 09:15" in the site's zone, for reasons. Returns its length (at most 16). */
size_t event_time_text(char out[17], const struct site *site, int64_t time_ns);

#endif
