/*
 * Processes and who started whom, from Sysmon 1 and 5 (by ProcessGuid) and Security 4688 and 4689
 * (by process id: the parent is the one that had the id on that host at that time, ids are used
 * again).
 *
 * Invariant: a parent stands before its children in the order of host, start and record, so there
 * are no circles, whatever the events say. A parent that no event shows is made and marked missing.
 *
 * Memory: at most PROCESSES_MAX events and PROCESS_TEXT_BYTES of text; what does not fit is
 * counted.
 */
#ifndef KONSEKI_PROCESS_LIST_H
#define KONSEKI_PROCESS_LIST_H

#include "intern.h"
#include "triage_fields.h"

enum { PROCESSES_MAX = 1 << 20 };
#define PROCESS_TEXT_BYTES (UINT64_C(64) << 20)
#define PROCESS_NONE       UINT32_MAX

struct process {
    uint32_t host; /* these are ids of texts; 0 is the empty text */
    uint32_t key;  /* host and guid, or host and process id */
    uint32_t parent_key;
    uint32_t guid;
    uint32_t image;
    uint32_t command;
    uint32_t user;
    uint32_t parent_image;
    uint32_t parent_guid;
    uint32_t event;
    uint32_t file;
    uint32_t idx;
    uint32_t line;
    uint64_t record_id;
    uint64_t pid;
    uint64_t parent_pid;
    int64_t start_ns; /* of an end: when */
    int64_t end_ns;   /* TIME_NONE: unknown */
    bool is_end;      /* an event 5 or 4689; gone when linked */
    bool is_missing;  /* known from its children only */
    /* links: places in the list; PROCESS_NONE: none */
    uint32_t parent;
    uint32_t first_child;
    uint32_t last_child;
    uint32_t next; /* sibling, or root */
};

struct process_list {
    struct triage_fields fields;
    struct triage_host host_places;
    size_t channel, id, guid, pid, image, command, user, parent_guid, parent_pid, parent_image;
    size_t new_pid, new_image, subject, parent_name;
    struct intern texts;
    uint64_t text_bytes;
    struct process *items;
    size_t count;
    size_t capacity;
    uint32_t first_root; /* after process_list_link */
    uint32_t last_root;
    uint64_t dropped;
    uint64_t repeated; /* the same process again: the same log twice */
    struct buf scratch;
};

void process_list_init(struct process_list *list);
void process_list_fini(struct process_list *list);
/* Keeps the event if it is about the start or end of a process. */
void process_list_see(struct process_list *list, const struct triage_event *event);
/* All was seen: sorts, links. */
void process_list_link(struct process_list *list);
static inline struct str process_text(const struct process_list *list, uint32_t id) {
    return intern_text(&list->texts, id);
}

#endif
