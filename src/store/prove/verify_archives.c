/*
 * What lies beside the segments in archives: a description, and copies of the chain and of an
 * anchor, made when the archive was written last. Who shortens or rewrites the chain may forget
 * them.
 */
#include "anchor_line.h"
#include "bytes.h"
#include "file_io.h"
#include "i18n.h"
#include "store_path.h"
#include "verify_priv.h"

static void note_offline(struct verify *v, const struct archive *a) {
    struct err err = ERR_INIT;
    struct buf label = BUF_INIT;
    struct buf key = BUF_INIT;
    uint64_t id = 0;
    v->result->offline_events += a->rows;
    if (archive_identify(&id, &label, &key, a->path.ptr, &err) == STATUS_BAD_INPUT) {
        verify_damage(v, "%s", err.message);
    }
    buf_fini(&label);
    buf_fini(&key);
    verify_note(v,
                "archive \"%.*s\" (%016llx) is offline: its %llu segments with %llu rows"
                " were not checked; mount it, or tell where it is with konseki archive"
                " attach",
                STR_ARG(a->label), (unsigned long long)a->id, (unsigned long long)a->segments,
                (unsigned long long)a->rows);
}

/* The description of an archive that is there: whose it is. */
static void check_description(struct verify *v, const struct archive *a) {
    struct err err = ERR_INIT;
    struct buf label = BUF_INIT;
    struct buf key = BUF_INIT;
    char first_key[SHA256_HEX_BYTES];
    uint64_t id = 0;
    sha256_hex(first_key, v->chain.first_key);
    if (archive_identify(&id, &label, &key, a->path.ptr, &err) != STATUS_OK) {
        verify_damage(v, "%s", err.message);
    } else if (!str_eq(buf_str(&label), a->label) ||
               !str_eq(buf_str(&key), str_make(first_key, sizeof first_key))) {
        verify_damage(v, "%s/%s names another label or store than the chain", a->path.ptr,
                      ARCHIVE_DESCRIPTION);
    }
    buf_fini(&label);
    buf_fini(&key);
}

/* Does the copy end with a whole checkpoint? (docs/formats/checkpoint.md: mark, length, checksum of
 * the length; content; signature, checksum) */
static bool is_whole(const struct file_map *copy) {
    enum { HEAD_BYTES = 12, TAIL_BYTES = ED25519_SIGNATURE_BYTES + 8 };
    size_t at = 0;
    while (copy->size_bytes - at >= HEAD_BYTES + TAIL_BYTES) {
        size_t length = bytes_le32(copy->bytes + at + 4);
        if (length > copy->size_bytes - at - HEAD_BYTES - TAIL_BYTES) {
            return false;
        }
        at += HEAD_BYTES + length + TAIL_BYTES;
    }
    return at == copy->size_bytes;
}

/* False if the copy is no beginning of the chain as it is now. */
static bool begins_chain(const struct verify *v, const struct file_map *copy) {
    struct buf path = BUF_INIT;
    struct file_map chain;
    struct err ignored = ERR_INIT;
    bool begins = false;
    if (file_map(&chain, store_path(&path, v->options->path, "chain"), true, &ignored) ==
        STATUS_OK) {
        begins = copy->size_bytes > 0 && copy->size_bytes <= chain.size_bytes && is_whole(copy) &&
                 memcmp(copy->bytes, chain.bytes, copy->size_bytes) == 0;
        file_unmap(&chain);
    }
    buf_fini(&path);
    return begins;
}

static void check_chain_copy(struct verify *v, const char *folder) {
    struct buf path = BUF_INIT;
    struct file_map copy;
    struct err err = ERR_INIT;
    enum status status = file_map(&copy, store_path(&path, folder, "store-chain"), true, &err);
    if (status == STATUS_NOT_FOUND) {
        verify_note(v, "%s is missing: the archive cannot be read without the store", path.ptr);
    } else if (status != STATUS_OK) {
        verify_damage(v, "%s", err.message);
    } else if (!begins_chain(v, &copy)) {
        verify_damage(v,
                      "%s is not what the store's chain begins with: the end of the chain was"
                      " deleted, it was rewritten, or the copy was changed",
                      path.ptr);
    }
    if (status == STATUS_OK) {
        file_unmap(&copy);
    }
    buf_fini(&path);
}

static void check_anchor_copy(struct verify *v, const char *folder) {
    struct buf path = BUF_INIT;
    struct buf line = BUF_INIT;
    struct anchor anchor;
    struct err err = ERR_INIT;
    if (!file_exists(store_path(&path, folder, "store-anchor"))) {
        verify_note(v, "%s is missing: the archive cannot be read without the store", path.ptr);
    } else if (anchor_line_read(&anchor, &line, path.ptr, &err) != STATUS_OK) {
        verify_damage(v, "%s", err.message);
    } else if (anchor.checkpoint <= v->chain.last.number && !verify_knows_anchor(v, &anchor)) {
        /* a later one: an archive is being written now; the copy of the chain is compared */
        verify_damage(v,
                      "%s is not what the store's chain begins with: the end of the chain was"
                      " deleted, it was rewritten, or the copy was changed",
                      path.ptr);
    }
    buf_fini(&line);
    buf_fini(&path);
}

void verify_archives(struct verify *v) {
    for (size_t i = 0; i < v->archives.count; i++) {
        const struct archive *a = &v->archives.items[i];
        if (a->segments > 0 && !a->is_online) {
            note_offline(v, a);
        } else if (a->segments > 0) {
            check_description(v, a);
            check_chain_copy(v, a->path.ptr);
            check_anchor_copy(v, a->path.ptr);
        }
    }
}
