/*
 * From the text of a regular expression to its automaton: a parser by recursive descent that
 * numbers the characters as it meets them. What it does not know it refuses; what an automaton
 * cannot say (borders of words, look around) it takes as always true, and the automaton is not
 * exact.
 */
#include "automaton.h"
#include "num.h"

enum {
    MAX_DEPTH = 50,
    MAX_COPIES = 64,   /* of a part that is repeated so many times */
    MAX_ITEMS = 20000, /* parts looked at, with all copies */
    NO_LIMIT = -1
};

/* A part of the pattern. */
struct part {
    uint64_t first;
    uint64_t last;
    bool is_empty; /* it can be nothing */
};

struct parse {
    struct automaton *a;
    struct str text;
    size_t at;
    bool ignore_case;
    bool newline_is_lf;
    bool is_full; /* more than 64 positions */
    unsigned depth;
    unsigned items;
};

/* A set of characters. */
struct set {
    bool has[128];
    bool others;      /* all beyond ASCII */
    bool partners[2]; /* K, S without regard to case: KELVIN SIGN, LONG S too */
};

static bool parse_choice(struct part *out, struct parse *p);

static char peek(const struct parse *p, size_t ahead) {
    return p->at + ahead < p->text.len ? p->text.ptr[p->at + ahead] : '\0';
}

static bool at_end(const struct parse *p) {
    return p->at >= p->text.len;
}

static bool accept(struct parse *p, const char *text) {
    struct str s = str_from_c(text);
    bool good = str_starts(str_skip(p->text, p->at), s);
    p->at += good ? s.len : 0;
    return good;
}

/* --- positions --- */

static bool add_position(struct part *out, struct parse *p) {
    if (p->a->count == AUTOMATON_POSITIONS) {
        p->is_full = true;
        return false;
    }
    uint64_t bit = UINT64_C(1) << p->a->count++;
    *out = (struct part){bit, bit, false};
    return true;
}

/* Takes positions back from `count` on. */
static void drop_positions(struct parse *p, unsigned count) {
    struct automaton *a = p->a;
    uint64_t kept = count == AUTOMATON_POSITIONS ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    for (unsigned i = 0; i < a->count; i++) {
        a->follow[i] = i < count ? a->follow[i] & kept : 0;
    }
    for (unsigned c = 0; c < 256; c++) {
        a->takes[c] &= kept;
    }
    a->keep &= kept;
    a->count = count;
}

static void link(struct parse *p, uint64_t last, uint64_t first) {
    for (; last != 0; last &= last - 1) {
        p->a->follow[__builtin_ctzll(last)] |= first;
    }
}

static void append(struct parse *p, struct part *to, const struct part *next) {
    link(p, to->last, next->first);
    to->first |= to->is_empty ? next->first : 0;
    to->last = next->last | (next->is_empty ? to->last : 0);
    to->is_empty = to->is_empty && next->is_empty;
}

static void join(struct part *to, const struct part *other) {
    to->first |= other->first;
    to->last |= other->last;
    to->is_empty = to->is_empty || other->is_empty;
}

static bool add_bytes(struct part *out, struct parse *p, struct str bytes) {
    *out = (struct part){.is_empty = true};
    for (size_t i = 0; i < bytes.len; i++) {
        struct part one;
        if (!add_position(&one, p)) {
            return false;
        }
        p->a->takes[(uint8_t)bytes.ptr[i]] |= one.first;
        append(p, out, &one);
    }
    return true;
}

static bool add_set(struct part *out, struct parse *p, const struct set *set) {
    if (!add_position(out, p)) {
        return false;
    }
    uint64_t bit = out->first;
    for (unsigned c = 0; c < 128; c++) {
        p->a->takes[c] |= set->has[c] ? bit : 0;
    }
    /* also those that are not UTF-8: what PCRE2 makes of them is found out in a second test */
    for (unsigned c = 0x80; set->others && c < 0x100; c++) {
        p->a->takes[c] |= bit;
    }
    p->a->keep |= set->others ? bit : 0;
    static const char *const partners[] = {"\xe2\x84\xaa", "\xc5\xbf"};
    for (size_t i = 0; !set->others && i < 2; i++) {
        struct part other;
        if (!set->partners[i]) {
            continue;
        }
        if (!add_bytes(&other, p, str_from_c(partners[i]))) {
            return false;
        }
        join(out, &other);
    }
    return true;
}

/* --- characters --- */

static void set_add(struct set *set, const struct parse *p, unsigned c) {
    set->has[c] = true;
    if (p->ignore_case && ascii_is_alpha((char)c)) {
        set->has[c ^ 0x20] = true;
        set->partners[0] = set->partners[0] || ascii_lower((char)c) == 'k';
        set->partners[1] = set->partners[1] || ascii_lower((char)c) == 's';
    }
}

