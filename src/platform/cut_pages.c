#define _GNU_SOURCE /* MAP_ANONYMOUS, siginfo_t */
#include "cut_pages.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* SIGBUS comes to the thread that touched the page, so each thread counts its own. */
static _Thread_local atomic_uint_fast64_t cut_count;

/* Only what a handler may do: a system call, an atomic. */
static void put_zeros(int number, siginfo_t *info, void *context) {
    (void)context;
    union {
        void *pointer;
        uintptr_t number;
    } page = {info->si_addr};
    uintptr_t bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    page.number &= ~(bytes - 1);
    if (info->si_code == BUS_ADRERR &&
        mmap(page.pointer, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
            page.pointer) {
        atomic_fetch_add(&cut_count, 1);
    } else {
        (void)signal(number, SIG_DFL); /* the access is made again, and ends the process */
    }
}

void cut_pages_guard(void) {
    struct sigaction action = {.sa_sigaction = put_zeros, .sa_flags = SA_SIGINFO};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGBUS, &action, NULL);
}

uint64_t cut_pages_count(void) {
    return atomic_load(&cut_count);
}
