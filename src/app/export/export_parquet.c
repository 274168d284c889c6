/*
 * Two threads and two batches between them. The caller's thread (export_parquet_add) fills a batch
 * of at most a vector's rows and hands it over; DuckDB's COPY runs in a second thread and asks the
 * table function konseki_rows for the next vector. `lock` guards `ready`, `ended`, `stopped` and
 * `finished`; a batch belongs to the caller while it is not ready, to DuckDB while it is.
 */
#include "export_parquet.h"

#include <malloc.h>
#include <pthread.h>

#include "check.h"
#include "duckdb_library.h"
#include "file_io.h"
#include "mem.h"
#include "parquet_columns.h"
#include "parquet_fill.h"

enum {
    BATCH_BYTES = 8 << 20,
    DUCKDB_MEMORY_MB = 176,
    GROUP_ROWS_MAX = 61440,
    GROUP_CELL_BYTES = 16, /* about what DuckDB holds for a cell of an open row group */
    GROUP_BYTES = 16 << 20
};

struct export_parquet {
    struct duckdb_library duck;
    char *path;
    char *part_path;
    struct parquet_columns *columns;
    uint64_t vector_rows;
    uint64_t bytes;
    /* DuckDB's */
    void *database;
    void *connection;
    pthread_t thread;
    bool has_thread;
    struct err thread_err;     /* of the COPY; read after it has finished */
    struct parquet_fill *fill; /* of the DuckDB thread */
    /* between the threads */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct batch batches[2];
    bool ready[2];
    size_t filling; /* the caller's */
    size_t reading; /* DuckDB's */
    bool ended;     /* no more batches will come */
    bool stopped;   /* given up: DuckDB shall fail */
    bool finished;  /* the COPY is over */
};

/* --- handing over: in DuckDB's thread --- */

/* Waits for the next batch; NULL at the end, or with *stopped. */
static struct batch *wait_for_batch(struct export_parquet *p, bool *stopped) {
    pthread_mutex_lock(&p->lock);
    while (!p->ready[p->reading] && !p->ended && !p->stopped) {
        pthread_cond_wait(&p->changed, &p->lock);
    }
    *stopped = p->stopped;
    struct batch *batch = !p->stopped && p->ready[p->reading] ? &p->batches[p->reading] : NULL;
    pthread_mutex_unlock(&p->lock);
    return batch;
}

