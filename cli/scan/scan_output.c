#include "scan_output.h"

#include <stdlib.h>

#include "i18n.h"
#include "mem.h"
#include "num.h"
#include "report_order.h"
#include "report_summary.h"
#include "scan_target.h"
#include "scan_view.h"
#include "scratch_file.h"

enum { TARGETS_MAX = 32, ORDER_BYTES = 64 << 20 };

struct scan_output {
    const struct scan_output_options *options;
    const char *const *inputs;
    size_t input_count;
    struct report_profiles *profiles;
    struct report_columns columns; /* asked for by --columns or --profile */
    bool has_columns;
    struct scan_target targets[TARGETS_MAX];
    size_t target_count;
    struct report_order *order; /* NULL: no target is by time */
    enum report_time_form times;
    struct str separator;
    int width; /* of tables: scan_target.h */
    struct report_stats stats;
    struct scan_view view;
    enum status order_status; /* not OK: `failure` says why, nothing more is taken */
    struct err failure;
};

/* --- what was asked for --- */

static enum status choose_columns(struct scan_output *out, struct err *err) {
    const struct scan_output_options *o = out->options;
    enum status s = STATUS_OK;
    if (o->columns != NULL) {
        s = report_columns_parse(&out->columns, str_from_c(o->columns), err);
    } else if (o->profile != NULL) {
        s = report_profiles_columns(&out->columns, out->profiles, str_from_c(o->profile), err);
    }
    out->has_columns = o->columns != NULL || o->profile != NULL;
    return s;
}

/* Columns of the form: those asked for, else its own; a form with members of its own has none. */
static enum status set_columns(struct scan_output *out, struct scan_target *target,
                               struct err *err) {
    enum report_form form = target->writer.form;
    enum report_form_columns wanted = report_form_type(form)->columns;
    bool has_own = wanted == REPORT_COLUMNS_OPTIONAL && !out->has_columns;
    enum status s = STATUS_OK;
    if (wanted == REPORT_COLUMNS_NONE || has_own) {
        return STATUS_OK;
    }
    target->columns = out->columns;
    if (!out->has_columns) {
        s = report_profiles_columns(&target->columns, out->profiles, report_form_name(form), err);
    }
    target->writer.view.columns = &target->columns;
    if (out->options->all_tags && !report_columns_have(&target->columns, COLUMN_TAGS) &&
        target->columns.count < REPORT_COLUMNS_MAX) {
        target->columns.ids[target->columns.count++] = COLUMN_TAGS;
    }
    return s;
}

static void add_wishes(struct scan_output *out, const struct scan_target *target) {
    const struct report_form_type *type = report_form_type(target->writer.form);
    const struct report_columns *columns = target->writer.view.columns;
    struct report_wishes *wishes = &out->view.wishes;
    bool shows_details =
        columns != NULL ? report_columns_have(columns, COLUMN_DETAILS) : type->shows_details;
    bool shows_all =
        type->samples > 0 || (columns != NULL && report_columns_have(columns, COLUMN_ALL_FIELDS));
    bool shows_extra = columns != NULL && report_columns_have(columns, COLUMN_EXTRA_FIELDS);
    wishes->details = wishes->details || shows_details || shows_extra;
    wishes->all_fields = wishes->all_fields || shows_all || shows_extra;
    if (type->samples > out->stats.samples_per_rule) {
        out->stats.samples_per_rule = type->samples;
    }
}

/* Tables are for people. Csv and json are for programs unless people ask for their own times. */
static struct report_style style_of(const struct scan_output *out, enum report_form form,
                                    const struct zone *zone) {
    struct report_style style = report_style_plain;
    bool for_people = form == REPORT_TABLE;
    style.times = out->times;
    style.short_names = out->options->abbreviate;
    style.zone = for_people || out->times != REPORT_TIME_DEFAULT ? zone : NULL;
    style.has_json_fields = !for_people && out->options->separator == NULL;
    if (form == REPORT_CSV && out->options->separator != NULL) {
        style.separator = out->separator;
    }
    return style;
}

