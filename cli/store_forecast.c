#include "store_forecast.h"

#include "act.h"
#include "clock.h"
#include "commands.h"
#include "forecast.h"
#include "i18n.h"
#include "mem.h"

enum column {
    DATASET,
    CLASS,
    TOTAL_DAYS,
    SPAN_DAYS,
    BYTES,
    ARCHIVED_BYTES,
    BYTES_PER_DAY,
    NEEDS_BYTES,
    FREE_BYTES,
    DAYS_TO_FULL,
    COLUMN_COUNT
};

static const struct str names[COLUMN_COUNT] = {
    STR_INIT("stream"),        STR_INIT("class"),       STR_INIT("total_days"),
    STR_INIT("span_days"),     STR_INIT("bytes"),       STR_INIT("archived_bytes"),
    STR_INIT("bytes_per_day"), STR_INIT("needs_bytes"), STR_INIT("free_bytes"),
    STR_INIT("days_to_full")};

static struct str rounded(struct buf *out, double value) {
    buf_clear(out);
    buf_printf(out, "%.0f", value);
    return buf_str(out);
}

static void free_texts(struct buf *texts) {
    for (int i = 0; i < COLUMN_COUNT; i++) {
        buf_fini(&texts[i]);
    }
}

static bool print_dataset(struct listing *list, enum dataset dataset,
                          const struct forecast_dataset *d) {
    struct buf texts[COLUMN_COUNT] = {BUF_INIT};
    struct str name = dataset_info(dataset)->name;
    struct str cells[COLUMN_COUNT] = {
        [DATASET] = name.len > 0 ? name : STR("unknown"),
        [CLASS] = d->rule != NULL ? d->rule->name : STR("keep"),
        [TOTAL_DAYS] =
            d->rule != NULL ? listing_number(&texts[TOTAL_DAYS], d->rule->total_days) : STR_EMPTY,
        [SPAN_DAYS] = rounded(&texts[SPAN_DAYS], d->span_days),
        [BYTES] = listing_number(&texts[BYTES], d->bytes),
        [ARCHIVED_BYTES] = listing_number(&texts[ARCHIVED_BYTES], d->archived_bytes),
        [BYTES_PER_DAY] = rounded(&texts[BYTES_PER_DAY], d->bytes_per_day),
        [NEEDS_BYTES] = d->rule != NULL ? rounded(&texts[NEEDS_BYTES], d->needs_bytes) : STR_EMPTY,
        [FREE_BYTES] = STR_EMPTY,
        [DAYS_TO_FULL] = STR_EMPTY};
    bool good = listing_row(list, cells);
    free_texts(texts);
    return good;
}

static void print_total(struct listing *list, const struct forecast *f) {
    struct buf texts[COLUMN_COUNT] = {BUF_INIT};
    struct str cells[COLUMN_COUNT] = {
        [DATASET] = STR("total"),
        [CLASS] = STR_EMPTY,
        [TOTAL_DAYS] = STR_EMPTY,
        [SPAN_DAYS] = STR_EMPTY,
        [BYTES] = listing_number(&texts[BYTES], f->bytes),
        [ARCHIVED_BYTES] = STR_EMPTY,
        [BYTES_PER_DAY] = rounded(&texts[BYTES_PER_DAY], f->bytes_per_day),
        [NEEDS_BYTES] = rounded(&texts[NEEDS_BYTES], f->needs_bytes),
        [FREE_BYTES] = listing_number(&texts[FREE_BYTES], f->free_bytes),
        [DAYS_TO_FULL] =
            f->is_full_ever ? rounded(&texts[DAYS_TO_FULL], f->days_to_full) : STR_EMPTY};
    (void)listing_row(list, cells);
    free_texts(texts);
}

static int print(const struct forecast *f, enum output_format format) {
    struct listing list = {.format = format,
                           .names = names,
                           .count = COLUMN_COUNT,
                           .numbers = ((UINT64_C(1) << COLUMN_COUNT) - 1) &
                                      ~(UINT64_C(1) << DATASET | UINT64_C(1) << CLASS)};
    listing_begin(&list);
    bool go_on = true;
    for (int d = 0; d < DATASET_COUNT && go_on; d++) {
        const struct forecast_dataset *one = &f->datasets[d];
        if (one->bytes + one->archived_bytes > 0) {
            go_on = print_dataset(&list, (enum dataset)d, one);
        }
    }
    if (go_on) {
        print_total(&list, f);
    }
    return listing_end(&list);
}

int store_forecast_print(const char *path, enum output_format format, uint64_t days,
                         uint64_t reserve_bytes) {
    struct store *store = NULL;
    struct err err = ERR_INIT;
    struct store_options options = {.path = path, .mode = STORE_READ};
    enum status status = store_open(&store, &options, &err);
    if (status != STATUS_OK) {
        return act_fail(status, &err);
    }
    struct forecast *f = mem_calloc(1, sizeof *f);
    struct retention *rules = mem_calloc(1, sizeof *rules);
    struct buf warning = BUF_INIT;
    struct forecast_options o = {.now_ns = clock_wall_ns(),
                                 .days = (uint32_t)days,
                                 .reserve_bytes = reserve_bytes,
                                 .free_bytes = UINT64_MAX};
    retention_load(rules, store_get_chain(store));
    status = store_forecast(f, store, rules, &o, &err);
    int code = status == STATUS_OK ? print(f, format) : act_fail(status, &err);
    if (status == STATUS_OK && code == EXIT_DONE) {
        forecast_warning(&warning, f);
        if (warning.len > 0) {
            fprintf(stderr, _("konseki: warning: %.*s\n"), STR_ARG(buf_str(&warning)));
        }
        code = f->is_full_ever && !f->keeps_retention ? EXIT_NEGATIVE : EXIT_DONE;
    }
    retention_fini(rules);
    mem_free(rules);
    mem_free(f);
    buf_fini(&warning);
    store_close(&store);
    return code;
}
