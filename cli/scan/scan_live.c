#include "scan_live.h"

#include "file_rows.h"
#include "i18n.h"
#include "mem.h"

enum { ELSEWHERE_TOLD = 10 };

/* Logs without which many rules see nothing, and what is lost without them. */
static const struct {
    struct str channel;
    const char *why;
} wanted[] = {
    {STR_INIT("Security"), N_("logons, processes, accounts, policies")},
    {STR_INIT("System"), N_("services, drivers, cleared logs")},
    {STR_INIT("Application"), N_("installers, crashes, database and antivirus messages")},
    {STR_INIT("Microsoft-Windows-Sysmon/Operational"),
     N_("most rules of Sigma: processes, network, registry, files; was Sysmon installed?")},
    {STR_INIT("Microsoft-Windows-PowerShell/Operational"), N_("text of PowerShell scripts")},
    {STR_INIT("Windows PowerShell"), N_("starts of PowerShell")},
    {STR_INIT("Microsoft-Windows-TaskScheduler/Operational"),
     N_("scheduled tasks; off by default")},
    {STR_INIT("Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"),
     N_("remote desktop sessions")},
    {STR_INIT("Microsoft-Windows-Windows Defender/Operational"), N_("malware that was found")},
    {STR_INIT("Microsoft-Windows-WMI-Activity/Operational"), N_("permanent WMI subscriptions")},
    {STR_INIT("Microsoft-Windows-Bits-Client/Operational"), N_("downloads by BITS")},
    {STR_INIT("Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"),
     N_("changes of the firewall")},
};

static void tell_finds(const struct scan_live *live, const char *command) {
    fprintf(stderr, _("konseki %s: %zu event logs in %zu folders of --live\n"), command,
            live->finds.count, live->finds.folder_count);
    if (live->finds.elsewhere > 0) {
        fprintf(stderr,
                _("konseki %s: %zu of them lie elsewhere than in winevt/Logs (redirected or "
                  "copied):\n"),
                command, live->finds.elsewhere);
    }
    for (size_t i = 0, told = 0; i < live->finds.count && told < ELSEWHERE_TOLD; i++) {
        if (live->finds.logs[i].is_elsewhere) {
            struct buf path = BUF_INIT;
            output_append_visible(&path, str_from_c(live->finds.logs[i].path));
            fprintf(stderr, "  %.*s\n", STR_ARG(buf_str(&path)));
            buf_fini(&path);
            told++;
        }
    }
    if (live->finds.is_cut) {
        fprintf(stderr, _("konseki %s: more than %d folders: some were not looked into\n"), command,
                (int)LIVE_FOLDERS_LIMIT);
    }
}

bool scan_live_open(struct scan_live *live, const char *command, const struct option_list *roots,
                    const struct positionals *given) {
    struct err err = ERR_INIT;
    *live = (struct scan_live){.paths = NULL};
    for (size_t i = 0; i < roots->count; i++) {
        if (live_root_find(&live->finds, roots->items[i], &err) != STATUS_OK) {
            output_error(command, &err);
            return false;
        }
    }
    if (roots->count > 0) {
        tell_finds(live, command);
    }
    size_t given_count = (size_t)given->count;
    live->path_count = given_count + live->finds.count;
    live->paths = mem_calloc(live->path_count + 1, sizeof *live->paths);
    live->logs = mem_calloc(live->finds.count + 1, sizeof *live->logs);
    live->input_count = given_count + roots->count;
    live->inputs = mem_calloc(live->input_count + 1, sizeof *live->inputs);
    for (size_t i = 0; i < given_count; i++) {
        live->paths[i] = given->items[i];
        live->inputs[i] = given->items[i];
    }
    for (size_t i = 0; i < roots->count; i++) {
        live->inputs[given_count + i] = roots->items[i];
    }
    for (size_t i = 0; i < live->finds.count; i++) {
        live->paths[given_count + i] = live->finds.logs[i].path;
        live->logs[i] = (struct scan_live_log){.first_ns = TIME_NONE, .last_ns = TIME_NONE};
    }
    return true;
}

void scan_live_fini(struct scan_live *live) {
    live_finds_fini(&live->finds);
    mem_free(live->paths);
    mem_free(live->inputs);
    mem_free(live->logs);
    *live = (struct scan_live){.paths = NULL};
}

/* The find of this path: finds are read in order, so it is the last one or a later one. */
static struct scan_live_log *find_log(struct scan_live *live, struct str file) {
    for (size_t i = live->current; i < live->finds.count; i++) {
        if (str_eq(str_from_c(live->finds.logs[i].path), file)) {
            live->current = i;
            return &live->logs[i];
        }
    }
    return NULL;
}

void scan_live_batch(struct scan_live *live, const struct batch *batch, struct str file) {
    struct scan_live_log *log = find_log(live, file);
    for (size_t i = 0; log != NULL && i < batch->row_count; i++) {
        const struct row *row = &batch->rows[i];
        if (!file_rows_is_event(row) || (row->flags & (ROW_DAMAGED | ROW_RECOVERED)) != 0) {
            continue;
        }
        log->events++;
        if (log->first_ns == TIME_NONE || row->time_ns < log->first_ns) {
            log->first_ns = row->time_ns;
        }
        if (log->last_ns == TIME_NONE || row->time_ns > log->last_ns) {
            log->last_ns = row->time_ns;
        }
        if (log->first_id == 0 || (row->record_id != 0 && row->record_id < log->first_id)) {
            log->first_id = row->record_id;
        }
    }
}

/* --- what they cover --- */

static void tell_log(const struct live_log *find, const struct scan_live_log *log,
                     const struct zone *zone) {
    struct buf first = BUF_INIT;
    struct buf last = BUF_INIT;
    output_append_local_time(&first, log->first_ns, zone);
    output_append_local_time(&last, log->last_ns, zone);
    fprintf(stderr, _("  %.*s: %llu events, %.*s to %.*s%s\n"), STR_ARG(find->channel),
            (unsigned long long)log->events, STR_ARG(buf_str(&first)), STR_ARG(buf_str(&last)),
            log->first_id > 1 ? _(" (older ones were overwritten or cleared)") : "");
    buf_fini(&first);
    buf_fini(&last);
}

static void tell_channel(const struct scan_live *live, struct str channel, const char *why,
                         const struct zone *zone) {
    bool found = false;
    for (size_t i = 0; i < live->finds.count; i++) {
        const struct live_log *find = &live->finds.logs[i];
        if (!str_eq_ci(find->channel, channel)) {
            continue;
        }
        found = true;
        if (live->logs[i].events > 0) {
            tell_log(find, &live->logs[i], zone);
        } else {
            fprintf(stderr, _("  %.*s: empty: %s\n"), STR_ARG(channel), _(why));
        }
    }
    if (!found) {
        fprintf(stderr, _("  %.*s: absent: %s\n"), STR_ARG(channel), _(why));
    }
}

void scan_live_tell(const struct scan_live *live, const struct zone *zone) {
    if (live->finds.folder_count == 0) {
        return;
    }
    fprintf(stderr, "%s\n", _("logs that many rules look at:"));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        tell_channel(live, wanted[i].channel, wanted[i].why, zone);
    }
}
