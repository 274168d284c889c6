/* What is in force, for people (the syntax of the files) and for programs (JSON lines). */
#include "json_out.h"
#include "sigma.h"
#include "sigma_mapping.h"

/* --- JSON lines --- */

static void put_words(struct buf *out, const char *key, struct sigma_words words) {
    buf_printf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < words.count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        json_out_string(out, words.items[i]);
    }
    buf_putc(out, ']');
}

static void put_text(struct buf *out, const char *key, struct str text) {
    buf_printf(out, ",\"%s\":", key);
    json_out_string(out, text);
}

static void put_conditions(struct buf *out, const struct sigma_condition_row *rows, size_t count) {
    buf_add(out, STR(",\"when\":["));
    for (size_t i = 0; i < count; i++) {
        buf_add(out, i > 0 ? STR(",{\"field\":") : STR("{\"field\":"));
        json_out_string(out, rows[i].field);
        put_words(out, "values", rows[i].written);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
}

static void put_renames(struct buf *out, const struct sigma_way_row *way) {
    buf_add(out, STR(",\"rename\":["));
    for (size_t i = 0; i < way->rename_count; i++) {
        buf_add(out, i > 0 ? STR(",{\"name\":") : STR("{\"name\":"));
        json_out_string(out, way->renames[i].name);
        put_words(out, "fields", way->renames[i].natives);
        put_words(out, "values", way->renames[i].values);
        if (way->renames[i].part.len > 0) {
            put_text(out, "part", way->renames[i].part);
        }
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
}

static void put_way(struct buf *out, const struct sigma_way_row *way) {
    const struct sigma_gate *gate = &way->gate;
    buf_add(out, STR("{\"channels\":["));
    for (size_t i = 0; i < gate->channel_count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        json_out_string(out, str_from_c(gate->channels[i]));
    }
    buf_putc(out, ']');
    put_text(out, "event_ids", str_from_c(gate->ids));
    put_text(out, "provider", str_from_c(gate->provider));
    put_text(out, "datasets", str_from_c(gate->datasets));
    put_conditions(out, way->conditions, way->condition_count);
    put_renames(out, way);
    buf_printf(out, ",\"only\":%s", way->is_only ? "true" : "false");
    put_text(out, "needs", way->needs);
    buf_putc(out, '}');
}

static void put_source(struct buf *out, const struct sigma_source *source) {
    buf_add(out, STR("{\"kind\":\"source\""));
    put_words(out, "product", source->product);
    put_words(out, "category", source->category);
    put_words(out, "service", source->service);
    put_text(out, "file", str_from_c(source->path));
    buf_printf(out, ",\"line\":%u,\"add\":%s", source->line,
               source->is_addition ? "true" : "false");
    put_text(out, "needs", source->needs);
    buf_add(out, STR(",\"ways\":["));
    for (size_t i = 0; i < source->way_count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        put_way(out, &source->ways[i]);
    }
    buf_add(out, STR("]}\n"));
}

static void put_composed(struct buf *out, const struct sigma_composed *composed) {
    buf_add(out, STR("{\"kind\":\"composed\""));
    put_text(out, "name", composed->name);
    put_words(out, "fields", composed->parts);
    put_words(out, "prefixes", composed->prefixes);
    buf_add(out, STR(",\"texts\":["));
    for (size_t i = 0; i < composed->text_count; i++) {
        const struct sigma_text *text = &composed->texts[i];
        buf_add(out, i > 0 ? STR(",{\"write\":") : STR("{\"write\":"));
        json_out_string(out, text->written);
        put_conditions(out, text->conditions, text->condition_count);
        buf_putc(out, '}');
    }
    buf_add(out, STR("]}\n"));
}

static void put_json(struct buf *out, const struct sigma_mapping *m) {
    for (size_t i = 0; i < m->service_count; i++) {
        buf_add(out, STR("{\"kind\":\"windows-service\""));
        put_text(out, "name", m->services[i].name);
        put_words(out, "channels", m->services[i].channels);
        buf_add(out, STR("}\n"));
    }
    for (size_t i = 0; i < m->source_count; i++) {
        put_source(out, &m->sources[i]);
    }
    for (size_t i = 0; i < m->composed_count; i++) {
        put_composed(out, &m->composed[i]);
    }
    for (size_t i = 0; i < m->field_count; i++) {
        buf_add(out, STR("{\"kind\":\"field\""));
        put_text(out, "datasets", str_from_c(m->fields[i].families));
        put_text(out, "name", str_from_c(m->fields[i].name));
        put_text(out, "fields", str_from_c(m->fields[i].fields));
        buf_add(out, STR("}\n"));
    }
    for (size_t i = 0; i < m->event_count; i++) {
        buf_add(out, STR("{\"kind\":\"event\""));
        put_text(out, "channel", m->events[i].channel);
        put_text(out, "id", m->events[i].id);
        put_words(out, "fields", m->events[i].fields);
        put_text(out, "needs", m->events[i].needs);
        buf_add(out, STR("}\n"));
    }
}

/* --- text --- */

static void say_part(struct buf *out, const char *name, struct sigma_words words) {
    if (words.count == 0) {
        return;
    }
    buf_printf(out, "%s ", name);
    for (size_t i = 0; i < words.count; i++) {
        buf_printf(out, "%s%.*s", i > 0 ? "|" : "", STR_ARG(words.items[i]));
    }
    buf_putc(out, ' ');
}

static void say_gate(struct buf *out, const struct sigma_gate *gate) {
    for (size_t i = 0; i < gate->channel_count; i++) {
        buf_printf(out, "%s%s", i > 0 ? ", " : "", gate->channels[i]);
    }
    if (gate->kind == SIGMA_GATE_WINDOWS && gate->channel_count == 0) {
        buf_add(out, gate->provider[0] != '\0' ? STR_EMPTY : STR("every channel of Windows"));
    }
    buf_printf(out, "%s%s%s%s%s%s", gate->provider[0] != '\0' ? "provider " : "", gate->provider,
               gate->ids[0] != '\0' ? ": event " : "", gate->ids,
               gate->datasets[0] != '\0' ? "datasets " : "", gate->datasets);
}

static void say_conditions(struct buf *out, const struct sigma_condition_row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "%s%.*s", i > 0 ? " and " : ", when ", STR_ARG(rows[i].field));
        say_part(out, " =", rows[i].written);
    }
    buf_putc(out, '\n');
}

