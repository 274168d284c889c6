#include "scan_messages.h"

#include <stdio.h>

#include "correlation_note.h"
#include "i18n.h"
#include "output.h"

void scan_message_refused(const struct sigma_rule_info *rule, struct str why) {
    struct buf path = BUF_INIT;
    struct buf reason = BUF_INIT;
    output_append_visible(&path, rule->path);
    output_append_visible(&reason, why);
    fprintf(stderr, _("konseki scan: rule refused: %.*s: %.*s\n"), STR_ARG(buf_str(&path)),
            STR_ARG(buf_str(&reason)));
    buf_fini(&path);
    buf_fini(&reason);
}

void scan_message_no_rules(bool given) {
    if (given) {
        fputs(_("konseki scan: no rule to run in what --rules names (rules are files *.yml)\n"),
              stderr);
        return;
    }
    fputs(_("konseki scan: no --rules given: give a folder of Sigma rules, SigmaHQ's for example; "
            "konseki triage asks questions that need none\n"),
          stderr);
}

static void tell_limits(const struct scan_counts *n) {
    struct buf rule = BUF_INIT;
    output_append_visible(&rule, n->limited->id);
    fprintf(
        stderr,
        _("%llu times a regular expression hit its limit and did not match, most in rule %.*s\n"),
        (unsigned long long)n->limits, STR_ARG(buf_str(&rule)));
    buf_fini(&rule);
}

/* Events that the scan did not look at or did not show, and why. */
static void tell_left_out(const struct scan_counts *n) {
    if (n->filtered > 0) {
        fprintf(stderr, _("%llu events were not asked for\n"), (unsigned long long)n->filtered);
    }
    if (n->files.left_out > 0) {
        fprintf(stderr, _("%llu files were not asked for\n"),
                (unsigned long long)n->files.left_out);
    }
    if (n->copies > 0) {
        fprintf(stderr, _("%llu events with hits were in another file already\n"),
                (unsigned long long)n->copies);
    }
    if (n->forgotten > 0) {
        fprintf(stderr, _("%llu events with hits were too many to remember: copies of them stay\n"),
                (unsigned long long)n->forgotten);
    }
    if (n->damaged > 0) {
        fprintf(stderr, _("%llu damaged events were not looked at\n"),
                (unsigned long long)n->damaged);
    }
}

void scan_message_counts(const struct scan_counts *n, size_t rules, int64_t elapsed_ns) {
    fprintf(stderr, _("%llu hits in %llu events of %llu files with %zu rules, %.1f s\n"),
            (unsigned long long)n->hits, (unsigned long long)n->events,
            (unsigned long long)n->files.files, rules, (double)elapsed_ns / (double)NS_PER_SECOND);
    if (n->suppressed > 0) {
        fprintf(stderr, _("%llu hits suppressed by the site file\n"),
                (unsigned long long)n->suppressed);
    }
    correlation_note(&n->correlation);
    tell_left_out(n);
    if (n->files.interrupted) {
        fputs(_("interrupted: the rest was not looked at\n"), stderr);
    }
    if (n->limits > 0 && n->limited != NULL) {
        tell_limits(n);
    }
}
