#include "packed_members.h"

#include "buf.h"
#include "i18n.h"
#include "input_spool.h"
#include "mem.h"

enum { STEP_BYTES = 1 << 20 };

struct visiting {
    const struct packed_limits *limits;
    packed_members_fn *visit;
    input_walk_error_fn *failed;
    void *ctx;
    uint64_t spent_bytes;
};

static enum status visit_archive(struct visiting *v, const struct input_file *file,
                                 const char *name, int depth);

/* "archive: why" */
static void tell(struct visiting *v, const char *name, const struct err *err) {
    struct err told = *err;
    (void)err_wrap(&told, err->status, "%s", name);
    v->failed(name, &told, v->ctx);
}

/* All bytes of the member; nothing is left of it if some cannot be read. */
static enum status collect(struct input_file *out, struct packed *packed, struct err *err) {
    struct input_spool *spool = input_spool_create();
    char *step = mem_alloc(STEP_BYTES);
    size_t size = STEP_BYTES;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && size > 0) {
        size = STEP_BYTES;
        status = packed_read(packed, step, &size, err);
        if (status == STATUS_OK && size > 0) {
            status = input_spool_append(spool, step, size, err);
        }
    }
    if (status == STATUS_OK) {
        status = input_spool_take(out, &spool, err);
    }
    mem_free(step);
    input_spool_destroy(&spool);
    return status;
}

static enum status visit_member(struct visiting *v, struct packed *packed, const char *name,
                                int64_t modified_wall_ns, int depth) {
    struct input_file file;
    struct err err = ERR_INIT;
    if (collect(&file, packed, &err) != STATUS_OK) {
        tell(v, name, &err);
        return STATUS_OK;
    }
    file.modified_wall_ns = modified_wall_ns;
    enum status status = STATUS_OK;
    if (!packed_is(file.bytes, file.size_bytes)) {
        status = v->visit(name, &file, v->ctx);
    } else if (depth < PACKED_MEMBERS_DEPTH) {
        status = visit_archive(v, &file, name, depth + 1);
    } else {
        (void)err_set(&err, STATUS_BAD_INPUT, _("packed more than %d times: not read"),
                      PACKED_MEMBERS_DEPTH);
        tell(v, name, &err);
    }
    input_file_close(&file);
    return status;
}

/* A member's name may hold a NUL only by mistake of the unpacker: the C text ends there. */
static void set_member_name(struct buf *out, const char *archive, struct str name) {
    buf_clear(out);
    buf_printf(out, "%s%s%.*s", archive, name.len > 0 ? "/" : "", STR_ARG(name));
    buf_putc(out, '\0');
}

static enum status visit_archive(struct visiting *v, const struct input_file *file,
                                 const char *name, int depth) {
    struct packed *packed = NULL;
    struct packed_member found;
    struct buf path = BUF_INIT;
    struct err err = ERR_INIT;
    enum packed_step step = PACKED_END;
    enum status status = STATUS_OK;
    if (packed_open(&packed, file, v->limits, &v->spent_bytes, &err) != STATUS_OK) {
        tell(v, name, &err);
        return STATUS_OK;
    }
    while (status == STATUS_OK && (step = packed_next(packed, &found, &err)) == PACKED_MEMBER) {
        set_member_name(&path, name, found.name);
        status = visit_member(v, packed, path.ptr, found.modified_wall_ns, depth);
    }
    if (step == PACKED_BROKEN) {
        tell(v, name, &err);
    }
    packed_close(&packed);
    buf_fini(&path);
    return status;
}

enum status packed_members_visit(const struct input_file *file, const char *name,
                                 const struct packed_limits *limits, packed_members_fn *visit,
                                 input_walk_error_fn *failed, void *ctx) {
    struct visiting v = {.limits = limits, .visit = visit, .failed = failed, .ctx = ctx};
    return visit_archive(&v, file, name, 1);
}
