#include "privileged.h"

#include "mem.h"

void privileged_fini(struct privileged *p) {
    intern_fini(&p->sessions);
    mem_free(p->has_privileges);
    mem_free(p->logons);
    buf_fini(&p->scratch);
}

/* INTERN_NONE: no room. */
static uint32_t session_of(struct privileged *p, struct str computer, struct str logon_id) {
    buf_clear(&p->scratch);
    buf_add(&p->scratch, computer);
    buf_putc(&p->scratch, '\0');
    buf_add(&p->scratch, logon_id);
    uint32_t before = p->sessions.count;
    bool has_room = before < PRIVILEGED_LOGONS && p->text_bytes < PRIVILEGED_TEXT_BYTES;
    struct str session = buf_str(&p->scratch);
    uint32_t id = has_room ? intern_add_lower(&p->sessions, session)
                           : intern_find_lower(&p->sessions, session);
    if (id == INTERN_NONE) {
        p->dropped++;
    } else if (p->sessions.count != before) {
        MEM_GROW(p->has_privileges, p->session_capacity, (size_t)id + 1);
        p->has_privileges[id] = false;
        p->text_bytes += session.len;
    }
    return id;
}

void privileged_add_logon(struct privileged *p, struct str computer, struct str logon_id,
                          uint32_t group) {
    uint32_t session = session_of(p, computer, logon_id);
    if (session == INTERN_NONE) {
        return;
    }
    if (p->logon_count == PRIVILEGED_LOGONS) {
        p->dropped++;
        return;
    }
    MEM_GROW(p->logons, p->logon_capacity, p->logon_count + 1);
    p->logons[p->logon_count++] = (struct privileged_logon){session, group};
}

void privileged_add(struct privileged *p, struct str computer, struct str logon_id) {
    uint32_t session = session_of(p, computer, logon_id);
    if (session != INTERN_NONE) {
        p->has_privileges[session] = true;
    }
}

void privileged_count(const struct privileged *p, uint64_t *counts) {
    for (size_t i = 0; i < p->logon_count; i++) {
        counts[p->logons[i].group] += p->has_privileges[p->logons[i].session];
    }
}
