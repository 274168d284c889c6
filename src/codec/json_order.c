#include "json_order.h"

#include "hash.h"

enum {
    OBJECT_MEMBERS = 100 /* of one object: the order of more does not fit JSON_ORDER_NUMBERS */
};

#define NONE UINT32_MAX

void json_order_fini(struct json_order *o) {
    buf_fini(&o->text);
}

/* --- taking the text apart --- */

struct scan {
    struct json_order *order;
    struct str text;
    uint32_t at;
    uint32_t depth;
};

static char peek(const struct scan *s) {
    return s->at < s->text.len ? s->text.ptr[s->at] : '\0';
}

static void skip_blanks(struct scan *s) {
    while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\r' || peek(s) == '\n') {
        s->at++;
    }
}

/* The string at `at`, quotes and all. */
static bool skip_string(struct scan *s) {
    if (peek(s) != '"') {
        return false;
    }
    s->at++;
    while (s->at < s->text.len) {
        const char *p = s->text.ptr + s->at;
        const char *quote = memchr(p, '"', s->text.len - s->at);
        if (quote == NULL) {
            return false;
        }
        uint32_t slashes = 0;
        while (quote - p > (ptrdiff_t)slashes && quote[-1 - (ptrdiff_t)slashes] == '\\') {
            slashes++;
        }
        s->at += (uint32_t)(quote - p) + 1;
        if (slashes % 2 == 0) {
            return true;
        }
    }
    return false;
}

/* A value that stays whole: up to the ',' or '}' that ends its member. */
static bool skip_value(struct scan *s) {
    uint32_t open = 0;
    while (s->at < s->text.len) {
        char c = s->text.ptr[s->at];
        if (open == 0 && (c == ',' || c == '}' || c == ']')) {
            return c != ']';
        }
        if (c == '"') {
            if (!skip_string(s)) {
                return false;
            }
            continue;
        }
        open += c == '[' || c == '{';
        open -= c == ']' || c == '}';
        s->at++;
    }
    return false;
}

static uint32_t add_run(struct scan *s, uint32_t from) {
    struct json_order *o = s->order;
    o->runs[o->run_count] = (struct json_order_run){from, 0, s->at - from};
    return o->run_count++;
}

static bool scan_object(struct scan *s, struct json_order_object *object);

/* Is there an object with members at `at`? */
static bool begins_object(const struct scan *s) {
    struct scan ahead = *s;
    if (peek(&ahead) != '{' || s->depth >= JSON_ORDER_DEPTH) {
        return false;
    }
    ahead.at++;
    skip_blanks(&ahead);
    return peek(&ahead) == '"';
}

/* One member, up to its separator. */
static bool scan_member(struct scan *s, uint32_t number) {
    struct json_order_member *m = &s->order->members[number];
    uint32_t start = s->at;
    skip_blanks(s);
    uint32_t key = s->at;
    if (!skip_string(s)) {
        return false;
    }
    *m = (struct json_order_member){.key = key, .key_len = s->at - key, .tail = NONE, .next = NONE};
    skip_blanks(s);
    if (peek(s) != ':') {
        return false;
    }
    s->at++;
    skip_blanks(s);
    if (!begins_object(s)) {
        bool good = skip_value(s);
        m->head = add_run(s, start);
        return good;
    }
    m->head = add_run(s, start);
    if (!scan_object(s, &m->object)) {
        return false;
    }
    uint32_t behind = s->at;
    skip_blanks(s);
    m->tail = add_run(s, behind);
    return peek(s) == ',' || peek(s) == '}';
}

/* An object with members; its depth is bounded by begins_object. */
static bool scan_object(struct scan *s, struct json_order_object *object) {
    struct json_order *o = s->order;
    uint32_t last = NONE;
    *object = (struct json_order_object){.first = o->member_count};
    s->depth++;
    do {
        s->at++; /* '{' or ',' */
        uint32_t number = o->member_count;
        if (number == JSON_ORDER_MEMBERS || object->count == OBJECT_MEMBERS) {
            return false;
        }
        o->member_count++;
        if (!scan_member(s, number)) {
            return false;
        }
        if (last != NONE) {
            o->members[last].next = number;
        }
        last = number;
        object->count++;
    } while (peek(s) == ',');
    s->depth--;
    s->at++;
    return true; /* scan_member ends at ',' or '}' */
}

