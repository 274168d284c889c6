#define _GNU_SOURCE /* uselocale */
#include "packed.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include "charset.h"
#include "civil.h"
#include "i18n.h"
#include "mem.h"

enum {
    BLOCK_BYTES = 1 << 20,
    NAME_BYTES_MAX = 4096,
    MEMBERS_LIMIT = 1000000,
    RATIO_LIMIT = 10000,
    RATIO_FROM_BYTES = 256 << 20, /* small ones may be as dense as they like */
    TAR_MAGIC_AT = 257,
    TAR_HEAD_BYTES = 512,
    REOPEN_LIMIT = 100
};
static const char USUAL_PASSWORD[] = "infected"; /* how samples are exchanged */
static const uint64_t DEFAULT_MOST_BYTES = 256ULL << 30;

/* What libarchive may take the bytes for. Only one form each time: with all of them it would take a
 * stream of zeros for an empty tar file. */
enum form { FORM_STREAM, FORM_TAR, FORM_ZIP, FORM_SEVEN_ZIP };

struct packed {
    struct archive *archive; /* NULL: libarchive had no memory */
    enum form form;
    locale_t locale; /* of UTF-8; 0: there is none */
    const struct input_file *file;
    struct packed_limits limits;
    uint64_t *spent_bytes;
    size_t at; /* in the file: what libarchive was given so far */
    uint64_t member_count;
    uint64_t member_at;   /* bytes of the member that were given */
    uint64_t hole_bytes;  /* zeros before the block */
    const uint8_t *block; /* libarchive's, until the next one */
    size_t block_bytes;
    struct err pending; /* of the block behind what was given last */
    unsigned reopen_count;
    bool is_encrypted;    /* the member */
    bool is_damaged;      /* the member, so that libarchive gave up */
    bool is_over;         /* a bound was met, or the archive is broken */
    bool has_lost_header; /* of a tar file: bytes where a member should begin */
    struct text_converter converter;
    struct buf name;
};

bool packed_is(const uint8_t *bytes, size_t size_bytes) {
    static const struct {
        size_t at;
        struct str magic;
    } known[] = {
        {0, STR_INIT("\x1f\x8b\x08")},
        {0, STR_INIT("\x28\xb5\x2f\xfd")},
        {0, STR_INIT("\xfd"
                     "7zXZ\0")},
        {0, STR_INIT("\x04\x22\x4d\x18")},
        {0, STR_INIT("PK\x03\x04")},
        {0, STR_INIT("PK\x05\x06")},
        {0, STR_INIT("7z\xbc\xaf\x27\x1c")},
        {TAR_MAGIC_AT, STR_INIT("ustar")},
        {4, STR_INIT("1AY&SY")},
        {4, STR_INIT("\x17rE8P\x90")},
    };
    struct str all = str_make((const char *)bytes, size_bytes);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        bool is_bzip2 = known[i].at == 4;
        if (str_starts(str_skip(all, known[i].at), known[i].magic) &&
            (!is_bzip2 || str_starts(all, STR("BZh")))) {
            return true;
        }
    }
    /* a zstd stream may begin with frames that are skipped (RFC 8878, 3.1.2) */
    return size_bytes >= 4 && bytes[0] >> 4 == 5 &&
           str_starts(str_skip(all, 1), STR("\x2a\x4d\x18"));
}

/* --- libarchive's way to the bytes --- */

static la_ssize_t give_block(struct archive *archive, void *ctx, const void **out) {
    (void)archive;
    struct packed *p = ctx;
    size_t left = p->file->size_bytes - p->at;
    size_t size = left < BLOCK_BYTES ? left : (size_t)BLOCK_BYTES;
    *out = p->file->bytes + p->at;
    input_file_release(p->file, p->at);
    p->at += size;
    return (la_ssize_t)size;
}

static la_int64_t skip(struct archive *archive, void *ctx, la_int64_t wanted) {
    (void)archive;
    struct packed *p = ctx;
    size_t left = p->file->size_bytes - p->at;
    size_t step = wanted > 0 && (uint64_t)wanted < left ? (size_t)wanted : wanted > 0 ? left : 0;
    p->at += step;
    return (la_int64_t)step;
}

