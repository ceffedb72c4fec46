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

#endif
