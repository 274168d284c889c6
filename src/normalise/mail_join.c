/*
 * Invariants
 *  1. Every fragment is in the table (by key) and in one list, or in neither and about to be
 *     emitted. OPEN: its end has not come, or (import) its beginning has not. CLOSING: it has
 *     ended and waits for stragglers.
 *  2. Both lists are in the order of the last feed.
 *  3. At most one fragment of a key takes further lines: the newest in its bucket chain.
 *
 * States of a fragment: open -> closing (take_row: `removed` or a refusal) -> emitted, or merged
 * into the mail that it was put back in as (release). What is left goes out with mail_join_flush,
 * which first puts the parts of different files together.
 */
#include "mail_join.h"

#include <stdlib.h>

#include "check.h"
#include "hash.h"
#include "mail_fragment.h"
#include "mem.h"

enum { BUCKETS = 1 << 14, DEFAULT_MEMORY_BYTES = 64 << 20 };

#define DEFAULT_TIMEOUT_NS (5 * NS_PER_DAY)
/* How long the second half of a filtered mail waits for the first to name it. */
#define CHAIN_WAIT_NS (10 * NS_PER_MINUTE)
/* How long a mail that has ended waits for lines that the daemons logged late. */
#define LINGER_NS NS_PER_MINUTE
/* Times may step back this much within one file; more is another file. */
#define JITTER_NS (5 * NS_PER_MINUTE)
/* Within this time a second beginning before anything else is the first line again. */
#define REPEAT_NS (2 * NS_PER_SECOND)
/* Event time between two looks at what waits. */
#define RELEASE_EVERY_NS (10 * NS_PER_SECOND)

enum list_id { LIST_OPEN, LIST_CLOSING, LIST_COUNT };

struct mail_list {
    struct mail_fragment *oldest;
    struct mail_fragment *newest;
};

struct mail_join {
    struct mail_join_options options;
    struct mail_join_counts counts;
    struct intern names;
    struct mail_fragment *buckets[BUCKETS];
    struct mail_list lists[LIST_COUNT];
    size_t bytes;
    int64_t now_ns;      /* event time of the last line */
    int64_t released_ns; /* the same when release_waiting last ran */
    struct buf key;
};

struct mail_join *mail_join_create(const struct mail_join_options *options) {
    struct mail_join *join = mem_calloc(1, sizeof *join);
    join->options = *options;
    if (join->options.timeout_ns <= 0) {
        join->options.timeout_ns = DEFAULT_TIMEOUT_NS;
    }
    if (join->options.memory_bytes == 0) {
        join->options.memory_bytes = DEFAULT_MEMORY_BYTES;
    }
    join->now_ns = INT64_MIN;
    join->released_ns = INT64_MIN;
    return join;
}

const struct mail_join_counts *mail_join_get_counts(const struct mail_join *join) {
    return &join->counts;
}

/* --- table and lists --- */

static void list_unlink(struct mail_join *join, struct mail_fragment *f) {
    struct mail_list *list = &join->lists[f->list];
    *(f->older != NULL ? &f->older->newer : &list->oldest) = f->newer;
    *(f->newer != NULL ? &f->newer->older : &list->newest) = f->older;
    f->older = NULL;
    f->newer = NULL;
}

static void list_append(struct mail_join *join, struct mail_fragment *f, enum list_id id) {
    struct mail_list *list = &join->lists[id];
    f->list = (uint8_t)id;
    f->older = list->newest;
    f->newer = NULL;
    *(list->newest != NULL ? &list->newest->newer : &list->oldest) = f;
    list->newest = f;
}

static struct mail_fragment *insert_fragment(struct mail_join *join, struct str key,
                                             uint64_t hash) {
    struct mail_fragment *f = mail_fragment_create(key, hash);
    struct mail_fragment **bucket = &join->buckets[hash % BUCKETS];
    f->chain = *bucket;
    *bucket = f;
    list_append(join, f, LIST_OPEN);
    join->bytes += mail_fragment_bytes(f);
    return f;
}

/* Takes it out of the table and its list; the caller owns it. */
static void remove_fragment(struct mail_join *join, struct mail_fragment *f) {
    struct mail_fragment **link = &join->buckets[f->hash % BUCKETS];
    while (*link != f) {
        CHECK(*link != NULL);
        link = &(*link)->chain;
    }
    *link = f->chain;
    list_unlink(join, f);
    join->bytes -= mail_fragment_bytes(f);
}

