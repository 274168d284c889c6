#include "surroundings.h"

#include <stdio.h>

#include "clock.h"
#include "forecast.h"
#include "i18n.h"
#include "mem.h"
#include "rule_tuning.h"
#include "store_zone.h"

enum { WARNINGS_SHOWN = 20 };

struct warner {
    surroundings_warn_fn *warn;
    void *ctx;
    size_t *count;
};

static void warn_text(const struct warner *warner, const char *text) {
    if (++*warner->count <= WARNINGS_SHOWN) {
        warner->warn(text, warner->ctx);
    }
}

static void warn_rule(const struct sigma_rule_info *rule, struct str why, void *ctx) {
    const struct warner *warner = ctx;
    char text[1024];
    if (why.len > 0) {
        (void)snprintf(text, sizeof text, _("rule left out: %.*s: %.*s"), STR_ARG(rule->path),
                       STR_ARG(why));
        warn_text(warner, text);
    }
}

static void warn_ioc(const char *file, uint32_t line, struct str value, void *ctx) {
    const struct warner *warner = ctx;
    char text[1024];
    (void)snprintf(text, sizeof text, _("no indicator: %s: line %u: '%.*s'"), file, line,
                   STR_ARG(str_head(value, 200)));
    warn_text(warner, text);
}

static void warn_rest(const struct warner *warner, const char *what) {
    char text[256];
    if (*warner->count > WARNINGS_SHOWN) {
        (void)snprintf(text, sizeof text, "%s: %zu %s", what, *warner->count - WARNINGS_SHOWN,
                       _("more of this kind"));
        warner->warn(text, warner->ctx);
    }
}

static enum status open_site(struct surroundings *s, const struct surroundings_options *options,
                             struct err *err) {
    if (options->site_path != NULL) {
        enum status status = site_load(&s->site, options->site_path, err);
        if (status != STATUS_OK) {
            return status;
        }
    } else {
        s->site = site_create_default();
    }
    s->zone = site_zone(s->site);
    s->zone_is_guess = !site_is_declared(s->site);
    if (options->zone_name == NULL) {
        return STATUS_OK;
    }
    s->zone_is_guess = false;
    return zone_open(&s->zone, str_from_c(options->zone_name), err);
}

/* Indicators given now are added to the store's register; all of it is used. */
static enum status open_iocs(struct surroundings *s, const struct surroundings_options *options,
                             const struct warner *warner, struct err *err) {
    s->iocs = ioc_set_create();
    for (size_t i = 0; i < options->ioc_count; i++) {
        struct warner copy = *warner;
        enum status status = ioc_set_load(s->iocs, options->iocs[i], warn_ioc, &copy, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    warn_rest(warner, "ioc");
    enum status status = STATUS_OK;
    if (options->ioc_count > 0) {
        status = ioc_register_add(options->store_path, s->iocs, clock_wall_ns(), err);
    }
    return status == STATUS_OK ? ioc_register_load(s->iocs, options->store_path, err) : status;
}

enum status surroundings_load_rules(struct sigma_rules **out, size_t *refused,
                                    const struct surroundings_options *options,
                                    surroundings_warn_fn *warn, void *ctx, struct err *err) {
    struct warner warner = {warn, ctx, refused};
    if (options->rule_count == 0) {
        return STATUS_OK;
    }
    struct buf folder = BUF_INIT;
    const bool has_folder = sigma_cache_default_folder(&folder);
    const struct sigma_load_options load = {.paths = options->rules,
                                            .path_count = options->rule_count,
                                            .placeholders = options->placeholders,
                                            .mappings = options->mappings,
                                            .mapping_count = options->mapping_count,
                                            .placeholder_count = options->placeholder_count,
                                            .cache_folder = has_folder ? folder.ptr : NULL,
                                            .report = warn_rule,
                                            .ctx = &warner};
    enum status status = sigma_rules_load(out, &load, err);
    buf_fini(&folder);
    warn_rest(&warner, "rules");
    return status;
}

/* Never accept what cannot be kept without saying so. */
static void warn_forecast(const struct surroundings *s, const struct surroundings_options *options,
                          surroundings_warn_fn *warn, void *ctx) {
    struct forecast *f = mem_calloc(1, sizeof *f);
    struct retention *rules = mem_calloc(1, sizeof *rules);
    struct forecast_options o = {.now_ns = clock_wall_ns(),
                                 .reserve_bytes = options->reserve_bytes,
                                 .free_bytes = UINT64_MAX};
    struct buf text = BUF_INIT;
    struct err ignored;
    retention_load(rules, store_get_chain(s->store));
    if (store_forecast(f, s->store, rules, &o, &ignored) == STATUS_OK) {
        forecast_warning(&text, f);
    }
    if (text.len > 0) {
        buf_putc(&text, '\0');
        warn(text.ptr, ctx);
    }
    buf_fini(&text);
    retention_fini(rules);
    mem_free(rules);
    mem_free(f);
}

enum status surroundings_open(struct surroundings *out, const struct surroundings_options *options,
                              surroundings_warn_fn *warn, void *ctx, struct err *err) {
    struct surroundings s = {0};
    struct store_options store_options = {.path = options->store_path,
                                          .mode = options->mode,
                                          .create =
                                              options->mode != STORE_READ && !options->no_create,
                                          .memory_bytes = options->memory_bytes,
                                          .reserve_bytes = options->reserve_bytes,
                                          .writer_name = "konseki " KONSEKI_VERSION};
    enum status status = open_site(&s, options, err);
    if (status == STATUS_OK) {
        status = surroundings_load_rules(&s.rules, &s.rules_refused, options, warn, ctx, err);
    }
    if (status == STATUS_OK && options->site_path != NULL && options->rule_count > 0) {
        rule_tuning_warn(s.site, s.rules, options->site_path, warn, ctx);
    }
    if (status == STATUS_OK) {
        status = store_open(&s.store, &store_options, err);
    }
    if (status == STATUS_OK && options->mode != STORE_READ && !s.zone_is_guess) {
        status = store_zone_save(options->store_path, s.zone, err);
    }
    if (status == STATUS_OK) {
        status = open_iocs(&s, options, &(struct warner){warn, ctx, &s.iocs_refused}, err);
    }
    if (status == STATUS_OK) {
        status = findings_db_open(&s.db, options->store_path, options->mode != STORE_READ, err);
    }
    if (status == STATUS_OK && options->mode != STORE_READ) {
        warn_forecast(&s, options, warn, ctx);
    }
    if (status != STATUS_OK) {
        surroundings_close(&s);
        return status;
    }
    *out = s;
    return STATUS_OK;
}

void surroundings_close(struct surroundings *s) {
    findings_db_close(&s->db);
    ioc_set_free(&s->iocs);
    store_close(&s->store);
    sigma_rules_free(&s->rules);
    site_free(&s->site);
}
