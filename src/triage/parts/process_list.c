#include "process_list.h"

#include <stdlib.h>

#include "mem.h"
#include "num.h"

void process_list_init(struct process_list *list) {
    *list = (struct process_list){.first_root = PROCESS_NONE, .last_root = PROCESS_NONE};
    struct triage_fields *f = &list->fields;
    triage_host_add(&list->host_places, f);
    list->channel = triage_fields_add(f, FIELD_WINLOG_CHANNEL);
    list->id = triage_fields_add(f, FIELD_WINLOG_EVENT_ID);
    list->guid = triage_fields_add_name(f, STR("ProcessGuid"));
    list->pid = triage_fields_add_name(f, STR("ProcessId"));
    list->image = triage_fields_add_name(f, STR("Image"));
    list->command = triage_fields_add_name(f, STR("CommandLine"));
    list->user = triage_fields_add_name(f, STR("User"));
    list->parent_guid = triage_fields_add_name(f, STR("ParentProcessGuid"));
    list->parent_pid = triage_fields_add_name(f, STR("ParentProcessId"));
    list->parent_image = triage_fields_add_name(f, STR("ParentImage"));
    list->new_pid = triage_fields_add_name(f, STR("NewProcessId"));
    list->new_image = triage_fields_add_name(f, STR("NewProcessName"));
    list->subject = triage_fields_add_name(f, STR("SubjectUserName"));
    list->parent_name = triage_fields_add_name(f, STR("ParentProcessName"));
    (void)intern_add(&list->texts, STR_EMPTY);
}

void process_list_fini(struct process_list *list) {
    triage_fields_fini(&list->fields);
    intern_fini(&list->texts);
    mem_free(list->items);
    buf_fini(&list->scratch);
}

/* --- reading --- */

static uint32_t keep(struct process_list *list, struct str text) {
    uint32_t before = list->texts.count;
    uint32_t id = intern_add(&list->texts, text);
    list->text_bytes += list->texts.count != before ? text.len + sizeof(struct str) + 16 : 0;
    return id;
}

static uint32_t keep_field(struct process_list *list, size_t place) {
    struct str text = triage_field(&list->fields, place);
    return keep(list, text.len > 0 ? text : STR_EMPTY);
}

/* "1234" or "0x4d2"; 0 for what is no number. */
static uint64_t read_pid(struct str text) {
    uint64_t pid = 0;
    bool is_hex = str_starts_ci(text, STR("0x"));
    bool is_good = is_hex ? num_parse_hex(&pid, str_skip(text, 2)) : num_parse_u64(&pid, text);
    return is_good ? pid : 0;
}

/* What a process is known by: its guid, else its number on that host. */
static uint32_t key_of(struct process_list *list, struct str host, struct str guid, uint64_t pid) {
    buf_clear(&list->scratch);
    buf_add(&list->scratch, host);
    if (guid.len > 0) {
        buf_putc(&list->scratch, '\1');
        buf_add(&list->scratch, guid);
    } else {
        buf_putc(&list->scratch, '\2');
        buf_printf(&list->scratch, "%llu", (unsigned long long)pid);
    }
    for (size_t i = 0; i < list->scratch.len; i++) {
        list->scratch.ptr[i] = ascii_lower(list->scratch.ptr[i]);
    }
    return keep(list, buf_str(&list->scratch));
}

static void read_sysmon(struct process_list *list, struct process *p, struct str host) {
    const struct triage_fields *f = &list->fields;
    p->pid = read_pid(triage_field(f, list->pid));
    p->parent_pid = read_pid(triage_field(f, list->parent_pid));
    p->guid = keep_field(list, list->guid);
    p->image = keep_field(list, list->image);
    p->command = keep_field(list, list->command);
    p->user = keep_field(list, list->user);
    p->parent_image = keep_field(list, list->parent_image);
    p->parent_guid = keep_field(list, list->parent_guid);
    p->key = key_of(list, host, triage_field(f, list->guid), p->pid);
    p->parent_key = key_of(list, host, triage_field(f, list->parent_guid), p->parent_pid);
}

static void read_security(struct process_list *list, struct process *p, struct str host) {
    const struct triage_fields *f = &list->fields;
    p->pid = read_pid(triage_field(f, p->is_end ? list->pid : list->new_pid));
    p->parent_pid = p->is_end ? 0 : read_pid(triage_field(f, list->pid));
    p->image = keep_field(list, list->new_image);
    p->command = keep_field(list, list->command);
    p->user = keep_field(list, list->subject);
    p->parent_image = keep_field(list, list->parent_name);
    p->key = key_of(list, host, STR_EMPTY, p->pid);
    p->parent_key = key_of(list, host, STR_EMPTY, p->parent_pid);
}

