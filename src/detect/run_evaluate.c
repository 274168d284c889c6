/*
 * A day's end: the drafts of its events and what could be evaluated are written, the analyses are
 * asked for the rest, what no later day needs is forgotten.
 */
#include "identity.h"
#include "run_priv.h"

static const struct {
    const char *dataset;
    const char *field;
    const char *en;
    const char *ja;
} settings[] = {
#define SETTING(dataset, field, en, ja) {dataset, field, en, ja},
#include "settings.def"
};

/* The device setting that provides the field; empty if the table knows none. */
static struct text2 find_setting(struct str dataset, struct str field) {
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (str_eq(dataset, str_from_c(settings[i].dataset)) &&
            str_eq(field, str_from_c(settings[i].field))) {
            return (struct text2){str_from_c(settings[i].en), str_from_c(settings[i].ja)};
        }
    }
    return (struct text2){STR_EMPTY, STR_EMPTY};
}

static enum evaluable field_state(uint64_t present, uint64_t rows) {
    if (present == 0) {
        return EVALUABLE_NO;
    }
    return present * 100 < rows * 95 ? EVALUABLE_DEGRADED : EVALUABLE_FULL;
}

static void write_coverage(struct analysis_run *run, const struct run_coverage *count,
                           int32_t day) {
    const struct run_instance *instance = &run->instances[count->instance];
    if (day < instance->evaluate_from || day > instance->evaluate_to) {
        return;
    }
    struct coverage_note note = {intern_text(&run->names, count->source),
                                 EVALUABLE_FULL,
                                 {STR_EMPTY, STR_EMPTY},
                                 {STR_EMPTY, STR_EMPTY}};
    for (size_t i = 0; i < instance->needed_count; i++) {
        enum evaluable state = field_state(count->present[i], count->rows);
        if (state > note.state) {
            struct str field = schema_name(instance->needed[i]);
            note.state = state;
            note.missing = (struct text2){field, field};
            note.setting = find_setting(dataset_info((enum dataset)count->dataset)->name, field);
        }
    }
    struct part_coverage coverage = {instance->analysis,
                                     &note,
                                     count->rows,
                                     day,
                                     site_day_start(run->options.site, day),
                                     site_day_start(run->options.site, day + 1)};
    if (run->status == STATUS_OK) {
        run->status = parts_put_coverage(run->options.db, &coverage, run->err);
    }
}

static void write_day_draft(struct analysis_run *run, const struct run_draft *kept, int32_t day) {
    struct finding_draft draft = kept->draft;
    struct evidence events[EVIDENCE_HEAD + EVIDENCE_TAIL];
    draft.event_count = evidence_list_shown(&kept->events);
    for (size_t i = 0; i < draft.event_count; i++) {
        events[i] = *evidence_list_get(&kept->events, i);
    }
    draft.events = events;
    draft.count = kept->events.count;
    run_write_part(run, run->instances[kept->instance].analysis, day, &draft);
}

static void evaluate_instances(struct analysis_run *run, int32_t day) {
    for (uint32_t i = 0; i < run->instance_count; i++) {
        struct run_instance *instance = &run->instances[i];
        if (day < instance->evaluate_from || day > instance->evaluate_to) {
            continue;
        }
        run->current = i;
        if (instance->analysis->evaluate) {
            instance->analysis->evaluate(instance->state, &run->context, day);
        }
        if (instance->analysis->coverage) {
            instance->analysis->coverage(instance->state, &run->context, day);
        }
    }
}

enum status run_evaluate(struct analysis_run *run, int32_t day, struct err *err) {
    run->status = STATUS_OK;
    run->err = err;
    for (size_t i = 0; i < run->instance_count && run->status == STATUS_OK; i++) {
        const struct run_instance *instance = &run->instances[i];
        if (day >= instance->evaluate_from && day <= instance->evaluate_to) {
            run->status = run_clear_parts(run, instance->analysis, day, day, err);
        }
    }
    if (run->status == STATUS_OK && run->open_day == day) {
        for (uint32_t i = 0; i < run->draft_keys.count; i++) {
            write_day_draft(run, &run->drafts[i], day);
        }
        for (uint32_t i = 0; i < run->coverage_count && run->options.mode == RUN_ALL; i++) {
            write_coverage(run, &run->coverage[i], day);
        }
    }
    if (run->status == STATUS_OK) {
        evaluate_instances(run, day);
    }
    run->err = NULL;
    return run->status;
}

void run_close(struct analysis_run *run, int32_t day) {
    run_clear_day(run);
    for (size_t i = 0; i < run->instance_count; i++) {
        struct run_instance *instance = &run->instances[i];
        if (instance->analysis->evict) {
            instance->analysis->evict(instance->state, day + 1 - instance->analysis->lookback_days);
        }
    }
    identity_evict(run->identity, site_day_start(run->options.site, day - 2));
}
