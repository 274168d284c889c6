#include "forecast.h"

#include "file_io.h"
#include "i18n.h"
#include "store_priv.h"

enum { DEFAULT_DAYS = 30, FAR_DAYS = RETENTION_MAX_DAYS, SOON_DAYS = 30 };

/* --- growth --- */

struct growth {
    int64_t from_ns; /* the window of days that growth is taken from */
    int64_t to_ns;
    int64_t oldest[DATASET_COUNT]; /* event times in the window */
    double window_bytes[DATASET_COUNT];
    double ratio[DATASET_COUNT]; /* stored to raw bytes of merged segments; 0: none is merged */
};

static double days_of(int64_t from_ns, int64_t to_ns) { /* as doubles: no overflow */
    return ((double)to_ns - (double)from_ns) / (double)NS_PER_DAY;
}

static void find_ratios(struct growth *g, const struct chain *c) {
    double raw[DATASET_COUNT] = {0};
    double stored[DATASET_COUNT] = {0};
    for (size_t i = 0; i < c->segment_count; i++) {
        const struct segment_info *s = &c->segments[i];
        if (s->effort == EFFORT_DEEP) {
            raw[s->dataset] += (double)s->raw_bytes;
            stored[s->dataset] += (double)s->file_bytes;
        }
    }
    for (int d = 0; d < DATASET_COUNT; d++) {
        g->ratio[d] = raw[d] > 0 ? stored[d] / raw[d] : 0;
    }
}

/* Bytes of the segment when it is merged. */
static double merged_bytes(const struct growth *g, const struct segment_info *s) {
    double as_is = (double)s->file_bytes;
    double guess = (double)s->raw_bytes * g->ratio[s->dataset];
    return s->effort == EFFORT_DEEP || g->ratio[s->dataset] <= 0 || guess > as_is ? as_is : guess;
}

static void find_window(struct growth *g, const struct chain *c, const struct forecast_options *o) {
    uint32_t days = o->days > 0 ? o->days : DEFAULT_DAYS;
    g->to_ns = INT64_MIN;
    for (size_t i = 0; i < c->segment_count; i++) {
        int64_t newest = c->segments[i].time_max;
        newest = newest > o->now_ns ? o->now_ns : newest;
        g->to_ns = newest > g->to_ns ? newest : g->to_ns;
    }
    g->from_ns = retention_limit(g->to_ns, days);
    for (int d = 0; d < DATASET_COUNT; d++) {
        g->oldest[d] = g->to_ns;
    }
}

/* The part of the segment's time that lies in the window, as a share of 1. */
static double share(const struct growth *g, const struct segment_info *s) {
    int64_t from = s->time_min > g->from_ns ? s->time_min : g->from_ns;
    int64_t to = s->time_max < g->to_ns ? s->time_max : g->to_ns;
    if (from > to) {
        return 0;
    }
    double all = days_of(s->time_min, s->time_max);
    return all > 0 ? days_of(from, to) / all : 1;
}

static void add_segment(struct forecast *f, struct growth *g, const struct segment_info *s,
                        int64_t now_ns) {
    struct forecast_dataset *d = &f->datasets[s->dataset];
    double bytes = merged_bytes(g, s);
    double part = share(g, s);
    double span = days_of(s->time_min, now_ns);
    if (part > 0) {
        int64_t first = s->time_min > g->from_ns ? s->time_min : g->from_ns;
        g->oldest[s->dataset] = first < g->oldest[s->dataset] ? first : g->oldest[s->dataset];
    }
    g->window_bytes[s->dataset] += bytes * part;
    d->span_days = span > d->span_days ? span : d->span_days;
    if (s->place == 0) {
        d->bytes += (uint64_t)bytes;
    } else {
        d->archived_bytes += (uint64_t)bytes;
    }
}

static void find_rates(struct forecast *f, const struct growth *g, const struct retention *rules) {
    for (int i = 0; i < DATASET_COUNT; i++) {
        struct forecast_dataset *d = &f->datasets[i];
        double days = days_of(g->oldest[i], g->to_ns);
        d->rule = retention_of(rules, (enum dataset)i);
        d->bytes_per_day = g->window_bytes[i] / (days < 1 ? 1 : days);
        d->needs_bytes = d->rule != NULL ? d->bytes_per_day * d->rule->total_days : 0;
        f->bytes += d->bytes;
        f->bytes_per_day += d->bytes_per_day;
        f->needs_bytes += d->needs_bytes;
    }
}

/* --- the end --- */

/* What the datasets grow in so many days; one that is as old as its class does not grow. */
static double growth_after(const struct forecast *f, double days) {
    double bytes = 0;
    for (int i = 0; i < DATASET_COUNT; i++) {
        const struct forecast_dataset *d = &f->datasets[i];
        double room = d->rule != NULL ? d->rule->total_days - d->span_days : days;
        double grows = room < days ? room : days;
        bytes += grows > 0 ? grows * d->bytes_per_day : 0;
    }
    return bytes;
}

/* Growth only rises with time: halving finds the day. */
static void find_end(struct forecast *f) {
    double room = (double)f->free_bytes;
    bool is_full = f->free_bytes == 0; /* nothing is accepted any more */
    f->is_full_ever = is_full || growth_after(f, FAR_DAYS) > room;
    double low = 0;
    double high = FAR_DAYS;
    for (int i = 0; i < 40 && f->is_full_ever && !is_full; i++) {
        double middle = (low + high) / 2;
        if (growth_after(f, middle) > room) {
            high = middle;
        } else {
            low = middle;
        }
    }
    f->days_to_full = is_full ? 0 : high;
    f->keeps_retention = true;
    for (int i = 0; i < DATASET_COUNT && f->is_full_ever; i++) {
        const struct forecast_dataset *d = &f->datasets[i];
        bool short_of = d->rule != NULL && d->bytes_per_day > 0 &&
                        (is_full || d->rule->total_days - d->span_days > f->days_to_full);
        f->keeps_retention = f->keeps_retention && !short_of;
    }
}

enum status store_forecast(struct forecast *out, const struct store *s,
                           const struct retention *rules, const struct forecast_options *o,
                           struct err *err) {
    struct growth g = {.from_ns = 0};
    *out = (struct forecast){.free_bytes = o->free_bytes};
    if (o->free_bytes == UINT64_MAX) {
        enum status status = file_free_bytes(&out->free_bytes, s->path, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    out->free_bytes -= o->reserve_bytes < out->free_bytes ? o->reserve_bytes : out->free_bytes;
    find_ratios(&g, &s->chain);
    find_window(&g, &s->chain, o);
    for (size_t i = 0; i < s->chain.segment_count; i++) {
        add_segment(out, &g, &s->chain.segments[i], o->now_ns);
    }
    find_rates(out, &g, rules);
    find_end(out);
    return STATUS_OK;
}

void forecast_warning(struct buf *out, const struct forecast *f) {
    if (!f->is_full_ever) {
        return;
    }
    if (!f->keeps_retention) {
        buf_printf(out,
                   _("at today's rate the disk is full in %.0f days, before the classes of"
                     " retention are kept their days: add space, archive (konseki archive), or"
                     " shorten a class; nothing is cut by itself (konseki store forecast)"),
                   f->days_to_full);
    } else if (f->days_to_full < SOON_DAYS) {
        buf_printf(out,
                   _("at today's rate the disk is full in %.0f days; then nothing more is accepted"
                     " (konseki store forecast)"),
                   f->days_to_full);
    }
}
