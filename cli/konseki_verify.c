/*
 * konseki-verify: checks what konseki prove wrote, offline and without the store
 * (docs/formats/proof.md). A program of its own, linked only to what proofs need.
 *
 *   konseki-verify PROOF --raw FILE... [--anchor FILE]... [--consistency PROOF] [--pubkey FILE]
 *                        [--tsa-ca FILE]
 *   konseki-verify consistency OLD_ANCHOR NEW_ANCHOR PROOF
 *
 * Exit: 0 everything asked for holds, 1 something does not, 2 usage.
 */
#include <stdio.h>

#include "anchor_line.h"
#include "civil.h"
#include "i18n.h"
#include "input_file.h"
#include "program.h"
#include "proof_check.h"
#include "proof_sound.h"
#include "public_key.h"
#include "timestamp.h"

enum { EXIT_HOLDS = 0, EXIT_FAILS = 1, EXIT_WRONG_USE = 2, MAX_FILES = 1024 };

struct files {
    const char *items[MAX_FILES];
    size_t count;
};

struct arguments {
    struct files words; /* positional */
    struct files raws;
    struct files anchors;
    struct files consistencies;
    struct files keys;
    struct files authorities;
};

struct verifier {
    struct arguments args;
    struct proof proof;
    struct proof more; /* --consistency */
    bool has_more;
    bool failed;
};

/* --- arguments --- */

static int usage(void) {
    fprintf(stderr, "%s\n",
            _("usage: konseki-verify PROOF --raw FILE... [--anchor FILE]... [--consistency PROOF]"
              " [--pubkey FILE] [--tsa-ca FILE]\n"
              "       konseki-verify consistency OLD_ANCHOR NEW_ANCHOR PROOF\n"
              "At least one of --anchor, --pubkey and --tsa-ca is needed: something that the keeper"
              " of the store cannot change."));
    return EXIT_WRONG_USE;
}

static struct files *find_option(struct arguments *a, const char *word) {
    const struct {
        const char *name;
        struct files *files;
    } options[] = {{"--raw", &a->raws},
                   {"--anchor", &a->anchors},
                   {"--consistency", &a->consistencies},
                   {"--pubkey", &a->keys},
                   {"--tsa-ca", &a->authorities}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (strcmp(word, options[i].name) == 0) {
            return options[i].files;
        }
    }
    return NULL;
}

static bool parse_arguments(struct arguments *a, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        struct files *to = find_option(a, argv[i]);
        if (to == NULL && strncmp(argv[i], "--", 2) == 0) {
            return false;
        }
        const char *word = to == NULL ? argv[i] : (i + 1 < argc ? argv[++i] : NULL);
        to = to == NULL ? &a->words : to;
        if (word == NULL || to->count == MAX_FILES) {
            return false;
        }
        to->items[to->count++] = word;
    }
    return true;
}

/* --- words --- */

static void say_fails(struct verifier *v, const char *what, const char *why) {
    printf(_("FAILS: %s: %s\n"), what, why);
    v->failed = true;
}

static const char *verdict_text(enum proof_verdict verdict) {
    switch (verdict) {
    case PROOF_TOO_EARLY:
        return _("it is from before the event: a newer anchor is needed");
    case PROOF_NO_PATH:
        return _("the proof does not speak of that tree: make it with konseki prove --anchor, or"
                 " add konseki prove --consistency");
    default:
        return _("the event is not in the tree that was anchored, or the proof was changed");
    }
}

static int complain(const struct err *err) {
    fprintf(stderr, "konseki-verify: %s\n", err->message);
    return EXIT_WRONG_USE;
}

/* --- events --- */

static void check_raw(struct verifier *v, const struct proof_event *e, const char *path,
                      struct str raw) {
    if (!proof_raw_fits(e, raw)) {
        printf(_("FAILS: %s is not the record of event %.*s: it has %zu bytes, the record %llu, or"
                 " they differ\n"),
               path, STR_ARG(e->id), raw.len, (unsigned long long)e->raw_bytes);
        v->failed = true;
        return;
    }
    char time[CIVIL_RFC3339_BYTES];
    size_t len = civil_format_rfc3339(time, e->receive_ns);
    printf(_("%s is byte for byte the record of event %.*s: source %.*s, number %llu, received %.*s"
             " by the store's clock\n"),
           path, STR_ARG(e->id), STR_ARG(e->source), (unsigned long long)e->sequence, (int)len,
           time);
    if (e->in_container) {
        printf(
            _("the event is the %llu bytes at byte %llu of it, as the store says (not proven)\n"),
            (unsigned long long)e->length, (unsigned long long)e->offset);
    }
}

