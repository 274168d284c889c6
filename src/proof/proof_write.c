#include "json_out.h"
#include "proof.h"

static void put_hex(struct buf *out, const void *bytes, size_t len) {
    static const char digits[] = "0123456789abcdef";
    const uint8_t *b = bytes;
    buf_putc(out, '"');
    for (size_t i = 0; i < len; i++) {
        buf_putc(out, digits[b[i] >> 4]);
        buf_putc(out, digits[b[i] & 15]);
    }
    buf_putc(out, '"');
}

static void put_path(struct buf *out, const struct merkle_path *path) {
    buf_add(out, STR("["));
    for (size_t i = 0; i < path->count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR(""));
        put_hex(out, path->nodes[i], SHA256_BYTES);
    }
    buf_add(out, STR("]"));
}

static void put_event(struct buf *out, const struct proof_event *e) {
    buf_add(out, STR("{\"event\":"));
    json_out_string(out, e->id);
    buf_add(out, STR(",\"source\":"));
    json_out_string(out, e->source);
    buf_add(out, STR(",\"source_bytes\":"));
    put_hex(out, e->source.ptr, e->source.len);
    buf_printf(out, ",\"sequence\":%llu,\"receive_time_ns\":%lld,\"raw_bytes\":%llu",
               (unsigned long long)e->sequence, (long long)e->receive_ns,
               (unsigned long long)e->raw_bytes);
    if (e->in_container) {
        buf_printf(out, ",\"within\":{\"offset\":%llu,\"length\":%llu}",
                   (unsigned long long)e->offset, (unsigned long long)e->length);
    }
    buf_printf(out, ",\"index\":%llu,\"leaf\":", (unsigned long long)e->index);
    put_hex(out, e->leaf, SHA256_BYTES);
    buf_add(out, STR(",\"inclusion\":["));
    for (size_t i = 0; i < e->inclusion_count; i++) {
        buf_printf(out, "%s{\"rows\":%llu,\"path\":", i > 0 ? "," : "",
                   (unsigned long long)e->inclusions[i].rows);
        put_path(out, &e->inclusions[i].path);
        buf_putc(out, '}');
    }
    buf_add(out, STR("]}"));
}

static void put_consistency(struct buf *out, const struct proof_consistency *c) {
    buf_printf(out, "{\"old_rows\":%llu,\"old_root\":", (unsigned long long)c->old_rows);
    put_hex(out, c->old_root, SHA256_BYTES);
    buf_printf(out, ",\"new_rows\":%llu,\"new_root\":", (unsigned long long)c->new_rows);
    put_hex(out, c->new_root, SHA256_BYTES);
    buf_add(out, STR(",\"path\":"));
    put_path(out, &c->path);
    buf_putc(out, '}');
}

void proof_write(struct buf *out, const struct proof *p) {
    buf_add(out, STR("{\"konseki_proof\":1,\n\"events\":["));
    for (size_t i = 0; i < p->event_count; i++) {
        buf_add(out, i > 0 ? STR(",\n") : STR("\n"));
        put_event(out, &p->events[i]);
    }
    buf_add(out, STR("],\n\"checkpoints\":["));
    for (size_t i = 0; i < p->checkpoint_count; i++) {
        buf_add(out, i > 0 ? STR(",\n{\"head\":") : STR("\n{\"head\":"));
        put_hex(out, p->checkpoints[i].head.ptr, p->checkpoints[i].head.len);
        buf_add(out, STR(",\"signature\":"));
        put_hex(out, p->checkpoints[i].signature, ED25519_SIGNATURE_BYTES);
        buf_putc(out, '}');
    }
    buf_add(out, STR("],\n\"anchors\":["));
    for (size_t i = 0; i < p->anchor_count; i++) {
        buf_add(out, i > 0 ? STR(",\n{\"line\":") : STR("\n{\"line\":"));
        json_out_string(out, p->anchors[i].line);
        buf_add(out, STR(",\"timestamp\":"));
        put_hex(out, p->anchors[i].token.ptr, p->anchors[i].token.len);
        buf_putc(out, '}');
    }
    buf_add(out, STR("],\n\"consistency\":["));
    for (size_t i = 0; i < p->consistency_count; i++) {
        buf_add(out, i > 0 ? STR(",\n") : STR("\n"));
        put_consistency(out, &p->consistencies[i]);
    }
    buf_add(out, STR("]}\n"));
}
