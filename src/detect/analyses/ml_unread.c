#include "ml_unread.h"

#include "mem.h"

struct count {
    uint32_t source; /* in names */
    int32_t day;
    uint64_t seen;
    uint64_t unread;
};

struct ml_unread {
    struct intern names;
    struct count *counts;
    size_t count;
    size_t capacity;
};

struct ml_unread *ml_unread_create(void) {
    return mem_calloc(1, sizeof(struct ml_unread));
}

void ml_unread_destroy(struct ml_unread *unread) {
    if (unread == NULL) {
        return;
    }
    intern_fini(&unread->names);
    mem_free(unread->counts);
    mem_free(unread);
}

/* "mx01" of "mx01/mail": the source that the lines came from. */
static struct str lines_source(const struct analysis_event *event) {
    struct str source = intern_text(&event->batch->names, event->row->source);
    size_t slash = str_rfind_char(source, '/');
    return slash == STR_NONE ? source : str_head(source, slash);
}

void ml_unread_count(struct ml_unread *unread, const struct analysis_event *event, bool is_unread) {
    uint32_t source = intern_add(&unread->names, lines_source(event));
    struct count *c = NULL;
    for (size_t i = unread->count; c == NULL && i > 0; i--) {
        bool hit =
            unread->counts[i - 1].source == source && unread->counts[i - 1].day == event->day;
        c = hit ? &unread->counts[i - 1] : NULL;
    }
    if (c == NULL) {
        MEM_GROW(unread->counts, unread->capacity, unread->count + 1);
        c = &unread->counts[unread->count++];
        *c = (struct count){source, event->day, 0, 0};
    }
    c->seen++;
    c->unread += is_unread ? 1 : 0;
}

void ml_unread_evict(struct ml_unread *unread, int32_t before_day) {
    size_t kept = 0;
    for (size_t i = 0; i < unread->count; i++) {
        if (unread->counts[i].day >= before_day) {
            unread->counts[kept++] = unread->counts[i];
        }
    }
    unread->count = kept;
}

void ml_unread_cover(const struct ml_unread *unread, const struct analysis_context *context,
                     int32_t day, const char *what_en, const char *what_ja) {
    for (size_t i = 0; i < unread->count; i++) {
        const struct count *c = &unread->counts[i];
        if (c->day != day || c->unread == 0) {
            continue;
        }
        struct buf en = BUF_INIT;
        struct buf ja = BUF_INIT;
        buf_printf(&en, "%llu of %llu %s", (unsigned long long)c->unread,
                   (unsigned long long)c->seen, what_en);
        buf_printf(&ja, "%s(%llu件中%llu件)", what_ja, (unsigned long long)c->seen,
                   (unsigned long long)c->unread);
        struct coverage_note note = {
            intern_text(&unread->names, c->source),
            EVALUABLE_DEGRADED,
            {buf_str(&en), buf_str(&ja)},
            {STR("Postfix cuts logged headers at 200 bytes: log them in full by a milter, or check "
                 "names at the gateway"),
             STR("Postfix はヘッダーを200バイトで切って記録する。milter で全文を記録するか、"
                 "ゲートウェイでファイル名を検査する")}};
        analysis_cover(context, day, &note);
        buf_fini(&en);
        buf_fini(&ja);
    }
}
