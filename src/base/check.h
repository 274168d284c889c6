/*
 * Assertions for our own bugs only (never for input or the environment; see STYLE "errors").
 * CHECK is always on and aborts with the place; CHECK_SLOW only in debug builds.
 */
#ifndef KONSEKI_CHECK_H
#define KONSEKI_CHECK_H

_Noreturn void check_failed(const char *file, int line, const char *condition);

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))

#ifdef KONSEKI_DEBUG
#define CHECK_SLOW(condition) CHECK(condition)
#else
#define CHECK_SLOW(condition) ((void)0)
#endif

#endif
