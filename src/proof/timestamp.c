#include "timestamp.h"

#include <openssl/err.h>
#include <openssl/http.h>
#include <openssl/rand.h>
#include <openssl/ts.h>

#include "civil.h"
#include "sha256.h"

enum { NONCE_BYTES = 8, MAX_REPLY_BYTES = 256 << 10, TIMEOUT_S = 30 };

/* OpenSSL's reason; its queue is emptied. */
static const char *reason(void) {
    unsigned long code = ERR_peek_last_error();
    const char *text = code != 0 ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return text != NULL ? text : "malformed";
}

/* --- the query --- */

static bool set_imprint(TS_REQ *req, struct str line) {
    uint8_t hash[SHA256_BYTES];
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    sha256_of(hash, line);
    bool good = imprint != NULL && algorithm != NULL &&
                X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
                TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
                TS_MSG_IMPRINT_set_msg(imprint, hash, sizeof hash) == 1 &&
                TS_REQ_set_msg_imprint(req, imprint) == 1;
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(imprint);
    return good;
}

static bool set_nonce(TS_REQ *req) {
    uint8_t bytes[NONCE_BYTES];
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, of full length */
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    ASN1_INTEGER *nonce = number != NULL ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    bool good = nonce != NULL && TS_REQ_set_nonce(req, nonce) == 1;
    ASN1_INTEGER_free(nonce);
    BN_free(number);
    return good;
}

static TS_REQ *make_query(struct str line) {
    TS_REQ *req = TS_REQ_new();
    bool good = req != NULL && TS_REQ_set_version(req, 1) == 1 && set_imprint(req, line) &&
                set_nonce(req) && TS_REQ_set_cert_req(req, 1) == 1;
    if (!good) {
        TS_REQ_free(req);
        return NULL;
    }
    return req;
}

enum status timestamp_query(struct buf *out, struct str line, struct err *err) {
    TS_REQ *req = make_query(line);
    unsigned char *der = NULL;
    int len = req != NULL ? i2d_TS_REQ(req, &der) : -1;
    TS_REQ_free(req);
    if (len <= 0) {
        return err_set(err, STATUS_ENVIRONMENT, "no time stamp query can be made: %s", reason());
    }
    buf_append(out, der, (size_t)len);
    OPENSSL_free(der);
    return STATUS_OK;
}

/* --- the reply --- */

static TS_RESP *decode_reply(struct str reply) {
    const unsigned char *at = (const unsigned char *)reply.ptr;
    if (reply.len == 0 || reply.len > MAX_REPLY_BYTES) {
        return NULL;
    }
    TS_RESP *response = d2i_TS_RESP(NULL, &at, (long)reply.len);
    if (response != NULL && at != (const unsigned char *)reply.ptr + reply.len) {
        TS_RESP_free(response);
        return NULL;
    }
    return response;
}

/* What TS_RESP_verify_response is told: granted, for this imprint, and `flags`. */
static TS_VERIFY_CTX *make_context(struct str line, int flags, X509_STORE *store) {
    TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();
    unsigned char *hash = OPENSSL_malloc(SHA256_BYTES);
    if (ctx == NULL || hash == NULL) {
        TS_VERIFY_CTX_free(ctx);
        OPENSSL_free(hash);
        X509_STORE_free(store);
        return NULL;
    }
    sha256_of(hash, line);
    (void)TS_VERIFY_CTX_set_flags(ctx, flags | (int)(TS_VFY_VERSION | TS_VFY_IMPRINT));
    (void)TS_VERIFY_CTX_set_imprint(ctx, hash, SHA256_BYTES); /* takes it */
    (void)TS_VERIFY_CTX_set_store(ctx, store);                /* takes it */
    return ctx;
}

static bool response_holds(TS_RESP *response, struct str line, int flags, X509_STORE *store) {
    TS_VERIFY_CTX *ctx = make_context(line, flags, store);
    bool holds = ctx != NULL && TS_RESP_verify_response(ctx, response) == 1;
    TS_VERIFY_CTX_free(ctx);
    return holds;
}

enum status timestamp_fits(struct str reply, struct str line, struct err *err) {
    TS_RESP *response = decode_reply(reply);
    bool fits = response != NULL && response_holds(response, line, 0, NULL);
    TS_RESP_free(response);
    return fits ? STATUS_OK
                : err_set(err, STATUS_BAD_INPUT,
                          "the time stamp reply is refused or not for this anchor: %s", reason());
}

