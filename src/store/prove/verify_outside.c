/*
 * What the store cannot show by itself: anchors, the pinned key, time stamps of a third party; and
 * what tells a deleted end without help: the keys (the secret that would sign on is dead), and the
 * copies of anchors in the store, as far as nobody thought of them.
 */
#include "anchor.h"
#include "file_io.h"
#include "i18n.h"
#include "keys.h"
#include "mem.h"
#include "public_key.h"
#include "store_path.h"
#include "timestamp.h"
#include "verify_priv.h"

enum { STAMPS_CHECKED = 1024 };

/* --- anchors --- */

bool verify_knows_anchor(const struct verify *v, const struct anchor *a) {
    for (size_t i = 0; i < v->checkpoint_count; i++) {
        const struct verify_checkpoint *c = &v->checkpoints[i];
        if (c->number == a->checkpoint) {
            return memcmp(c->hash, a->hash, SHA256_BYTES) == 0 &&
                   memcmp(c->root, a->root, SHA256_BYTES) == 0 && c->rows == a->rows &&
                   memcmp(c->key, a->key, ED25519_PUBLIC_BYTES) == 0;
        }
    }
    return false;
}

static bool check_anchor(struct verify *v, const char *path, const struct anchor *a) {
    if (a->checkpoint > v->chain.last.number) {
        verify_damage(v,
                      "anchor %s names checkpoint %llu, the store ends at %llu: it is an older"
                      " copy, or its end was deleted",
                      path, (unsigned long long)a->checkpoint,
                      (unsigned long long)v->chain.last.number);
        return false;
    }
    if (verify_knows_anchor(v, a)) {
        verify_note(v, "anchor %s: checkpoint %llu is as it was", path,
                    (unsigned long long)a->checkpoint);
        return true;
    }
    verify_damage(v,
                  "anchor %s: checkpoint %llu is not the one that was anchored: the store was"
                  " rewritten or signed again",
                  path, (unsigned long long)a->checkpoint);
    return false;
}

/* --- time stamps --- */

/* A stamped anchor counts wherever it lies: nobody but the authority can make the stamp. */
static enum status check_stamp(struct verify *v, const char *path, const struct anchor *a,
                               struct str line, struct str token, struct err *err) {
    int64_t time_ns = 0;
    struct err local = ERR_INIT;
    enum status status = timestamp_check(&time_ns, token, line, v->options->tsa_ca, &local);
    if (status == STATUS_BAD_INPUT) {
        *err = local;
        return status;
    }
    v->stamps++;
    if (status != STATUS_OK) {
        verify_damage(v, "anchor %s: %s", path, local.message);
    } else if (check_anchor(v, path, a)) {
        char time[CIVIL_RFC3339_BYTES];
        size_t len = civil_format_rfc3339(time, time_ns);
        verify_note(v,
                    "anchor %s: the authority says that it existed at %.*s at the latest: nothing"
                    " below its %llu rows was changed since",
                    path, (int)len, time, (unsigned long long)a->rows);
    }
    return STATUS_OK;
}

/* FILE.tsr beside the anchor FILE, if there is one. */
static enum status check_stamp_beside(struct verify *v, const char *path, const struct anchor *a,
                                      struct str line, struct err *err) {
    struct buf name = BUF_INIT;
    struct file_map map;
    struct err ignored;
    buf_printf(&name, "%s.tsr", path);
    buf_putc(&name, '\0');
    enum status status = STATUS_OK;
    if (file_map(&map, name.ptr, true, &ignored) == STATUS_OK) {
        status =
            check_stamp(v, path, a, line, str_make((const char *)map.bytes, map.size_bytes), err);
        file_unmap(&map);
    }
    buf_fini(&name);
    return status;
}

/* The stamps that the store keeps. */
static enum status check_kept_stamps(struct verify *v, struct err *err) {
    struct stored_anchor *stored = NULL;
    size_t count = 0;
    struct buf name = BUF_INIT;
    enum status status = anchors_load(&stored, &count, STAMPS_CHECKED, v->options->path, err);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        const struct stored_anchor *s = &stored[i];
        if (s->token.len > 0) {
            const char *path = store_path(&name, v->options->path, "anchors/%010llu.anchor",
                                          (unsigned long long)s->anchor.checkpoint);
            status = check_stamp(v, path, &s->anchor, buf_str(&s->line), buf_str(&s->token), err);
        }
    }
    if (status == STATUS_OK && v->stamps == 0) {
        verify_damage(v, "there is no time stamp to check with %s", v->options->tsa_ca);
    }
    anchors_free(stored, count);
    buf_fini(&name);
    return status;
}

static enum status check_anchors(struct verify *v, struct err *err) {
    enum status status = STATUS_OK;
    struct buf line = BUF_INIT;
    for (size_t i = 0; i < v->options->anchor_count && status == STATUS_OK; i++) {
        const char *path = v->options->anchors[i];
        struct anchor a;
        status = anchor_line_read(&a, &line, path, err);
        if (status == STATUS_OK) {
            (void)check_anchor(v, path, &a);
        }
        if (status == STATUS_OK && v->options->tsa_ca != NULL) {
            status = check_stamp_beside(v, path, &a, buf_str(&line), err);
        }
    }
    buf_fini(&line);
    return status == STATUS_OK && v->options->tsa_ca != NULL ? check_kept_stamps(v, err) : status;
}