static bool check_raws(struct verifier *v, struct err *err) {
    for (size_t i = 0; i < v->proof.event_count; i++) {
        struct input_file file;
        if (input_file_open(&file, v->args.raws.items[i], err) != STATUS_OK) {
            return false;
        }
        check_raw(v, &v->proof.events[i], v->args.raws.items[i],
                  str_make(file.bytes != NULL ? (const char *)file.bytes : "", file.size_bytes));
        input_file_close(&file);
    }
    return true;
}

/* All events against one root; `name` and `time` say whose it is. */
static bool check_root(struct verifier *v, const char *name, uint64_t rows, const uint8_t *root) {
    bool all = true;
    for (size_t i = 0; i < v->proof.event_count; i++) {
        enum proof_verdict verdict = proof_check_root(&v->proof.events[i], &v->proof,
                                                      v->has_more ? &v->more : NULL, rows, root);
        if (verdict != PROOF_HOLDS) {
            say_fails(v, name, verdict_text(verdict));
            all = false;
        }
    }
    return all;
}

static bool check_anchors(struct verifier *v, struct err *err) {
    struct buf line = BUF_INIT;
    bool readable = true;
    for (size_t i = 0; i < v->args.anchors.count && readable; i++) {
        const char *path = v->args.anchors.items[i];
        struct anchor a;
        readable = anchor_line_read(&a, &line, path, err) == STATUS_OK;
        if (readable && check_root(v, path, a.rows, a.root)) {
            printf(_("PROVEN by anchor %s: the record was in the store, unchanged since, when"
                     " checkpoint %llu was anchored (%.*s by the store's clock)\n"),
                   path, (unsigned long long)a.checkpoint, STR_ARG(a.time));
        }
    }
    buf_fini(&line);
    return readable;
}

/* --- key --- */

static bool check_key(struct verifier *v, struct err *err) {
    uint8_t key[ED25519_PUBLIC_BYTES];
    struct checkpoint c;
    const char *problem = "";
    if (v->args.keys.count == 0) {
        return true;
    }
    const char *path = v->args.keys.items[0];
    if (public_key_read(key, path, err) != STATUS_OK) {
        return false;
    }
    if (!proof_check_keys(&c, &problem, &v->proof, key)) {
        say_fails(v, path, problem);
    } else if (check_root(v, path, c.tree.size, c.root)) {
        char time[CIVIL_RFC3339_BYTES];
        size_t len = civil_format_rfc3339(time, c.time_ns);
        printf(_("PROVEN by key %s: the record is under checkpoint %llu, signed %.*s by the store's"
                 " clock; its key follows from yours\n"),
               path, (unsigned long long)c.number, (int)len, time);
    }
    return true;
}

/* --- time stamps --- */

static enum status check_stamp(struct verifier *v, const struct proof_anchor *p, const char *ca,
                               bool *proven, struct err *err) {
    struct anchor a;
    int64_t time_ns = 0;
    if (anchor_line_parse(&a, p->line) != ANCHOR_GOOD) {
        say_fails(v, _("the anchor in the proof"), _("it was changed"));
        return STATUS_OK;
    }
    enum status status = timestamp_check(&time_ns, p->token, p->line, ca, err);
    if (status == STATUS_DAMAGED) {
        say_fails(v, _("the time stamp in the proof"), err->message);
        return STATUS_OK;
    }
    bool early = v->proof.event_count > 0 && v->proof.events[0].index >= a.rows;
    if (status == STATUS_OK && !early && check_root(v, ca, a.rows, a.root)) {
        char time[CIVIL_RFC3339_BYTES];
        size_t len = civil_format_rfc3339(time, time_ns);
        printf(_("PROVEN by time stamp: the record existed at %.*s at the latest, says the"
                 " authority of %s (RFC 3161)\n"),
               (int)len, time, ca);
        *proven = true;
    }
    return status;
}

static bool check_stamps(struct verifier *v, struct err *err) {
    bool proven = false;
    if (v->args.authorities.count == 0) {
        return true;
    }
    for (size_t i = 0; i < v->proof.anchor_count; i++) {
        if (v->proof.anchors[i].token.len > 0 &&
            check_stamp(v, &v->proof.anchors[i], v->args.authorities.items[0], &proven, err) !=
                STATUS_OK) {
            return false;
        }
    }
    if (!proven && !v->failed) {
        say_fails(v, v->args.authorities.items[0],
                  _("the proof carries no time stamp that covers the event: konseki anchor --tsa,"
                    " then prove again"));
    }
    return true;
}

