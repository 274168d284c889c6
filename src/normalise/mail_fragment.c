#include "mail_fragment.h"

#include <stdlib.h>

#include "ip.h"
#include "mem.h"

enum merge {
    MERGE_SKIP,
    MERGE_FIRST, /* the first value stays */
    MERGE_LIST,  /* distinct values */
    MERGE_PAIR   /* distinct with the value that follows (name and state) */
};

static const uint8_t MERGE_OF[FIELD_STATIC_COUNT] = {
    [FIELD_HOST_NAME] = MERGE_FIRST,
    [FIELD_SOURCE_IP] = MERGE_FIRST,
    [FIELD_SOURCE_DOMAIN] = MERGE_FIRST,
    [FIELD_USER_NAME] = MERGE_FIRST,
    [FIELD_POSTFIX_PROTO] = MERGE_FIRST,
    [FIELD_POSTFIX_SASL_METHOD] = MERGE_FIRST,
    [FIELD_EMAIL_HELO] = MERGE_FIRST,
    [FIELD_EMAIL_SENDER] = MERGE_FIRST,
    [FIELD_EMAIL_MESSAGE_ID] = MERGE_FIRST,
    [FIELD_EMAIL_SUBJECT] = MERGE_FIRST,
    [FIELD_EMAIL_REPLY_TO] = MERGE_FIRST,
    [FIELD_EMAIL_SIZE] = MERGE_FIRST,
    [FIELD_EMAIL_RECIPIENT_COUNT] = MERGE_FIRST,
    [FIELD_EMAIL_TO] = MERGE_LIST,
    [FIELD_EMAIL_ORIGINAL_TO] = MERGE_LIST,
    [FIELD_EMAIL_CONTENT_TYPE] = MERGE_LIST,
    [FIELD_EMAIL_STATUS] = MERGE_LIST,
    [FIELD_EMAIL_DSN] = MERGE_LIST,
    [FIELD_EMAIL_RELAY] = MERGE_LIST,
    [FIELD_EMAIL_QUEUE_ID] = MERGE_LIST,
    [FIELD_EMAIL_NEXT_QUEUE_ID] = MERGE_LIST,
    [FIELD_EMAIL_ATTACHMENT] = MERGE_PAIR,
};

/* Of the first From header only, all or none: attached mails have a From too. */
static const uint32_t FROM_FIELDS[] = {FIELD_EMAIL_FROM_RAW, FIELD_EMAIL_FROM,
                                       FIELD_EMAIL_FROM_NAME, FIELD_EMAIL_FROM_STATE};

static const uint32_t INHERITED_FLAGS =
    ROW_YEAR_INFERRED | ROW_ZONE_GUESSED | ROW_TIME_RECEIVED | ROW_BAD_ENCODING | ROW_TRUNCATED;

struct mail_fragment *mail_fragment_create(struct str key, uint64_t hash) {
    struct mail_fragment *f = mem_calloc(1, sizeof *f);
    f->hash = hash;
    f->key = str_make(mem_strdup(key.ptr, key.len), key.len);
    f->first_ns = INT64_MAX;
    f->last_ns = INT64_MIN;
    f->receive_ns = TIME_NONE;
    return f;
}

void mail_fragment_destroy(struct mail_fragment **fragment) {
    struct mail_fragment *f = *fragment;
    if (f == NULL) {
        return;
    }
    mem_free((char *)(uintptr_t)f->key.ptr);
    buf_fini(&f->text);
    mem_free(f->items);
    mem_free(f->members);
    mem_free(f);
    *fragment = NULL;
}

size_t mail_fragment_bytes(const struct mail_fragment *f) {
    return sizeof *f + f->key.len + f->text.capacity + f->item_capacity * sizeof *f->items +
           f->member_capacity * sizeof *f->members;
}

static struct str item_text(const struct mail_fragment *f, const struct mail_item *item) {
    return item->len > 0 ? str_make(f->text.ptr + item->off, item->len) : STR_EMPTY;
}

bool mail_fragment_find(struct str *out, const struct mail_fragment *f, uint32_t field) {
    for (size_t i = 0; i < f->item_count; i++) {
        if (f->items[i].field == field) {
            *out = item_text(f, &f->items[i]);
            return true;
        }
    }
    return false;
}

static void add_item(struct mail_fragment *f, uint32_t field, struct str value) {
    if (value.len > MAIL_TEXT_MAX - f->text.len || f->item_count >= MAIL_ITEMS_MAX) {
        f->dropped++;
        return;
    }
    MEM_GROW(f->items, f->item_capacity, f->item_count + 1);
    f->items[f->item_count++] =
        (struct mail_item){field, (uint32_t)f->text.len, (uint32_t)value.len};
    buf_add(&f->text, value);
}

