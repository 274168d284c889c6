/*
 * ptree: processes under the ones that started them. The whole forest, or what belongs to chosen
 * processes: those that led to them and those that they led to.
 */
#include "mem.h"
#include "process_list.h"
#include "triage_cells.h"

enum { DRAWN_DEPTH = 64 };

struct ptree {
    struct triage_out *out;
    const struct triage_options *options;
    struct process_list list;
    uint8_t *is_shown; /* by process */
};

static enum status ptree_open(void **state, struct triage_out *out,
                              const struct triage_options *options, struct err *err) {
    static const struct str shows[] = {STR_INIT(""), STR_INIT("both"), STR_INIT("ancestors"),
                                       STR_INIT("descendants"), STR_INIT("tree")};
    bool is_known = false;
    for (size_t i = 0; i < sizeof shows / sizeof *shows; i++) {
        is_known = is_known || str_eq(options->show, shows[i]);
    }
    if (!is_known) {
        return err_set(err, STATUS_BAD_INPUT,
                       "ptree: --show \"%.*s\": expected both | ancestors | descendants | tree",
                       STR_ARG(options->show));
    }
    struct ptree *t = mem_calloc(1, sizeof *t);
    t->out = out;
    t->options = options;
    triage_columns(out, STR("tree depth# start end host pid# parent_pid# user image command guid "
                            "missing event file idx# line# record_id#"));
    process_list_init(&t->list);
    *state = t;
    return STATUS_OK;
}

static void ptree_event(void *state, const struct triage_event *event) {
    struct ptree *t = state;
    process_list_see(&t->list, event);
}

/* --- which --- */

static bool is_chosen(const struct ptree *t, const struct process *p) {
    const struct triage_options *o = t->options;
    if (p->is_end || (o->guid.len > 0 && !str_eq_ci(process_text(&t->list, p->guid), o->guid)) ||
        (o->pid != TRIAGE_ANY_PID && p->pid != o->pid) ||
        (o->host.len > 0 && !str_eq_ci(process_text(&t->list, p->host), o->host))) {
        return false;
    }
    if (o->image.len > 0 && str_find_ci(process_text(&t->list, p->image), o->image) == STR_NONE) {
        return false;
    }
    bool is_alive = p->start_ns != TIME_NONE && p->start_ns <= o->at_ns &&
                    (p->end_ns == TIME_NONE || p->end_ns >= o->at_ns);
    return o->at_ns == TIME_NONE || is_alive;
}

/* The next one below `top` in the order of printing; PROCESS_NONE after the last. */
static uint32_t next_below(const struct process_list *list, uint32_t at, uint32_t top) {
    if (list->items[at].first_child != PROCESS_NONE) {
        return list->items[at].first_child;
    }
    while (at != top && list->items[at].next == PROCESS_NONE) {
        at = list->items[at].parent;
    }
    return at == top ? PROCESS_NONE : list->items[at].next;
}

/* What is known of a process: it is shown; so is all below it; so are those above it; one of its
 * later siblings is shown. */
enum { SHOWN = 1, SHOWN_BELOW = 2, SHOWN_ABOVE = 4, SHOWN_LATER = 8 };

static void show_below(struct ptree *t, uint32_t top) {
    if ((t->is_shown[top] & SHOWN_BELOW) != 0) {
        return;
    }
    for (uint32_t at = top; at != PROCESS_NONE; at = next_below(&t->list, at, top)) {
        t->is_shown[at] |= SHOWN | SHOWN_BELOW;
    }
}

static void show_above(struct ptree *t, uint32_t at) {
    while (at != PROCESS_NONE && (t->is_shown[at] & SHOWN_ABOVE) == 0) {
        t->is_shown[at] |= SHOWN | SHOWN_ABOVE;
        at = t->list.items[at].parent;
    }
}

static uint32_t root_of(const struct ptree *t, uint32_t at) {
    while (t->list.items[at].parent != PROCESS_NONE) {
        at = t->list.items[at].parent;
    }
    return at;
}

static void show(struct ptree *t, uint32_t at) {
    struct str what = t->options->show;
    if (str_eq(what, STR("tree"))) {
        if ((t->is_shown[at] & SHOWN_BELOW) == 0) {
            show_below(t, root_of(t, at));
        }
        return;
    }
    if (!str_eq(what, STR("ancestors"))) {
        show_below(t, at);
    }
    if (!str_eq(what, STR("descendants"))) {
        show_above(t, at);
    }
}

/* Marks the shown ones of a list of siblings that are not the last of them. */
static void mark_later(struct ptree *t, uint32_t first) {
    uint32_t before = PROCESS_NONE;
    for (uint32_t at = first; at != PROCESS_NONE; at = t->list.items[at].next) {
        if (t->is_shown[at] == 0) {
            continue;
        }
        if (before != PROCESS_NONE) {
            t->is_shown[before] |= SHOWN_LATER;
        }
        before = at;
    }
}

