/*
 * The store's signing keys. Each checkpoint has a key of its own: the checkpoint before names it,
 * and its secret is overwritten once the checkpoint is durable. So whoever reads today's disk
 * cannot sign a past of his own making.
 *
 * keys/signing.seed holds the secrets of the next two checkpoints in two slots (docs/formats/
 * store.md); keys/public.key is the first key (one line: "konseki-ed25519 <64 hex digits>"), which
 * is to be kept elsewhere too: `verify --pubkey` pins it.
 *
 * Order of writing (one sync a checkpoint): both secrets are durable; checkpoint n, signed with
 * key n, names key n + 1 and is synced; then slot n is overwritten with the secret of key n + 2 and
 * synced. A crash between leaves a slot that is not needed (or half of one): keys_open makes it
 * anew. Key n + 1 is in the other slot, which nothing writes to.
 *
 * Threads: one. Secrets are wiped from memory by keys_close.
 */
#ifndef KONSEKI_KEYS_H
#define KONSEKI_KEYS_H

#include "ed25519.h"
#include "err.h"

struct signing_keys {
    struct ed25519_key now;  /* signs the next checkpoint */
    struct ed25519_key next; /* is named by it */
    unsigned slot;           /* of `now` */
    char *path;              /* of the file of secrets; NULL: not open */
};

#define SIGNING_KEYS_INIT ((struct signing_keys){.path = NULL})

/* Makes the first two keys in DIR/keys. */
enum status keys_create(struct signing_keys *out, const char *store_path,
                        struct err *err) MUST_CHECK;
/* `signer` signed the last checkpoint, `named` is the key it names. DAMAGED if the secret of
 * `named` is not there: then the file or the chain is of another time. */
enum status keys_open(struct signing_keys *out, const char *store_path,
                      const uint8_t signer[ED25519_PUBLIC_BYTES],
                      const uint8_t named[ED25519_PUBLIC_BYTES], struct err *err) MUST_CHECK;
/* After the checkpoint is durable: the secret that signed it dies. On failure the checkpoint holds,
 * and the secret is overwritten by the next keys_open. */
enum status keys_advance(struct signing_keys *k, struct err *err) MUST_CHECK;
void keys_close(struct signing_keys *k);

/* The public halves of what the file holds, for verify; count 0..2. NOT_FOUND when it is missing,
 * ENVIRONMENT when it may not be read. */
enum status keys_peek(uint8_t out[2][ED25519_PUBLIC_BYTES], size_t *count, const char *store_path,
                      struct err *err) MUST_CHECK;

#endif