/* \d \s \w and their opposites: ASCII only, without PCRE2_UCP. */
static bool set_add_class(struct set *set, char letter) {
    char lower = ascii_lower(letter);
    if (lower != 'd' && lower != 's' && lower != 'w') {
        return false;
    }
    bool negated = letter != lower;
    for (unsigned i = 0; i < 128; i++) {
        char c = (char)i;
        bool has = lower == 'd'   ? ascii_is_digit(c)
                   : lower == 's' ? ascii_is_space(c)
                                  : ascii_is_alnum(c) || c == '_';
        set->has[i] = set->has[i] || has != negated;
    }
    set->others = set->others || negated;
    return true;
}

/* The code point of an escape at p->at (behind the backslash); false: another kind of escape. */
static bool take_escaped_char(uint32_t *out, struct parse *p) {
    static const char letters[] = "nrtfea";
    static const char meanings[] = "\n\r\t\f\x1b\a";
    char c = peek(p, 0);
    const char *letter = c == '\0' ? NULL : strchr(letters, c);
    if (letter != NULL) {
        *out = (uint8_t)meanings[letter - letters];
        p->at++;
        return true;
    }
    if (c == 'x' && ascii_hex_value(peek(p, 1)) >= 0 && ascii_hex_value(peek(p, 2)) >= 0) {
        *out = (uint32_t)(ascii_hex_value(peek(p, 1)) * 16 + ascii_hex_value(peek(p, 2)));
        p->at += 3;
        return true;
    }
    if (c == '\0' || (uint8_t)c >= 0x80 || ascii_is_alnum(c)) {
        return false;
    }
    *out = (uint8_t)c;
    p->at++;
    return true;
}

/* One character beyond ASCII that stands in the pattern. */
static struct str take_wide(struct parse *p) {
    size_t start = p->at++;
    while (((uint8_t)peek(p, 0) & 0xc0) == 0x80) {
        p->at++;
    }
    return str_make(p->text.ptr + start, p->at - start);
}

static bool add_any(struct part *out, struct parse *p) {
    struct set set = {.others = true};
    memset(set.has, true, sizeof set.has);
    p->a->is_exact = false;
    return add_set(out, p, &set);
}

static bool add_char(struct part *out, struct parse *p, uint32_t code) {
    struct set set = {.others = false};
    if (code >= 0x80) { /* only \x80 to \xff come here */
        char bytes[2] = {(char)(0xc0 | code >> 6), (char)(0x80 | (code & 0x3f))};
        return p->ignore_case ? add_any(out, p) : add_bytes(out, p, str_make(bytes, 2));
    }
    set_add(&set, p, code);
    return add_set(out, p, &set);
}

/* One member of a class in brackets: a character (*code), or a set of several (false). */
static bool take_member(bool *is_char, uint32_t *code, struct set *set, struct parse *p) {
    char c = peek(p, 0);
    *is_char = true;
    if ((uint8_t)c >= 0x80) {
        (void)take_wide(p);
        *code = 0x80;
        return true;
    }
    if (c == '[' && (peek(p, 1) == ':' || peek(p, 1) == '.' || peek(p, 1) == '=')) {
        return false;
    }
    p->at++;
    *code = (uint8_t)c;
    if (c != '\\') {
        return true;
    }
    if (set_add_class(set, peek(p, 0))) {
        *is_char = false;
        p->at++;
        return true;
    }
    return take_escaped_char(code, p);
}

static bool take_range(struct set *set, struct parse *p, uint32_t low, bool *wide) {
    uint32_t high = low;
    bool is_char = true;
    if (peek(p, 0) == '-' && peek(p, 1) != ']') {
        p->at++;
        if (!take_member(&is_char, &high, set, p) || !is_char) {
            return false; /* "[a-\d]": a literal '-' */
        }
    }
    *wide = *wide || high >= 0x80;
    for (uint32_t c = low; c <= high && c < 0x80; c++) {
        set_add(set, p, c);
    }
    return true;
}

/* Behind '['. */
static bool parse_brackets(struct part *out, struct parse *p) {
    struct set set = {.others = false};
    bool negated = accept(p, "^");
    bool wide = false; /* members beyond ASCII are not told apart */
    for (bool is_first = true; is_first || peek(p, 0) != ']'; is_first = false) {
        uint32_t code = 0;
        bool is_char;
        if (at_end(p) || !take_member(&is_char, &code, &set, p) ||
            (is_char && !take_range(&set, p, code, &wide))) {
            return false;
        }
    }
    p->at++;
    if (negated) {
        for (unsigned c = 0; c < 128; c++) {
            set.has[c] = !set.has[c];
        }
        wide = wide || set.partners[0] || set.partners[1];
        set.others = !set.others || wide;
    }
    set.others = set.others || wide;
    p->a->is_exact = p->a->is_exact && !wide;
    return add_set(out, p, &set);
}