static la_int64_t seek(struct archive *archive, void *ctx, la_int64_t offset, int whence) {
    (void)archive;
    struct packed *p = ctx;
    int64_t size = (int64_t)p->file->size_bytes;
    int64_t base = whence == SEEK_END ? size : whence == SEEK_CUR ? (int64_t)p->at : 0;
    int64_t to = 0;
    if (__builtin_add_overflow(base, offset, &to) || to < 0 || to > size) {
        return ARCHIVE_FATAL;
    }
    p->at = (size_t)to;
    return to;
}

static void enable_form(struct archive *a, enum form form) {
    (void)archive_read_support_format_empty(a);
    switch (form) {
    case FORM_ZIP:
        (void)archive_read_support_format_zip(a);
        return;
    case FORM_SEVEN_ZIP:
        (void)archive_read_support_format_7zip(a);
        return;
    case FORM_TAR:
        (void)archive_read_support_format_tar(a);
        break;
    case FORM_STREAM:
        (void)archive_read_support_format_raw(a);
        break;
    }
    (void)archive_read_support_filter_gzip(a);
    (void)archive_read_support_filter_bzip2(a);
    (void)archive_read_support_filter_xz(a);
    (void)archive_read_support_filter_zstd(a);
    (void)archive_read_support_filter_lz4(a);
}

static enum status fail(struct packed *p, struct err *err) {
    const char *why = archive_error_string(p->archive);
    if (p->is_encrypted) {
        return err_set(err, STATUS_BAD_INPUT, _("encrypted: %s: give --password"),
                       why != NULL ? why : "-");
    }
    return err_set(err, STATUS_DAMAGED, "%s",
                   why != NULL ? why : _("the packed bytes are damaged"));
}

/* Names marked as UTF-8 come out as such only where the locale can say them. */
static locale_t enter_utf8(const struct packed *p) {
    return p->locale != (locale_t)0 ? uselocale(p->locale) : (locale_t)0;
}

static void leave_utf8(locale_t before) {
    if (before != (locale_t)0) {
        (void)uselocale(before);
    }
}

/* Begins at the first byte, as `p->form`. */
static enum status begin(struct packed *p, struct err *err) {
    struct archive *a = archive_read_new();
    if (p->archive != NULL) {
        (void)archive_read_free(p->archive);
    }
    p->archive = a;
    p->at = 0;
    if (a == NULL) {
        return err_set(err, STATUS_ENVIRONMENT, "%s", _("no memory for unpacking"));
    }
    enable_form(a, p->form);
    const char *password = p->limits.password;
    (void)archive_read_add_passphrase(a, password != NULL ? password : USUAL_PASSWORD);
    (void)archive_read_set_callback_data(a, p);
    (void)archive_read_set_read_callback(a, give_block);
    (void)archive_read_set_skip_callback(a, skip);
    (void)archive_read_set_seek_callback(a, seek);
    return archive_read_open1(a) == ARCHIVE_OK ? STATUS_OK : fail(p, err);
}

static bool is_tar(const void *bytes, size_t size) {
    struct str magic = str_skip(str_make(bytes, size), TAR_MAGIC_AT);
    return str_starts(magic, STR("ustar"));
}

/* A packed stream is looked into: it may hold a tar file. */
static enum status find_form(struct packed *p, struct err *err) {
    struct str all = str_make((const char *)p->file->bytes, p->file->size_bytes);
    struct archive_entry *entry = NULL;
    char head[TAR_HEAD_BYTES];
    p->form = str_starts(all, STR("PK"))           ? FORM_ZIP
              : str_starts(all, STR("7z\xbc\xaf")) ? FORM_SEVEN_ZIP
              : is_tar(p->file->bytes, all.len)    ? FORM_TAR
                                                   : FORM_STREAM;
    if (p->form != FORM_STREAM || begin(p, NULL) != STATUS_OK ||
        archive_read_next_header(p->archive, &entry) != ARCHIVE_OK) {
        return begin(p, err);
    }
    la_ssize_t got = archive_read_data(p->archive, head, sizeof head);
    p->form = got > 0 && is_tar(head, (size_t)got) ? FORM_TAR : FORM_STREAM;
    return begin(p, err);
}