static enum status add_target(struct scan_output *out, enum report_form form, const char *path,
                              const struct scan_output_settings *settings, struct err *err) {
    const struct scan_output_options *o = out->options;
    const struct scan_target_rules rules = {.overwrite = o->overwrite,
                                            .inputs = settings->inputs,
                                            .input_count = settings->input_count,
                                            .others = settings->others,
                                            .other_count = settings->other_count};
    if (out->target_count == TARGETS_MAX) {
        return err_set(err, STATUS_BAD_INPUT, _("more than %d outputs"), TARGETS_MAX);
    }
    for (size_t i = 0; path != NULL && i < out->target_count; i++) {
        if (path_is_within(path, out->targets[i].path)) {
            return err_set(err, STATUS_BAD_INPUT, _("--out %s: named twice"), path);
        }
    }
    struct scan_target *target = &out->targets[out->target_count++];
    target->writer = (struct report_writer){
        .form = form, .view = {NULL, style_of(out, form, settings->zone), &out->stats}};
    target->width = out->width;
    target->no_colour = o->no_colour;
    target->by_time = o->sort != NULL ? strcmp(o->sort, "time") == 0 : form == REPORT_TABLE;
    enum status s = set_columns(out, target, err);
    if (s == STATUS_OK) {
        s = scan_target_open(target, path, &rules, err);
    }
    if (s == STATUS_OK) {
        add_wishes(out, target);
        scan_target_begin(target);
    }
    return s;
}

static enum status find_form(enum report_form *form, const char *option, struct str name,
                             struct err *err) {
    if (report_form_find(form, name)) {
        return STATUS_OK;
    }
    struct buf known = BUF_INIT;
    report_form_names(&known);
    (void)err_set(err, STATUS_BAD_INPUT, _("--%s: \"%.*s\": expected %.*s"), option,
                  STR_ARG(str_head(name, 60)), STR_ARG(buf_str(&known)));
    buf_fini(&known);
    return STATUS_BAD_INPUT;
}

/* FORM=FILE */
static enum status add_file(struct scan_output *out, const char *text,
                            const struct scan_output_settings *settings, struct err *err) {
    const char *equals = strchr(text, '=');
    enum report_form form;
    if (equals == NULL || equals[1] == '\0') {
        return err_set(err, STATUS_BAD_INPUT, _("--out %s: expected FORM=FILE"), text);
    }
    enum status s = find_form(&form, "out", str_make(text, (size_t)(equals - text)), err);
    return s == STATUS_OK ? add_target(out, form, equals + 1, settings, err) : s;
}

/* With files or the summary asked for, standard output has hits only by --format. */
static enum status add_stdout(struct scan_output *out, const struct scan_output_settings *settings,
                              struct err *err) {
    const struct scan_output_options *o = out->options;
    enum report_form form = options_default_format() == OUTPUT_TABLE ? REPORT_TABLE : REPORT_JSONL;
    if (o->format == NULL && (o->out.count > 0 || o->summary)) {
        return STATUS_OK;
    }
    enum status s =
        o->format != NULL ? find_form(&form, "format", str_from_c(o->format), err) : STATUS_OK;
    return s == STATUS_OK ? add_target(out, form, NULL, settings, err) : s;
}

static enum status read_separator(struct str *out, const char *word, struct err *err) {
    static const struct {
        struct str name;
        struct str text;
    } rows[] = {{STR_INIT("bar"), STR_INIT(" | ")},
                {STR_INIT("line"), STR_INIT("\n")},
                {STR_INIT("tab"), STR_INIT("\t")}};
    *out = rows[0].text;
    for (size_t i = 0; word != NULL && i < sizeof rows / sizeof *rows; i++) {
        if (str_eq(str_from_c(word), rows[i].name)) {
            *out = rows[i].text;
            return STATUS_OK;
        }
    }
    return word == NULL ? STATUS_OK
                        : err_set(err, STATUS_BAD_INPUT,
                                  _("--separator: \"%s\": expected bar | line | tab"), word);
}

static enum status read_times(enum report_time_form *out, const char *word, struct err *err) {
    *out = REPORT_TIME_DEFAULT;
    if (word == NULL || report_time_find(out, str_from_c(word))) {
        return STATUS_OK;
    }
    struct buf known = BUF_INIT;
    report_time_names(&known);
    (void)err_set(err, STATUS_BAD_INPUT, _("--%s: \"%.*s\": expected %.*s"), "time-format",
                  STR_ARG(str_head(str_from_c(word), 60)), STR_ARG(buf_str(&known)));
    buf_fini(&known);
    return STATUS_BAD_INPUT;
}

