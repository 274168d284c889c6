#include "background_rules.h"

#include <stdio.h>

#include "cpu.h"
#include "hash.h"
#include "i18n.h"
#include "input_file.h"

/* --- have files changed? --- */

static enum status mark_file(const char *path, void *ctx) {
    uint64_t *mark = ctx;
    struct input_file_facts facts;
    if (input_file_look(&facts, path)) {
        *mark = hash_u64(*mark ^ hash_str(str_from_c(path)));
        *mark = hash_u64(*mark ^ facts.size_bytes);
        *mark = hash_u64(*mark ^ (uint64_t)facts.modified_wall_ns);
        *mark = hash_u64(*mark ^ facts.inode);
    }
    return STATUS_OK;
}

static void ignore_failure(const char *path, const struct err *err, void *ctx) {
    (void)path, (void)err, (void)ctx; /* loading tells */
}

static void mark_paths(uint64_t *mark, const char *const *paths, size_t count) {
    for (size_t i = 0; i < count; i++) {
        (void)!input_walk(paths[i], mark_file, ignore_failure, mark);
    }
}

/* Names, sizes, times and inodes of all files that a set is made of: what a replaced or written
 * file changes. Their bytes are read when the set is loaded. */
static uint64_t mark_of(const struct surroundings_options *o) {
    uint64_t mark = 0;
    mark_paths(&mark, o->rules, o->rule_count);
    mark_paths(&mark, o->placeholders, o->placeholder_count);
    mark_paths(&mark, o->mappings, o->mapping_count);
    return mark;
}

/* --- in the pool's thread --- */

static void keep_warning(const char *text, void *ctx) {
    struct background_rules *b = ctx;
    buf_printf(&b->warnings, "%s\n", text);
}

static void run(uv_work_t *work) {
    struct background_rules *b = work->data;
    cpu_lower_priority();
    b->mark = mark_of(b->options);
    bool is_settled = b->mark != b->loaded_mark && b->mark == b->settled_mark;
    b->settled_mark = b->mark;
    if (b->is_wanted || is_settled) {
        b->status =
            surroundings_load_rules(&b->fresh, &b->refused, b->options, keep_warning, b, &b->err);
    }
}

/* --- in the loop's thread --- */

static void tell_warnings(struct background_rules *b) {
    struct str rest = buf_str(&b->warnings);
    struct str line;
    struct buf text = BUF_INIT;
    while (str_split_next(&line, &rest, '\n')) {
        if (line.len > 0) {
            buf_clear(&text);
            buf_add(&text, line);
            buf_putc(&text, '\0');
            b->told(text.ptr, b->ctx);
        }
    }
    buf_fini(&text);
    buf_fini(&b->warnings);
    b->warnings = BUF_INIT;
}

static void refuse(struct background_rules *b, const char *why) {
    char text[1200];
    (void)snprintf(text, sizeof text, _("the new rules are not taken, the old ones stay: %s"), why);
    b->told(text, b->ctx);
    sigma_rules_free(&b->fresh);
}

static void end(uv_work_t *work, int cancelled) {
    struct background_rules *b = work->data;
    (void)cancelled; /* uv_cancel is not used */
    b->is_busy = false;
    bool was_loaded = b->status != STATUS_OK || b->fresh != NULL;
    if (was_loaded) {
        b->loaded_mark = b->mark; /* of a refused set too: it is told once, not every round */
        b->is_wanted = false;
        tell_warnings(b);
    }
    if (b->is_stopping) {
        sigma_rules_free(&b->fresh);
    } else if (b->status != STATUS_OK) {
        refuse(b, b->err.message);
    } else if (b->fresh != NULL && sigma_rules_count(b->fresh) == 0) {
        refuse(b, _("there is no usable rule among them"));
    } else if (b->fresh != NULL) {
        struct sigma_rules *fresh = b->fresh;
        b->fresh = NULL;
        b->loaded(fresh, b->refused, b->ctx);
    }
}

void background_rules_init(struct background_rules *b) {
    b->loaded_mark = mark_of(b->options);
    b->settled_mark = b->loaded_mark;
}

void background_rules_look(struct background_rules *b, bool now) {
    b->is_wanted = b->is_wanted || now;
    if (b->is_busy || b->is_stopping || b->options->rule_count == 0) {
        return;
    }
    b->status = STATUS_OK;
    b->err = ERR_INIT;
    b->refused = 0;
    b->work.data = b;
    b->is_busy = uv_queue_work(b->loop, &b->work, run, end) == 0;
}

void background_rules_stop(struct background_rules *b) {
    b->is_stopping = true;
}
