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

#endif
