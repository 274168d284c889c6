#include "mine.h"

#include "hash.h"
#include "mem.h"

enum {
    GROUP_SLOTS = 4096,
    GROUP_MAX_CLUSTERS = 48, /* then the most similar one takes all */
    RECENT_SLOTS = 1 << 15,
    GUID_BYTES = 36,
    VOTES_TO_MOVE = 5,
    VOTED = 255,
    MIN_SHARED_BYTES = 5, /* shorter texts say nothing about their column */
    QUOTED_BLANKS = 3,    /* a quoted text with so many blanks is one token */
    FIELDS_MIN = 4        /* separators of a text of separated fields */
};

struct mine_cluster {
    struct mine_cluster *next;
    uint64_t group;
    uint32_t token_count;
    uint32_t number;
    uint64_t *texts;   /* by token: hash of a fixed token; 0: variable */
    uint64_t *columns; /* by token, if variable */
    uint64_t *others;  /* by token: a column in which its texts were seen, too */
    uint8_t *votes;    /* for it; VOTED: the token has moved there */
};

void miner_init(struct miner *m) {
    *m = (struct miner){.clusters = mem_calloc(GROUP_SLOTS, sizeof(struct mine_cluster *)),
                        .recent = mem_calloc(RECENT_SLOTS, sizeof(uint64_t)),
                        .recent_tags = mem_calloc(RECENT_SLOTS, sizeof(uint32_t))};
}

void miner_fini(struct miner *m) {
    arena_fini(&m->arena);
    mem_free(m->clusters);
    mem_free(m->recent);
    mem_free(m->recent_tags);
    *m = (struct miner){.clusters = NULL};
}

void miner_clear(struct miner *m) {
    miner_fini(m);
    miner_init(m);
}

/* --- tokens --- */

enum byte_class {
    IN_WORD = 0,
    DIGIT,
    HARD, /* delimits always */
    SOFT  /* delimits at the ends of a word */
};

static const uint8_t classes[256] = {
    [' '] = HARD,  ['\t'] = HARD, ['\r'] = HARD, ['\n'] = HARD, [','] = HARD,  [';'] = HARD,
    ['|'] = HARD,  ['"'] = HARD,  ['\''] = HARD, ['='] = HARD,  ['<'] = HARD,  ['>'] = HARD,
    ['{'] = HARD,  ['}'] = HARD,  ['['] = HARD,  [']'] = HARD,  ['('] = SOFT,  [')'] = SOFT,
    [':'] = SOFT,  ['.'] = SOFT,  ['!'] = SOFT,  ['0'] = DIGIT, ['1'] = DIGIT, ['2'] = DIGIT,
    ['3'] = DIGIT, ['4'] = DIGIT, ['5'] = DIGIT, ['6'] = DIGIT, ['7'] = DIGIT, ['8'] = DIGIT,
    ['9'] = DIGIT,
};

static uint8_t class_of(char c) {
    return classes[(uint8_t)c];
}

/* Bytes of the character at `c`: a trail byte of CP932 can look like a delimiter. */
static size_t char_bytes(char c, enum charset charset) {
    uint8_t lead = (uint8_t)c;
    bool two = charset == CHARSET_CP932 && ((lead >= 0x81 && lead <= 0x9f) || lead >= 0xe0);
    return two ? 2 : 1;
}

static void add_token(struct miner *m, size_t start, size_t end, uint32_t key, bool has_digit) {
    m->tokens[m->token_count++] = (struct mine_token){
        .start = (uint32_t)start, .end = (uint32_t)end, .key = key, .has_digit = has_digit};
}

static bool all_digits(struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_digit(s.ptr[i])) {
            return false;
        }
    }
    return s.len > 0;
}

/* Where "10.0.0.1:443", "host.example/80", "10.0.0.1#53" split; 0: not. */
static size_t port_split(struct str word) {
    size_t at = word.len;
    while (at > 0 && ascii_is_digit(word.ptr[at - 1])) {
        at--;
    }
    if (at == word.len || at < 3 || strchr(":/#", word.ptr[at - 1]) == NULL) {
        return 0;
    }
    struct str host = str_head(word, at - 1);
    bool named = str_find_char(host, '.') != STR_NONE || ascii_is_alpha(host.ptr[0]);
    return named && str_find_char(host, word.ptr[at - 1]) == STR_NONE ? at - 1 : 0;
}

/* --- copies --- */