/* --- orders --- */

/* The members of an object, as they stand, to the end of the sequence. */
static uint32_t *list_members(struct json_order *o, struct json_order_object *object) {
    object->list = o->sequence_count;
    uint32_t *list = o->sequence + o->sequence_count;
    for (uint32_t i = 0, m = object->first; i < object->count; i++, m = o->members[m].next) {
        list[i] = m;
    }
    o->sequence_count += object->count;
    return list;
}

static bool key_before(const struct json_order *o, struct str text, uint32_t a, uint32_t b) {
    const struct json_order_member *x = &o->members[a];
    const struct json_order_member *y = &o->members[b];
    size_t len = x->key_len < y->key_len ? x->key_len : y->key_len;
    int order = memcmp(text.ptr + x->key, text.ptr + y->key, len);
    return order < 0 || (order == 0 && x->key_len < y->key_len);
}

/* Sorts by key; members with equal keys stay as they are. */
static void sort_members(const struct json_order *o, struct str text, uint32_t *list,
                         uint32_t count) {
    for (uint32_t i = 1; i < count; i++) {
        uint32_t m = list[i];
        uint32_t at = i;
        for (; at > 0 && key_before(o, text, m, list[at - 1]); at--) {
            list[at] = list[at - 1];
        }
        list[at] = m;
    }
}

/* Room for a digit below `radix`: in the last number, or in a new one. */
static bool make_room(struct json_order *o, uint64_t radix) {
    uint64_t product;
    bool fits = o->number_count > 0 && !__builtin_mul_overflow(o->radix, radix, &product) &&
                product <= (uint64_t)INT64_MAX;
    if (!fits && o->number_count == o->number_limit) {
        return false;
    }
    if (!fits) {
        o->numbers[o->number_count++] = 0;
        o->radix = 1;
    }
    return true;
}

/* The code of the order of an object's members, which now stand sorted in `list`: the number of a
 * member grows with its place in the text. */
static bool put_digits(struct json_order *o, const uint32_t *list, uint32_t count) {
    uint32_t rank_of[OBJECT_MEMBERS]; /* by place in the text */
    for (uint32_t rank = 0; rank < count; rank++) {
        uint32_t place = 0;
        for (uint32_t i = 0; i < count; i++) {
            place += list[i] < list[rank];
        }
        rank_of[place] = rank;
    }
    for (uint32_t i = 0; i + 1 < count; i++) {
        uint64_t digit = 0;
        for (uint32_t k = i + 1; k < count; k++) {
            digit += rank_of[k] < rank_of[i];
        }
        if (!make_room(o, count - i)) {
            return false;
        }
        o->numbers[o->number_count - 1] += digit * o->radix;
        o->radix *= count - i;
    }
    return true;
}

/* Puts sorted members back into the order that the next digits say. */
static bool take_digits(struct json_order *o, const uint64_t *numbers, uint32_t *list,
                        uint32_t count) {
    for (uint32_t i = 0; i + 1 < count; i++) {
        if (!make_room(o, count - i)) {
            return false;
        }
        uint32_t digit = (uint32_t)(numbers[o->number_count - 1] / o->radix % (count - i));
        o->radix *= count - i;
        uint32_t chosen = list[i + digit];
        memmove(list + i + 1, list + i, digit * sizeof *list);
        list[i] = chosen;
    }
    return true;
}

static uint64_t add_to_hash(uint64_t hash, struct str text, const struct json_order_member *m) {
    return hash_u64(hash ^ hash_bytes(text.ptr + m->key, m->key_len));
}

