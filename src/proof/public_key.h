/* Public key files: one line "konseki-ed25519 <64 hex digits>". */
#ifndef KONSEKI_PUBLIC_KEY_H
#define KONSEKI_PUBLIC_KEY_H

#include "buf.h"
#include "ed25519.h"
#include "err.h"

/* Appends the line, with a newline. */
void public_key_format(struct buf *out, const uint8_t key[ED25519_PUBLIC_BYTES]);
/* BAD_INPUT if the file is not exactly such a line. */
enum status public_key_read(uint8_t out[ED25519_PUBLIC_BYTES], const char *path,
                            struct err *err) MUST_CHECK;

#endif
