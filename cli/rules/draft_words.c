#include "draft_words.h"

enum {
    WORDS_MAX = 1000,
    LASTING_MAX = 32 /* longer ones are mostly encoded */
};

/* How much a word tells; the higher the better. */
enum worth { WORTH_NOTHING, WORTH_PLAIN, WORTH_COMMON_SWITCH, WORTH_SWITCH, WORTH_NAME };

struct candidate {
    struct str word;
    enum worth worth;
    size_t at; /* of the text's words */
};

/* The best so far, in no order. */
struct candidates {
    struct candidate items[DRAFT_PARTS_MAX];
    size_t count;
};

/* --- one word --- */

static bool is_separator(char c) {
    return ascii_is_space(c) || memchr("\"'`,;()|&{}[]<>", c, 15) != NULL;
}

/* "SequenceNumber=2184" of Windows PowerShell: counts and states, which tell nothing. */
static bool is_counting_word(struct str word) {
    static const struct str names[] = {
        STR_INIT("SequenceNumber="), STR_INIT("DetailSequence="),   STR_INIT("DetailTotal="),
        STR_INIT("PipelineId="),     STR_INIT("HostName="),         STR_INIT("HostVersion="),
        STR_INIT("EngineVersion="),  STR_INIT("NewEngineState="),   STR_INIT("HostId="),
        STR_INIT("RunspaceId="),     STR_INIT("HostApplication="),  STR_INIT("UserId="),
        STR_INIT("ProviderName="),   STR_INIT("NewProviderState="), STR_INIT("CommandInvocation"),
        STR_INIT("ParameterBinding")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_starts(word, names[i])) {
            return true;
        }
    }
    return false;
}

static bool is_switch(struct str word) {
    return word.len > 2 && (word.ptr[0] == '-' || word.ptr[0] == '/') &&
           ascii_is_alpha(word.ptr[1] == '-' ? word.ptr[2] : word.ptr[1]) &&
           str_find_char(str_skip(word, 1), '/') == STR_NONE;
}

/* What nearly every call of an interpreter has. */
static bool is_common_switch(struct str word) {
    static const char *const names[] = {
        "nop",     "noprofile", "noni",    "noninteractive", "nologo",          "noexit",
        "sta",     "mta",       "version", "windowstyle",    "executionpolicy", "exec",
        "command", "file",      "silent",  "quiet",          "verbose",         "force"};
    struct str name = str_skip(word, 1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_eq_ci(name, str_from_c(names[i]))) {
            return true;
        }
    }
    return false;
}

static size_t letters(struct str word, size_t at) {
    size_t from = at;
    while (at < word.len && ascii_is_alpha(word.ptr[at])) {
        at++;
    }
    return at - from;
}

/* "Add-MpPreference": verb and noun. */
static bool is_cmdlet(struct str word) {
    size_t verb = letters(word, 0);
    return verb >= 3 && verb + 4 < word.len && word.ptr[verb] == '-' &&
           letters(word, verb + 1) >= 4;
}

/* "DownloadString", "Net.WebClient": letters and dots with capitals inside. */
static bool is_name(struct str word) {
    size_t capitals = 0, small = 0, others = 0;
    for (size_t i = 1; i < word.len; i++) {
        char c = word.ptr[i];
        capitals += c >= 'A' && c <= 'Z';
        small += c >= 'a' && c <= 'z';
        others += !ascii_is_alpha(c) && c != '.';
    }
    return word.len >= 8 && others == 0 && capitals > 0 && small > capitals * 2;
}

/* A word that would be the same the next time: no path, no address, no number. */
static bool is_lasting_word(struct str word) {
    return word.len >= 4 && word.len <= LASTING_MAX && word.ptr[word.len - 1] != '=' &&
           str_find_char(word, '\\') == STR_NONE && str_find_char(word, '/') == STR_NONE &&
           str_find_char(word, ':') == STR_NONE;
}

static enum worth worth_of(struct str word) {
    if (is_counting_word(word) || draft_is_volatile(word)) {
        return WORTH_NOTHING;
    }
    if (is_switch(word)) {
        return is_common_switch(word) ? WORTH_COMMON_SWITCH : WORTH_SWITCH;
    }
    if (is_cmdlet(word) || is_name(word)) {
        return WORTH_NAME;
    }
    return is_lasting_word(word) ? WORTH_PLAIN : WORTH_NOTHING;
}

/* --- the best of them --- */

static bool is_there(const struct candidates *c, struct str word) {
    for (size_t i = 0; i < c->count; i++) {
        if (str_eq_ci(c->items[i].word, word)) {
            return true;
        }
    }
    return false;
}

static void offer(struct candidates *c, struct candidate new) {
    size_t worst = 0;
    if (is_there(c, new.word)) {
        return;
    }
    if (c->count < DRAFT_PARTS_MAX) {
        c->items[c->count++] = new;
        return;
    }
    for (size_t i = 1; i < c->count; i++) {
        bool is_worse =
            c->items[i].worth < c->items[worst].worth ||
            (c->items[i].worth == c->items[worst].worth && c->items[i].at > c->items[worst].at);
        worst = is_worse ? i : worst;
    }
    if (new.worth > c->items[worst].worth) {
        c->items[worst] = new;
    }
}

static void collect(struct candidates *out, struct str text, bool skip_first) {
    size_t count = 0;
    while (text.len > 0 && count < WORDS_MAX) {
        size_t end = 0;
        while (end < text.len && !is_separator(text.ptr[end])) {
            end++;
        }
        struct str word = str_head(text, end);
        text = str_skip(text, end + 1);
        while (word.len > 0 && word.ptr[0] == '.') {
            word = str_skip(word, 1); /* ".DownloadString" */
        }
        if (word.len == 0) {
            continue;
        }
        enum worth worth = count == 0 && skip_first ? WORTH_NOTHING : worth_of(word);
        if (worth != WORTH_NOTHING) {
            offer(out, (struct candidate){word, worth, count});
        }
        count++;
    }
}

/* Takes those of the worth and above, in the order of the text. */
static void add_in_order(struct draft_item *item, const struct candidates *c, enum worth least) {
    size_t after = 0;
    for (;;) {
        const struct candidate *next = NULL;
        for (size_t i = 0; i < c->count; i++) {
            const struct candidate *here = &c->items[i];
            if (here->worth >= least && here->at >= after &&
                (next == NULL || here->at < next->at)) {
                next = here;
            }
        }
        if (next == NULL) {
            return;
        }
        draft_add_part(item, next->word);
        after = next->at + 1;
    }
}

void draft_words(struct draft_item *item, struct str text, bool skip_first) {
    struct candidates found = {.count = 0};
    size_t telling = 0;
    collect(&found, text, skip_first);
    for (size_t i = 0; i < found.count; i++) {
        telling += found.items[i].worth > WORTH_PLAIN;
    }
    add_in_order(item, &found, telling < 2 ? WORTH_PLAIN : WORTH_COMMON_SWITCH);
}