static void choose(struct ptree *t) {
    for (uint32_t i = 0; i < t->list.count; i++) {
        if (is_chosen(t, &t->list.items[i])) {
            show(t, i);
        }
    }
    mark_later(t, t->list.first_root);
    for (uint32_t i = 0; i < t->list.count; i++) {
        mark_later(t, t->list.items[i].first_child);
    }
}

/* --- printing --- */

/* Branches for the depth, then the name of the program. */
static void add_branches(struct buf *out, const struct ptree *t, uint32_t at, uint32_t depth) {
    static const char *const unicode[] = {"├─ ", "└─ ", "│  ", "   "};
    static const char *const ascii[] = {"|- ", "`- ", "|  ", "   "};
    const char *const *marks = t->options->is_ascii ? ascii : unicode;
    const char *drawn[DRAWN_DEPTH];
    uint32_t count = depth < DRAWN_DEPTH ? depth : DRAWN_DEPTH;
    for (uint32_t i = count; i > 0; i--) {
        bool is_own = i == count;
        drawn[i - 1] = marks[(is_own ? 0 : 2) + ((t->is_shown[at] & SHOWN_LATER) == 0)];
        at = t->list.items[at].parent;
    }
    for (uint32_t i = 0; i < count; i++) {
        buf_add(out, str_from_c(drawn[i]));
    }
}

static struct str base_name(struct str path) {
    size_t at = str_rfind_char(path, '\\');
    return at == STR_NONE ? path : str_skip(path, at + 1);
}

static void number_cell(struct triage_cells *cells, uint64_t number) {
    if (number > 0) {
        triage_cell_number(cells, number);
    } else {
        triage_cell(cells, STR_EMPTY);
    }
}

static void write_process(const struct ptree *t, struct triage_cells *cells, uint32_t at,
                          uint32_t depth) {
    const struct process *p = &t->list.items[at];
    const struct row place = {.idx = p->idx, .line = p->line, .record_id = p->record_id};
    const struct triage_event event = {.row = &place, .file = process_text(&t->list, p->file)};
    if (t->options->is_drawn) {
        struct str name = base_name(process_text(&t->list, p->image));
        add_branches(&cells->text, t, at, depth);
        buf_add(&cells->text, name.len > 0 ? name : STR("?"));
        buf_add(&cells->text, p->is_missing ? STR(" (no event)") : STR_EMPTY);
    }
    triage_cell_end(cells);
    triage_cell_number(cells, depth);
    triage_cell_time(cells, p->start_ns);
    triage_cell_time(cells, p->end_ns);
    triage_cell(cells, process_text(&t->list, p->host));
    number_cell(cells, p->pid);
    number_cell(cells, p->parent_pid);
    triage_cell(cells, process_text(&t->list, p->user));
    triage_cell(cells, process_text(&t->list, p->image));
    triage_cell(cells, process_text(&t->list, p->command));
    triage_cell(cells, process_text(&t->list, p->guid));
    triage_cell(cells, p->is_missing ? STR("true") : STR_EMPTY);
    triage_cell(cells, process_text(&t->list, p->event));
    if (p->is_missing) {
        for (int i = 0; i < 4; i++) {
            triage_cell(cells, STR_EMPTY);
        }
    } else {
        triage_cell_place(cells, &event);
    }
    triage_cells_write(cells, t->out);
}

/* The tree below a root, only what is shown. A shown process under one that is not is a root. */
static void print_tree(const struct ptree *t, struct triage_cells *cells, uint32_t root) {
    uint32_t depth = 0;
    uint32_t at = root;
    while (at != PROCESS_NONE && !t->out->is_stopped) {
        const struct process *p = &t->list.items[at];
        if (t->is_shown[at] != 0) {
            write_process(t, cells, at, depth);
        }
        if (p->first_child != PROCESS_NONE) {
            depth += t->is_shown[at] != 0;
            at = p->first_child;
            continue;
        }
        while (at != root && t->list.items[at].next == PROCESS_NONE) {
            at = t->list.items[at].parent;
            depth -= t->is_shown[at] != 0;
        }
        at = at == root ? PROCESS_NONE : t->list.items[at].next;
    }
}

static void ptree_end(void *state) {
    struct ptree *t = state;
    struct triage_cells cells = {0};
    process_list_link(&t->list);
    t->is_shown = mem_calloc(t->list.count + 1, 1);
    choose(t);
    for (uint32_t at = t->list.first_root; at != PROCESS_NONE && !t->out->is_stopped;
         at = t->list.items[at].next) {
        print_tree(t, &cells, at);
    }
    t->out->dropped += t->list.dropped;
    triage_cells_fini(&cells);
}

static void ptree_close(void *state) {
    struct ptree *t = state;
    process_list_fini(&t->list);
    mem_free(t->is_shown);
    mem_free(t);
}

const struct triage_question triage_ptree = {
    .open = ptree_open, .event = ptree_event, .end = ptree_end, .close = ptree_close};