/* A copy that the store keeps: whoever deletes the end of the chain, or puts an older one in its
 * place, may forget them. */
static void check_copy(struct verify *v, uint64_t number) {
    struct stored_anchor kept;
    struct err err = ERR_INIT;
    enum status status = anchor_load(&kept, v->options->path, number, &err);
    if (status == STATUS_NOT_FOUND) {
        return; /* removed meanwhile */
    }
    if (status != STATUS_OK) {
        verify_damage(v, "%s", err.message);
        return;
    }
    unsigned long long n = number;
    if (kept.anchor.checkpoint != number || !verify_knows_anchor(v, &kept.anchor)) {
        verify_damage(v,
                      "anchors/%010llu.anchor in the store does not fit the chain: the end of the"
                      " chain was deleted, it was rewritten, or the copy was changed",
                      n);
    } else if (kept.token.len > 0 &&
               timestamp_fits(buf_str(&kept.token), buf_str(&kept.line), &err) != STATUS_OK) {
        verify_damage(v, "anchors/%010llu.tsr: %s", n, err.message);
    }
    anchor_unload(&kept);
}

static void check_copies(struct verify *v) {
    for (size_t i = 0; i < v->copy_count; i++) {
        check_copy(v, v->copies[i]);
    }
}

/* --- keys --- */

static bool signed_with(const struct verify *v, const uint8_t key[ED25519_PUBLIC_BYTES]) {
    for (size_t i = 0; i < v->checkpoint_count; i++) {
        if (memcmp(v->checkpoints[i].key, key, ED25519_PUBLIC_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* The chain's first key against keys/public.key; the pinned key against all of them. */
static enum status check_public(struct verify *v, struct err *err) {
    struct buf path = BUF_INIT;
    uint8_t key[ED25519_PUBLIC_BYTES];
    struct err local = ERR_INIT;
    if (public_key_read(key, store_path(&path, v->options->path, "keys/public.key"), &local) !=
        STATUS_OK) {
        verify_damage(v, "%s", local.message);
    } else if (memcmp(key, v->chain.first_key, sizeof key) != 0) {
        verify_damage(v, "keys/public.key is not the key that signed the first checkpoint");
    }
    buf_fini(&path);
    if (v->options->public_key == NULL) {
        return STATUS_OK;
    }
    enum status status = public_key_read(key, v->options->public_key, err);
    if (status == STATUS_OK && !signed_with(v, key)) {
        verify_damage(v, "no checkpoint is signed with the key in %s: everything was made anew",
                      v->options->public_key);
    }
    return status;
}

/* The secrets at hand must be those that sign on after the last checkpoint: the ones that would
 * sign on after an earlier one are dead, so a deleted end leaves a file that does not fit. */
static void check_secrets(struct verify *v) {
    if (!v->keys_seen) {
        verify_note(v, "keys/signing.seed cannot be read here: whether the end of the chain was"
                       " deleted is seen with --anchor only");
        return;
    }
    const uint8_t *named = v->chain.last.next_key;
    const uint8_t *signer = v->chain.last.public_key;
    bool fits = false;
    for (size_t i = 0; i < v->key_count; i++) {
        fits = fits || memcmp(v->keys[i], named, ED25519_PUBLIC_BYTES) == 0;
        if (memcmp(v->keys[i], signer, ED25519_PUBLIC_BYTES) == 0) {
            verify_note(v, "the secret key of the last checkpoint is not overwritten yet (a write"
                           " was interrupted); the next writer does it");
        }
    }
    if (!fits) {
        verify_damage(v, "keys/signing.seed does not hold the key that the last checkpoint names:"
                         " the end of the chain was deleted, or one of them is an older copy");
    } else if (v->key_count < 2) {
        verify_note(v, "one of the two keys in keys/signing.seed is broken (a write was"
                       " interrupted, or it was changed); the next writer makes it anew");
    }
}

void verify_peek(struct verify *v) {
    struct err ignored;
    if (anchors_list(&v->copies, &v->copy_count, v->options->path, &ignored) != STATUS_OK) {
        verify_note(v, "%s", ignored.message);
    }
    v->keys_seen = keys_peek(v->keys, &v->key_count, v->options->path, &ignored) == STATUS_OK;
}

static void note_blind_spots(struct verify *v) {
    bool anchored = v->options->anchor_count > 0 || v->stamps > 0;
    if (!anchored) {
        verify_note(v, "without --anchor this cannot be seen: an older copy of the whole store put"
                       " in its place, keys and all; a false end signed with the stolen key");
    }
    if (!anchored && v->options->public_key == NULL) {
        verify_note(v, "without --pubkey or --anchor this cannot be seen: everything made anew and"
                       " signed with another key");
    }
}

enum status verify_outside(struct verify *v, struct err *err) {
    check_copies(v);
    enum status status = check_anchors(v, err);
    if (status == STATUS_OK) {
        status = check_public(v, err);
    }
    if (status == STATUS_OK) {
        check_secrets(v);
        note_blind_spots(v);
    }
    return status;
}
