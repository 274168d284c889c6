/*
 * accounts KIND: what logons say of accounts. rank: one row an account, those in the middle first;
 * graph: one row for each account, machine it came from and machine it went to; hours: one row an
 * hour and account, with the machines that it had never come from before.
 */
#define _GNU_SOURCE /* qsort_r */
#include <stdlib.h>

#include "account_counts.h"
#include "account_rank.h"
#include "mem.h"
#include "triage_cells.h"

enum accounts_kind { KIND_RANK, KIND_GRAPH, KIND_HOURS };

struct accounts {
    struct triage_out *out;
    enum accounts_kind kind;
    struct str user; /* whose rows; empty: all */
    struct account_counts counts;
    struct triage_cells cells;
    struct buf marks; /* scratch */
};

static const struct {
    struct str name;
    struct str columns;
} kinds[] = {
    [KIND_RANK] = {STR_INIT("rank"),
                   STR_INIT("rank# account domains sources# computers# success# failure# "
                            "explicit# validated# privileged# types changes# signs first last")},
    [KIND_GRAPH] = {STR_INIT("graph"),
                    STR_INIT("account source computer success# failure# explicit# validated# "
                             "privileged# first last")},
    [KIND_HOURS] = {STR_INIT("hours"),
                    STR_INIT("from account success# failure# explicit# validated# sources# "
                             "new_sources# first last")}};

static enum status accounts_open(void **state, struct triage_out *out,
                                 const struct triage_options *options, struct err *err) {
    size_t kind = 0;
    while (kind < sizeof kinds / sizeof *kinds && !str_eq(kinds[kind].name, options->kind)) {
        kind++;
    }
    if (kind == sizeof kinds / sizeof *kinds) {
        return err_set(err, STATUS_BAD_INPUT, "accounts: '%.*s': rank, graph or hours",
                       STR_ARG(options->kind));
    }
    struct accounts *a = mem_calloc(1, sizeof *a);
    a->out = out;
    a->kind = (enum accounts_kind)kind;
    a->user = options->user;
    triage_columns(out, kinds[kind].columns);
    account_counts_init(&a->counts, options->with_machines, a->kind == KIND_HOURS);
    *state = a;
    return STATUS_OK;
}

static void accounts_event(void *state, const struct triage_event *event) {
    struct accounts *a = state;
    account_counts_add(&a->counts, event);
}

/* --- graph --- */

static void write_counts(struct accounts *a, const struct account_count *count, int classes) {
    for (int i = 0; i < classes; i++) {
        triage_cell_number(&a->cells, count->of[i]);
    }
}

static void write_times(struct accounts *a, const struct tally_group *group) {
    triage_cell_time(&a->cells, group->first_ns);
    triage_cell_time(&a->cells, group->last_ns);
    triage_cells_write(&a->cells, a->out);
}

static void end_graph(struct accounts *a) {
    const struct tally *edges = &a->counts.edges;
    uint32_t *sorted = tally_sorted(edges, TALLY_BY_KEY);
    for (uint32_t i = 0; i < edges->count && !a->out->is_stopped; i++) {
        if (!logon_is_of(tally_key(edges, sorted[i], EDGE_ACCOUNT), a->user)) {
            continue;
        }
        for (size_t k = 0; k < EDGE_KEYS; k++) {
            triage_cell(&a->cells, tally_key(edges, sorted[i], k));
        }
        write_counts(a, &a->counts.edge_counts[sorted[i]], ACCOUNT_CLASSES);
        write_times(a, &edges->groups[sorted[i]]);
    }
    mem_free(sorted);
}

/* --- hours --- */

/* By group of the hours: machines that the account came from for the first time in this hour. */
static uint64_t *new_sources(struct accounts *a) {
    const struct tally *edges = &a->counts.edges;
    struct tally pairs;
    char hour[CIVIL_RFC3339_BYTES];
    tally_init(&pairs, 2);
    for (uint32_t i = 0; i < edges->count; i++) {
        const struct str key[] = {tally_key(edges, i, EDGE_ACCOUNT),
                                  tally_key(edges, i, EDGE_SOURCE)};
        (void)tally_add(&pairs, key, STR_EMPTY, edges->groups[i].first_ns);
    }
    uint64_t *counts = mem_calloc((size_t)a->counts.hours.count + 1, sizeof *counts);
    uint32_t hour_count = a->counts.hours.count;
    for (uint32_t i = 0; i < pairs.count; i++) {
        if (pairs.groups[i].first_ns == TIME_NONE || tally_key(&pairs, i, 1).len == 0) {
            continue;
        }
        const struct str key[HOUR_KEYS] = {account_counts_hour(hour, pairs.groups[i].first_ns),
                                           tally_key(&pairs, i, 0)};
        uint32_t group = tally_add_count(&a->counts.hours, key, STR_EMPTY, TIME_NONE, 0);
        if (group < hour_count) { /* else its hour was dropped */
            counts[group]++;
        }
    }
    tally_fini(&pairs);
    return counts;
}

