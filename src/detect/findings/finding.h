/*
 * A finding: what an analysis says about some events, with its evidence.
 *
 * An analysis hands out drafts (struct finding_draft): one statement about one key (client and
 * destination, account and host ...) on one local day. The runner joins the drafts of following
 * days about the same key into one finding (findings_db.h), whose id is a hash of the analysis,
 * the key entities and the first day.
 *
 * Ownership: all texts and arrays of a draft are the caller's and are copied on emission.
 */
#ifndef KONSEKI_FINDING_H
#define KONSEKI_FINDING_H

#include "civil.h"
#include "str.h"

enum finding_level { LEVEL_INFORMATIONAL, LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH, LEVEL_CRITICAL };

/* Entity keys of CONTRACT "Output". Printed in this order, always as lists. */
enum entity_key {
    ENTITY_CLIENT,
    ENTITY_HOST,
    ENTITY_USER,
    ENTITY_DESTINATION,
    ENTITY_PORT,
    ENTITY_FILE,
    ENTITY_TASK,
    ENTITY_SENDER,
    ENTITY_RECIPIENT,
    ENTITY_DOMAIN,
    ENTITY_ADDRESS,
    ENTITY_DEVICE,
    ENTITY_KEY_COUNT
};

enum evaluable { EVALUABLE_FULL, EVALUABLE_DEGRADED, EVALUABLE_NO, EVALUABLE_NOT_APPLICABLE };

struct entity {
    enum entity_key key;
    struct str value;
};

/* A text in both languages, UTF-8. */
struct text2 {
    struct str en;
    struct str ja;
};

/* Where one event of the evidence stands. `source` and `origin` are ids of an evidence_pool. */
struct evidence {
    int64_t time_ns;
    uint64_t record_id; /* 0: none */
    uint64_t sequence;  /* of the source: event.id = source-sequence */
    uint32_t source;
    uint32_t origin; /* INTERN_NONE: none */
    uint32_t line;   /* 0: none */
    uint32_t idx;
};

enum { EVIDENCE_HEAD = 50, EVIDENCE_TAIL = 50 };

/* Evidence of one statement: the exact count, the first 50 and the last 50 events. All zero is
 * empty; release with evidence_list_fini. Events must come in time order. */
struct evidence_list {
    struct evidence *items; /* head (up to 50), then the tail as a ring of up to 50 */
    uint32_t capacity;
    uint64_t count;
};

void evidence_list_add(struct evidence_list *list, const struct evidence *event);
void evidence_list_fini(struct evidence_list *list);
/* Events shown: min(count, 100). */
size_t evidence_list_shown(const struct evidence_list *list);
/* The i-th shown event in time order. */
const struct evidence *evidence_list_get(const struct evidence_list *list, size_t i);

/* Number of events of one local day that a draft rests on (for exact counts when joined). */
struct day_count {
    int32_t day;
    uint64_t count;
};

struct finding_draft {
    enum finding_level level;
    struct str key; /* names the subject; equal keys on following days are one finding */
    const struct entity *entities;
    size_t entity_count;
    struct text2 reason; /* whole sentences with the facts */
    enum evaluable evaluable;
    struct text2 missing;          /* what was not there when evaluable is DEGRADED; else empty */
    const struct evidence *events; /* in time order; first 50 and last 50 are kept */
    size_t event_count;
    /* When the draft's events reach over several days: the counts of each. Empty: event_count
     * (or `count` if it is larger) events, all on the draft's day. */
    const struct day_count *days;
    size_t day_count;
    uint64_t count;
    bool suppress; /* explained by the site file's model: kept, shown with --suppressed only */
    struct str suppressed_by; /* who says so: "owner: reason" */
};

struct str finding_level_name(enum finding_level level);
/* "info" is accepted for informational. False for other words. */
bool finding_level_parse(enum finding_level *out, struct str text);
struct str entity_key_name(enum entity_key key);
/* ENTITY_KEY_COUNT for other words. */
enum entity_key entity_key_find(struct str name);
struct str evaluable_name(enum evaluable state);

#endif