static uint32_t copy_slot(const char *text) {
    uint32_t first;
    memcpy(&first, text, sizeof first);
    return (first * UINT32_C(0x9e3779b1)) >> 23;
}

void mine_copies_clear(struct mine_copies *c) {
    memset(c->slots, 0, sizeof c->slots);
    c->count = 0;
}

void mine_copies_add(struct mine_copies *c, struct str text) {
    if (text.len >= MINE_COPY_MIN_BYTES && c->count < MINE_MAX_COPIES) {
        uint8_t *slot = &c->slots[copy_slot(text.ptr)];
        c->texts[c->count] = text;
        c->next[c->count] = *slot;
        *slot = (uint8_t)++c->count;
    }
}

/* Length of the delimiter at `at`: 0 if none. */
static size_t delimiter_bytes(const struct mine_text *in, size_t at) {
    char c = in->text.ptr[at];
    if (in->escaped && c == '\\') {
        char next = at + 1 < in->text.len ? in->text.ptr[at + 1] : '\0';
        return next == 'n' || next == 'r' || next == 't' || next == '"' ? 2 : 0;
    }
    return class_of(c) == HARD ? 1 : 0;
}

static bool ends_word(const struct mine_text *in, size_t at) {
    return at >= in->text.len || delimiter_bytes(in, at) > 0 || class_of(in->text.ptr[at]) == SOFT;
}

/* Length of the longest known text that stands at `at` as a word or words; 0: none. */
static size_t copy_at(const struct mine_text *in, size_t at) {
    struct str rest = str_skip(in->text, at);
    if (in->copies == NULL || rest.len < MINE_COPY_MIN_BYTES) {
        return 0;
    }
    size_t best = 0;
    for (uint8_t i = in->copies->slots[copy_slot(rest.ptr)]; i != 0; i = in->copies->next[i - 1]) {
        struct str text = in->copies->texts[i - 1];
        if (text.len > best && str_starts(rest, text) && ends_word(in, at + text.len)) {
            best = text.len;
        }
    }
    return best;
}

/* --- words --- */

static bool is_guid(struct str s) {
    if (s.len != GUID_BYTES) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s.ptr[i] != '-' : ascii_hex_value(s.ptr[i]) < 0) {
            return false;
        }
    }
    return true;
}

/* Where the hour of "8:38:54" or "18:38:54.123" ends; 0: no time of the day. Hours without leading
 * zero would give the column two widths; the rest has one. */
static size_t hour_end(struct str s) {
    size_t hour = s.len > 1 && s.ptr[1] == ':' ? 1 : 2;
    if (s.len < hour + 6 || s.ptr[hour] != ':' || s.ptr[hour + 3] != ':') {
        return 0;
    }
    for (size_t i = 0; i < hour + 6; i++) {
        if (i != hour && i != hour + 3 && !ascii_is_digit(s.ptr[i])) {
            return 0;
        }
    }
    return hour;
}

/* Puts a word whose parts vary apart: a GUID's groups, user and domain, host and port, hour. */
static void put_parts(struct miner *m, struct str text, size_t start, size_t end, uint32_t key,
                      bool has_digit) {
    struct str word = str_make(text.ptr + start, end - start);
    if (m->token_count + 5 > MINE_MAX_TOKENS) {
        add_token(m, start, end, key, has_digit);
        return;
    }
    if (is_guid(word)) {
        static const uint8_t ends[] = {8, 13, 18, 23, GUID_BYTES};
        for (size_t i = 0, from = 0; i < sizeof ends; from = ends[i++] + 1) {
            add_token(m, start + from, start + ends[i], 0, true);
        }
        return;
    }
    size_t split = has_digit ? port_split(word) : 0;
    split = has_digit && split == 0 ? hour_end(word) : split;
    size_t at = str_find_char(word, '@');
    if (split == 0 && at != STR_NONE && at > 0 && at + 1 < word.len) {
        split = at;
    }
    if (split > 0) {
        add_token(m, start, start + split, key, has_digit);
        add_token(m, start + split + 1, end, 0, has_digit);
    } else {
        add_token(m, start, end, key, has_digit);
    }
}

/* Puts the word [start, end) without soft delimiters at its end. */
static void put_word(struct miner *m, struct str text, size_t start, size_t end, uint32_t key,
                     bool has_digit) {
    while (end > start && class_of(text.ptr[end - 1]) == SOFT) {
        end--;
    }
    if (start < end) {
        put_parts(m, text, start, end, key, has_digit);
    }
}

