// OpenSSL 3: EVP signatures, digests, random bytes, PEM.
#ifndef MAYFLY_COpenSSL_SHIM_H
#define MAYFLY_COpenSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// Macros that Swift does not import.

// The OSSL_PARAM selection "public key and its domain parameters".
static inline int mayfly_public_key_selection(void) { return EVP_PKEY_PUBLIC_KEY; }

static inline void mayfly_openssl_free(void *memory) { OPENSSL_free(memory); }

static inline void mayfly_openssl_clear_free(void *memory, size_t length) { OPENSSL_clear_free(memory, length); }

static inline long mayfly_bio_memory(BIO *bio, char **data) { return BIO_get_mem_data(bio, data); }

// A builder keeps the pointers to names and values that it is given. A Swift string would be gone by the time they are
// read; these literals are not. `point` and the numbers must outlive the key's construction.

static inline int mayfly_push_p256(OSSL_PARAM_BLD *builder, const void *point, size_t length) {
    return OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1
        && OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, length) == 1;
}

static inline int mayfly_push_rsa(OSSL_PARAM_BLD *builder, const BIGNUM *n, const BIGNUM *e) {
    return OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1;
}

// The passphrase as bytes and not as characters; neither ever calls back for one.

static inline PKCS8_PRIV_KEY_INFO *mayfly_decrypt_pkcs8(const X509_SIG *sealed, const void *passphrase, int length) {
    return PKCS8_decrypt(sealed, (const char *)passphrase, length);
}

// PBES2: PBKDF2 with HMAC-SHA256 and a salt of 16 fresh bytes, AES-256-CBC (RFC 8018 §6.2).
static inline int mayfly_write_encrypted(BIO *sink, EVP_PKEY *key, const void *passphrase, int length, int rounds) {
    int done = 0;
    X509_SIG *sealed = NULL;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    X509_ALGOR *how = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), rounds, NULL, 16, NULL, NID_hmacWithSHA256);
    if (info != NULL && how != NULL) sealed = PKCS8_set0_pbe((const char *)passphrase, length, info, how);
    // Once it is part of the sealed key, that owns it.
    if (sealed == NULL) X509_ALGOR_free(how);
    if (sealed != NULL) done = PEM_write_bio_PKCS8(sink, sealed);
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(info);
    return done;
}

// X.509. The stacks are macros, and the names are unions.

/// The subject alternative names, or NULL: `state` is then -1 for none, -2 for more than one extension.
static inline GENERAL_NAMES *mayfly_alternative_names(const X509 *certificate, int *state) {
    return (GENERAL_NAMES *) X509_get_ext_d2i(certificate, NID_subject_alt_name, state, NULL);
}

static inline int mayfly_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

/// The name's type (GEN_DNS, …); its bytes where the type has plain ones, else `data` is NULL.
static inline int mayfly_name(const GENERAL_NAMES *names, int index, const unsigned char **data, int *length) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    *data = NULL;
    *length = 0;
    if (name == NULL) { return -1; }
    switch (name->type) {
    case GEN_EMAIL: case GEN_DNS: case GEN_URI:
        *data = ASN1_STRING_get0_data(name->d.ia5);
        *length = ASN1_STRING_length(name->d.ia5);
        break;
    case GEN_IPADD:
        *data = ASN1_STRING_get0_data(name->d.ip);
        *length = ASN1_STRING_length(name->d.ip);
        break;
    default: break;
    }
    return name->type;
}

static inline STACK_OF(X509) *mayfly_certificates_new(void) { return sk_X509_new_null(); }

static inline int mayfly_certificates_push(STACK_OF(X509) *stack, X509 *certificate) {
    return sk_X509_push(stack, certificate) > 0;
}

static inline void mayfly_certificates_free(STACK_OF(X509) *stack) { sk_X509_free(stack); }

static inline int mayfly_certificates_count(const STACK_OF(X509) *stack) { return sk_X509_num(stack); }

static inline X509 *mayfly_certificates_at(const STACK_OF(X509) *stack, int index) {
    return sk_X509_value(stack, index);
}

/// Seconds since 1970, or -1 for a time that cannot be read or lies before.
static inline long long mayfly_seconds(const ASN1_TIME *time) {
    int days = 0, seconds = 0;
    ASN1_TIME *start = ASN1_TIME_set(NULL, 0);
    int done = start != NULL && time != NULL && ASN1_TIME_diff(&days, &seconds, start, time) == 1;
    ASN1_TIME_free(start);
    long long sum = (long long) days * 86400 + seconds;
    return done && sum >= 0 ? sum : -1;
}

/// What a path is held to: for TLS clients, by RFC 5280 to the letter, up to a self-signed anchor, with keys and
/// digests of 112 bits or more, and with at most `depth` certificates between leaf and anchor.
static inline int mayfly_path_rules(X509_STORE_CTX *context, long long seconds, int depth) {
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);
    if (rules == NULL || X509_STORE_CTX_set_default(context, "ssl_client") != 1) { return 0; }
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_depth(rules, depth);
    X509_VERIFY_PARAM_set_auth_level(rules, 2);
    X509_VERIFY_PARAM_set_time(rules, (time_t) seconds);
    return X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_CLIENT);
}

#endif
