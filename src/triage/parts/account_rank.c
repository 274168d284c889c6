#include "account_rank.h"

#include "mem.h"

#define DAMPING 0.8 /* the share of a rank that goes on over links */

struct node {
    double rank;
    double next;
    uint32_t links;
};

static void pass(struct node *nodes, size_t count, size_t account_count,
                 const struct account_link *links, size_t link_count) {
    for (size_t i = 0; i < count; i++) {
        nodes[i].next = (1 - DAMPING) / (double)count;
    }
    for (size_t i = 0; i < link_count; i++) {
        struct node *account = &nodes[links[i].account];
        struct node *machine = &nodes[account_count + links[i].machine];
        machine->next += DAMPING * account->rank / account->links;
        account->next += DAMPING * machine->rank / machine->links;
    }
    for (size_t i = 0; i < count; i++) {
        nodes[i].rank = nodes[i].next;
    }
}

void account_rank(double *ranks, size_t account_count, size_t machine_count,
                  const struct account_link *links, size_t link_count) {
    size_t count = account_count + machine_count;
    struct node *nodes = mem_calloc(count + 1, sizeof *nodes);
    double all = 0;
    for (size_t i = 0; i < count; i++) {
        nodes[i].rank = 1 / (double)count;
    }
    for (size_t i = 0; i < link_count; i++) {
        nodes[links[i].account].links++;
        nodes[account_count + links[i].machine].links++;
    }
    for (int loop = 0; loop < ACCOUNT_RANK_LOOPS; loop++) {
        pass(nodes, count, account_count, links, link_count);
    }
    for (size_t i = 0; i < account_count; i++) {
        all += nodes[i].rank;
    }
    for (size_t i = 0; i < account_count; i++) {
        ranks[i] = all > 0 ? nodes[i].rank / all : 0;
    }
    mem_free(nodes);
}
