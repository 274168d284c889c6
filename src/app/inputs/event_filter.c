#include "event_filter.h"

#include "i18n.h"
#include "num.h"

bool event_words_fit(const struct event_words *words, struct str text) {
    for (size_t i = 0; i < words->count; i++) {
        struct str rest = str_from_c(words->items[i]);
        struct str word;
        while (str_split_next(&word, &rest, ',')) {
            if (str_fits(text, str_trim(word))) {
                return true;
            }
        }
    }
    return false;
}

/* --- event ids --- */

static bool read_range(uint64_t *from, uint64_t *to, struct str word) {
    word = str_trim(word);
    size_t dash = str_find_char(word, '-');
    struct str last = dash == STR_NONE ? word : str_skip(word, dash + 1);
    return num_parse_u64(from, str_head(word, dash)) && num_parse_u64(to, last) && *from <= *to;
}

static enum status check_ids(const struct event_words *ids, struct err *err) {
    uint64_t from;
    uint64_t to;
    for (size_t i = 0; i < ids->count; i++) {
        struct str rest = str_from_c(ids->items[i]);
        struct str word;
        while (str_split_next(&word, &rest, ',')) {
            if (!read_range(&from, &to, word)) {
                return err_set(
                    err, STATUS_BAD_INPUT,
                    _("event id \"%.*s\": expected numbers and ranges like 4624,4768-4771"),
                    STR_ARG(word));
            }
        }
    }
    return STATUS_OK;
}

enum status event_filter_check(const struct event_filter *filter, struct err *err) {
    enum status status = check_ids(&filter->ids, err);
    return status == STATUS_OK ? check_ids(&filter->other_ids, err) : status;
}

static bool id_fits(const struct event_words *ids, struct str text) {
    uint64_t id = 0;
    uint64_t from = 0;
    uint64_t to = 0;
    if (ids->count == 0 || !num_parse_u64(&id, text)) {
        return false;
    }
    for (size_t i = 0; i < ids->count; i++) {
        struct str rest = str_from_c(ids->items[i]);
        struct str word;
        while (str_split_next(&word, &rest, ',')) {
            if (read_range(&from, &to, word) && id >= from && id <= to) {
                return true;
            }
        }
    }
    return false;
}

/* --- the event --- */

static struct str value_of(const struct batch *batch, const struct row *row, uint32_t field,
                           uint32_t otherwise) {
    struct str text;
    bool found = batch_find(&text, batch, row, field) || batch_find(&text, batch, row, otherwise);
    return found ? text : STR_EMPTY;
}

static bool time_fits(const struct event_filter *f, const struct row *row) {
    bool bounded = f->from_ns != INT64_MIN || f->to_ns != INT64_MAX;
    bool has_time = (row->flags & ROW_TIME_RECEIVED) == 0;
    return !bounded || (has_time && row->time_ns >= f->from_ns && row->time_ns < f->to_ns);
}

static bool words_admit(const struct event_words *wanted, const struct event_words *others,
                        const struct batch *batch, const struct row *row, uint32_t field,
                        uint32_t otherwise) {
    if (wanted->count + others->count == 0) {
        return true;
    }
    struct str text = value_of(batch, row, field, otherwise);
    return (wanted->count == 0 || (text.len > 0 && event_words_fit(wanted, text))) &&
           !(text.len > 0 && event_words_fit(others, text));
}

static bool ids_admit(const struct event_filter *f, const struct batch *batch,
                      const struct row *row) {
    if (f->ids.count + f->other_ids.count == 0) {
        return true;
    }
    struct str text = value_of(batch, row, FIELD_WINLOG_EVENT_ID, FIELD_EVENT_CODE);
    return (f->ids.count == 0 || id_fits(&f->ids, text)) && !id_fits(&f->other_ids, text);
}

bool event_filter_admits(const struct event_filter *f, const struct batch *batch,
                         const struct row *row) {
    return time_fits(f, row) && ids_admit(f, batch, row) &&
           words_admit(&f->channels, &f->other_channels, batch, row, FIELD_WINLOG_CHANNEL,
                       FIELD_WINLOG_CHANNEL) &&
           words_admit(&f->hosts, &f->other_hosts, batch, row, FIELD_WINLOG_COMPUTER,
                       FIELD_HOST_NAME);
}
