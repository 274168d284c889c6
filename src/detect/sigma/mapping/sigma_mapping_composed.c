/* The section `composed { NAME { ... } }` of a mapping file. */
#include "buf.h"
#include "mem.h"
#include "sigma_mapping_read.h"

enum { TEXT_LIMIT = 16, PIECE_LIMIT = 16, PART_LIMIT = 32 };

/* One field while it is read. */
struct composing {
    struct mapping_reader *reader;
    const struct conf_node *node; /* for messages */
    struct str parts[PART_LIMIT];
    size_t part_count;
    struct sigma_text *texts;
    size_t text_count;
};

static enum status part_of(struct composing *c, struct str field, uint32_t *part) {
    for (size_t i = 0; i < c->part_count; i++) {
        if (str_eq(c->parts[i], field)) {
            *part = (uint32_t)i;
            return STATUS_OK;
        }
    }
    if (field.len == 0 || c->part_count == PART_LIMIT) {
        return sigma_mapping_fault(c->reader, c->node,
                                   "{FIELD} names a field, and at most 32 different ones");
    }
    *part = (uint32_t)c->part_count;
    c->parts[c->part_count++] = arena_str(&c->reader->mapping->arena, field);
    return STATUS_OK;
}

/* --- write = "text {FIELD:form|instead} text" --- */

static enum status form_of(const struct composing *c, struct str name, struct sigma_piece *piece) {
    static const struct {
        const char *name;
        enum sigma_piece_form form;
    } forms[] = {
        {"decimal", SIGMA_PIECE_DECIMAL}, {"hex8", SIGMA_PIECE_HEX8}, {"high8", SIGMA_PIECE_HIGH8}};
    size_t dots = str_find(name, STR(".."));
    if (dots != STR_NONE && dots > 0) {
        piece->form = SIGMA_PIECE_BETWEEN;
        piece->after = str_head(name, dots);
        piece->until = str_skip(name, dots + 2);
        return STATUS_OK;
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (str_eq(name, str_from_c(forms[i].name))) {
            piece->form = forms[i].form;
            return STATUS_OK;
        }
    }
    return sigma_mapping_fault(
        c->reader, c->node,
        "forms are {FIELD:decimal}, {FIELD:hex8}, {FIELD:high8}, {FIELD:AFTER..UNTIL}");
}

/* What stands between the braces. */
static enum status read_field(struct composing *c, struct str inside, struct sigma_piece *piece) {
    size_t bar = str_find_char(inside, '|');
    if (bar != STR_NONE) {
        piece->has_instead = true;
        piece->instead = str_skip(inside, bar + 1);
        inside = str_head(inside, bar);
    }
    size_t colon = str_find_char(inside, ':');
    enum status s = STATUS_OK;
    if (colon != STR_NONE) {
        s = form_of(c, str_skip(inside, colon + 1), piece);
        inside = str_head(inside, colon);
    }
    return s == STATUS_OK ? part_of(c, inside, &piece->part) : s;
}

/* Takes the text up to the end of the next field, or all of it. */
static enum status read_piece(struct composing *c, struct str *rest, struct sigma_piece *piece) {
    size_t open = str_find_char(*rest, '{');
    size_t close = str_find_char(*rest, '}');
    *piece = (struct sigma_piece){.before = *rest, .part = SIGMA_NO_PART};
    if (open == STR_NONE && close == STR_NONE) {
        *rest = STR_EMPTY;
        return STATUS_OK;
    }
    if (open == STR_NONE || close == STR_NONE || close < open) {
        return sigma_mapping_fault(c->reader, c->node, "braces stand around fields only: {FIELD}");
    }
    struct str inside = str_head(str_skip(*rest, open + 1), close - open - 1);
    piece->before = str_head(*rest, open);
    *rest = str_skip(*rest, close + 1);
    return read_field(c, inside, piece);
}

static enum status read_write(struct composing *c, const struct conf_node *node,
                              struct sigma_text *text) {
    struct sigma_piece *pieces =
        arena_array(&c->reader->mapping->arena, PIECE_LIMIT, sizeof *pieces);
    c->node = node;
    enum status s = sigma_mapping_read_text(c->reader, node, &text->written);
    struct str rest = text->written;
    while (s == STATUS_OK && rest.len > 0) {
        if (text->piece_count == PIECE_LIMIT) {
            return sigma_mapping_fault(c->reader, node, "at most 16 fields are allowed in a text");
        }
        s = read_piece(c, &rest, &pieces[text->piece_count++]);
    }
    text->pieces = pieces;
    return s;
}

/* --- text { when { }, write = } --- */