static enum status read_width(int *out, const char *word, struct err *err) {
    enum { WIDTH_MAX = 100000 };
    uint64_t width;
    *out = SCAN_TARGET_TERMINAL;
    if (word == NULL) {
        return STATUS_OK;
    }
    if (!num_parse_u64(&width, str_from_c(word)) || width > WIDTH_MAX) {
        return err_set(err, STATUS_BAD_INPUT, _("--width: \"%s\": expected a number up to %d"),
                       word, WIDTH_MAX);
    }
    *out = (int)width;
    return STATUS_OK;
}

static enum status check_words(struct scan_output *out, struct err *err) {
    const struct scan_output_options *o = out->options;
    if (o->sort != NULL && strcmp(o->sort, "time") != 0 && strcmp(o->sort, "file") != 0) {
        return err_set(err, STATUS_BAD_INPUT, _("--sort: \"%s\": expected time | file"), o->sort);
    }
    if (o->summary_format != NULL && strcmp(o->summary_format, "text") != 0 &&
        strcmp(o->summary_format, "json") != 0) {
        return err_set(err, STATUS_BAD_INPUT, _("--summary-format: \"%s\": expected text | json"),
                       o->summary_format);
    }
    enum status s = read_separator(&out->separator, o->separator, err);
    s = s == STATUS_OK ? read_times(&out->times, o->time_format, err) : s;
    return s == STATUS_OK ? read_width(&out->width, o->width, err) : s;
}

static enum status open_all(struct scan_output *out, const struct scan_output_settings *settings,
                            struct err *err) {
    const struct scan_output_options *o = out->options;
    enum status s = check_words(out, err);
    if (s == STATUS_OK) {
        s = report_profiles_load(&out->profiles, o->profiles, err);
    }
    if (s == STATUS_OK) {
        s = choose_columns(out, err);
    }
    for (size_t i = 0; i < o->out.count && s == STATUS_OK; i++) {
        s = add_file(out, o->out.items[i], settings, err);
    }
    return s == STATUS_OK ? add_stdout(out, settings, err) : s;
}

static void destroy(struct scan_output **out) {
    struct scan_output *gone = *out;
    report_order_destroy(&gone->order);
    report_stats_fini(&gone->stats);
    report_profiles_free(&gone->profiles);
    geoip_close(&gone->view.geoip);
    scan_view_fini(&gone->view);
    mem_free(gone);
    *out = NULL;
}

void scan_output_options_fini(struct scan_output_options *options) {
    mem_free(options->out.items);
    mem_free(options->geoip.items);
    options->out = (struct option_list){.count = 0};
    options->geoip = (struct option_list){.count = 0};
}

enum status scan_output_open(struct scan_output **out, const struct scan_output_settings *settings,
                             struct err *err) {
    struct scan_output *output = mem_calloc(1, sizeof *output);
    output->options = settings->options;
    output->inputs = settings->inputs;
    output->input_count = settings->input_count;
    report_stats_init(&output->stats, settings->zone, 0);
    const struct option_list *geoip = &settings->options->geoip;
    enum status s = geoip->count == 0
                        ? STATUS_OK
                        : geoip_open(&output->view.geoip, geoip->items, geoip->count, err);
    s = s == STATUS_OK ? open_all(output, settings, err) : s;
    if (s != STATUS_OK) {
        for (size_t i = 0; i < output->target_count; i++) {
            (void)scan_target_close(&output->targets[i], NULL);
        }
        destroy(&output);
        return s;
    }
    output->view.profiles = output->profiles;
    output->view.abbreviate = settings->options->abbreviate;
    output->view.raw_values = settings->options->raw_values;
    for (size_t i = 0; i < output->target_count && output->order == NULL; i++) {
        if (output->targets[i].by_time) {
            output->order = report_order_create(ORDER_BYTES);
        }
    }
    *out = output;
    return STATUS_OK;
}

/* --- hits --- */

/* True while somebody takes hits, or nobody asked for any. */
static bool write_hit(struct scan_output *out, const struct report_hit *hit, bool by_time) {
    bool is_read = out->target_count == 0;
    for (size_t i = 0; i < out->target_count; i++) {
        struct scan_target *target = &out->targets[i];
        if (target->by_time == by_time) {
            is_read = scan_target_hit(target, hit) || is_read;
        } else {
            is_read = true;
        }
    }
    return is_read;
}

