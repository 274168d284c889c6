/* From what a commit adds to the bytes of its record (docs/formats/checkpoint.md). */
#include "chain.h"
#include "chain_priv.h"

#include "check.h"
#include "hash.h"
#include "wire.h"

static void put_segments(struct buf *out, const struct chain_additions *a) {
    wire_put_u64(out, a->segment_count);
    for (size_t i = 0; i < a->segment_count; i++) {
        CHECK(i == 0 || a->segments[i].number > a->segments[i - 1].number);
        chain_put_segment(out, &a->segments[i]);
    }
}

static void put_fates(struct buf *out, const struct chain_additions *a) {
    wire_put_u64(out, a->fate_count);
    for (size_t i = 0; i < a->fate_count; i++) {
        wire_put_u64(out, a->fates[i].number);
        wire_put_u64(out, (uint64_t)a->fates[i].fate);
        wire_put_u64(out, a->fates[i].by);
    }
}

static void put_notes(struct buf *out, const struct chain_additions *a) {
    wire_put_u64(out, a->note_count);
    for (size_t i = 0; i < a->note_count; i++) {
        wire_put_str(out, a->notes[i].kind);
        wire_put_str(out, a->notes[i].text);
    }
}

static void put_sources(struct buf *out, const struct chain_sources *s) {
    uint64_t changed = 0;
    for (uint32_t i = 0; i < s->names.count; i++) {
        changed += s->changed[i];
    }
    wire_put_u64(out, changed);
    for (uint32_t i = 0; i < s->names.count; i++) {
        if (s->changed[i]) {
            wire_put_str(out, intern_text(&s->names, i));
            wire_put_u64(out, s->last_sequence[i]);
        }
    }
}

static void put_inputs(struct buf *out, const struct chain_additions *a) {
    wire_put_u64(out, a->input_count);
    for (size_t i = 0; i < a->input_count; i++) {
        chain_put_input(out, &a->inputs[i]);
    }
}

/* Head and body; fills what of the checkpoint follows from them. */
static void put_payload(struct buf *out, struct checkpoint *p, const struct chain *c,
                        const struct chain_additions *a, uint8_t hash[SHA256_BYTES]) {
    struct buf body = BUF_INIT;
    struct buf head = BUF_INIT;
    chain_put_peaks(&body, &p->tree);
    put_segments(&body, a);
    put_fates(&body, a);
    put_notes(&body, a);
    put_sources(&body, &c->sources);
    put_inputs(&body, a);
    sha256_of(p->body, buf_str(&body));
    checkpoint_encode(&head, p);
    checkpoint_hash(hash, buf_str(&head));
    wire_put_str(out, buf_str(&head));
    buf_add(out, buf_str(&body));
    buf_fini(&body);
    buf_fini(&head);
}

void chain_encode(struct buf *out, struct checkpoint *p, const struct chain *c,
                  const struct chain_additions *additions, const struct signing_keys *keys) {
    p->number = c->last.number + 1;
    memcpy(p->previous, c->last_hash, SHA256_BYTES);
    memcpy(p->public_key, keys->now.public_key, ED25519_PUBLIC_BYTES);
    memcpy(p->next_key, keys->next.public_key, ED25519_PUBLIC_BYTES);
    merkle_root(&p->tree, p->root);
    size_t start = out->len;
    buf_append(out, "KCHK", 4);
    wire_put_fixed32(out, 0);
    wire_put_fixed32(out, 0);
    uint8_t hash[SHA256_BYTES];
    put_payload(out, p, c, additions, hash);
    size_t payload_len = out->len - start - RECORD_HEAD_BYTES;
    CHECK(payload_len <= MAX_PAYLOAD_BYTES);
    bytes_put_le32(out->ptr + start + 4, (uint32_t)payload_len);
    bytes_put_le32(out->ptr + start + 8, (uint32_t)hash_bytes(out->ptr + start, 8));
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    checkpoint_sign(signature, hash, &keys->now);
    buf_append(out, signature, sizeof signature);
    wire_put_fixed64(out, hash_bytes(out->ptr + start, out->len - start));
}
