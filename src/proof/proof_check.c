#include "proof_check.h"

#include "i18n.h"
#include "leaf.h"

bool proof_raw_fits(const struct proof_event *e, struct str raw) {
    const struct leaf leaf = {e->source, e->sequence, e->receive_ns, raw};
    uint8_t hash[SHA256_BYTES];
    leaf_hash(hash, &leaf);
    bool inside = !e->in_container || (e->offset <= raw.len && e->length <= raw.len - e->offset);
    return raw.len == e->raw_bytes && inside && memcmp(hash, e->leaf, SHA256_BYTES) == 0;
}

enum proof_verdict proof_check_consistency(const struct proof *proof, uint64_t old_rows,
                                           const uint8_t old_root[SHA256_BYTES], uint64_t new_rows,
                                           const uint8_t new_root[SHA256_BYTES]) {
    for (size_t i = 0; i < proof->consistency_count; i++) {
        const struct proof_consistency *c = &proof->consistencies[i];
        if (c->old_rows == old_rows && c->new_rows == new_rows) {
            return merkle_consistency_holds(&c->path, old_rows, old_root, new_rows, new_root)
                       ? PROOF_HOLDS
                       : PROOF_BROKEN;
        }
    }
    return PROOF_NO_PATH;
}

/* By way of a smaller tree, whose root a consistency ties to the wanted one. */
static enum proof_verdict check_by_way(const struct proof_event *e, const struct proof *more,
                                       uint64_t rows, const uint8_t root[SHA256_BYTES]) {
    for (size_t i = 0; i < e->inclusion_count; i++) {
        const struct proof_inclusion *n = &e->inclusions[i];
        for (size_t k = 0; k < more->consistency_count; k++) {
            const struct proof_consistency *c = &more->consistencies[k];
            if (c->old_rows != n->rows || c->new_rows != rows) {
                continue;
            }
            bool holds = merkle_consistency_holds(&c->path, c->old_rows, c->old_root, rows, root) &&
                         merkle_inclusion_holds(&n->path, e->leaf, e->index, n->rows, c->old_root);
            return holds ? PROOF_HOLDS : PROOF_BROKEN;
        }
    }
    return PROOF_NO_PATH;
}

enum proof_verdict proof_check_root(const struct proof_event *e, const struct proof *proof,
                                    const struct proof *more, uint64_t rows,
                                    const uint8_t root[SHA256_BYTES]) {
    if (e->index >= rows) {
        return PROOF_TOO_EARLY;
    }
    for (size_t i = 0; i < e->inclusion_count; i++) {
        const struct proof_inclusion *n = &e->inclusions[i];
        if (n->rows == rows) {
            return merkle_inclusion_holds(&n->path, e->leaf, e->index, rows, root) ? PROOF_HOLDS
                                                                                   : PROOF_BROKEN;
        }
    }
    enum proof_verdict verdict = check_by_way(e, proof, rows, root);
    return verdict == PROOF_NO_PATH && more != NULL ? check_by_way(e, more, rows, root) : verdict;
}

const char *proof_check_head(struct checkpoint *out, uint8_t before_hash[SHA256_BYTES],
                             const struct checkpoint *before, const struct proof_checkpoint *put) {
    uint8_t hash[SHA256_BYTES];
    if (!checkpoint_decode(out, put->head)) {
        return _("a checkpoint is malformed");
    }
    if (before->number > 0 &&
        (out->number != before->number + 1 ||
         memcmp(out->previous, before_hash, SHA256_BYTES) != 0 ||
         memcmp(out->public_key, before->next_key, ED25519_PUBLIC_BYTES) != 0)) {
        return _("a checkpoint does not follow the one before it");
    }
    checkpoint_hash(hash, put->head);
    if (!checkpoint_is_signed(put->signature, hash, out->public_key)) {
        return _("the signature of a checkpoint is wrong");
    }
    memcpy(before_hash, hash, SHA256_BYTES);
    return NULL;
}

bool proof_check_keys(struct checkpoint *out, const char **problem, const struct proof *proof,
                      const uint8_t key[ED25519_PUBLIC_BYTES]) {
    uint8_t before[SHA256_BYTES] = {0};
    struct checkpoint last = {.number = 0};
    *problem =
        _("it holds no checkpoint that this key signed: make it with konseki prove --pubkey");
    for (size_t i = 0; i < proof->checkpoint_count; i++) {
        struct checkpoint c;
        bool begins = last.number == 0 && checkpoint_decode(&c, proof->checkpoints[i].head);
        if (begins && memcmp(c.public_key, key, ED25519_PUBLIC_BYTES) != 0) {
            continue; /* before the pinned key nothing is trusted */
        }
        const char *wrong = proof_check_head(&c, before, &last, &proof->checkpoints[i]);
        if (wrong != NULL) {
            *problem = wrong;
            return false;
        }
        last = c;
    }
    *out = last;
    return last.number > 0;
}
