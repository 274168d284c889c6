#include "script_parts.h"

#include "mem.h"

/* One script; without parts it waits for nothing. */
struct script_waiting {
    struct buf *parts; /* `total` of them */
    bool *is_here;
    uint32_t total;
    uint32_t here;
    char *path;
    size_t path_bytes;
    int64_t time_ns; /* of the part that came first */
};

static void forget(struct script_parts *s, struct script_waiting *w) {
    for (uint32_t i = 0; i < w->total; i++) {
        s->bytes -= w->parts[i].len;
        buf_fini(&w->parts[i]);
    }
    s->open -= w->total > 0;
    mem_free(w->parts);
    mem_free(w->is_here);
    mem_free(w->path);
    *w = (struct script_waiting){0};
}

void script_parts_fini(struct script_parts *s) {
    for (uint32_t i = 0; i < s->names.count; i++) {
        forget(s, &s->waiting[i]);
    }
    mem_free(s->waiting);
    intern_fini(&s->names);
    buf_fini(&s->name);
    buf_fini(&s->joined);
}

/* NULL: there is no room. */
static struct script_waiting *find(struct script_parts *s, const struct script_part *part) {
    buf_clear(&s->name);
    buf_add(&s->name, part->computer);
    buf_putc(&s->name, '\0');
    buf_add(&s->name, part->id);
    bool has_room = s->names.count < SCRIPT_WAITING_MAX * 16 && s->open < SCRIPT_WAITING_MAX &&
                    s->bytes + part->text.len <= SCRIPT_BYTES_MAX;
    uint32_t before = s->names.count;
    uint32_t at = has_room ? intern_add(&s->names, buf_str(&s->name)) : INTERN_NONE;
    if (at == INTERN_NONE) {
        return NULL;
    }
    if (s->names.count != before) {
        MEM_GROW(s->waiting, s->capacity, (size_t)at + 1);
        s->waiting[at] = (struct script_waiting){0};
    }
    return &s->waiting[at];
}

static void begin(struct script_parts *s, struct script_waiting *w,
                  const struct script_part *part) {
    w->total = (uint32_t)part->total;
    w->parts = mem_calloc(w->total, sizeof *w->parts);
    w->is_here = mem_calloc(w->total, sizeof *w->is_here);
    w->path = mem_strdup(part->path.len > 0 ? part->path.ptr : "", part->path.len);
    w->path_bytes = part->path.len;
    w->time_ns = part->time_ns;
    s->open++;
}

static struct str join(struct script_parts *s, const struct script_waiting *w) {
    buf_clear(&s->joined);
    for (uint32_t i = 0; i < w->total; i++) {
        buf_add(&s->joined, buf_str(&w->parts[i]));
    }
    return buf_str(&s->joined);
}

enum script_state script_parts_add(struct str *joined, struct script_parts *s,
                                   const struct script_part *part) {
    bool is_one_of_many = part->total > 1 && part->total <= SCRIPT_PARTS_MAX && part->number > 0 &&
                          part->number <= part->total && part->id.len > 0;
    struct script_waiting *w = is_one_of_many ? find(s, part) : NULL;
    if (w == NULL || (w->total > 0 && w->total != part->total)) {
        return SCRIPT_ALONE;
    }
    if (w->total == 0) {
        begin(s, w, part);
    }
    uint32_t at = (uint32_t)part->number - 1;
    if (!w->is_here[at]) { /* a copy in another file says the same */
        w->is_here[at] = true;
        w->here++;
        buf_add(&w->parts[at], part->text);
        s->bytes += part->text.len;
    }
    if (w->here < w->total) {
        return SCRIPT_WAITS;
    }
    *joined = join(s, w);
    forget(s, w);
    return SCRIPT_WHOLE;
}

bool script_parts_next(struct script_part *out, struct script_parts *s, size_t *at) {
    while (*at < s->names.count && s->waiting[*at].total == 0) {
        ++*at;
    }
    if (*at >= s->names.count) {
        return false;
    }
    const struct script_waiting *w = &s->waiting[*at];
    struct str name = intern_text(&s->names, (uint32_t)(*at)++);
    size_t nul = str_find_char(name, '\0');
    *out = (struct script_part){.computer = str_head(name, nul),
                                .id = str_skip(name, nul + 1),
                                .path = str_make(w->path, w->path_bytes),
                                .text = join(s, w),
                                .time_ns = w->time_ns,
                                .number = w->here,
                                .total = w->total};
    return true;
}