static enum status read_when(struct composing *c, const struct conf_node *node,
                             struct sigma_text *text) {
    enum status s =
        sigma_mapping_read_conditions(c->reader, node, &text->conditions, &text->condition_count);
    if (s != STATUS_OK) {
        return s;
    }
    uint32_t *parts =
        arena_array(&c->reader->mapping->arena, text->condition_count + 1, sizeof *parts);
    c->node = node;
    for (size_t i = 0; i < text->condition_count && s == STATUS_OK; i++) {
        s = part_of(c, text->conditions[i].field, &parts[i]);
    }
    text->condition_parts = parts;
    return s;
}

static enum status read_text(struct composing *c, const struct conf_node *node) {
    struct sigma_text *text = &c->texts[c->text_count++];
    enum status s = sigma_mapping_need_section(c->reader, node);
    for (const struct conf_node *n = node->first; n != NULL && s == STATUS_OK; n = n->next) {
        s = str_eq(n->name, STR("when")) ? read_when(c, n, text)
            : str_eq(n->name, STR("write"))
                ? read_write(c, n, text)
                : sigma_mapping_fault(c->reader, n, "allowed are when, write");
    }
    return s == STATUS_OK && text->written.len == 0
               ? sigma_mapping_fault(c->reader, node, "write is missing")
               : s;
}

/* --- the field --- */

static enum status read_prefixes(struct composing *c, const struct conf_node *node,
                                 struct sigma_words *out) {
    enum status s = sigma_mapping_need_section(c->reader, node);
    struct str *pairs = arena_array(&c->reader->mapping->arena,
                                    2 * sigma_mapping_count(node, STR_EMPTY) + 1, sizeof *pairs);
    size_t count = 0;
    for (const struct conf_node *n = node->first; n != NULL && s == STATUS_OK; n = n->next) {
        pairs[count++] = n->name;
        s = sigma_mapping_read_text(c->reader, n, &pairs[count++]);
    }
    *out = (struct sigma_words){pairs, count};
    return s;
}

static enum status read_members(struct composing *c, const struct conf_node *node,
                                struct sigma_composed *composed) {
    enum status s = STATUS_OK;
    for (const struct conf_node *n = node->first; n != NULL && s == STATUS_OK; n = n->next) {
        s = str_eq(n->name, STR("text"))    ? read_text(c, n)
            : str_eq(n->name, STR("write")) ? read_write(c, n, &c->texts[c->text_count++])
            : str_eq(n->name, STR("prefixes"))
                ? read_prefixes(c, n, &composed->prefixes)
                : sigma_mapping_fault(c->reader, n, "allowed are text, write, prefixes");
    }
    return s;
}

static struct str braced(struct arena *arena, struct str name) {
    struct buf text = BUF_INIT;
    buf_printf(&text, "{%.*s}", STR_ARG(name));
    struct str kept = arena_str(arena, buf_str(&text));
    buf_fini(&text);
    return kept;
}

static enum status read_one(struct mapping_reader *r, const struct conf_node *node,
                            struct sigma_composed *composed) {
    struct arena *arena = &r->mapping->arena;
    struct composing c = {.reader = r, .node = node};
    size_t texts = sigma_mapping_count(node, STR("text")) + sigma_mapping_count(node, STR("write"));
    enum status s = sigma_mapping_need_section(r, node);
    if (s == STATUS_OK && (texts == 0 || texts > TEXT_LIMIT)) {
        s = sigma_mapping_fault(r, node, "1 to 16 of text { ... } and write are needed");
    }
    if (s != STATUS_OK) {
        return s;
    }
    c.texts = arena_array(arena, texts, sizeof *c.texts);
    s = read_members(&c, node, composed);
    struct str *parts = arena_array(arena, c.part_count + 1, sizeof *parts);
    memcpy(parts, c.parts, c.part_count * sizeof *parts);
    composed->name = braced(arena, node->name);
    composed->parts = (struct sigma_words){parts, c.part_count};
    composed->texts = c.texts;
    composed->text_count = c.text_count;
    return s;
}

enum status sigma_mapping_read_composed(struct mapping_reader *reader,
                                        const struct conf_node *node) {
    struct sigma_mapping *m = reader->mapping;
    enum status s = STATUS_OK;
    for (const struct conf_node *n = node->first; n != NULL && s == STATUS_OK; n = n->next) {
        struct sigma_composed composed = {.text_count = 0};
        s = read_one(reader, n, &composed);
        MEM_GROW(m->composed, m->composed_capacity, m->composed_count + 1);
        m->composed[m->composed_count++] = composed;
    }
    return s;
}