enum status packed_open(struct packed **out, const struct input_file *file,
                        const struct packed_limits *limits, uint64_t *spent_bytes,
                        struct err *err) {
    struct packed *p = mem_calloc(1, sizeof *p);
    p->file = file;
    p->limits = *limits;
    p->spent_bytes = spent_bytes;
    p->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (p->limits.most_bytes == 0) {
        p->limits.most_bytes = DEFAULT_MOST_BYTES;
    }
    locale_t before = enter_utf8(p);
    enum status status = find_form(p, err);
    leave_utf8(before);
    if (status != STATUS_OK) {
        packed_close(&p);
        return status;
    }
    *out = p;
    return STATUS_OK;
}

void packed_close(struct packed **packed) {
    struct packed *p = *packed;
    if (p != NULL) {
        if (p->archive != NULL) {
            (void)archive_read_free(p->archive);
        }
        if (p->locale != (locale_t)0) {
            freelocale(p->locale);
        }
        text_converter_fini(&p->converter);
        buf_fini(&p->name);
        mem_free(p);
        *packed = NULL;
    }
}

uint64_t packed_position(const struct packed *packed) {
    return packed->at;
}

/* --- members --- */

/* Names without a mark of their encoding: Japanese Windows writes CP932. */
static void set_name(struct packed *p, struct archive_entry *entry) {
    const char *plain = archive_entry_pathname(entry);
    buf_clear(&p->name);
    if (plain == NULL) {
        buf_printf(&p->name, "member-%llu", (unsigned long long)p->member_count);
        return;
    }
    struct str name = str_head(str_from_c(plain), NAME_BYTES_MAX);
    bool certain = false;
    if (utf8_is_valid(name)) {
        buf_add(&p->name, name);
    } else {
        (void)text_to_utf8(&p->converter, &p->name, name, text_detect(name, TEXT_CP932, &certain));
    }
}

static void describe(struct packed *p, struct packed_member *out, struct archive_entry *entry) {
    p->member_at = 0;
    p->hole_bytes = 0;
    p->block_bytes = 0;
    p->pending = (struct err)ERR_INIT;
    p->is_encrypted = archive_entry_is_encrypted(entry) != 0;
    *out = (struct packed_member){.name = STR_EMPTY, .modified_wall_ns = p->file->modified_wall_ns};
    int64_t seconds = archive_entry_mtime_is_set(entry) ? archive_entry_mtime(entry) : 0;
    if (seconds > 0 && seconds < INT64_MAX / NS_PER_SECOND) {
        out->modified_wall_ns = seconds * NS_PER_SECOND;
    }
    if (p->form != FORM_STREAM) { /* a stream's own name says no more than that of its file */
        set_name(p, entry);
        out->name = buf_str(&p->name);
    }
}

/* libarchive gives up a zip file at the first member that is damaged: its directory names the
 * others. */
static void go_on_behind_damage(struct packed *p) {
    struct archive_entry *entry = NULL;
    if (p->form != FORM_ZIP || ++p->reopen_count > REOPEN_LIMIT || begin(p, NULL) != STATUS_OK) {
        return;
    }
    for (uint64_t i = 0; i < p->member_count; i++) {
        int got = archive_read_next_header(p->archive, &entry);
        if (got == ARCHIVE_EOF || got < ARCHIVE_WARN) {
            return; /* its directory may name less than what was found without it */
        }
    }
    p->is_over = false;
}

static enum packed_step end_of_members(struct packed *p, struct err *err) {
    p->is_over = true;
    if (!p->has_lost_header) {
        return PACKED_END;
    }
    (void)err_set(err, STATUS_DAMAGED, "%s", _("the packed bytes are damaged"));
    return PACKED_BROKEN;
}