/* --- parts --- */

/* What is always true for the automaton. */
static bool assume(struct part *out, struct parse *p) {
    *out = (struct part){.is_empty = true};
    p->a->is_exact = false;
    return true;
}

/* Behind a backslash. */
static bool parse_escape(struct part *out, struct parse *p) {
    struct set set = {.others = false};
    uint32_t code;
    char c = peek(p, 0);
    if (c != '\0' && strchr("bBAzZG", c) != NULL) {
        p->at++;
        return assume(out, p);
    }
    if (set_add_class(&set, c)) {
        p->at++;
        return add_set(out, p, &set);
    }
    return take_escaped_char(&code, p) && add_char(out, p, code);
}

static bool parse_dot(struct part *out, struct parse *p) {
    struct set set = {.others = true};
    memset(set.has, true, sizeof set.has);
    set.has['\n'] = !p->newline_is_lf;
    p->a->is_exact = p->a->is_exact && p->newline_is_lf;
    return add_set(out, p, &set);
}

/* "(?<name>", "(?P<name>", "(?'name'". */
static bool take_group_name(struct parse *p) {
    size_t start = p->at;
    (void)accept(p, "P");
    char open = peek(p, 0);
    char close = open == '<' ? '>' : '\'';
    if ((open != '<' && open != '\'') || peek(p, 1) == '=' || peek(p, 1) == '!') {
        p->at = start;
        return false;
    }
    while (!at_end(p) && peek(p, 1) != close) {
        p->at++;
    }
    p->at += 2;
    return p->at <= p->text.len;
}

/* What stands in look-ahead and look-behind is no part of the match. */
static bool skip_look_around(struct part *out, struct parse *p) {
    unsigned count = p->a->count;
    bool good = parse_choice(out, p) && accept(p, ")");
    drop_positions(p, count);
    p->is_full = false;
    return assume(out, p) && good;
}

/* Behind '('. */
static bool parse_group(struct part *out, struct parse *p) {
    bool outer = p->ignore_case;
    if (peek(p, 0) == '*') {
        return false;
    }
    if (accept(p, "?")) {
        if (accept(p, "=") || accept(p, "!") || accept(p, "<=") || accept(p, "<!")) {
            return skip_look_around(out, p);
        }
        if (accept(p, ">")) {
            p->a->is_exact = false; /* what it took it does not give back */
        } else if (accept(p, "i:")) {
            p->ignore_case = true;
        } else if (!accept(p, ":") && !take_group_name(p)) {
            return false;
        }
    }
    bool good = p->depth < MAX_DEPTH;
    p->depth++;
    good = good && parse_choice(out, p) && accept(p, ")");
    p->depth--;
    p->ignore_case = outer;
    return good;
}

static bool parse_atom(struct part *out, struct parse *p) {
    char c = peek(p, 0);
    if (++p->items > MAX_ITEMS) {
        return false;
    }
    if ((uint8_t)c >= 0x80) {
        struct str bytes = take_wide(p);
        return p->ignore_case ? add_any(out, p) : add_bytes(out, p, bytes);
    }
    p->at++;
    switch (c) {
    case '\\':
        return parse_escape(out, p);
    case '[':
        return parse_brackets(out, p);
    case '(':
        return parse_group(out, p);
    case '.':
        return parse_dot(out, p);
    case '^':
    case '$':
        return assume(out, p);
    case '*':
    case '+':
    case '?':
        return false;
    default:
        return add_char(out, p, (uint8_t)c);
    }
}

/* --- repetition --- */

/* "{2}", "{2,}", "{2,5}" at p->at; false: the brace is a character. */
static bool take_braces(int *least, int *most, struct parse *p) {
    size_t start = p->at;
    int numbers[2] = {0, NO_LIMIT};
    bool has[2] = {false, false};
    bool comma = false;
    p->at++;
    for (; !at_end(p) && peek(p, 0) != '}'; p->at++) {
        char c = peek(p, 0);
        if (c == ',' && !comma) {
            comma = true;
        } else if (ascii_is_digit(c)) {
            int *number = &numbers[comma];
            *number = (has[comma] ? *number * 10 : 0) + (c - '0');
            *number = *number > 100000 ? 100000 : *number;
            has[comma] = true;
        } else {
            break;
        }
    }
    if (!accept(p, "}") || !has[0]) {
        p->at = start;
        return false;
    }
    *least = numbers[0];
    *most = comma ? numbers[1] : numbers[0];
    return true;
}

