#include "scan_notes.h"

#include "mem.h"

enum { NOTES_MAX = 200, SOURCES_MAX = 500 };

static void note(struct scan_notes *notes, struct str **list, size_t *count, struct str text) {
    if (*list == NULL) {
        *list = mem_calloc(NOTES_MAX, sizeof **list);
    }
    if (*count < NOTES_MAX) {
        (*list)[(*count)++] = arena_str(&notes->arena, text);
    }
}

static void add_word(struct buf *out, struct str word) {
    buf_add(out, out->len > 0 && word.len > 0 ? STR(" ") : STR_EMPTY);
    buf_add(out, word);
}

/* The rule runs, but no event that this program reads is of its log source. */
static void note_blind(struct scan_notes *notes, const struct sigma_rule_info *rule) {
    struct buf source = BUF_INIT;
    add_word(&source, rule->product);
    add_word(&source, rule->category);
    add_word(&source, rule->service);
    uint32_t id = intern_find(&notes->blind_sources, buf_str(&source));
    if (id == INTERN_NONE && notes->blind_sources.count < SOURCES_MAX) {
        id = intern_add(&notes->blind_sources, buf_str(&source));
        MEM_GROW(notes->blind, notes->blind_capacity, (size_t)id + 1);
        notes->blind[id] = (struct report_source_count){intern_text(&notes->blind_sources, id), 0};
    }
    if (id != INTERN_NONE) {
        notes->blind[id].events++;
    }
    buf_fini(&source);
}

void scan_notes_rule(struct scan_notes *notes, const struct sigma_rule_info *rule, struct str why) {
    if (why.len == 0) {
        if (!rule->is_source_known && rule->correlation.len == 0) {
            note_blind(notes, rule);
        }
        return;
    }
    struct buf text = BUF_INIT;
    buf_add(&text, rule->path);
    buf_add(&text, STR(": "));
    buf_add(&text, why);
    note(notes, &notes->refusals, &notes->refusal_count, buf_str(&text));
    notes->refused++;
    buf_fini(&text);
}

void scan_notes_failed(struct scan_notes *notes, struct str message) {
    note(notes, &notes->failures, &notes->failure_count, message);
}

void scan_notes_fini(struct scan_notes *notes) {
    arena_fini(&notes->arena);
    intern_fini(&notes->blind_sources);
    mem_free(notes->refusals);
    mem_free(notes->failures);
    mem_free(notes->blind);
    *notes = (struct scan_notes){.refused = 0};
}