static void end_hours(struct accounts *a) {
    uint32_t hour_count = a->counts.hours.count;
    uint64_t *new_counts = new_sources(a);
    const struct tally *hours = &a->counts.hours;
    uint32_t *sorted = tally_sorted(hours, TALLY_BY_KEY);
    for (uint32_t i = 0; i < hours->count && !a->out->is_stopped; i++) {
        uint32_t at = sorted[i];
        if (at >= hour_count || !logon_is_of(tally_key(hours, at, HOUR_ACCOUNT), a->user)) {
            continue;
        }
        triage_cell(&a->cells, tally_key(hours, at, HOUR_TIME));
        triage_cell(&a->cells, tally_key(hours, at, HOUR_ACCOUNT));
        write_counts(a, &a->counts.hour_counts[at], ACCOUNT_PRIVILEGED);
        triage_cell_number(&a->cells, hours->groups[at].hosts);
        triage_cell_number(&a->cells, new_counts[at]);
        write_times(a, &hours->groups[at]);
    }
    mem_free(sorted);
    mem_free(new_counts);
}

/* --- rank --- */

/* What the rows of accounts are made of. The three tallies have the same accounts in the same
 * order. */
struct ranking {
    struct tally sources;   /* by account; hosts: machines that it came from */
    struct tally computers; /* by account; hosts: machines that it went to */
    struct tally links;     /* by account and machine */
    struct account_count *counts;
    double *ranks;
    uint32_t *marks; /* groups of the marks in order */
};

static void add_link(struct ranking *r, struct str account, struct str machine) {
    const struct str key[] = {account, machine};
    if (machine.len > 0) {
        (void)tally_add(&r->links, key, STR_EMPTY, TIME_NONE);
    }
}

/* The account's number. */
static uint32_t add_account(struct ranking *r, struct str account, const struct tally_group *times,
                            struct str source, struct str computer) {
    uint32_t at = tally_add_count(&r->sources, &account, source, times->first_ns, 0);
    (void)tally_add_count(&r->sources, &account, STR_EMPTY, times->last_ns, 0);
    (void)tally_add_count(&r->computers, &account, computer, TIME_NONE, 0);
    return at;
}

static void gather(struct ranking *r, const struct account_counts *counts) {
    const struct tally *edges = &counts->edges;
    const struct tally *marks = &counts->marks;
    r->counts = mem_calloc((size_t)edges->count + marks->count + 1, sizeof *r->counts);
    for (uint32_t i = 0; i < edges->count; i++) {
        struct str account = tally_key(edges, i, EDGE_ACCOUNT);
        struct str source = tally_key(edges, i, EDGE_SOURCE);
        struct str computer = tally_key(edges, i, EDGE_COMPUTER);
        uint32_t at = add_account(r, account, &edges->groups[i], source, computer);
        add_link(r, account, source);
        add_link(r, account, computer);
        for (int k = 0; k < ACCOUNT_CLASSES && at != TALLY_NONE; k++) {
            r->counts[at].of[k] += counts->edge_counts[i].of[k];
        }
    }
    for (uint32_t i = 0; i < marks->count; i++) { /* of accounts that only changed something */
        (void)add_account(r, tally_key(marks, i, MARK_ACCOUNT), &marks->groups[i], STR_EMPTY,
                          STR_EMPTY);
    }
    r->marks = tally_sorted(marks, TALLY_BY_KEY);
}

static void rank(struct ranking *r) {
    struct intern accounts = INTERN_INIT;
    struct intern machines = INTERN_INIT;
    struct account_link *links = mem_calloc((size_t)r->links.count + 1, sizeof *links);
    for (uint32_t i = 0; i < r->sources.count; i++) {
        (void)intern_add(&accounts, tally_key(&r->sources, i, 0));
    }
    for (uint32_t i = 0; i < r->links.count; i++) {
        links[i].account = intern_add(&accounts, tally_key(&r->links, i, 0));
        links[i].machine = intern_add(&machines, tally_key(&r->links, i, 1));
    }
    r->ranks = mem_calloc((size_t)accounts.count + 1, sizeof *r->ranks);
    account_rank(r->ranks, accounts.count, machines.count, links, r->links.count);
    mem_free(links);
    intern_fini(&accounts);
    intern_fini(&machines);
}

