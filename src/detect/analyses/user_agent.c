#include "user_agent.h"

/* Beginnings of the user agents of tools and script libraries. */
static const struct str tools[] = {STR_INIT("curl/"),
                                   STR_INIT("Wget/"),
                                   STR_INIT("python-"),
                                   STR_INIT("Python-urllib"),
                                   STR_INIT("aiohttp"),
                                   STR_INIT("Go-http-client"),
                                   STR_INIT("Java/"),
                                   STR_INIT("libwww-perl"),
                                   STR_INIT("lwp-"),
                                   STR_INIT("Ruby"),
                                   STR_INIT("PHP/"),
                                   STR_INIT("okhttp/"),
                                   STR_INIT("Apache-HttpClient"),
                                   STR_INIT("axios/"),
                                   STR_INIT("node-fetch"),
                                   STR_INIT("CertUtil"),
                                   STR_INIT("WinHttp"),
                                   STR_INIT("Powershell"),
                                   STR_INIT("PowerShell"),
                                   STR_INIT("Rust"),
                                   STR_INIT("reqwest"),
                                   STR_INIT("sqlmap"),
                                   STR_INIT("nikto"),
                                   STR_INIT("Nmap"),
                                   STR_INIT("masscan"),
                                   STR_INIT("HTTPie"),
                                   STR_INIT("WinInet"),
                                   STR_INIT("AutoIt"),
                                   STR_INIT("Mozilla/4.0 (compatible; Win32; WinHttp")};

/* Imitations of Internet Explorer that no browser ever sent. */
static const struct str malformed[] = {STR_INIT("(compatible;MSIE"),
                                       STR_INIT(".0;Windows NT"),
                                       STR_INIT("Windows NT;"),
                                       STR_INIT("MSIE;"),
                                       STR_INIT("Mozilla/5.0 (compatible; MSIE 6"),
                                       STR_INIT("Mozilla/5.0 (compatible; MSIE 7"),
                                       STR_INIT("Mozilla/5.0 (compatible; MSIE 8")};

static bool is_tool(struct str agent) {
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
        if (str_starts(agent, tools[i])) {
            return true;
        }
    }
    return str_find(agent, STR("WindowsPowerShell/")) != STR_NONE ||
           str_find(agent, STR("PowerShell/")) != STR_NONE;
}

static bool is_malformed(struct str agent) {
    bool mozilla = str_starts(agent, STR("Mozilla"));
    if (mozilla && !str_starts(agent, STR("Mozilla/"))) {
        return true;
    }
    if (agent.ptr[0] == ' ' || str_eq(agent, STR("Mozilla/4.0")) ||
        str_eq(agent, STR("Mozilla/5.0"))) {
        return true;
    }
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        if (str_find(agent, malformed[i]) != STR_NONE) {
            return true;
        }
    }
    return false;
}

static bool is_obsolete(struct str agent) {
    size_t at = str_find(agent, STR("MSIE "));
    if (at != STR_NONE && at + 5 < agent.len) {
        return true; /* MSIE 10 was the last to say so; Windows 11 has none */
    }
    return str_find(agent, STR("Windows NT 5.")) != STR_NONE ||
           str_find(agent, STR("Windows NT 6.")) != STR_NONE;
}

enum agent_fault agent_judge(struct str agent) {
    if (agent.len == 0 || str_eq(agent, STR("-"))) {
        return AGENT_EMPTY;
    }
    if (is_tool(agent)) {
        return AGENT_TOOL;
    }
    if (is_malformed(agent)) {
        return AGENT_MALFORMED;
    }
    return is_obsolete(agent) ? AGENT_OBSOLETE : AGENT_FINE;
}

/* Copies, but of every number that follows '/', ' ' or ':' only `parts` parts (0: none). */
static void copy_without_minor(struct buf *out, struct str agent, int parts) {
    size_t i = 0;
    while (i < agent.len) {
        char c = agent.ptr[i];
        bool starts = ascii_is_digit(c) &&
                      (i == 0 || !(ascii_is_alnum(agent.ptr[i - 1]) || agent.ptr[i - 1] == '.'));
        if (!starts) {
            buf_putc(out, c);
            i++;
            continue;
        }
        int part = 0;
        while (i < agent.len && (ascii_is_digit(agent.ptr[i]) || agent.ptr[i] == '.')) {
            part += agent.ptr[i] == '.';
            if (part < parts) {
                buf_putc(out, agent.ptr[i]);
            }
            i++;
        }
    }
}

void agent_family(struct buf *out, struct str agent) {
    copy_without_minor(out, agent, 1);
}

void agent_product(struct buf *out, struct str agent) {
    copy_without_minor(out, agent, 0);
}