static void give_back(struct export_parquet *p) {
    batch_clear(&p->batches[p->reading]);
    pthread_mutex_lock(&p->lock);
    p->ready[p->reading] = false;
    p->reading = 1 - p->reading;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

/* --- the table function: called by DuckDB --- */

/* The library, for callbacks that get nothing but a handle; one export runs at a time. */
static const struct duckdb_library *loaded;

static enum duckdb_type type_of(enum field_type type) {
    switch (type) {
    case FIELD_TYPE_LONG:
        return DUCKDB_BIGINT;
    case FIELD_TYPE_DOUBLE:
        return DUCKDB_DOUBLE;
    case FIELD_TYPE_TIME:
        return DUCKDB_TIMESTAMP_NS;
    case FIELD_TYPE_BOOL:
        return DUCKDB_BOOLEAN;
    default:
        return DUCKDB_VARCHAR;
    }
}

static void bind_columns(void *info) {
    struct export_parquet *p = loaded->bind_get_extra_info(info);
    size_t count;
    const struct parquet_column *columns = parquet_columns_get(p->columns, &count);
    for (size_t i = 0; i < count; i++) {
        void *type = loaded->create_logical_type((int)type_of(columns[i].type));
        if (columns[i].is_list) {
            void *list = loaded->create_list_type(type);
            loaded->destroy_logical_type(&type);
            type = list;
        }
        loaded->bind_add_result_column(info, columns[i].name, type);
        loaded->destroy_logical_type(&type);
    }
}

static void init_scan(void *info) {
    loaded->init_set_max_threads(info, 1);
}

static void next_rows(void *info, void *chunk) {
    struct export_parquet *p = loaded->function_get_extra_info(info);
    bool stopped;
    struct batch *batch = wait_for_batch(p, &stopped);
    if (stopped) {
        loaded->function_set_error(info, "the export was given up");
    }
    if (batch != NULL) {
        parquet_fill_chunk(p->fill, chunk, batch);
    }
    loaded->data_chunk_set_size(chunk, batch != NULL ? batch->row_count : 0);
    if (batch != NULL) {
        give_back(p);
    }
}

/* --- DuckDB: settings, function, COPY --- */

static enum status run_sql(struct export_parquet *p, struct str sql, struct err *err) {
    struct duckdb_result result;
    struct buf text = BUF_INIT;
    enum status status = STATUS_OK;
    buf_add(&text, sql);
    buf_putc(&text, '\0');
    memset(&result, 0, sizeof result);
    if (p->duck.query(p->connection, text.ptr, &result) != 0) {
        const char *why = p->duck.result_error(&result);
        status = err_set(err, STATUS_ENVIRONMENT, "DuckDB: %s", why != NULL ? why : "no reason");
    }
    p->duck.destroy_result(&result);
    buf_fini(&text);
    return status;
}

static enum status register_function(struct export_parquet *p, struct err *err) {
    void *function = p->duck.create_table_function();
    p->duck.table_function_set_name(function, "konseki_rows");
    p->duck.table_function_set_extra_info(function, p, NULL);
    p->duck.table_function_set_bind(function, bind_columns);
    p->duck.table_function_set_init(function, init_scan);
    p->duck.table_function_set_function(function, next_rows);
    bool good = p->duck.register_table_function(p->connection, function) == 0;
    p->duck.destroy_table_function(&function);
    return good ? STATUS_OK
                : err_set(err, STATUS_ENVIRONMENT, "DuckDB does not take a table function");
}

/* The path with an ending as SQL writes a text. */
static void put_quoted(struct buf *out, const char *path, const char *ending) {
    buf_putc(out, '\'');
    for (const char *c = path; *c != '\0'; c++) {
        buf_putc(out, *c);
        if (*c == '\'') {
            buf_putc(out, '\'');
        }
    }
    buf_printf(out, "%s'", ending);
}

static enum status open_database(struct export_parquet *p, struct err *err) {
    struct buf sql = BUF_INIT;
    if (p->duck.open(NULL, &p->database) != 0 ||
        p->duck.connect(p->database, &p->connection) != 0) {
        return err_set(err, STATUS_ENVIRONMENT, "DuckDB cannot be started");
    }
    buf_printf(&sql,
               "SET threads=1; SET memory_limit='%dMB'; SET preserve_insertion_order=true;"
               "SET autoinstall_known_extensions=false; SET temp_directory=",
               DUCKDB_MEMORY_MB);
    put_quoted(&sql, p->part_path, ".tmp");
    enum status status = run_sql(p, buf_str(&sql), err);
    buf_fini(&sql);
    return status == STATUS_OK ? register_function(p, err) : status;
}

static void copy_statement(struct buf *out, const struct export_parquet *p) {
    size_t count;
    (void)parquet_columns_get(p->columns, &count);
    uint64_t row_bytes = GROUP_CELL_BYTES * (count + 1) + parquet_columns_row_bytes(p->columns);
    uint64_t rows = GROUP_BYTES / row_bytes;
    rows = rows > GROUP_ROWS_MAX ? GROUP_ROWS_MAX : rows;
    rows = rows / p->vector_rows * p->vector_rows;
    rows = rows < p->vector_rows ? p->vector_rows : rows;
    buf_printf(out, "COPY (SELECT * FROM konseki_rows()) TO ");
    put_quoted(out, p->part_path, "");
    /* Bloom filters would be kept in memory up to the end of the file */
    buf_printf(out,
               " (FORMAT parquet, COMPRESSION zstd, WRITE_BLOOM_FILTER false, ROW_GROUP_SIZE %llu)",
               (unsigned long long)rows);
}

static void *run_copy(void *ctx) {
    struct export_parquet *p = ctx;
    struct buf sql = BUF_INIT;
    copy_statement(&sql, p);
    enum status status = run_sql(p, buf_str(&sql), &p->thread_err);
    p->thread_err.status = status;
    buf_fini(&sql);
    pthread_mutex_lock(&p->lock);
    p->finished = true;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* --- the caller's thread --- */

static char *with_ending(const char *path, const char *ending) {
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s%s", path, ending);
    char *copy = mem_strdup(text.ptr, text.len);
    buf_fini(&text);
    return copy;
}

enum status export_parquet_create(struct export_parquet **out,
                                  const struct export_parquet_options *options, struct err *err) {
    struct export_parquet *p = mem_calloc(1, sizeof *p);
    CHECK(pthread_mutex_init(&p->lock, NULL) == 0 && pthread_cond_init(&p->changed, NULL) == 0);
    batch_init(&p->batches[0]);
    batch_init(&p->batches[1]);
    p->path = with_ending(options->path, "");
    p->columns = parquet_columns_create(options->output);
    enum status status = duckdb_library_open(&p->duck, options->library, err);
    if (status != STATUS_OK) {
        export_parquet_destroy(&p);
        return status;
    }
    loaded = &p->duck;
    p->vector_rows = p->duck.vector_size();
    *out = p;
    return STATUS_OK;
}

void export_parquet_survey(struct export_parquet *p, const struct batch *batch,
                           const struct row *row) {
    parquet_columns_survey(p->columns, batch, row);
}

/* DuckDB takes and gives back memory all the time, in its own thread: what it gives back shall
 * leave the process, which keeps freed memory otherwise. */
static void give_memory_back(void) {
    (void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
    (void)mallopt(M_ARENA_MAX, 2);
}

enum status export_parquet_begin(struct export_parquet *p, struct err *err) {
    give_memory_back();
    struct file file = FILE_INIT;
    char *part_path = with_ending(p->path, ".part");
    parquet_columns_finish(p->columns);
    p->fill = parquet_fill_create(&p->duck, p->columns);
    /* tried first: our message about a folder that is not there is the better one */
    enum status status = file_remove(part_path, err);
    if (status == STATUS_OK) {
        status = file_open(&file, part_path, FILE_CREATE_NEW, err);
    }
    file_close(&file);
    if (status != STATUS_OK) {
        mem_free(part_path);
        return status;
    }
    p->part_path = part_path;
    status = open_database(p, err);
    if (status == STATUS_OK) {
        p->has_thread = pthread_create(&p->thread, NULL, run_copy, p) == 0;
        status = p->has_thread ? STATUS_OK
                               : err_set(err, STATUS_ENVIRONMENT, "no thread can be started");
    }
    return status;
}

/* The batch being filled goes to DuckDB; waits until the other one is free. */
static enum status hand_over(struct export_parquet *p, struct err *err) {
    pthread_mutex_lock(&p->lock);
    p->ready[p->filling] = true;
    p->filling = 1 - p->filling;
    pthread_cond_signal(&p->changed);
    while (p->ready[p->filling] && !p->finished) {
        pthread_cond_wait(&p->changed, &p->lock);
    }
    bool failed = p->finished;
    pthread_mutex_unlock(&p->lock);
    if (failed) {
        *err = p->thread_err;
        return err->status != STATUS_OK ? err->status
                                        : err_set(err, STATUS_ENVIRONMENT, "DuckDB ended early");
    }
    return STATUS_OK;
}

enum status export_parquet_add(struct export_parquet *p, const struct batch *batch,
                               const struct row *row, struct err *err) {
    struct batch *to = &p->batches[p->filling];
    batch_copy_row(to, batch, row, true);
    bool full = to->row_count >= p->vector_rows || to->raw.len + to->text.len >= BATCH_BYTES;
    return full ? hand_over(p, err) : STATUS_OK;
}

/* Ends the COPY: well, or with `stop` badly. */
static void join(struct export_parquet *p, bool stop) {
    if (!p->has_thread) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->ended = !stop;
    p->stopped = stop;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    (void)pthread_join(p->thread, NULL);
    p->has_thread = false;
}

static enum status sync_file(struct export_parquet *p, struct err *err) {
    struct file file = FILE_INIT;
    enum status status = file_open(&file, p->part_path, FILE_APPEND, err);
    if (status == STATUS_OK) {
        p->bytes = file.size_bytes;
        status = file_sync(&file, err);
    }
    file_close(&file);
    return status;
}

enum status export_parquet_publish(struct export_parquet *p, struct err *err) {
    enum status status = STATUS_OK;
    if (p->batches[p->filling].row_count > 0) {
        status = hand_over(p, err);
    }
    join(p, status != STATUS_OK);
    if (status == STATUS_OK && p->thread_err.status != STATUS_OK) {
        *err = p->thread_err;
        status = err->status;
    }
    if (status == STATUS_OK) {
        status = sync_file(p, err);
    }
    if (status == STATUS_OK) {
        status = file_rename(p->part_path, p->path, err);
    }
    if (status == STATUS_OK) {
        mem_free(p->part_path);
        p->part_path = NULL;
    }
    return status;
}

uint64_t export_parquet_bytes(const struct export_parquet *parquet) {
    return parquet->bytes;
}

void export_parquet_destroy(struct export_parquet **parquet) {
    struct export_parquet *p = *parquet;
    if (p == NULL) {
        return;
    }
    join(p, true);
    if (p->connection != NULL) {
        p->duck.disconnect(&p->connection);
    }
    if (p->database != NULL) {
        p->duck.close(&p->database);
    }
    if (p->part_path != NULL) {
        struct err ignored = ERR_INIT;
        (void)!file_remove(p->part_path, &ignored);
    }
    parquet_columns_destroy(&p->columns);
    batch_fini(&p->batches[0]);
    batch_fini(&p->batches[1]);
    (void)pthread_mutex_destroy(&p->lock);
    (void)pthread_cond_destroy(&p->changed);
    parquet_fill_destroy(&p->fill);
    mem_free(p->part_path);
    mem_free(p->path);
    mem_free(p);
    *parquet = NULL;
}
