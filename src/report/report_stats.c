#include "report_stats.h"

#include "civil.h"
#include "mem.h"
#include "report_copy.h"

enum {
    HOSTS_MAX = 20000,
    USERS_MAX = 20000,
    CHANNELS_MAX = 5000,
    FILES_MAX = 100000,
    DAYS_MAX = 40000,
    HOURS_MAX = 100000,
    PAIRS_MAX = 500000,
    SAMPLE_TEXT_MAX = 2000,
    SAMPLES_BYTES_MAX = 16 << 20
};

void report_stats_init(struct report_stats *stats, const struct zone *zone,
                       size_t samples_per_rule) {
    *stats = (struct report_stats){.zone = zone,
                                   .samples_per_rule = samples_per_rule,
                                   .first_ns = TIME_NONE,
                                   .last_ns = TIME_NONE,
                                   .hosts.limit = HOSTS_MAX,
                                   .users.limit = USERS_MAX,
                                   .channels.limit = CHANNELS_MAX,
                                   .files.limit = FILES_MAX,
                                   .days.limit = DAYS_MAX,
                                   .hours.limit = HOURS_MAX};
}

static void tally_fini(struct report_tally *tally) {
    intern_fini(&tally->names);
    mem_free(tally->rows);
}

void report_stats_fini(struct report_stats *stats) {
    for (size_t i = 0; i < stats->rule_count; i++) {
        for (size_t k = 0; k < stats->rules[i].sample_count; k++) {
            buf_fini(&stats->rules[i].samples[k].bytes);
        }
        mem_free(stats->rules[i].samples);
    }
    mem_free(stats->rules);
    intern_fini(&stats->rule_ids);
    intern_fini(&stats->host_rules);
    struct report_tally *const tallies[] = {&stats->hosts, &stats->users, &stats->channels,
                                            &stats->files, &stats->days,  &stats->hours};
    for (size_t i = 0; i < sizeof tallies / sizeof *tallies; i++) {
        tally_fini(tallies[i]);
    }
    *stats = (struct report_stats){.zone = NULL};
}

/* TIME_NONE: the event says no time, and when it was read is none of the case's. */
static int64_t own_time(const struct report_hit *hit) {
    return hit->is_time_received ? TIME_NONE : hit->time_ns;
}

static void widen(int64_t *first_ns, int64_t *last_ns, int64_t ns) {
    if (ns == TIME_NONE) {
        return;
    }
    *first_ns = *first_ns == TIME_NONE || ns < *first_ns ? ns : *first_ns;
    *last_ns = *last_ns == TIME_NONE || ns > *last_ns ? ns : *last_ns;
}

/* The row of the name, counted; NULL: no name, or no room. */
static struct report_tally_row *count(struct report_tally *tally, struct str name,
                                      const struct report_hit *hit) {
    if (name.len == 0) {
        return NULL;
    }
    uint32_t id = intern_find(&tally->names, name);
    if (id == INTERN_NONE && tally->names.count >= tally->limit) {
        tally->others++;
        return NULL;
    }
    if (id == INTERN_NONE) {
        id = intern_add(&tally->names, name);
        MEM_GROW(tally->rows, tally->capacity, (size_t)id + 1);
        tally->rows[id] = (struct report_tally_row){
            .name = intern_text(&tally->names, id), .first_ns = TIME_NONE, .last_ns = TIME_NONE};
    }
    struct report_tally_row *row = &tally->rows[id];
    row->counts[hit->level]++;
    row->total++;
    widen(&row->first_ns, &row->last_ns, own_time(hit));
    return row;
}

/* --- rules --- */

static size_t rule_place(struct report_stats *stats, const struct report_hit *hit) {
    struct str address = {(const char *)&hit->rule, sizeof hit->rule};
    size_t id = intern_add(&stats->rule_ids, address);
    if (id == stats->rule_count) {
        MEM_GROW(stats->rules, stats->rule_capacity, id + 1);
        stats->rules[id] = (struct report_rule_row){
            .rule = hit->rule, .level = hit->level, .first_ns = TIME_NONE, .last_ns = TIME_NONE};
        stats->rule_count++;
        stats->rule_counts[hit->level]++;
    }
    return id;
}

static bool wants_sample(const struct report_stats *stats, const struct report_rule_row *row,
                         const struct report_hit *hit) {
    if (stats->samples_per_rule == 0) {
        return false;
    }
    bool is_earlier =
        row->sample_count > 0 && hit->time_ns < row->samples[row->sample_count - 1].time_ns;
    bool has_room =
        row->sample_count < stats->samples_per_rule && stats->sample_bytes < SAMPLES_BYTES_MAX;
    return has_room || is_earlier;
}

/* Keeps the earliest hits of the rule, sorted by time. */
static void take_sample(struct report_stats *stats, struct report_rule_row *row,
                        const struct report_hit *hit) {
    size_t max = stats->samples_per_rule;
    if (!wants_sample(stats, row, hit)) {
        return;
    }
    if (row->samples == NULL) {
        row->samples = mem_calloc(max, sizeof *row->samples);
    }
    if (row->sample_count < max && stats->sample_bytes < SAMPLES_BYTES_MAX) {
        row->sample_count++;
    }
    size_t at = row->sample_count - 1;
    struct report_sample sample = row->samples[at]; /* a free one, or the latest */
    while (at > 0 && row->samples[at - 1].time_ns > hit->time_ns) {
        row->samples[at] = row->samples[at - 1];
        at--;
    }
    stats->sample_bytes -= sample.bytes.len;
    sample.time_ns = hit->time_ns;
    buf_clear(&sample.bytes);
    report_copy_write(&sample.bytes, hit, SAMPLE_TEXT_MAX);
    stats->sample_bytes += sample.bytes.len;
    row->samples[at] = sample;
}