void process_list_see(struct process_list *list, const struct triage_event *event) {
    if (!event->is_windows) {
        return;
    }
    triage_fields_read(&list->fields, event->batch, event->row);
    struct str channel = triage_field(&list->fields, list->channel);
    uint32_t id = triage_event_id(triage_field(&list->fields, list->id));
    bool is_sysmon =
        (id == 1 || id == 5) && str_eq_ci(channel, STR("Microsoft-Windows-Sysmon/Operational"));
    bool is_security = (id == 4688 || id == 4689) && str_eq_ci(channel, STR("Security"));
    if (!is_sysmon && !is_security) {
        return;
    }
    if (list->count == PROCESSES_MAX || list->text_bytes > PROCESS_TEXT_BYTES) {
        list->dropped++;
        return;
    }
    struct str host = triage_host_of(&list->host_places, &list->fields, event);
    struct process p = {.host = keep(list, host),
                        .event = keep_field(list, list->id),
                        .file = keep(list, event->file),
                        .idx = event->row->idx,
                        .line = event->row->line,
                        .record_id = event->row->record_id,
                        .start_ns = triage_time(event->row),
                        .end_ns = TIME_NONE,
                        .is_end = id == 5 || id == 4689,
                        .parent = PROCESS_NONE,
                        .first_child = PROCESS_NONE,
                        .last_child = PROCESS_NONE,
                        .next = PROCESS_NONE};
    if (is_sysmon) {
        read_sysmon(list, &p, host);
    } else {
        read_security(list, &p, host);
    }
    MEM_GROW(list->items, list->capacity, list->count + 1);
    list->items[list->count++] = p;
}

/* --- linking --- */

static int compare_u64(uint64_t a, uint64_t b) {
    return a < b ? -1 : a > b;
}

static int in_order(const void *x, const void *y) {
    const struct process *a = x;
    const struct process *b = y;
    int c = compare_u64(a->host, b->host);
    c = c != 0 ? c : (a->start_ns < b->start_ns ? -1 : a->start_ns > b->start_ns);
    c = c != 0 ? c : compare_u64(a->record_id, b->record_id);
    c = c != 0 ? c : compare_u64(a->file, b->file);
    c = c != 0 ? c : compare_u64(a->line, b->line);
    return c != 0 ? c : compare_u64(a->idx, b->idx);
}

static void add_child(struct process_list *list, uint32_t parent, uint32_t child) {
    struct process *p = parent == PROCESS_NONE ? NULL : &list->items[parent];
    uint32_t *first = p == NULL ? &list->first_root : &p->first_child;
    uint32_t *last = p == NULL ? &list->last_root : &p->last_child;
    list->items[child].parent = parent;
    if (*last == PROCESS_NONE) {
        *first = child;
    } else {
        list->items[*last].next = child;
    }
    *last = child;
}

/* A parent that is known from its child only. */
static uint32_t make_missing(struct process_list *list, uint32_t child) {
    const struct process c = list->items[child];
    MEM_GROW(list->items, list->capacity, list->count + 1);
    list->items[list->count] = (struct process){.host = c.host,
                                                .key = c.parent_key,
                                                .guid = c.parent_guid,
                                                .image = c.parent_image,
                                                .pid = c.parent_pid,
                                                .start_ns = TIME_NONE,
                                                .end_ns = TIME_NONE,
                                                .is_missing = true,
                                                .parent = PROCESS_NONE,
                                                .first_child = PROCESS_NONE,
                                                .last_child = PROCESS_NONE,
                                                .next = PROCESS_NONE};
    return (uint32_t)list->count++;
}

/* Can the process that has the key be the parent? A number may have been given to another since. */
static bool is_parent(const struct process *p, const struct process *child) {
    bool has_ended = p->end_ns != TIME_NONE && p->end_ns < child->start_ns;
    bool is_by_guid = child->parent_guid != 0;
    bool is_same_image =
        p->image == child->parent_image || p->image == 0 || child->parent_image == 0;
    return is_by_guid || (p->is_missing ? is_same_image : !has_ended);
}

/* The process with this key that started last so far. */
static uint32_t parent_of(struct process_list *list, uint32_t *latest, uint32_t at) {
    uint32_t key = list->items[at].parent_key;
    bool is_known = list->items[at].parent_guid != 0 || list->items[at].parent_pid != 0;
    if (!is_known) {
        return PROCESS_NONE;
    }
    if (latest[key] == PROCESS_NONE || !is_parent(&list->items[latest[key]], &list->items[at])) {
        latest[key] = make_missing(list, at);
        add_child(list, PROCESS_NONE, latest[key]);
    }
    return latest[key];
}

static bool is_repeated(const struct process_list *list, const uint32_t *latest, uint32_t at) {
    const struct process *p = &list->items[at];
    const struct process *other =
        latest[p->key] == PROCESS_NONE ? NULL : &list->items[latest[p->key]];
    return other != NULL && !other->is_missing &&
           (p->guid != 0 || (other->start_ns == p->start_ns && other->image == p->image));
}

static void link_one(struct process_list *list, uint32_t *latest, uint32_t at) {
    struct process *p = &list->items[at];
    if (p->is_end) {
        if (latest[p->key] != PROCESS_NONE) {
            list->items[latest[p->key]].end_ns = p->start_ns;
        }
    } else if (is_repeated(list, latest, at)) {
        p->is_end = true; /* no process of its own */
        list->repeated++;
    } else {
        add_child(list, parent_of(list, latest, at), at);
        latest[list->items[at].key] = at;
    }
}

void process_list_link(struct process_list *list) {
    size_t seen = list->count;
    if (seen == 0) {
        return;
    }
    qsort(list->items, seen, sizeof *list->items, in_order);
    uint32_t *latest = mem_calloc(list->texts.count, sizeof *latest); /* by key */
    for (uint32_t i = 0; i < list->texts.count; i++) {
        latest[i] = PROCESS_NONE;
    }
    for (uint32_t i = 0; i < seen; i++) {
        link_one(list, latest, i);
    }
    mem_free(latest);
}
