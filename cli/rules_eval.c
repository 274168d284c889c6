#include "rules_eval.h"

#include <json-c/json.h>
#include <stdio.h>

#include "arena.h"
#include "commands.h"
#include "input_file.h"
#include "json_out.h"
#include "mem.h"
#include "sigma.h"

enum { JSON_DEPTH = 64 };

/* The values of one event. */
struct event {
    struct arena arena; /* made names */
    struct sigma_event_value *values;
    size_t count;
    size_t capacity;
};

struct eval {
    struct sigma_matcher *matcher;
    struct event event;
    struct buf ids; /* of the rules that match the event, as JSON texts with commas */
    bool print_ids;
    size_t bad_lines;
};

/* --- JSON to values --- */

static void add_value(struct event *e, struct sigma_event_value value) {
    MEM_GROW(e->values, e->capacity, e->count + 1);
    e->values[e->count++] = value;
}

static struct str text_of(json_object *value) {
    if (json_object_is_type(value, json_type_string)) {
        return str_make(json_object_get_string(value), (size_t)json_object_get_string_len(value));
    }
    return str_from_c(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
}

static void add_json(struct event *e, struct str name, json_object *value);

static void add_object(struct event *e, struct str name, json_object *object) {
    json_object_object_foreach(object, key, value) {
        struct str full = name.len == 0 ? str_from_c(key)
                                        : arena_printf(&e->arena, "%.*s.%s", STR_ARG(name), key);
        add_json(e, full, value);
    }
}

/* A structure is a field itself too (its JSON text), so that it exists and is not null. */
static void add_json(struct event *e, struct str name, json_object *value) {
    if (value == NULL) {
        add_value(e, (struct sigma_event_value){.name = name, .is_null = true});
    } else if (json_object_is_type(value, json_type_object)) {
        add_value(e, (struct sigma_event_value){
                         .name = name, .text = text_of(value), .is_structure = true});
        add_object(e, name, value);
    } else if (json_object_is_type(value, json_type_array)) {
        size_t count = json_object_array_length(value);
        if (count == 0) {
            add_value(e, (struct sigma_event_value){
                             .name = name, .text = STR("[]"), .is_structure = true});
        }
        for (size_t i = 0; i < count; i++) {
            add_json(e, name, json_object_array_get_idx(value, i));
        }
    } else {
        add_value(e, (struct sigma_event_value){.name = name, .text = text_of(value)});
    }
}

static bool is_wrapper_key(const char *key) {
    static const char *const keys[] = {"file", "idx", "line", "record_id", "offset", "event"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(key, keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* {"file","idx","event":{...}}: the event inside; any other object is the event itself. */
static json_object *unwrap(json_object *object) {
    json_object *event = NULL;
    json_object_object_foreach(object, key, value) {
        if (!is_wrapper_key(key)) {
            return object;
        }
        if (strcmp(key, "event") == 0) {
            event = value;
        }
    }
    return json_object_is_type(event, json_type_object) ? event : object;
}

/* --- one event --- */

static void found(const struct sigma_hit *hit, void *ctx) {
    struct eval *eval = ctx;
    buf_add(&eval->ids, eval->ids.len > 0 ? STR(",") : STR_EMPTY);
    json_out_string(&eval->ids, hit->rule->id);
}

static void eval_object(struct eval *eval, json_object *object) {
    eval->event.count = 0;
    buf_clear(&eval->ids);
    arena_reset(&eval->event.arena);
    add_object(&eval->event, STR_EMPTY, unwrap(object));
    sigma_match_event(eval->matcher, eval->event.values, eval->event.count, found, eval);
    printf("{\"match\":%s", eval->ids.len > 0 ? "true" : "false");
    if (eval->print_ids) {
        printf(",\"rules\":[%.*s]", STR_ARG(buf_str(&eval->ids)));
    }
    puts("}");
}

static void bad_line(struct eval *eval) {
    eval->bad_lines++;
    puts("{\"match\":false,\"error\":\"not a JSON object\"}");
}

static json_object *parse(struct str text) {
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH);
    json_object *value = NULL;
    if (tokener != NULL && text.len < INT32_MAX) {
        value = json_tokener_parse_ex(tokener, text.ptr, (int)text.len);
        if (value == NULL && json_tokener_get_error(tokener) == json_tokener_continue) {
            value = json_tokener_parse_ex(tokener, "\n", 1); /* a number at the very end */
        }
        if (value != NULL &&
            str_trim(str_skip(text, json_tokener_get_parse_end(tokener))).len > 0) {
            json_object_put(value);
            value = NULL;
        }
    }
    json_tokener_free(tokener);
    return value;
}

static void eval_line(struct eval *eval, struct str line) {
    json_object *value = parse(line);
    if (json_object_is_type(value, json_type_object)) {
        eval_object(eval, value);
    } else {
        bad_line(eval);
    }
    json_object_put(value);
}

static bool eval_array(struct eval *eval, struct str text) {
    json_object *array = parse(text);
    bool is_array = json_object_is_type(array, json_type_array);
    size_t count = is_array ? json_object_array_length(array) : 0;
    for (size_t i = 0; i < count; i++) {
        json_object *item = json_object_array_get_idx(array, i);
        if (json_object_is_type(item, json_type_object)) {
            eval_object(eval, item);
        } else {
            bad_line(eval);
        }
    }
    json_object_put(array);
    return is_array;
}

static void eval_text(struct eval *eval, struct str text) {
    struct str trimmed = str_trim(text);
    if (trimmed.len > 0 && trimmed.ptr[0] == '[' && eval_array(eval, trimmed)) {
        return;
    }
    struct str line;
    while (str_split_next(&line, &text, '\n')) {
        if (str_trim(line).len > 0) {
            eval_line(eval, str_trim(line));
        }
    }
}

/* --- files --- */

struct refusals {
    size_t count;
};

static void report(const struct sigma_rule_info *rule, struct str why, void *ctx) {
    struct refusals *refusals = ctx;
    if (why.len > 0) {
        refusals->count++;
        fprintf(stderr, "konseki rules eval: %.*s: %.*s\n", STR_ARG(rule->path), STR_ARG(why));
    }
}

static enum status load(struct sigma_rules **rules, const char *path, bool everywhere,
                        struct refusals *refusals, struct err *err) {
    return everywhere ? sigma_rules_load_everywhere(rules, &path, 1, report, refusals, err)
                      : sigma_rules_load(rules, &path, 1, report, refusals, err);
}

static int eval_file(const struct sigma_rules *rules, const char *path, bool print_ids) {
    struct input_file file;
    struct err err = ERR_INIT;
    if (input_file_open(&file, path, &err) != STATUS_OK) {
        fprintf(stderr, "konseki rules eval: %s: %s\n", path, err.message);
        return EXIT_UNREADABLE;
    }
    struct eval eval = {.matcher = sigma_matcher_create(rules), .print_ids = print_ids};
    struct str text = str_make((const char *)file.bytes, file.size_bytes);
    eval_text(&eval, str_starts(text, STR("\xEF\xBB\xBF")) ? str_skip(text, 3) : text);
    sigma_matcher_destroy(&eval.matcher);
    buf_fini(&eval.ids);
    mem_free(eval.event.values);
    arena_fini(&eval.event.arena);
    input_file_close(&file);
    return eval.bad_lines > 0 ? EXIT_UNREADABLE : EXIT_DONE;
}

int rules_eval(const struct rules_eval_options *options) {
    struct sigma_rules *rules = NULL;
    struct refusals refusals = {0};
    struct err err = ERR_INIT;
    if (load(&rules, options->rules, options->everywhere, &refusals, &err) != STATUS_OK) {
        fprintf(stderr, "konseki rules eval: %s\n", err.message);
        return EXIT_USAGE;
    }
    int code = EXIT_USAGE;
    if (refusals.count == 0 && sigma_rules_count(rules) == 0) {
        fprintf(stderr, "konseki rules eval: %s: no rule in it\n", options->rules);
    } else if (refusals.count == 0) {
        code = eval_file(rules, options->events, options->print_ids);
    }
    sigma_rules_free(&rules);
    return code;
}
