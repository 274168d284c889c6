#include "windows_ecs.h"

void windows_ecs_add(struct batch *batch) {
    struct str text;
    struct row *row = batch_row(batch);
    if (batch_find(&text, batch, row, FIELD_WINLOG_EVENT_ID)) {
        batch_add(batch, FIELD_EVENT_CODE, text);
    }
    if (batch_find(&text, batch, batch_row(batch), FIELD_WINLOG_COMPUTER)) {
        batch_add(batch, FIELD_HOST_NAME, text);
    }
}
