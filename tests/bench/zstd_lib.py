"""zstd's one-shot functions through its shared library: the bench compresses thousands of columns,
too many for a program start each. No window or long-distance settings: those are the command's."""
import ctypes
import ctypes.util

_lib = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
for _name, _args in (("ZSTD_compressBound", [ctypes.c_size_t]),
                     ("ZSTD_isError", [ctypes.c_size_t]),
                     ("ZSTD_compress", [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p,
                                        ctypes.c_size_t, ctypes.c_int])):
    getattr(_lib, _name).argtypes = _args
    getattr(_lib, _name).restype = ctypes.c_size_t


def packed_size(data, level):
    """Bytes of one zstd frame that holds `data`."""
    room = _lib.ZSTD_compressBound(len(data))
    size = _lib.ZSTD_compress(ctypes.create_string_buffer(room), room, bytes(data), len(data),
                              level)
    if _lib.ZSTD_isError(size):
        raise RuntimeError("zstd failed")
    return size