/* The hash of the token before, if "=" stands between. */
static uint32_t key_before(const struct miner *m, struct str text, size_t start) {
    if (start == 0 || m->token_count == 0) {
        return 0;
    }
    size_t at = start;
    if (at >= 2 && text.ptr[at - 1] == '"') {
        at--;
    }
    const struct mine_token *last = &m->tokens[m->token_count - 1];
    if (text.ptr[at - 1] != '=' || last->end != at - 1 || last->has_digit) {
        return 0;
    }
    return (uint32_t)hash_bytes(text.ptr + last->start, last->end - last->start) | 1;
}

/* Takes the word at `at`; returns its end. */
static size_t take_word(struct miner *m, const struct mine_text *in, size_t at, size_t to) {
    size_t start = at;
    uint32_t key = key_before(m, in->text, start);
    while (start < to && class_of(in->text.ptr[start]) == SOFT) {
        start++;
    }
    size_t copy = copy_at(in, start);
    if (copy > 0 && copy <= to - start) {
        add_token(m, start, start + copy, 0, true);
        m->tokens[m->token_count - 1].is_unit = true;
        return start + copy;
    }
    bool has_digit = false;
    for (at = start; at < to && delimiter_bytes(in, at) == 0;) {
        has_digit = has_digit || class_of(in->text.ptr[at]) == DIGIT;
        bool escape = in->escaped && in->text.ptr[at] == '\\';
        at += escape ? 2 : char_bytes(in->text.ptr[at], in->charset);
    }
    at = at < to ? at : to;
    put_word(m, in->text, start, at, key, has_digit);
    return at;
}

static bool has_digits(struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        if (ascii_is_digit(s.ptr[i])) {
            return true;
        }
    }
    return false;
}

/* The closing quote of the text quoted from `at` on, if it is one unit: behind "=", or of many
 * words. 0: it is not. */
static size_t quoted_end(const struct mine_text *in, size_t at, size_t to) {
    const char *p = in->text.ptr;
    char before = at > 0 ? p[at - 1] : ' ';
    if (p[at] != '"' || in->escaped || (before != '=' && before != ' ')) {
        return 0;
    }
    size_t blanks = 0;
    size_t end = at + 1;
    for (; end < to && p[end] != '"'; end += char_bytes(p[end], in->charset)) {
        blanks += p[end] == ' ';
        end += p[end] == '\\';
    }
    bool closed = end < to && (end + 1 == to || class_of(p[end + 1]) == HARD);
    return closed && end > at + 1 && (before == '=' || blanks >= QUOTED_BLANKS) ? end : 0;
}

static void tokenise_words(struct miner *m, const struct mine_text *in, size_t from, size_t to) {
    uint64_t group = m->group;
    size_t at = from;
    while (at < to && m->token_count + 6 <= MINE_MAX_TOKENS) {
        size_t quoted = quoted_end(in, at, to);
        if (quoted > 0) {
            add_token(m, at + 1, quoted, key_before(m, in->text, at + 1),
                      has_digits(str_make(in->text.ptr + at + 1, quoted - at - 1)));
            m->tokens[m->token_count - 1].is_unit = true;
            group = (group ^ 0x101) * UINT64_C(0x100000001b3);
            at = quoted + 1;
            continue;
        }
        size_t delimiter = delimiter_bytes(in, at);
        if (delimiter > 0) {
            group = (group ^ (uint8_t)in->text.ptr[at + delimiter - 1]) * UINT64_C(0x100000001b3);
            at += delimiter;
            continue;
        }
        at = take_word(m, in, at, to);
        group = (group ^ 0x100 ^ (m->token_count << 9)) * UINT64_C(0x100000001b3);
    }
    if (at < to) { /* too many: the rest is one variable */
        add_token(m, at, to, 0, true);
    }
    m->group = group;
}

/* End of the field that starts at `at`: the next separator outside of quotes, or a line's end. */
static size_t field_end(const struct mine_text *in, size_t at, char separator) {
    struct str text = in->text;
    bool quoted = false;
    while (at < text.len && (quoted || (text.ptr[at] != separator && text.ptr[at] != '\r' &&
                                        text.ptr[at] != '\n'))) {
        quoted = text.ptr[at] == '"' ? !quoted : quoted;
        at += char_bytes(text.ptr[at], in->charset);
    }
    return at < text.len ? at : text.len;
}

