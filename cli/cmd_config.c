/* konseki config: the table of settings, for the manual and for people. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "config.h"
#include "i18n.h"

int cmd_config(int argc, char **argv) {
    bool japanese = strcmp(_("language-code"), "ja") == 0;
    if (argc > 1) {
        fprintf(stderr, _("konseki: config takes no arguments but --lang ja|en; got '%s'\n"),
                argv[1]);
        return EXIT_USAGE;
    }
    struct buf text = BUF_INIT;
    config_describe(&text, japanese);
    (void)fwrite(text.ptr, 1, text.len, stdout);
    buf_fini(&text);
    return EXIT_DONE;
}
