#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf.h"
#include "config.h"

static char path[] = "konseki-test-config-XXXXXX";

static enum status load_text(struct config *config, const char *text, struct err *err) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    config_init(config);
    return config_load(config, path, err);
}

static void settings_are_read(void **state) {
    (void)state;
    struct config config;
    struct err err = ERR_INIT;
    assert_int_equal(load_text(&config,
                               "store = /var/lib/konseki  # where\n"
                               "listen = [\"syslog+udp://127.0.0.1:5514\",\n"
                               "          \"syslog+tcp://127.0.0.1:5514\"]\n"
                               "rules = rules/a\nrules = rules/b\n"
                               "commit { interval = 50ms\n bytes = 1MiB }\n"
                               "detect.watermark = 0s\n",
                               &err),
                     STATUS_OK);
    assert_string_equal(config_text(&config, CONFIG_STORE), "/var/lib/konseki");
    assert_int_equal(config.values[CONFIG_LISTEN].item_count, 2);
    assert_string_equal(config.values[CONFIG_LISTEN].items[1], "syslog+tcp://127.0.0.1:5514");
    assert_int_equal(config.values[CONFIG_RULES].item_count, 2);
    assert_int_equal(config_ns(&config, CONFIG_COMMIT_INTERVAL), 50000000);
    assert_int_equal(config_bytes(&config, CONFIG_COMMIT_BYTES), 1048576);
    assert_int_equal(config_ns(&config, CONFIG_DETECT_WATERMARK), 0);
    assert_int_equal(config_bytes(&config, CONFIG_MEMORY_LIMIT), 128 * 1024 * 1024);
    config_fini(&config);
}

static void errors_name_line_value_and_range(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *wanted[3];
    } cases[] = {
        {"store = x\ncommit.interval = fast\n", {"line 2", "commit.interval", "'fast'"}},
        {"\n\nseal { interval = 100y }\n", {"line 3", "seal.interval", "1 to 86400 seconds"}},
        {"memory.limit = 1k\n", {"line 1", "memory.limit", "allowed"}},
        {"store = x\nstroe = y\n", {"line 2", "stroe", "no setting"}},
        {"store = [a, b]\n", {"store", "one value", ""}},
        {"listen = [\n", {"konseki-test-config", "", ""}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct config config;
        struct err err = ERR_INIT;
        assert_int_equal(load_text(&config, cases[i].text, &err), STATUS_BAD_INPUT);
        for (size_t k = 0; k < 3; k++) {
            if (strstr(err.message, cases[i].wanted[k]) == NULL) {
                fail_msg("'%s' lacks '%s'", err.message, cases[i].wanted[k]);
            }
        }
        config_fini(&config);
    }
}

static void missing_file_is_said(void **state) {
    (void)state;
    struct config config;
    struct err err = ERR_INIT;
    config_init(&config);
    assert_int_equal(config_load(&config, "no/such/file.conf", &err), STATUS_NOT_FOUND);
    config_fini(&config);
}

static void syntax_of_conf_text(void **state) {
    (void)state;
    struct arena arena = ARENA_INIT;
    struct conf_node *root = NULL;
    struct err err = ERR_INIT;
    static const char good[] = "{ \"a\": [1, {\"b\": \"x\\u3042\\n\"}],\n"
                               "server web01 { ip = 10.0.0.1; roles = [web, 'a b'] }\n"
                               "server db01 { ip 10.0.0.2 } # why\n"
                               "plain = two words /* c */\n url = http://x/#frag\n}";
    assert_int_equal(conf_parse(&root, &arena, str_from_c(good), "x.conf", &err), STATUS_OK);
    const struct conf_node *list = conf_find(root, STR("a"));
    assert_int_equal(list->type, CONF_LIST);
    assert_true(str_eq(conf_find(list->first->next, STR("b"))->text, STR("x\xe3\x81\x82\n")));
    const struct conf_node *server = conf_find(root, STR("server"));
    assert_true(str_eq(server->first->name, STR("web01")));
    assert_int_equal(server->next->line, 3);
    assert_true(str_eq(conf_find(server->next->first, STR("ip"))->text, STR("10.0.0.2")));
    assert_true(str_eq(conf_find(root, STR("plain"))->text, STR("two words")));
    assert_true(str_eq(conf_find(root, STR("url"))->text, STR("http://x/#frag")));
    arena_fini(&arena);
}

static void broken_conf_text_names_its_line(void **state) {
    (void)state;
    static const char *const broken[] = {"a = 1\nb {\n c = 2\n",
                                         "a = [1, 2",
                                         "a = \"x\n\"",
                                         "/* never",
                                         "a",
                                         "a = \"\\q\"",
                                         "{ a = 1 } b = 2",
                                         "}",
                                         "a = [[[[[[[[[[[[[[[[[[[[[[[[[[[1"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct arena arena = ARENA_INIT;
        struct conf_node *root = NULL;
        struct err err = ERR_INIT;
        assert_int_equal(conf_parse(&root, &arena, str_from_c(broken[i]), "x.conf", &err),
                         STATUS_BAD_INPUT);
        assert_non_null(strstr(err.message, "x.conf: line "));
        arena_fini(&arena);
    }
}

int main(void) {
    int fd = mkstemp(path);
    if (fd < 0) {
        return 1;
    }
    close(fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syntax_of_conf_text),  cmocka_unit_test(broken_conf_text_names_its_line),
        cmocka_unit_test(settings_are_read),    cmocka_unit_test(errors_name_line_value_and_range),
        cmocka_unit_test(missing_file_is_said),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
