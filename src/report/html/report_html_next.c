/* What to do next: commands over the same inputs, and what not to do. */
#include "html_out.h"
#include "i18n.h"
#include "report_html_parts.h"

enum { INPUTS_MAX = 3 };

static bool is_plain(struct str word) {
    static const char marks[] = "._/@%+=,-";
    for (size_t i = 0; i < word.len; i++) {
        if (!ascii_is_alnum(word.ptr[i]) && memchr(marks, word.ptr[i], sizeof marks - 1) == NULL) {
            return false;
        }
    }
    return word.len > 0 && word.ptr[0] != '-';
}

/* False: what a reader copies into a shell must not be more than it looks like. */
static bool is_printable(struct str word) {
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] < ' ' || word.ptr[i] > '~') {
            return false;
        }
    }
    return word.len > 0 && word.ptr[0] != '-';
}

/* The word as a POSIX shell takes it for one; `instead` for what is better typed by hand. */
static void add_word(struct buf *out, struct str word, struct str instead) {
    buf_putc(out, ' ');
    if (is_plain(word) || !is_printable(word)) {
        buf_add(out, is_plain(word) ? word : instead);
        return;
    }
    buf_putc(out, '\'');
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] == '\'') {
            buf_add(out, STR("'\\''"));
        } else {
            buf_putc(out, word.ptr[i]);
        }
    }
    buf_putc(out, '\'');
}

struct next_step {
    const char *why;
    const char *command;
    bool names_host;
};

static void add_step(struct buf *out, const struct next_step *step, struct str host,
                     const struct report_run *run) {
    struct buf line = BUF_INIT;
    buf_add(&line, str_from_c(step->command));
    if (step->names_host) {
        buf_add(&line, STR(" --host"));
        add_word(&line, host, STR("HOST"));
    }
    for (size_t i = 0; i < run->input_count && i < INPUTS_MAX; i++) {
        add_word(&line, str_from_c(run->inputs[i]), STR("PATH"));
    }
    buf_add(&line, run->input_count > INPUTS_MAX ? STR(" ...") : STR_EMPTY);
    buf_add(out, STR("<li>"));
    html_out_c(out, _(step->why));
    buf_add(out, STR("<br>"));
    html_out_element(out, "code", NULL, buf_str(&line));
    buf_add(out, STR("</li>\n"));
    buf_fini(&line);
}

void report_html_next(struct buf *out, const struct report_stats *stats,
                      const struct report_run *run) {
    static const struct next_step steps[] = {
        {N_("All severe hits of the worst host, in the order of time:"),
         "konseki scan --rules RULES --level high --format table", true},
        {N_("What led to a process there, and what it led to (--image, --pid choose it):"),
         "konseki triage ptree", true},
        {N_("Who logged on or tried to, from where and how:"), "konseki triage logons", false},
        {N_("Services that only few machines have (also: tasks, processes, users, dns):"),
         "konseki triage stack services", false},
        {N_("Whether logs were cleared, cut or have gaps, and clocks were moved:"),
         "konseki triage gaps", false},
        {N_("Words for further search - addresses, hashes, accounts - of the severe hits:"),
         "konseki triage pivot --rules RULES --level high", false},
        {N_("Which files no rule saw anything in:"), "konseki triage coverage files --rules RULES",
         false},
    };
    uint32_t worst;
    size_t hosts = report_tally_worst(&worst, 1, &stats->hosts);
    struct str host = hosts > 0 ? stats->hosts.rows[worst].name : STR_EMPTY;
    html_out_element(out, "h2", NULL, str_from_c(_("What to do next")));
    buf_add(out, STR("\n<ul class=\"next\">\n"));
    html_out_element(out, "li", NULL,
                     str_from_c(_("Read each rule below before you believe it: it names its false "
                                  "positives and shows its earliest hits with all fields.")));
    html_out_element(out, "li", NULL,
                     str_from_c(_("Do not clean, restart or reinstall a machine before its memory "
                                  "and logs are saved; do not log on to it with accounts that "
                                  "matter elsewhere.")));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (!steps[i].names_host || hosts > 0) {
            add_step(out, &steps[i], host, run);
        }
    }
    buf_add(out, STR("</ul>\n"));
}