/* Any fragment, open ones first; NULL when there is none. */
static struct mail_fragment *any_fragment(const struct mail_join *join) {
    struct mail_fragment *open = join->lists[LIST_OPEN].oldest;
    return open != NULL ? open : join->lists[LIST_CLOSING].oldest;
}

/* The newest fragment of the key. */
static struct mail_fragment *find_fragment(const struct mail_join *join, struct str key,
                                           uint64_t hash) {
    for (struct mail_fragment *f = join->buckets[hash % BUCKETS]; f != NULL; f = f->chain) {
        if (f->hash == hash && str_eq(f->key, key)) {
            return f;
        }
    }
    return NULL;
}

/* later - earlier, saturated: log times may lie centuries apart. */
static int64_t time_between(int64_t earlier, int64_t later) {
    int64_t result;
    if (__builtin_sub_overflow(later, earlier, &result)) {
        return later > earlier ? INT64_MAX : INT64_MIN;
    }
    return result;
}

/* --- life of a fragment --- */

static bool has_head(const struct mail_fragment *f) {
    return f->has_client || f->has_message_id;
}

static bool is_closed(const struct mail_fragment *f) {
    return f->removed || f->rejected;
}

static void emit(struct mail_join *join, struct mail_fragment *f, struct batch *out) {
    join->counts.mails++;
    join->counts.incomplete += has_head(f) && is_closed(f) ? 0 : 1;
    join->counts.dropped += f->dropped;
    mail_fragment_emit(out, f, &join->names);
    mail_fragment_destroy(&f);
}

static void emit_and_remove(struct mail_join *join, struct mail_fragment *f, struct batch *out) {
    remove_fragment(join, f);
    emit(join, f, out);
}

/* The key of another queue id at the same host as f. */
static struct str sibling_key(struct mail_join *join, const struct mail_fragment *f,
                              struct str id) {
    size_t end = str_rfind_char(f->key, '\n');
    buf_clear(&join->key);
    buf_add(&join->key, str_head(f->key, end == STR_NONE ? 0 : end + 1));
    buf_add(&join->key, id);
    return buf_str(&join->key);
}

/* The mail that the delivery of `f` put back into the queue of the same host, or NULL. */
static struct mail_fragment *find_reinjected(struct mail_join *join,
                                             const struct mail_fragment *f) {
    struct str id;
    if (!mail_fragment_find(&id, f, FIELD_EMAIL_NEXT_QUEUE_ID)) {
        return NULL;
    }
    struct str key = sibling_key(join, f, id);
    struct mail_fragment *next = find_fragment(join, key, hash_str(key));
    bool fits = next != NULL && next != f && next->reinjected &&
                time_between(f->first_ns, next->first_ns) >= -NS_PER_MINUTE &&
                time_between(f->last_ns, next->first_ns) <= NS_PER_MINUTE;
    return fits ? next : NULL;
}

/* The mail goes on under another queue id: the next one takes everything over. */
static bool try_chain(struct mail_join *join, struct mail_fragment *f) {
    struct mail_fragment *next = find_reinjected(join, f);
    if (next == NULL) {
        return false;
    }
    bool removed = next->removed;
    bool rejected = next->rejected;
    join->bytes -= mail_fragment_bytes(next) + mail_fragment_bytes(f);
    mail_fragment_prepend(next, f);
    join->bytes += mail_fragment_bytes(next) + mail_fragment_bytes(f);
    next->removed = removed;
    next->rejected = rejected;
    next->reinjected = false; /* it has found its first half */
    remove_fragment(join, f);
    mail_fragment_destroy(&f);
    join->counts.chained++;
    return true;
}

/* Time since the mail's last line: of events, so that an import is the same at any speed; live, of
 * reception, so that a mail does not wait for the next one of a quiet night. */
static int64_t age_of(const struct mail_join *join, const struct mail_fragment *f) {
    return time_between(join->options.live ? f->receive_ns : f->last_ns, join->now_ns);
}

/* True if the ended mail need not wait for late lines any more. */
static bool has_lingered(const struct mail_join *join, const struct mail_fragment *f) {
    int64_t age = age_of(join, f);
    return age >= LINGER_NS || age < -JITTER_NS;
}

