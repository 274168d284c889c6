#include "export_parts.h"

#include "civil.h"
#include "export_file.h"
#include "file_io.h"
#include "mem.h"

enum { AWAKE_MAX = 16, NO_DAY = INT32_MIN };

struct part {
    struct export_file *file;
    struct export_part info;
    struct sha256 hash;
    int64_t day; /* BY_DAY */
    uint64_t last_use;
};

struct export_parts {
    struct export_parts_options options;
    struct part *parts;
    size_t count;
    size_t capacity;
    size_t current;
    uint64_t uses;
    uint64_t bytes;
    struct buf text;
};

struct export_parts *export_parts_create(const struct export_parts_options *options) {
    struct export_parts *p = mem_calloc(1, sizeof *p);
    p->options = *options;
    return p;
}

size_t export_parts_count(const struct export_parts *parts) {
    return parts->count;
}

uint64_t export_parts_bytes(const struct export_parts *parts) {
    return parts->bytes;
}

/* --- names --- */

/* Where the part's mark goes: before the first dot of the last component (".x" is no ending). */
static size_t mark_place(struct str path) {
    size_t slash = str_rfind_char(path, '/');
    size_t start = slash == STR_NONE ? 0 : slash + 1;
    size_t dot = start < path.len ? str_find_char(str_skip(path, start + 1), '.') : STR_NONE;
    return dot == STR_NONE ? path.len : start + 1 + dot;
}

static void append_name(struct buf *out, const struct export_parts *p, const struct part *part) {
    struct str path = str_from_c(p->options.path);
    if (p->options.split == EXPORT_WHOLE) {
        buf_add(out, path);
    } else {
        size_t at = mark_place(path);
        buf_add(out, str_head(path, at));
        if (p->options.split == EXPORT_BY_SIZE) {
            buf_printf(out, "-%04u", (unsigned)part->info.number);
        } else {
            struct civil c = civil_from_ns(part->day * NS_PER_DAY);
            buf_printf(out, "-%04d-%02d-%02d", (int)c.year, (int)c.month, (int)c.day);
        }
        buf_add(out, str_skip(path, at));
    }
    buf_putc(out, '\0');
}

/* --- writing --- */

static enum status put(struct export_parts *p, struct part *part, struct str bytes,
                       struct err *err) {
    part->info.bytes += bytes.len;
    p->bytes += bytes.len;
    part->last_use = ++p->uses;
    sha256_add(&part->hash, bytes.ptr, bytes.len);
    return export_file_write(part->file, bytes, err);
}

/* Too many are awake: the one that was not used for the longest time rests. */
static enum status make_room(struct export_parts *p, struct err *err) {
    struct part *oldest = NULL;
    size_t awake = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct part *part = &p->parts[i];
        if (part->file != NULL && export_file_is_awake(part->file)) {
            awake++;
            oldest = oldest == NULL || part->last_use < oldest->last_use ? part : oldest;
        }
    }
    return awake < AWAKE_MAX ? STATUS_OK : export_file_rest(oldest->file, err);
}

static bool is_packed(const struct export_parts *p) {
    return str_ends(str_from_c(p->options.path), STR(".zst"));
}

static enum status begin_part(struct export_parts *p, int64_t day, struct err *err) {
    enum status status = make_room(p, err);
    if (status != STATUS_OK) {
        return status;
    }
    MEM_GROW(p->parts, p->capacity, p->count + 1);
    struct part *part = &p->parts[p->count];
    *part = (struct part){.info.number = (uint32_t)p->count + 1, .day = day};
    sha256_init(&part->hash);
    buf_clear(&p->text);
    append_name(&p->text, p, part);
    status = export_file_create(&part->file, p->text.ptr, is_packed(p), err);
    if (status != STATUS_OK) {
        return status;
    }
    p->current = p->count++;
    if (p->options.head == NULL) {
        return STATUS_OK;
    }
    buf_clear(&p->text);
    p->options.head(&p->text, &part->info, p->options.ctx);
    status = put(p, part, buf_str(&p->text), err);
    /* a frame of its own: the head can be read though something behind it is damaged */
    return status == STATUS_OK && is_packed(p) ? export_file_rest(part->file, err) : status;
}

static enum status end_part(struct export_parts *p, struct part *part, struct err *err) {
    enum status status = STATUS_OK;
    if (p->options.tail != NULL) {
        struct sha256 hash = part->hash;
        sha256_finish(&hash, part->info.sha256);
        buf_clear(&p->text);
        p->options.tail(&p->text, &part->info, p->options.ctx);
        status = put(p, part, buf_str(&p->text), err);
    }
    return status == STATUS_OK ? export_file_complete(part->file, err) : status;
}

/* The days before the first whole one that int64 nanoseconds reach count as that one. */
static int64_t day_of(int64_t ns) {
    int64_t day = ns / NS_PER_DAY;
    return ns % NS_PER_DAY < 0 && day > INT64_MIN / NS_PER_DAY ? day - 1 : day;
}

/* Makes the part that a line of this day belongs to the current one. */
static enum status choose_part(struct export_parts *p, int64_t local_ns, struct err *err) {
    if (p->options.split != EXPORT_BY_DAY) {
        return p->count == 0 ? begin_part(p, NO_DAY, err) : STATUS_OK;
    }
    int64_t day = day_of(local_ns);
    if (p->count > 0 && p->parts[p->current].day == day) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < p->count; i++) {
        if (p->parts[i].day == day) {
            p->current = i;
            return export_file_is_awake(p->parts[i].file) ? STATUS_OK : make_room(p, err);
        }
    }
    return begin_part(p, day, err);
}

enum status export_parts_write(struct export_parts *p, struct str line, int64_t local_ns,
                               struct err *err) {
    enum status status = STATUS_OK;
    if (p->options.split == EXPORT_BY_SIZE && p->count > 0 &&
        p->parts[p->current].info.bytes >= p->options.part_bytes) {
        status = end_part(p, &p->parts[p->current], err);
        if (status == STATUS_OK) {
            status = begin_part(p, NO_DAY, err);
        }
    } else {
        status = choose_part(p, local_ns, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct part *part = &p->parts[p->current];
    part->info.lines++;
    return put(p, part, line, err);
}

/* Makes the new names durable. */
static enum status sync_folder(struct export_parts *p, struct err *err) {
    struct str path = str_from_c(p->options.path);
    size_t slash = str_rfind_char(path, '/');
    buf_clear(&p->text);
    buf_add(&p->text, slash == STR_NONE ? STR(".") : str_head(path, slash == 0 ? 1 : slash));
    buf_putc(&p->text, '\0');
    return file_sync_dir(p->text.ptr, err);
}

enum status export_parts_publish(struct export_parts *p, struct err *err) {
    enum status status = p->count == 0 ? begin_part(p, 0, err) : STATUS_OK;
    for (size_t i = 0; i < p->count && status == STATUS_OK; i++) {
        bool is_open = p->options.split != EXPORT_BY_SIZE || i == p->current;
        if (is_open) {
            status = end_part(p, &p->parts[i], err);
        }
    }
    for (size_t i = 0; i < p->count && status == STATUS_OK; i++) {
        status = export_file_publish(&p->parts[i].file, err);
    }
    return status == STATUS_OK ? sync_folder(p, err) : status;
}

void export_parts_destroy(struct export_parts **parts) {
    struct export_parts *p = *parts;
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < p->count; i++) {
        export_file_discard(&p->parts[i].file);
    }
    mem_free(p->parts);
    buf_fini(&p->text);
    mem_free(p);
    *parts = NULL;
}