bool scan_output_report(struct scan_output *out, const struct report_hit *hit) {
    (void)report_stats_add(&out->stats, hit);
    if (out->order != NULL && out->order_status == STATUS_OK) {
        out->order_status = report_order_add(out->order, hit, &out->failure);
    }
    return write_hit(out, hit, false) && out->order_status == STATUS_OK;
}

bool scan_output_hit(struct scan_output *out, const struct scan_hit *hit) {
    struct report_hit view;
    scan_view_make(&view, &out->view, hit);
    return scan_output_report(out, &view);
}

/* --- the end --- */

static bool write_in_order(const struct report_hit *hit, void *ctx) {
    return write_hit(ctx, hit, true);
}

static bool empty_order(struct scan_output *out) {
    if (out->order != NULL && out->order_status == STATUS_OK) {
        out->order_status = report_order_each(out->order, write_in_order, out, &out->failure);
    }
    if (out->order_status != STATUS_OK) {
        fprintf(stderr, "konseki scan: %s\n", out->failure.message);
    }
    return out->order_status == STATUS_OK;
}

static size_t count_sources(struct report_source_count *sources, const struct scan_counts *counts) {
    size_t n = 0;
    for (size_t i = 0; i < DATASET_COUNT; i++) {
        if (counts->by_dataset[i] > 0) {
            struct str name = dataset_info((enum dataset)i)->name;
            sources[n++] =
                (struct report_source_count){name.len > 0 ? name : STR("?"), counts->by_dataset[i]};
        }
    }
    return n;
}

static struct report_run make_run(const struct scan_output_run *run,
                                  struct report_source_count *sources) {
    const struct scan_counts *n = run->counts;
    return (struct report_run){.files = n->files.files,
                               .unreadable = n->files.unreadable,
                               .bytes = n->files.bytes,
                               .events = n->events,
                               .damaged = n->damaged,
                               .events_with_hits = n->events_with_hits,
                               .suppressed = n->suppressed,
                               .filtered = n->filtered,
                               .copies = n->copies,
                               .first_ns = n->first_ns,
                               .last_ns = n->last_ns,
                               .started_wall_ns = run->started_wall_ns,
                               .elapsed_ns = run->elapsed_ns,
                               .rules = run->rules,
                               .refused = run->notes->refused,
                               .refusals = run->notes->refusals,
                               .refusal_count = run->notes->refusal_count,
                               .failures = run->notes->failures,
                               .failure_count = run->notes->failure_count,
                               .blind = run->notes->blind,
                               .blind_count = run->notes->blind_sources.count,
                               .sources = sources,
                               .source_count = count_sources(sources, n),
                               .is_interrupted = run->is_interrupted};
}

/* Does the terminal's character set (the environment's, POSIX 8.2) have block characters? */
static bool has_blocks(void) {
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value != NULL && value[0] != '\0') {
            struct str name = str_from_c(value);
            return str_find_ci(name, STR("utf-8")) != STR_NONE ||
                   str_find_ci(name, STR("utf8")) != STR_NONE;
        }
    }
    return false;
}

static bool write_summary(const struct scan_output *out, const struct report_run *run) {
    const struct scan_output_options *o = out->options;
    struct buf text = BUF_INIT;
    FILE *file = o->summary ? stdout : stderr;
    if (o->no_summary) {
        return true;
    }
    if (o->summary_format != NULL && strcmp(o->summary_format, "json") == 0) {
        report_summary_json(&text, &out->stats, run);
    } else {
        report_summary_text(&text, &out->stats, run, !has_blocks());
    }
    (void)output_write(file, buf_str(&text));
    buf_fini(&text);
    return file == stderr || output_finish(file);
}

bool scan_output_close(struct scan_output **out, const struct scan_output_run *run) {
    struct scan_output *output = *out;
    struct report_source_count sources[DATASET_COUNT];
    struct report_run report = make_run(run, sources);
    report.inputs = output->inputs;
    report.input_count = output->input_count;
    report.top = (unsigned)(output->options->top < REPORT_TOP_MAX ? output->options->top
                                                                  : (uint64_t)REPORT_TOP_MAX);
    bool written = empty_order(output);
    for (size_t i = 0; i < output->target_count; i++) {
        written = scan_target_close(&output->targets[i], &report) && written;
    }
    written = write_summary(output, &report) && written;
    destroy(out);
    return written;
}