static bool waits_for_first_half(const struct mail_join *join, const struct mail_fragment *f) {
    int64_t age = age_of(join, f);
    return f->reinjected && age >= -JITTER_NS && age < CHAIN_WAIT_NS;
}

/* Puts the two halves of filtered mails together: of those that have ended and waited, or all. */
static void chain_closing(struct mail_join *join, bool all) {
    struct mail_fragment *f = join->lists[LIST_CLOSING].oldest;
    while (f != NULL && (all || has_lingered(join, f))) {
        struct mail_fragment *following = f->newer;
        (void)try_chain(join, f);
        f = following;
    }
}

/* Emits the mails that have ended and waited. */
static void release_closing(struct mail_join *join, struct batch *out) {
    chain_closing(join, false);
    struct mail_fragment *f = join->lists[LIST_CLOSING].oldest;
    while (f != NULL && has_lingered(join, f)) {
        struct mail_fragment *following = f->newer;
        if (!waits_for_first_half(join, f)) {
            emit_and_remove(join, f, out);
        }
        f = following;
    }
}

/* Live: emits the mails whose end does not come. */
static void release_expired(struct mail_join *join, struct batch *out) {
    struct mail_fragment *f = join->lists[LIST_OPEN].oldest;
    while (f != NULL && age_of(join, f) > join->options.timeout_ns) {
        emit_and_remove(join, f, out);
        f = join->lists[LIST_OPEN].oldest;
    }
}

static void release(struct mail_join *join, struct batch *out) {
    int64_t since = time_between(join->released_ns, join->now_ns);
    if (since >= 0 && since < RELEASE_EVERY_NS) {
        return;
    }
    join->released_ns = join->now_ns;
    release_closing(join, out);
    if (join->options.live) {
        release_expired(join, out);
    }
}

static void evict(struct mail_join *join, struct batch *out) {
    while (join->bytes > join->options.memory_bytes && any_fragment(join) != NULL) {
        join->counts.evicted++;
        emit_and_remove(join, any_fragment(join), out);
    }
}

/* --- rows --- */

/* "host HOST\nID"; the source only where no host is named: rotated files that are imported without
 * a site file are sources of their own. */
static struct str make_key(struct mail_join *join, const struct batch *batch, const struct row *row,
                           struct str id) {
    struct str host = STR_EMPTY;
    bool named = batch_find(&host, batch, row, FIELD_HOST_NAME) && host.len > 0;
    buf_clear(&join->key);
    buf_add(&join->key, named ? STR("host ") : STR("source "));
    buf_add(&join->key, named ? host : intern_text(&batch->names, row->source));
    buf_putc(&join->key, '\n');
    buf_add(&join->key, id);
    return buf_str(&join->key);
}

static bool is_one_of(struct str word, const struct str *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (str_eq(word, words[i])) {
            return true;
        }
    }
    return false;
}

/* True if the line cannot belong to f: a new mail under a reused id, or another time. */
static bool begins_anew(const struct mail_join *join, const struct mail_fragment *f,
                        const struct batch *batch, const struct row *row) {
    static const struct str beginnings[] = {STR_INIT("accepted"), STR_INIT("pickup")};
    static const struct str not_after_end[] = {STR_INIT("accepted"), STR_INIT("pickup"),
                                               STR_INIT("message-id"), STR_INIT("queued"),
                                               STR_INIT("removed")};
    struct str action = STR_EMPTY;
    (void)batch_find(&action, batch, row, FIELD_EVENT_ACTION);
    int64_t gap = row->time_ns > f->last_ns ? time_between(f->last_ns, row->time_ns)
                                            : time_between(row->time_ns, f->first_ns);
    if (f->removed) {
        return gap > LINGER_NS || is_one_of(action, not_after_end, 5);
    }
    if (gap > join->options.timeout_ns) {
        return true;
    }
    bool repeated = !f->has_message_id && gap <= REPEAT_NS; /* a relay logged the line twice */
    return (f->has_client || f->rejected) && !repeated && is_one_of(action, beginnings, 2);
}

/* A line whose time was unreadable: it belongs to the newest mail of its id, at that one's time. */
static void take_timeless_row(struct mail_join *join, const struct batch *in, const struct row *row,
                              struct mail_fragment *f) {
    struct row placed = *row;
    placed.time_ns = f->last_ns;
    placed.flags &= ~(uint32_t)ROW_TIME_RECEIVED;
    join->bytes -= mail_fragment_bytes(f);
    mail_fragment_add(f, &join->names, in, &placed);
    join->bytes += mail_fragment_bytes(f);
}

