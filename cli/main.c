#include <stdio.h>

int main(void) {
    puts("konseki " KONSEKI_VERSION);
    return 0;
}
