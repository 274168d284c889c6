#include "import.h"

#include "clock.h"
#include "detect_stored.h"
#include "ingest.h"
#include "input.h"
#include "input_file.h"
#include "packed_members.h"
#include "restore.h"
#include "sha256.h"

/* Commit after this much raw data, at the end of a file. */
static const uint64_t COMMIT_BYTES = UINT64_C(1) << 30;

enum { HASH_STEP_BYTES = 8 * 1024 * 1024 };

struct import {
    struct surroundings *around;
    const struct import_options *options;
    import_report_fn *report;
    void *ctx;
    struct import_totals *totals;
    struct err *err;
    struct ingest *ingest;
    struct batch batch;
    enum dataset dataset; /* forced, or UNKNOWN */
    int64_t receive_ns;   /* start of the import: receive time of everything */
    uint64_t uncommitted_bytes;
};

/* Where the options for one file come from, first that says something: the site file's path
 * pattern, the command line, the site's zone. */
static enum status choose_settings(struct parse_input_options *out, const struct import *import,
                                   struct str path, int64_t modified_ns) {
    struct site_path place = {0};
    bool placed = site_find_path(&place, import->around->site, path);
    const char *host = import->options->host;
    struct str given_host = host != NULL ? str_from_c(host) : STR_EMPTY;
    *out =
        (struct parse_input_options){.source = placed && place.source.len > 0 ? place.source
                                               : given_host.len > 0           ? given_host
                                                                              : path,
                                     .origin = path,
                                     .host = placed && place.host.len > 0 ? place.host : given_host,
                                     .dataset = import->dataset,
                                     .settings = {.zone = import->around->zone,
                                                  .zone_is_guess = import->around->zone_is_guess,
                                                  .year = import->options->year,
                                                  .newest_ns = modified_ns + NS_PER_DAY},
                                     .receive_ns = import->receive_ns,
                                     .recover_slack = import->options->recover_slack};
    if (placed && place.kind.len > 0 && import->dataset == DATASET_UNKNOWN) {
        enum dataset named = dataset_find(place.kind);
        out->dataset = named == DATASET_COUNT ? DATASET_UNKNOWN : named;
    }
    if (placed && place.zone.len > 0) {
        out->settings.zone_is_guess = false;
        return zone_open(&out->settings.zone, place.zone, import->err);
    }
    return STATUS_OK;
}

static enum status commit(struct import *import) {
    import->uncommitted_bytes = 0;
    return ingest_commit(import->ingest, import->err);
}

static void report_done(struct import *import, struct str path, struct str kind, uint64_t bytes,
                        const struct parse_input_counts *counts) {
    struct import_report report = {.path = path,
                                   .kind = kind,
                                   .outcome = IMPORT_DONE,
                                   .bytes = bytes,
                                   .events = counts->events,
                                   .unparsed = counts->unparsed,
                                   .blank = counts->blank,
                                   .meta = counts->meta,
                                   .damaged = counts->damaged,
                                   .continued = counts->continued};
    import->totals->files++;
    import->totals->events += counts->events;
    import->totals->unparsed += counts->unparsed;
    import->totals->bytes += bytes;
    import->report(&report, import->ctx);
}

static void report_unreadable(const char *path, const struct err *err, void *ctx) {
    struct import *import = ctx;
    import->totals->unreadable++;
    import->report(&(struct import_report){.path = str_from_c(path),
                                           .outcome = IMPORT_UNREADABLE,
                                           .problem = str_from_c(err->message)},
                   import->ctx);
}

static enum status note_input(struct import *import, struct str path, uint64_t bytes,
                              uint64_t events, const uint8_t sha256[32]) {
    struct store_input note = {
        .path = path, .bytes = bytes, .events = events, .imported_ns = import->receive_ns};
    memcpy(note.sha256, sha256, sizeof note.sha256);
    return store_note_input(import->around->store, &note, import->err);
}

/* An exported store comes back. A file that was cut or changed is told and left out. */
static enum status take_export(struct import *import, struct str path,
                               const struct input_file *file, const uint8_t sha256[32]) {
    struct parse_input_counts counts;
    struct err problem = ERR_INIT;
    enum status status =
        restore_file(&counts, import->ingest, import->around->store, file, &problem);
    if (status == STATUS_BAD_INPUT) {
        report_unreadable(path.ptr, &problem, import);
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        *import->err = problem;
        return status;
    }
    status = note_input(import, path, file->size_bytes, counts.events, sha256);
    if (status == STATUS_OK) {
        report_done(import, path, STR("konseki.export"), file->size_bytes, &counts);
    }
    return status;
}

static enum status take_file(struct import *import, struct str path, const struct input_file *file,
                             const uint8_t sha256[32]) {
    struct parse_input_options options;
    enum status status = choose_settings(&options, import, path, file->modified_wall_ns);
    if (status != STATUS_OK) {
        return status;
    }
    struct parse_input *input = parse_input_open(file->bytes, file->size_bytes, &options);
    size_t taken_bytes = 0; /* raw bytes of all rows in order are the file */
    batch_clear(&import->batch);
    while (status == STATUS_OK && parse_input_next(input, &import->batch)) {
        taken_bytes += import->batch.raw.len;
        status = ingest_batch(import->ingest, &import->batch, import->err);
        batch_clear(&import->batch);
        input_file_release(file, taken_bytes);
        if (status == STATUS_OK) {
            status = input_file_check(file, path.ptr, import->err);
        }
    }
    if (status == STATUS_OK) {
        status = note_input(import, path, file->size_bytes, parse_input_get_counts(input)->events,
                            sha256);
    }
    if (status == STATUS_OK) {
        report_done(import, path, dataset_info(parse_input_kind(input))->name, file->size_bytes,
                    parse_input_get_counts(input));
    }
    parse_input_close(&input);
    return status;
}

