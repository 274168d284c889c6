#include "draft_builder.h"

void draft_begin(struct draft_builder *b) {
    arena_reset(&b->arena);
    b->entity_count = 0;
    buf_clear(&b->key);
    buf_clear(&b->en);
    buf_clear(&b->ja);
}

void draft_fini(struct draft_builder *b) {
    arena_fini(&b->arena);
    buf_fini(&b->key);
    buf_fini(&b->en);
    buf_fini(&b->ja);
}

void draft_entity(struct draft_builder *b, enum entity_key key, struct str value) {
    if (value.len == 0 || str_eq(value, STR("-")) || b->entity_count == DRAFT_ENTITIES_MAX) {
        return;
    }
    for (size_t i = 0; i < b->entity_count; i++) {
        if (b->entities[i].key == key && str_eq(b->entities[i].value, value)) {
            return;
        }
    }
    b->entities[b->entity_count++] = (struct entity){key, arena_str(&b->arena, value)};
}

void draft_address(struct draft_builder *b, enum entity_key key, const struct ip *address) {
    char text[IP_TEXT_BYTES];
    draft_entity(b, key, str_make(text, ip_format(text, address)));
}

void draft_key(struct draft_builder *b, struct str part) {
    if (b->key.len > 0) {
        buf_putc(&b->key, '|');
    }
    buf_add(&b->key, part);
}

struct finding_draft draft_take(struct draft_builder *b, enum finding_level level) {
    return (struct finding_draft){
        .level = level,
        .key = buf_str(&b->key),
        .entities = b->entities,
        .entity_count = b->entity_count,
        .reason = {buf_str(&b->en), buf_str(&b->ja)},
        .missing = {STR_EMPTY, STR_EMPTY},
        .suppressed_by = STR_EMPTY,
    };
}

void draft_bytes_text(struct buf *out, uint64_t bytes) {
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        unit++;
    }
    buf_printf(out, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}
