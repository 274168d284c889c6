#!/usr/bin/env python3
"""Runs SQL in DuckDB or ClickHouse inside this process, through the C interface of their libraries.

    peer_sql.py duckdb|clickhouse LIBRARY DATABASE <statements.json

Standard input: a JSON list of {"name", "sql", "rounds"}; standard output: one JSON object a
statement: {"name", "seconds" and "cpu_seconds" (best of the rounds; processor time of all threads
shows what a busy machine took away), "rows" (text of the result, at most 20 lines), "peak_mib"} or
{"name", "error"}. A process of its own, so that its memory is only its own. The
functions are declared by hand: duckdb.h is not in the npm package, chdb.h neither.
"""
import ctypes
import json
import resource
import sys
import time

RESULT_LINES = 20


class DuckdbResult(ctypes.Structure):
    """duckdb_result of duckdb.h: three counts, two pointers and one more, all deprecated inside."""
    _fields_ = [("column_count", ctypes.c_uint64), ("row_count", ctypes.c_uint64),
                ("rows_changed", ctypes.c_uint64), ("columns", ctypes.c_void_p),
                ("error_message", ctypes.c_char_p), ("internal", ctypes.c_void_p)]


class Duckdb:
    def __init__(self, library, path):
        self.lib = ctypes.CDLL(library)
        for name in ("duckdb_column_count", "duckdb_row_count"):
            getattr(self.lib, name).restype = ctypes.c_uint64
        self.lib.duckdb_result_error.restype = ctypes.c_char_p
        self.lib.duckdb_value_varchar.restype = ctypes.c_void_p
        self.lib.duckdb_value_varchar.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64]
        self.lib.duckdb_free.argtypes = [ctypes.c_void_p]
        self.database, self.connection = ctypes.c_void_p(), ctypes.c_void_p()
        if self.lib.duckdb_open(path.encode(), ctypes.byref(self.database)) != 0:
            raise RuntimeError("duckdb_open: " + path)
        self.lib.duckdb_connect(self.database, ctypes.byref(self.connection))

    def query(self, sql):
        result = DuckdbResult()
        state = self.lib.duckdb_query(self.connection, sql.encode(), ctypes.byref(result))
        try:
            if state != 0:
                message = self.lib.duckdb_result_error(ctypes.byref(result))
                raise RuntimeError((message or b"?").decode("utf-8", "replace"))
            return self.text(result)
        finally:
            self.lib.duckdb_destroy_result(ctypes.byref(result))

    def text(self, result):
        at = ctypes.byref(result)
        lines = []
        columns = self.lib.duckdb_column_count(at)
        for row in range(min(self.lib.duckdb_row_count(at), RESULT_LINES)):
            cells = []
            for column in range(columns):
                value = self.lib.duckdb_value_varchar(at, column, row)
                cells.append(ctypes.string_at(value).decode("utf-8", "replace") if value else "")
                self.lib.duckdb_free(value)
            lines.append("\t".join(cells))
        return lines

    def close(self):
        self.lib.duckdb_disconnect(ctypes.byref(self.connection))
        self.lib.duckdb_close(ctypes.byref(self.database))


class Clickhouse:
    def __init__(self, library, path):
        self.lib = ctypes.CDLL(library)
        self.lib.chdb_connect.restype = ctypes.POINTER(ctypes.c_void_p)
        self.lib.chdb_query.restype = ctypes.c_void_p
        self.lib.chdb_query.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
        for name, kind in (("error", ctypes.c_char_p), ("buffer", ctypes.c_void_p),
                           ("length", ctypes.c_size_t)):
            function = getattr(self.lib, "chdb_result_" + name)
            function.restype, function.argtypes = kind, [ctypes.c_void_p]
        self.lib.chdb_destroy_query_result.argtypes = [ctypes.c_void_p]
        words = [b"clickhouse", b"--path=" + path.encode()]
        argv = (ctypes.c_char_p * len(words))(*words)
        self.handle = self.lib.chdb_connect(len(words), argv)
        if not self.handle:
            raise RuntimeError("chdb_connect: " + path)

    def query(self, sql):
        result = self.lib.chdb_query(self.handle[0], sql.encode(), b"TabSeparated")
        try:
            error = self.lib.chdb_result_error(result)
            if error:
                raise RuntimeError(error.decode("utf-8", "replace"))
            length = self.lib.chdb_result_length(result)
            text = ctypes.string_at(self.lib.chdb_result_buffer(result), length) if length else b""
            return text.decode("utf-8", "replace").splitlines()[:RESULT_LINES]
        finally:
            self.lib.chdb_destroy_query_result(result)

    def close(self):
        self.lib.chdb_close_conn(self.handle)


def run(engine, statement):
    times, rows = [], []
    for _ in range(statement.get("rounds", 1)):
        started, cpu_started = time.perf_counter(), time.process_time()
        rows = engine.query(statement["sql"])
        times.append((time.perf_counter() - started, time.process_time() - cpu_started))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return dict(name=statement["name"], seconds=min(wall for wall, _ in times),
                cpu_seconds=min(cpu for _, cpu in times), rows=rows, peak_mib=peak)


def main():
    kind, library, path = sys.argv[1:4]
    engine = {"duckdb": Duckdb, "clickhouse": Clickhouse}[kind](library, path)
    for statement in json.load(sys.stdin):
        try:
            answer = run(engine, statement)
        except RuntimeError as error:
            answer = dict(name=statement["name"], error=str(error)[:2000])
        print(json.dumps(answer), flush=True)
    engine.close()


if __name__ == "__main__":
    main()