/* --- the two uses --- */

static void check_soundness(struct verifier *v, const struct proof *p, const char *path) {
    const char *problem;
    if (!proof_is_sound(p, &problem)) {
        say_fails(v, path, problem);
    }
}

static enum status load(struct proof *out, const char *path, struct err *err) {
    struct input_file file;
    enum status status = input_file_open(&file, path, err);
    if (status == STATUS_OK) {
        status = proof_read(out, str_make((const char *)file.bytes, file.size_bytes), path, err);
        input_file_close(&file);
    }
    return status;
}

static int verify_events(struct verifier *v) {
    struct err err = ERR_INIT;
    const struct arguments *a = &v->args;
    if (a->words.count != 1 || a->keys.count > 1 || a->authorities.count > 1 ||
        a->consistencies.count > 1 ||
        a->anchors.count + a->keys.count + a->authorities.count == 0) {
        return usage();
    }
    if (load(&v->proof, a->words.items[0], &err) != STATUS_OK) {
        return complain(&err);
    }
    if (a->consistencies.count > 0) {
        v->has_more = true;
        if (load(&v->more, a->consistencies.items[0], &err) != STATUS_OK) {
            return complain(&err);
        }
    }
    if (a->raws.count != v->proof.event_count || v->proof.event_count == 0) {
        fprintf(stderr,
                _("konseki-verify: the proof speaks of %zu events: give --raw FILE for each,"
                  " in that order\n"),
                v->proof.event_count);
        return EXIT_WRONG_USE;
    }
    check_soundness(v, &v->proof, a->words.items[0]);
    if (v->has_more) {
        check_soundness(v, &v->more, a->consistencies.items[0]);
    }
    if (!v->failed && !check_raws(v, &err)) {
        return complain(&err);
    }
    if (!v->failed && (!check_anchors(v, &err) || !check_key(v, &err) || !check_stamps(v, &err))) {
        return complain(&err);
    }
    printf("%s\n", v->failed ? _("NOT PROVEN")
                             : _("not shown by this: that the sender told the truth, and that"
                                 " nothing was left out before the store received it"));
    return v->failed ? EXIT_FAILS : EXIT_HOLDS;
}

static bool is_grown(struct verifier *v, const struct anchor *from, const struct anchor *to) {
    check_soundness(v, &v->proof, v->args.words.items[3]);
    return !v->failed && proof_check_consistency(&v->proof, from->rows, from->root, to->rows,
                                                 to->root) == PROOF_HOLDS;
}

static int verify_consistency(struct verifier *v) {
    struct err err = ERR_INIT;
    struct anchor old_anchor;
    struct anchor new_anchor;
    struct buf old_line = BUF_INIT;
    struct buf new_line = BUF_INIT;
    const char *const *words = v->args.words.items;
    int code = EXIT_WRONG_USE;
    if (anchor_line_read(&old_anchor, &old_line, words[1], &err) != STATUS_OK ||
        anchor_line_read(&new_anchor, &new_line, words[2], &err) != STATUS_OK ||
        load(&v->proof, words[3], &err) != STATUS_OK) {
        code = complain(&err);
    } else if (is_grown(v, &old_anchor, &new_anchor)) {
        printf(_("PROVEN: the %llu rows of %s are the first of the %llu rows of %s: nothing was"
                 " changed or taken away\n"),
               (unsigned long long)old_anchor.rows, words[1], (unsigned long long)new_anchor.rows,
               words[2]);
        code = EXIT_HOLDS;
    } else {
        printf(_("NOT PROVEN: %s does not show that %s grew into %s\n"), words[3], words[1],
               words[2]);
        code = EXIT_FAILS;
    }
    buf_fini(&old_line);
    buf_fini(&new_line);
    return code;
}

int main(int argc, char **argv) {
    static struct verifier v;
    program_prepare();
    if (!program_start_language(program_take_lang(&argc, argv))) {
        return EXIT_WRONG_USE;
    }
    int code;
    if (!parse_arguments(&v.args, argc, argv) || v.args.words.count == 0) {
        code = usage();
    } else if (v.args.words.count == 4 && strcmp(v.args.words.items[0], "consistency") == 0) {
        code = verify_consistency(&v);
    } else {
        code = verify_events(&v);
    }
    proof_fini(&v.proof);
    proof_fini(&v.more);
    return fflush(stdout) == 0 ? code : EXIT_FAILS;
}