static bool has_item(const struct mail_fragment *f, uint32_t field, struct str value) {
    for (size_t i = 0; i < f->item_count; i++) {
        if (f->items[i].field == field && str_eq(item_text(f, &f->items[i]), value)) {
            return true;
        }
    }
    return false;
}

static bool has_pair(const struct mail_fragment *f, struct str name, struct str state) {
    for (size_t i = 0; i + 1 < f->item_count; i++) {
        if (f->items[i].field == FIELD_EMAIL_ATTACHMENT &&
            str_eq(item_text(f, &f->items[i]), name) &&
            str_eq(item_text(f, &f->items[i + 1]), state)) {
            return true;
        }
    }
    return false;
}

/* An attachment name and its state, which stand one after the other. */
static void add_pair(struct mail_fragment *f, struct str name, struct str state) {
    if (has_pair(f, name, state)) {
        return;
    }
    if (name.len + state.len > MAIL_TEXT_MAX - f->text.len || f->item_count + 2 > MAIL_ITEMS_MAX) {
        f->dropped++;
        return;
    }
    add_item(f, FIELD_EMAIL_ATTACHMENT, name);
    add_item(f, FIELD_EMAIL_ATTACHMENT_STATE, state);
}

static void merge_value(struct mail_fragment *f, uint32_t field, struct str value,
                        struct str following) {
    struct str ignored;
    switch ((enum merge)MERGE_OF[field]) {
    case MERGE_FIRST:
        if (!mail_fragment_find(&ignored, f, field)) {
            add_item(f, field, value);
        }
        break;
    case MERGE_LIST:
        if (!has_item(f, field, value)) {
            add_item(f, field, value);
        }
        break;
    case MERGE_PAIR:
        add_pair(f, value, following);
        break;
    case MERGE_SKIP:
        break;
    }
}

static void merge_from(struct mail_fragment *f, const struct batch *batch, const struct row *row) {
    struct str text;
    if (mail_fragment_find(&text, f, FIELD_EMAIL_FROM_RAW)) {
        return;
    }
    for (size_t i = 0; i < sizeof FROM_FIELDS / sizeof FROM_FIELDS[0]; i++) {
        if (batch_find(&text, batch, row, FROM_FIELDS[i])) {
            add_item(f, FROM_FIELDS[i], text);
        }
    }
}

static void merge_values(struct mail_fragment *f, const struct batch *batch,
                         const struct row *row) {
    const struct value *values = batch->values + row->first_value;
    for (uint32_t i = 0; i < row->value_count; i++) {
        uint32_t field = values[i].field;
        if (field == FIELD_EMAIL_FROM_RAW) {
            merge_from(f, batch, row);
        } else if (field < FIELD_STATIC_COUNT && MERGE_OF[field] != MERGE_SKIP) {
            struct str following =
                i + 1 < row->value_count ? batch_value_text(batch, &values[i + 1]) : STR_EMPTY;
            merge_value(f, field, batch_value_text(batch, &values[i]), following);
        }
    }
}

/* pickup knows the login only, qmgr the whole address: qmgr's stays. */
static void replace_sender(struct mail_fragment *f, struct str sender) {
    for (size_t i = 0; i < f->item_count; i++) {
        struct mail_item *item = &f->items[i];
        if (item->field == FIELD_EMAIL_SENDER && !str_eq(item_text(f, item), sender) &&
            sender.len <= MAIL_TEXT_MAX - f->text.len) {
            item->off = (uint32_t)f->text.len;
            item->len = (uint32_t)sender.len;
            buf_add(&f->text, sender);
        }
    }
}

static bool is_loopback(const struct batch *batch, const struct row *row) {
    struct str text;
    struct ip ip;
    static const uint8_t v6[16] = {[15] = 1};
    if (!batch_find(&text, batch, row, FIELD_SOURCE_IP) || !ip_parse(&ip, text)) {
        return false;
    }
    return ip_is_v4(&ip) ? ip.bytes[12] == 127 : memcmp(ip.bytes, v6, sizeof v6) == 0;
}

static bool is_refusal(struct str action) {
    return str_eq(action, STR("reject")) || str_eq(action, STR("milter-reject")) ||
           str_eq(action, STR("discard")) || str_eq(action, STR("milter-discard"));
}

/* The mail is refused as a whole by a header or at its end; before that only a recipient is. */
static void note_refusal(struct mail_fragment *f, const struct batch *batch,
                         const struct row *row) {
    struct str text;
    bool at_end =
        batch_find(&text, batch, row, FIELD_POSTFIX_STAGE) && str_eq(text, STR("END-OF-MESSAGE"));
    if (at_end || batch_find(&text, batch, row, FIELD_EMAIL_HEADER_NAME)) {
        f->rejected = true;
        merge_value(f, FIELD_EMAIL_STATUS, STR("rejected"), STR_EMPTY);
    }
    if (batch_find(&text, batch, row, FIELD_EVENT_REASON)) {
        add_item(f, FIELD_EVENT_REASON, text);
    }
}

