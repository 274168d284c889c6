/*
 * Puts a finding_draft together: entities, the two reasons, the key. One builder serves many
 * drafts, one after the other; what a draft points at lives until the next draft_begin.
 */
#ifndef KONSEKI_DRAFT_BUILDER_H
#define KONSEKI_DRAFT_BUILDER_H

#include "analysis.h"
#include "arena.h"
#include "buf.h"

enum { DRAFT_ENTITIES_MAX = 128 };

struct draft_builder {
    struct arena arena;
    struct entity entities[DRAFT_ENTITIES_MAX];
    size_t entity_count;
    struct buf key;
    struct buf en;
    struct buf ja;
};

void draft_begin(struct draft_builder *b);
void draft_fini(struct draft_builder *b);
/* Nothing for an empty value, one that is there already, or beyond the limit. */
void draft_entity(struct draft_builder *b, enum entity_key key, struct str value);
void draft_address(struct draft_builder *b, enum entity_key key, const struct ip *address);
/* Adds a part to the key. */
void draft_key(struct draft_builder *b, struct str part);
/* The draft as far as the builder knows it; level and evidence are the caller's. */
struct finding_draft draft_take(struct draft_builder *b, enum finding_level level);
/* "12.3 MiB" */
void draft_bytes_text(struct buf *out, uint64_t bytes);

#endif
