/*
 * Input files that change while they are read: what is mapped and then cut short reads as zeros and
 * is told, what is copied or grows stays as it was. The same for mapped files of the store.
 */
#define _GNU_SOURCE /* mkstemp */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "file_io.h"
#include "input_file.h"

enum { MAPPED_BYTES = 64 * 1024 * 1024 + 12345, COPIED_BYTES = 100000, AT = 60000000 };

/* A file full of 'x', sparse but for its first and last page. */
static int make_file(char *path, size_t bytes) {
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
    assert_int_equal(pwrite(fd, "first", 5, 0), 5);
    assert_int_equal(pwrite(fd, "last.", 5, (off_t)bytes - 5), 5);
    return fd;
}

static void test_cut_while_mapped(void **state) {
    (void)state;
    char path[] = "/tmp/konseki-input-XXXXXX";
    int fd = make_file(path, MAPPED_BYTES);
    struct input_file file;
    struct err err = ERR_INIT;
    assert_int_equal(input_file_open(&file, path, &err), STATUS_OK);
    assert_int_equal(file.size_bytes, MAPPED_BYTES);
    assert_memory_equal(file.bytes + MAPPED_BYTES - 5, "last.", 5);
    assert_int_equal(input_file_check(&file, path, &err), STATUS_OK);
    assert_int_equal(pwrite(fd, "more", 4, MAPPED_BYTES), 4);
    assert_int_equal(input_file_check(&file, path, &err), STATUS_OK); /* it grew */
    assert_int_equal(ftruncate(fd, 4096), 0);
    assert_int_equal(input_file_check(&file, path, &err),
                     STATUS_ENVIRONMENT); /* before one of the lost pages was read */
    assert_memory_equal(file.bytes, "first", 5);
    assert_int_equal(file.bytes[AT], 0);
    assert_int_equal(file.bytes[MAPPED_BYTES - 1], 0);
    assert_int_equal(ftruncate(fd, MAPPED_BYTES), 0);
    assert_int_equal(input_file_check(&file, path, &err),
                     STATUS_ENVIRONMENT); /* as long as before, but not the same */
    assert_non_null(strstr(err.message, path));
    input_file_close(&file);
    assert_int_equal(input_file_open(&file, path, &err), STATUS_OK);
    assert_int_equal(input_file_check(&file, path, &err), STATUS_OK); /* a new look at it */
    input_file_close(&file);
    (void)close(fd);
    (void)unlink(path);
}

/* Another thread's file was cut, not ours. */
static void *touch_lost_page(void *ctx) {
    const struct input_file *file = ctx;
    return file->bytes[AT] == 0 && input_file_check(file, "cut", NULL) != STATUS_OK ? ctx : NULL;
}

static void test_cut_in_another_thread(void **state) {
    (void)state;
    char paths[2][40] = {"/tmp/konseki-input-XXXXXX", "/tmp/konseki-input-XXXXXX"};
    struct input_file files[2];
    struct err err = ERR_INIT;
    for (size_t i = 0; i < 2; i++) {
        (void)close(make_file(paths[i], MAPPED_BYTES));
        assert_int_equal(input_file_open(&files[i], paths[i], &err), STATUS_OK);
    }
    int writable = open(paths[1], O_RDWR);
    assert_int_equal(ftruncate(writable, 4096), 0);
    pthread_t thread;
    void *seen = NULL;
    assert_int_equal(pthread_create(&thread, NULL, touch_lost_page, &files[1]), 0);
    assert_int_equal(pthread_join(thread, &seen), 0);
    assert_ptr_equal(seen, &files[1]);
    assert_int_equal(input_file_check(&files[0], paths[0], &err), STATUS_OK);
    (void)close(writable);
    for (size_t i = 0; i < 2; i++) {
        input_file_close(&files[i]);
        (void)unlink(paths[i]);
    }
}

static void test_cut_while_copied(void **state) {
    (void)state;
    char path[] = "/tmp/konseki-input-XXXXXX";
    int fd = make_file(path, COPIED_BYTES);
    struct input_file file;
    struct err err = ERR_INIT;
    assert_int_equal(input_file_open(&file, path, &err), STATUS_OK);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_memory_equal(file.bytes + COPIED_BYTES - 5, "last.", 5);
    assert_int_equal(input_file_check(&file, path, &err), STATUS_OK);
    input_file_close(&file);
    (void)close(fd);
    (void)unlink(path);
}

static void test_cut_in_the_store(void **state) {
    (void)state;
    char path[] = "/tmp/konseki-input-XXXXXX";
    int fd = make_file(path, COPIED_BYTES);
    struct file_map map;
    struct err err = ERR_INIT;
    assert_int_equal(file_map(&map, path, false, &err), STATUS_OK);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(map.bytes[COPIED_BYTES - 5], 0);
    assert_int_equal(map.bytes[0], 0);
    file_unmap(&map);
    (void)close(fd);
    (void)unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_while_mapped),
        cmocka_unit_test(test_cut_in_another_thread),
        cmocka_unit_test(test_cut_while_copied),
        cmocka_unit_test(test_cut_in_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
