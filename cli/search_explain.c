#include "search_explain.h"

#include <inttypes.h>
#include <stdio.h>

#include "memory_peak.h"

static double milliseconds(uint64_t ns) {
    return (double)ns / 1e6;
}

static uint64_t span(int64_t from_ns, int64_t to_ns) {
    return to_ns > from_ns ? (uint64_t)(to_ns - from_ns) : 0;
}

static void print_segments(const struct store_scan_stats *s) {
    fprintf(stderr,
            "\"segments_considered\":%" PRIu64 ",\"segments_pruned\":%" PRIu64
            ",\"segments_offline\":%" PRIu64 ",\"segments_read\":%" PRIu64
            ",\"pruned_by\":{\"range\":%" PRIu64 ",\"dataset\":%" PRIu64 ",\"filter\":%" PRIu64
            ",\"dictionary\":%" PRIu64 "}",
            s->segments_total, s->segments_pruned, s->missing,
            s->segments_total - s->segments_pruned - s->missing, s->pruned_by_range,
            s->pruned_by_dataset, s->pruned_by_filter, s->pruned_by_dictionary);
}

static void print_times(const struct query_run_stats *stats, const struct search_times *t) {
    uint64_t total = span(t->start_ns, t->end_ns);
    fprintf(stderr,
            "\"ms\":{\"total\":%.3f,\"start\":%.3f,\"open\":%.3f,\"plan\":%.3f,\"scan\":%.3f,"
            "\"output\":%.3f}",
            milliseconds(total), milliseconds(span(t->start_ns, t->open_ns)),
            milliseconds(span(t->open_ns, t->run_ns)), milliseconds(stats->scan.open_ns),
            milliseconds(stats->scan_ns), milliseconds(stats->stage_ns));
}

void search_explain(const struct query_run_stats *stats, const struct search_times *times) {
    const struct store_scan_stats *s = &stats->scan;
    fputs("{\"explain\":{", stderr);
    print_segments(s);
    fprintf(stderr,
            ",\"blocks_considered\":%" PRIu64 ",\"blocks_pruned\":%" PRIu64
            ",\"blocks_read\":%" PRIu64 ",\"bytes_read\":%" PRIu64 ",\"rows_matched\":%" PRIu64
            ",\"rows_out\":%" PRIu64 ",\"threads\":%u,\"memory_peak_bytes\":%" PRIu64 ",",
            s->blocks_total, s->blocks_pruned, s->blocks_total - s->blocks_pruned, s->bytes_read,
            s->rows_matched, stats->rows_out, s->threads, memory_peak_bytes());
    print_times(stats, times);
    fputs("}}\n", stderr);
}