/* What the line says about the life of the mail. */
static void note_action(struct mail_fragment *f, const struct batch *batch, const struct row *row) {
    struct str action;
    struct str text;
    if (!batch_find(&action, batch, row, FIELD_EVENT_ACTION)) {
        return;
    }
    if (str_eq(action, STR("accepted"))) {
        f->has_client = true;
        f->reinjected = is_loopback(batch, row);
    } else if (str_eq(action, STR("pickup"))) {
        f->has_client = true;
    } else if (str_eq(action, STR("message-id"))) {
        f->has_message_id = true;
    } else if (str_eq(action, STR("removed"))) {
        f->removed = true;
    } else if (str_eq(action, STR("queued"))) {
        if (batch_find(&text, batch, row, FIELD_EMAIL_SENDER)) {
            replace_sender(f, text);
        }
    } else if (is_refusal(action)) {
        note_refusal(f, batch, row);
    }
}

static void add_member(struct mail_fragment *f, const struct mail_member *member) {
    if (f->member_count >= MAIL_MEMBERS_MAX) {
        f->dropped++;
        return;
    }
    MEM_GROW(f->members, f->member_capacity, f->member_count + 1);
    f->members[f->member_count++] = *member;
}

void mail_fragment_add(struct mail_fragment *f, struct intern *names, const struct batch *batch,
                       const struct row *row) {
    struct mail_member member = {.sequence = row->sequence,
                                 .source =
                                     intern_add(names, intern_text(&batch->names, row->source)),
                                 .origin = INTERN_NONE,
                                 .line = row->line,
                                 .time_ns = row->time_ns};
    if (row->origin != INTERN_NONE) {
        member.origin = intern_add(names, intern_text(&batch->names, row->origin));
    }
    add_member(f, &member);
    merge_values(f, batch, row);
    note_action(f, batch, row);
    f->source = f->first_ns == INT64_MAX ? member.source : f->source;
    f->first_ns = row->time_ns < f->first_ns ? row->time_ns : f->first_ns;
    f->last_ns = row->time_ns > f->last_ns ? row->time_ns : f->last_ns;
    f->receive_ns = row->receive_ns > f->receive_ns ? row->receive_ns : f->receive_ns;
    f->row_flags |= row->flags & INHERITED_FLAGS;
}

void mail_fragment_merge(struct mail_fragment *to, struct mail_fragment *from) {
    bool from_known = false;
    struct str ignored;
    from_known = mail_fragment_find(&ignored, to, FIELD_EMAIL_FROM_RAW);
    for (size_t i = 0; i < from->item_count; i++) {
        const struct mail_item *item = &from->items[i];
        struct str text = item_text(from, item);
        bool of_from = item->field == FIELD_EMAIL_FROM_RAW || item->field == FIELD_EMAIL_FROM ||
                       item->field == FIELD_EMAIL_FROM_NAME ||
                       item->field == FIELD_EMAIL_FROM_STATE;
        if (of_from || item->field == FIELD_EVENT_REASON) {
            if (!of_from || !from_known) {
                add_item(to, item->field, text);
            }
        } else {
            struct str next =
                i + 1 < from->item_count ? item_text(from, &from->items[i + 1]) : STR_EMPTY;
            merge_value(to, item->field, text, next);
        }
    }
    for (size_t i = 0; i < from->member_count; i++) {
        add_member(to, &from->members[i]);
    }
    to->source = from->first_ns < to->first_ns ? from->source : to->source;
    to->first_ns = from->first_ns < to->first_ns ? from->first_ns : to->first_ns;
    to->last_ns = from->last_ns > to->last_ns ? from->last_ns : to->last_ns;
    to->receive_ns = from->receive_ns > to->receive_ns ? from->receive_ns : to->receive_ns;
    to->row_flags |= from->row_flags;
    to->dropped += from->dropped;
    to->has_client = to->has_client || from->has_client;
    to->has_message_id = to->has_message_id || from->has_message_id;
    to->removed = to->removed || from->removed;
    to->rejected = to->rejected || from->rejected;
    from->item_count = 0;
    from->member_count = 0;
}

/* What was collected changes sides; keys and places in the join's lists stay. */
static void swap_content(struct mail_fragment *a, struct mail_fragment *b) {
    struct mail_fragment old_a = *a;
    struct mail_fragment old_b = *b;
    *a = old_b;
    *b = old_a;
    a->chain = old_a.chain;
    a->newer = old_a.newer;
    a->older = old_a.older;
    a->hash = old_a.hash;
    a->key = old_a.key;
    a->list = old_a.list;
    b->chain = old_b.chain;
    b->newer = old_b.newer;
    b->older = old_b.older;
    b->hash = old_b.hash;
    b->key = old_b.key;
    b->list = old_b.list;
}

