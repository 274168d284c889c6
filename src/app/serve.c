#include "serve.h"

#include <signal.h>
#include <stdio.h>

#include "background_merge.h"
#include "background_retention.h"
#include "background_rules.h"
#include "clock.h"
#include "collect.h"
#include "i18n.h"
#include "ingest.h"
#include "input.h"
#include "mem.h"
#include "runner.h"
#include "surroundings.h"

struct serve {
    const struct config *config;
    const struct serve_callbacks *callbacks;
    struct serve_counts *counts;
    struct surroundings around;
    struct ingest *ingest;
    struct runner *runner;
    struct background_merge merging;
    struct background_retention retention;
    struct surroundings_options asked; /* as the settings say */
    struct background_rules renewal;
    struct parse_settings settings;
    struct parse_stream *stream;
    struct batch batch; /* received, not yet taken in */
    uint64_t unsealed_bytes;
    int64_t retention_done_ns; /* clock_mono_ns of the last round; 0: none yet */
    uv_loop_t loop;
    uv_timer_t commit_timer;
    uv_timer_t seal_timer;
    uv_timer_t detect_timer;
    uv_timer_t rules_timer;
    uv_signal_t on_term;
    uv_signal_t on_int;
    uv_signal_t on_hup;
    struct collector **collectors;
    size_t collector_count;
    enum status status; /* first failure; ends the loop */
    struct err *err;
};

static void fail(struct serve *serve, enum status status) {
    if (serve->status == STATUS_OK) {
        serve->status = status;
        uv_stop(&serve->loop);
    }
}

static void announce(struct str json_line, void *ctx) {
    struct serve *serve = ctx;
    serve->counts->findings++;
    serve->callbacks->found(json_line, serve->callbacks->ctx);
}

static void announce_rule_hit(struct str json_line, void *ctx) {
    struct serve *serve = ctx;
    serve->counts->rule_hits++;
    serve->callbacks->found(json_line, serve->callbacks->ctx);
}

/* A round of retention has segments in its hands, which no merge may take. */
static void start_merge(void *ctx) {
    struct serve *serve = ctx;
    if (!serve->retention.is_busy) {
        background_merge_start(&serve->merging);
    }
}

static void seal(struct serve *serve) {
    if (serve->unsealed_bytes == 0 || serve->status != STATUS_OK) {
        return;
    }
    enum status status = store_seal(serve->around.store, serve->err);
    if (status != STATUS_OK) {
        fail(serve, status);
        return;
    }
    serve->unsealed_bytes = 0;
    serve->counts->seals++;
    start_merge(serve);
}

static void warn_background(const char *text, void *ctx) {
    struct serve *serve = ctx;
    serve->callbacks->warn(text, serve->callbacks->ctx);
}

/* Archives and expires by the store's rules; what fails is told and tried again next time. */
static void keep_retention(struct serve *serve) {
    int64_t interval = config_ns(serve->config, CONFIG_RETENTION_INTERVAL);
    int64_t now = clock_mono_ns();
    bool due = serve->retention_done_ns == 0 || now - serve->retention_done_ns >= interval;
    /* a merge that is under way has the old segments in its hands */
    if (interval == 0 || !due || serve->status != STATUS_OK || serve->merging.merge != NULL) {
        return;
    }
    serve->retention_done_ns = now;
    background_retention_start(&serve->retention);
}

/* Merged segments become part of the store with a seal. */
static void seal_merged(void *ctx) {
    struct serve *serve = ctx;
    serve->unsealed_bytes++; /* there is something to seal */
    seal(serve);
    keep_retention(serve); /* which waits for merges */
}