/* Sorts an object and those in it; codes and hashes on the way. */
static bool sort_object(struct json_order *o, struct str text, struct json_order_object *object) {
    uint32_t *list = list_members(o, object);
    for (uint32_t i = 0; i < object->count; i++) {
        o->order_hash = add_to_hash(o->order_hash, text, &o->members[list[i]]);
    }
    sort_members(o, text, list, object->count);
    bool good = put_digits(o, list, object->count);
    for (uint32_t i = 0; i < object->count && good; i++) {
        struct json_order_member *m = &o->members[list[i]];
        o->keys_hash = add_to_hash(o->keys_hash, text, m);
        good = m->object.count == 0 || sort_object(o, text, &m->object);
    }
    return good;
}

/* The inverse, on a sorted text: digits of an object come before those of its members' objects. */
static bool restore_object(struct json_order *o, const uint64_t *numbers,
                           struct json_order_object *object) {
    uint32_t *list = list_members(o, object);
    bool good = take_digits(o, numbers, list, object->count);
    for (uint32_t i = 0, m = object->first; i < object->count && good; i++) {
        struct json_order_member *member = &o->members[m];
        good = member->object.count == 0 || restore_object(o, numbers, &member->object);
        m = member->next;
    }
    return good;
}

/* --- printing --- */

static void print_run(struct json_order *o, struct str text, uint32_t run) {
    struct json_order_run *r = &o->runs[run];
    r->to = (uint32_t)o->text.len;
    buf_append(&o->text, text.ptr + r->from, r->len);
}

static void print_object(struct json_order *o, struct str text,
                         const struct json_order_object *object) {
    const uint32_t *list = o->sequence + object->list;
    for (uint32_t i = 0; i < object->count; i++) {
        const struct json_order_member *m = &o->members[list[i]];
        buf_putc(&o->text, i == 0 ? '{' : ',');
        print_run(o, text, m->head);
        if (m->object.count > 0) {
            print_object(o, text, &m->object);
            print_run(o, text, m->tail);
        }
    }
    buf_putc(&o->text, '}');
}

static void print_text(struct json_order *o, const struct scan *s,
                       const struct json_order_object *object) {
    (void)buf_reserve(&o->text, s->text.len);
    print_object(o, s->text, object);
    buf_add(&o->text, str_skip(s->text, s->at));
}

/* --- both ways --- */

static bool take_apart(struct scan *s, struct json_order_object *object, uint32_t number_limit) {
    struct json_order *o = s->order;
    o->member_count = 0;
    o->run_count = 0;
    o->sequence_count = 0;
    o->number_count = 0;
    o->number_limit = number_limit;
    o->keys_hash = 0;
    o->order_hash = 0;
    buf_clear(&o->text);
    return s->text.len < UINT32_MAX && begins_object(s) && scan_object(s, object);
}

bool json_order_sort(struct json_order *o, struct str text) {
    struct scan s = {.order = o, .text = text};
    struct json_order_object object;
    bool good = take_apart(&s, &object, JSON_ORDER_NUMBERS) && sort_object(o, text, &object);
    if (good) {
        print_text(o, &s, &object);
    }
    return good;
}

bool json_order_restore(struct json_order *o, struct str sorted, const uint64_t *numbers,
                        uint32_t count) {
    struct scan s = {.order = o, .text = sorted};
    struct json_order_object object;
    uint32_t limit = count < JSON_ORDER_NUMBERS ? count : JSON_ORDER_NUMBERS;
    bool good = take_apart(&s, &object, limit) && restore_object(o, numbers, &object) &&
                o->number_count == count;
    if (good) {
        print_text(o, &s, &object);
    }
    return good;
}

bool json_order_place(uint32_t *out, const struct json_order *o, uint32_t at, uint32_t len) {
    uint32_t low = 0;
    uint32_t high = o->run_count;
    while (low < high) { /* the last run that begins at `at` or before */
        uint32_t middle = low + (high - low) / 2;
        if (o->runs[middle].from <= at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return false;
    }
    const struct json_order_run *r = &o->runs[low - 1];
    bool inside = at - r->from <= r->len && len <= r->len - (at - r->from);
    if (inside) {
        *out = r->to + (at - r->from);
    }
    return inside;
}
