/* The one program of the test images; its argument says how it behaves. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void stop(int number) {
    (void)number;
    _exit(0);
}

int main(int count, char **arguments) {
    const char *how = count > 1 ? arguments[1] : "serve";
    if (strcmp(how, "fail") == 0) {
        static const char words[] = "the new version does not start\n";
        (void)!write(2, words, sizeof words - 1);
        return 3;
    }
    if (strcmp(how, "check-fails") == 0)
        return 1;
    if (strcmp(how, "check-passes") == 0)
        return 0;
    signal(SIGTERM, stop);
    for (;;)
        pause();
}
