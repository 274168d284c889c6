#include "run_priv.h"

#include "identity.h"
#include "mem.h"
#include "num.h"
#include "web_request.h"

/* --- set-up --- */

static void add_field(struct analysis_run *run, uint32_t field) {
    for (size_t i = 0; i < run->field_count; i++) {
        if (run->fields[i] == field) {
            return;
        }
    }
    MEM_GROW(run->fields, run->field_capacity, run->field_count + 1);
    run->fields[run->field_count++] = field;
}

static uint64_t family_datasets(struct str families) {
    uint64_t mask = 0;
    struct str word;
    while (str_word_next(&word, &families)) {
        for (unsigned d = 1; d < DATASET_COUNT; d++) {
            if (str_eq(dataset_info((enum dataset)d)->family, word)) {
                mask |= UINT64_C(1) << d;
            }
        }
    }
    return mask;
}

static void set_up_instance(struct analysis_run *run, struct run_instance *instance,
                            const struct analysis *analysis) {
    instance->analysis = analysis;
    instance->datasets = family_datasets(str_from_c(analysis->families));
    run->datasets |= instance->datasets;
    for (const struct analysis_field *f = analysis->fields; f->name; f++) {
        uint32_t field = schema_field(str_from_c(f->name));
        add_field(run, field);
        if (f->needed && instance->needed_count < RUN_NEEDED_MAX) {
            instance->needed[instance->needed_count++] = field;
        }
    }
}

struct analysis_run *run_create(const struct run_options *options) {
    static const uint32_t always[] = {
        FIELD_WINLOG_EVENT_ID, FIELD_WINLOG_COMPUTER, FIELD_DHCP_LEASE_IP,  FIELD_CLIENT_IP,
        FIELD_CLIENT_MAC,      FIELD_CLIENT_DOMAIN,   FIELD_CLIENT_ADDRESS, FIELD_EVENT_ACTION};
    struct analysis_run *run = mem_calloc(1, sizeof *run);
    size_t count = 0;
    while (options->analyses[count]) {
        count++;
    }
    run->options = *options;
    run->identity = identity_create(options->site);
    run->web = web_request_memo_create();
    run->instances = mem_calloc(count + 1, sizeof *run->instances);
    run->instance_count = count;
    run->open_day = INT32_MIN;
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        add_field(run, always[i]);
    }
    run->datasets = UINT64_C(1) << DATASET_ISC_DHCPD;
    run->context = (struct analysis_context){options->site, options->iocs,
                                             site_params(options->site), run->identity, run};
    for (size_t i = 0; i < count; i++) {
        set_up_instance(run, &run->instances[i], options->analyses[i]);
    }
    return run;
}

void run_clear_day(struct analysis_run *run) {
    for (uint32_t i = 0; i < run->draft_keys.count; i++) {
        evidence_list_fini(&run->drafts[i].events);
    }
    intern_clear(&run->draft_keys);
    run->coverage_count = 0;
    if (run->coverage_at != NULL) {
        memset(run->coverage_at, 0, run->coverage_at_capacity * sizeof *run->coverage_at);
    }
    arena_reset(&run->day_arena);
}

static void drop_states(struct analysis_run *run) {
    for (size_t i = 0; i < run->instance_count; i++) {
        struct run_instance *instance = &run->instances[i];
        if (instance->state && instance->analysis->destroy) {
            instance->analysis->destroy(instance->state);
        }
        instance->state = NULL;
    }
}

void run_destroy(struct analysis_run **out) {
    struct analysis_run *run = *out;
    *out = NULL;
    if (!run) {
        return;
    }
    drop_states(run);
    run_clear_day(run);
    identity_destroy(&run->identity);
    web_request_memo_destroy(&run->web);
    intern_fini(&run->names);
    intern_fini(&run->draft_keys);
    arena_fini(&run->day_arena);
    buf_fini(&run->scratch);
    mem_free(run->drafts);
    mem_free(run->coverage);
    mem_free(run->coverage_at);
    mem_free(run->fields);
    mem_free(run->instances);
    mem_free(run);
}

