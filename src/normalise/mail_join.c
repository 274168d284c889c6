/*
 * Invariants
 *  1. Every fragment is in the table (by key) and in the age list (by last feed), or in neither
 *     and about to be emitted.
 *  2. At most one fragment of a key is open to further lines: the newest in its bucket chain.
 *  3. A closed fragment stays only while it waits: headless until the flush (import), reinjected
 *     until the mail it came from names it or CHAIN_WAIT passes.
 *
 * States of a fragment: open -> closed (`removed`, refusal, or a new beginning of its id)
 *   -> emitted. Transitions: take_row, close_fragment, release_waiting, mail_join_flush.
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
/* How long a refused mail waits for more lines. */
#define REFUSED_WAIT_NS NS_PER_MINUTE
/* Event time between two looks at what waits. */
#define RELEASE_EVERY_NS (10 * NS_PER_SECOND)

struct mail_join {
    struct mail_join_options options;
    struct mail_join_counts counts;
    struct intern names;
    struct mail_fragment *buckets[BUCKETS];
    struct mail_fragment *oldest; /* by last feed */
    struct mail_fragment *newest;
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

/* --- table and age list --- */

static void age_unlink(struct mail_join *join, struct mail_fragment *f) {
    *(f->older != NULL ? &f->older->newer : &join->oldest) = f->newer;
    *(f->newer != NULL ? &f->newer->older : &join->newest) = f->older;
    f->older = NULL;
    f->newer = NULL;
}

static void age_append(struct mail_join *join, struct mail_fragment *f) {
    f->older = join->newest;
    f->newer = NULL;
    *(join->newest != NULL ? &join->newest->newer : &join->oldest) = f;
    join->newest = f;
}

static struct mail_fragment *insert_fragment(struct mail_join *join, struct str key,
                                             uint64_t hash) {
    struct mail_fragment *f = mail_fragment_create(key, hash);
    struct mail_fragment **bucket = &join->buckets[hash % BUCKETS];
    f->chain = *bucket;
    *bucket = f;
    age_append(join, f);
    join->bytes += mail_fragment_bytes(f);
    return f;
}

/* Takes it out of the table and the list; the caller owns it. */
static void remove_fragment(struct mail_join *join, struct mail_fragment *f) {
    struct mail_fragment **link = &join->buckets[f->hash % BUCKETS];
    while (*link != f) {
        CHECK(*link != NULL);
        link = &(*link)->chain;
    }
    *link = f->chain;
    age_unlink(join, f);
    join->bytes -= mail_fragment_bytes(f);
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

static void close_fragment(struct mail_join *join, struct mail_fragment *f, struct batch *out) {
    struct mail_fragment *next = find_reinjected(join, f);
    if (next != NULL) {
        bool ended = next->removed;
        bool first_half_refused = f->rejected;
        join->bytes -= mail_fragment_bytes(next) + mail_fragment_bytes(f);
        mail_fragment_prepend(next, f);
        join->bytes += mail_fragment_bytes(next) + mail_fragment_bytes(f);
        remove_fragment(join, f);
        mail_fragment_destroy(&f);
        join->counts.chained++;
        next->removed = ended;
        next->rejected = first_half_refused;
        next->reinjected = false; /* it has found its first half */
        f = next;
    }
    bool waits_for_head = !has_head(f) && !join->options.live;
    if (is_closed(f) && f->removed && !f->reinjected && !waits_for_head) {
        emit_and_remove(join, f, out);
    }
}

/* Emits what has waited long enough: closed second halves, refused mails, and (live) mails over
 * the timeout. The list is in the order of feeding, so it stops at the first that is young. */
static void release_waiting(struct mail_join *join, struct batch *out) {
    struct mail_fragment *f = join->oldest;
    int64_t since = time_between(join->released_ns, join->now_ns);
    if (since >= 0 && since < RELEASE_EVERY_NS) {
        return;
    }
    join->released_ns = join->now_ns;
    while (f != NULL) {
        struct mail_fragment *following = f->newer;
        int64_t age = time_between(f->last_ns, join->now_ns);
        bool young = age >= 0 && age < REFUSED_WAIT_NS;
        bool chain_over = f->removed && f->reinjected && (age > CHAIN_WAIT_NS || age < 0);
        bool refused_over = f->rejected && has_head(f) && !young;
        bool expired = join->options.live && age > join->options.timeout_ns;
        bool headless = join->options.live && f->removed;
        if (chain_over || refused_over || expired || (headless && !f->reinjected)) {
            emit_and_remove(join, f, out);
        } else if (young) {
            return;
        }
        f = following;
    }
}

static void evict(struct mail_join *join, struct batch *out) {
    while (join->bytes > join->options.memory_bytes && join->oldest != NULL) {
        join->counts.evicted++;
        emit_and_remove(join, join->oldest, out);
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

/* True if the line cannot belong to f: a new mail under a reused id, or another time. */
static bool begins_anew(const struct mail_join *join, const struct mail_fragment *f,
                        const struct batch *batch, const struct row *row) {
    struct str action = STR_EMPTY;
    int64_t gap = row->time_ns > f->last_ns ? time_between(f->last_ns, row->time_ns)
                                            : time_between(row->time_ns, f->first_ns);
    (void)batch_find(&action, batch, row, FIELD_EVENT_ACTION);
    bool beginning = str_eq(action, STR("accepted")) || str_eq(action, STR("pickup"));
    return f->removed || (beginning && f->has_client) || gap > join->options.timeout_ns ||
           (beginning && is_closed(f));
}

static void take_row(struct mail_join *join, const struct batch *in, const struct row *row,
                     struct batch *out) {
    struct str id;
    if (!batch_find(&id, in, row, FIELD_EMAIL_QUEUE_ID) || row->time_ns == TIME_NONE) {
        return;
    }
    join->counts.lines++;
    join->now_ns = row->time_ns;
    struct str key = make_key(join, in, row, id);
    uint64_t hash = hash_str(key);
    struct mail_fragment *f = find_fragment(join, key, hash);
    if (f == NULL || begins_anew(join, f, in, row)) {
        f = insert_fragment(join, key, hash);
    }
    join->bytes -= mail_fragment_bytes(f);
    mail_fragment_add(f, &join->names, in, row);
    join->bytes += mail_fragment_bytes(f);
    age_unlink(join, f);
    age_append(join, f);
    if (f->removed) {
        close_fragment(join, f, out);
    }
}

void mail_join_feed(struct mail_join *join, const struct batch *in, struct batch *out) {
    for (size_t i = 0; i < in->row_count; i++) {
        const struct row *row = &in->rows[i];
        if (row->dataset == DATASET_POSTFIX && (row->flags & ROW_DAMAGED) == 0) {
            take_row(join, in, row, out);
            evict(join, out);
        }
    }
    release_waiting(join, out);
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
    while (join->oldest != NULL) {
        struct mail_fragment *f = join->oldest;
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
    while ((*join)->oldest != NULL) {
        struct mail_fragment *f = (*join)->oldest;
        remove_fragment(*join, f);
        mail_fragment_destroy(&f);
    }
    intern_fini(&(*join)->names);
    buf_fini(&(*join)->key);
    mem_free(*join);
    *join = NULL;
}