/* Seconds since 1970 of the token. */
static bool token_time(int64_t *seconds, TS_RESP *response) {
    TS_TST_INFO *info = TS_RESP_get_tst_info(response);
    const ASN1_GENERALIZEDTIME *time = info != NULL ? TS_TST_INFO_get_time(info) : NULL;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int rest = 0;
    bool good = time != NULL && epoch != NULL && ASN1_TIME_diff(&days, &rest, epoch, time) == 1;
    *seconds = (int64_t)days * 86400 + rest;
    ASN1_TIME_free(epoch);
    return good && *seconds > 0 && *seconds < INT64_MAX / NS_PER_SECOND;
}

/* The CA certificates, to be tested as of the token's time. */
static X509_STORE *load_authorities(const char *path, int64_t seconds) {
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *param = X509_VERIFY_PARAM_new();
    bool good = store != NULL && param != NULL && X509_STORE_load_file(store, path) == 1;
    if (good) {
        X509_VERIFY_PARAM_set_time(param, (time_t)seconds);
        good = X509_STORE_set1_param(store, param) == 1;
    }
    X509_VERIFY_PARAM_free(param);
    if (!good) {
        X509_STORE_free(store);
        return NULL;
    }
    return store;
}

enum status timestamp_check(int64_t *time_ns, struct str reply, struct str line,
                            const char *ca_path, struct err *err) {
    int64_t seconds = 0;
    TS_RESP *response = decode_reply(reply);
    if (response == NULL || !token_time(&seconds, response)) {
        TS_RESP_free(response);
        return err_set(err, STATUS_DAMAGED, "the time stamp is no RFC 3161 reply: %s", reason());
    }
    X509_STORE *store = load_authorities(ca_path, seconds);
    if (store == NULL) {
        TS_RESP_free(response);
        return err_set(err, STATUS_BAD_INPUT, "%s holds no CA certificates in PEM: %s", ca_path,
                       reason());
    }
    bool holds = response_holds(response, line, (int)TS_VFY_SIGNATURE, store);
    TS_RESP_free(response);
    if (!holds) {
        return err_set(err, STATUS_DAMAGED, "the time stamp does not hold: %s", reason());
    }
    *time_ns = seconds * NS_PER_SECOND;
    return STATUS_OK;
}

/* --- asking --- */

static enum status post(struct buf *reply, const char *url, BIO *query, struct err *err) {
    char *host = NULL;
    char *port = NULL;
    char *path = NULL;
    int use_tls = 0;
    if (OSSL_HTTP_parse_url(url, &use_tls, NULL, &host, &port, NULL, &path, NULL, NULL) != 1 ||
        use_tls != 0) {
        OPENSSL_free(host);
        OPENSSL_free(port);
        OPENSSL_free(path);
        ERR_clear_error();
        return err_set(err, STATUS_BAD_INPUT,
                       "%s: expected http://HOST[:PORT]/PATH; for an authority behind https use"
                       " --tsq and --tsr",
                       url);
    }
    BIO *answer =
        OSSL_HTTP_transfer(NULL, host, port, path, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL,
                           "application/timestamp-query", query, "application/timestamp-reply", 1,
                           MAX_REPLY_BYTES, TIMEOUT_S, 0);
    OPENSSL_free(host);
    OPENSSL_free(port);
    OPENSSL_free(path);
    if (answer == NULL) {
        return err_set(err, STATUS_ENVIRONMENT, "%s gives no time stamp: %s", url, reason());
    }
    char part[4096];
    int len;
    while ((len = BIO_read(answer, part, sizeof part)) > 0 && reply->len <= MAX_REPLY_BYTES) {
        buf_append(reply, part, (size_t)len);
    }
    BIO_free_all(answer);
    return STATUS_OK;
}

enum status timestamp_ask(struct buf *reply, const char *url, struct str line, struct err *err) {
    struct buf query = BUF_INIT;
    enum status status = timestamp_query(&query, line, err);
    BIO *bio = NULL;
    if (status == STATUS_OK) {
        bio = BIO_new_mem_buf(query.ptr, (int)query.len);
        status = bio != NULL ? post(reply, url, bio, err)
                             : err_set(err, STATUS_ENVIRONMENT, "out of memory");
    }
    BIO_free(bio);
    buf_fini(&query);
    return status == STATUS_OK ? timestamp_fits(buf_str(reply), line, err) : status;
}