static bool is_known(struct import *import, struct str path, const struct input_file *file,
                     const uint8_t sha256[32]) {
    struct store_input known;
    if (import->options->again || file->size_bytes == 0 ||
        !store_find_input(import->around->store, sha256, &known)) {
        return false;
    }
    import->totals->known++;
    import->report(&(struct import_report){.path = path,
                                           .outcome = IMPORT_KNOWN,
                                           .problem = known.path,
                                           .bytes = file->size_bytes},
                   import->ctx);
    return true;
}

/* In steps, so that a huge file does not fill the memory. */
static void hash_file(uint8_t out[SHA256_BYTES], const struct input_file *file) {
    struct sha256 hash;
    sha256_init(&hash);
    for (size_t done = 0; done < file->size_bytes;) {
        size_t left = file->size_bytes - done;
        size_t step = left < HASH_STEP_BYTES ? left : HASH_STEP_BYTES;
        sha256_add(&hash, file->bytes + done, step);
        done += step;
        input_file_release(file, done);
    }
    sha256_finish(&hash, out);
}

static enum status take_new(struct import *import, const char *path_text,
                            const struct input_file *file, const uint8_t sha256[32]);

/* --- packed files --- */

static enum status take_member(const char *name, const struct input_file *file, void *ctx) {
    struct import *import = ctx;
    uint8_t sha256[SHA256_BYTES];
    hash_file(sha256, file);
    return is_known(import, str_from_c(name), file, sha256) ? STATUS_OK
                                                            : take_new(import, name, file, sha256);
}

/* Its members, then its own hash: if something could not be read, it is no known file. */
static enum status take_packed(struct import *import, const char *path,
                               const struct input_file *file, const uint8_t sha256[32]) {
    uint64_t unreadable = import->totals->unreadable;
    enum status status = packed_members_visit(file, path, &import->options->packed, take_member,
                                              report_unreadable, import);
    if (status == STATUS_OK && import->totals->unreadable == unreadable) {
        status = note_input(import, str_from_c(path), file->size_bytes, 0, sha256);
    }
    return status;
}

static enum status take_new(struct import *import, const char *path_text,
                            const struct input_file *file, const uint8_t sha256[32]) {
    struct str path = str_from_c(path_text);
    enum status status;
    if (import->dataset == DATASET_UNKNOWN && restore_is_export(file)) {
        status = take_export(import, path, file, sha256);
    } else if (packed_is(file->bytes, file->size_bytes)) {
        return take_packed(import, path_text, file, sha256);
    } else {
        status = take_file(import, path, file, sha256);
    }
    import->uncommitted_bytes += file->size_bytes;
    if (status == STATUS_OK && import->uncommitted_bytes >= COMMIT_BYTES) {
        status = commit(import);
    }
    return status;
}

static enum status import_file(const char *path_text, void *ctx) {
    struct import *import = ctx;
    struct str path = str_from_c(path_text);
    struct input_file file;
    struct err open_err = ERR_INIT;
    if (input_file_open(&file, path_text, &open_err) != STATUS_OK) {
        report_unreadable(path_text, &open_err, import);
        return STATUS_OK;
    }
    uint8_t sha256[SHA256_BYTES];
    hash_file(sha256, &file);
    enum status status = STATUS_OK;
    if (input_file_check(&file, path_text, &open_err) != STATUS_OK) {
        report_unreadable(path_text, &open_err, import);
    } else if (!is_known(import, path, &file, sha256)) {
        status = take_new(import, path_text, &file, sha256);
    }
    input_file_close(&file);
    return status;
}

static enum status take_paths(struct import *import) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < import->options->path_count && status == STATUS_OK; i++) {
        status = input_walk(import->options->paths[i], import_file, report_unreadable, import);
    }
    if (status == STATUS_OK) {
        status = ingest_flush(import->ingest, import->err);
    }
    return status == STATUS_OK ? commit(import) : status;
}

static enum status choose_dataset(enum dataset *out, const char *kind, struct err *err) {
    *out = DATASET_UNKNOWN;
    if (kind == NULL) {
        return STATUS_OK;
    }
    *out = dataset_find(str_from_c(kind));
    if (*out == DATASET_COUNT) {
        return err_set(err, STATUS_BAD_INPUT,
                       "--source %s: no such format; `konseki datasets` lists them", kind);
    }
    return STATUS_OK;
}

enum status import_run(struct surroundings *surroundings, const struct import_options *options,
                       import_report_fn *report, void *ctx, struct import_totals *totals,
                       struct err *err) {
    *totals = (struct import_totals){0};
    struct import import = {.around = surroundings,
                            .options = options,
                            .report = report,
                            .ctx = ctx,
                            .totals = totals,
                            .err = err,
                            .receive_ns = clock_wall_ns()};
    enum status status = choose_dataset(&import.dataset, options->kind, err);
    if (status != STATUS_OK) {
        return status;
    }
    import.ingest = ingest_create(&(struct ingest_options){.store = surroundings->store,
                                                           .db = surroundings->db,
                                                           .rules = surroundings->rules,
                                                           .site = surroundings->site});
    batch_init(&import.batch);
    status = take_paths(&import);
    if (status == STATUS_OK) {
        struct ingest_counts counts = ingest_get_counts(import.ingest);
        totals->derived = counts.derived;
        totals->rule_hits = counts.rule_hits;
        totals->correlation = counts.correlation;
        totals->rule_hits_suppressed = counts.rule_hits_suppressed;
    }
    batch_fini(&import.batch);
    ingest_destroy(&import.ingest);
    bool analyse = status == STATUS_OK && !options->no_analyses;
    return analyse ? detect_run_analyses(surroundings, &totals->analyses, err) : status;
}
