/* konseki rules new: proposes a rule for an event, with the event as its test case. */
#include <stdio.h>

#include "bare_event.h"
#include "case_run.h"
#include "commands.h"
#include "draft_text.h"
#include "dump_row.h"
#include "file_io.h"
#include "file_rows.h"
#include "i18n.h"
#include "mem.h"
#include "rule_options.h"
#include "subcommands.h"

enum { STDIN_LIMIT = 16 << 20 };

struct new_options {
    struct option_list mappings;
    const char *evtx;
    const char *jsonl;
    uint64_t record;
    uint64_t line;
    const char *out;
    const char *fields;
    const char *title;
    const char *author;
    bool has_record;
    bool has_line;
    bool help;
};

/* --- the event --- */

/* Looks for one row of a file; its text is a line of JSON with native names. */
struct wanted_event {
    const struct new_options *options;
    struct buf json;
    struct err err;
    bool is_found;
};

static bool is_wanted(const struct wanted_event *w, const struct row *row) {
    if (!file_rows_is_event(row)) {
        return false;
    }
    return w->options->evtx != NULL
               ? !w->options->has_record || row->record_id == w->options->record
               : !w->options->has_line || row->line == w->options->line;
}

static bool look_at_batch(const struct batch *batch, struct str file, void *ctx) {
    struct wanted_event *w = ctx;
    for (size_t i = 0; i < batch->row_count && !w->is_found; i++) {
        const struct row *row = &batch->rows[i];
        if (!is_wanted(w, row)) {
            continue;
        }
        w->is_found = true;
        if (str_eq(dataset_info((enum dataset)row->dataset)->family, STR("windows"))) {
            struct dump_writer *writer = dump_writer_create(DUMP_FLAT);
            const struct dump_place place = {.file = file, .idx = row->idx};
            dump_writer_row(writer, &w->json, batch, row, &place);
            dump_writer_destroy(&writer);
        } else {
            buf_add(&w->json, batch_raw(batch, row));
        }
    }
    return !w->is_found;
}

static void reading_failed(const char *path, const struct err *err, void *ctx) {
    struct wanted_event *w = ctx;
    (void)path; /* the message names it */
    w->err = *err;
}

static void tell_missing(struct wanted_event *w, const char *path) {
    const struct new_options *o = w->options;
    if (o->evtx != NULL ? o->has_record : o->has_line) {
        (void)err_set(&w->err, STATUS_NOT_FOUND,
                      o->evtx != NULL ? N_("%s: there is no record %llu")
                                      : N_("%s: there is no event in line %llu"),
                      path, (unsigned long long)(o->evtx != NULL ? o->record : o->line));
    } else {
        (void)err_set(&w->err, STATUS_NOT_FOUND, "%s: there is no event in it", path);
    }
}

static bool read_file(struct wanted_event *w, const char *path) {
    struct file_rows_counts counts;
    const struct file_rows_options reading = {
        .zone = zone_utc(), .rows = look_at_batch, .failed = reading_failed, .ctx = w};
    file_rows_read(&reading, &path, 1, &counts);
    if (!w->is_found && w->err.message[0] == '\0') {
        tell_missing(w, path);
    }
    return w->is_found;
}

static bool read_stdin(struct wanted_event *w) {
    size_t got;
    do {
        char *to = buf_reserve(&w->json, 65536);
        got = fread(to, 1, 65536, stdin);
        w->json.len += got;
    } while (got > 0 && w->json.len < STDIN_LIMIT);
    return true;
}

/* The first object of the text. */
struct first_object {
    json_object *object;
};

static void take_first(json_object *object, void *ctx) {
    struct first_object *first = ctx;
    if (first->object == NULL && object != NULL) {
        first->object = json_object_get(object);
    }
}

/* --- the proposal --- */

static struct str text_or_empty(const char *text) {
    return text != NULL ? str_from_c(text) : STR_EMPTY;
}

