/*
 * What the parts of the chain's code share: chain.c folds, chain_encode.c makes records,
 * chain_parts.c has the parts of both, chain_state.c saves what folding gave.
 *
 * Record: "KCHK", payload length (le32), low half of the XXH3-64 of these 8 bytes (le32), payload
 * (length-prefixed head, body), signature of the head, XXH3-64 of all before it (le64).
 */
#ifndef KONSEKI_CHAIN_PRIV_H
#define KONSEKI_CHAIN_PRIV_H

#include "chain.h"
#include "ed25519.h"
#include "wire.h"

enum {
    RECORD_HEAD_BYTES = 12,
    RECORD_TAIL_BYTES = ED25519_SIGNATURE_BYTES + 8,
    MAX_PAYLOAD_BYTES = 256 << 20
};

/* Length of the whole record at the start of `rest`; 0 if it is cut or fails its checksum. */
size_t chain_record_length(struct str rest);

void chain_take_bytes(struct wire *w, uint8_t *out, size_t len);
void chain_put_peaks(struct buf *out, const struct merkle *tree);
/* tree->size is set. */
void chain_take_peaks(struct wire *w, struct merkle *tree);
void chain_put_segment(struct buf *out, const struct segment_info *s);
void chain_take_segment(struct wire *w, struct segment_info *s);
void chain_put_input(struct buf *out, const struct store_input *input);
/* Lists with their counts; texts are copied into the chain. */
void chain_take_inputs(struct wire *w, struct chain *c);
void chain_take_sources(struct wire *w, struct chain *c);

#endif