/* How often the part before p->at stands; *fails: not understood. */
static bool take_quantifier(int *least, int *most, bool *fails, struct parse *p) {
    char c = peek(p, 0);
    *least = c == '+' ? 1 : 0;
    *most = c == '?' ? 1 : NO_LIMIT;
    if (c == '*' || c == '+' || c == '?') {
        p->at++;
    } else if (c != '{' || !take_braces(least, most, p)) {
        /* "{,3}" and blanks in braces mean different things in different versions */
        *fails = c == '{' && (peek(p, 1) == ',' || peek(p, 1) == ' ');
        return false;
    }
    if (peek(p, 0) == '+') {
        p->a->is_exact = false; /* possessive */
        p->at++;
    } else if (peek(p, 0) == '?') {
        p->at++;
    }
    return true;
}

/* Parses the part that begins at `start` once more, as part of a sequence. */
static bool append_copy(struct part *out, struct parse *p, size_t start, bool may_miss,
                        bool repeats) {
    struct part copy;
    p->at = start;
    if (!parse_atom(&copy, p)) {
        return false;
    }
    copy.is_empty = copy.is_empty || may_miss;
    if (repeats) {
        link(p, copy.last, copy.first);
    }
    append(p, out, &copy);
    return true;
}

static bool repeat(struct part *out, struct parse *p, size_t start, int least, int most) {
    *out = (struct part){.is_empty = true};
    bool endless = most == NO_LIMIT || most > MAX_COPIES;
    p->a->is_exact = p->a->is_exact && !(most > MAX_COPIES || least > MAX_COPIES);
    least = least > MAX_COPIES ? MAX_COPIES : least;
    int copies = endless ? (least > 0 ? least : 1) : most;
    for (int i = 0; i < copies; i++) {
        if (!append_copy(out, p, start, i >= least, endless && i + 1 == copies)) {
            return false;
        }
    }
    return true;
}

static bool parse_item(struct part *out, struct parse *p) {
    size_t start = p->at;
    unsigned count = p->a->count;
    int least = 1;
    int most = 1;
    bool fails = false;
    if (!parse_atom(out, p)) {
        return false;
    }
    if (!take_quantifier(&least, &most, &fails, p)) {
        return !fails;
    }
    size_t end = p->at;
    drop_positions(p, count);
    bool good = repeat(out, p, start, least, most);
    p->at = end;
    /* a quantifier behind a quantifier is none that we know */
    return good && (at_end(p) || strchr("*+?", peek(p, 0)) == NULL);
}

/* One alternative. At the outermost level it may end early, when all positions are used: what was
 * read is then all that is known. */
static bool parse_sequence(struct part *out, struct parse *p) {
    *out = (struct part){.is_empty = true};
    while (!at_end(p) && peek(p, 0) != '|' && peek(p, 0) != ')') {
        struct part item;
        unsigned count = p->a->count;
        if (!parse_item(&item, p)) {
            if (!p->is_full || p->depth > 0) {
                return false;
            }
            drop_positions(p, count);
            p->a->is_exact = false;
            return true;
        }
        append(p, out, &item);
    }
    return true;
}

static bool parse_choice(struct part *out, struct parse *p) {
    if (!parse_sequence(out, p)) {
        return false;
    }
    while (!p->is_full && accept(p, "|")) {
        struct part other;
        if (!parse_sequence(&other, p)) {
            return false;
        }
        join(out, &other);
    }
    return true;
}

/* True if an alternative stands outside of all groups: then none may be left out. */
static bool has_outer_choice(struct str pattern) {
    unsigned depth = 0;
    bool in_class = false;
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        if (c == '\\') {
            i++;
        } else if (in_class) {
            in_class = c != ']';
        } else if (c == '[') {
            in_class = true;
            i += i + 1 < pattern.len && pattern.ptr[i + 1] == '^';
            i += i + 1 < pattern.len && pattern.ptr[i + 1] == ']';
        } else if (c == '(') {
            depth++;
        } else if (c == ')' && depth > 0) {
            depth--;
        } else if (c == '|' && depth == 0) {
            return true;
        }
    }
    return false;
}

bool automaton_of_regex(struct automaton *out, struct arena *arena, struct str pattern,
                        bool ignore_case, bool newline_is_lf) {
    *out = (struct automaton){.is_exact = true};
    struct parse p = {
        .a = out, .text = pattern, .ignore_case = ignore_case, .newline_is_lf = newline_is_lf};
    if (accept(&p, "(?i)")) {
        p.ignore_case = true;
    }
    struct part all;
    if (!parse_choice(&all, &p) || (p.is_full && has_outer_choice(pattern)) ||
        (!p.is_full && !at_end(&p)) || all.is_empty) {
        return false;
    }
    out->first = all.first;
    out->last = all.last;
    automaton_finish(out, arena);
    return true;
}