/* Takes in and commits what was received since the last time. */
static void commit(struct serve *serve) {
    if (serve->batch.row_count == 0 || serve->status != STATUS_OK) {
        return;
    }
    size_t rows = serve->batch.row_count;
    size_t bytes = serve->batch.raw.len;
    enum status status = ingest_batch(serve->ingest, &serve->batch, serve->err);
    batch_clear(&serve->batch);
    if (status == STATUS_OK) {
        status = ingest_commit(serve->ingest, serve->err);
    }
    if (status != STATUS_OK) {
        fail(serve, status);
        return;
    }
    serve->counts->stored += rows;
    serve->counts->commits++;
    serve->unsealed_bytes += bytes;
    if (serve->unsealed_bytes >= config_bytes(serve->config, CONFIG_SEAL_BYTES)) {
        seal(serve);
    }
}

static void take_record(struct str record, struct str peer, int64_t receive_ns, void *ctx) {
    struct serve *serve = ctx;
    if (serve->status != STATUS_OK) {
        return; /* the loop ends; nothing more is accepted */
    }
    struct ip address;
    const struct site_host *host =
        ip_parse(&address, peer) ? site_host_at(serve->around.site, &address) : NULL;
    serve->settings.newest_ns = receive_ns + NS_PER_DAY;
    serve->counts->received++;
    parse_stream_record(serve->stream, &serve->batch, record, host != NULL ? host->name : peer,
                        peer, receive_ns);
    if (serve->batch.raw.len >= config_bytes(serve->config, CONFIG_COMMIT_BYTES)) {
        commit(serve);
    }
}

static void detect(struct serve *serve, bool final) {
    if (serve->status == STATUS_OK) {
        enum status status = runner_tick(serve->runner, final, serve->err);
        if (status != STATUS_OK) {
            fail(serve, status);
        }
    }
}

static void on_commit_timer(uv_timer_t *timer) {
    commit(timer->data);
}

static void on_seal_timer(uv_timer_t *timer) {
    commit(timer->data);
    seal(timer->data);
    keep_retention(timer->data);
}

static void on_detect_timer(uv_timer_t *timer) {
    detect(timer->data, false);
}

static void on_rules_timer(uv_timer_t *timer) {
    struct serve *serve = timer->data;
    background_rules_look(&serve->renewal, false);
}

static void on_hup_signal(uv_signal_t *handle, int number) {
    struct serve *serve = handle->data;
    (void)number;
    background_rules_look(&serve->renewal, true);
}

/* What came until now is matched with the old rules. */
static void take_rules(struct sigma_rules *rules, size_t refused, void *ctx) {
    struct serve *serve = ctx;
    char text[200];
    commit(serve);
    if (serve->status != STATUS_OK) {
        sigma_rules_free(&rules);
        return;
    }
    enum status status = ingest_set_rules(serve->ingest, rules, serve->err);
    sigma_rules_free(&serve->around.rules);
    serve->around.rules = rules;
    serve->around.rules_refused = refused;
    (void)snprintf(text, sizeof text, _("rules loaded anew: %zu, %zu left out"),
                   sigma_rules_written(rules), refused);
    serve->callbacks->warn(text, serve->callbacks->ctx);
    if (status != STATUS_OK) {
        fail(serve, status);
    }
}

static void on_stop_signal(uv_signal_t *handle, int number) {
    (void)number;
    uv_stop(handle->loop);
}

static void start_timer(struct serve *serve, uv_timer_t *timer, uv_timer_cb run,
                        enum config_id interval) {
    uint64_t ms = (uint64_t)(config_ns(serve->config, interval) / 1000000);
    (void)uv_timer_init(&serve->loop, timer); /* cannot fail (libuv manual) */
    timer->data = serve;
    if (ms > 0) {
        (void)uv_timer_start(timer, run, ms, ms);
    }
}

static void start_signal(struct serve *serve, uv_signal_t *handle, uv_signal_cb run, int number) {
    (void)uv_signal_init(&serve->loop, handle);
    handle->data = serve;
    (void)uv_signal_start(handle, run, number);
}

