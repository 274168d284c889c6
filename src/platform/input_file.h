/*
 * Reading what users name on the command line: whole files mapped read-only, and folders walked
 * in a fixed order (bytewise by name, folders in place), so that runs repeat.
 * Special files (sockets, devices, FIFOs) are refused. Files below 64 MiB are copied, larger ones
 * mapped: such a file may be cut short while it is read, its missing bytes are then zeros.
 */
#ifndef KONSEKI_INPUT_FILE_H
#define KONSEKI_INPUT_FILE_H

#include "err.h"

struct input_file {
    const uint8_t *bytes; /* NULL if empty */
    size_t size_bytes;
    size_t room_bytes; /* of the memory at `bytes` */
    int64_t modified_wall_ns;
    enum input_memory {
        INPUT_ON_HEAP,
        INPUT_IN_LARGE_PAGES, /* a copy in pages of its own */
        INPUT_MAPPED          /* the file itself */
    } memory;
    int fd;             /* of a mapped file; -1: there is none */
    uint64_t cut_pages; /* of the process when it was opened */
};

enum status input_file_open(struct input_file *out, const char *path, struct err *err) MUST_CHECK;
/* Bytes of the file now; 0 if it cannot be asked. */
uint64_t input_file_size(const char *path);
void input_file_close(struct input_file *file);
/* ENVIRONMENT if a mapped file became shorter since it was opened: its bytes are not to be trusted.
 * What is appended to it does not matter. */
enum status input_file_check(const struct input_file *file, const char *path,
                             struct err *err) MUST_CHECK;
/* The bytes below `offset` are not needed soon: a mapped file gives their memory back (they can
 * still be read). Keeps the memory of a pass over a huge file small. */
void input_file_release(const struct input_file *file, size_t offset);

/* What tells that a file was written or replaced. */
struct input_file_facts {
    uint64_t size_bytes;
    int64_t modified_wall_ns;
    uint64_t inode;
};
/* False if it cannot be examined. */
bool input_file_look(struct input_file_facts *out, const char *path);

/* Called for every regular file; `path` is the argument as given + "/" + path below it. A status
 * other than OK ends the walk and is returned. */
typedef enum status input_walk_fn(const char *path, void *ctx);
/* Called for what cannot be read (missing, no permission, special file). */
typedef void input_walk_error_fn(const char *path, const struct err *err, void *ctx);

/* The names in a folder, bytewise in order, without "." and "..". Links to folders are no folders.
 */
struct input_name {
    char *name;
    bool is_folder;
};
struct input_names {
    struct input_name *items;
    size_t count;
    size_t capacity;
};
enum status input_names_read(struct input_names *out, const char *path) MUST_CHECK;
void input_names_fini(struct input_names *names);

enum status input_walk(const char *path, input_walk_fn *visit, input_walk_error_fn *failed,
                       void *ctx) MUST_CHECK;

#endif
