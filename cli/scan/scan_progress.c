#define _GNU_SOURCE /* sigaction */
#include "scan_progress.h"

#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "i18n.h"
#include "output.h"

enum { SHOW_EVERY_NS = 250000000, FIRST_AFTER_NS = 500000000 };

static volatile sig_atomic_t interrupted;

static void note_signal(int signal) {
    (void)signal;
    interrupted = 1;
}

/* What is said when the rules are not loaded yet; made before, as a handler may only write. */
static char farewell[512];
static size_t farewell_length;

static void end_at_once(int signal) {
    (void)signal;
    (void)!write(STDERR_FILENO, farewell, farewell_length);
    _exit(EXIT_INTERRUPTED);
}

void scan_interrupt_while_loading(void) {
    int length =
        snprintf(farewell, sizeof farewell, "\n%s\n",
                 _("konseki scan: interrupted while the rules were loaded: nothing was looked at"));
    farewell_length = length > 0 && (size_t)length < sizeof farewell ? (size_t)length : 0;
    struct sigaction action = {.sa_handler = end_at_once};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

const volatile sig_atomic_t *scan_interrupt_catch(void) {
    /* SA_RESETHAND: the second one ends the process as if nobody had asked. */
    struct sigaction action = {.sa_handler = note_signal,
                               .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    return &interrupted;
}

void scan_progress_begin(struct scan_progress *progress, bool quiet) {
    int64_t now = clock_mono_ns();
    *progress = (struct scan_progress){.is_shown = !quiet && isatty(STDERR_FILENO) == 1,
                                       .start_mono_ns = now,
                                       .shown_mono_ns = now + FIRST_AFTER_NS - SHOW_EVERY_NS};
}

/* "1:05:09", "5:09" */
static void add_clock(struct buf *out, int64_t seconds) {
    if (seconds >= 3600) {
        buf_printf(out, "%lld:%02lld:%02lld", (long long)(seconds / 3600),
                   (long long)(seconds / 60 % 60), (long long)(seconds % 60));
    } else {
        buf_printf(out, "%lld:%02lld", (long long)(seconds / 60), (long long)(seconds % 60));
    }
}

static void add_rate(struct buf *out, uint64_t events, int64_t elapsed_ns) {
    double rate =
        (double)events * (double)NS_PER_SECOND / (double)(elapsed_ns > 0 ? elapsed_ns : 1);
    if (rate >= 1e6) {
        buf_printf(out, _("%.1f M events/s"), rate / 1e6);
    } else if (rate >= 1e3) {
        buf_printf(out, _("%.0f k events/s"), rate / 1e3);
    } else {
        buf_printf(out, _("%.0f events/s"), rate);
    }
}

static void add_hits(struct buf *out, const struct scan_counts *counts) {
    buf_printf(out, _("%llu hits"), (unsigned long long)counts->hits);
    const char *separator = " (";
    for (int level = SIGMA_CRITICAL; level >= SIGMA_MEDIUM; level--) {
        if (counts->hits_by_level[level] > 0) {
            struct str name = sigma_level_name((enum sigma_level)level);
            buf_printf(out, "%s%.*s %llu", separator, STR_ARG(name),
                       (unsigned long long)counts->hits_by_level[level]);
            separator = ", ";
        }
    }
    buf_add(out, separator[0] == ',' ? STR(")") : STR_EMPTY);
}

static void add_left(struct buf *out, const struct file_rows_progress *how_far,
                     int64_t elapsed_ns) {
    uint64_t done = how_far->done_bytes;
    if (done == 0 || done >= how_far->all_bytes) {
        return;
    }
    double left = (double)elapsed_ns / (double)done * (double)(how_far->all_bytes - done);
    buf_add(out, STR(" · "));
    buf_add(out, str_from_c(_("left: ")));
    add_clock(out, (int64_t)(left / (double)NS_PER_SECOND) + 1);
}

void scan_progress_show(struct scan_progress *progress, const struct scan_counts *counts,
                        const struct file_rows_progress *how_far) {
    if (!progress->is_shown) {
        return;
    }
    int64_t now = clock_mono_ns();
    if (now - progress->shown_mono_ns < SHOW_EVERY_NS) {
        return;
    }
    int64_t elapsed = now - progress->start_mono_ns;
    struct buf line = BUF_INIT;
    uint64_t all = how_far->all_bytes > 0 ? how_far->all_bytes : 1;
    uint64_t done = how_far->done_bytes < all ? how_far->done_bytes : all;
    buf_printf(&line, "\r\033[K%3.0f %% · ", 100.0 * (double)done / (double)all);
    add_rate(&line, counts->events, elapsed);
    buf_add(&line, STR(" · "));
    add_hits(&line, counts);
    add_left(&line, how_far, elapsed);
    (void)output_write(stderr, buf_str(&line));
    (void)fflush(stderr);
    buf_fini(&line);
    progress->shown_mono_ns = now;
    progress->has_line = true;
}

void scan_progress_clear(struct scan_progress *progress) {
    if (progress->has_line) {
        fputs("\r\033[K", stderr);
        (void)fflush(stderr);
        progress->has_line = false;
    }
}
