/* logons: who logged on, or tried to, from where, how; facts only. */
#include "logon_read.h"
#include "mem.h"
#include "privileged.h"
#include "tally.h"
#include "triage_cells.h"
#include "triage_names.h"

struct logons {
    struct triage_out *out;
    struct str user; /* whose logons; empty: all */
    struct logon_reader reader;
    struct tally tally;
    struct privileged privileged;
};

static enum status logons_open(void **state, struct triage_out *out,
                               const struct triage_options *options, struct err *err) {
    (void)err; /* no option can be wrong */
    struct logons *l = mem_calloc(1, sizeof *l);
    l->out = out;
    l->user = options->user;
    triage_columns(out, STR("count# privileged# result event user domain logon_type type_name "
                            "source_host source_ip computer package ntlm logon_process key_length "
                            "status reason by target first last"));
    logon_reader_init(&l->reader);
    tally_init(&l->tally, LOGON_PARTS);
    *state = l;
    return STATUS_OK;
}

static void logons_event(void *state, const struct triage_event *event) {
    struct logons *l = state;
    struct logon logon;
    enum logon_kind kind = logon_read(&logon, &l->reader, event);
    struct str computer = logon.parts[LOGON_COMPUTER];
    if (kind == LOGON_PRIVILEGES) {
        privileged_add(&l->privileged, computer, logon.logon_id);
    }
    bool is_wanted = logon_is_of(logon.parts[LOGON_USER], l->user) ||
                     logon_is_of(logon.parts[LOGON_BY], l->user);
    if (kind != LOGON_ATTEMPT || !is_wanted) {
        return;
    }
    uint32_t group = tally_add(&l->tally, logon.parts, computer, triage_time(event->row));
    bool is_4624 = event->is_windows && str_eq(logon.parts[LOGON_EVENT_ID], STR("4624"));
    if (is_4624 && group != TALLY_NONE) {
        privileged_add_logon(&l->privileged, computer, logon.logon_id, group);
    }
}

/* --- the listing --- */

static struct str reason_of(struct str event, struct str status) {
    uint32_t id = triage_event_id(event);
    bool is_kerberos = id == 4768 || id == 4769 || id == 4771;
    return is_kerberos ? triage_kdc_status(status) : triage_logon_status(status);
}

/* What a ticket is encrypted with, by name; "" if there was none. */
static struct str package_of(struct str event, struct str package) {
    uint32_t id = triage_event_id(event);
    if (id != 4768 && id != 4769) {
        return package;
    }
    struct str name = triage_ticket_encryption(package);
    bool is_known = name.len > 0 || str_eq_ci(package, STR("0xffffffff"));
    return is_known ? name : package;
}

static void write_group(const struct logons *l, struct triage_cells *cells, uint32_t at,
                        uint64_t privileged) {
    const struct tally_group *group = &l->tally.groups[at];
    triage_cell_number(cells, group->count);
    triage_cell_number(cells, privileged);
    for (size_t k = 0; k < LOGON_PARTS; k++) {
        struct str text = tally_key(&l->tally, at, k);
        bool is_package = k == LOGON_PACKAGE;
        triage_cell(cells,
                    is_package ? package_of(tally_key(&l->tally, at, LOGON_EVENT_ID), text) : text);
        if (k == LOGON_TYPE) {
            triage_cell(cells, triage_logon_type(text));
        } else if (k == LOGON_STATUS) {
            triage_cell(cells, reason_of(tally_key(&l->tally, at, LOGON_EVENT_ID), text));
        }
    }
    triage_cell_time(cells, group->first_ns);
    triage_cell_time(cells, group->last_ns);
    triage_cells_write(cells, l->out);
}

static void logons_end(void *state) {
    struct logons *l = state;
    struct triage_cells cells = {0};
    uint64_t *privileged = mem_calloc((size_t)l->tally.count + 1, sizeof *privileged);
    uint32_t *sorted = tally_sorted(&l->tally, TALLY_MOST_FIRST);
    privileged_count(&l->privileged, privileged);
    for (uint32_t i = 0; i < l->tally.count && !l->out->is_stopped; i++) {
        write_group(l, &cells, sorted[i], privileged[sorted[i]]);
    }
    l->out->dropped += l->tally.dropped + l->privileged.dropped;
    mem_free(sorted);
    mem_free(privileged);
    triage_cells_fini(&cells);
}

static void logons_close(void *state) {
    struct logons *l = state;
    logon_reader_fini(&l->reader);
    tally_fini(&l->tally);
    privileged_fini(&l->privileged);
    mem_free(l);
}

const struct triage_question triage_logons = {
    .open = logons_open, .event = logons_event, .end = logons_end, .close = logons_close};