static struct str describe_place(struct arena *arena, const struct new_options *o) {
    if (o->evtx != NULL) {
        struct str name =
            str_skip(str_from_c(o->evtx), str_rfind_char(str_from_c(o->evtx), '/') + 1);
        return o->has_record ? arena_printf(arena, "record %llu of %.*s",
                                            (unsigned long long)o->record, STR_ARG(name))
                             : arena_printf(arena, "the first record of %.*s", STR_ARG(name));
    }
    if (o->jsonl != NULL) {
        struct str name =
            str_skip(str_from_c(o->jsonl), str_rfind_char(str_from_c(o->jsonl), '/') + 1);
        return arena_printf(arena, "line %llu of %.*s",
                            (unsigned long long)(o->has_line ? o->line : 1), STR_ARG(name));
    }
    return STR("an event");
}

static bool is_decimal(struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_digit(text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0;
}

static void fill_selection(struct draft *draft, const struct new_options *o,
                           const struct bare_event *event) {
    const struct draft_source *source = &draft->source;
    struct str event_id = draft_value(event->values, event->count, STR("EventID"));
    bool is_shared =
        str_eq(source->service, STR("system")) || str_eq(source->service, STR("application"));
    if (!source->names_event_id && is_decimal(event_id)) {
        draft->event_id = event_id;
    }
    if (!source->names_channel) {
        draft->channel = draft_value(event->values, event->count, STR("Channel"));
        draft->channel = draft_is_plain(draft->channel) ? draft->channel : STR_EMPTY;
    }
    if (is_shared) {
        draft->provider = draft_value(event->values, event->count, STR("Provider_Name"));
        draft->provider = draft_is_plain(draft->provider) ? draft->provider : STR_EMPTY;
    }
    draft->item_count =
        draft_choose(draft->items, source, event->values, event->count, text_or_empty(o->fields));
}

/* False with a message. */
static bool make_draft(struct draft *draft, struct arena *arena, const struct new_options *o,
                       const struct bare_event *event) {
    struct buf mapping = BUF_INIT;
    struct err err = ERR_INIT;
    *draft = (struct draft){.title = text_or_empty(o->title),
                            .author = text_or_empty(o->author),
                            .made_from = describe_place(arena, o),
                            .values = event->values,
                            .value_count = event->count};
    enum status s = sigma_mapping_list(&mapping, o->mappings.items, o->mappings.count, true, &err);
    bool has_source = s == STATUS_OK && draft_source_find(&draft->source, arena, buf_str(&mapping),
                                                          event->values, event->count);
    buf_fini(&mapping);
    if (!has_source) {
        fprintf(stderr, "konseki rules new: %s\n",
                s != STATUS_OK ? err.message : _("no log source of the mapping has such events"));
        return false;
    }
    fill_selection(draft, o, event);
    if (draft->item_count == 0 && draft->event_id.len == 0) {
        fprintf(stderr, "konseki rules new: %s\n",
                _("no field tells this event from others: name some with --fields A,B"));
        return false;
    }
    return true;
}

/* --- files --- */

/* The case is run as `rules test` does, so that what is handed over is known to work. */
static bool prove(const char *rule_path, const char *case_path, const struct new_options *o) {
    const char *paths[] = {rule_path};
    const char *case_paths[] = {case_path};
    struct known_rules known = {0};
    struct sigma_cases cases = {0};
    struct sigma_rules *rules = NULL;
    struct case_result result = {0};
    struct err err = ERR_INIT;
    const struct sigma_load_options load = {.paths = paths,
                                            .path_count = 1,
                                            .mappings = o->mappings.items,
                                            .mapping_count = o->mappings.count,
                                            .report = known_rules_add,
                                            .ctx = &known};
    bool works = sigma_rules_load(&rules, &load, &err) == STATUS_OK &&
                 sigma_cases_load(&cases, case_paths, 1, &err) == STATUS_OK && cases.count == 1;
    if (works) {
        struct case_runner runner = {.load = &load, .rules = rules, .known = &known};
        case_run(&result, &runner, &cases.items[0]);
        works = result.has_passed;
        case_runner_fini(&runner);
    }
    if (!works) {
        fprintf(stderr, _("konseki rules new: %s does not match its event: %.*s%s\n"), rule_path,
                STR_ARG(buf_str(&result.why)), err.message);
    }
    buf_fini(&result.why);
    sigma_cases_fini(&cases);
    sigma_rules_free(&rules);
    known_rules_fini(&known);
    return works;
}

static bool write_file(const char *path, struct str text) {
    struct err err = ERR_INIT;
    if (file_write_whole(path, FILE_CREATE_NEW, text, &err) == STATUS_OK) {
        return true;
    }
    output_error("rules new", &err);
    return false;
}

/* "a/rule.yml" gives "a/rule.test.yml". */
static struct str case_path(struct arena *arena, struct str out) {
    struct str stem = str_ends_ci(out, STR(".yml")) ? str_head(out, out.len - 4) : out;
    return arena_printf(arena, "%.*s.test.yml", STR_ARG(stem));
}

static int write_draft(const struct draft *draft, struct arena *arena,
                       const struct new_options *o) {
    struct buf rule = BUF_INIT;
    struct buf test = BUF_INIT;
    int code = EXIT_STORE;
    draft_write_rule(&rule, draft);
    if (o->out == NULL) {
        code =
            output_write(stdout, buf_str(&rule)) && output_finish(stdout) ? EXIT_DONE : EXIT_STORE;
    } else {
        struct str cases = case_path(arena, str_from_c(o->out));
        draft_write_case(&test, draft);
        if (write_file(o->out, buf_str(&rule)) && write_file(cases.ptr, buf_str(&test))) {
            code = prove(o->out, cases.ptr, o) ? EXIT_DONE : EXIT_NEGATIVE;
        }
        if (code == EXIT_DONE) {
            fprintf(stderr, _("wrote %s and %s: read them before you use them\n"), o->out,
                    cases.ptr);
        }
    }
    buf_fini(&rule);
    buf_fini(&test);
    return code;
}

static int propose(const struct new_options *o) {
    struct wanted_event wanted = {.options = o};
    struct first_object first = {NULL};
    struct bare_event event = {0};
    struct arena arena = ARENA_INIT;
    struct draft draft;
    int code = EXIT_UNREADABLE;
    const char *path = o->evtx != NULL ? o->evtx : o->jsonl;
    if (path != NULL ? read_file(&wanted, path) : read_stdin(&wanted)) {
        bare_event_each(buf_str(&wanted.json), take_first, &first);
        if (first.object == NULL) {
            (void)err_set(&wanted.err, STATUS_BAD_INPUT,
                          "%s: the event is neither of Windows nor a JSON object",
                          path != NULL ? path : _("standard input"));
        }
    }
    if (first.object == NULL) {
        output_error("rules new", &wanted.err);
    } else {
        bare_event_read(&event, first.object);
        code =
            make_draft(&draft, &arena, o, &event) ? write_draft(&draft, &arena, o) : EXIT_NEGATIVE;
    }
    json_object_put(first.object);
    bare_event_fini(&event);
    buf_fini(&wanted.json);
    arena_fini(&arena);
    return code;
}

int rules_new(int argc, char **argv) {
    struct new_options o = {.evtx = NULL};
    const struct option_spec specs[] = {
        {"evtx", OPTION_TEXT, &o.evtx, NULL},
        {"record", OPTION_NUMBER, &o.record, &o.has_record},
        {"jsonl", OPTION_TEXT, &o.jsonl, NULL},
        {"line", OPTION_NUMBER, &o.line, &o.has_line},
        {"out", OPTION_TEXT, &o.out, NULL},
        {"fields", OPTION_TEXT, &o.fields, NULL},
        {"title", OPTION_TEXT, &o.title, NULL},
        {"author", OPTION_TEXT, &o.author, NULL},
        {"mapping", OPTION_LIST, &o.mappings, NULL},
        {"help", OPTION_FLAG, &o.help, NULL},
    };
    struct positionals paths;
    int code = EXIT_USAGE;
    if (!options_parse(&paths, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        code = EXIT_USAGE;
    } else if (o.help || paths.count > 0 || (o.evtx != NULL && o.jsonl != NULL)) {
        code = subcommand_usage("new", o.help);
    } else {
        code = propose(&o);
    }
    mem_free(o.mappings.items);
    return code;
}