void mail_fragment_prepend(struct mail_fragment *to, struct mail_fragment *from) {
    swap_content(to, from);
    mail_fragment_merge(to, from);
}

/* --- the derived row --- */

static int compare_members(const void *a, const void *b) {
    const struct mail_member *left = a;
    const struct mail_member *right = b;
    if (left->time_ns != right->time_ns) {
        return left->time_ns < right->time_ns ? -1 : 1;
    }
    if (left->origin != right->origin) {
        return left->origin < right->origin ? -1 : 1;
    }
    return left->line != right->line           ? (left->line < right->line ? -1 : 1)
           : left->sequence != right->sequence ? (left->sequence < right->sequence ? -1 : 1)
                                               : 0;
}

static void emit_members(struct batch *out, struct mail_fragment *f, const struct intern *names) {
    struct buf id = BUF_INIT;
    qsort(f->members, f->member_count, sizeof *f->members, compare_members);
    for (size_t i = 0; i < f->member_count; i++) {
        const struct mail_member *m = &f->members[i];
        buf_clear(&id);
        buf_add(&id, intern_text(names, m->source));
        buf_printf(&id, "-%llu", (unsigned long long)m->sequence);
        batch_add(out, FIELD_MEMBER, buf_str(&id));
    }
    for (size_t i = 0; i < f->member_count; i++) {
        uint32_t origin = f->members[i].origin;
        batch_add(out, FIELD_MEMBER_FILE,
                  origin == INTERN_NONE ? STR_EMPTY : intern_text(names, origin));
    }
    for (size_t i = 0; i < f->member_count; i++) {
        batch_add_i64(out, FIELD_MEMBER_LINE, f->members[i].line);
    }
    buf_fini(&id);
}

/* The values of one field stand together. */
static void emit_items(struct batch *out, const struct mail_fragment *f) {
    bool done[FIELD_STATIC_COUNT] = {false};
    for (size_t i = 0; i < f->item_count; i++) {
        uint32_t field = f->items[i].field;
        for (size_t j = i; !done[field] && j < f->item_count; j++) {
            if (f->items[j].field == field) {
                batch_add(out, field, item_text(f, &f->items[j]));
            }
        }
        done[field] = true;
    }
}

static void emit_time(struct batch *out, uint32_t field, int64_t ns) {
    char text[CIVIL_RFC3339_BYTES];
    batch_add(out, field, str_make(text, civil_format_rfc3339(text, ns)));
}

/* The word for what became of the mail, and the outcome. */
static void emit_fate(struct batch *out, const struct mail_fragment *f) {
    static const struct {
        struct str status;
        const char *action;
        const char *outcome;
    } fates[] = {
        {STR_INIT("sent"), "delivered", "success"},
        {STR_INIT("deferred"), "deferred", "unknown"},
        {STR_INIT("bounced"), "bounced", "failure"},
        {STR_INIT("expired"), "expired", "failure"},
    };
    const char *action = "open";
    const char *outcome = "unknown";
    for (size_t i = sizeof fates / sizeof fates[0]; i > 0; i--) {
        if (has_item(f, FIELD_EMAIL_STATUS, fates[i - 1].status)) {
            action = fates[i - 1].action;
            outcome = fates[i - 1].outcome;
        }
    }
    if (f->rejected) {
        action = "rejected";
        outcome = "failure";
    }
    batch_add_constant(out, FIELD_EVENT_ACTION, action);
    batch_add_constant(out, FIELD_EVENT_OUTCOME, outcome);
}

void mail_fragment_emit(struct batch *out, struct mail_fragment *f, const struct intern *names) {
    struct buf source = BUF_INIT;
    buf_add(&source, intern_text(names, f->source));
    buf_add(&source, STR("/mail"));
    struct row *row = batch_row_begin(out, out->raw.len, 0);
    row->source = intern_add(&out->names, buf_str(&source));
    row->dataset = DATASET_POSTFIX_MAIL;
    row->time_ns = f->first_ns;
    row->receive_ns = f->receive_ns;
    row->flags = ROW_DERIVED | f->row_flags;
    buf_fini(&source);

    batch_add_constant(out, FIELD_EVENT_KIND, "derived");
    batch_add_constant(out, FIELD_EVENT_CATEGORY, "email");
    emit_fate(out, f);
    emit_time(out, FIELD_EVENT_START, f->first_ns);
    emit_time(out, FIELD_EVENT_END, f->last_ns);
    bool whole = (f->has_client || f->has_message_id) && (f->removed || f->rejected);
    batch_add_constant(out, FIELD_EMAIL_JOIN_STATE, whole ? "complete" : "incomplete");
    emit_items(out, f);
    emit_members(out, f, names);
}
