// OpenSSL 3: EVP signatures, digests, random bytes, PEM.
#ifndef MAYFLY_COpenSSL_SHIM_H
#define MAYFLY_COpenSSL_SHIM_H

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

#endif
