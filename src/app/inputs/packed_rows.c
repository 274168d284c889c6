#include "packed_rows.h"

#include "i18n.h"
#include "input_spool.h"
#include "mem.h"

enum {
    WINDOW_BYTES = 4 << 20, /* over the record limit, and all that telling a format needs */
    PACKED_DEPTH_LIMIT = 3
};

struct unpacking {
    struct file_reading *reading;
    const struct packed *outer; /* what is on disk */
    uint64_t spent_bytes;
};

static void read_archive(struct unpacking *work, const struct input_file *file, const char *name,
                         int depth);

/* Says how far it is; between members too, where nothing may be parsed for long. */
static bool told_to_end(struct unpacking *work) {
    struct file_reading *reading = work->reading;
    reading->progress.done_bytes = reading->file_start_bytes + packed_position(work->outer);
    return file_reading_ends(reading);
}

/* A member being read: what came and is not parsed yet. */
struct member {
    struct packed *packed;
    const char *name;
    int64_t modified_wall_ns;
    struct buf window;
    bool ended;
    struct err err; /* what cut it short */
};

/* Fills the window; what cannot be read any more is the member's end. */
static void fill(struct member *m) {
    while (m->window.len < WINDOW_BYTES && !m->ended) {
        size_t size = WINDOW_BYTES - m->window.len;
        char *to = buf_reserve(&m->window, size);
        m->ended = packed_read(m->packed, to, &size, &m->err) != STATUS_OK || size == 0;
        m->window.len += size;
    }
}

static const uint8_t *window_bytes(const struct member *m) {
    return (const uint8_t *)m->window.ptr;
}

static void read_as_stream(struct unpacking *work, struct member *m) {
    struct file_reading *reading = work->reading;
    struct str name = str_from_c(m->name);
    struct parse_input_options options = file_reading_options(reading, name, m->modified_wall_ns);
    options.more_follows = !m->ended;
    struct parse_input *input = parse_input_open(window_bytes(m), m->window.len, &options);
    reading->counts->bytes += m->window.len;
    for (;;) {
        while (file_reading_give(reading, input, name)) {
        }
        if (m->ended || reading->stopped) {
            break;
        }
        size_t left = parse_input_left(input);
        memmove(m->window.ptr, m->window.ptr + m->window.len - left, left);
        m->window.len = left;
        fill(m);
        reading->counts->bytes += m->window.len - left;
        (void)told_to_end(work);
        parse_input_window(input, window_bytes(m), m->window.len, !m->ended);
    }
    parse_input_close(&input);
    file_reading_done(reading, name);
}

/* All of the member's bytes as a file; false if the machine has no room for them. */
static bool collect(struct input_file *out, struct unpacking *work, struct member *m) {
    struct input_spool *spool = input_spool_create();
    enum status status = STATUS_OK;
    while (status == STATUS_OK && m->window.len > 0 && !told_to_end(work)) {
        status = input_spool_append(spool, m->window.ptr, m->window.len, &m->err);
        m->window.len = 0;
        fill(m);
    }
    if (status == STATUS_OK) {
        status = input_spool_take(out, &spool, &m->err);
    }
    out->modified_wall_ns = m->modified_wall_ns;
    input_spool_destroy(&spool);
    return status == STATUS_OK;
}

static void read_as_whole(struct unpacking *work, struct member *m, int depth) {
    struct input_file file;
    bool is_packed = packed_is(window_bytes(m), m->window.len);
    if (!collect(&file, work, m)) {
        return;
    }
    if (is_packed) {
        read_archive(work, &file, m->name, depth + 1);
    } else {
        file_reading_whole(work->reading, &file, m->name);
    }
    input_file_close(&file);
}

static void read_member(struct unpacking *work, struct member *m, int depth) {
    struct str name = str_from_c(m->name);
    const struct parse_input_options options =
        file_reading_options(work->reading, name, m->modified_wall_ns);
    fill(m);
    const uint8_t *bytes = window_bytes(m);
    size_t size = m->window.len;
    if (!packed_is(bytes, size) && !file_reading_admits(work->reading, name)) {
        m->err = (struct err)ERR_INIT; /* nobody asked what is wrong with it */
    } else if (packed_is(bytes, size) && depth >= PACKED_DEPTH_LIMIT) {
        (void)err_set(&m->err, STATUS_BAD_INPUT, _("packed more than %d times: not read"),
                      PACKED_DEPTH_LIMIT);
    } else if (packed_is(bytes, size) || parse_input_needs_whole(bytes, size, &options)) {
        read_as_whole(work, m, depth);
    } else if (m->err.status == STATUS_OK || size > 0) {
        read_as_stream(work, m);
    }
}

/* "archive: why" */
static void tell(struct unpacking *work, const char *name, const struct err *err) {
    struct err told = *err;
    (void)err_wrap(&told, err->status, "%s", name);
    file_reading_failed(name, &told, work->reading);
}

/* A member's name may hold a NUL only by mistake of the unpacker: the C text ends there. */
static void set_member_name(struct buf *out, const char *archive, struct str name) {
    buf_clear(out);
    buf_printf(out, "%s%s%.*s", archive, name.len > 0 ? "/" : "", STR_ARG(name));
    buf_putc(out, '\0');
}

static void read_members(struct unpacking *work, struct packed *packed, const char *name,
                         int depth) {
    struct packed_member found;
    struct err err = ERR_INIT;
    struct buf path = BUF_INIT;
    enum packed_step step = PACKED_END;
    while (!work->reading->stopped && (step = packed_next(packed, &found, &err)) == PACKED_MEMBER) {
        set_member_name(&path, name, found.name);
        struct member m = {.packed = packed,
                           .name = path.ptr,
                           .modified_wall_ns = found.modified_wall_ns,
                           .err = ERR_INIT};
        read_member(work, &m, depth);
        if (m.err.status != STATUS_OK) {
            tell(work, path.ptr, &m.err);
        }
        buf_fini(&m.window);
    }
    if (step == PACKED_BROKEN) {
        tell(work, name, &err);
    }
    buf_fini(&path);
}

static void read_archive(struct unpacking *work, const struct input_file *file, const char *name,
                         int depth) {
    struct packed *packed = NULL;
    struct err err = ERR_INIT;
    bool is_outer = work->outer == NULL;
    if (packed_open(&packed, file, &work->reading->options->packed, &work->spent_bytes, &err) !=
        STATUS_OK) {
        tell(work, name, &err);
        return;
    }
    work->outer = is_outer ? packed : work->outer;
    read_members(work, packed, name, depth);
    work->outer = is_outer ? NULL : work->outer;
    packed_close(&packed);
}

void packed_rows_read(struct file_reading *reading, const struct input_file *file,
                      const char *name) {
    struct unpacking work = {.reading = reading};
    reading->is_unpacking = true;
    read_archive(&work, file, name, 1);
    reading->is_unpacking = false;
}
