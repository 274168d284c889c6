#include "xml_scan.h"

void xml_scan_init(struct xml_scan *scan, struct str text) {
    memset(scan, 0, sizeof *scan);
    scan->text = text;
}

static enum xml_token broken(struct xml_scan *scan, const char *what) {
    scan->what = what;
    return XML_BROKEN;
}

static struct str rest_of(const struct xml_scan *scan) {
    return str_skip(scan->text, scan->at);
}

static void skip_blanks(struct xml_scan *scan) {
    while (scan->at < scan->text.len && ascii_is_space(scan->text.ptr[scan->at])) {
        scan->at++;
    }
}

/* Bytes over 0x7f may be letters of any script. */
static bool is_name_byte(char c) {
    return ascii_is_alnum(c) || c == '_' || c == ':' || c == '-' || c == '.' ||
           (unsigned char)c >= 0x80;
}

static bool take_name(struct xml_scan *scan) {
    size_t start = scan->at;
    while (scan->at < scan->text.len && is_name_byte(scan->text.ptr[scan->at])) {
        scan->at++;
    }
    scan->name = str_make(scan->text.ptr + start, scan->at - start);
    return scan->name.len > 0 && !ascii_is_digit(scan->name.ptr[0]) && scan->name.ptr[0] != '-' &&
           scan->name.ptr[0] != '.';
}

/* Moves behind `end`; false if it is not there. */
static bool skip_past(struct xml_scan *scan, struct str end) {
    size_t found = str_find(rest_of(scan), end);
    if (found == STR_NONE) {
        return false;
    }
    scan->at += found + end.len;
    return true;
}

static enum xml_token end_element(struct xml_scan *scan) {
    scan->depth--;
    scan->name = scan->open[scan->depth];
    return XML_END;
}

/* Inside a start tag: an attribute, or its end. */
static enum xml_token next_in_tag(struct xml_scan *scan, bool *again) {
    *again = false;
    skip_blanks(scan);
    struct str rest = rest_of(scan);
    if (str_starts(rest, STR("/>"))) {
        scan->at += 2;
        scan->in_tag = false;
        return end_element(scan);
    }
    if (str_starts(rest, STR(">"))) {
        scan->at++;
        scan->in_tag = false;
        *again = true;
        return XML_DONE;
    }
    if (!take_name(scan)) {
        return broken(scan, rest.len == 0 ? "ends inside a tag" : "no attribute name");
    }
    skip_blanks(scan);
    if (scan->at == scan->text.len || scan->text.ptr[scan->at] != '=') {
        return broken(scan, "attribute without a value");
    }
    scan->at++;
    skip_blanks(scan);
    char quote = scan->at < scan->text.len ? scan->text.ptr[scan->at] : 0;
    if (quote != '"' && quote != '\'') {
        return broken(scan, "attribute value without quotes");
    }
    scan->at++;
    size_t len = str_find_char(rest_of(scan), quote);
    if (len == STR_NONE || memchr(scan->text.ptr + scan->at, '<', len) != NULL) {
        return broken(scan, "attribute value does not end");
    }
    scan->value = str_make(scan->text.ptr + scan->at, len);
    scan->at += len + 1;
    return XML_ATTRIBUTE;
}

static enum xml_token start_element(struct xml_scan *scan) {
    scan->at++;
    if (!take_name(scan)) {
        return broken(scan, "no element name");
    }
    if (scan->depth == XML_DEPTH_LIMIT) {
        return broken(scan, "elements nested too deep");
    }
    scan->open[scan->depth++] = scan->name;
    scan->in_tag = true;
    return XML_START;
}

static enum xml_token end_tag(struct xml_scan *scan) {
    scan->at += 2;
    if (!take_name(scan) || scan->depth == 0 || !str_eq(scan->name, scan->open[scan->depth - 1])) {
        return broken(scan, "end tag of another element");
    }
    skip_blanks(scan);
    if (scan->at == scan->text.len || scan->text.ptr[scan->at] != '>') {
        return broken(scan, "end tag does not end");
    }
    scan->at++;
    return end_element(scan);
}

/* What begins with '<'. */
static enum xml_token next_markup(struct xml_scan *scan, bool *again) {
    struct str rest = rest_of(scan);
    *again = false;
    if (str_starts(rest, STR("</"))) {
        return end_tag(scan);
    }
    if (str_starts(rest, STR("<![CDATA["))) {
        scan->at += 9;
        size_t len = str_find(rest_of(scan), STR("]]>"));
        if (len == STR_NONE) {
            return broken(scan, "CDATA does not end");
        }
        scan->value = str_make(scan->text.ptr + scan->at, len);
        scan->at += len + 3;
        return XML_CDATA;
    }
    if (str_starts(rest, STR("<!--")) || str_starts(rest, STR("<?"))) {
        *again = true;
        bool comment = rest.ptr[1] == '!';
        scan->at += comment ? 4 : 2;
        if (!skip_past(scan, comment ? STR("-->") : STR("?>"))) {
            *again = false;
            return broken(scan, "comment or instruction does not end");
        }
        return XML_DONE;
    }
    return str_starts(rest, STR("<!")) ? broken(scan, "declarations are not allowed")
                                       : start_element(scan);
}

enum xml_token xml_scan_next(struct xml_scan *scan) {
    bool again = true;
    enum xml_token token = XML_DONE;
    while (again) {
        struct str rest = rest_of(scan);
        if (scan->in_tag) {
            token = next_in_tag(scan, &again);
        } else if (rest.len == 0) {
            return scan->depth == 0 ? XML_DONE : broken(scan, "ends inside an element");
        } else if (rest.ptr[0] == '<') {
            token = next_markup(scan, &again);
        } else {
            size_t len = str_find_char(rest, '<');
            scan->value = len == STR_NONE ? rest : str_head(rest, len);
            scan->at += scan->value.len;
            return XML_TEXT;
        }
    }
    return token;
}
