/* What ML-01 and ML-02 have in common: fields of a joined mail, its entities, its fate. */
#ifndef KONSEKI_ML_MAIL_H
#define KONSEKI_ML_MAIL_H

#include "draft_builder.h"
#include "ml_unread.h"

/* State of one of these analyses. */
struct ml_state {
    struct draft_builder draft;
    struct ml_unread *unread;
    struct buf folded;
    struct buf scratch;
    struct buf to_en;
    struct buf to_ja;
};

void *ml_state_create(const struct analysis_context *context);
void ml_state_destroy(void *state);
void ml_state_evict(void *state, int32_t before_day);

/* Sender (header From, else envelope), recipients and the sending address. */
void ml_mail_entities(struct draft_builder *draft, const struct analysis_event *event);
/* "A", "A and 2 others", "A ほか2件" of the recipients, into the two buffers (cleared first). */
void ml_mail_recipients(struct buf *en, struct buf *ja, const struct analysis_event *event);
/* True if the server refused the mail. */
bool ml_mail_refused(const struct analysis_event *event);

/* The next value of the field from *at on; false if there is none. */
bool ml_mail_next(struct str *out, const struct analysis_event *event, uint32_t field,
                  uint32_t *at);

/* Evidence and facts that both need. */
#define ML_MAIL_FIELDS                                                                             \
    {"email.from.address", false}, {"email.from.name", false}, {"email.from.state", false},        \
        {"email.sender.address", false}, {"email.to.address", false}, {"email.subject", false},    \
        {"event.action", false}, {"event.end", false}, {"source.ip", false},                       \
        {"konseki.member", false}, {"konseki.member_file", false}, {                               \
        "konseki.member_line", false                                                               \
    }

#endif
