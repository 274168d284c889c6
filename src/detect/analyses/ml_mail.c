#include "ml_mail.h"

#include "mem.h"

void *ml_state_create(const struct analysis_context *context) {
    (void)context;
    struct ml_state *state = mem_calloc(1, sizeof *state);
    state->unread = ml_unread_create();
    return state;
}

void ml_state_destroy(void *state) {
    struct ml_state *s = state;
    draft_fini(&s->draft);
    ml_unread_destroy(s->unread);
    buf_fini(&s->folded);
    buf_fini(&s->scratch);
    buf_fini(&s->to_en);
    buf_fini(&s->to_ja);
    mem_free(s);
}

void ml_state_evict(void *state, int32_t before_day) {
    ml_unread_evict(((struct ml_state *)state)->unread, before_day);
}

bool ml_mail_next(struct str *out, const struct analysis_event *event, uint32_t field,
                  uint32_t *at) {
    const struct row *row = event->row;
    const struct value *values = event->batch->values + row->first_value;
    while (*at < row->value_count) {
        const struct value *v = &values[(*at)++];
        if (v->field == field) {
            *out = batch_value_text(event->batch, v);
            return true;
        }
    }
    return false;
}

void ml_mail_entities(struct draft_builder *draft, const struct analysis_event *event) {
    struct str sender = event_get(event, FIELD_EMAIL_FROM);
    struct str recipient;
    uint32_t at = 0;
    draft_entity(draft, ENTITY_SENDER,
                 sender.len > 0 ? sender : event_get(event, FIELD_EMAIL_SENDER));
    while (ml_mail_next(&recipient, event, FIELD_EMAIL_TO, &at)) {
        draft_entity(draft, ENTITY_RECIPIENT, recipient);
    }
    draft_entity(draft, ENTITY_ADDRESS, event_get(event, FIELD_SOURCE_IP));
}

void ml_mail_recipients(struct buf *en, struct buf *ja, const struct analysis_event *event) {
    struct str first = STR("?");
    struct str next;
    uint32_t at = 0;
    size_t count = 0;
    while (ml_mail_next(&next, event, FIELD_EMAIL_TO, &at)) {
        first = count == 0 ? next : first;
        count++;
    }
    buf_clear(en);
    buf_clear(ja);
    buf_add(en, first);
    buf_add(ja, first);
    if (count > 1) {
        buf_printf(en, " and %zu other%s", count - 1, count > 2 ? "s" : "");
        buf_printf(ja, " ほか%zu件", count - 1);
    }
}

bool ml_mail_refused(const struct analysis_event *event) {
    return str_eq(event_get(event, FIELD_EVENT_ACTION), STR("rejected"));
}