static enum packed_step next_member(struct packed *p, struct packed_member *out, struct err *err) {
    struct archive_entry *entry = NULL;
    if (p->is_damaged) {
        p->is_damaged = false;
        go_on_behind_damage(p);
    }
    while (!p->is_over) {
        int got = archive_read_next_header(p->archive, &entry);
        if (got == ARCHIVE_RETRY) { /* a header that names no member: the next one may */
            p->has_lost_header = true;
            continue;
        }
        if (got == ARCHIVE_EOF) {
            return end_of_members(p, err);
        }
        if (got < ARCHIVE_WARN || ++p->member_count > MEMBERS_LIMIT) {
            p->is_over = true;
            (void)(got < ARCHIVE_WARN
                       ? fail(p, err)
                       : err_set(err, STATUS_BAD_INPUT, _("more than %d members"), MEMBERS_LIMIT));
            return PACKED_BROKEN;
        }
        if (p->form == FORM_STREAM && archive_filter_code(p->archive, 0) == ARCHIVE_FILTER_NONE) {
            p->is_over = true;
            (void)err_set(err, STATUS_DAMAGED, "%s", _("the packed bytes are damaged"));
            return PACKED_BROKEN;
        }
        if (archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == NULL) {
            describe(p, out, entry);
            return PACKED_MEMBER;
        }
    }
    return PACKED_END;
}

enum packed_step packed_next(struct packed *p, struct packed_member *out, struct err *err) {
    locale_t before = enter_utf8(p);
    enum packed_step step = next_member(p, out, err);
    leave_utf8(before);
    return step;
}

/* What was read belongs to a bomb, or is more than the user wants to wait for. */
static enum status check_bounds(struct packed *p, struct err *err) {
    uint64_t spent = *p->spent_bytes;
    if (spent > p->limits.most_bytes) {
        p->is_over = true;
        return err_set(err, STATUS_BAD_INPUT,
                       _("more than %llu bytes unpacked: the rest is not read (--unpack-limit)"),
                       (unsigned long long)p->limits.most_bytes);
    }
    if (spent > RATIO_FROM_BYTES && spent / RATIO_LIMIT > p->file->size_bytes) {
        p->is_over = true;
        return err_set(err, STATUS_BAD_INPUT,
                       _("unpacked more than %d times its size: the rest is not read"),
                       RATIO_LIMIT);
    }
    return STATUS_OK;
}

/* The member's next block; its size stays 0 at the end. */
static enum status next_block(struct packed *p, struct err *err) {
    const void *bytes = NULL;
    size_t size = 0;
    la_int64_t offset = 0;
    int got = archive_read_data_block(p->archive, &bytes, &size, &offset);
    if (got == ARCHIVE_EOF) {
        return STATUS_OK;
    }
    if (got < ARCHIVE_WARN || offset < 0 || (uint64_t)offset < p->member_at) {
        p->is_damaged = got <= ARCHIVE_FATAL;
        p->is_over = p->is_damaged;
        return fail(p, err);
    }
    p->block = bytes;
    p->block_bytes = size;
    p->hole_bytes = (uint64_t)offset - p->member_at;
    return STATUS_OK;
}

/* Copies of the hole (a sparse file's zeros) or of the block. */
static size_t take(struct packed *p, uint8_t *out, size_t room) {
    bool hole = p->hole_bytes > 0;
    uint64_t left = hole ? p->hole_bytes : p->block_bytes;
    size_t step = left < room ? (size_t)left : room;
    if (hole) {
        memset(out, 0, step);
        p->hole_bytes -= step;
    } else if (step > 0) {
        memcpy(out, p->block, step);
        p->block += step;
        p->block_bytes -= step;
    }
    p->member_at += step;
    return step;
}

/* What came before the damage is given first. */
enum status packed_read(struct packed *p, void *out, size_t *size, struct err *err) {
    size_t done = 0;
    enum status status = p->pending.status;
    while (status == STATUS_OK && !p->is_over && done < *size) {
        if (p->hole_bytes + p->block_bytes == 0) {
            status = next_block(p, &p->pending);
        }
        size_t step = status == STATUS_OK ? take(p, (uint8_t *)out + done, *size - done) : 0;
        if (step == 0) {
            break;
        }
        done += step;
    }
    *size = done;
    if (status != STATUS_OK && done == 0) {
        *err = p->pending;
        p->pending = (struct err)ERR_INIT;
        return status;
    }
    *p->spent_bytes += done;
    return check_bounds(p, err);
}