/* Notes that the rule was seen on the host; true the first time. */
static bool is_new_pair(struct report_stats *stats, size_t host, size_t rule) {
    const uint32_t pair[2] = {(uint32_t)host, (uint32_t)rule};
    struct str key = {(const char *)pair, sizeof pair};
    if (stats->host_rules.count >= PAIRS_MAX) {
        return false;
    }
    uint32_t known = stats->host_rules.count;
    return intern_add(&stats->host_rules, key) == known;
}

static void count_tactics(struct report_stats *stats, struct report_tally_row *host,
                          const struct sigma_rule_info *rule) {
    for (size_t i = 0; i < rule->tag_count; i++) {
        struct attack_tag tag = attack_tag_read(rule->tags[i]);
        if (tag.kind == ATTACK_TACTIC_TAG) {
            stats->tactics[tag.tactic]++;
            if (host != NULL) {
                host->tactics[tag.tactic]++;
            }
        }
    }
}

static void count_times(struct report_stats *stats, const struct report_hit *hit) {
    char text[CIVIL_RFC3339_BYTES];
    if (hit->is_time_received) {
        stats->timeless++;
        return;
    }
    (void)civil_format_rfc3339(text, stats->zone != NULL ? zone_to_local(stats->zone, hit->time_ns)
                                                         : hit->time_ns);
    text[10] = ' ';
    (void)count(&stats->days, str_make(text, 10), hit);
    (void)count(&stats->hours, str_make(text, 13), hit);
    widen(&stats->first_ns, &stats->last_ns, hit->time_ns);
}

size_t report_stats_add(struct report_stats *stats, const struct report_hit *hit) {
    size_t place = rule_place(stats, hit);
    struct report_rule_row *row = &stats->rules[place];
    row->count++;
    if (hit->level > row->level) {
        stats->rule_counts[row->level]--;
        stats->rule_counts[hit->level]++;
        row->level = hit->level;
    }
    widen(&row->first_ns, &row->last_ns, own_time(hit));
    stats->counts[hit->level]++;
    stats->total++;
    struct report_tally_row *host = count(&stats->hosts, hit->computer, hit);
    if (host != NULL && is_new_pair(stats, (size_t)(host - stats->hosts.rows), place)) {
        host->rules++;
        row->hosts++;
    }
    (void)count(&stats->users, hit->user, hit);
    (void)count(&stats->channels, hit->channel.len > 0 ? hit->channel : hit->dataset, hit);
    (void)count(&stats->files, hit->place.file, hit);
    count_times(stats, hit);
    count_tactics(stats, host, hit->rule);
    take_sample(stats, row, hit);
    return place;
}

/* --- the most of them --- */

static uint64_t row_count(const struct report_tally_row *row, int level) {
    return level == REPORT_LEVELS ? row->total : row->counts[level];
}

size_t report_tally_top(uint32_t *out, size_t max, const struct report_tally *tally, int level) {
    size_t used = 0;
    for (uint32_t id = 0; id < tally->names.count; id++) {
        uint64_t n = row_count(&tally->rows[id], level);
        size_t at = used;
        while (at > 0) {
            const struct report_tally_row *before = &tally->rows[out[at - 1]];
            uint64_t other = row_count(before, level);
            if (other > n || (other == n && str_compare(before->name, tally->rows[id].name) <= 0)) {
                break;
            }
            at--;
        }
        if (n == 0 || at == max) {
            continue;
        }
        used += used < max;
        memmove(out + at + 1, out + at, (used - at - 1) * sizeof *out);
        out[at] = id;
    }
    return used;
}

/* Below 0: `a` is worse. */
static int compare_worst(const struct report_tally_row *a, const struct report_tally_row *b) {
    for (int level = REPORT_LEVELS - 1; level >= 0; level--) {
        if (a->counts[level] != b->counts[level]) {
            return a->counts[level] > b->counts[level] ? -1 : 1;
        }
    }
    return str_compare(a->name, b->name);
}

size_t report_tally_worst(uint32_t *out, size_t max, const struct report_tally *tally) {
    size_t used = 0;
    for (uint32_t id = 0; id < tally->names.count; id++) {
        size_t at = used;
        while (at > 0 && compare_worst(&tally->rows[id], &tally->rows[out[at - 1]]) < 0) {
            at--;
        }
        if (at == max) {
            continue;
        }
        used += used < max;
        memmove(out + at + 1, out + at, (used - at - 1) * sizeof *out);
        out[at] = id;
    }
    return used;
}

static bool is_before(const struct report_rule_row *a, const struct report_rule_row *b) {
    if (a->count != b->count) {
        return a->count > b->count;
    }
    return str_compare(a->rule->title, b->rule->title) <= 0;
}

size_t report_rules_top(size_t *out, size_t max, const struct report_stats *stats, int level) {
    size_t used = 0;
    for (size_t i = 0; i < stats->rule_count; i++) {
        const struct report_rule_row *row = &stats->rules[i];
        if (level != REPORT_LEVELS && (int)row->level != level) {
            continue;
        }
        size_t at = used;
        while (at > 0 && !is_before(&stats->rules[out[at - 1]], row)) {
            at--;
        }
        if (at == max) {
            continue;
        }
        used += used < max;
        memmove(out + at + 1, out + at, (used - at - 1) * sizeof *out);
        out[at] = i;
    }
    return used;
}
