/* konseki triage: a table of questions (src/triage/questions.def) over files, nothing stored. */
#include <langinfo.h>
#include <stdio.h>

#include "commands.h"
#include "i18n.h"
#include "mem.h"
#include "options.h"
#include "rule_options.h"
#include "scan_live.h"
#include "triage_rules.h"
#include "triage_run.h"

enum words { NO_WORD, ONE_WORD }; /* before the paths */

struct question_row {
    const char *name;
    const struct triage_question *question;
    enum words words;
    const char *usage;
    const char *what;
};

static const struct question_row rows[] = {
#define QUESTION(name, question, words, usage, what) {name, &question, words, usage, what},
#include "questions.def"
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

struct command_line {
    enum output_format format;
    uint64_t limit;
    const char *from;
    const char *to;
    const char *zone;
    const char *level;
    struct rule_options rules;
    struct option_list also;
    struct option_list instead;
    struct option_list fields;
    struct option_list by;
    struct option_list live_roots;
    struct scan_live live;
    const char *at;
    bool recover;
    const char *password;
    uint64_t unpack_limit;
    bool help;
    struct triage_options triage;
};

static const struct {
    const char *name;
    const char *argument;
    const char *questions; /* between blanks; empty: all */
    const char *what;
} option_rows[] = {
#define TRIAGE_OPTION(name, kind, member, argument, questions, what)                               \
    {name, argument, questions, what},
#include "triage_options.def"
};

enum { OPTION_COUNT = sizeof option_rows / sizeof option_rows[0] };

/* --- help --- */

static bool takes(const char *questions, const char *name) {
    struct str rest = str_from_c(questions);
    struct str word;
    while (str_word_next(&word, &rest)) {
        if (str_eq(word, str_from_c(name))) {
            return true;
        }
    }
    return questions[0] == '\0';
}

static void print_questions(FILE *out) {
    fprintf(out, "%s\n", _("usage: konseki triage QUESTION [OPTION]... PATH..."));
    for (size_t i = 0; i < ROW_COUNT; i++) {
        fprintf(out, "  %s %s\n        %s\n", rows[i].name, rows[i].usage, _(rows[i].what));
    }
    fprintf(out, "%s\n", _("`konseki triage QUESTION --help` lists the options of one."));
}

static void print_usage(FILE *out, const struct question_row *row) {
    fprintf(out, _("usage: konseki triage %s [OPTION]... %s\n%s\n"), row->name, row->usage,
            _(row->what));
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (takes(option_rows[i].questions, row->name)) {
            fprintf(out, "  --%s %s\n        %s\n", option_rows[i].name, option_rows[i].argument,
                    _(option_rows[i].what));
        }
    }
}

/* --- options --- */

static bool read_options(struct command_line *c, struct positionals *words,
                         const struct question_row *row, int argc, char **argv) {
    const struct option_spec all[] = {
#define TRIAGE_OPTION(name, kind, member, argument, questions, what)                               \
    {name, OPTION_##kind, &c->member, NULL},
#include "triage_options.def"
    };
    struct option_spec specs[OPTION_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (takes(option_rows[i].questions, row->name)) {
            specs[count++] = all[i];
        }
    }
    return options_parse(words, specs, count, argc, argv);
}

static bool read_run(struct triage_run *run, const struct command_line *c) {
    run->zone = zone_utc();
    run->zone_is_guess = c->zone == NULL;
    run->from_ns = INT64_MIN;
    run->to_ns = INT64_MAX;
    return (c->zone == NULL || options_zone(&run->zone, c->zone, NULL)) &&
           (c->from == NULL || options_time(&run->from_ns, "from", c->from, run->zone)) &&
           (c->to == NULL || options_time(&run->to_ns, "to", c->to, run->zone)) &&
           rule_options_level(&run->least_level, "level", c->level);
}

/* --- the command --- */

/* Takes the words before the paths. False: something is missing. */
static bool take_words(struct command_line *c, struct positionals *words,
                       const struct question_row *row) {
    if (row->words == ONE_WORD && words->count > 0) {
        c->triage.kind = str_from_c(words->items[0]);
        words->items++;
        words->count--;
    }
    return words->count > 0 || c->live_roots.count > 0;
}

/* When processes were alive, and how they are drawn. */
static bool take_ptree(struct command_line *c, const struct zone *zone) {
    c->triage.is_drawn = c->format == OUTPUT_TABLE;
    c->triage.is_ascii = c->triage.is_ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    c->triage.at_ns = TIME_NONE;
    return c->at == NULL || options_time(&c->triage.at_ns, "at", c->at, zone);
}

static void take_lists(struct command_line *c) {
    const struct option_list *fields = c->by.count > 0 ? &c->by : &c->fields;
    c->triage.also = c->also.items;
    c->triage.also_count = c->also.count;
    c->triage.instead = c->instead.items;
    c->triage.instead_count = c->instead.count;
    c->triage.fields = fields->items;
    c->triage.field_count = fields->count;
}

static int ask(struct command_line *c, const struct question_row *row) {
    struct triage_run run = {.question = row->question,
                             .options = &c->triage,
                             .format = c->format,
                             .limit = c->limit,
                             .recover_slack = c->recover,
                             .packed = {c->password, c->unpack_limit},
                             .events_as_they_are = true};
    struct triage_rules rules = {0};
    int code = EXIT_USAGE;
    take_lists(c);
    if (read_run(&run, c) && take_ptree(c, run.zone) && triage_rules_load(&rules, &c->rules)) {
        run.rules = rules.rules;
        c->triage.rules = rules.list;
        c->triage.rule_count = rules.count;
        code = triage_run(&run, c->live.paths, c->live.path_count);
    }
    triage_rules_fini(&rules);
    return code;
}

static int run_question(const struct question_row *row, int argc, char **argv) {
    struct command_line c = {.format = options_default_format(), .triage.pid = TRIAGE_ANY_PID};
    struct positionals words;
    int code = EXIT_USAGE;
    if (read_options(&c, &words, row, argc, argv)) {
        if (c.help) {
            print_usage(stdout, row);
            code = EXIT_DONE;
        } else if (!take_words(&c, &words, row)) {
            print_usage(stderr, row);
        } else if (scan_live_open(&c.live, "triage", &c.live_roots, &words)) {
            code = ask(&c, row);
        }
    }
    scan_live_fini(&c.live);
    mem_free(c.live_roots.items);
    rule_options_fini(&c.rules);
    mem_free(c.also.items);
    mem_free(c.instead.items);
    mem_free(c.fields.items);
    mem_free(c.by.items);
    return code;
}

int cmd_triage(int argc, char **argv) {
    for (size_t i = 0; i < ROW_COUNT && argc >= 2; i++) {
        if (strcmp(argv[1], rows[i].name) == 0) {
            return run_question(&rows[i], argc - 1, argv + 1);
        }
    }
    bool asked = argc < 2 || strcmp(argv[1], "--help") == 0;
    if (!asked) {
        fprintf(stderr, _("konseki triage: no question '%s'\n"), argv[1]);
    }
    print_questions(asked ? stdout : stderr);
    return asked ? EXIT_DONE : EXIT_USAGE;
}