static int highest_first(const void *x, const void *y, void *ctx) {
    const struct ranking *r = ctx;
    uint32_t a = *(const uint32_t *)x;
    uint32_t b = *(const uint32_t *)y;
    if (r->ranks[a] < r->ranks[b] || r->ranks[a] > r->ranks[b]) {
        return r->ranks[a] > r->ranks[b] ? -1 : 1;
    }
    return str_compare(tally_key(&r->sources, a, 0), tally_key(&r->sources, b, 0));
}

/* The first mark of the kind and account, in order; the number of marks if there is none. */
static uint32_t first_mark(const struct ranking *r, const struct tally *marks, struct str kind,
                           struct str account) {
    uint32_t low = 0;
    for (uint32_t high = marks->count; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        int c = str_compare(tally_key(marks, r->marks[middle], MARK_KIND), kind);
        c = c != 0 ? c : str_compare(tally_key(marks, r->marks[middle], MARK_ACCOUNT), account);
        if (c < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The texts of one kind into a->marks, by commas; returns how many events they come from. */
static uint64_t list_marks(struct accounts *a, const struct ranking *r, struct str kind,
                           struct str account) {
    const struct tally *marks = &a->counts.marks;
    uint64_t events = 0;
    buf_clear(&a->marks);
    for (uint32_t i = first_mark(r, marks, kind, account); i < marks->count; i++) {
        uint32_t group = r->marks[i];
        if (!str_eq(tally_key(marks, group, MARK_KIND), kind) ||
            !str_eq(tally_key(marks, group, MARK_ACCOUNT), account)) {
            break;
        }
        buf_add(&a->marks, a->marks.len > 0 ? STR(", ") : STR_EMPTY);
        buf_add(&a->marks, tally_key(marks, group, MARK_TEXT));
        events += marks->groups[group].count;
    }
    return events;
}

static void write_account(struct accounts *a, const struct ranking *r, uint32_t at) {
    struct str account = tally_key(&r->sources, at, 0);
    buf_printf(&a->cells.text, "%.3f", 100 * r->ranks[at]);
    triage_cell_end(&a->cells);
    triage_cell(&a->cells, account);
    (void)list_marks(a, r, STR("domain"), account);
    triage_cell(&a->cells, buf_str(&a->marks));
    triage_cell_number(&a->cells, r->sources.groups[at].hosts);
    triage_cell_number(&a->cells, r->computers.groups[at].hosts);
    write_counts(a, &r->counts[at], ACCOUNT_CLASSES);
    (void)list_marks(a, r, STR("type"), account);
    triage_cell(&a->cells, buf_str(&a->marks));
    triage_cell_number(&a->cells, list_marks(a, r, STR("by"), account));
    (void)list_marks(a, r, STR("sign"), account);
    triage_cell(&a->cells, buf_str(&a->marks));
    write_times(a, &r->sources.groups[at]);
}

static void end_rank(struct accounts *a) {
    struct ranking r = {0};
    tally_init(&r.sources, 1);
    tally_init(&r.computers, 1);
    tally_init(&r.links, 2);
    gather(&r, &a->counts);
    rank(&r);
    uint32_t *sorted = tally_sorted(&r.sources, TALLY_BY_KEY);
    qsort_r(sorted, r.sources.count, sizeof *sorted, highest_first, &r);
    for (uint32_t i = 0; i < r.sources.count && !a->out->is_stopped; i++) {
        if (logon_is_of(tally_key(&r.sources, sorted[i], 0), a->user)) {
            write_account(a, &r, sorted[i]);
        }
    }
    mem_free(sorted);
    mem_free(r.marks);
    mem_free(r.ranks);
    mem_free(r.counts);
    tally_fini(&r.sources);
    tally_fini(&r.computers);
    tally_fini(&r.links);
}

/* --- the listing --- */

static void accounts_end(void *state) {
    static void (*const ends[])(struct accounts *) = {
        [KIND_RANK] = end_rank, [KIND_GRAPH] = end_graph, [KIND_HOURS] = end_hours};
    struct accounts *a = state;
    account_counts_end(&a->counts);
    ends[a->kind](a);
    a->out->dropped += account_counts_dropped(&a->counts);
}

static void accounts_close(void *state) {
    struct accounts *a = state;
    account_counts_fini(&a->counts);
    triage_cells_fini(&a->cells);
    buf_fini(&a->marks);
    mem_free(a);
}

const struct triage_question triage_accounts = {
    .open = accounts_open, .event = accounts_event, .end = accounts_end, .close = accounts_close};
