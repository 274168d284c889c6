/* The order of values: by the type of the field; a keyword that is a number counts as one. */
#include "num.h"
#include "stage.h"

static bool set_number(struct order_key *out, struct str text) {
    if (num_parse_i64(&out->integer, text)) {
        out->is_integer = true;
        out->number = (double)out->integer;
    } else if (!num_parse_double(&out->number, text)) {
        return false;
    }
    out->rank = RANK_NUMBER;
    return true;
}

static bool set_time(struct order_key *out, struct str text) {
    bool has_zone;
    if (!civil_parse_rfc3339(&out->integer, &has_zone, text)) {
        return false;
    }
    out->is_integer = true;
    out->number = (double)out->integer;
    out->rank = RANK_NUMBER;
    return true;
}

void order_key_init(struct order_key *out, struct str text, enum field_type type) {
    bool is_text = type == FIELD_TYPE_KEYWORD || type == FIELD_TYPE_BOOL;
    *out = (struct order_key){.rank = is_text ? RANK_TEXT : RANK_STRAY, .text = text};
    if (type == FIELD_TYPE_IP && ip_parse(&out->ip, text)) {
        out->rank = RANK_IP;
    } else if (type == FIELD_TYPE_TIME) {
        (void)set_time(out, text);
    } else if (type != FIELD_TYPE_IP) {
        (void)set_number(out, text);
    }
}

static int compare_numbers(const struct order_key *a, const struct order_key *b) {
    if (a->is_integer && b->is_integer) {
        return a->integer < b->integer ? -1 : a->integer > b->integer;
    }
    return a->number < b->number ? -1 : a->number > b->number;
}

int order_compare(const struct order_key *a, const struct order_key *b) {
    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    switch (a->rank) {
    case RANK_NUMBER:
        return compare_numbers(a, b);
    case RANK_IP:
        return memcmp(a->ip.bytes, b->ip.bytes, sizeof a->ip.bytes);
    case RANK_TEXT:
    case RANK_STRAY:
        return str_compare(a->text, b->text);
    case RANK_MISSING:
        break;
    }
    return 0;
}