static enum status open_surroundings(struct serve *serve) {
    const struct config *config = serve->config;
    const struct config_value *iocs = &config->values[CONFIG_IOC];
    const struct config_value *rules = &config->values[CONFIG_RULES];
    const struct config_value *placeholders = &config->values[CONFIG_PLACEHOLDERS];
    const struct config_value *mappings = &config->values[CONFIG_MAPPING];
    const char *site = config_text(config, CONFIG_SITE);
    const char *zone = config_text(config, CONFIG_TIME_ZONE);
    serve->asked =
        (struct surroundings_options){.store_path = config_text(config, CONFIG_STORE),
                                      .mode = STORE_LIVE,
                                      .memory_bytes = config_bytes(config, CONFIG_MEMORY_LIMIT),
                                      .reserve_bytes = config_bytes(config, CONFIG_DISK_RESERVE),
                                      .site_path = site[0] != '\0' ? site : NULL,
                                      .zone_name = zone[0] != '\0' ? zone : NULL,
                                      .iocs = iocs->items,
                                      .ioc_count = iocs->item_count,
                                      .rules = rules->items,
                                      .rule_count = rules->item_count,
                                      .placeholders = placeholders->items,
                                      .placeholder_count = placeholders->item_count,
                                      .mappings = mappings->items,
                                      .mapping_count = mappings->item_count};
    return surroundings_open(&serve->around, &serve->asked, serve->callbacks->warn,
                             serve->callbacks->ctx, serve->err);
}

static enum status open_pipeline(struct serve *serve) {
    enum status status = open_surroundings(serve);
    if (status != STATUS_OK) {
        return status;
    }
    serve->settings = (struct parse_settings){.zone = serve->around.zone,
                                              .zone_is_guess = serve->around.zone_is_guess,
                                              .newest_ns = clock_wall_ns() + NS_PER_DAY};
    serve->stream = parse_stream_create(&serve->settings);
    serve->ingest = ingest_create(
        &(struct ingest_options){.store = serve->around.store,
                                 .db = serve->around.db,
                                 .rules = serve->around.rules,
                                 .site = serve->around.site,
                                 .live = true,
                                 .watermark_ns = config_ns(serve->config, CONFIG_DETECT_WATERMARK),
                                 .found = announce_rule_hit,
                                 .found_ctx = serve});
    struct runner_options options = {.store = serve->around.store,
                                     .db = serve->around.db,
                                     .site = serve->around.site,
                                     .iocs = serve->around.iocs,
                                     .watermark_ns =
                                         config_ns(serve->config, CONFIG_DETECT_WATERMARK),
                                     .found = announce,
                                     .found_ctx = serve};
    return runner_create(&serve->runner, &options, serve->err);
}

static enum status open_inputs(struct serve *serve) {
    const struct config_value *listen = &serve->config->values[CONFIG_LISTEN];
    serve->collectors = mem_calloc(listen->item_count, sizeof(struct collector *));
    for (size_t i = 0; i < listen->item_count; i++) {
        enum status status = collector_open(&serve->collectors[i], &serve->loop, listen->items[i],
                                            take_record, serve, serve->err);
        if (status != STATUS_OK) {
            return status;
        }
        serve->collector_count++;
    }
    return STATUS_OK;
}

/* Reads what the kernel has taken for us already: senders believe that it arrived. */
static void drain_inputs(struct serve *serve) {
    uint64_t before;
    do {
        before = serve->counts->received;
        (void)uv_run(&serve->loop, UV_RUN_NOWAIT);
    } while (serve->counts->received > before && serve->status == STATUS_OK);
}

static void close_inputs(struct serve *serve) {
    for (size_t i = 0; i < serve->collector_count; i++) {
        serve->counts->truncated += collector_get_counters(serve->collectors[i])->truncated;
        collector_close(&serve->collectors[i]);
    }
    mem_free(serve->collectors);
}

