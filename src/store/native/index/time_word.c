#include "time_word.h"

enum {
    MAX_ATOMS = 512,        /* more than a pattern of FORMULA_MAX_PATTERN bytes has */
    MAX_SECOND_DIGITS = 10, /* of times that fit int64 nanoseconds */
    FIRST_YEAR = 1677,      /* the same */
    LAST_YEAR = 2262
};

static const int64_t powers[] = {1,      10,      100,      1000,      10000,
                                 100000, 1000000, 10000000, 100000000, 1000000000};

/* --- patterns as atoms --- */

/* What a pattern prints, piece by piece: digits of a part, a letter of its own, or a break between
 * two words. */
struct atom {
    char part; /* of time_text.h; 0: `letter`; '?': digits that say nothing */
    char letter;
    uint8_t least; /* digits */
    uint8_t most;
    bool is_break;
    bool may_break; /* a blank or sign may stand before it */
};

struct atoms {
    struct atom list[MAX_ATOMS];
    size_t count;
};

static void add_atom(struct atoms *a, struct atom atom) {
    if (a->count < MAX_ATOMS) {
        a->list[a->count++] = atom;
    }
}

static void add_break(struct atoms *a) {
    add_atom(a, (struct atom){.is_break = true});
}

static void add_digits(struct atoms *a, char part, uint8_t least, uint8_t most, bool may_break) {
    add_atom(a, (struct atom){.part = part, .least = least, .most = most, .may_break = may_break});
}

static void add_letter(struct atoms *a, char c) {
    if (ascii_is_alnum(c) || c == '_' || (uint8_t)c >= 0x80) {
        add_atom(a, (struct atom){.letter = ascii_lower(c)});
    } else {
        add_break(a);
    }
}

static void add_zone(struct atoms *a, bool colon) {
    add_break(a);
    add_digits(a, '?', 2, 2, false);
    if (colon) {
        add_break(a);
    }
    add_digits(a, '?', 2, 2, false);
}

/* False: no part of time_text.h, so that it prints itself. */
static bool add_part(struct atoms *a, char part) {
    switch (part) {
    case 'Y':
        add_digits(a, part, 4, 4, false);
        return true;
    case 'j':
        add_digits(a, part, 3, 3, false);
        return true;
    case 'y':
    case 'm':
    case 'd':
    case 'H':
    case 'M':
    case 'S':
        add_digits(a, part, 2, 2, false);
        return true;
    case 'D':
    case 'K':
    case 'L':
        add_digits(a, part == 'D' ? 'd' : part == 'K' ? 'H' : 'm', 1, 2, false);
        return true;
    case 'e':
    case 'k':
        add_digits(a, part == 'e' ? 'd' : 'H', 1, 2, true);
        return true;
    case 's':
        add_digits(a, part, 1, MAX_SECOND_DIGITS, true);
        return true;
    case '%':
        add_break(a);
        return true;
    case 'b':
    case 'a':
        add_letter(a, '_'); /* letters: in no zoned word */
        return true;
    case 'z':
    case 'Z':
        add_zone(a, part == 'z');
        return true;
    default:
        if (part >= '1' && part <= '9') {
            add_digits(a, part, (uint8_t)(part - '0'), (uint8_t)(part - '0'), false);
            return true;
        }
        return false;
    }
}

static void make_atoms(struct atoms *a, struct str pattern) {
    a->count = 0;
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        if (c == '%' && i + 1 < pattern.len && add_part(a, pattern.ptr[i + 1])) {
            i++;
        } else {
            add_letter(a, c);
        }
    }
}

/* --- what a word says of the instant --- */

/* Numbers of the parts that the word shows; -1: not shown. */
struct shown {
    int64_t year;
    int64_t year_of_century;
    int64_t month;
    int64_t day;
    int64_t day_of_year;
    int64_t hour;
    int64_t minute;
    int64_t second;
    int64_t since_1970; /* seconds */
    int64_t fraction;
    unsigned fraction_digits;
};

