#include "path_glob.h"

/* One point to come back to: the star at `pattern` now takes text up to `text`. */
struct retry {
    size_t pattern; /* after the star; STR_NONE: no such point */
    size_t text;
    size_t capture;
};

struct matcher {
    struct str pattern;
    struct str text;
    size_t p;
    size_t t;
    size_t begins[PATH_GLOB_CAPTURES + 1];
    size_t ends[PATH_GLOB_CAPTURES + 1];
    size_t stars;
    struct retry narrow; /* last '*' */
    struct retry wide;   /* last '**' */
};

static void take_star(struct matcher *m) {
    bool wide = m->p + 1 < m->pattern.len && m->pattern.ptr[m->p + 1] == '*';
    m->p += wide ? 2 : 1;
    size_t slot = m->stars < PATH_GLOB_CAPTURES ? m->stars : PATH_GLOB_CAPTURES;
    m->stars++;
    m->begins[slot] = m->t;
    m->ends[slot] = m->t;
    struct retry point = {m->p, m->t, slot};
    if (wide) {
        m->wide = point;
        m->narrow.pattern = STR_NONE;
    } else {
        m->narrow = point;
    }
}

static bool same(char pattern, char text) {
    return pattern == '?' || ascii_lower(pattern) == ascii_lower(text);
}

/* Lets the star take one byte more and goes on after it. */
static bool retry_at(struct matcher *m, struct retry *point, bool wide) {
    if (point->pattern == STR_NONE || point->text >= m->text.len ||
        (!wide && m->text.ptr[point->text] == '/')) {
        return false;
    }
    point->text++;
    m->p = point->pattern;
    m->t = point->text;
    m->ends[point->capture] = point->text;
    m->stars = point->capture + 1;
    if (wide) {
        m->narrow.pattern = STR_NONE;
    }
    return true;
}

static bool run(struct matcher *m) {
    for (;;) {
        if (m->p < m->pattern.len && m->pattern.ptr[m->p] == '*') {
            take_star(m);
        } else if (m->p < m->pattern.len && m->t < m->text.len &&
                   same(m->pattern.ptr[m->p], m->text.ptr[m->t])) {
            m->p++;
            m->t++;
        } else if (m->p == m->pattern.len && m->t == m->text.len) {
            return true;
        } else if (!retry_at(m, &m->narrow, false) && !retry_at(m, &m->wide, true)) {
            return false;
        }
    }
}

bool path_glob_match(struct path_glob_match *match, struct str pattern, struct str text) {
    struct matcher m = {.pattern = pattern, .text = text};
    m.narrow.pattern = STR_NONE;
    m.wide.pattern = STR_NONE;
    if (!run(&m)) {
        return false;
    }
    if (match) {
        match->count = m.stars < PATH_GLOB_CAPTURES ? m.stars : PATH_GLOB_CAPTURES;
        for (size_t i = 0; i < match->count; i++) {
            match->captures[i] = str_make(text.ptr + m.begins[i], m.ends[i] - m.begins[i]);
        }
    }
    return true;
}

bool path_glob_match_tail(struct path_glob_match *match, struct str pattern, struct str path) {
    for (;;) {
        if (path_glob_match(match, pattern, path)) {
            return true;
        }
        size_t slash = str_find_char(path, '/');
        if (slash == STR_NONE) {
            return false;
        }
        path = str_skip(path, slash + 1);
    }
}