/* Puts the field [start, end): as one token, or its parts without < > around them. */
static void put_field(struct miner *m, const struct mine_text *in, size_t start, size_t end) {
    const char *p = in->text.ptr;
    struct str field = str_make(p + start, end - start);
    bool plain = field.len > 0 && p[start] != '"' && str_find_char(field, ' ') == STR_NONE;
    if (plain && p[start] == '<' && p[end - 1] == '>' && field.len > 2) {
        start++;
        end--;
    }
    if (plain) {
        put_parts(m, in->text, start, end, 0, has_digits(field));
    } else {
        add_token(m, start, end, 0, has_digits(field));
    }
}

static void number_places(struct miner *m, uint32_t from, uint32_t field) {
    for (uint32_t i = from; i < m->token_count; i++) {
        uint32_t part = i - from < 15 ? i - from : 15;
        m->tokens[i].place = field * 16 + part;
    }
}

static void tokenise_fields(struct miner *m, const struct mine_text *in) {
    size_t at = 0;
    uint32_t fields = 0;
    while (at <= in->text.len && m->token_count + 6 < MINE_MAX_TOKENS) {
        size_t end = field_end(in, at, m->separator);
        uint32_t first = m->token_count;
        struct str field = str_make(in->text.ptr + at, end - at);
        if (fields == 0 && str_find_char(field, ' ') != STR_NONE) {
            tokenise_words(m, in, at, end);
        } else {
            put_field(m, in, at, end);
        }
        number_places(m, first, fields++);
        at = end;
        if (end >= in->text.len || in->text.ptr[end] != m->separator) {
            break;
        }
        at++;
    }
    if (at < in->text.len && in->text.ptr[at] != '\r' && in->text.ptr[at] != '\n') {
        add_token(m, at, in->text.len, 0, true);
    }
    m->fields = hash_u64(m->group ^ (uint64_t)m->separator << 32 ^ fields);
    for (uint32_t i = 0; i < m->token_count; i++) { /* which fields have parts */
        m->group = (m->group ^ m->tokens[i].place) * UINT64_C(0x100000001b3);
    }
    m->group ^= m->fields;
}

/* Many of one separator, and not fewer than blanks: separated fields. */
static char find_separator(struct str text) {
    static const char separators[] = ",|;\t";
    uint32_t counts[128] = {0};
    for (size_t i = 0; i < text.len; i++) {
        counts[(uint8_t)text.ptr[i] & 127] += (uint8_t)text.ptr[i] < 128;
    }
    char best = '\0';
    for (const char *s = separators; *s != '\0'; s++) {
        uint32_t n = counts[(uint8_t)*s];
        if (n >= FIELDS_MIN && n >= counts[' '] && n > counts['='] &&
            (best == '\0' || n > counts[(uint8_t)best])) {
            best = *s;
        }
    }
    return best;
}

void mine_tokenise(struct miner *m, const struct mine_text *in) {
    m->token_count = 0;
    m->group = hash_u64(in->context + 1);
    m->separator = in->escaped ? '\0' : find_separator(in->text);
    if (m->separator != '\0') {
        tokenise_fields(m, in);
    } else {
        tokenise_words(m, in, 0, in->text.len);
    }
    m->group ^= m->token_count;
}

/* --- clusters --- */

static uint64_t token_hash(struct str text, const struct mine_token *t) {
    return hash_bytes(text.ptr + t->start, t->end - t->start) | 1;
}

static bool is_shareable(struct str s) {
    return s.len >= MIN_SHARED_BYTES && !all_digits(s);
}

void mine_note(struct miner *m, struct str text, uint64_t column) {
    if (!is_shareable(text)) {
        return;
    }
    uint64_t hash = hash_str(text);
    uint32_t at = (uint32_t)hash & (RECENT_SLOTS - 1);
    m->recent[at] = column;
    m->recent_tags[at] = (uint32_t)(hash >> 32);
}

static uint64_t seen_in(const struct miner *m, struct str text) {
    if (!is_shareable(text)) {
        return 0;
    }
    uint64_t hash = hash_str(text);
    uint32_t at = (uint32_t)hash & (RECENT_SLOTS - 1);
    return m->recent_tags[at] == (uint32_t)(hash >> 32) ? m->recent[at] : 0;
}

static uint64_t choose_column(const struct miner *m, const struct mine_cluster *c, uint32_t i,
                              struct str text) {
    const struct mine_token *t = &m->tokens[i];
    if (t->key != 0) {
        return hash_u64(t->key) | 1;
    }
    uint64_t seen = seen_in(m, str_make(text.ptr + t->start, t->end - t->start));
    if (seen != 0) {
        return seen;
    }
    if (m->separator != '\0') {
        return hash_u64(m->fields ^ (uint64_t)t->place << 40) | 1;
    }
    return hash_u64((uint64_t)c->number * 256 + i + 1) | 1;
}