static void close_handle(uv_handle_t *handle, void *unused) {
    (void)unused;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void close_loop(struct serve *serve) {
    uv_walk(&serve->loop, close_handle, NULL);
    (void)uv_run(&serve->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&serve->loop);
}

/* Everything received is taken in, sealed and looked at. */
static void finish(struct serve *serve) {
    commit(serve);
    if (serve->status == STATUS_OK) {
        serve->status = ingest_flush(serve->ingest, serve->err);
    }
    if (serve->status == STATUS_OK) {
        serve->status = ingest_commit(serve->ingest, serve->err);
    }
    serve->counts->correlation = ingest_get_counts(serve->ingest).correlation;
    serve->unsealed_bytes = 1; /* derived rows too: seal whatever there is */
    seal(serve);
    detect(serve, true);
}

static void run(struct serve *serve) {
    start_signal(serve, &serve->on_term, on_stop_signal, SIGTERM);
    start_signal(serve, &serve->on_int, on_stop_signal, SIGINT);
    start_signal(serve, &serve->on_hup, on_hup_signal, SIGHUP);
    start_timer(serve, &serve->commit_timer, on_commit_timer, CONFIG_COMMIT_INTERVAL);
    start_timer(serve, &serve->seal_timer, on_seal_timer, CONFIG_SEAL_INTERVAL);
    start_timer(serve, &serve->detect_timer, on_detect_timer, CONFIG_DETECT_INTERVAL);
    start_timer(serve, &serve->rules_timer, on_rules_timer, CONFIG_RULES_INTERVAL);
    start_merge(serve);
    serve->callbacks->ready(serve->callbacks->ctx);
    (void)uv_run(&serve->loop, UV_RUN_DEFAULT);
    background_merge_stop(&serve->merging);
    background_retention_stop(&serve->retention);
    background_rules_stop(&serve->renewal);
    drain_inputs(serve);
}

static enum status check_config(const struct config *config, struct err *err) {
    if (config_text(config, CONFIG_STORE)[0] == '\0') {
        return err_set(err, STATUS_BAD_INPUT, "no store; give --store DIR or `store` in --config");
    }
    if (config->values[CONFIG_LISTEN].item_count == 0) {
        return err_set(err, STATUS_BAD_INPUT,
                       "no input; give --listen URL or `listen` in --config");
    }
    return STATUS_OK;
}

enum status serve_run(const struct config *config, const struct serve_callbacks *callbacks,
                      struct serve_counts *counts, struct err *err) {
    enum status status = check_config(config, err);
    if (status != STATUS_OK) {
        return status;
    }
    *counts = (struct serve_counts){0};
    struct serve serve = {.config = config, .callbacks = callbacks, .counts = counts, .err = err};
    int code = uv_loop_init(&serve.loop);
    if (code != 0) {
        return err_set(err, STATUS_ENVIRONMENT, "event loop: %s", uv_strerror(code));
    }
    batch_init(&serve.batch);
    serve.status = open_pipeline(&serve);
    serve.merging = (struct background_merge){.loop = &serve.loop,
                                              .store = serve.around.store,
                                              .merged = seal_merged,
                                              .failed = warn_background,
                                              .ctx = &serve};
    serve.retention =
        (struct background_retention){.loop = &serve.loop,
                                      .store = serve.around.store,
                                      .store_path = config_text(config, CONFIG_STORE),
                                      .archive_path = config_text(config, CONFIG_ARCHIVE_PATH),
                                      .ended = start_merge,
                                      .failed = warn_background,
                                      .ctx = &serve};
    serve.renewal = (struct background_rules){.loop = &serve.loop,
                                              .options = &serve.asked,
                                              .loaded = take_rules,
                                              .told = warn_background,
                                              .ctx = &serve};
    if (serve.status == STATUS_OK) {
        background_rules_init(&serve.renewal);
        serve.status = open_inputs(&serve);
        if (serve.status == STATUS_OK) {
            run(&serve);
        }
        close_inputs(&serve);
        close_loop(&serve); /* what the closing connections still held has come to take_record */
        finish(&serve);
    } else {
        close_loop(&serve);
    }
    runner_destroy(&serve.runner);
    ingest_destroy(&serve.ingest);
    parse_stream_destroy(&serve.stream);
    batch_fini(&serve.batch);
    surroundings_close(&serve.around);
    return serve.status;
}