static void take_row(struct mail_join *join, const struct batch *in, const struct row *row) {
    struct str id;
    if (!batch_find(&id, in, row, FIELD_EMAIL_QUEUE_ID) || row->time_ns == TIME_NONE) {
        return;
    }
    join->counts.lines++;
    struct str key = make_key(join, in, row, id);
    uint64_t hash = hash_str(key);
    struct mail_fragment *f = find_fragment(join, key, hash);
    if (f != NULL && (row->flags & ROW_TIME_RECEIVED) != 0 && !join->options.live) {
        take_timeless_row(join, in, row, f);
        return;
    }
    if (!join->options.live) {
        join->now_ns = row->time_ns;
    }
    if (f == NULL || begins_anew(join, f, in, row)) {
        f = insert_fragment(join, key, hash);
    }
    join->bytes -= mail_fragment_bytes(f);
    mail_fragment_add(f, &join->names, in, row);
    join->bytes += mail_fragment_bytes(f);
    bool parked = !has_head(f) && !join->options.live; /* the beginning may be in a later file */
    list_unlink(join, f);
    list_append(join, f, is_closed(f) && !parked ? LIST_CLOSING : LIST_OPEN);
}

void mail_join_feed(struct mail_join *join, const struct batch *in, struct batch *out) {
    for (size_t i = 0; i < in->row_count; i++) {
        const struct row *row = &in->rows[i];
        bool usable = row->dataset == DATASET_POSTFIX && (row->flags & ROW_DAMAGED) == 0;
        if (join->options.live) {
            join->now_ns = row->receive_ns;
        }
        if (usable) {
            take_row(join, in, row);
            evict(join, out);
        }
        if (usable || join->options.live) {
            release(join, out);
        }
    }
}

/* --- flush --- */

static int compare_fragments(const void *a, const void *b) {
    const struct mail_fragment *left = *(struct mail_fragment *const *)a;
    const struct mail_fragment *right = *(struct mail_fragment *const *)b;
    int order = str_compare(left->key, right->key);
    if (order != 0) {
        return order;
    }
    return left->first_ns != right->first_ns ? (left->first_ns < right->first_ns ? -1 : 1) : 0;
}

/* Two parts of one mail that lay in different files: the first has no end, the second no
 * beginning. */
static bool continues(const struct mail_join *join, const struct mail_fragment *first,
                      const struct mail_fragment *second) {
    bool same_message = !(first->has_message_id && second->has_message_id);
    return str_eq(first->key, second->key) && !is_closed(first) && !second->has_client &&
           same_message &&
           time_between(first->last_ns, second->first_ns) <= join->options.timeout_ns;
}

/* All fragments, sorted by key and time; they leave the table. */
static struct mail_fragment **take_all(struct mail_join *join, size_t *count) {
    size_t capacity = 0;
    struct mail_fragment **all = NULL;
    *count = 0;
    struct mail_fragment *f;
    while ((f = any_fragment(join)) != NULL) {
        remove_fragment(join, f);
        MEM_GROW(all, capacity, *count + 1);
        all[(*count)++] = f;
    }
    if (*count > 1) {
        qsort(all, *count, sizeof *all, compare_fragments);
    }
    return all;
}

void mail_join_flush(struct mail_join *join, struct batch *out) {
    size_t count;
    chain_closing(join, true);
    struct mail_fragment **all = take_all(join, &count);
    for (size_t i = 0; i < count; i++) {
        struct mail_fragment *f = all[i];
        if (i + 1 < count && continues(join, f, all[i + 1])) {
            mail_fragment_merge(f, all[i + 1]);
            mail_fragment_destroy(&all[i + 1]);
            all[i + 1] = f; /* which may go on in the next part */
        } else {
            emit(join, f, out);
        }
    }
    mem_free(all);
}

void mail_join_destroy(struct mail_join **join) {
    if (*join == NULL) {
        return;
    }
    struct mail_fragment *f;
    while ((f = any_fragment(*join)) != NULL) {
        remove_fragment(*join, f);
        mail_fragment_destroy(&f);
    }
    intern_fini(&(*join)->names);
    buf_fini(&(*join)->key);
    mem_free(*join);
    *join = NULL;
}