static void say_way(struct buf *out, const struct sigma_way_row *way) {
    buf_add(out, STR("    "));
    say_gate(out, &way->gate);
    say_conditions(out, way->conditions, way->condition_count);
    for (size_t i = 0; i < way->rename_count; i++) {
        buf_printf(out, "        %.*s", STR_ARG(way->renames[i].name));
        say_part(out, " =", way->renames[i].natives);
        if (way->renames[i].part.len > 0) {
            buf_printf(out, ", part %.*s", STR_ARG(way->renames[i].part));
        }
        buf_putc(out, '\n');
    }
}

static void say_composed(struct buf *out, const struct sigma_composed *composed) {
    buf_printf(out, "composed %.*s\n", STR_ARG(composed->name));
    for (size_t i = 0; i < composed->text_count; i++) {
        buf_printf(out, "    %.*s", STR_ARG(composed->texts[i].written));
        say_conditions(out, composed->texts[i].conditions, composed->texts[i].condition_count);
    }
    for (size_t i = 0; i + 1 < composed->prefixes.count; i += 2) {
        buf_printf(out, "    prefix %.*s = %.*s\n", STR_ARG(composed->prefixes.items[i]),
                   STR_ARG(composed->prefixes.items[i + 1]));
    }
}

static void put_table(struct buf *out, const struct sigma_mapping *m) {
    for (size_t i = 0; i < m->source_count; i++) {
        const struct sigma_source *source = &m->sources[i];
        say_part(out, "product", source->product);
        say_part(out, "category", source->category);
        say_part(out, "service", source->service);
        if (source->product.count + source->category.count + source->service.count == 0) {
            buf_add(out, STR("any other "));
        }
        buf_printf(out, "(%s:%u)\n", source->path[0] != '\0' ? source->path : "built in",
                   source->line);
        for (size_t w = 0; w < source->way_count; w++) {
            say_way(out, &source->ways[w]);
        }
        if (source->way_count == 0) {
            buf_printf(out, "    no way%s%.*s\n", source->needs.len > 0 ? ": " : "",
                       STR_ARG(source->needs));
        }
    }
    for (size_t i = 0; i < m->service_count; i++) {
        buf_printf(out, "product windows service %.*s\n", STR_ARG(m->services[i].name));
        for (size_t c = 0; c < m->services[i].channels.count; c++) {
            buf_printf(out, "    %.*s\n", STR_ARG(m->services[i].channels.items[c]));
        }
    }
    for (size_t i = 0; i < m->composed_count; i++) {
        say_composed(out, &m->composed[i]);
    }
    for (size_t i = 0; i < m->field_count; i++) {
        buf_printf(out, "field %s in %s = %s\n", m->fields[i].name, m->fields[i].families,
                   m->fields[i].fields);
    }
}

enum status sigma_mapping_list(struct buf *out, const char *const *mappings, size_t count,
                               bool as_json, struct err *err) {
    struct sigma_mapping *m = NULL;
    enum status s = sigma_mapping_load(&m, mappings, count, err);
    if (s == STATUS_OK && as_json) {
        put_json(out, m);
    } else if (s == STATUS_OK) {
        put_table(out, m);
    }
    sigma_mapping_free(&m);
    return s;
}