const uint32_t *run_fields(const struct analysis_run *run, size_t *count) {
    *count = run->field_count;
    return run->fields;
}

uint64_t run_datasets(const struct analysis_run *run) {
    return run->datasets;
}

int run_max_lookback(const struct analysis_run *run) {
    int most = 0;
    for (size_t i = 0; i < run->instance_count; i++) {
        int days = run->instances[i].analysis->lookback_days;
        most = days > most ? days : most;
    }
    return most + IDENTITY_LEASE_DAYS; /* leases are learned from what is fed */
}

enum status run_clear_parts(struct analysis_run *run, const struct analysis *analysis,
                            int32_t first, int32_t last, struct err *err) {
    switch (run->options.mode) {
    case RUN_ALL:
        return parts_clear(run->options.db, analysis, first, last, err);
    case RUN_CHOSEN:
        return parts_clear_said(run->options.db, analysis, first, last, err);
    case RUN_PROBE:
        break;
    }
    return STATUS_OK;
}

enum status run_window(struct analysis_run *run, int32_t first, int32_t last, struct err *err) {
    drop_states(run);
    run_clear_day(run);
    identity_clear(run->identity);
    run->open_day = INT32_MIN;
    for (size_t i = 0; i < run->instance_count; i++) {
        struct run_instance *instance = &run->instances[i];
        const struct analysis *a = instance->analysis;
        instance->feed_from = first - a->lookback_days;
        instance->evaluate_from = first;
        instance->evaluate_to = last + a->lookback_days;
        if (a->create) {
            instance->state = a->create(&run->context);
        }
        enum status status = run_clear_parts(run, a, first, instance->evaluate_to, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

void run_extend(struct analysis_run *run, int32_t day) {
    for (size_t i = 0; i < run->instance_count; i++) {
        struct run_instance *instance = &run->instances[i];
        instance->evaluate_to = day > instance->evaluate_to ? day : instance->evaluate_to;
    }
}

/* --- feeding --- */

static uint32_t event_code(const struct batch *batch, const struct row *row) {
    struct str text;
    uint64_t code;
    return batch_find(&text, batch, row, FIELD_WINLOG_EVENT_ID) && num_parse_u64(&code, text) &&
                   code < UINT32_MAX
               ? (uint32_t)code
               : 0;
}

static bool is_windows(const struct row *row) {
    return str_eq(dataset_info((enum dataset)row->dataset)->family, STR("windows"));
}

static bool wants_code(const struct analysis *analysis, uint32_t code) {
    if (!analysis->codes) {
        return true;
    }
    for (const uint32_t *c = analysis->codes; *c; c++) {
        if (*c == code) {
            return true;
        }
    }
    return false;
}

/* Rows that are no sound event of their own. */
static const uint32_t unfit = ROW_DAMAGED | ROW_BLANK | ROW_META | ROW_UNPARSED | ROW_CONTINUED;

static bool instance_wants(const struct run_instance *instance, const struct row *row, bool windows,
                           uint32_t code) {
    const struct analysis *a = instance->analysis;
    if (!(instance->datasets >> row->dataset & 1) ||
        ((row->flags & ROW_DERIVED) && !a->include_derived && !a->only_derived) ||
        (!(row->flags & ROW_DERIVED) && a->only_derived)) {
        return false;
    }
    return !windows || wants_code(a, code);
}

bool run_wants(const struct analysis_run *run, const struct batch *batch, const struct row *row) {
    if ((row->flags & unfit) || !(run->datasets >> row->dataset & 1)) {
        return false;
    }
    if (row->dataset == DATASET_ISC_DHCPD) {
        return true;
    }
    bool windows = is_windows(row);
    uint32_t code = windows ? event_code(batch, row) : 0;
    for (size_t i = 0; i < run->instance_count; i++) {
        if (instance_wants(&run->instances[i], row, windows, code)) {
            return true;
        }
    }
    return false;
}

/* Short name of the computer in lower case, in the run's own memory. */
static struct str short_computer(struct analysis_run *run, const struct batch *batch,
                                 const struct row *row) {
    struct str name;
    if (!batch_find(&name, batch, row, FIELD_WINLOG_COMPUTER)) {
        return STR_EMPTY;
    }
    name = str_head(name, str_find_char(name, '.'));
    name = str_head(name, sizeof run->computer);
    for (size_t i = 0; i < name.len; i++) {
        run->computer[i] = ascii_lower(name.ptr[i]);
    }
    return str_make(run->computer, name.len);
}

/* Source of a row; of a derived row that of its lines ("mx01" of "mx01/mail"). */
static struct str lines_source(const struct analysis_event *event) {
    struct str source = intern_text(&event->batch->names, event->row->source);
    size_t slash = str_rfind_char(source, '/');
    bool derived = (event->row->flags & ROW_DERIVED) != 0;
    return derived && slash != STR_NONE ? str_head(source, slash) : source;
}

/* Id of the row's source in the run's names. */
static uint32_t coverage_source(struct analysis_run *run, const struct analysis_event *event) {
    struct str source = event->computer.len > 0 ? event->computer : lines_source(event);
    return intern_add(&run->names, source);
}

static struct run_coverage *find_coverage(struct analysis_run *run, uint32_t instance,
                                          uint32_t source) {
    size_t old = run->coverage_at_capacity;
    size_t at = (size_t)source * run->instance_count + instance;
    MEM_GROW(run->coverage_at, run->coverage_at_capacity, at + 1);
    if (run->coverage_at_capacity > old) {
        memset(run->coverage_at + old, 0,
               (run->coverage_at_capacity - old) * sizeof *run->coverage_at);
    }
    if (run->coverage_at[at] == 0) {
        MEM_GROW(run->coverage, run->coverage_capacity, run->coverage_count + 1);
        run->coverage[run->coverage_count++] =
            (struct run_coverage){.instance = instance, .source = source};
        run->coverage_at[at] = (uint32_t)run->coverage_count;
    }
    return &run->coverage[run->coverage_at[at] - 1];
}

static void count_coverage(struct analysis_run *run, uint32_t index, uint32_t source,
                           const struct analysis_event *event) {
    const struct run_instance *instance = &run->instances[index];
    struct run_coverage *count = find_coverage(run, index, source);
    count->rows++;
    for (size_t i = 0; i < instance->needed_count; i++) {
        struct str value;
        if (batch_find(&value, event->batch, event->row, instance->needed[i])) {
            count->present[i]++;
        } else {
            count->dataset = event->row->dataset;
        }
    }
}

void run_feed(struct analysis_run *run, const struct batch *batch, const struct row *row) {
    const struct site *site = run->options.site;
    if (row->dataset == DATASET_ISC_DHCPD) {
        identity_learn(run->identity, batch, row);
    }
    struct analysis_event event = {
        .batch = batch, .row = row, .computer = STR_EMPTY, .web = run->web};
    web_request_memo_forget(run->web);
    int64_t local = zone_to_local(site_zone(site), row->time_ns);
    event.day = site_local_day(site, row->time_ns);
    event.second = (int32_t)((local - (int64_t)event.day * NS_PER_DAY) / NS_PER_SECOND);
    bool windows = is_windows(row);
    if (windows) {
        event.code = event_code(batch, row);
        event.computer = short_computer(run, batch, row);
    }
    run->open_day = event.day;
    run->rows_fed++;
    uint32_t source = INTERN_NONE;
    for (uint32_t i = 0; i < run->instance_count; i++) {
        struct run_instance *instance = &run->instances[i];
        if (event.day < instance->feed_from || event.day > instance->evaluate_to ||
            !instance_wants(instance, row, windows, event.code)) {
            continue;
        }
        run->current = i;
        source = source == INTERN_NONE ? coverage_source(run, &event) : source;
        count_coverage(run, i, source, &event);
        instance->analysis->event(instance->state, &run->context, &event);
    }
}

uint64_t run_rows_fed(const struct analysis_run *run) {
    return run->rows_fed;
}

uint64_t run_drafts(const struct analysis_run *run) {
    return run->draft_count;
}