static void make_variable(struct miner *m, struct mine_cluster *c, uint32_t i, struct str text) {
    c->texts[i] = 0;
    c->columns[i] = choose_column(m, c, i, text);
}

static struct mine_cluster *new_cluster(struct miner *m, struct str text) {
    struct mine_cluster *c = arena_alloc(&m->arena, sizeof *c);
    *c = (struct mine_cluster){
        .group = m->group, .token_count = m->token_count, .number = m->cluster_count++};
    c->texts = arena_array(&m->arena, (size_t)m->token_count + 1, sizeof *c->texts);
    c->columns = arena_array(&m->arena, (size_t)m->token_count + 1, sizeof *c->columns);
    c->others = arena_array(&m->arena, (size_t)m->token_count + 1, sizeof *c->others);
    c->votes = arena_array(&m->arena, (size_t)m->token_count + 1, sizeof *c->votes);

    for (uint32_t i = 0; i < m->token_count; i++) {
        const struct mine_token *t = &m->tokens[i];
        if (t->has_digit) {
            make_variable(m, c, i, text);
        } else {
            c->texts[i] = token_hash(text, t);
        }
    }
    struct mine_cluster **slot = &m->clusters[m->group % GROUP_SLOTS];
    c->next = *slot;
    *slot = c;
    return c;
}

/* A variable whose texts keep being seen in another column moves there, once. */
static void vote(const struct miner *m, struct mine_cluster *c, uint32_t i, struct str text) {
    if (c->votes[i] == VOTED || m->tokens[i].key != 0) {
        return;
    }
    uint64_t seen = seen_in(m, text);
    if (seen == 0 || seen == c->columns[i]) {
        return;
    }
    if (c->votes[i] == 0) {
        c->others[i] = seen;
    }
    c->votes[i] = (uint8_t)(c->others[i] == seen ? c->votes[i] + 1 : c->votes[i] - 1);
    if (c->votes[i] >= VOTES_TO_MOVE) {
        c->columns[i] = seen;
        c->votes[i] = VOTED;
    }
}

/* The most similar cluster of the group; NULL: none is similar enough. */
static struct mine_cluster *find_cluster(struct miner *m, struct str text) {
    uint64_t hashes[MINE_MAX_TOKENS];
    for (uint32_t i = 0; i < m->token_count; i++) {
        hashes[i] = token_hash(text, &m->tokens[i]);
    }
    struct mine_cluster *best = NULL;
    uint32_t best_share = 0;
    uint32_t seen = 0;
    for (struct mine_cluster *c = m->clusters[m->group % GROUP_SLOTS]; c != NULL; c = c->next) {
        if (c->group != m->group || c->token_count != m->token_count) {
            continue;
        }
        uint32_t fixed = 0;
        uint32_t same = 0;
        for (uint32_t i = 0; i < m->token_count; i++) {
            fixed += c->texts[i] != 0;
            same += c->texts[i] == hashes[i];
        }
        uint32_t share = fixed == 0 ? 1000 : same * 1000 / fixed;
        seen++;
        if (best == NULL || share > best_share) {
            best = c;
            best_share = share;
        }
    }
    uint32_t wanted = m->separator != '\0' ? 200 : 550;
    bool full = seen >= GROUP_MAX_CLUSTERS || m->cluster_count >= MINE_MAX_CLUSTERS;
    return best != NULL && (best_share >= wanted || full) ? best : NULL;
}

void mine_match(struct miner *m, struct str text) {
    struct mine_cluster *c = find_cluster(m, text);
    if (c == NULL && m->cluster_count >= MINE_MAX_CLUSTERS) {
        m->token_count = 0;
        add_token(m, 0, text.len, 0, true);
        m->tokens[0].variable = true;
        m->tokens[0].column = 1;
        return;
    }
    if (c == NULL) {
        c = new_cluster(m, text);
    }
    for (uint32_t i = 0; i < m->token_count; i++) {
        struct mine_token *t = &m->tokens[i];
        if (c->texts[i] != 0 && c->texts[i] != token_hash(text, t)) {
            make_variable(m, c, i, text);
        }
        t->variable = c->texts[i] == 0;
        if (t->variable) {
            vote(m, c, i, str_make(text.ptr + t->start, t->end - t->start));
        }

        t->column = c->columns[i];
    }
}
