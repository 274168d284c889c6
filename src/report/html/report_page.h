/* report_page.css and report_page.js as built in (tools/embed): the look of the page of
 * report_html.c, and its filter of rules. */
#ifndef KONSEKI_REPORT_PAGE_H
#define KONSEKI_REPORT_PAGE_H

#include <stddef.h>

extern const char report_page_css[];
extern const size_t report_page_css_size;
extern const char report_page_js[];
extern const size_t report_page_js_size;

#endif