/* False if the part never has this number. */
static bool show(struct shown *s, char part, int64_t number) {
    switch (part) {
    case 'Y':
        s->year = number;
        return true;
    case 'y':
        s->year_of_century = number;
        return true;
    case 'm':
        s->month = number;
        return number >= 1 && number <= 12;
    case 'd':
        s->day = number;
        return number >= 1 && number <= 31;
    case 'j':
        s->day_of_year = number;
        return number >= 1 && number <= 366;
    case 'H':
        s->hour = number;
        return number < 24;
    case 'M':
        s->minute = number;
        return number < 60;
    case 'S':
        s->second = number;
        return number < 60;
    case 's':
        s->since_1970 = number;
        return true;
    case '?':
        return true;
    default:
        s->fraction = number;
        s->fraction_digits = (unsigned)(part - '0');
        return true;
    }
}

/* --- cases --- */

static void add_case(struct time_word *w, struct time_word_case c) {
    if (w->case_count == TIME_WORD_CASES) {
        w->always = true;
    } else {
        w->cases[w->case_count++] = c;
    }
}

static int64_t clip(__int128 ns) {
    return ns < INT64_MIN ? INT64_MIN : ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

/* Narrows [*low, *high], which begins with a second, to the shown fraction of one. */
static void narrow_to_fraction(__int128 *low, __int128 *high, const struct shown *s) {
    if (s->fraction_digits > 0) {
        int64_t step = powers[9 - s->fraction_digits];
        *low += s->fraction * step;
        *high = *low + step - 1;
    }
}

/* Seconds since 1970, before and after: the sign is no part of the word. */
static void add_epoch(struct time_word *w, const struct shown *s) {
    __int128 low = (__int128)s->since_1970 * NS_PER_SECOND;
    __int128 high = low + NS_PER_SECOND - 1;
    struct time_word_case before = {.low = clip(-low), .high = clip(-low + NS_PER_SECOND - 1)};
    narrow_to_fraction(&low, &high, s);
    if (low <= INT64_MAX) {
        add_case(w, (struct time_word_case){.low = clip(low), .high = clip(high)});
    }
    if (s->since_1970 > 0 && before.high > INT64_MIN) {
        add_case(w, before);
    }
}

/* The part of the day, hour, minute or second that the word shows. */
static void add_part_of_day(struct time_word_case *c, const struct shown *s) {
    static const int64_t spans[] = {NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_SECOND};
    const int64_t numbers[] = {s->hour, s->minute, s->second};
    size_t i = 0;
    while (i < 3 && numbers[i] < 0) {
        i++;
    }
    if (i == 3 && s->fraction_digits == 0) {
        return;
    }
    __int128 low = 0;
    __int128 high = spans[i] - 1;
    c->period = spans[i];
    for (; i < 3 && numbers[i] >= 0; i++) {
        low += (__int128)numbers[i] * spans[i + 1];
        high = low + spans[i + 1] - 1;
    }
    if (i == 3) {
        narrow_to_fraction(&low, &high, s);
    }
    c->part_low = (int64_t)low;
    c->part_high = (int64_t)high;
}

/* The days of a year that the word shows. */
static void add_days(struct time_word *w, struct time_word_case c, const struct shown *s,
                     int64_t year) {
    if (year < FIRST_YEAR || year > LAST_YEAR) {
        return;
    }
    int64_t first = civil_days((int32_t)year, 1, 1);
    int64_t count = 366;
    if (s->day_of_year > 0) {
        first += s->day_of_year - 1;
        count = 1;
    } else if (s->month > 0) {
        first = civil_days((int32_t)year, (int32_t)s->month, 1) + (s->day > 0 ? s->day - 1 : 0);
        count = s->day > 0 ? 1 : 31;
    }
    c.low = clip((__int128)first * NS_PER_DAY - w->shift);
    c.high = clip((__int128)(first + count) * NS_PER_DAY - 1 - w->shift);
    if (year == FIRST_YEAR || year == LAST_YEAR) { /* local time may not fit there */
        c = (struct time_word_case){.low = clip((__int128)c.low - 2 * NS_PER_DAY),
                                    .high = clip((__int128)c.high + 2 * NS_PER_DAY)};
    }
    add_case(w, c);
}

static void add_shown(struct time_word *w, const struct shown *s) {
    struct time_word_case c = {.low = INT64_MIN, .high = INT64_MAX};
    if (s->since_1970 >= 0) {
        add_epoch(w, s);
        return;
    }
    add_part_of_day(&c, s);
    if (s->year >= 0) {
        add_days(w, c, s, s->year);
    } else if (s->year_of_century >= 0) {
        for (int64_t century = 1600; century <= LAST_YEAR; century += 100) {
            add_days(w, c, s, century + s->year_of_century);
        }
    } else {
        add_case(w, c);
    }
}

/* --- words beside atoms --- */

static bool ends_at(const struct atoms *a, size_t at) {
    return at == a->count || a->list[at].is_break || a->list[at].may_break;
}

static bool begins_at(const struct atoms *a, size_t at) {
    return at == 0 || a->list[at - 1].is_break || a->list[at].may_break;
}

/* Adds the cases in which the rest of the word is what the atoms from `at` on print. Parts of
 * several lengths are tried with each; patterns have few of them. */
static void match_from(struct time_word *w, const struct atoms *a, size_t at, struct str word,
                       struct shown shown) {
    for (; word.len > 0 && at < a->count && !w->always; at++) {
        const struct atom *atom = &a->list[at];
        if (atom->is_break) {
            return;
        }
        if (atom->part == '\0') {
            if (word.ptr[0] != atom->letter) {
                return;
            }
            word = str_skip(word, 1);
            continue;
        }
        int64_t number = 0;
        size_t digits = 0;
        while (digits < atom->most && digits < word.len && ascii_is_digit(word.ptr[digits])) {
            number = number * 10 + (word.ptr[digits++] - '0');
            struct shown more = shown;
            if (digits >= atom->least && digits < atom->most && show(&more, atom->part, number)) {
                match_from(w, a, at + 1, str_skip(word, digits), more);
            }
        }
        if (digits < atom->most || !show(&shown, atom->part, number)) {
            return;
        }
        word = str_skip(word, digits);
    }
    if (word.len == 0 && ends_at(a, at)) {
        add_shown(w, &shown);
    }
}

bool time_word_make(struct time_word *out, struct str pattern, int32_t zone_seconds,
                    struct str word) {
    static const struct shown nothing = {-1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0};
    struct atoms atoms;
    *out = (struct time_word){.shift = (int64_t)zone_seconds * NS_PER_SECOND};
    make_atoms(&atoms, pattern);
    out->always = atoms.count == MAX_ATOMS;
    for (size_t at = 0; at < atoms.count && !out->always; at++) {
        if (begins_at(&atoms, at)) {
            match_from(out, &atoms, at, word, nothing);
        }
    }
    return out->always || out->case_count > 0;
}

/* Does some number from `low` to `high` (not before it) lie in the case's part of its period? */
static bool has_part(const struct time_word_case *c, int64_t low, int64_t high) {
    uint64_t span = (uint64_t)high - (uint64_t)low;
    if (span >= (uint64_t)c->period) {
        return true;
    }
    int64_t from = low % c->period;
    from += from < 0 ? c->period : 0;
    int64_t to = from + (int64_t)span; /* below 2 periods */
    return (from <= c->part_high && to >= c->part_low) || to >= c->period + c->part_low;
}

static bool case_has(const struct time_word *w, const struct time_word_case *c, int64_t low,
                     int64_t high) {
    low = c->low > low ? c->low : low;
    high = c->high < high ? c->high : high;
    if (low > high || c->period == 0) {
        return low <= high;
    }
    bool is_edge = low < INT64_MIN + NS_PER_DAY * 2 || high > INT64_MAX - NS_PER_DAY * 2;
    return is_edge || has_part(c, low + w->shift, high + w->shift);
}

bool time_word_in(const struct time_word *w, int64_t low, int64_t high) {
    bool has = w->always;
    for (size_t i = 0; i < w->case_count && !has; i++) {
        has = case_has(w, &w->cases[i], low, high);
    }
    return has;
}

/* Digits between breaks, as many as there can be; letters but T and Z make no zoned word. */
bool time_pattern_has_word(struct str pattern, unsigned digits) {
    struct atoms a;
    make_atoms(&a, pattern);
    unsigned most = 0;
    bool zoned = true;
    for (size_t i = 0; i < a.count; i++) {
        const struct atom *atom = &a.list[i];
        if (atom->is_break) {
            most = 0;
            zoned = true;
            continue;
        }
        bool letter = atom->part == '\0' && !ascii_is_digit(atom->letter);
        zoned =
            (zoned || atom->may_break) && (!letter || atom->letter == 't' || atom->letter == 'z');
        most += atom->part == '\0' ? !letter : atom->most;
        if (most >= digits && zoned) { /* what follows may still add a letter: it does not matter */
            return true;
        }
    }
    return a.count == MAX_ATOMS;
}
