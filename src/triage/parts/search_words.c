#include "search_words.h"

#include "expr_build.h"
#include "mem.h"
#include "substring.h"

struct word {
    struct substring text;
    struct expr *regex; /* NULL: the text */
};

struct search_words {
    struct arena arena;
    struct expr_set *set;
    struct expr_scratch *scratch[SEARCH_WORDS];
    struct word words[SEARCH_WORDS];
    size_t count;
    uint64_t together; /* all of these */
    uint64_t instead;  /* or any of these */
};

static enum status add_word(struct search_words *w, struct str text,
                            const struct triage_options *options, struct err *err) {
    if (text.len == 0 || w->count == SEARCH_WORDS) {
        return err_set(err, STATUS_BAD_INPUT, "search: from 1 to %d words, none of them empty",
                       SEARCH_WORDS);
    }
    struct word *word = &w->words[w->count];
    if (options->is_regex) {
        const struct expr_leaf_spec spec = {.on_text = true,
                                            .test = EXPR_REGEX,
                                            .value = text,
                                            .ignore_case = options->ignore_case};
        enum status status = expr_make_leaf(&word->regex, w->set, &spec, err);
        if (status != STATUS_OK) {
            return status;
        }
        w->scratch[w->count] = expr_scratch_create(word->regex);
    } else {
        struct str copy = arena_str(&w->arena, text);
        char *letters = arena_alloc(&w->arena, copy.len);
        for (size_t i = 0; i < copy.len; i++) {
            letters[i] = options->ignore_case ? ascii_lower(copy.ptr[i]) : copy.ptr[i];
        }
        word->text = substring_make(str_make(letters, copy.len), options->ignore_case);
    }
    w->count++;
    return STATUS_OK;
}

static enum status add_words(struct search_words *w, const struct triage_options *options,
                             struct err *err) {
    enum status status = add_word(w, options->kind, options, err);
    for (size_t i = 0; status == STATUS_OK && i < options->also_count; i++) {
        status = add_word(w, str_from_c(options->also[i]), options, err);
    }
    w->together = search_words_all(w);
    for (size_t i = 0; status == STATUS_OK && i < options->instead_count; i++) {
        status = add_word(w, str_from_c(options->instead[i]), options, err);
    }
    w->instead = search_words_all(w) & ~w->together;
    return status;
}

enum status search_words_create(struct search_words **out, const struct triage_options *options,
                                struct err *err) {
    struct search_words *w = mem_calloc(1, sizeof *w);
    w->set = expr_set_create();
    enum status status = add_words(w, options, err);
    if (status != STATUS_OK) {
        search_words_destroy(&w);
        return status;
    }
    *out = w;
    return STATUS_OK;
}

void search_words_destroy(struct search_words **words) {
    struct search_words *w = *words;
    if (w == NULL) {
        return;
    }
    for (size_t i = 0; i < w->count; i++) {
        expr_scratch_destroy(&w->scratch[i]);
    }
    expr_set_destroy(&w->set);
    arena_fini(&w->arena);
    mem_free(w);
    *words = NULL;
}

static bool has_word(struct search_words *w, size_t i, struct str text) {
    if (w->words[i].regex != NULL) {
        return expr_leaf_match_value(w->words[i].regex, text, FIELD_TYPE_KEYWORD, w->scratch[i]);
    }
    return substring_find(&w->words[i].text, text) != NULL;
}

uint64_t search_words_in(struct search_words *w, struct str text, uint64_t wanted) {
    uint64_t present = 0;
    for (size_t i = 0; i < w->count; i++) {
        if ((wanted >> i & 1) != 0 && has_word(w, i, text)) {
            present |= UINT64_C(1) << i;
        }
    }
    return present;
}

uint64_t search_words_all(const struct search_words *w) {
    return w->count == 64 ? UINT64_MAX : (UINT64_C(1) << w->count) - 1;
}

bool search_words_found(const struct search_words *w, uint64_t present) {
    return (present & w->together) == w->together || (present & w->instead) != 0;
}
